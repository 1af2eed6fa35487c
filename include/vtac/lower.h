/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering a schedule: to text that can be read, and to a module that runs. */
#ifndef VTAC_LOWER_H
#define VTAC_LOWER_H

#include "vtac/runtime.h"
#include "vtac/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one pass did; `text` is valid during the call only. */
typedef struct vtac_pass_event {
  int index; /* of the run, from 0 */
  const char *pass;
  const char *text; /* the function after the pass, if texts are wanted */
  int changed;      /* 0: the function is what it was */
  double seconds;   /* of wall-clock time */
} vtac_pass_event;

typedef struct vtac_lower_options {
  int accelerator; /* run the accelerator's passes, else the general ones */
  int verify;      /* check the IR after every pass; a flaw, which is a bug of
                      vtac, aborts */
  int disabled_count;
  const char *const *disabled; /* names of passes to leave out */
  /* Called after every pass if not NULL; `want_text` asks for texts.  It must
   * not call anything on the context. */
  void (*on_pass)(void *user, const vtac_pass_event *event);
  void *user;
  int want_text;
  int pass_count; /* of vtac/pass.h */
  const struct vtac_user_pass *passes;
} vtac_lower_options;

/* The lowered function as text (docs/ir-text.md).  `args` are the tensors that
 * become the function's parameters, in order: every placeholder and output of
 * the schedule once, and any others to be seen; `options` may be NULL.  The
 * text belongs to the context.  NULL on failure: VTAC_INVALID for wrong
 * arguments or an unknown pass, VTAC_REFUSED for a schedule that is not legal
 * or does not fit the accelerator.  The schedule is not changed. */
VTAC_API const char *vtac_lower_text(vtac_context *context,
                                     vtac_schedule schedule, int n,
                                     const vtac_tensor *args, const char *name,
                                     const vtac_lower_options *options);
/* A module that runs the schedule.  The caller frees it with vtac_module_free;
 * it does not need the context any more.  NULL on failure, as above.  Without
 * `accelerator` the function runs on any device, in the evaluator. */
VTAC_API vtac_module *vtac_build(vtac_context *context, vtac_schedule schedule,
                                 int n, const vtac_tensor *args,
                                 const char *name,
                                 const vtac_lower_options *options);

/* An array of the tensor's type and shape on a device, which the caller frees;
 * fails as vtac_array_new.  The tensor must not be NULL. */
VTAC_API vtac_array *vtac_array_like(vtac_device *device, vtac_tensor tensor,
                                     vtac_error *error);

/* The passes in the order of docs/passes.md; NULL past the last one.  Each of
 * the other outputs may be NULL.  All texts are in static storage. */
VTAC_API const char *vtac_pass_name(int index, const char **ret_what,
                                    const char **ret_needs,
                                    const char **ret_establishes);

#ifdef __cplusplus
}
#endif
#endif
