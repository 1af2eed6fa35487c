/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator folds to while it is built: constants and the units of
 * each operator, first match first, as TVM 0.9 does.  Nothing is reordered
 * and nothing else is simplified here; that is the work of src/arith. */
#include <math.h>

#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"

static const Expr pos_inf = {STRING, {TYPE_HANDLE, 64, 1}, 1 << STRING};
static const Expr neg_inf = {STRING, {TYPE_HANDLE, 64, 1}, 1 << STRING};
const Expr *const POS_INF = &pos_inf;
const Expr *const NEG_INF = &neg_inf;

int64_t floor_div(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

/* The operands of one fold, with the constants among them picked out. */
typedef struct Operands {
  Arena *arena;
  const Expr *a, *b;
  const IntImm *ia, *ib;
  const FloatImm *fa, *fb;
} Operands;

static bool are_indices(const Operands *o) {
  return is_index(o->a->type) && is_index(o->b->type);
}

static const Expr *integer(const Operands *o, int64_t value) {
  return make_int(o->arena, o->a->type, dtype_wrap(o->a->type, value));
}

static const Expr *real(const Operands *o, double value) {
  return make_float(o->arena, o->a->type, value);
}

static const Expr *truth(const Operands *o, bool value) {
  return make_bool(o->arena, value);
}

static int64_t wrap_add(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
static int64_t wrap_sub(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}
static int64_t wrap_mul(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a * (uint64_t)b);
}

static bool is_int_value(const IntImm *imm, int64_t v) {
  return imm && imm->value == v;
}
static bool is_float_value(const FloatImm *imm, double v) {
  return imm && imm->value == v;
}

static const Expr *fold_add(const Operands *o) {
  if (o->ia && o->ib) return integer(o, wrap_add(o->ia->value, o->ib->value));
  if (is_int_value(o->ia, 0)) return o->b;
  if (is_int_value(o->ib, 0)) return o->a;
  if (o->fa && o->fb) return real(o, o->fa->value + o->fb->value);
  if (is_float_value(o->fa, 0)) return o->b;
  if (is_float_value(o->fb, 0)) return o->a;
  return NULL;
}

static const Expr *fold_sub(const Operands *o) {
  if (o->ia && o->ib) return integer(o, wrap_sub(o->ia->value, o->ib->value));
  if (is_int_value(o->ib, 0)) return o->a;
  if (o->fa && o->fb) return real(o, o->fa->value - o->fb->value);
  if (is_float_value(o->fb, 0)) return o->a;
  return NULL;
}

static const Expr *fold_mul(const Operands *o) {
  if (o->ia && o->ib) return integer(o, wrap_mul(o->ia->value, o->ib->value));
  if (is_int_value(o->ia, 1)) return o->b;
  if (is_int_value(o->ia, 0)) return o->a;
  if (is_int_value(o->ib, 1)) return o->a;
  if (is_int_value(o->ib, 0)) return o->b;
  if (o->fa && o->fb) return real(o, o->fa->value * o->fb->value);
  if (is_float_value(o->fa, 1)) return o->b;
  if (is_float_value(o->fa, 0)) return o->a;
  if (is_float_value(o->fb, 1)) return o->a;
  if (is_float_value(o->fb, 0)) return o->b;
  return NULL;
}

/* INT64_MIN / -1 has no value; such operands are left alone. */
static bool divides(const Operands *o) {
  return o->ib && o->ib->value != 0 &&
         !(o->ia && o->ia->value == INT64_MIN && o->ib->value == -1);
}

static const Expr *fold_div(const Operands *o) {
  if (is_int_value(o->ib, 0)) return NULL;
  if (o->ia && divides(o)) return integer(o, o->ia->value / o->ib->value);
  if (is_int_value(o->ia, 0)) return o->a;
  if (is_int_value(o->ib, 1)) return o->a;
  if (is_float_value(o->fb, 0)) return NULL;
  if (o->fa && o->fb) return real(o, o->fa->value / o->fb->value);
  if (is_float_value(o->fa, 0)) return o->a;
  if (is_float_value(o->fb, 1)) return o->a;
  return NULL;
}

static const Expr *fold_mod(const Operands *o) {
  if (!are_indices(o) || is_int_value(o->ib, 0)) return NULL;
  if (o->ia && divides(o)) return integer(o, o->ia->value % o->ib->value);
  if (is_int_value(o->ia, 0)) return o->a;
  if (is_int_value(o->ib, 1)) return integer(o, 0);
  return NULL;
}

static const Expr *fold_floordiv(const Operands *o) {
  if (is_int_value(o->ib, 0)) return NULL;
  if (o->ia && divides(o))
    return integer(o, floor_div(o->ia->value, o->ib->value));
  if (is_int_value(o->ia, 0)) return o->a;
  if (is_int_value(o->ib, 1)) return o->a;
  if (is_float_value(o->fb, 0)) return NULL;
  if (o->fa && o->fb) return real(o, floor(o->fa->value / o->fb->value));
  if (is_float_value(o->fa, 0)) return o->a;
  if (is_float_value(o->fb, 1)) return o->a;
  return NULL;
}

static const Expr *fold_floormod(const Operands *o) {
  if (!are_indices(o) || is_int_value(o->ib, 0)) return NULL;
  if (o->ia && divides(o))
    return integer(o, floor_mod(o->ia->value, o->ib->value));
  if (is_int_value(o->ia, 0)) return o->a;
  if (is_int_value(o->ib, 1)) return integer(o, 0);
  return NULL;
}

static const Expr *fold_min_max(const Operands *o, bool is_max) {
  const Expr *absorbing = is_max ? POS_INF : NEG_INF;
  const Expr *neutral = is_max ? NEG_INF : POS_INF;
  if (o->a == absorbing || o->b == absorbing) return absorbing;
  if (o->a == neutral) return o->b;
  if (o->b == neutral) return o->a;
  if (o->ia && o->ib)
    return (o->ia->value < o->ib->value) != is_max ? o->a : o->b;
  if (o->fa && o->fb)
    return (o->fa->value < o->fb->value) != is_max ? o->a : o->b;
  return o->a == o->b ? o->a : NULL;
}

static bool compare(ExprKind kind, double order) {
  switch (kind) {
    case EQ: return order == 0;
    case NE: return order != 0;
    case LT: return order < 0;
    case LE: return order <= 0;
    case GT: return order > 0;
    default: return order >= 0;
  }
}

static const Expr *fold_comparison(const Operands *o, ExprKind kind) {
  if (o->ia && o->ib) {
    int64_t a = o->ia->value, b = o->ib->value;
    return truth(o, compare(kind, (a > b) - (a < b)));
  }
  if (o->fa && o->fb)
    return truth(o, compare(kind, o->fa->value - o->fb->value));
  return NULL;
}

static const Expr *fold_logic(const Operands *o, ExprKind kind) {
  bool absorbing = kind == OR; /* true || x, false && x */
  if (o->ia) return !!o->ia->value == absorbing ? o->a : o->b;
  if (o->ib) return !!o->ib->value == absorbing ? o->b : o->a;
  return NULL;
}

static Operands operands(Arena *arena, const Expr *a, const Expr *b) {
  return (Operands){arena,     a,           b,          as_int(a),
                    as_int(b), as_float(a), as_float(b)};
}

const Expr *fold_numbers(Arena *arena, ExprKind kind, const Expr *a,
                         const Expr *b) {
  Operands o = operands(arena, a, b);
  switch (kind) {
    case ADD: return fold_add(&o);
    case SUB: return fold_sub(&o);
    case MUL: return fold_mul(&o);
    case DIV: return fold_div(&o);
    case MOD: return fold_mod(&o);
    case FLOORDIV: return fold_floordiv(&o);
    case FLOORMOD: return fold_floormod(&o);
    case MIN: return fold_min_max(&o, false);
    case MAX: return fold_min_max(&o, true);
    case AND:
    case OR: return fold_logic(&o, kind);
    default: return fold_comparison(&o, kind);
  }
}

static const Expr *fold_shift(const Operands *o, bool left) {
  if (!o->ib) return NULL;
  int64_t amount = o->ib->value;
  bool in_range = amount >= 0 && amount < o->a->type.bits;
  if (o->ia && in_range) {
    int64_t a = o->ia->value;
    return integer(o, left ? (int64_t)((uint64_t)a << amount) : a >> amount);
  }
  return amount == 0 ? o->a : NULL;
}

const Expr *fold_bits(Arena *arena, Op op, const Expr *a, const Expr *b) {
  Operands o = operands(arena, a, b);
  if (!are_indices(&o)) return NULL;
  if (op == OP_SHIFT_LEFT || op == OP_SHIFT_RIGHT)
    return fold_shift(&o, op == OP_SHIFT_LEFT);
  if (!o.ia || !o.ib) return NULL;
  switch (op) {
    case OP_BITWISE_AND: return integer(&o, o.ia->value & o.ib->value);
    case OP_BITWISE_OR: return integer(&o, o.ia->value | o.ib->value);
    case OP_BITWISE_XOR: return integer(&o, o.ia->value ^ o.ib->value);
    default: return NULL;
  }
}
