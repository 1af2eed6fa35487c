/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise chains on the accelerator's ALU. */
#include <stdlib.h>

#include "support/programs.h"

static vtac_expr apply(vtac_context *c, ChainOp op, vtac_expr a) {
  vtac_expr b = vtac_int(c, op.value);
  switch (op.op) {
    case 'a': return vtac_add(c, a, b);
    case 's': return vtac_shift_right(c, a, b);
    case 'x': return vtac_max(c, a, b);
    default: return vtac_min(c, a, b);
  }
}

static vtac_tensor chain(vtac_context *c, Program *p, vtac_tensor last,
                         const int64_t *shape) {
  static const char *const names[] = {"t0", "t1", "t2", "t3",
                                      "t4", "t5", "t6", "t7"};
  const EltwiseParams *params = &p->family->eltwise;
  vtac_iter i[4];
  for (int k = 0; k < params->chain; k++) {
    vtac_axes(c, 4, shape, NULL, i);
    last = vtac_compute(c, names[k], 4, i,
                        apply(c, params->at[k], vtac_at(c, last, 4, i)));
    p->stage[p->stages++] = last;
  }
  return last;
}

/* stage[0] is A_buf, stage[1] B_buf or NULL, the rest the ALU's. */
void eltwise_declare(vtac_context *c, const ProgramTarget *t, Program *p) {
  const EltwiseParams *params = &p->family->eltwise;
  const int64_t shape[] = {params->n, params->m, t->batch, t->block_out};
  vtac_tensor a = vtac_placeholder(c, "A", t->acc_type, 4, shape);
  vtac_tensor last = p->stage[0] = vtac_copy(c, a, "A_buf");
  vtac_iter i[4];
  p->args[p->n++] = a;
  p->stages = 2;
  if (params->add) {
    vtac_tensor b = vtac_placeholder(c, "B", t->acc_type, 4, shape);
    p->args[p->n++] = b;
    p->stage[1] = vtac_copy(c, b, "B_buf");
    vtac_axes(c, 4, shape, NULL, i);
    last = vtac_compute(
        c, "C_buf", 4, i,
        vtac_add(c, vtac_at(c, last, 4, i), vtac_at(c, p->stage[1], 4, i)));
    p->stage[p->stages++] = last;
  }
  last = chain(c, p, last, shape);
  vtac_axes(c, 4, shape, NULL, i);
  vtac_tensor res = vtac_compute(
      c, "res", 4, i, vtac_cast(c, t->inp_type, vtac_at(c, last, 4, i)));
  p->args[p->n++] = res;
  p->schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
}

void eltwise_map(vtac_context *c, Program *p) {
  for (int i = 0; i < p->stages; i++) {
    if (!p->stage[i]) continue;
    vtac_stage stage = vtac_stage_of(c, p->schedule, p->stage[i]);
    vtac_set_scope(c, stage, "local.acc_buffer");
    vtac_pragma(c, stage, vtac_axis(p->stage[i], 0),
                i < 2 ? "dma_copy" : "alu");
  }
  vtac_tensor res = p->args[p->n - 1];
  vtac_pragma(c, vtac_stage_of(c, p->schedule, res), vtac_axis(res, 0),
              "dma_copy");
}

static int32_t plain(ChainOp op, int32_t a) {
  int32_t b = (int32_t)op.value;
  switch (op.op) {
    case 'a': return (int32_t)((uint32_t)a + (uint32_t)b);
    case 's': return a >> b;
    case 'x': return a > b ? a : b;
    default: return a < b ? a : b;
  }
}

TestData *eltwise_data(const ProgramTarget *t, const EltwiseParams *params,
                       uint64_t seed) {
  size_t n = (size_t)(params->n * params->m * t->batch * t->block_out);
  TestData *data = calloc(1, sizeof *data);
  int32_t *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
  int8_t *res = malloc(n);
  for (size_t i = 0; i < n; i++) {
    a[i] = (int32_t)(test_random(&seed) >> 33) % 512 - 256;
    b[i] = (int32_t)(test_random(&seed) >> 33) % 512 - 256;
    int32_t value = params->add ? a[i] + b[i] : a[i];
    for (int k = 0; k < params->chain; k++) value = plain(params->at[k], value);
    res[i] = (int8_t)value;
  }
  data->inputs = params->add ? 2 : 1;
  data->input[0] = a;
  data->input[1] = b;
  data->expected = res;
  return data;
}
