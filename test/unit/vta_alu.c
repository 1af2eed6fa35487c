/* SPDX-License-Identifier: Apache-2.0 */
/* InjectALUIntrin: loops over tiles become micro-ops, or are refused by
 * name. */
#include "vta_fixture.h"

#define ALU pass_inject_alu

static Buffer *acc(void) {
  return in_scope(VTA_ACC_SCOPE, "acc", INT32, 1 << 14);
}

static const Expr *binary(ExprKind kind, const Expr *a, const Expr *b) {
  return make_binary(A, kind, a, b);
}

/* for i1 < 8, i2 < 7, i3 < 14, k < 16: acc[dst] = value */
static const Stmt *stage(const Buffer *dst, const char *index,
                         const Expr *value) {
  return alu(nest(
      "i1", 8,
      nest("i2", 7,
           nest("i3", 14, nest("k", 16, store_at(dst, ex(index), value))))));
}

static const char place[] = "i1*1568 + i2*224 + i3*16 + k + t*12544";

static void loops_that_continue_each_other_are_one(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *arg[] = {load_at(copy_buffer(A, a), ex(place)), num(8)};
  const Expr *shift = make_call(A, INT32, OP_SHIFT_RIGHT, 2, arg);
  assert_brief(run(ALU, stage(a, place, shift)),
               " {\n"
               "  Begin(784, 1, 1, 0)\n"
               "  uop_push(1, 0, (t*784), (t*784), 0, 3, 1, 8)\n"
               "  End()\n"
               "}");
}

/* The push of dst = value on 64 tiles. */
static void assert_op(const Buffer *a, const Expr *value, const char *push) {
  const Stmt *body =
      alu(nest("i", 64, nest("k", 16, store_at(a, ex("i*16 + k"), value))));
  assert_brief(as_seq(run(ALU, body))->at[1], push);
}

static void every_operation(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *in = load_at(copy_buffer(A, a), ex("i*16 + k"));
  const Expr *other = load_at(copy_buffer(A, a), ex("1024 + (i*16 + k)"));
  const Expr *left[] = {in, num(4)};
  assert_op(a, binary(MAX, in, num(0)), "uop_push(1, 0, 0, 0, 0, 1, 1, 0)");
  assert_op(a, binary(MIN, in, num(127)), "uop_push(1, 0, 0, 0, 0, 0, 1, 127)");
  assert_op(a, binary(ADD, num(-5), in), "uop_push(1, 0, 0, 0, 0, 2, 1, -5)");
  assert_op(a, binary(SUB, in, num(12)), "uop_push(1, 0, 0, 0, 0, 2, 1, -12)");
  assert_op(a, binary(MUL, in, num(3)), "uop_push(1, 0, 0, 0, 0, 4, 1, 3)");
  assert_op(a, make_call(A, INT32, OP_SHIFT_LEFT, 2, left),
            "uop_push(1, 0, 0, 0, 0, 3, 1, -4)");
  assert_op(a, in, "uop_push(1, 0, 0, 0, 0, 3, 1, 0)");
  assert_op(a, binary(ADD, in, other), "uop_push(1, 0, 0, 64, 0, 2, 0, 0)");
  assert_op(a, binary(MAX, other, in), "uop_push(1, 0, 0, 64, 0, 1, 0, 0)");
}

static void one_tile_needs_no_loop(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *value = binary(ADD, load_at(a, ex("k + 32")), num(1));
  assert_brief(run(ALU, alu(nest("k", 16, store_at(a, ex("k + 32"), value)))),
               "uop_push(1, 0, 2, 2, 0, 2, 1, 1)");
}

/* A third loop stays a loop around the micro-op. */
static void more_loops_than_an_instruction_has(void **state) {
  (void)state;
  Buffer *a = acc();
  const char *strided = "i1*4096 + i2*512 + i3*32 + k";
  const Expr *value = binary(ADD, load_at(a, ex(strided)), num(1));
  assert_brief(run(ALU, stage(a, strided, value)),
               " {\n"
               "  Begin(8, 256, 256, 0)\n"
               "  Begin(7, 32, 32, 0)\n"
               "  for (i3, 0, 14) {\n"
               "    uop_push(1, 0, (i3*2), (i3*2), 0, 2, 1, 1)\n"
               "  }\n"
               "  End()\n"
               "  End()\n"
               "}");
}

/* A loop that says how long another one is goes inside with it. */
static void loops_that_bound_others_are_kept(void **state) {
  (void)state;
  Buffer *a = acc();
  const char *rows = "j*512 + o*32 + i*16 + k";
  const Expr *value = binary(ADD, load_at(a, ex(rows)), num(1));
  const Stmt *body = nest("k", 16, store_at(a, ex(rows), value));
  body =
      make_for(A, FOR_SERIAL, named("i"), num(0), ex("min(2, 3 - o*2)"), body);
  assert_brief(run(ALU, alu(nest("j", 4, nest("o", 2, body)))),
               " {\n"
               "  Begin(4, 32, 32, 0)\n"
               "  for (o, 0, 2) {\n"
               "    for (i, 0, min(2, (3 - (o*2)))) {\n"
               "      uop_push(1, 0, ((o*2) + i), ((o*2) + i), 0, 2, 1, 1)\n"
               "    }\n"
               "  }\n"
               "  End()\n"
               "}");
}

static void a_stage_of_nothing_is_nothing(void **state) {
  (void)state;
  const Stmt *nothing = nest("i", 4, make_nop(A));
  assert_ptr_equal(run(ALU, alu(nothing)), nothing);
}

static void rows_of_a_batch_belong_to_the_tile(void **state) {
  HwConfig hw;
  Diag diag;
  hw_config_default(&hw);
  hw.log_batch = 1;
  assert_int_equal(hw_config_finish(&hw, "test", &diag), VTAC_OK);
  tear_down(state);
  set_up_with(state, &hw);
  Buffer *a = acc();
  const Expr *value = binary(ADD, load_at(a, ex("i*32 + b*16 + k")), num(1));
  const Stmt *body = alu(nest(
      "i", 4,
      nest("b", 2, nest("k", 16, store_at(a, ex("i*32 + b*16 + k"), value)))));
  assert_brief(as_seq(run(ALU, body))->at[0], "Begin(4, 1, 1, 0)");
}

/* The pushes of dst = value on one tile, one "kernel;" each. */
static void assert_steps(const Buffer *a, const Expr *value, int n,
                         const char *const *push) {
  const Stmt *body = alu(nest("k", 16, store_at(a, ex("k"), value)));
  const Stmt *got = run(ALU, body);
  const Seq *seq = as_seq(got);
  assert_int_equal(seq ? seq->n : 1, n);
  for (int i = 0; i < n; i++) {
    const Stmt *kernel = seq ? seq->at[i] : got;
    assert_brief(kernel->kind == ATTR ? AS(Attr, kernel)->body : kernel,
                 push[i]);
  }
}
#define STEPS(value, ...)                                                  \
  assert_steps(                                                            \
      a, (value),                                                          \
      (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)), \
      (const char *[]){__VA_ARGS__})

/* What takes several instructions. */
static void operations_the_unit_lacks_are_made_of_others(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *in = load_at(copy_buffer(A, a), ex("k"));
  const Expr *far = load_at(copy_buffer(A, a), ex("k + 16"));
  /* subtraction */
  STEPS(binary(SUB, num(1), in), "uop_push(1, 0, 0, 0, 0, 4, 1, -1)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 1)");
  STEPS(binary(SUB, in, far), "uop_push(1, 0, 0, 0, 0, 4, 1, -1)",
        "uop_push(1, 0, 0, 1, 0, 2, 0, 0)",
        "uop_push(1, 0, 0, 0, 0, 4, 1, -1)");
  STEPS(binary(SUB, far, in), "uop_push(1, 0, 0, 0, 0, 4, 1, -1)",
        "uop_push(1, 0, 0, 1, 0, 2, 0, 0)");
  /* the operand lies elsewhere */
  STEPS(binary(ADD, far, num(1)), "uop_push(0, 1, 0, 0, 0, 0, 0, 0)",
        "uop_push(1, 0, 0, 1, 0, 2, 0, 0)", "uop_push(1, 0, 0, 0, 0, 2, 1, 1)");
  /* constants */
  STEPS(num(0), "uop_push(0, 1, 0, 0, 0, 0, 0, 0)");
  STEPS(num(-7), "uop_push(0, 1, 0, 0, 0, 0, 0, 0)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, -7)");
  STEPS(num(INT32_MIN), "uop_push(0, 1, 0, 0, 0, 0, 0, 0)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, -32768)",
        "uop_push(1, 0, 0, 0, 0, 3, 1, -16)");
  STEPS(num(100000), "uop_push(0, 1, 0, 0, 0, 0, 0, 0)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 2)",
        "uop_push(1, 0, 0, 0, 0, 3, 1, -16)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, -31072)");
  STEPS(binary(ADD, in, num(40000)), "uop_push(1, 0, 0, 0, 0, 2, 1, 32767)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 7233)");
  STEPS(binary(MUL, in, num(3 << 16)), "uop_push(1, 0, 0, 0, 0, 4, 1, 24576)",
        "uop_push(1, 0, 0, 0, 0, 3, 1, -3)");
  /* division, conversion, chains */
  STEPS(binary(FLOORDIV, in, num(8)), "uop_push(1, 0, 0, 0, 0, 3, 1, 3)");
  STEPS(ex_cast(A, INT32, ex_cast(A, INT8, in)),
        "uop_push(1, 0, 0, 0, 0, 3, 1, -24)",
        "uop_push(1, 0, 0, 0, 0, 3, 1, 24)");
  STEPS(binary(MIN, num(127), binary(MAX, binary(ADD, far, in), num(0))),
        "uop_push(1, 0, 0, 1, 0, 2, 0, 0)", "uop_push(1, 0, 0, 0, 0, 1, 1, 0)",
        "uop_push(1, 0, 0, 0, 0, 0, 1, 127)");
  STEPS(binary(MUL, in, in), "uop_push(1, 0, 0, 0, 0, 4, 0, 0)");
}

/* What the simplifier multiplied out and drew out is put together again. */
static void sums_are_factored_and_ordered(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *in = load_at(copy_buffer(A, a), ex("k"));
  const Expr *far = load_at(copy_buffer(A, a), ex("k + 16"));
  const Expr *five = binary(MUL, in, num(5)), *less = binary(MUL, far, num(-5));
  STEPS(binary(ADD, binary(ADD, five, less), num(3)),
        "uop_push(1, 0, 0, 0, 0, 4, 1, -1)", "uop_push(1, 0, 0, 1, 0, 2, 0, 0)",
        "uop_push(1, 0, 0, 0, 0, 4, 1, -1)", "uop_push(1, 0, 0, 0, 0, 4, 1, 5)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 3)");
  /* (in + 30000) * 3000 + 7 */
  STEPS(binary(ADD, binary(MUL, in, num(3000)), num(90000007)),
        "uop_push(1, 0, 0, 0, 0, 2, 1, 30000)",
        "uop_push(1, 0, 0, 0, 0, 4, 1, 3000)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 7)");
  STEPS(binary(MUL, in, num(3151 * 13)), "uop_push(1, 0, 0, 0, 0, 4, 1, 3151)",
        "uop_push(1, 0, 0, 0, 0, 4, 1, 13)");
  /* min(-5173 - in, 28532) */
  STEPS(binary(SUB, num(-5173), binary(MAX, in, num(-33705))),
        "uop_push(1, 0, 0, 0, 0, 4, 1, -1)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, -5173)",
        "uop_push(1, 0, 0, 0, 0, 0, 1, 28532)");
  /* -(in + far) + 1 */
  STEPS(binary(SUB, binary(SUB, num(1), far), in),
        "uop_push(1, 0, 0, 1, 0, 2, 0, 0)", "uop_push(1, 0, 0, 0, 0, 4, 1, -1)",
        "uop_push(1, 0, 0, 0, 0, 2, 1, 1)");
  STEPS(binary(ADD, binary(SUB, in, in), num(4)),
        "uop_push(0, 1, 0, 0, 0, 0, 0, 0)", "uop_push(1, 0, 0, 0, 0, 2, 1, 4)");
}

#define REFUSED(value, message)                                        \
  assert_fails(ALU, alu(nest("k", 16, store_at(a, ex("k"), (value)))), \
               D_ALU_OP, "alu stage 'acc': " message)

static void what_the_unit_lacks_is_refused(void **state) {
  (void)state;
  Buffer *a = acc(), *other = in_scope(VTA_ACC_SCOPE, "other", INT32, 16);
  const Expr *in = load_at(a, ex("k"));
  REFUSED(binary(FLOORDIV, in, num(3)),
          "the unit divides by powers of two only: floordiv(acc[k], 3)");
  REFUSED(binary(ADD, in, num(600000)),
          "constant 600000 is outside the range of immediates, -32768 to "
          "32767, and cannot be made of a few of them");
  REFUSED(binary(MIN, in, num(40000)),
          "constant 40000 is outside the range of immediates, -32768 to "
          "32767, and cannot be made of a few of them");
  REFUSED(binary(ADD, in, load_at(other, ex("k"))),
          "operand 'other' lies in other memory than 'acc'");
  const Expr *two =
      binary(ADD, binary(MAX, in, num(1)), binary(MAX, in, num(2)));
  REFUSED(two,
          "both operands of (max(acc[k], 1) + max(acc[k], 2)) need work "
          "before it; give one of them a stage of its own");
}

static void parts_of_tiles_are_refused(void **state) {
  (void)state;
  Buffer *a = acc();
  const Expr *in = load_at(a, ex("k"));
  assert_fails(ALU,
               alu(nest("k", 8, store_at(a, ex("k"), binary(ADD, in, num(1))))),
               D_ALU_OP,
               "alu stage 'acc': its innermost loops do not run over one tile "
               "of 1 x 16 elements");
  in = load_at(a, ex("i*8 + k"));
  assert_fails(
      ALU,
      alu(nest(
          "i", 4,
          nest("k", 16, store_at(a, ex("i*8 + k"), binary(ADD, in, num(1)))))),
      D_ALU_OP,
      "alu stage 'acc': it steps by 8 elements, which are no whole tiles of "
      "16");
}

/* A constant needs no operand whose memory would tell. */
static void other_memories_are_refused(void **state) {
  (void)state;
  Buffer *inp = in_scope(VTA_INP_SCOPE, "inp", INT32, 16);
  assert_fails(ALU, alu(nest("k", 16, store_at(inp, ex("k"), num(0)))),
               D_ALU_OP,
               "alu stage 'inp': it lies in local.inp_buffer; the unit works "
               "in local.acc_buffer");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(loops_that_continue_each_other_are_one),
      VTA_TEST(every_operation),
      VTA_TEST(one_tile_needs_no_loop),
      VTA_TEST(more_loops_than_an_instruction_has),
      VTA_TEST(loops_that_bound_others_are_kept),
      VTA_TEST(a_stage_of_nothing_is_nothing),
      VTA_TEST(rows_of_a_batch_belong_to_the_tile),
      VTA_TEST(operations_the_unit_lacks_are_made_of_others),
      VTA_TEST(sums_are_factored_and_ordered),
      VTA_TEST(what_the_unit_lacks_is_refused),
      VTA_TEST(parts_of_tiles_are_refused),
      VTA_TEST(other_memories_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
