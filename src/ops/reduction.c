/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules a reduction: tiles of the result, whose sums are computed inside
 * the innermost loop over tiles; the outer part of the reduction around
 * everything in a tile; each operand loaded there, or kept while inner loops
 * over tiles run.
 *
 * The order of the loops over tiles follows from what is kept:
 *   nothing   batch, group, channels, rows, columns
 *   weights   group, channels, [weights here] batch, rows, columns
 *   data      batch, group, rows, columns, [data here] channels
 * Two threads over channels or rows run outside of all of them.  Where not even
 * one block's window of weights fits, the reduction runs over parts of it. */
#include "ops/reduction.h"

enum { MOST_LOOPS = 16 };

/* The loops of the result, outermost first. */
typedef struct Loops {
  int n;
  vtac_iter at[MOST_LOOPS];
} Loops;

static void push(Loops *loops, vtac_iter axis) {
  if (axis) loops->at[loops->n++] = axis;
}

/* ---- Declaration -------------------------------------------------------- */

static int axes_of(vtac_context *c, vtac_tensor tensor, vtac_iter *ret) {
  int64_t shape[MOST_LOOPS];
  int n = tensor ? vtac_tensor_ndim(tensor) : 0;
  for (int i = 0; i < n; i++) shape[i] = vtac_tensor_dim(tensor, i);
  vtac_axes(c, n, shape, NULL, ret);
  return n;
}

void reduction_bias(vtac_context *c, Reduction *r) {
  OpTarget t = op_target(c);
  vtac_iter i[MOST_LOOPS], of[4];
  int n = axes_of(c, r->sum, i), m = 0;
  if (n == 0) return;
  if (r->group != NO_AXIS) of[m++] = i[r->group];
  of[m++] = i[r->out];
  of[m++] = i[n - 2];
  of[m++] = i[n - 1];
  int64_t shape[4] = {
      vtac_tensor_dim(r->sum, r->group == NO_AXIS ? r->out : r->group),
      vtac_tensor_dim(r->sum, r->out)};
  shape[m - 2] = t.batch;
  shape[m - 1] = t.block_out;
  vtac_tensor bias = vtac_placeholder(c, "bias", t.acc_type, m, shape);
  r->bias_buf = vtac_copy(c, bias, "bias_buf");
  r->op.args[r->op.n++] = bias;
  r->biased = vtac_compute(
      c, "res_bias", n, i,
      vtac_add(c, vtac_at(c, r->sum, n, i), vtac_at(c, r->bias_buf, m, of)));
}

void reduction_finish(vtac_context *c, Reduction *r, int shift) {
  if (!r->biased) r->biased = r->sum;
  r->tail = op_tail(c, r->biased, shift);
  reduction_schedule(c, r);
}

static vtac_op_tiling tiles_of(vtac_context *c, const Reduction *r) {
  static const char *const over[] = {[OVER_NOTHING] = "nothing",
                                     [OVER_CHANNELS] = "channels",
                                     [OVER_ROWS] = "rows"};
  OpTarget t = op_target(c);
  bool threaded = r->tiling.threads > 1;
  return (vtac_op_tiling){
      .batch = r->tiling.batch * t.batch,
      .out = r->tiling.out * t.block_out,
      .in = r->tiling.in * t.block_in,
      .height = r->y == NO_AXIS ? 1 : r->tiling.y * r->y_scale,
      .width = r->x == NO_AXIS ? 1 : r->tiling.x * r->x_scale,
      .vthreads = threaded ? r->tiling.threads : 1,
      .over = over[threaded ? r->tiling.over : OVER_NOTHING]};
}

void reduction_schedule(vtac_context *c, Reduction *r) {
  r->op.args[r->op.n++] = r->tail.res;
  r->op.schedule = vtac_schedule_new(c, VTAC_TENSORS(r->tail.res));
  r->op.tile = reduction_tile;
  r->op.map = reduction_map;
  r->op.tiles = tiles_of(c, r);
}

/* ---- Tiling ------------------------------------------------------------- */

/* The loops over tiles of each axis, and those inside a tile. */
typedef struct Split {
  vtac_iter batch, group, out, y, x, thread;
  Loops in;
} Split;

static vtac_iter split_axis(vtac_context *c, const Reduction *r, int axis,
                            int64_t tile, Loops *in) {
  if (axis == NO_AXIS) return NULL;
  vtac_iter outer, inner;
  vtac_split(c, vtac_stage_of(c, r->op.schedule, r->tail.res),
             vtac_axis(r->tail.res, axis), tile, &outer, &inner);
  push(in, inner);
  return outer;
}

static Split split_result(vtac_context *c, const Reduction *r) {
  const Tiling *t = &r->tiling;
  Split s = {0};
  s.batch = split_axis(c, r, 0, t->batch, &s.in);
  if (r->group != NO_AXIS) s.group = vtac_axis(r->tail.res, r->group);
  s.out = split_axis(c, r, r->out, t->out, &s.in);
  s.y = split_axis(c, r, r->y, t->y * r->y_scale, &s.in);
  s.x = split_axis(c, r, r->x, t->x * r->x_scale, &s.in);
  int n = vtac_tensor_ndim(r->tail.res);
  push(&s.in, vtac_axis(r->tail.res, n - 2));
  push(&s.in, vtac_axis(r->tail.res, n - 1));
  return s;
}

/* Takes the threads' loop out of the axis that they divide. */
static void split_threads(vtac_context *c, const Reduction *r, Split *s) {
  vtac_stage out = vtac_stage_of(c, r->op.schedule, r->tail.res);
  const Tiling *t = &r->tiling;
  vtac_iter *axis = s->group ? &s->group : &s->out;
  if (t->threads < 2) return;
  if (t->over == OVER_ROWS) axis = s->y ? &s->y : &s->batch;
  vtac_split(c, out, *axis, t->threads, axis, &s->thread);
}

/* Threads are outermost: they share nothing, as tokens between the units
 * would have to be passed from one to the other. */
static Loops order_loops(const Reduction *r, const Split *s) {
  bool data = r->tiling.keep == KEEP_DATA;
  bool weights = r->tiling.keep == KEEP_WEIGHTS;
  bool channels = s->thread && r->tiling.over == OVER_CHANNELS && !s->group;
  bool batch_last = weights || (channels && !data);
  const vtac_iter order[] = {s->thread,
                             batch_last ? NULL : s->batch,
                             s->group,
                             data ? NULL : s->out,
                             batch_last ? s->batch : NULL,
                             s->y,
                             s->x,
                             data ? s->out : NULL};
  Loops loops = {0};
  for (int i = 0; i < 8; i++) push(&loops, order[i]);
  return loops;
}

static vtac_iter loop_around(const Loops *loops, vtac_iter axis) {
  int i = 0;
  while (loops->at[i] != axis) i++;
  return i ? loops->at[i - 1] : NULL;
}

/* Takes the loop over parts out of the reduction over a window's dimension. */
static vtac_iter split_window(vtac_context *c, vtac_stage mul, int64_t part,
                              Loops *outer, vtac_iter axis) {
  vtac_iter parts, inner = axis;
  if (part) {
    vtac_split(c, mul, axis, part, &parts, &inner);
    push(outer, parts);
  }
  return inner;
}

/* Reduces over the outer part of the channels first; a loop that changes the
 * output stands inside the loops over windows. */
static void block_reduction(vtac_context *c, Reduction *r) {
  vtac_stage mul = vtac_stage_of(c, r->op.schedule, r->sum);
  const int64_t part[] = {r->tiling.taps_y, r->tiling.taps_x};
  int n = vtac_tensor_ndim(r->sum), windows = 0;
  while (vtac_tensor_reduce_axis(r->sum, windows + 2)) windows++;
  vtac_iter in_inner;
  Loops order = {0}, window = {0};
  vtac_split(c, mul, vtac_tensor_reduce_axis(r->sum, 0), r->tiling.in,
             &r->in_outer, &in_inner);
  push(&order, r->in_outer);
  for (int i = 0; i < windows; i++)
    push(&window, split_window(c, mul, part[i], &order,
                               vtac_tensor_reduce_axis(r->sum, i + 1)));
  r->in_outer = order.at[order.n - 1];
  for (int i = 0; i < r->inner; i++) push(&order, vtac_axis(r->sum, i));
  push(&order, in_inner);
  for (int i = 0; i < windows; i++) push(&order, window.at[i]);
  for (int i = r->inner; i < n; i++) push(&order, vtac_axis(r->sum, i));
  push(&order, vtac_tensor_reduce_axis(r->sum, windows + 1));
  vtac_reorder(c, mul, order.n, order.at);
}

void reduction_tile(vtac_context *c, vtac_op *op) {
  Reduction *r = (Reduction *)op;
  vtac_stage out = vtac_stage_of(c, op->schedule, r->tail.res);
  if (vtac_context_error(c)) return;
  Split split = split_result(c, r);
  split_threads(c, r, &split);
  if (vtac_context_error(c)) return;
  Loops loops = order_loops(r, &split);
  vtac_iter at = loops.at[loops.n - 1];
  r->out_outer = split.out;
  r->data_at = loop_around(&loops, split.out);
  r->store = r->by_hand ? split.in.at[split.in.n - 2] : split.in.at[0];
  for (int i = 0; i < split.in.n; i++) push(&loops, split.in.at[i]);
  vtac_reorder(c, out, loops.n, loops.at);
  vtac_compute_at(c, vtac_stage_of(c, op->schedule, r->sum), out, at);
  if (r->bias_buf)
    vtac_compute_at(c, vtac_stage_of(c, op->schedule, r->biased), out, at);
  op_tail_at(c, op->schedule, &r->tail, at);
  block_reduction(c, r);
  if (split.thread)
    vtac_bind(c, out, split.thread, vtac_thread_axis(c, "cthread"));
}

/* ---- Mapping ------------------------------------------------------------ */

static void map_bias(vtac_context *c, Reduction *r, vtac_stage out) {
  vtac_schedule s = r->op.schedule;
  vtac_stage biased = vtac_stage_of(c, s, r->biased);
  op_load_at(c, s, r->bias_buf, SCOPE_ACC, out, r->out_outer);
  vtac_set_scope(c, biased, SCOPE_ACC);
  vtac_pragma(c, biased, vtac_axis(r->biased, 0), "alu");
}

void reduction_map(vtac_context *c, vtac_op *op) {
  Reduction *r = (Reduction *)op;
  vtac_schedule s = op->schedule;
  vtac_stage mul = vtac_stage_of(c, s, r->sum);
  vtac_stage out = vtac_stage_of(c, s, r->tail.res);
  bool data = r->tiling.keep == KEEP_DATA;
  bool weights = r->tiling.keep == KEEP_WEIGHTS;
  vtac_set_scope(c, mul, SCOPE_ACC);
  op_load_at(c, s, r->data_buf, SCOPE_INP, data ? out : mul,
             data ? r->data_at : r->in_outer);
  op_load_at(c, s, r->weight_buf, SCOPE_WGT, weights ? out : mul,
             weights ? r->out_outer : r->in_outer);
  if (r->bias_buf) map_bias(c, r, out);
  vtac_pragma(c, out, r->store, "dma_copy");
  vtac_tensorize_gemm(c, mul, vtac_axis(r->sum, vtac_tensor_ndim(r->sum) - 2));
  op_tail_map(c, s, &r->tail);
}
