/* SPDX-License-Identifier: Apache-2.0 */
/* Temporaries in DRAM of which loops need parts that differ in size: their
 * memory is allocated once, outside of those loops. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/agree.h"
#include "support/api_kit.h"

enum { ROWS = 3, COLUMNS = 4 };

static vtac_schedule schedule;

static vtac_stage on(vtac_tensor tensor) {
  return vtac_stage_of(c, schedule, tensor);
}

static vtac_expr tripled(vtac_expr e) {
  return vtac_mul(c, e, vtac_const(c, "int32", 3));
}

/* data -> made, by the host -> used, by the host or as it is -> the
 * accelerator. */
typedef struct Flow {
  vtac_tensor data, made, used, buf, shr, res;
} Flow;

static Flow begin_flow(void) {
  Flow f;
  f.data =
      vtac_placeholder(c, "data", "int32", VTAC_DIMS(ROWS, COLUMNS, 1, LANES));
  f.made = element_wise("made", f.data, tripled);
  f.used = f.made;
  return f;
}

static void end_flow(Flow *f) {
  static const char ACC[] = "local.acc_buffer";
  f->buf = vtac_copy(c, f->used, "buf");
  f->shr = element_wise("shr", f->buf, shifted);
  f->res = element_wise("res", f->shr, narrow);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(f->res));
  vtac_set_scope(c, on(f->buf), ACC);
  vtac_set_scope(c, on(f->shr), ACC);
  vtac_pragma(c, on(f->shr), vtac_axis(f->shr, 0), "alu");
  vtac_pragma(c, on(f->res), vtac_axis(f->res, 0), "dma_copy");
}

static void flow_runs(const Flow *f) {
  uint64_t counters[VTAC_COUNTERS];
  fine();
  runs_right(schedule, VTAC_TENSORS(f->data, f->res), counters);
}

/* Elements i and last - i of a dimension, together. */
static vtac_tensor folded(vtac_tensor from, int dimension) {
  vtac_iter i[4];
  vtac_axes(c, VTAC_DIMS(ROWS, COLUMNS, 1, LANES), NULL, i);
  vtac_expr index[4];
  for (int k = 0; k < 4; k++) index[k] = vtac_iter_expr(c, i[k]);
  vtac_expr there = vtac_read(c, from, 4, index);
  vtac_expr last = vtac_int(c, vtac_tensor_dim(from, dimension) - 1);
  index[dimension] = vtac_sub(c, last, index[dimension]);
  vtac_expr mirrored = vtac_read(c, from, 4, index);
  return vtac_compute(c, "folded", 4, i, vtac_add(c, there, mirrored));
}

/* ---- Cases -------------------------------------------------------------- */

/* Parts of a fused axis that lie in two of its rows or in three. */
static void parts_of_a_fused_axis(void **state) {
  (void)state;
  for (int step = 2; step < ROWS * COLUMNS; step++) {
    Flow f = begin_flow();
    end_flow(&f);
    vtac_iter outer, inner;
    vtac_iter fused = vtac_fuse(
        c, on(f.buf), VTAC_ITERS(vtac_axis(f.buf, 0), vtac_axis(f.buf, 1)));
    vtac_split(c, on(f.buf), fused, step, &outer, &inner);
    vtac_pragma(c, on(f.buf), inner, "dma_copy");
    vtac_compute_at(c, on(f.made), on(f.buf), outer);
    flow_runs(&f);
  }
}

/* What lies between an element and its mirror image: all, then less, then all
 * again. */
static void mirrored_elements(void **state) {
  (void)state;
  for (int step = 1; step < COLUMNS; step++) {
    Flow f = begin_flow();
    f.used = folded(f.made, 1);
    end_flow(&f);
    vtac_iter outer, inner;
    vtac_split(c, on(f.used), vtac_axis(f.used, 1), step, &outer, &inner);
    vtac_pragma(c, on(f.buf), vtac_axis(f.buf, 0), "dma_copy");
    vtac_compute_at(c, on(f.made), on(f.used), outer);
    flow_runs(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(mirrored_elements),
      TEST(parts_of_a_fused_axis),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
