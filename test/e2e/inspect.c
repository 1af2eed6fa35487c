/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at graphs and schedules, and intrinsics by parts (vtac/inspect.h,
 * vtac/intrin.h): answers, and errors for arguments that are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka.h needs those above */
#include <cmocka.h>

#include "vtac/vtac.h"

typedef struct Fixture {
  vtac_context *c;
  vtac_tensor a, b;
  vtac_schedule s;
  vtac_stage stage;
} Fixture;

static int set_up(void **state) {
  static Fixture f;
  vtac_config *config = vtac_config_default(NULL);
  f.c = vtac_context_new(config, NULL);
  vtac_config_free(config);
  f.a = vtac_placeholder(f.c, "a", "int32", VTAC_DIMS(16));
  vtac_iter i;
  vtac_axes(f.c, 1, (int64_t[]){16}, NULL, &i);
  vtac_expr sum = vtac_add(f.c, vtac_at(f.c, f.a, 1, &i), vtac_int(f.c, 1));
  f.b = vtac_compute_tagged(f.c, "b", "elemwise", 1, &i, sum);
  f.s = vtac_schedule_new(f.c, 1, &f.b);
  f.stage = vtac_stage_of(f.c, f.s, f.b);
  *state = &f;
  return vtac_context_error(f.c) != NULL;
}

static int tear_down(void **state) {
  vtac_context_free(((Fixture *)*state)->c);
  return 0;
}

static void assert_refused(vtac_context *c) {
  assert_non_null(vtac_context_error(c));
  vtac_context_clear_error(c);
}

static void test_expressions(void **state) {
  Fixture *f = *state;
  int64_t value = 0;
  vtac_expr body = vtac_tensor_body(f->b);
  assert_string_equal(vtac_expr_text(f->c, body), "(a[i0] + 1)");
  assert_string_equal(vtac_expr_dtype(body), "int32");
  assert_int_equal(vtac_expr_int(body, &value), 0);
  vtac_expr five = vtac_negate(f->c, vtac_int(f->c, -5));
  assert_int_equal(vtac_expr_int(five, &value), 1);
  assert_int_equal(value, 5);
  assert_null(vtac_expr_dtype(NULL));
  assert_int_equal(vtac_expr_int(NULL, &value), 0);
  assert_null(vtac_expr_text(f->c, NULL));
  assert_refused(f->c);
}

static void test_tensors(void **state) {
  Fixture *f = *state;
  const vtac_tensor *inputs;
  assert_int_equal(vtac_tensor_inputs(f->c, f->b, &inputs), 1);
  assert_ptr_equal(inputs[0], f->a);
  assert_int_equal(vtac_tensor_inputs(f->c, f->a, &inputs), 0);
  assert_string_equal(vtac_tensor_tag(f->b), "elemwise");
  assert_null(vtac_tensor_body(f->a));
  assert_null(vtac_tensor_tag(NULL));
  assert_int_equal(vtac_tensor_inputs(f->c, NULL, &inputs), 0);
  assert_refused(f->c);
}

static void test_axes(void **state) {
  Fixture *f = *state;
  int64_t low = 1, extent = 0;
  vtac_iter i = vtac_axis(f->b, 0);
  assert_string_equal(vtac_iter_name(i), "i0");
  assert_string_equal(vtac_iter_type(i), "DataPar");
  assert_string_equal(vtac_iter_tag(i), "");
  assert_int_equal(vtac_iter_range(i, &low, &extent), 1);
  assert_int_equal(low, 0);
  assert_int_equal(extent, 16);
  vtac_iter thread = vtac_thread_axis_named(f->c, "cthread", "tx");
  assert_string_equal(vtac_iter_name(thread), "tx");
  assert_string_equal(vtac_iter_tag(thread), "cthread");
  assert_int_equal(vtac_iter_range(thread, &low, &extent), 0);
  assert_int_equal(vtac_iter_range(NULL, &low, &extent), 0);
}

static void test_stages(void **state) {
  Fixture *f = *state;
  vtac_iter outer, inner;
  vtac_loop loop;
  vtac_split(f->c, f->stage, vtac_axis(f->b, 0), 4, &outer, &inner);
  vtac_pragma_value(f->c, f->stage, outer, "mine", vtac_int(f->c, 7));
  vtac_unroll(f->c, f->stage, inner);
  assert_int_equal(vtac_stage_loop(f->stage, 0, &loop), 1);
  assert_ptr_equal(loop.axis, outer);
  assert_int_equal(loop.pragmas, 1);
  assert_null(loop.thread);
  assert_string_equal(vtac_stage_pragma(f->stage, outer, 0), "mine");
  assert_null(vtac_stage_pragma(f->stage, outer, 1));
  assert_int_equal(vtac_stage_loop(f->stage, 1, &loop), 1);
  assert_string_equal(loop.kind, "Unrolled");
  assert_int_equal(vtac_stage_loop(f->stage, 2, &loop), 0);
  assert_int_equal(vtac_stage_loop(NULL, 0, &loop), 0);
  assert_ptr_equal(vtac_schedule_stage(f->s, 1), f->stage);
  assert_null(vtac_schedule_stage(f->s, 2));
  assert_ptr_equal(vtac_stage_tensor(f->stage), f->b);
  assert_int_equal(vtac_stage_is_output(f->stage), 1);
  assert_int_equal(vtac_stage_place(f->stage, NULL, NULL), VTAC_PLACE_ROOT);
  assert_non_null(vtac_stage_scope(f->stage));
  assert_null(vtac_context_error(f->c));
}

/* "b = a + 1" as a call of a function outside. */
static vtac_intrin intrin_by_parts(Fixture *f, const int64_t *shape) {
  vtac_buffer_params params = {.dtype = "int32", .ndim = 1, .shape = shape};
  params.name = "a";
  vtac_buffer in = vtac_buffer_declare(f->c, &params);
  params.name = "b";
  vtac_buffer out = vtac_buffer_declare(f->c, &params);
  vtac_expr args[2] = {
      vtac_buffer_access(f->c, in, VTAC_ACCESS_READ, "handle", NULL),
      vtac_buffer_access(f->c, out, VTAC_ACCESS_WRITE, "handle", NULL)};
  vtac_stmt body =
      vtac_evaluate(f->c, vtac_call_extern(f->c, "int32", "f", 2, args));
  const vtac_intrin_params intrin = {.name = "F",
                                     .pattern = f->b,
                                     .ninputs = 1,
                                     .inputs = &in,
                                     .output = out,
                                     .body = vtac_sequence(f->c, 1, &body)};
  return vtac_intrin_new(f->c, &intrin);
}

static void test_intrinsics(void **state) {
  Fixture *f = *state;
  const int64_t right[] = {16}, wrong[] = {15}, none[] = {0};
  vtac_intrin intrin = intrin_by_parts(f, right);
  assert_non_null(intrin);
  vtac_tensorize(f->c, f->stage, vtac_axis(f->b, 0), intrin);
  vtac_tensor args[2] = {f->a, f->b};
  const char *text = vtac_lower_text(f->c, f->s, 2, args, "main", NULL);
  assert_non_null(text);
  assert_non_null(strstr(text, "@tir.call_extern(\"f\""));
  assert_null(intrin_by_parts(f, wrong));
  assert_refused(f->c);
  assert_null(intrin_by_parts(f, none));
  assert_refused(f->c);
}

static void test_calls(void **state) {
  Fixture *f = *state;
  vtac_expr zero[16];
  for (int i = 0; i < 16; i++) zero[i] = vtac_int(f->c, 0);
  vtac_expr push = vtac_call(f->c, "int32", "tir.vta.uop_push", 8, zero);
  vtac_stmt kernel = vtac_kernel_scope(f->c, vtac_evaluate(f->c, push));
  const char *text = vtac_stmt_text(f->c, vtac_unit_scope(f->c, 2, kernel));
  assert_non_null(strstr(text, "coproc_uop_scope"));
  assert_null(vtac_call(f->c, "int32", "tir.vta.uop_push", 7, zero));
  assert_refused(f->c);
  assert_null(vtac_call(f->c, "int32", "tir.nothing", 0, NULL));
  assert_refused(f->c);
  assert_null(vtac_call_extern(f->c, "int32", "f", 16, zero));
  assert_refused(f->c);
  assert_null(vtac_unit_scope(f->c, 4, kernel));
  assert_refused(f->c);
  assert_null(vtac_intrin_new(f->c, NULL));
  assert_refused(f->c);
  assert_null(vtac_buffer_declare(f->c, NULL));
  assert_refused(f->c);
  assert_non_null(vtac_intrin_gemm(f->c));
  assert_non_null(vtac_intrin_gemm_mock(f->c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_expressions), TEST(test_tensors),    TEST(test_axes),
      TEST(test_stages),      TEST(test_intrinsics), TEST(test_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
