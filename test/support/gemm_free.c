/* SPDX-License-Identifier: Apache-2.0 */
/* A matrix multiply with free loop order and load positions. */
#include <stdlib.h>
#include <string.h>

#include "support/programs.h"

enum { A_BUF, B_BUF, C_BUF };

static vtac_tensor product(vtac_context *c, const ProgramTarget *t,
                           const Program *p, const int64_t *shape) {
  vtac_iter i[4], ko = p->reduce[0], ki = p->reduce[1];
  vtac_axes(c, 4, shape, (const char *[]){"bo", "co", "bi", "ci"}, i);
  vtac_expr a = vtac_at(c, p->stage[A_BUF], VTAC_ITERS(i[0], ko, i[2], ki));
  vtac_expr b = vtac_at(c, p->stage[B_BUF], VTAC_ITERS(i[1], ko, i[3], ki));
  vtac_expr both =
      vtac_mul(c, vtac_cast(c, t->acc_type, a), vtac_cast(c, t->acc_type, b));
  return vtac_compute(c, "C_buf", 4, i, vtac_sum(c, both, VTAC_ITERS(ko, ki)));
}

void gemm_free_declare(vtac_context *c, const ProgramTarget *t, Program *p) {
  const GemmFreeParams *params = &p->family->gemm_free;
  const int64_t a_shape[] = {params->o, params->n, t->batch, t->block_in};
  const int64_t b_shape[] = {params->m, params->n, t->block_out, t->block_in};
  const int64_t shape[] = {params->o, params->m, t->batch, t->block_out};
  vtac_tensor a = vtac_placeholder(c, "A", t->inp_type, 4, a_shape);
  vtac_tensor b = vtac_placeholder(c, "B", t->wgt_type, 4, b_shape);
  p->reduce[0] = vtac_reduce_axis(c, 0, params->n, "ko");
  p->reduce[1] = vtac_reduce_axis(c, 0, t->block_in, "ki");
  p->stage[A_BUF] = vtac_copy(c, a, "A_buf");
  p->stage[B_BUF] = vtac_copy(c, b, "B_buf");
  p->stage[C_BUF] = product(c, t, p, shape);
  vtac_iter i[4];
  vtac_axes(c, 4, shape, NULL, i);
  vtac_tensor res = vtac_compute(
      c, "C", 4, i,
      vtac_cast(c, t->inp_type, vtac_at(c, p->stage[C_BUF], 4, i)));
  p->n = 3;
  p->args[0] = a;
  p->args[1] = b;
  p->args[2] = res;
  p->schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
}

/* Tiles the result and computes the product in a tile; returns the axis whose
 * loops one DMA store covers. */
static vtac_iter tile_result(vtac_context *c, Program *p) {
  const GemmFreeParams *params = &p->family->gemm_free;
  vtac_tensor res = p->args[2];
  vtac_stage stage = vtac_stage_of(c, p->schedule, res);
  vtac_iter oo, oi, mo, mi;
  if (!params->tile_o) return vtac_axis(res, 0);
  vtac_split(c, stage, vtac_axis(res, 0), params->tile_o, &oo, &oi);
  vtac_split(c, stage, vtac_axis(res, 1), params->tile_m, &mo, &mi);
  vtac_iter first = params->swap ? mo : oo, second = params->swap ? oo : mo;
  vtac_reorder(
      c, stage,
      VTAC_ITERS(first, second, oi, mi, vtac_axis(res, 2), vtac_axis(res, 3)));
  vtac_compute_at(c, vtac_stage_of(c, p->schedule, p->stage[C_BUF]), stage,
                  second);
  return oi;
}

static void load(vtac_context *c, Program *p, int which, const char *scope,
                 vtac_iter at) {
  vtac_stage stage = vtac_stage_of(c, p->schedule, p->stage[which]);
  vtac_set_scope(c, stage, scope);
  vtac_compute_at(c, stage, vtac_stage_of(c, p->schedule, p->stage[C_BUF]), at);
  vtac_pragma(c, stage, vtac_axis(p->stage[which], 0), "dma_copy");
}

void gemm_free_map(vtac_context *c, Program *p) {
  const GemmFreeParams *params = &p->family->gemm_free;
  vtac_tensor sum = p->stage[C_BUF];
  vtac_iter store = tile_result(c, p), ks, kt;
  vtac_stage mul = vtac_stage_of(c, p->schedule, sum);
  vtac_set_scope(c, mul, "local.acc_buffer");
  vtac_split(c, mul, p->reduce[0], params->tile_k, &ks, &kt);
  vtac_iter loop[7] = {ks};
  for (int i = 0; i < 3; i++) {
    char axis = params->order[i];
    loop[1 + i] = axis == 'k' ? kt : vtac_axis(sum, axis == 'o' ? 0 : 1);
  }
  loop[4] = vtac_axis(sum, 2);
  loop[5] = vtac_axis(sum, 3);
  loop[6] = p->reduce[1];
  vtac_reorder(c, mul, 7, loop);
  load(c, p, A_BUF, "local.inp_buffer", loop[params->a_at]);
  load(c, p, B_BUF, "local.wgt_buffer", loop[params->b_at]);
  vtac_pragma(c, vtac_stage_of(c, p->schedule, p->args[2]), store, "dma_copy");
  vtac_tensorize_gemm(c, mul, vtac_axis(sum, 2));
}

/* Element (r, x) of a packed matrix of tiles of rows x columns. */
static int8_t *at(int8_t *packed, int64_t columns, int64_t tile_rows,
                  int64_t tile_columns, int64_t r, int64_t x) {
  int64_t tile = r / tile_rows * (columns / tile_columns) + x / tile_columns;
  return packed + tile * tile_rows * tile_columns +
         r % tile_rows * tile_columns + x % tile_columns;
}

TestData *gemm_free_data(const ProgramTarget *t, const GemmFreeParams *params,
                         uint64_t seed) {
  int64_t rows = params->o * t->batch, columns = params->m * t->block_out;
  int64_t depth = params->n * t->block_in;
  TestData *data = calloc(1, sizeof *data);
  int8_t *a = malloc((size_t)(rows * depth));
  int8_t *b = malloc((size_t)(columns * depth));
  int8_t *res = malloc((size_t)(rows * columns));
  for (int64_t i = 0; i < rows * depth; i++)
    a[i] = (int8_t)(test_random(&seed) >> 56);
  for (int64_t i = 0; i < columns * depth; i++)
    b[i] = (int8_t)(test_random(&seed) >> 56);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t x = 0; x < columns; x++) {
      int32_t sum = 0;
      for (int64_t k = 0; k < depth; k++)
        sum += *at(a, depth, t->batch, t->block_in, r, k) *
               *at(b, depth, t->block_out, t->block_in, x, k);
      *at(res, columns, t->batch, t->block_out, r, x) = (int8_t)sum;
    }
  *data = (TestData){2, {a, b}, res};
  return data;
}
