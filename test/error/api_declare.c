/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of tensors, expressions and schedules leaves an error with an exact
 * message in the context, and changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/api_kit.h"

/* ---- Tensors and expressions -------------------------------------------- */

static void test_shapes(void **state) {
  (void)state;
  vtac_iter i[2];
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 0));
  refused(
      "shape",
      "dimension 1 of 'A' has extent 0; it must lie between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(-4));
  refused(
      "shape",
      "dimension 0 of 'A' has extent -4; it must lie between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(INT64_MAX));
  refused("shape",
          "dimension 0 of 'A' has extent 9223372036854775807; it must lie "
          "between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(65536, 32768));
  refused("shape",
          "'A' has more than 2147483647 elements: 65536 times 32768 at "
          "dimension 1");
  vtac_placeholder(c, "A", "int8", 33, (int64_t[33]){1});
  refused("argument", "vtac_placeholder: 33 dimensions; a tensor has 0 to 32");
  vtac_placeholder(c, "A", "int8", -1, (int64_t[]){1});
  refused("argument", "vtac_placeholder: -1 dimensions; a tensor has 0 to 32");
  vtac_placeholder(c, "", "int8", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: the name is empty");
  vtac_placeholder(c, "A", "int65", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: unknown data type 'int65'");
  vtac_placeholder(c, "A", "handle", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: unknown data type 'handle'");
  vtac_axes(c, VTAC_DIMS(4, 0), (const char *[]){"y", "x"}, i);
  refused(
      "shape",
      "dimension 1 of 'x' has extent 0; it must lie between 1 and 2147483647");
  assert_null(i[0]);
  vtac_reduce_axis(c, 4, 4, "k");
  refused("shape",
          "reduction axis 'k' runs from 4 to 4; it needs an extent between 1 "
          "and 2147483647 in 32 bits");
  vtac_reduce_axis(c, 0, INT64_MAX, "k");
  refused("shape",
          "reduction axis 'k' runs from 0 to 9223372036854775807; it needs an "
          "extent between 1 and 2147483647 in 32 bits");
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_pad(c, a, (int64_t[]){1, -1}, NULL, "padded");
  refused("shape",
          "padding of 'A' by -1 and -1 elements at dimension 1; it can't be "
          "negative");
  vtac_pad(c, a, (int64_t[]){0, 0}, (int64_t[]){0, INT64_MAX}, "padded");
  refused("shape",
          "padding of 'A' by 0 and 9223372036854775807 elements at dimension "
          "1; no extent may exceed 2147483647");
}

static void test_reads(void **state) {
  (void)state;
  vtac_iter i[2];
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_axes(c, VTAC_DIMS(4, 4), NULL, i);
  vtac_at(c, a, 1, i);
  refused("tensor", "a read of 'A' has 1 indices; the tensor has 2 dimensions");
  vtac_read(
      c, a,
      VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_int(c, 0), vtac_int(c, 0)));
  refused("tensor", "a read of 'A' has 3 indices; the tensor has 2 dimensions");
  vtac_read(c, a,
            VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_const(c, "float32", 1)));
  refused("tensor",
          "index 1 of a read of 'A' has type float32; int32 is needed");
  vtac_const(c, "int8", 128);
  refused("argument", "vtac_const: 128 is no int8");
  vtac_const(c, "uint8", -1);
  refused("argument", "vtac_const: -1 is no uint8");
  vtac_const(c, "int8", 0.5);
  refused("argument", "vtac_const: 0.5 is no int8");
}

static void test_computes(void **state) {
  (void)state;
  vtac_iter i[2], k = vtac_reduce_axis(c, 0, 4, "k");
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_axes(c, VTAC_DIMS(4, 4), (const char *[]){"y", "x"}, i);
  vtac_expr element = vtac_at(c, a, 2, i);
  vtac_compute(c, "B", 1, i, element);
  refused("tensor",
          "the body of compute 'B' uses variable 'x', which is no axis of it");
  vtac_compute(c, "B", VTAC_ITERS(i[0], i[0]), element);
  refused("tensor", "compute 'B' has axis 'y' twice");
  vtac_compute(c, "B", VTAC_ITERS(i[0], k), element);
  refused("tensor", "axis 1 ('k') of compute 'B' is no data axis from 0");
  vtac_expr sum = vtac_sum(c, vtac_at(c, a, VTAC_ITERS(i[0], k)), 1, &k);
  vtac_compute(c, "B", 1, i, vtac_add(c, sum, vtac_int(c, 1)));
  refused("tensor",
          "the body of compute 'B' has a reduction inside an expression; it "
          "may only stand at the top");
  vtac_sum(c, element, 0, NULL);
  refused("tensor", "a reduction needs at least one axis");
  vtac_sum(c, element, 1, i);
  refused("tensor", "a reduction runs over 'y', which is no reduction axis");
  vtac_max_over(c, element, VTAC_ITERS(k, k));
  refused("tensor", "a reduction runs over axis 'k' twice");
  vtac_compute(c, "B", -2, i, element);
  refused("argument", "vtac_compute: -2 dimensions; a tensor has 0 to 32");
}

/* ---- Schedules ---------------------------------------------------------- */

static void test_axes_of_stages(void **state) {
  (void)state;
  Graph g = graph();
  vtac_iter x = vtac_axis(g.res, 1), outer, inner;
  vtac_reorder(c, g.on_res, VTAC_ITERS(x, vtac_axis(g.shr, 0)));
  refused("axis", "reorder: axis 'i0' does not belong to stage 'res'");
  vtac_reorder(c, g.on_res, VTAC_ITERS(x, x));
  refused("axis", "reorder: axis 'i1' of stage 'res' is given twice");
  vtac_split(c, g.on_res, x, 0, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into steps of 0; between 1 and "
          "1073741824 are possible");
  vtac_split_nparts(c, g.on_res, x, -1, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into parts: -1; between 1 and "
          "1073741824 are possible");
  vtac_split(c, g.on_res, x, INT64_MAX, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into steps of 9223372036854775807; "
          "between 1 and 1073741824 are possible");
  vtac_split(c, g.on_res, x, 2, &outer, &inner);
  vtac_split(c, g.on_res, x, 2, NULL, NULL);
  refused("axis",
          "split: axis 'i1' of stage 'res' is no leaf any more; it was split "
          "or fused");
  vtac_fuse(c, g.on_res, VTAC_ITERS(vtac_axis(g.res, 0), inner));
  refused("axis",
          "fuse: axes 'i0' and 'i1.inner' of stage 'res' are no neighbours");
  vtac_tile(c, g.on_res, inner, inner, 2, 2, (vtac_iter[4]){NULL});
  refused("axis", "tile: axis 'i1.inner' of stage 'res' is given twice");
  vtac_vectorize(c, g.on_sum, g.ic);
  refused("schedule",
          "vectorize: axis 'ic' of stage 'sum' is a reduction; its steps "
          "depend on one another");
  vtac_bind(c, g.on_res, outer, inner);
  refused("schedule", "bind: 'i1.inner' (for stage 'res') is no thread axis");
  vtac_bind(c, g.on_res, outer, vtac_thread_axis(c, "threadIdx.x"));
  refused("schedule",
          "bind: thread tag 'threadIdx.x' (for stage 'res'); the target has "
          "the virtual threads 'cthread' and 'vthread' only");
  vtac_bind(c, g.on_sum, g.ic, vtac_thread_axis(c, "cthread"));
  refused("schedule",
          "bind: axis 'ic' of stage 'sum' is a reduction; its steps depend on "
          "one another");
  vtac_pragma(c, g.on_res, vtac_axis(g.shr, 0), "dma_copy");
  refused("axis", "pragma: axis 'i0' does not belong to stage 'res'");
  vtac_tensorize_gemm(c, g.on_sum, vtac_axis(g.res, 0));
  refused("axis", "tensorize: axis 'i0' does not belong to stage 'sum'");
  vtac_tensorize_gemm(c, g.on_sum, g.i[2]);
  vtac_tensorize_gemm(c, g.on_sum, g.i[1]);
  refused("tensorize",
          "tensorize: axis 'bi' of stage 'sum' is tensorized already; 'co' "
          "can't be too");
}

static void test_places(void **state) {
  (void)state;
  Graph g = graph(), other = graph();
  vtac_compute_at(c, g.on_sum, g.on_shr, vtac_axis(g.shr, 0));
  vtac_compute_at(c, g.on_shr, g.on_sum, g.i[0]);
  refused("attach",
          "compute_at: stage 'shr' can't be inside 'sum', which is inside it");
  vtac_compute_at(c, g.on_shr, g.on_shr, vtac_axis(g.shr, 0));
  refused("attach",
          "compute_at: stage 'shr' can't be inside 'shr', which is inside it");
  vtac_compute_at(c, g.on_shr, g.on_data, vtac_axis(g.data_buf, 0));
  refused("attach",
          "compute_at: stage 'shr' at axis 'i0' of 'data_buf', which does not "
          "use it");
  vtac_compute_at(c, g.on_res, g.on_shr, vtac_axis(g.shr, 0));
  refused("attach",
          "compute_at: stage 'res' is an output; it stays at the root");
  vtac_compute_at(c, g.on_shr, other.on_res, vtac_axis(other.res, 0));
  refused("attach", "compute_at: 'shr' and 'res' are of two schedules");
  vtac_compute_at(c, g.on_shr, g.on_res, g.i[0]);
  refused("axis", "compute_at: axis 'bo' does not belong to stage 'res'");
  vtac_compute_at(c, vtac_stage_of(c, g.schedule, g.data), g.on_data,
                  vtac_axis(g.data_buf, 0));
  refused("schedule",
          "compute_at: 'data' is a placeholder; it is not computed");
  vtac_compute_inline(c, g.on_sum);
  refused("attach",
          "compute_inline: stage 'sum' is a reduction over 'ic'; it needs a "
          "place to accumulate in");
  vtac_stage_of(c, g.schedule, other.res);
  refused("schedule",
          "'res' is no tensor of this schedule: no output reads it");
  vtac_set_scope(c, g.on_sum, "acc_buffer");
  refused("schedule",
          "stage 'sum' in scope 'acc_buffer'; a scope is global, shared, warp "
          "or local, with or without a tag");
  vtac_set_scope(c, g.on_res, "local.acc_buffer");
  refused("schedule",
          "stage 'res' in scope 'local.acc_buffer'; an argument lies in global "
          "memory");
  vtac_cache_read(c, g.schedule, g.data, "global", VTAC_TENSORS(g.res));
  refused("schedule", "cache_read: stage 'res' does not read 'data'");
  vtac_cache_write(c, g.schedule, g.data, "global");
  refused("schedule", "cache_write: 'data' is a placeholder; use cache_read");
  vtac_schedule_new(c, VTAC_TENSORS(g.data));
  refused("schedule",
          "output 'data' is a placeholder; there is nothing to compute");
  vtac_schedule_new(c, VTAC_TENSORS(g.res, g.res));
  refused("schedule", "'res' is given as an output twice");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_shapes),         TEST(test_reads),  TEST(test_computes),
      TEST(test_axes_of_stages), TEST(test_places),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
