/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics as the public API shows them. */
#include <string.h>

#include "runtime/objects.h"

_Static_assert(sizeof((vtac_error *)0)->message >= DIAG_MESSAGE_MAX,
               "a public error holds any diagnostic");

vtac_status report_error(vtac_error *error, const Diag *diag) {
  if (error) {
    error->status = diag->status;
    error->id = diag_slug(diag->id);
    error->cure = diag->cure ? diag->cure : diag_cure(diag->id);
    memcpy(error->message, diag->message, sizeof diag->message);
  }
  return diag->status;
}

bool is_missing(const void *argument, const char *call, const char *name,
                vtac_error *error) {
  Diag diag;
  if (argument) return false;
  diag_set(&diag, D_ARGUMENT, "%s: argument '%s' is NULL", call, name);
  report_error(error, &diag);
  return true;
}
