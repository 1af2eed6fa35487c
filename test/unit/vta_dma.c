/* SPDX-License-Identifier: Apache-2.0 */
/* InjectDMAIntrin: copies become transfers, or are refused by name. */
#include "vta_fixture.h"

#define DMA pass_inject_dma

/* The transfer of a copy: "offset x y stride | pads | sram | memory". */
static void assert_load(const Stmt *copy, const char *text) {
  assert_brief(run(DMA, dma(copy)), text);
}

static Buffer *inp(int n) { return in_scope(VTA_INP_SCOPE, "d", INT8, n); }
static Buffer *wgt(int n) { return in_scope(VTA_WGT_SCOPE, "w", INT8, n); }
static Buffer *acc(int n) { return in_scope(VTA_ACC_SCOPE, "a", INT32, n); }
static Buffer *dram(int n) { return flat_buffer_of("D", INT8, n); }

static void consecutive_tiles_are_one_row(void **state) {
  (void)state;
  assert_load(
      nest("i1", 16,
           nest("i3", 16,
                store_at(inp(256), ex("i1*16 + i3"),
                         load_at(dram(1024), ex("o*256 + i1*16 + "
                                                "i3"))))),
      "@1;\n"
      "LD(D: Pointer(global int8), floordiv((o*256), 16), 16, 1, 16, 0, 0, 0, "
      "0, @tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), d: "
      "Pointer(local.inp_buffer int8), 0, 256, 1), 2)");
}

/* Only the sizes: x_size, y_size, x_stride of the call. */
static void assert_sizes(const Stmt *copy, int x, int y, int stride) {
  const Stmt *stmt = body_of(run(DMA, dma(copy)));
  const Call *transfer = as_call(as_evaluate(stmt)->value);
  int first = expr_is_string(transfer->arg[0], "VTALoadBuffer2D") ? 4 : 6;
  assert_true(is_const(transfer->arg[first], x));
  assert_true(is_const(transfer->arg[first + 1], y));
  assert_true(is_const(transfer->arg[first + 2], stride));
}

static void patterns_of_the_specification(void **state) {
  (void)state;
  const char *w5 = "a*4096 + b*256 + c*16 + d";
  assert_sizes(
      nest("a", 16,
           nest("b", 16,
                nest("c", 16,
                     nest("d", 16,
                          store_at(wgt(65536), ex(w5),
                                   load_at(dram(1 << 20),
                                           ex("a*16384 + b*256 + c*16 + "
                                              "d"))))))),
      16, 16, 64);
  assert_sizes(
      nest("a", 8,
           nest("b", 3,
                nest("c", 3,
                     nest("d", 16,
                          nest("e", 16,
                               store_at(wgt(18432),
                                        ex("a*2304 + b*768 + c*256 + d*16 + e"),
                                        load_at(dram(1 << 20),
                                                ex("a*36864 + b*768 + c*256 + "
                                                   "d*16 + e")))))))),
      9, 8, 144);
  assert_sizes(nest("a", 16,
                    nest("c", 16,
                         nest("d", 16,
                              store_at(wgt(4096), ex("a*256 + c*16 + d"),
                                       load_at(dram(1 << 20),
                                               ex("a*4096 + c*16 + d")))))),
               1, 16, 16);
}

static void a_store_narrows(void **state) {
  (void)state;
  const Expr *value =
      make_unary(A, CAST, INT8, load_at(acc(256), ex("i*16 + k")));
  assert_brief(
      run(DMA, dma(nest("k", 16,
                        store_at(dram(1024), ex("o*256 + i*16 + k"), value)))),
      "@3;\n"
      "ST(@tir.tvm_access_ptr(@tir.type_annotation(), a: "
      "Pointer(local.acc_buffer int32), (i*16), 16, 1), 4, D: "
      "Pointer(global int8), floordiv(((o*256) + (i*16)), 16), 1, 1, 1)");
}

static void narrow_accumulators_have_a_memory_of_their_own(void **state) {
  (void)state;
  const Expr *value = make_unary(A, CAST, INT32, load_at(dram(64), ex("k")));
  const Stmt *stmt =
      body_of(run(DMA, dma(nest("k", 16, store_at(acc(16), ex("k"), value)))));
  const Call *transfer = as_call(as_evaluate(stmt)->value);
  assert_true(is_const(transfer->arg[transfer->n - 1], HW_MEM_ACC_8BIT));
}

/* The data of a 3x3 convolution: rows 1 to 14 of a padded 16 x 16 image. */
static const Stmt *padded(const char *condition, const Expr *otherwise) {
  const Expr *arg[] = {
      ex(condition),
      load_at(dram(50176), ex("c*3136 + o*1568 + y*224 + x*16 + k - 240")),
      otherwise};
  const Expr *value = make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
  return nest(
      "y", 9,
      nest("x", 16,
           nest("k", 16, store_at(inp(2304), ex("y*256 + x*16 + k"), value))));
}

static const char image[] = "1 <= o*7 + y && o*7 + y < 15 && 1 <= x && x < 15";

static void bounds_become_padding(void **state) {
  (void)state;
  const Stmt *copy = dma(padded(image, make_const(A, INT8, 0)));
  assert_brief(
      run(DMA, nest("o", 2, copy)),
      "for (o, 0, 2) {\n"
      "  @1;\n"
      "  LD(D: Pointer(global int8), floordiv(((((c*3136) + (o*1568)) + "
      "(max((1 - (o*7)), 0)*224)) - 224), 16), 14, ((9 - max((1 - (o*7)), "
      "0)) - max(((o*7) - 6), 0)), 14, 1, max((1 - (o*7)), 0), 1, max(((o*7) "
      "- 6), 0), @tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), d: "
      "Pointer(local.inp_buffer int8), 0, 2304, 1), 2)\n"
      "}");
}

/* Tiles of one row each of an image of 4 rows between 2 of padding, read by a
 * kernel of 3: before and after together may seem to be more than the 3 rows,
 * but no row has both. */
static void thin_tiles_are_never_all_padding(void **state) {
  (void)state;
  const Expr *arg[] = {ex("2 <= o + y && o + y < 6"),
                       load_at(dram(64), ex("o*16 + y*16 + k - 32")),
                       make_const(A, INT8, 0)};
  const Expr *value = make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
  const Stmt *copy = dma(
      nest("y", 3, nest("k", 16, store_at(inp(48), ex("y*16 + k"), value))));
  assert_brief(
      run(DMA, nest("o", 6, copy)),
      "for (o, 0, 6) {\n"
      "  @1;\n"
      "  LD(D: Pointer(global int8), floordiv(((max(2, o)*16) - 32), 16), "
      "((3 - max((2 - o), 0)) - max((o - 3), 0)), 1, ((3 - max((2 - o), 0)) "
      "- max((o - 3), 0)), max((2 - o), 0), 0, max((o - 3), 0), 0, "
      "@tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), d: "
      "Pointer(local.inp_buffer int8), 0, 48, 1), 2)\n"
      "}");
}

/* The first and the last of 5 tiles of 2 rows lie wholly in the padding: a
 * load of no rows, which writes the zeros. */
static void rows_may_be_all_padding(void **state) {
  (void)state;
  const Expr *arg[] = {ex("2 <= o*2 + y && o*2 + y < 8"),
                       load_at(dram(384), ex("o*128 + y*64 + x*16 + k - 128")),
                       make_const(A, INT8, 0)};
  const Expr *value = make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
  const Stmt *store = store_at(inp(128), ex("y*64 + x*16 + k"), value);
  const Stmt *copy = dma(nest("y", 2, nest("x", 4, nest("k", 16, store))));
  const Stmt *transfer = body_of(body_of(run(DMA, nest("o", 5, copy))));
  const Call *load = as_call(as_evaluate(transfer)->value);
  assert_string_equal(expr_text(A, load->arg[8]), "(max((1 - o: int32), 0)*2)");
}

/* A load of no columns would be a no-op: zeros are made instead. */
static void what_may_be_all_padding_is_chosen_at_run_time(void **state) {
  (void)state;
  const Expr *arg[] = {ex("1 <= o*7 + x && o*7 + x < 8"),
                       load_at(dram(384), ex("y*128 + o*112 + x*16 + k - 16")),
                       make_const(A, INT8, 0)};
  const Expr *value = make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
  const Stmt *store = store_at(inp(384), ex("y*128 + x*16 + k"), value);
  const Stmt *copy = dma(nest("y", 3, nest("x", 8, nest("k", 16, store))));
  const Stmt *got = run(DMA, nest("o", 3, copy));
  const If *choice = as_if(body_of(body_of(got)));
  assert_non_null(choice);
  assert_non_null(choice->else_part);
}

/* A condition that no loop of the copy can bound is about all of it. */
static void a_condition_of_outer_loops_decides_for_all(void **state) {
  (void)state;
  const Stmt *copy = dma(padded("o < 3", make_const(A, INT8, 0)));
  const If *choice = as_if(body_of(run(DMA, copy)));
  assert_non_null(choice);
  assert_string_equal(expr_text(A, choice->condition), "(o: int32 < 3)");
}

/* Two channel blocks of it: one dimension more than a transfer has. */
static void outer_loops_remain_where_one_transfer_is_too_small(void **state) {
  (void)state;
  const Expr *arg[] = {
      ex("1 <= x && x < 15"),
      load_at(dram(50176), ex("c*3136 + y*224 + x*16 + k - 16")),
      make_const(A, INT8, 0)};
  const Expr *value = make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
  const Stmt *copy =
      nest("c", 2,
           nest("y", 3,
                nest("x", 16,
                     nest("k", 16,
                          store_at(inp(1536), ex("c*768 + y*256 + x*16 + k"),
                                   value)))));
  assert_load(copy,
              "@1;\n"
              "for (c, 0, 2) {\n"
              "  LD(D: Pointer(global int8), floordiv((c*3136), 16), 14, 3, "
              "14, 1, 0, 1, 0, @tir.tvm_access_ptr(@tir.type_annotation(, "
              "dtype=int8), d: Pointer(local.inp_buffer int8), (c*768), 768, "
              "1), 2)\n"
              "}");
}

/* ---- Any order, any form ------------------------------------------------ */

/* The chip is filled in one order, whatever that of the loops is, and a loop
 * of one step is none. */
static void the_order_of_loops_does_not_matter(void **state) {
  (void)state;
  const Stmt *store = store_at(inp(1024), ex("y*256 + x*16 + k"),
                               load_at(dram(4096), ex("y*512 + x*16 + k + u")));
  assert_sizes(nest("k", 16, nest("x", 16, nest("u", 1, nest("y", 4, store)))),
               16, 4, 32);
}

/* What says how long another loop is, or has a part in an index, remains around
 * the transfer. */
static void loops_remain_that_others_depend_on(void **state) {
  (void)state;
  const Stmt *store = store_at(inp(1024), ex("y*256 + x*16 + k"),
                               load_at(dram(4096), ex("y//3*512 + x*16 + k")));
  const Stmt *rows = nest("y", 4, nest("k", 16, store));
  const Stmt *copy =
      make_for(A, FOR_SERIAL, named("x"), num(0), ex("8 - n"), rows);
  const Stmt *got = body_of(run(DMA, dma(copy)));
  assert_ptr_equal(AS(For, got)->var, named("y"));
  assert_int_equal(AS(For, got)->body->kind, EVALUATE);
}

/* A machine's rows follow each other upwards. */
static void mirrored_rows_are_transfers_of_their_own(void **state) {
  (void)state;
  const Stmt *store =
      store_at(inp(64), ex("y*16 + k"), load_at(dram(64), ex("48 - y*16 + k")));
  const Stmt *got = body_of(run(DMA, dma(nest("y", 4, nest("k", 16, store)))));
  assert_int_equal(got->kind, FOR);
}

static const char *text_of_copy(const Expr *value) {
  const Stmt *store = store_at(inp(96), ex("y*16 + k"), value);
  return brief(run(DMA, dma(nest("y", 6, nest("k", 16, store)))));
}

static const Expr *choice(const Expr *condition, const Expr *a, const Expr *b) {
  const Expr *arg[] = {condition, a, b};
  return make_call(A, INT8, OP_IF_THEN_ELSE, 3, arg);
}

/* Every form of "1 <= y && y < 5" makes the same transfer. */
static void conditions_may_be_written_in_any_way(void **state) {
  (void)state;
  const Expr *read = load_at(dram(64), ex("y*16 + k - 16"));
  const Expr *zero = make_const(A, INT8, 0), *inside = ex("1 <= y && y < 5");
  const Expr *below = ex("y < 1"), *above = ex("y >= 5");
  const char *want = text_of_copy(choice(inside, read, zero));
  assert_non_null(strstr(want, ", 4, 1, 4, 1, 0, 1, 0, "));
  const Expr *forms[] = {
      choice(make_unary(A, NOT, BOOL, inside), zero, read),
      choice(make_binary(A, OR, below, above), zero, read),
      choice(ex("1 <= y"), choice(above, zero, read), zero),
      make_select(A, inside, read, zero),
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    assert_string_equal(text_of_copy(forms[i]), want);
}

/* A remainder bounds nothing; each row is read or is zeros. */
static void what_bounds_nothing_is_decided_row_by_row(void **state) {
  (void)state;
  const Expr *even = choice(ex("y%2 == 0"), load_at(dram(64), ex("y*16 + k")),
                            make_const(A, INT8, 0));
  const char *text = text_of_copy(even);
  assert_non_null(strstr(text, "for (y, 0, 6) {\n"));
  assert_non_null(strstr(text, "if ("));
}

/* 40 rows that may all be padding are one long row of zeros. */
static void many_rows_of_zeros_are_one(void **state) {
  (void)state;
  const Expr *some = choice(ex("o < 3"), load_at(dram(1024), ex("y*16 + k")),
                            make_const(A, INT8, 0));
  const Stmt *store = store_at(inp(1024), ex("y*16 + k"), some);
  const Stmt *got = body_of(run(DMA, dma(nest("y", 40, nest("k", 16, store)))));
  const Call *zeros = as_call(as_evaluate(AS(If, got)->else_part)->value);
  assert_true(is_const(zeros->arg[4], 40)); /* blocks in a row */
  assert_true(is_const(zeros->arg[5], 0));
}

/* Unpadded dimensions that continue each other are rows together. */
static void padded_transfers_fold_what_is_not_padded(void **state) {
  (void)state;
  const Expr *read = load_at(dram(4096), ex("c*192 + y*64 + x*16 + k - 16"));
  const Expr *value =
      choice(ex("1 <= x && x < 5"), read, make_const(A, INT8, 0));
  const Stmt *store = store_at(inp(1024), ex("c*288 + y*96 + x*16 + k"), value);
  const Stmt *got = body_of(
      run(DMA,
          dma(nest("c", 2, nest("y", 3, nest("x", 6, nest("k", 16, store)))))));
  assert_int_equal(got->kind, EVALUATE);
  assert_non_null(strstr(brief(got), ", 4, 6, 4, 1, 0, 1, 0, "));
}

static void what_is_no_copy_is_refused(void **state) {
  (void)state;
  assert_fails(DMA, dma(nest("k", 16, call("f"))), D_DMA_COPY,
               "dma_copy of 'i0': its loops hold no plain store, but this: "
               "evaluate");
  const Stmt *some =
      make_if(A, ex("o*16 + k < 20"),
              store_at(inp(16), ex("k"), load_at(dram(16), ex("k"))), NULL);
  assert_fails(DMA, dma(nest("k", 16, some)), D_DMA_COPY,
               "dma_copy of 'd': it is made under the condition "
               "(((o*16) + k) < 20), but a transfer is all or "
               "nothing");
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(inp(16), ex("k"),
                        make_binary(A, ADD, load_at(dram(16), ex("k")),
                                    make_const(A, INT8, 1))))),
      D_DMA_COPY,
      "dma_copy of 'd': what it writes is no plain element of another buffer: "
      "(D[k] + (int8)1)");
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(inp(16), ex("k"), load_at(dram(256), ex("k*k"))))),
      D_DMA_COPY,
      "dma_copy of 'd': index (k*k) of 'D' is not linear in the loops");
}

static void what_the_machine_cannot_move_is_refused(void **state) {
  (void)state;
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(inp(16), ex("k"), load_at(dram(256), ex("k*2"))))),
      D_DMA_COPY,
      "dma_copy of 'd': in 'D', the innermost dimensions of shape [16] with "
      "strides [2] make no block of 16 consecutive elements");
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(inp(16), ex("k"), load_at(dram(256), ex("k + 3"))))),
      D_DMA_COPY,
      "dma_copy of 'd': in 'D', it starts at element 3, which is no multiple "
      "of the block of 16 elements");
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(inp(16), ex("k"),
                        load_at(flat_buffer_of("F", INT32, 16), ex("k"))))),
      D_DMA_COPY,
      "dma_copy of 'd': local.inp_buffer holds int8, but 'F' is of type int32");
  assert_fails(
      DMA,
      dma(nest("k", 16,
               store_at(dram(16), ex("k"), load_at(inp(16), ex("k"))))),
      D_DMA_COPY,
      "dma_copy of 'D': only local.acc_buffer can be stored to DRAM, not "
      "scope 'local.inp_buffer' of 'd'");
}

static void padding_has_limits(void **state) {
  (void)state;
  assert_fails(DMA, dma(padded("1 <= k && k < 15", make_const(A, INT8, 0))),
               D_DMA_COPY,
               "dma_copy of 'd': loop 'k' runs inside one block of 16 elements "
               "and cannot be padded");
  assert_fails(DMA, dma(padded(image, make_const(A, INT8, 3))), D_DMA_COPY,
               "dma_copy of 'd': padding is always 0, not (int8)3");
}

static void a_skipped_copy_is_dropped(void **state) {
  (void)state;
  const Stmt *copy = mark("pragma_skip_dma_copy", "i0", num(1), call("f"));
  assert_true(is_nop(run(pass_inject_skip_copy, copy)));
  assert_unchanged(pass_inject_skip_copy, dma(call("f")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(consecutive_tiles_are_one_row),
      VTA_TEST(patterns_of_the_specification),
      VTA_TEST(a_store_narrows),
      VTA_TEST(narrow_accumulators_have_a_memory_of_their_own),
      VTA_TEST(bounds_become_padding),
      VTA_TEST(thin_tiles_are_never_all_padding),
      VTA_TEST(rows_may_be_all_padding),
      VTA_TEST(what_may_be_all_padding_is_chosen_at_run_time),
      VTA_TEST(a_condition_of_outer_loops_decides_for_all),
      VTA_TEST(outer_loops_remain_where_one_transfer_is_too_small),
      VTA_TEST(the_order_of_loops_does_not_matter),
      VTA_TEST(loops_remain_that_others_depend_on),
      VTA_TEST(mirrored_rows_are_transfers_of_their_own),
      VTA_TEST(conditions_may_be_written_in_any_way),
      VTA_TEST(what_bounds_nothing_is_decided_row_by_row),
      VTA_TEST(many_rows_of_zeros_are_one),
      VTA_TEST(padded_transfers_fold_what_is_not_padded),
      VTA_TEST(what_is_no_copy_is_refused),
      VTA_TEST(what_the_machine_cannot_move_is_refused),
      VTA_TEST(padding_has_limits),
      VTA_TEST(a_skipped_copy_is_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
