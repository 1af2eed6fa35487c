/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor expressions: names, reads, padding, intrinsics and refusals. */
#include "te_kit.h"

static const char *text(Kit *kit, const Expr *expr) {
  return expr_text(&kit->arena, expr);
}

static void test_axes(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Arena *a = &kit->arena;
  const Tensor *t = input(a, "A", INT32, (Shape){3, {4, 5, 6}});
  const IterVar *axis[3];
  te_axes(a, 3, t->shape, NULL, axis);
  assert_string_equal(axis[0]->var->hint, "i0");
  assert_string_equal(axis[2]->var->hint, "i2");
  assert_true(is_const(axis[1]->dom.extent, 5));
  const char *names[] = {"x", "y", "z"};
  te_axes(a, 3, t->shape, names, axis);
  assert_string_equal(axis[1]->var->hint, "y");
  te_numbered_axes(a, 3, t->shape, "ax", axis);
  assert_string_equal(axis[2]->var->hint, "ax2");
  const IterVar *k = te_reduce_axis(a, "k", 2, 9);
  assert_true(is_const(k->dom.min, 2) && is_const(k->dom.extent, 7));
  assert_int_equal(k->type, ITER_COMM_REDUCE);
  const IterVar *thread = te_thread_axis(a, "cthread", "tx");
  assert_string_equal(thread->var->hint, "tx");
  assert_string_equal(thread->thread_tag, "cthread");
}

static void test_compute(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Arena *a = &kit->arena;
  const Tensor *in = input(a, "A", INT8, (Shape){2, {4, 5}});
  assert_true(is_placeholder(in));
  assert_ptr_equal(in->buffer->tensor, in);
  const Tensor *out = map_tensor(a, in, "B", max0);
  assert_string_equal(text(kit, out->body),
                      "max(cast(int32, A: Buffer(A_1: Pointer(int8), int8, [4, "
                      "5], [])[i0: int32, i1: int32]), 0)");
  assert_int_equal(out->n, 2);
  assert_ptr_equal(out->buffer->tensor, out);
  assert_int_equal(out->inputs, 1);
  assert_ptr_equal(out->input[0], in);
}

/* Operands come before operators, each tensor once. */
static void test_input_order(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Arena *a = &kit->arena;
  const Tensor *at = input(a, "at", INT32, (Shape){1, {8}});
  const Tensor *data = input(a, "data", INT32, (Shape){1, {8}});
  const IterVar *i;
  te_axes(a, 1, at->shape, NULL, &i);
  const Expr *index = te_read_axes(a, at, 1, &i);
  const Expr *gather = te_read(a, data, 1, &index);
  const Expr *body = ex_add(a, gather, ex_add(a, gather, index));
  const Tensor *out = te_compute(a, "out", NULL, 1, &i, body);
  assert_int_equal(out->inputs, 2);
  assert_ptr_equal(out->input[0], at);
  assert_ptr_equal(out->input[1], data);
}

static void test_pad(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Arena *a = &kit->arena;
  const Tensor *data = input(a, "data", INT8, (Shape){3, {2, 14, 14}});
  Padding padding = {.before = (const int64_t[]){0, 1, 0},
                     .after = (const int64_t[]){0, 1, 2}};
  const Tensor *out = te_pad(a, data, &padding);
  assert_string_equal(out->name, "PadInput");
  assert_string_equal(out->tag, "injective,pad");
  assert_true(is_const(out->shape[1], 16) && is_const(out->shape[2], 16));
  assert_non_null(strstr(text(kit, out->body), " < 15)"));
  assert_non_null(strstr(text(kit, out->body), ">= 0)"));
  assert_non_null(strstr(text(kit, out->body), " - 1), i2], 0i8"));
  padding = (Padding){.name = "P", .before = (const int64_t[]){0, 0, 0}};
  const Tensor *copy = te_pad(a, data, &padding);
  assert_int_equal(copy->body->kind, LOAD);
}

static void test_shapes_refused(void **state) {
  Kit *kit = *state;
  Arena *a = &kit->arena;
  ASSERT_FAILS(kit, D_SHAPE, "dimension 1 of 'A' has extent 0",
               input(a, "A", INT8, (Shape){2, {4, 0}}));
  ASSERT_FAILS(kit, D_SHAPE, "extent -3",
               input(a, "A", INT8, (Shape){1, {-3}}));
  ASSERT_FAILS(kit, D_SHAPE, "more than 2147483647 elements",
               input(a, "A", INT8, (Shape){3, {65536, 65536, 1}}));
  const Expr *n = &make_var(a, "n", INT32)->e;
  ASSERT_FAILS(kit, D_SHAPE, "dimension 0 of 'A' is not an integer constant",
               te_placeholder(a, "A", INT8, 1, &n));
  ASSERT_FAILS(kit, D_TENSOR, "scalars are needed",
               input(a, "A", HANDLE, (Shape){1, {4}}));
  ASSERT_FAILS(kit, D_TENSOR, "has no name",
               input(a, "", INT8, (Shape){1, {4}}));
  ASSERT_FAILS(kit, D_SHAPE, "reduction axis 'k' runs from 3 to 3",
               te_reduce_axis(a, "k", 3, 3));
}

static void test_computes_refused(void **state) {
  Kit *kit = *state;
  Arena *a = &kit->arena;
  EXPECT_NO_FAILURE(kit);
  const Tensor *in = input(a, "A", INT32, (Shape){2, {4, 5}});
  const IterVar *x[2], *k = te_reduce_axis(a, "k", 0, 4);
  te_axes(a, 2, in->shape, NULL, x);
  const Expr *value = te_read_axes(a, in, 2, x);
  const Expr *sum = te_sum(a, value, 1, &k);
  const Expr *real = make_float(a, FLOAT32, 1.0);
  const Expr *index[] = {axis_value(x[0]), real};
  const IterVar *twice[] = {x[0], x[0]}, *reduced[] = {x[0], k};

  ASSERT_FAILS(kit, D_TENSOR, "a read of 'A' has 1 indices",
               te_read_axes(a, in, 1, x));
  ASSERT_FAILS(kit, D_TENSOR, "index 1 of a read of 'A' has type float32",
               te_read(a, in, 2, index));
  ASSERT_FAILS(kit, D_TENSOR, "may only stand at the top",
               te_compute(a, "B", "", 2, x, ex_addi(a, sum, 1)));
  ASSERT_FAILS(kit, D_TENSOR, "may only stand at the top",
               te_compute(a, "B", "", 2, x, te_sum(a, sum, 1, &k)));
  ASSERT_FAILS(kit, D_TENSOR, "uses variable 'i1'",
               te_compute(a, "B", "", 1, x, value));
  ASSERT_FAILS(kit, D_TENSOR, "has axis 'i0' twice",
               te_compute(a, "B", "", 2, twice, value));
  ASSERT_FAILS(kit, D_TENSOR, "('k') of compute 'B' is no data axis",
               te_compute(a, "B", "", 2, reduced, value));
  ASSERT_FAILS(kit, D_TENSOR, "runs over 'i0', which is no reduction axis",
               te_sum(a, value, 1, x));
  ASSERT_FAILS(kit, D_TENSOR, "at least one axis", te_sum(a, value, 0, NULL));
  Padding padding = {.before = (const int64_t[]){0, -1}};
  ASSERT_FAILS(kit, D_SHAPE, "it can't be negative", te_pad(a, in, &padding));
}

static void test_access_ptr(void **state) {
  Kit *kit = *state;
  Arena *a = &kit->arena;
  EXPECT_NO_FAILURE(kit);
  const Tensor *t = input(a, "t", INT8, (Shape){2, {16, 16}});
  const Buffer *view = chip_buffer(a, "wgt", t, 256);
  assert_int_equal(view->align, 256);
  assert_int_equal(view->offset_factor, 256);
  const Expr *ptr = te_access_ptr(a, view, ACCESS_READ, INT32, NULL);
  assert_string_equal(
      text(kit, ptr),
      "@tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), wgt: "
      "Pointer(wgt int8), wgt_elem_offset: int32, 256, 1, dtype=int32)");
  ptr = te_access_ptr(a, view, ACCESS_WRITE, INT32, make_i32(a, 8));
  assert_non_null(
      strstr(text(kit, ptr), "(wgt_elem_offset: int32 + 8), 248, 2"));
}

static void test_intrin_refused(void **state) {
  Kit *kit = *state;
  Arena *a = &kit->arena;
  EXPECT_NO_FAILURE(kit);
  TensorIntrin draft = *gemm_intrin(a);
  draft.inputs = 1;
  ASSERT_FAILS(kit, D_TENSORIZE, "has 1 input buffers; its pattern reads 2",
               te_tensor_intrin(a, &draft));
  draft.inputs = 2;
  const Buffer *swapped[] = {draft.input[1], draft.input[0]};
  draft.input = swapped;
  ASSERT_FAILS(kit, D_TENSORIZE, "has not the type and shape",
               te_tensor_intrin(a, &draft));
  draft = *gemm_intrin(a);
  draft.reset = NULL;
  ASSERT_FAILS(kit, D_TENSORIZE, "one of reset and update",
               te_tensor_intrin(a, &draft));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      KIT_TEST(test_axes),           KIT_TEST(test_compute),
      KIT_TEST(test_input_order),    KIT_TEST(test_pad),
      KIT_TEST(test_shapes_refused), KIT_TEST(test_computes_refused),
      KIT_TEST(test_access_ptr),     KIT_TEST(test_intrin_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
