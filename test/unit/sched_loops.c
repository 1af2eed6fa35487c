/* SPDX-License-Identifier: Apache-2.0 */
/* The loops, guards and stages that each primitive makes, as text. */
#include "sched_seeds.h"

/* A (10 x 12) -> B = max(A, 0) -> C = B >> 8, the output. */
typedef struct Chain {
  Kit *kit;
  const Tensor *A, *B, *C;
  Schedule *s;
  Stage *b, *c;
} Chain;

static Chain chain(Kit *kit) {
  Chain g = {.kit = kit};
  g.A = input(&kit->arena, "A", INT32, (Shape){2, {10, 12}});
  g.B = map_tensor(&kit->arena, g.A, "B", max0);
  g.C = map_tensor(&kit->arena, g.B, "C", shr8);
  g.s = sched_create(&kit->arena, 1, &g.C);
  g.b = sched_stage(g.s, g.B);
  g.c = sched_stage(g.s, g.C);
  return g;
}

/* The body of the lowered function, from its first loop, realize or mark. */
static const char *body(Chain *g) {
  Arena *arena = &g->kit->arena;
  const Tensor *args[] = {g->A, g->C};
  const Func *func = sched_lower(arena, &g->kit->scratch, g->s, 2, args, "f");
  const char *text = func_text(arena, func);
  return strstr(text, "} {\n") + 4;
}

/* Does the text have these lines in this order, not counting indentation?
 * Lines in between are allowed. */
static void assert_lines(const char *text, int n, const char *const *line) {
  const char *at = text;
  for (int i = 0; i < n; i++) {
    at = strstr(at, line[i]);
    if (!at) fail_msg("no line %d \"%s\" in\n%s", i, line[i], text);
    at += strlen(line[i]);
  }
}
#define ASSERT_LINES(text, ...)                                               \
  assert_lines(text,                                                          \
               (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
               (const char *[]){__VA_ARGS__})

static void assert_lacks(const char *text, const char *line) {
  if (strstr(text, line)) fail_msg("\"%s\" in\n%s", line, text);
}

#define SETUP()                        \
  EXPECT_NO_FAILURE((Kit *)*state);    \
  Chain g = chain(*state);             \
  const IterVar *const *x = g.C->axis; \
  (void)x

static void test_split(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 4, &o, &i);
  ASSERT_LINES(body(&g), "for (i0.outer: int32, 0, 3) {",
               "for (i0.inner: int32, 0, 4) {",
               "if @tir.likely(((i0.inner + (i0.outer*4)) < 10), dtype=bool) {",
               "C[(i0.inner + (i0.outer*4)), i1");
}

static void test_split_exact(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[1], 4, &o, &i);
  const char *text = body(&g);
  ASSERT_LINES(text, "for (i1.outer: int32, 0, 3) {",
               "for (i1.inner: int32, 0, 4) {");
  assert_lacks(text, "likely");
}

/* An inner loop is no longer than the axis it comes of. */
static void test_split_long(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 64, &o, &i);
  const char *text = body(&g);
  ASSERT_LINES(text, "for (i0.inner: int32, 0, 10) {");
  assert_lacks(text, "i0.outer");
  assert_lacks(text, "likely");
}

static void test_split_parts(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split_parts(g.c, x[0], 3, &o, &i);
  ASSERT_LINES(body(&g), "for (i0.outer: int32, 0, 3) {",
               "for (i0.inner: int32, 0, 4) {", "if @tir.likely(");
}

static void test_fuse(void **state) {
  SETUP();
  sched_fuse(g.c, 2, x);
  ASSERT_LINES(body(&g), "for (i0.i1.fused: int32, 0, 120) {",
               "C[floordiv(i0.i1.fused, 12), floormod(i0.i1.fused, 12)]");
}

/* ---- Inside a mark ------------------------------------------------------- */

/* The body without what stands inside the marks of a unit. */
static const char *body_of_unit(Chain *g) {
  static const char *const marks[] = {"unit", NULL};
  g->s = (Schedule *)sched_undo_inside(&g->kit->scratch, g->s, marks);
  return body(g);
}

static void test_undo_split(void **state) {
  SETUP();
  const IterVar *o, *i, *io, *ii;
  sched_split(g.c, x[0], 4, &o, &i);
  sched_split(g.c, i, 3, &io, &ii);
  sched_reorder(g.c, 4, (const IterVar *[]){ii, x[1], io, o});
  sched_pragma(g.c, ii, "unit", NULL);
  const char *text = body_of_unit(&g);
  ASSERT_LINES(text, "\"pragma_unit\" = 1", "for (i0_1, 0, 10) {",
               "for (i1_1: int32, 0, 12) {", "C[i0_1, i1_1]");
  assert_lacks(text, "likely");
}

static void test_undo_fuse(void **state) {
  SETUP();
  const IterVar *o, *i, *fused = sched_fuse(g.c, 2, x);
  sched_split(g.c, fused, 7, &o, &i);
  sched_pragma(g.c, o, "scope", make_string(&g.kit->arena, "unit"));
  ASSERT_LINES(body_of_unit(&g), "\"pragma_scope\" = \"unit\"",
               "for (i0_1, 0, 10) {", "for (i1_1: int32, 0, 12) {",
               "C[i0_1, i1_1]");
}

/* One loop of the split stands outside of the mark, or has a mark itself. */
static void test_no_undo(void **state) {
  SETUP();
  const IterVar *o, *i, *bo, *bi;
  sched_split(g.c, x[0], 4, &o, &i);
  sched_pragma(g.c, i, "unit", NULL);
  sched_split(g.b, g.B->axis[0], 4, &bo, &bi);
  sched_pragma(g.b, bo, "unit", NULL);
  sched_pragma(g.b, bi, "other", NULL);
  const char *text = body_of_unit(&g);
  ASSERT_LINES(text, "for (i0.outer, 0, 3) {", "for (i0.inner, 0, 4) {",
               "for (i0.outer_1: int32, 0, 3) {", "\"pragma_unit\"",
               "for (i0.inner_1, 0, 4) {");
}

static void test_no_undo_of_places(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 5, &o, &i);
  sched_pragma(g.c, o, "unit", NULL);
  sched_compute_at(g.b, g.c, i);
  ASSERT_LINES(body_of_unit(&g), "for (i0.outer, 0, 2) {",
               "for (i0.inner: int32, 0, 5) {", "realize(B");
}

static void test_fuse_nothing(void **state) {
  SETUP();
  const IterVar *axis = sched_fuse(g.c, 0, NULL);
  assert_string_equal(axis->var->hint, "singleton");
  assert_ptr_equal(g.c->leaf.at[0], axis);
  assert_lacks(body(&g), "singleton");
}

static void test_fuse_three(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 5, &o, &i);
  sched_fuse(g.c, 3, (const IterVar *[]){i, x[1], o});
  ASSERT_LINES(body(&g),
               "for (i0.inner.i1.fused.i0.outer.fused: int32, 0, 120)");
}

static void test_tile(void **state) {
  SETUP();
  const IterVar *axis[4];
  sched_tile(g.c, x[0], x[1], 5, 4, axis);
  assert_string_equal(axis[1]->var->hint, "i1.outer");
  ASSERT_LINES(body(&g), "for (i0.outer: int32, 0, 2) {",
               "for (i1.outer: int32, 0, 3) {", "for (i0.inner: int32, 0, 5) {",
               "for (i1.inner: int32, 0, 4) {");
}

/* Axes that are not named keep their places. */
static void test_reorder(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 5, &o, &i);
  sched_reorder(g.c, 2, (const IterVar *[]){x[1], o});
  assert_ptr_equal(g.c->leaf.at[0], x[1]);
  assert_ptr_equal(g.c->leaf.at[1], i);
  assert_ptr_equal(g.c->leaf.at[2], o);
}

static void test_loop_kinds(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[1], 4, &o, &i);
  sched_parallel(g.c, x[0]);
  sched_pragma(g.c, o, "unroll", NULL);
  sched_vectorize(g.c, i);
  sched_pragma(g.c, x[0], "first", make_i32(&g.kit->arena, 7));
  sched_pragma(g.c, x[0], "second", NULL);
  ASSERT_LINES(body(&g), "\"pragma_first\" = 7;", "\"pragma_second\" = 1;",
               "0, 10) \"parallel\" {",
               "for (i1.outer: int32, 0, 3) \"unroll\"",
               "for (i1.inner: int32, 0, 4) \"vectorized\"");
}

static void test_compute_at(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 4, &o, &i);
  sched_compute_at(g.b, g.c, o);
  ASSERT_LINES(body(&g), "for (i0.outer: int32, 0, 3) {",
               "realize(B: Buffer(B_1: Pointer(int32), int32, [10, 12], []), "
               "[(i0.outer*4):((i0.outer*4) + 4), 0:12], True {",
               "for (i0: int32, 0, 4) {",
               "if @tir.likely(((i0 + (i0.outer*4)) < 10), dtype=bool) {",
               "B[(i0 + (i0.outer*4)), i1]");
}

/* An attach point that is split or fused later moves inwards. */
static void test_attach_moves(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_compute_at(g.b, g.c, x[1]);
  sched_split(g.c, x[1], 6, &o, &i);
  sched_fuse(g.c, 2, (const IterVar *[]){x[0], o});
  ASSERT_LINES(body(&g), "for (i1.inner: int32, 0, 6) {", "realize(B:", "B[",
               "C[");
}

static void test_inline(void **state) {
  SETUP();
  sched_compute_inline(g.b);
  const char *text = body(&g);
  ASSERT_LINES(
      text, "C[i0, i1] = @tir.shift_right(max(A[i0, i1], 0), 8, dtype=int32)");
  assert_lacks(text, "B");
  sched_compute_root(g.b);
  ASSERT_LINES(body(&g), "realize(B:");
}

/* Inlined stages that read inlined stages unfold completely. */
static void test_inline_chain(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Kit *kit = *state;
  Arena *a = &kit->arena;
  Chain g = {.kit = kit};
  g.A = input(a, "A", INT32, (Shape){1, {8}});
  const Tensor *first = map_tensor(a, g.A, "first", max0);
  const Tensor *second = map_tensor(a, first, "second", min127);
  g.C = map_tensor(a, second, "C", to_int8);
  g.s = sched_create(a, 1, &g.C);
  sched_compute_inline(sched_stage(g.s, first));
  sched_compute_inline(sched_stage(g.s, second));
  ASSERT_LINES(body(&g), "C[i0] = cast(int8, min(max(A[i0], 0), 127))");
}

static void test_cache_read(void **state) {
  SETUP();
  const Tensor *cache = sched_cache_read(g.s, g.A, "local.acc_buffer", 1, &g.B);
  assert_string_equal(cache->name, "A.local.acc_buffer");
  assert_ptr_equal(sched_stage(g.s, g.B), g.b);
  sched_compute_at(sched_stage(g.s, cache), g.b, g.B->axis[0]);
  ASSERT_LINES(
      body(&g), "realize(B:", "realize(A.local.acc_buffer: Buffer(",
      "[i0:(i0 + 1), 0:12]", "A.local.acc_buffer[i0, ax1] = A[i0, ax1]",
      "B[i0, i1] = max(A.local.acc_buffer[i0, i1], 0)", "C[i0_1, i1_1");
  const Tensor *again =
      sched_cache_read(g.s, g.A, "local.acc_buffer", 1, &cache);
  assert_string_equal(again->name, "A.d.local.acc_buffer");
}

/* Of two readers one reads the other: both change, and who reads them too. */
static void test_cache_read_chain(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Kit *kit = *state;
  Arena *a = &kit->arena;
  Chain g = {.kit = kit};
  g.A = input(a, "A", INT32, (Shape){1, {8}});
  const IterVar *i;
  te_axes(a, 1, g.A->shape, NULL, &i);
  const Tensor *first = map_tensor(a, g.A, "first", max0);
  const Expr *both =
      ex_add(a, te_read_axes(a, g.A, 1, &i), te_read_axes(a, first, 1, &i));
  const Tensor *second = te_compute(a, "second", "", 1, &i, both);
  g.C = map_tensor(a, second, "C", min127);
  g.s = sched_create(a, 1, &g.C);
  sched_cache_read(g.s, g.A, "local", 2, (const Tensor *[]){second, first});
  sched_compute_at(sched_stage(g.s, second), sched_stage(g.s, g.C),
                   g.C->axis[0]);
  ASSERT_LINES(body(&g), "A.local[ax0] = A[ax0]", "first[i0]",
               "realize(second: ", "[i0_1:(i0_1 + 1)]",
               "second[i0_1] = (A.local[i0_1] + first[i0_1])",
               "C[i0_1] = min(second[i0_1], 127)");
}

static void test_cache_write(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.c, x[0], 5, &o, &i);
  sched_reorder(g.c, 2, (const IterVar *[]){x[1], o});
  const Tensor *cache = sched_cache_write(g.s, g.C, "local");
  assert_string_equal(cache->name, "C.local");
  assert_int_equal(cache->n, 3);
  ASSERT_LINES(body(&g), "realize(C.local: Buffer(", "for (i1.c: int32, 0, 12)",
               "for (i0.inner.c: int32, 0, 5)", "for (i0.outer.c: int32, 0, 2)",
               "C.local[i1.c, i0.inner.c, i0.outer.c] = "
               "@tir.shift_right(B[(i0.inner.c + (i0.outer.c*5)), i1.c], 8",
               "C[i0_1, i1_1] = C.local[i1_1, floormod(i0_1, 5), "
               "floordiv(i0_1, 5)]");
  sched_compute_at(sched_stage(g.s, cache), g.c, x[1]);
  ASSERT_LINES(body(&g), "realize(C.local: Buffer(",
               "[i1_1:(i1_1 + 1), floormod(i0_1, 5):");
}

/* Loops from an axis that does not start at 0. */
static void test_reduce_from(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Kit *kit = *state;
  Arena *a = &kit->arena;
  Chain g = {.kit = kit};
  g.A = input(a, "A", INT32, (Shape){1, {12}});
  const Expr *one = make_i32(a, 1);
  const IterVar *x, *k = te_reduce_axis(a, "k", 2, 9);
  te_axes(a, 1, &one, NULL, &x);
  g.C =
      te_compute(a, "C", "", 1, &x,
                 te_reduce(a, COMBINE_MAX, te_read_axes(a, g.A, 1, &k), 1, &k));
  g.s = sched_create(a, 1, &g.C);
  ASSERT_LINES(body(&g), "C[0] = -2147483648", "for (k: int32, 0, 7) {",
               "C[0] = max(C[0], A[(k + 2)])");
}

/* A tensor of one element has no axes and no loops but the reduction's. */
static void test_no_axes(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Kit *kit = *state;
  Arena *a = &kit->arena;
  Chain g = {.kit = kit};
  g.A = input(a, "A", INT32, (Shape){1, {12}});
  const IterVar *k = te_reduce_axis(a, "k", 0, 12);
  const Expr *sum = te_sum(a, te_read_axes(a, g.A, 1, &k), 1, &k);
  const Tensor *total = te_compute(a, "total", "", 0, NULL, sum);
  g.C = te_compute(a, "C", "", 0, NULL,
                   ex_addi(a, te_read(a, total, 0, NULL), 1));
  g.s = sched_create(a, 1, &g.C);
  ASSERT_LINES(body(&g), "total[] = 0", "for (k: int32, 0, 12) {",
               "total[] = (total[] + A[k])", "C[] = (total[] + 1)");
}

/* A stage without a scope inside a thread has memory of its own. */
static void test_thread(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split_parts(g.c, x[0], 2, &o, &i);
  sched_bind(g.c, o, te_thread_axis(&g.kit->arena, "cthread", NULL));
  sched_compute_at(g.b, g.c, o);
  ASSERT_LINES(body(&g),
               "attr [IterVar(cthread: int32, (nullptr), \"ThreadIndex\", "
               "\"cthread\")] \"virtual_thread\" = 2;",
               "[(cthread*5):((cthread*5) + 5), 0:12]");
  sched_set_scope(g.b, "shared");
  ASSERT_LINES(body(&g), "[0:10, 0:12]");
}

int main(void) {
  const struct CMUnitTest tests[] = {KIT_TEST(test_split),
                                     KIT_TEST(test_split_exact),
                                     KIT_TEST(test_split_long),
                                     KIT_TEST(test_split_parts),
                                     KIT_TEST(test_fuse),
                                     KIT_TEST(test_undo_split),
                                     KIT_TEST(test_undo_fuse),
                                     KIT_TEST(test_no_undo),
                                     KIT_TEST(test_no_undo_of_places),
                                     KIT_TEST(test_fuse_nothing),
                                     KIT_TEST(test_fuse_three),
                                     KIT_TEST(test_tile),
                                     KIT_TEST(test_reorder),
                                     KIT_TEST(test_loop_kinds),
                                     KIT_TEST(test_compute_at),
                                     KIT_TEST(test_attach_moves),
                                     KIT_TEST(test_inline),
                                     KIT_TEST(test_inline_chain),
                                     KIT_TEST(test_cache_read),
                                     KIT_TEST(test_cache_read_chain),
                                     KIT_TEST(test_cache_write),
                                     KIT_TEST(test_reduce_from),
                                     KIT_TEST(test_no_axes),
                                     KIT_TEST(test_thread)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
