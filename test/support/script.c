/* SPDX-License-Identifier: Apache-2.0 */
/* Making calls and writing them down. */
#include "support/script.h"

#include <string.h>

/* ---- For the reader ----------------------------------------------------- */

static const char *stage_name(vtac_stage stage) {
  return stage ? vtac_tensor_name(vtac_stage_tensor(stage)) : "NULL";
}

static const char *axis_name(vtac_iter axis) {
  return axis ? vtac_iter_name(axis) : "NULL";
}

static void note_axes(Trial *t, const Call *call) {
  for (int i = 0; i < call->n; i++)
    trial_note(t, ", %s", axis_name(call->axis[i]));
}

const char *call_name(CallKind kind) {
  static const char *const names[CALL_KINDS] = {
      "split",      "split_nparts",   "fuse",        "reorder",
      "compute_at", "set_scope",      "bind",        "pragma",
      "tensorize",  "cache_read",     "cache_write", "unroll",
      "vectorize",  "compute_inline", "parallel"};
  return names[kind];
}

static void note(Trial *t, const Call *call) {
  const char *first =
      call->tensor ? vtac_tensor_name(call->tensor) : stage_name(call->stage);
  trial_note(t, "  %s(%s", call_name(call->kind), first);
  if (call->kind == CALL_AT) trial_note(t, ", %s", stage_name(call->consumer));
  if (!call->tensor) note_axes(t, call);
  if (call->kind == CALL_SPLIT || call->kind == CALL_NPARTS)
    trial_note(t, ", %lld", (long long)call->number);
  if (call->thread) trial_note(t, ", %s", vtac_iter_tag(call->thread));
  if (call->word) trial_note(t, ", %s", call->word);
  for (int i = 0; call->kind == CALL_CACHE_READ && i < call->n; i++)
    trial_note(t, ", %s", vtac_tensor_name(call->reader[i]));
  trial_note(t, ")\n");
}

/* ---- Calls -------------------------------------------------------------- */

static void make(vtac_context *c, vtac_schedule s, Call *a) {
  vtac_iter axis = a->axis[0];
  switch (a->kind) {
    case CALL_SPLIT:
      vtac_split(c, a->stage, axis, a->number, &a->axis[0], &a->axis[1]);
      return;
    case CALL_NPARTS:
      vtac_split_nparts(c, a->stage, axis, a->number, &a->axis[0], &a->axis[1]);
      return;
    case CALL_FUSE: a->axis[0] = vtac_fuse(c, a->stage, a->n, a->axis); return;
    case CALL_REORDER: vtac_reorder(c, a->stage, a->n, a->axis); return;
    case CALL_AT: vtac_compute_at(c, a->stage, a->consumer, axis); return;
    case CALL_SCOPE: vtac_set_scope(c, a->stage, a->word); return;
    case CALL_BIND: vtac_bind(c, a->stage, axis, a->thread); return;
    case CALL_PRAGMA: vtac_pragma(c, a->stage, axis, a->word); return;
    case CALL_TENSORIZE: vtac_tensorize_gemm(c, a->stage, axis); return;
    case CALL_CACHE_READ:
      vtac_cache_read(c, s, a->tensor, a->word, a->n, a->reader);
      return;
    case CALL_CACHE_WRITE: vtac_cache_write(c, s, a->tensor, a->word); return;
    case CALL_UNROLL: vtac_unroll(c, a->stage, axis); return;
    case CALL_VECTORIZE: vtac_vectorize(c, a->stage, axis); return;
    case CALL_INLINE: vtac_compute_inline(c, a->stage); return;
    case CALL_PARALLEL: vtac_parallel(c, a->stage, axis); return;
    case CALL_KINDS: return;
  }
}

void script_do(Script *script, Call *call) {
  if (vtac_context_error(script->context)) return;
  if (script->spoil && !script->spoil(script, call)) return;
  note(script->trial, call);
  make(script->context, script->schedule, call);
}

void script_split(Script *script, vtac_stage stage, vtac_iter axis,
                  int64_t factor, bool nparts, vtac_iter *ret_outer,
                  vtac_iter *ret_inner) {
  Call call = {.kind = nparts ? CALL_NPARTS : CALL_SPLIT,
               .stage = stage,
               .n = 1,
               .axis = {axis},
               .number = factor};
  script_do(script, &call);
  *ret_outer = call.axis[0];
  *ret_inner = call.axis[1];
}

vtac_iter script_fuse(Script *script, vtac_stage stage, vtac_iter a,
                      vtac_iter b) {
  Call call = {.kind = CALL_FUSE, .stage = stage, .n = 2, .axis = {a, b}};
  script_do(script, &call);
  return call.axis[0];
}

void script_reorder(Script *script, vtac_stage stage, int n,
                    const vtac_iter *axes) {
  Call call = {.kind = CALL_REORDER, .stage = stage, .n = n};
  memcpy(call.axis, axes, (size_t)n * sizeof *axes);
  script_do(script, &call);
}

void script_compute_at(Script *script, vtac_stage stage, vtac_stage consumer,
                       vtac_iter axis) {
  Call call = {.kind = CALL_AT,
               .stage = stage,
               .consumer = consumer,
               .n = 1,
               .axis = {axis}};
  script_do(script, &call);
}

void script_set_scope(Script *script, vtac_stage stage, const char *scope) {
  Call call = {.kind = CALL_SCOPE, .stage = stage, .word = scope};
  script_do(script, &call);
}

void script_bind(Script *script, vtac_stage stage, vtac_iter axis,
                 vtac_iter thread) {
  Call call = {.kind = CALL_BIND,
               .stage = stage,
               .n = 1,
               .axis = {axis},
               .thread = thread};
  script_do(script, &call);
}

void script_pragma(Script *script, vtac_stage stage, vtac_iter axis,
                   const char *pragma) {
  Call call = {.kind = CALL_PRAGMA,
               .stage = stage,
               .n = 1,
               .axis = {axis},
               .word = pragma};
  script_do(script, &call);
}

void script_tensorize(Script *script, vtac_stage stage, vtac_iter axis) {
  Call call = {.kind = CALL_TENSORIZE, .stage = stage, .n = 1, .axis = {axis}};
  script_do(script, &call);
}

void script_cache_write(Script *script, vtac_tensor tensor, const char *scope) {
  Call call = {.kind = CALL_CACHE_WRITE, .tensor = tensor, .word = scope};
  script_do(script, &call);
}

void script_cache_read(Script *script, vtac_tensor tensor, const char *scope,
                       int n, const vtac_tensor *readers) {
  Call call = {
      .kind = CALL_CACHE_READ, .tensor = tensor, .word = scope, .n = n};
  memcpy(call.reader, readers, (size_t)n * sizeof *readers);
  script_do(script, &call);
}

void script_annotate(Script *script, CallKind kind, vtac_stage stage,
                     vtac_iter axis) {
  Call call = {.kind = kind, .stage = stage, .n = 1, .axis = {axis}};
  script_do(script, &call);
}
