/* SPDX-License-Identifier: Apache-2.0 */
/* The short text of expressions.  Its bytes decide an order
 * (debug_text.h), so operators are spelled as in TVM 0.9's debug printer:
 * products and quotients without blanks, int32 constants without a type. */
#include "ir/debug_text.h"

#include "base/trap.h"
#include "ir/build.h"

static void comma_list(Strbuf *buf, int n, const Expr *const *at) {
  for (int i = 0; i < n; i++) {
    if (i) strbuf_add(buf, ", ");
    debug_text(buf, at[i]);
  }
}

static void type_text(Strbuf *buf, DType type) {
  strbuf_add(buf, dtype_name(buf->arena, type));
}

static void int_text(Strbuf *buf, const IntImm *imm) {
  if (!dtype_eq(imm->e.type, INT32)) {
    strbuf_char(buf, '(');
    type_text(buf, imm->e.type);
    strbuf_char(buf, ')');
  }
  strbuf_int(buf, imm->value);
}

static void float_text(Strbuf *buf, const FloatImm *imm) {
  static const char *const suffix[] = {"h", "f", ""};
  int bits = imm->e.type.bits;
  strbuf_printf(buf, "%g%s", imm->value,
                suffix[bits == 16   ? 0
                       : bits == 32 ? 1
                                    : 2]);
}

static void string_text(Strbuf *buf, const Expr *expr) {
  if (expr == POS_INF || expr == NEG_INF) {
    strbuf_add(buf, expr == POS_INF ? "pos_inf" : "neg_inf");
    return;
  }
  strbuf_char(buf, '"');
  strbuf_add(buf, AS(StringImm, expr)->value);
  strbuf_char(buf, '"');
}

static void infix(Strbuf *buf, const Expr *expr, const char *sign) {
  strbuf_char(buf, '(');
  debug_text(buf, AS(Binary, expr)->a);
  strbuf_add(buf, sign);
  debug_text(buf, AS(Binary, expr)->b);
  strbuf_char(buf, ')');
}

static void prefix(Strbuf *buf, const Expr *expr) {
  const Expr *operand[] = {AS(Binary, expr)->a, AS(Binary, expr)->b};
  strbuf_add(buf, expr_kind_name(expr->kind));
  strbuf_char(buf, '(');
  comma_list(buf, 2, operand);
  strbuf_char(buf, ')');
}

static void cast_text(Strbuf *buf, const Unary *cast) {
  type_text(buf, cast->e.type);
  strbuf_char(buf, '(');
  debug_text(buf, cast->a);
  strbuf_char(buf, ')');
}

static void select_text(Strbuf *buf, const Select *select) {
  const Expr *part[] = {select->condition, select->if_true, select->if_false};
  strbuf_add(buf, "select(");
  comma_list(buf, 3, part);
  strbuf_char(buf, ')');
}

static void call_text(Strbuf *buf, const Call *call) {
  strbuf_add(buf, op_name(call->op));
  strbuf_char(buf, '(');
  comma_list(buf, call->n, call->arg);
  strbuf_char(buf, ')');
}

static void load_text(Strbuf *buf, const Load *load) {
  strbuf_add(buf, load->buffer->name);
  strbuf_char(buf, '[');
  comma_list(buf, load->n, load->index);
  strbuf_char(buf, ']');
}

static void let_text(Strbuf *buf, const Let *let) {
  strbuf_printf(buf, "(let %s = ", let->var->hint);
  debug_text(buf, let->value);
  strbuf_add(buf, " in ");
  debug_text(buf, let->body);
  strbuf_char(buf, ')');
}

static void reduce_text(Strbuf *buf, const Reduce *reduce) {
  static const char *const names[] = {"sum", "max", "min"};
  strbuf_printf(buf, "reduce(%s, ", names[reduce->combiner]);
  debug_text(buf, reduce->source);
  for (int i = 0; i < reduce->n; i++)
    strbuf_printf(buf, ", %s", reduce->axis[i]->var->hint);
  strbuf_char(buf, ')');
}

static void ramp_text(Strbuf *buf, const Ramp *ramp) {
  const Expr *part[] = {ramp->base, ramp->stride};
  strbuf_add(buf, "ramp(");
  comma_list(buf, 2, part);
  strbuf_printf(buf, ", %d)", ramp->e.type.lanes);
}

static void broadcast_text(Strbuf *buf, const Broadcast *broadcast) {
  strbuf_printf(buf, "x%d(", broadcast->e.type.lanes);
  debug_text(buf, broadcast->value);
  strbuf_char(buf, ')');
}

void debug_text(Strbuf *buf, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: strbuf_add(buf, AS(Var, expr)->hint); return;
    case INT: int_text(buf, AS(IntImm, expr)); return;
    case FLOAT: float_text(buf, AS(FloatImm, expr)); return;
    case STRING: string_text(buf, expr); return;
    case CAST: cast_text(buf, AS(Unary, expr)); return;
    case NOT:
      strbuf_char(buf, '!');
      debug_text(buf, AS(Unary, expr)->a);
      return;
    case ADD: infix(buf, expr, " + "); return;
    case SUB: infix(buf, expr, " - "); return;
    case MUL: infix(buf, expr, "*"); return;
    case DIV: infix(buf, expr, "/"); return;
    case MOD: infix(buf, expr, " % "); return;
    case FLOORDIV:
    case FLOORMOD:
    case MIN:
    case MAX: prefix(buf, expr); return;
    case EQ: infix(buf, expr, " == "); return;
    case NE: infix(buf, expr, " != "); return;
    case LT: infix(buf, expr, " < "); return;
    case LE: infix(buf, expr, " <= "); return;
    case GT: infix(buf, expr, " > "); return;
    case GE: infix(buf, expr, " >= "); return;
    case AND: infix(buf, expr, " && "); return;
    case OR: infix(buf, expr, " || "); return;
    case SELECT: select_text(buf, AS(Select, expr)); return;
    case CALL: call_text(buf, AS(Call, expr)); return;
    case LOAD: load_text(buf, AS(Load, expr)); return;
    case REDUCE: reduce_text(buf, AS(Reduce, expr)); return;
    case LET: let_text(buf, AS(Let, expr)); return;
    case RAMP: ramp_text(buf, AS(Ramp, expr)); return;
    case BROADCAST: broadcast_text(buf, AS(Broadcast, expr)); return;
    case EXPR_KINDS: break;
  }
  BUG("not an expression");
}

const char *brief_text(Arena *arena, const Expr *expr) {
  Strbuf text;
  strbuf_init(&text, arena);
  debug_text(&text, expr);
  return text.text;
}
