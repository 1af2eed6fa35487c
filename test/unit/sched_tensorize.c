/* SPDX-License-Identifier: Apache-2.0 */
/* Tensorization of a small product: what matches the intrinsic, what does not,
 * and which statements come of it. */
#include "sched_seeds.h"

/* out[b, o, i, j] = sum over c, k of in[b, c, i, k] * wt[o, c, j, k]. */
typedef struct Product {
  Kit *kit;
  const Tensor *in, *wt, *in_buf, *wt_buf, *out, *res;
  const IterVar *c, *k;
  Schedule *s;
  Stage *stage;
} Product;

typedef struct Sizes {
  DType in;
  int channels, rows, lanes;
  const Expr *(*combine)(Arena *, const Expr *, const Expr *);
} Sizes;

static const Sizes plain = {{TYPE_INT, 8, 1}, 4, 1, BLOCK, product32};

static Product product(Kit *kit, Sizes size) {
  Arena *a = &kit->arena;
  int c = size.channels, n = size.lanes;
  Product p = {.kit = kit};
  p.in = input(a, "in", size.in, (Shape){4, {1, c, size.rows, n}});
  p.wt = input(a, "wt", INT8, (Shape){4, {2, c, BLOCK, n}});
  p.in_buf = map_tensor(a, p.in, "in_buf", same);
  p.wt_buf = map_tensor(a, p.wt, "wt_buf", same);
  p.c = te_reduce_axis(a, "c", 0, c);
  p.k = te_reduce_axis(a, "k", 0, n);
  const Expr *shape[4];
  shape_exprs(a, &(Shape){4, {1, 2, size.rows, BLOCK}}, shape);
  const char *names[] = {"b", "o", "i", "j"};
  const IterVar *x[4];
  te_axes(a, 4, shape, names, x);
  const IterVar *at_in[] = {x[0], p.c, x[2], p.k};
  const IterVar *at_wt[] = {x[1], p.c, x[3], p.k};
  const Expr *term = size.combine(a, te_read_axes(a, p.in_buf, 4, at_in),
                                  te_read_axes(a, p.wt_buf, 4, at_wt));
  const IterVar *reduce[] = {p.c, p.k};
  p.out = te_compute(a, "out", "", 4, x, te_sum(a, term, 2, reduce));
  p.res = map_tensor(a, p.out, "res", to_int8);
  p.s = sched_create(a, 1, &p.res);
  p.stage = sched_stage(p.s, p.out);
  return p;
}

/* The reduction over channels outside, the tensor axes inside. */
static void reorder_product(Product *p) {
  const IterVar *const *x = p->out->axis;
  const IterVar *order[] = {p->c, x[0], x[1], x[2], x[3], p->k};
  sched_reorder(p->stage, 6, order);
}

static const char *lowered(Product *p) {
  const Tensor *args[] = {p->in, p->wt, p->res};
  Arena *arena = &p->kit->arena;
  return func_text(arena,
                   sched_lower(arena, &p->kit->scratch, p->s, 3, args, "f"));
}

static int count(const char *text, const char *word) {
  int n = 0;
  for (; (text = strstr(text, word)); text++) n++;
  return n;
}

static void test_split_reduction(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Product p = product(kit, plain);
  reorder_product(&p);
  sched_tensorize(p.stage, p.out->axis[2], gemm_intrin(&kit->arena));
  const char *text = lowered(&p);
  assert_int_equal(count(text, "uop_push(0, 1,"), 1);
  assert_int_equal(count(text, "uop_push(0, 0,"), 1);
  assert_non_null(strstr(text, "for (o.init: int32, 0, 2)"));
  assert_non_null(strstr(text, "tvm_tuple(0, 1, o, 1, 0, 1, 0, 16"));
}

/* One channel: nothing reduces outside of the intrinsic, so its body does. */
static void test_whole_reduction(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Sizes size = plain;
  size.channels = 1;
  Product p = product(kit, size);
  const IterVar *const *x = p.out->axis;
  sched_reorder(p.stage, 6,
                (const IterVar *[]){x[0], x[1], x[2], x[3], p.c, p.k});
  sched_tensorize(p.stage, x[2], gemm_intrin(&kit->arena));
  const char *text = lowered(&p);
  assert_int_equal(count(text, "uop_push("), 1);
  assert_null(strstr(text, ".init"));
}

/* Guards go around the intrinsic where they concern outer loops only. */
static void test_guard(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Product p = product(kit, plain);
  const IterVar *outer, *inner;
  sched_split(p.stage, p.c, 3, &outer, &inner);
  const IterVar *const *x = p.out->axis;
  sched_reorder(p.stage, 7,
                (const IterVar *[]){outer, inner, x[0], x[1], x[2], x[3], p.k});
  sched_tensorize(p.stage, x[2], gemm_intrin(&kit->arena));
  assert_non_null(
      strstr(lowered(&p), "if @tir.likely(((c.inner + (c.outer*3)) < 4)"));
}

#define ASSERT_MISFIT(kit, p, text) \
  ASSERT_FAILS(kit, D_TENSORIZE, text, lowered(p))

static void tensorize_product(Product *p, const IterVar *axis) {
  reorder_product(p);
  sched_tensorize(p->stage, axis, gemm_intrin(&p->kit->arena));
}

static void test_wrong_axis(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Product p = product(kit, plain);
  tensorize_product(&p, p.out->axis[3]);
  assert_non_null(lowered(&p)); /* axis i has one step: all the same */
  p = product(kit, plain);
  tensorize_product(&p, p.out->axis[1]);
  ASSERT_MISFIT(kit, &p,
                "tensorize of stage 'out' at axis 'o' by 'GEMM': the output "
                "has extent 2 in dimension 1; the intrinsic asks for 1");
  p = product(kit, plain);
  tensorize_product(&p, p.k);
  ASSERT_MISFIT(kit, &p, "extent 1 in dimension 3; the intrinsic asks for 16");
}

static void test_wrong_shape(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Sizes size = plain;
  size.rows = 2;
  Product p = product(kit, size);
  tensorize_product(&p, p.out->axis[2]);
  ASSERT_MISFIT(kit, &p, "the output has extent 2 in dimension 2");
  size = plain;
  size.lanes = 8;
  p = product(kit, size);
  tensorize_product(&p, p.out->axis[2]);
  ASSERT_MISFIT(kit, &p, "the reduction has extent 8 in dimension 1");
}

static const Expr *sum32(Arena *arena, const Expr *a, const Expr *b) {
  return ex_add(arena, ex_cast(arena, INT32, a), ex_cast(arena, INT32, b));
}

static void test_wrong_body(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Sizes size = plain;
  size.combine = sum32;
  Product p = product(kit, size);
  tensorize_product(&p, p.out->axis[2]);
  ASSERT_MISFIT(kit, &p, "by 'GEMM': the stage computes (");
  size = plain;
  size.in = INT32;
  p = product(kit, size);
  tensorize_product(&p, p.out->axis[2]);
  ASSERT_MISFIT(kit, &p, "by 'GEMM': the stage computes (");
  p = product(kit, plain);
  sched_tensorize(sched_stage(p.s, p.res), p.res->axis[2],
                  gemm_intrin(&kit->arena));
  ASSERT_MISFIT(kit, &p, "the stage reads 1 tensors, the intrinsic 2");
}

static void test_inside(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Product p = product(kit, plain);
  tensorize_product(&p, p.out->axis[2]);
  sched_compute_at(sched_stage(p.s, p.in_buf), p.stage, p.out->axis[3]);
  ASSERT_FAILS(kit, D_ATTACH, "stage 'in_buf' is computed at axis 'j' inside",
               lowered(&p));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      KIT_TEST(test_split_reduction), KIT_TEST(test_whole_reduction),
      KIT_TEST(test_guard),           KIT_TEST(test_wrong_axis),
      KIT_TEST(test_wrong_shape),     KIT_TEST(test_wrong_body),
      KIT_TEST(test_inside)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
