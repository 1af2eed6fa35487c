/* SPDX-License-Identifier: Apache-2.0 */
/* Translates the value of an ALU stage into instructions that work in place.
 *
 * The unit knows dst = op(dst, immediate) and dst = op(dst, src).  A value is
 * a tree; it is computed in the destination, from the innermost operand
 * outwards: the first operand is there already or is copied (dst = 0, then
 * add), each further one must be a constant or an element.  So a stage may be
 * a chain of any length, but not a tree whose two sides both need work.
 *
 * What the unit lacks is made of what it has: subtraction is the addition of
 * the negative, a left shift is a right shift by the negative amount, floor
 * division by 2^k is a right shift, a cast to k bits and back is a shift to
 * the left end and back.  Constants beyond 16 bits go in several instructions
 * where that is possible.
 *
 * Invariant: once a step has been made, the old value of the destination is
 * gone, and a later operand that reads it is refused.  Cost: linear in the
 * value. */
#include "vta/alu_steps.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"

enum { MOST_TIMES = 4 }; /* that an operand is added instead of scaled */

typedef struct Translation {
  const AluStage *stage;
  AluSteps steps;
} Translation;

noreturn void alu_refuse(Arena *arena, const char *name, const char *format,
                         ...) {
  char text[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail(arena, D_ALU_OP, "alu stage '%s': %s", name, text);
}

#define REFUSE(t, ...) \
  alu_refuse((t)->stage->arena, (t)->stage->name, __VA_ARGS__)

static const char *text_of(const Translation *t, const Expr *expr) {
  return brief_text(t->stage->arena, expr);
}

static void add(Translation *t, AluStep step) {
  vec_push(t->stage->arena, &t->steps, step);
}

static void with_imm(Translation *t, HwAlu opcode, int64_t imm) {
  add(t, (AluStep){.kind = ALU_WITH_IMM, .opcode = opcode, .imm = imm});
}

/* ---- Constants ---------------------------------------------------------- */

static bool fits(int64_t value) {
  return value >= ALU_IMM_MIN && value <= ALU_IMM_MAX;
}

noreturn static void refuse_constant(const Translation *t, int64_t value) {
  REFUSE(t,
         "constant %lld is outside the range of immediates, %d to %d, and "
         "cannot be made of a few of them",
         (long long)value, ALU_IMM_MIN, ALU_IMM_MAX);
}

static void add_constant(Translation *t, int64_t value) {
  int64_t most = value < 0 ? ALU_IMM_MIN : ALU_IMM_MAX;
  if (value / most >= ALU_MOST_SUMS && value != most * ALU_MOST_SUMS)
    refuse_constant(t, value);
  for (; !fits(value); value -= most) with_imm(t, HW_ALU_ADD, most);
  with_imm(t, HW_ALU_ADD, value);
}

/* The largest divisor that is an immediate; 1 for none. */
static int64_t divisor_of(int64_t value) {
  int64_t divisor = ALU_IMM_MAX;
  while (value % divisor) divisor--;
  return divisor;
}

/* An odd factor and a shift, or several factors. */
static void multiply_constant(Translation *t, int64_t value) {
  int shift = 0;
  while (!fits(value >> shift) && !(value >> shift & 1)) shift++;
  if (fits(value >> shift)) {
    with_imm(t, HW_ALU_MUL, value >> shift);
    if (shift) with_imm(t, HW_ALU_SHR, -shift);
    return;
  }
  int64_t divisor = divisor_of(value);
  if (divisor == 1) refuse_constant(t, value);
  with_imm(t, HW_ALU_MUL, divisor);
  multiply_constant(t, value / divisor);
}

/* dst = value, by halves of 16 bits. */
static void set_constant(Translation *t, int64_t value) {
  int64_t low = (int16_t)(value & 0xffff), high = (value - low) >> 16;
  add(t, (AluStep){.kind = ALU_RESET});
  if (fits(value)) {
    low = value;
    high = 0;
  }
  if (high) {
    with_imm(t, HW_ALU_ADD, (int16_t)high);
    with_imm(t, HW_ALU_SHR, -16);
  }
  if (low) with_imm(t, HW_ALU_ADD, low);
}

/* No value of the accumulators' type is above (below) it. */
static bool never_bounds(const Translation *t, HwAlu opcode, int64_t value) {
  int64_t most = ((int64_t)1 << (t->stage->type.bits - 1)) - 1;
  return (opcode == HW_ALU_MIN && value >= most) ||
         (opcode == HW_ALU_MAX && value < -most);
}

static void apply_constant(Translation *t, HwAlu opcode, int64_t value) {
  if (!fits(value) && never_bounds(t, opcode, value)) return;
  switch (opcode) {
    case HW_ALU_ADD: add_constant(t, value); break;
    case HW_ALU_MUL: multiply_constant(t, value); break;
    case HW_ALU_MIN:
    case HW_ALU_MAX:
    case HW_ALU_SHR:
      if (!fits(value)) refuse_constant(t, value);
      with_imm(t, opcode, value);
  }
}

/* ---- Operands ----------------------------------------------------------- */

static bool in_place(const Translation *t, const Load *load) {
  return t->stage->place.holds(t->stage->place.self, load);
}

static void with_src(Translation *t, HwAlu opcode, const Load *load) {
  if (t->steps.n && in_place(t, load))
    REFUSE(t,
           "%s is needed after the result has been put in its place; give "
           "the part before it a stage of its own",
           text_of(t, &load->e));
  add(t, (AluStep){.kind = ALU_WITH_SRC, .opcode = opcode, .src = load});
}

static void copy(Translation *t, const Load *load) {
  if (!t->steps.n && in_place(t, load)) return;
  CHECK(!t->steps.n);
  add(t, (AluStep){.kind = ALU_RESET});
  with_src(t, HW_ALU_ADD, load);
}

/* Can it stand as the second operand? */
static bool is_leaf(const Expr *expr) { return as_int(expr) || as_load(expr); }

static void apply(Translation *t, HwAlu opcode, const Expr *operand) {
  if (as_int(operand))
    apply_constant(t, opcode, AS(IntImm, operand)->value);
  else
    with_src(t, opcode, AS(Load, operand));
}

/* ---- Values ------------------------------------------------------------- */

static void compute(Translation *t, const Expr *value);

noreturn static void refuse_tree(const Translation *t, const Expr *value) {
  REFUSE(t,
         "both operands of %s need work before it; give one of them a stage "
         "of its own",
         text_of(t, value));
}

/* Is b the better first operand of a commutative operation? */
static bool starts_at_second(const Translation *t, const Expr *a,
                             const Expr *b) {
  if (!is_leaf(b)) return true;
  return as_int(a) || (as_load(a) && as_load(b) && in_place(t, AS(Load, b)) &&
                       !in_place(t, AS(Load, a)));
}

/* An element times a small constant, which is added several times. */
typedef struct Multiple {
  const Load *load;
  int64_t times;
} Multiple;

static bool is_multiple(const Expr *expr, Multiple *ret) {
  const Binary *mul = expr->kind == MUL ? AS(Binary, expr) : NULL;
  const IntImm *times = mul ? as_int(mul->b) : NULL;
  if (!times || !as_load(mul->a)) return false;
  *ret = (Multiple){AS(Load, mul->a), times->value};
  return times->value >= -MOST_TIMES && times->value <= MOST_TIMES;
}

static void negate(Translation *t) { with_imm(t, HW_ALU_MUL, -1); }

/* dst + load * times, by additions between two negations if need be. */
static void add_multiple(Translation *t, Multiple m) {
  int64_t times = m.times < 0 ? -m.times : m.times;
  if (m.times < 0) negate(t);
  for (int64_t i = 0; i < times; i++) with_src(t, HW_ALU_ADD, m.load);
  if (m.times < 0) negate(t);
}

static void compute_commutative(Translation *t, HwAlu opcode,
                                const Expr *value) {
  const Expr *a = AS(Binary, value)->a, *b = AS(Binary, value)->b;
  Multiple multiple;
  bool both = opcode == HW_ALU_ADD && !is_leaf(b) &&
              !(as_load(a) && !in_place(t, AS(Load, a)));
  if (both && is_multiple(b, &multiple)) {
    compute(t, a);
    add_multiple(t, multiple);
    return;
  }
  if (!is_leaf(a) && !is_leaf(b)) refuse_tree(t, value);
  bool second = starts_at_second(t, a, b);
  compute(t, second ? b : a);
  apply(t, opcode, second ? a : b);
}

/* a - b is -b + a or -(-a + b), whichever leaves a leaf for the end. */
static void compute_sub(Translation *t, const Expr *value) {
  const Expr *a = AS(Binary, value)->a, *b = AS(Binary, value)->b;
  Multiple multiple;
  if (expr_equal(a, b)) {
    set_constant(t, 0);
  } else if (as_int(b)) {
    compute(t, a);
    add_constant(t, -AS(IntImm, b)->value);
  } else if (is_leaf(a) && !(as_load(a) && in_place(t, AS(Load, a)))) {
    compute(t, b);
    negate(t);
    apply(t, HW_ALU_ADD, a);
  } else if (is_leaf(b)) {
    compute(t, a);
    negate(t);
    apply(t, HW_ALU_ADD, b);
    negate(t);
  } else if (is_multiple(b, &multiple)) {
    compute(t, a);
    multiple.times = -multiple.times;
    add_multiple(t, multiple);
  } else {
    refuse_tree(t, value);
  }
}

static void compute_shift(Translation *t, const Call *call, bool left) {
  const Expr *amount = call->arg[1];
  if (left)
    amount = simplify(t->stage->analyzer, ex_neg(t->stage->arena, amount));
  if (!is_leaf(amount))
    REFUSE(t, "the shift amount %s is no constant and no element%s",
           text_of(t, call->arg[1]),
           left ? "; shift right by the negative amount" : "");
  compute(t, call->arg[0]);
  apply(t, HW_ALU_SHR, amount);
}

static int log2_of(const Expr *expr) {
  const IntImm *imm = as_int(expr);
  for (int k = 0; imm && k < 31; k++)
    if (imm->value == (int64_t)1 << k) return k;
  return -1;
}

static void compute_floordiv(Translation *t, const Expr *value) {
  int shift = log2_of(AS(Binary, value)->b);
  if (shift < 0)
    REFUSE(t, "the unit divides by powers of two only: %s", text_of(t, value));
  compute(t, AS(Binary, value)->a);
  with_imm(t, HW_ALU_SHR, shift);
}

/* A cast to a narrower type and back keeps its low bits and their sign. */
static void compute_cast(Translation *t, const Expr *value) {
  const Expr *inner = AS(Unary, value)->a;
  const Unary *narrow = as_cast(inner);
  DType type = t->stage->type;
  bool wraps = narrow && dtype_eq(narrow->a->type, type) &&
               inner->type.code == TYPE_INT && inner->type.bits < type.bits;
  if (!wraps) REFUSE(t, "the unit cannot convert: %s", text_of(t, value));
  compute(t, narrow->a);
  with_imm(t, HW_ALU_SHR, inner->type.bits - type.bits);
  with_imm(t, HW_ALU_SHR, type.bits - inner->type.bits);
}

static void compute_call(Translation *t, const Call *call) {
  if (call->op != OP_SHIFT_RIGHT && call->op != OP_SHIFT_LEFT)
    REFUSE(t, "the unit has no %s", op_name(call->op));
  compute_shift(t, call, call->op == OP_SHIFT_LEFT);
}

static void compute(Translation *t, const Expr *value) {
  if (!dtype_eq(value->type, t->stage->type))
    REFUSE(t, "%s is of type %s; accumulators hold %s", text_of(t, value),
           dtype_name(t->stage->arena, value->type),
           dtype_name(t->stage->arena, t->stage->type));
  value = alu_value(t->stage->arena, value, &t->stage->place);
  switch ((ExprKind)value->kind) {
    case LOAD: copy(t, AS(Load, value)); break;
    case INT: set_constant(t, AS(IntImm, value)->value); break;
    case ADD: compute_commutative(t, HW_ALU_ADD, value); break;
    case MUL: compute_commutative(t, HW_ALU_MUL, value); break;
    case MIN: compute_commutative(t, HW_ALU_MIN, value); break;
    case MAX: compute_commutative(t, HW_ALU_MAX, value); break;
    case SUB: compute_sub(t, value); break;
    case FLOORDIV: compute_floordiv(t, value); break;
    case CAST: compute_cast(t, value); break;
    case CALL: compute_call(t, AS(Call, value)); break;
    default:
      REFUSE(t, "the unit has no %s: %s", expr_kind_name(value->kind),
             text_of(t, value));
  }
}

AluSteps alu_steps(const AluStage *stage) {
  Translation t = {.stage = stage};
  compute(&t, stage->store->value);
  if (!t.steps.n) with_imm(&t, HW_ALU_SHR, 0);
  return t.steps;
}
