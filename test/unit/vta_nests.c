/* SPDX-License-Identifier: Apache-2.0 */
/* Loops under marks: fused ones are taken apart, and what one transfer or
 * kernel cannot have goes outside of the mark. */
#include "vta_fixture.h"

static Buffer *dram(void) { return flat_buffer_of("D", INT8, 1 << 16); }
static Buffer *inp(void) { return in_scope(VTA_INP_SCOPE, "d", INT8, 1 << 12); }
static Buffer *acc(void) { return in_scope(VTA_ACC_SCOPE, "a", INT32, 4096); }

static const Stmt *copy(const char *to, const char *from) {
  return store_at(inp(), ex(to), load_at(dram(), ex(from)));
}

/* The text has these pieces in this order. */
static void assert_pieces(const Stmt *stmt, int n, const char *const *piece) {
  const char *text = brief(stmt), *at = text;
  for (int i = 0; i < n; i++) {
    at = strstr(at, piece[i]);
    if (!at) fail_msg("no \"%s\" in\n%s", piece[i], text);
    at += strlen(piece[i]);
  }
}
#define ASSERT_PIECES(stmt, ...)                                               \
  assert_pieces(stmt,                                                          \
                (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
                (const char *[]){__VA_ARGS__})

/* ---- SplitFusedLoops ---------------------------------------------------- */

/* Inside a loop over `o` that the fused one was split from. */
static const Stmt *apart(const Stmt *stmt) {
  return run(pass_split_fused_loops, loop(named("o"), 4, dma(stmt)));
}

static void whole_rows_need_no_check(void **state) {
  (void)state;
  const Stmt *stmt = apart(nest("f", 12, copy("f", "(o*12 + f)//4*64 + f%4")));
  ASSERT_PIECES(
      stmt, "for (f.outer, 0, 3) {\n", "for (f.inner, 0, 4) {\n",
      "[((f.outer*4) + f.inner)] = ", "[(((o*192) + (f.outer*64)) + f.inner)]");
  assert_null(strstr(brief(stmt), "if "));
}

/* 6 of rows of 4 begin at 0 or 2: two rows, some steps of which are none. */
static void a_part_across_rows_is_checked(void **state) {
  (void)state;
  const char *fused =
      "((((floordiv((o*6), 4)*4) + (f.outer*4)) + f.inner) - "
      "(o*6))";
  const char *check =
      arena_printf(A, "if ((0 <= %s) && (%s < 6)) {\n", fused, fused);
  ASSERT_PIECES(apart(nest("f", 6, copy("f", "(o*6 + f)//4*64 + (o*6 + f)%4"))),
                "for (f.outer, 0, 2) {\n", "for (f.inner, 0, 4) {\n", check,
                "[(((floordiv((o*6), 4)*64) + (f.outer*64)) + f.inner)]");
}

/* Every 5th begins anywhere, so that 6 may be in three rows of 4. */
static void the_most_rows_are_counted(void **state) {
  (void)state;
  ASSERT_PIECES(apart(nest("f", 6, copy("f", "(o*5 + f)//4*64 + (o + f)%4"))),
                "for (f.outer, 0, 3) {\n", "for (f.inner, 0, 4) {\n");
}

/* A fused loop of three axes becomes three. */
static void parts_of_parts_come_apart(void **state) {
  (void)state;
  ASSERT_PIECES(apart(nest("f", 24, copy("f", "f//12*512 + f//4%3*64 + f%4"))),
                "for (f.outer.outer, 0, 2) {\n",
                "for (f.outer.inner, 0, 3) {\n", "for (f.inner, 0, 4) {\n",
                "[(((f.outer.outer*512) + (f.outer.inner*64)) + f.inner)]");
}

/* The start of a part may be known inside only: then the inner loop, of which
 * it is the start, comes apart instead. */
static void a_start_known_inside_is_none(void **state) {
  (void)state;
  const Stmt *inner =
      make_if(A, ex("f < n"),
              nest("g", 3, copy("f*3 + g", "(f*3 + g)//4*64 + g")), NULL);
  const Stmt *stmt = apart(nest("f", 6, inner));
  ASSERT_PIECES(stmt, "for (f, 0, 6) {\n", "for (g.outer, 0, 2) {\n",
                "for (g.inner, 0, 4) {\n");
}

static void other_loops_stay(void **state) {
  (void)state;
  assert_unchanged(pass_split_fused_loops,
                   dma(nest("f", 2, copy("f", "(o*2)//4*64 + (o*2)%4 + f"))));
  assert_unchanged(pass_split_fused_loops,
                   nest("f", 12, copy("f", "f//4*64 + f%4")));
}

/* Where a part begins must be known outside: threads, too, define that. */
static void starts_of_threads_inside_are_none(void **state) {
  (void)state;
  const Stmt *part = copy("f", "(cthread*6 + f)//4*64 + (cthread*6 + f)%4");
  const Stmt *threads = virtual_thread("cthread", 2, part);
  assert_unchanged(pass_split_fused_loops, dma(nest("f", 6, threads)));
}

/* ---- SinkMarks ---------------------------------------------------------- */

static void a_check_takes_its_loops_out(void **state) {
  (void)state;
  const Stmt *some =
      make_if(A, ex("i//2 < n"), copy("i*4 + k", "i*4 + k"), NULL);
  ASSERT_PIECES(run(pass_sink_marks, dma(nest("k", 4, nest("i", 4, some)))),
                "for (i, 0, 4) {\n  if (floordiv(i, 2) < n) {\n",
                "\"pragma_dma_copy\" = 1;\n    for (k, 0, 4) {\n");
}

/* A loop that says how long one outside is goes out, too. */
static void a_length_takes_its_loop_out(void **state) {
  (void)state;
  const Stmt *some =
      make_if(A, ex("i//2 < n"), copy("i*4 + k", "i*4 + k"), NULL);
  const Stmt *inner =
      make_for(A, FOR_SERIAL, named("i"), num(0), ex("4 - h"), some);
  ASSERT_PIECES(run(pass_sink_marks, dma(nest("h", 2, nest("k", 4, inner)))),
                "for (h, 0, 2) {\n  for (i, 0, (4 - h)) {\n    if ",
                "\"pragma_dma_copy\" = 1;\n      for (k, 0, 4) {\n");
}

static void a_nonlinear_index_takes_its_loop_out(void **state) {
  (void)state;
  const Stmt *stmt =
      store_at(acc(), ex("i*16 + k"), load_at(acc(), ex("i//3*64 + k")));
  ASSERT_PIECES(run(pass_sink_marks, alu(nest("i", 8, nest("k", 16, stmt)))),
                "for (i, 0, 8) {\n",
                "\"pragma_alu\" = 1;\n  for (k, 0, 16) {\n");
}

static const Stmt *parallel(const Stmt *body) {
  return make_for(A, FOR_PARALLEL, named("o"), num(0), num(4), body);
}

/* Steps that share a memory on the chip are no parallel ones. */
static void loops_around_memory_of_units_are_serial(void **state) {
  (void)state;
  const Stmt *plain = nest("i", 4, copy("i", "i"));
  const Stmt *stmt = run(pass_sink_marks, parallel(alloc(inp(), dma(plain))));
  assert_int_equal(AS(For, stmt)->kind, FOR_SERIAL);
  assert_unchanged(pass_sink_marks, parallel(dma(plain)));
  assert_unchanged(pass_sink_marks, parallel(alloc(inp(), plain)));
}

static void each_nest_of_a_stage_sinks_by_itself(void **state) {
  (void)state;
  const Stmt *one = nest("k", 16, store_at(acc(), ex("k"), num(0)));
  const Stmt *two = nest(
      "i", 4,
      make_if(A, ex("i//2 < n"), store_at(acc(), ex("i*16"), num(0)), NULL));
  ASSERT_PIECES(run(pass_sink_marks, alu(SEQ_OF(one, two))),
                "\"pragma_alu\" = 1;\n  for (k, 0, 16) {\n",
                "for (i, 0, 4) {\n    if (floordiv(i, 2) < n) {\n",
                "\"pragma_alu\" = 1;\n");
}

static void plain_nests_keep_their_marks(void **state) {
  (void)state;
  assert_unchanged(pass_sink_marks,
                   dma(nest("i", 4, nest("k", 4, copy("i*4 + k", "k")))));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(whole_rows_need_no_check),
      VTA_TEST(a_part_across_rows_is_checked),
      VTA_TEST(the_most_rows_are_counted),
      VTA_TEST(parts_of_parts_come_apart),
      VTA_TEST(a_start_known_inside_is_none),
      VTA_TEST(other_loops_stay),
      VTA_TEST(starts_of_threads_inside_are_none),
      VTA_TEST(a_check_takes_its_loops_out),
      VTA_TEST(a_length_takes_its_loop_out),
      VTA_TEST(a_nonlinear_index_takes_its_loop_out),
      VTA_TEST(loops_around_memory_of_units_are_serial),
      VTA_TEST(each_nest_of_a_stage_sinks_by_itself),
      VTA_TEST(plain_nests_keep_their_marks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
