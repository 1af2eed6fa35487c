/* SPDX-License-Identifier: Apache-2.0 */
/* What all operators share. */
#include "ops/op.h"

#include <stdarg.h>
#include <stdio.h>

#include "compile/context.h"

/* ---- The context -------------------------------------------------------- */

/* Names of the integer types, by the log of their bits. */
static const char *type_name(int log_width) {
  static const char *const names[] = {"int1", "int2",  "int4",
                                      "int8", "int16", "int32"};
  return names[log_width];
}

OpTarget op_target(vtac_context *c) {
  const HwConfig *hw = &c->config;
  return (OpTarget){hw->batch,
                    hw->block_in,
                    hw->block_out,
                    type_name(hw->log_inp_width),
                    type_name(hw->log_wgt_width),
                    type_name(hw->log_acc_width),
                    ((int64_t)1 << (hw->inp_width - 1)) - 1};
}

bool op_has(vtac_context *c, const char *call, const void *argument,
            const char *name) {
  BOUNDARY_OF(call, c, false);
  need_argument(c, argument, name);
  return true;
}

void *op_alloc(vtac_context *c, size_t size) {
  BOUNDARY(c, NULL);
  return arena_calloc(&c->arena, 1, size);
}

void op_refuse(vtac_context *c, const char *cure, const char *format, ...) {
  char message[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  BOUNDARY(c, );
  fail_cured(&c->arena, D_OPERATOR, cure, "%s", message);
}

void op_need_multiple(vtac_context *c, const char *what, int64_t size,
                      const char *block_name, int64_t block) {
  static const char whole_blocks[] =
      "use a multiple of the block, or let the tiles be chosen (--tile auto)";
  if (size < 1 || size % block)
    op_refuse(c, whole_blocks, "%s %lld is no positive multiple of %s %lld",
              what, (long long)size, block_name, (long long)block);
  else if (size > INT32_MAX)
    op_refuse(c, NULL, "%s %lld is above the limit of %d", what,
              (long long)size, INT32_MAX);
}

void op_need_size(vtac_context *c, const char *what, int64_t size,
                  const char *block_name, int64_t block, bool by_hand) {
  op_need_least(c, what, size, 1);
  if (by_hand) op_need_multiple(c, what, size, block_name, block);
}

void op_need_tile(vtac_context *c, const char *what, int64_t size,
                  const char *block_name, int64_t block) {
  if (size) op_need_multiple(c, what, size, block_name, block);
}

void op_need_least(vtac_context *c, const char *what, int64_t value,
                   int64_t least) {
  if (value < least)
    op_refuse(c, NULL, "%s is %lld; it must be at least %lld", what,
              (long long)value, (long long)least);
  else if (value > INT32_MAX)
    op_refuse(c, NULL, "%s %lld is above the limit of %d", what,
              (long long)value, INT32_MAX);
}

void op_check_shift(vtac_context *c, int shift) {
  int most = c->config.acc_width - 1;
  op_need_least(c, "shift", shift, 0);
  if (shift > most)
    op_refuse(c, NULL,
              "shift is %d; it must be at most %d, as sums have %d bits", shift,
              most, c->config.acc_width);
}

void op_check_vthreads(vtac_context *c, int vthreads, const char *what,
                       int64_t size, int64_t tile) {
  op_need_least(c, "number of virtual threads", vthreads, 0);
  if (vtac_context_error(c)) return;
  int64_t tiles = (size - 1) / tile + 1;
  if (vthreads > tiles)
    op_refuse(c, "use fewer virtual threads or smaller tiles",
              "%d virtual threads for %lld tile%s of %s; each needs one",
              vthreads, (long long)tiles, tiles == 1 ? "" : "s", what);
}

void vtac_op_schedule_to(vtac_context *c, vtac_op *op, vtac_op_stage stage) {
  if (!op_has(c, __func__, op, "op")) return;
  if (op->stage < VTAC_OP_TILED && stage >= VTAC_OP_TILED) {
    op->tile(c, op);
    op->stage = VTAC_OP_TILED;
  }
  if (op->stage < VTAC_OP_VTA && stage >= VTAC_OP_VTA) {
    op->map(c, op);
    op->stage = VTAC_OP_VTA;
  }
}

vtac_schedule vtac_op_schedule(const vtac_op *op) {
  return op ? op->schedule : NULL;
}

int vtac_op_args(const vtac_op *op, const vtac_tensor **ret_args) {
  if (ret_args) *ret_args = op ? op->args : NULL;
  return op ? op->n : 0;
}

int vtac_op_tiles(const vtac_op *op, vtac_op_tiling *ret_tiles) {
  if (!op || !op->tiles.over) return 0;
  *ret_tiles = op->tiles;
  return 1;
}

/* ---- Stages ------------------------------------------------------------- */

/* The axes of a new element-wise stage over the shape of `tensor`. */
static int axes_like(vtac_context *c, vtac_tensor tensor, vtac_iter *ret) {
  int64_t shape[MOST_DIMS];
  int n = tensor ? vtac_tensor_ndim(tensor) : 0;
  for (int i = 0; i < n; i++) shape[i] = vtac_tensor_dim(tensor, i);
  vtac_axes(c, n, shape, NULL, ret);
  return n;
}

/* A stage that combines each element with a constant. */
static vtac_tensor with_constant(vtac_context *c, const char *name,
                                 vtac_tensor tensor, int64_t value,
                                 vtac_expr (*combine)(vtac_context *, vtac_expr,
                                                      vtac_expr)) {
  vtac_iter i[MOST_DIMS];
  int n = axes_like(c, tensor, i);
  vtac_expr element = vtac_at(c, tensor, n, i);
  vtac_expr constant = vtac_const(c, op_target(c).acc_type, (double)value);
  return vtac_compute(c, name, n, i, combine(c, element, constant));
}

OpTail op_tail_stages(vtac_context *c, vtac_tensor sum, int shift) {
  OpTail tail = {0};
  tail.shr = with_constant(c, "res_shr", sum, shift, vtac_shift_right);
  tail.max = with_constant(c, "res_max", tail.shr, 0, vtac_max);
  tail.min =
      with_constant(c, "res_min", tail.max, op_target(c).inp_max, vtac_min);
  return tail;
}

OpTail op_tail(vtac_context *c, vtac_tensor sum, int shift) {
  vtac_iter i[MOST_DIMS];
  OpTail tail = op_tail_stages(c, sum, shift);
  int n = axes_like(c, tail.min, i);
  tail.res = vtac_compute(
      c, "res", n, i,
      vtac_cast(c, op_target(c).inp_type, vtac_at(c, tail.min, n, i)));
  return tail;
}

void op_tail_at(vtac_context *c, vtac_schedule s, const OpTail *tail,
                vtac_iter axis) {
  vtac_stage res = vtac_stage_of(c, s, tail->res);
  vtac_compute_at(c, vtac_stage_of(c, s, tail->shr), res, axis);
  vtac_compute_at(c, vtac_stage_of(c, s, tail->max), res, axis);
  vtac_compute_at(c, vtac_stage_of(c, s, tail->min), res, axis);
}

void op_tail_map(vtac_context *c, vtac_schedule s, const OpTail *tail) {
  const vtac_tensor alu[] = {tail->shr, tail->min, tail->max};
  for (int i = 0; i < 3; i++) {
    vtac_stage stage = vtac_stage_of(c, s, alu[i]);
    vtac_set_scope(c, stage, SCOPE_ACC);
    vtac_pragma(c, stage, vtac_axis(alu[i], 0), "alu");
  }
}

void op_load_at(vtac_context *c, vtac_schedule s, vtac_tensor copy,
                const char *scope, vtac_stage consumer, vtac_iter axis) {
  vtac_stage stage = vtac_stage_of(c, s, copy);
  vtac_set_scope(c, stage, scope);
  vtac_compute_at(c, stage, consumer, axis);
  vtac_pragma(c, stage, vtac_axis(copy, 0), "dma_copy");
}
