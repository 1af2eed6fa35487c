/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in the calls of a schedule. */
#include <string.h>

#include "support/faults.h"

/* ---- What is there ------------------------------------------------------ */

static vtac_tensor tensor_of(const Call *call) {
  return vtac_stage_tensor(call->stage);
}

static vtac_iter last_reduce(vtac_tensor tensor) {
  int n = 0;
  while (vtac_tensor_reduce_axis(tensor, n)) n++;
  return n ? vtac_tensor_reduce_axis(tensor, n - 1) : NULL;
}

typedef bool (*StageTest)(const Script *script, const Call *call,
                          vtac_stage stage);

/* One of the schedule's stages that the test takes; NULL if there is none. */
static vtac_stage pick(const Script *s, const Call *call, StageTest test,
                       int number) {
  vtac_stage found[100], stage;
  int n = 0;
  for (int i = 0; (stage = vtac_schedule_stage(s->schedule, i)); i++)
    if (n < 100 && test(s, call, stage)) found[n++] = stage;
  return n ? found[number % n] : NULL;
}

static bool computes_other(const Script *s, const Call *call,
                           vtac_stage stage) {
  (void)s;
  return stage != call->stage && stage != call->consumer &&
         vtac_tensor_body(vtac_stage_tensor(stage));
}

static bool is_input(const Script *s, const Call *call, vtac_stage stage) {
  (void)s, (void)call;
  return !vtac_tensor_body(vtac_stage_tensor(stage));
}

static bool is_output(const Script *s, const Call *call, vtac_stage stage) {
  (void)s, (void)call;
  return vtac_stage_is_output(stage);
}

static bool uses(const Script *s, vtac_tensor reader, vtac_tensor tensor) {
  const vtac_tensor *input;
  int n = vtac_tensor_inputs(s->context, reader, &input);
  for (int i = 0; i < n; i++)
    if (input[i] == tensor) return true;
  return false;
}

static bool is_reader(const Script *s, const Call *call, vtac_stage stage) {
  return uses(s, vtac_stage_tensor(stage), tensor_of(call));
}

static bool is_source(const Script *s, const Call *call, vtac_stage stage) {
  vtac_tensor tensor = vtac_stage_tensor(stage);
  return vtac_tensor_body(tensor) && uses(s, tensor_of(call), tensor);
}

static bool is_stranger(const Script *s, const Call *call, vtac_stage stage) {
  return vtac_tensor_body(vtac_stage_tensor(stage)) &&
         !is_reader(s, call, stage);
}

static int readers_of(const Script *s, const Call *call) {
  vtac_stage stage;
  int n = 0;
  for (int i = 0; (stage = vtac_schedule_stage(s->schedule, i)); i++)
    n += is_reader(s, call, stage);
  return n;
}

static vtac_iter foreign_axis(const FaultRun *run, const Script *s,
                              const Call *call) {
  vtac_stage other = pick(s, call, computes_other, run->number[1]);
  if (!other) return NULL;
  return vtac_axis(vtac_stage_tensor(other), 0);
}

/* ---- Which calls -------------------------------------------------------- */

static bool any_call(const Script *s, const Call *call) {
  (void)s;
  return !call->tensor;
}

static bool any_axes(const Script *s, const Call *call) {
  (void)s;
  return !call->tensor && call->n > 0;
}

static bool a_split(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_SPLIT || call->kind == CALL_NPARTS;
}

static bool an_order(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_REORDER && call->n >= 2;
}

static bool a_long_order(const Script *s, const Call *call) {
  return an_order(s, call) && call->n >= 3;
}

static bool a_place(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_AT;
}

static bool a_place_after_others(const Script *s, const Call *call) {
  return a_place(s, call) && pick(s, call, is_source, 0);
}

static bool a_shared_place(const Script *s, const Call *call) {
  return a_place(s, call) && readers_of(s, call) > 1;
}

/* cache_read has set the scope of its copies before. */
static bool a_scope(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_SCOPE &&
         strcmp(vtac_stage_scope(call->stage), call->word);
}

static bool a_unit(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_PRAGMA;
}

/* Padding alone is zeros, which the vector unit can make, too. */
static bool a_unit_without_padding(const Script *s, const Call *call) {
  const vtac_tensor *input;
  if (!a_unit(s, call) || !strcmp(call->word, "alu")) return a_unit(s, call);
  vtac_tensor tensor = tensor_of(call);
  int n = vtac_tensor_ndim(tensor);
  vtac_tensor_inputs(s->context, tensor, &input);
  for (int i = 0; i < n; i++)
    if (vtac_tensor_dim(tensor, i) != vtac_tensor_dim(input[0], i))
      return false;
  return true;
}

static vtac_iter innermost(vtac_stage stage) {
  vtac_loop loop = {.axis = NULL};
  for (int i = 0; vtac_stage_loop(stage, i, &loop);) i++;
  return loop.axis;
}

/* Its innermost loop alone makes no block. */
static bool a_unit_on_rows(const Script *s, const Call *call) {
  int64_t low, extent;
  if (!a_unit(s, call)) return false;
  vtac_tensor tensor = tensor_of(call);
  int n = vtac_tensor_ndim(tensor);
  int64_t block =
      vtac_tensor_dim(tensor, n - 2) * vtac_tensor_dim(tensor, n - 1);
  return vtac_iter_range(innermost(call->stage), &low, &extent) &&
         extent < block;
}

static bool a_product(const Script *s, const Call *call) {
  (void)s;
  return call->kind == CALL_TENSORIZE;
}

static bool a_result(const Script *s, const Call *call) {
  return an_order(s, call) && vtac_stage_is_output(call->stage);
}

static bool a_reduction(const Script *s, const Call *call) {
  return an_order(s, call) && last_reduce(tensor_of(call));
}

/* ---- How ---------------------------------------------------------------- */

static bool without_axis(FaultRun *run, Script *s, Call *call) {
  (void)s;
  call->axis[run->number[0] % call->n] = NULL;
  return true;
}

static bool without_stage(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->stage = NULL;
  return true;
}

static bool with_foreign_axis(FaultRun *run, Script *s, Call *call) {
  call->axis[run->number[0] % call->n] = foreign_axis(run, s, call);
  return true;
}

static bool with_split_axis(FaultRun *run, Script *s, Call *call) {
  int at = run->number[0] % call->n;
  Call split = {.kind = run->number[1] % 2 ? CALL_SPLIT : CALL_NPARTS,
                .stage = call->kind == CALL_AT ? call->consumer : call->stage,
                .n = 1,
                .axis = {call->axis[at]},
                .number = 1 + run->number[2] % 3};
  script_do(s, &split);
  return true;
}

static bool of_no_steps(FaultRun *run, Script *s, Call *call) {
  static const int64_t numbers[] = {0, -1, (1 << 30) + 1, INT64_MIN, INT64_MAX};
  (void)s;
  call->number = numbers[run->number[0] % 5];
  return true;
}

static void fuse(Script *s, const Call *call, vtac_iter a, vtac_iter b) {
  Call extra = {
      .kind = CALL_FUSE, .stage = call->stage, .n = 2, .axis = {a, b}};
  script_do(s, &extra);
}

static bool fuse_with_itself(FaultRun *run, Script *s, Call *call) {
  vtac_iter axis = call->axis[run->number[0] % call->n];
  fuse(s, call, axis, axis);
  return true;
}

static bool fuse_apart(FaultRun *run, Script *s, Call *call) {
  int at = run->number[0] % (call->n - 2);
  Call order = *call;
  script_do(s, &order);
  fuse(s, call, call->axis[at], call->axis[at + 2]);
  return false;
}

static bool fuse_foreign(FaultRun *run, Script *s, Call *call) {
  fuse(s, call, call->axis[run->number[0] % call->n],
       foreign_axis(run, s, call));
  return true;
}

static bool order_twice(FaultRun *run, Script *s, Call *call) {
  int at = run->number[0] % call->n;
  (void)s;
  call->axis[at] =
      call->axis[(at + 1 + run->number[1] % (call->n - 1)) % call->n];
  return true;
}

static bool at_itself(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->consumer = call->stage;
  call->axis[0] = vtac_axis(tensor_of(call), 0);
  return true;
}

static bool at_source(FaultRun *run, Script *s, Call *call) {
  call->consumer = pick(s, call, is_source, run->number[0]);
  call->axis[0] = vtac_axis(vtac_stage_tensor(call->consumer), 0);
  return true;
}

static bool at_own_axis(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->axis[0] = vtac_axis(tensor_of(call), 0);
  return true;
}

/* In one reader's innermost loop, where the others do not run. */
static bool at_one_reader(FaultRun *run, Script *s, Call *call) {
  call->consumer = pick(s, call, is_reader, run->number[0]);
  call->axis[0] = innermost(call->consumer);
  return true;
}

static bool output_at(FaultRun *run, Script *s, Call *call) {
  vtac_stage other = pick(s, call, computes_other, run->number[0]);
  Call extra = {.kind = CALL_AT,
                .stage = call->stage,
                .consumer = other,
                .n = 1,
                .axis = {vtac_axis(vtac_stage_tensor(other), 0)}};
  script_do(s, &extra);
  return true;
}

static bool inline_it(FaultRun *run, Script *s, Call *call) {
  (void)run;
  Call extra = {.kind = CALL_INLINE, .stage = call->stage};
  script_do(s, &extra);
  return true;
}

static bool in_no_scope(FaultRun *run, Script *s, Call *call) {
  static const char *const scopes[] = {"dram", "texture", "globally",
                                       "Local.acc_buffer"};
  (void)s;
  call->word = scopes[run->number[0] % 4];
  return true;
}

/* A name that a scope may have, but none of this machine's. */
static bool in_no_memory(FaultRun *run, Script *s, Call *call) {
  static const char *const scopes[] = {"local.none", "local.acc_buffer2",
                                       "shared", "warp.x", "local"};
  (void)s;
  call->word = scopes[run->number[0] % 5];
  return true;
}

static bool in_wrong_memory(FaultRun *run, Script *s, Call *call) {
  static const char *const scopes[] = {"local.inp_buffer", "local.wgt_buffer",
                                       "local.acc_buffer"};
  int at = run->number[0] % 3;
  (void)s;
  if (!strcmp(scopes[at], call->word)) at = (at + 1) % 3;
  call->word = scopes[at];
  return true;
}

static bool scope_of(Script *s, vtac_stage stage) {
  Call extra = {.kind = CALL_SCOPE, .stage = stage, .word = "local.acc_buffer"};
  script_do(s, &extra);
  return true;
}

static bool scope_of_input(FaultRun *run, Script *s, Call *call) {
  return scope_of(s, pick(s, call, is_input, run->number[0]));
}

static bool scope_of_output(FaultRun *run, Script *s, Call *call) {
  return scope_of(s, pick(s, call, is_output, run->number[0]));
}

static bool left_out(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  trial_note(s->trial, "  (%s is left out)\n",
             call->kind == CALL_SCOPE    ? "set_scope"
             : call->kind == CALL_PRAGMA ? "pragma"
                                         : "tensorize");
  return false;
}

static void bind(Script *s, const Call *call, vtac_iter axis,
                 vtac_iter thread) {
  Call extra = {.kind = CALL_BIND,
                .stage = call->stage,
                .n = 1,
                .axis = {axis},
                .thread = thread};
  script_do(s, &extra);
}

static bool bind_to_axis(FaultRun *run, Script *s, Call *call) {
  bind(s, call, call->axis[run->number[0] % call->n], call->axis[0]);
  return true;
}

static bool bind_twice(FaultRun *run, Script *s, Call *call) {
  int at = run->number[0] % (call->n - 1);
  vtac_iter thread = vtac_thread_axis(s->context, "cthread");
  bind(s, call, call->axis[at], thread);
  bind(s, call, call->axis[at + run->number[1] % 2], thread);
  return true;
}

static bool bind_reduction(FaultRun *run, Script *s, Call *call) {
  (void)run;
  bind(s, call, last_reduce(tensor_of(call)),
       vtac_thread_axis(s->context, "cthread"));
  return true;
}

static bool vectorize_reduction(FaultRun *run, Script *s, Call *call) {
  (void)run;
  Call extra = {.kind = CALL_VECTORIZE,
                .stage = call->stage,
                .n = 1,
                .axis = {last_reduce(tensor_of(call))}};
  script_do(s, &extra);
  return true;
}

static bool without_word(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->word = NULL;
  return true;
}

static bool by_other_unit(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->word = strcmp(call->word, "alu") ? "alu" : "dma_copy";
  return true;
}

static bool inside_block(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->axis[0] = innermost(call->stage);
  return true;
}

static bool product_inside(FaultRun *run, Script *s, Call *call) {
  (void)run, (void)s;
  call->axis[0] = last_reduce(tensor_of(call));
  return true;
}

/* On what reads the product, whose loops stand already. */
static bool product_elsewhere(FaultRun *run, Script *s, Call *call) {
  Call extra = *call;
  extra.stage = pick(s, call, is_reader, run->number[0]);
  vtac_tensor tensor = vtac_stage_tensor(extra.stage);
  extra.axis[0] = vtac_axis(tensor, vtac_tensor_ndim(tensor) - 1);
  script_do(s, &extra);
  return true;
}

/* A part of the intrinsic's reduction is moved outside. */
static bool product_in_parts(FaultRun *run, Script *s, Call *call) {
  vtac_tensor tensor = tensor_of(call);
  int n = vtac_tensor_ndim(tensor);
  vtac_iter outer, inner, reduce = last_reduce(tensor);
  (void)run;
  script_split(s, call->stage, reduce, 2, true, &outer, &inner);
  script_reorder(s, call->stage, 4,
                 (vtac_iter[]){outer, vtac_axis(tensor, n - 2),
                               vtac_axis(tensor, n - 1), inner});
  return true;
}

static void cache(Script *s, vtac_tensor tensor, const char *scope,
                  vtac_tensor reader) {
  script_cache_read(s, tensor, scope, 1, &reader);
}

static bool cache_for_stranger(FaultRun *run, Script *s, Call *call) {
  vtac_stage other = pick(s, call, is_stranger, run->number[0]);
  cache(s, tensor_of(call), "local.acc_buffer", vtac_stage_tensor(other));
  return true;
}

static bool cache_nowhere(FaultRun *run, Script *s, Call *call) {
  const vtac_tensor *input;
  vtac_tensor tensor = tensor_of(call);
  vtac_tensor_inputs(s->context, tensor, &input);
  cache(s, input[0], run->number[0] % 2 ? "dram" : NULL, tensor);
  return true;
}

#define ON_CHIP "dma-copy alu-op tensorize buffer-bind onchip-access"

const Fault call_faults[] = {
    {"no axis", "argument", any_axes, .spoil = without_axis},
    {"no stage", "argument", any_call, .spoil = without_stage},
    {"an axis of another stage", "axis", any_axes, .spoil = with_foreign_axis},
    {"an axis that was split", "axis schedule", any_axes,
     .spoil = with_split_axis},
    {"a split into no steps", "schedule", a_split, .spoil = of_no_steps},
    {"fuse: an axis with itself", "axis", an_order, .spoil = fuse_with_itself},
    {"fuse: axes that lie apart", "axis", a_long_order, .spoil = fuse_apart},
    {"fuse: another stage's axis", "axis", an_order, .spoil = fuse_foreign},
    {"reorder: an axis twice", "axis", an_order, .spoil = order_twice},
    {"compute_at: itself", "attach", a_place, .spoil = at_itself},
    {"compute_at: what it reads", "attach", a_place_after_others,
     .spoil = at_source},
    {"compute_at: its own axis", "axis", a_place, .spoil = at_own_axis},
    {"compute_at: one of its readers", "attach", a_shared_place,
     .spoil = at_one_reader},
    {"compute_at: an output", "attach", a_result, .spoil = output_at},
    {"compute_inline: an output", "attach", a_result, .spoil = inline_it},
    {"compute_inline: a reduction", "attach", a_reduction, .spoil = inline_it},
    {"set_scope: no scope", "schedule", a_scope, .spoil = in_no_scope},
    {"set_scope: no memory", ON_CHIP, a_scope, .spoil = in_no_memory},
    {"set_scope: another memory", ON_CHIP " buffer-overflow", a_scope,
     .spoil = in_wrong_memory},
    {"set_scope: an input", "schedule", a_scope, .spoil = scope_of_input},
    {"set_scope: an output", "schedule", a_scope, .spoil = scope_of_output},
    {"set_scope: left out", ON_CHIP, a_scope, .spoil = left_out},
    {"bind: to an axis", "schedule", an_order, .spoil = bind_to_axis},
    {"bind: twice", "schedule", an_order, .spoil = bind_twice},
    {"bind: a reduction", "schedule axis", a_reduction,
     .spoil = bind_reduction},
    {"vectorize: a reduction", "schedule axis", a_reduction,
     .spoil = vectorize_reduction},
    {"pragma: no name", "argument", a_unit, .spoil = without_word},
    {"pragma: another unit", ON_CHIP, a_unit_without_padding,
     .spoil = by_other_unit},
    {"pragma: inside a block", "dma-copy alu-op vectorize", a_unit_on_rows,
     .spoil = inside_block},
    {"pragma: left out", ON_CHIP " virtual-thread vectorize", a_unit,
     .spoil = left_out},
    {"tensorize: inside the product", "tensorize", a_product,
     .spoil = product_inside},
    {"tensorize: what is no product", "tensorize axis", a_product,
     .spoil = product_elsewhere},
    {"tensorize: half of the product", "tensorize", a_product,
     .spoil = product_in_parts},
    {"tensorize: left out", ON_CHIP " virtual-thread", a_product,
     .spoil = left_out},
    {"cache_read: no reader of it", "schedule", an_order,
     .spoil = cache_for_stranger},
    {"cache_read: into no memory", "schedule argument", an_order,
     .spoil = cache_nowhere},
    {0}};
