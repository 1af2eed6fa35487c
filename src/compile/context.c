/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a context and the errors it keeps. */
#include "compile/context.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/objects.h"

vtac_context *vtac_context_new(const vtac_config *config, vtac_error *error) {
  if (is_missing(config, "vtac_context_new", "config", error)) return NULL;
  vtac_context *context = calloc(1, sizeof *context);
  if (!context) {
    Diag diag;
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a context");
    report_error(error, &diag);
    return NULL;
  }
  context->config = config->hw;
  arena_init(&context->arena, &context->trap);
  arena_init(&context->work, &context->trap);
  arena_init(&context->scratch, &context->trap);
  return context;
}

void vtac_context_free(vtac_context *context) {
  if (!context) return;
  arena_clear(&context->arena);
  arena_clear(&context->work);
  arena_clear(&context->scratch);
  free(context);
}

const vtac_error *vtac_context_error(const vtac_context *context) {
  static const vtac_error none = {VTAC_INVALID, "argument", "",
                                  "there is no context"};
  if (!context) return &none;
  return context->error.status ? &context->error : NULL;
}

void vtac_context_clear_error(vtac_context *context) {
  if (context) context->error.status = VTAC_OK;
}

void context_failed(vtac_context *context) {
  report_error(&context->error, &context->trap.diag);
}

void context_end_call(vtac_context *context) {
  if (context->in_pass) return; /* the call around the pass goes on */
  arena_reset(&context->work);
  arena_reset(&context->scratch);
}

const VtaEnv *context_env(vtac_context *context) {
  if (!context->env)
    context->env = vta_env_new(&context->arena, &context->config);
  return context->env;
}

void need_argument(vtac_context *context, const void *argument,
                   const char *name) {
  if (!argument)
    fail(&context->arena, D_ARGUMENT, "%s: argument '%s' is NULL",
         context->call, name);
}

/* All lists of the public API are lists of pointers, or of texts. */
void need_list(vtac_context *context, int n, const void *list,
               const char *name) {
  const void *const *at = list;
  if (n < 0)
    fail(&context->arena, D_ARGUMENT, "%s: %d is no number of %s",
         context->call, n, name);
  if (n > 0) need_argument(context, list, name);
  for (int i = 0; i < n; i++)
    if (!at[i])
      fail(&context->arena, D_ARGUMENT, "%s: %s[%d] is NULL", context->call,
           name, i);
}
