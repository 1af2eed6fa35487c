/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics: what went wrong, in the user's terms.  Every kind stands in
 * diags.def; a message is made where the failure is met. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdarg.h>

#include "vtac/status.h"

typedef enum DiagId {
  D_NONE,
#define DIAG(id, status, slug, cure) D_##id,
#include "base/diags.def"
#undef DIAG
  D_COUNT
} DiagId;

enum { DIAG_MESSAGE_MAX = 1024 };

/* A diagnostic lives in place, so that reporting one cannot itself fail. */
typedef struct Diag {
  DiagId id;
  vtac_status status;
  const char *cure; /* static: what would help here; NULL: see diag_cure */
  char message[DIAG_MESSAGE_MAX];
} Diag;

/* Fills `diag` (which may be NULL) and returns the status of `id`, so that
 * a failing function can end in `return diag_set(diag, D_X, ...)`. */
vtac_status diag_set(Diag *diag, DiagId id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
vtac_status diag_vset(Diag *diag, DiagId id, const char *format, va_list args);

const char *diag_slug(DiagId id); /* stable short name: "buffer-overflow" */
const char *diag_cure(DiagId id); /* what helps in general, or "" */
vtac_status diag_status(DiagId id);

#endif
