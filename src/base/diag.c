/* SPDX-License-Identifier: Apache-2.0 */
/* The table of diagnostics and how one is filled in. */
#include "base/diag.h"

#include <stdio.h>

static const struct {
  vtac_status status;
  const char *slug, *cure;
} kinds[D_COUNT] = {
    [D_NONE] = {VTAC_OK, "none", ""},
#define DIAG(id, status, slug, cure) [D_##id] = {status, slug, cure},
#include "base/diags.def"
#undef DIAG
};

const char *diag_slug(DiagId id) { return kinds[id].slug; }
const char *diag_cure(DiagId id) { return kinds[id].cure; }
vtac_status diag_status(DiagId id) { return kinds[id].status; }

vtac_status diag_vset(Diag *diag, DiagId id, const char *format, va_list args) {
  if (diag) {
    diag->id = id;
    diag->status = diag_status(id);
    diag->cure = diag_cure(id);
    vsnprintf(diag->message, sizeof diag->message, format, args);
  }
  return diag_status(id);
}

vtac_status diag_set(Diag *diag, DiagId id, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vtac_status status = diag_vset(diag, id, format, args);
  va_end(args);
  return status;
}

const char *vtac_status_name(vtac_status status) {
  switch (status) {
    case VTAC_OK: return "ok";
    case VTAC_INVALID: return "invalid";
    case VTAC_REFUSED: return "refused";
    case VTAC_NOMEM: return "no-memory";
    case VTAC_IO: return "io";
    case VTAC_DEVICE: return "device";
  }
  return "unknown";
}
