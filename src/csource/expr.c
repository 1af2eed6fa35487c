/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions as C.
 *
 * Index arithmetic is written plainly, since it cannot overflow; numbers that
 * come from memory go through the helpers of vtac/kernel.h, which wrap.  Types
 * narrower than int are cast back after each operation. */
#include <math.h>
#include <string.h>

#include "base/trap.h"
#include "csource/writer.h"
#include "ir/analysis.h"

static DType scalar(DType type) { return DTYPE(type.code, type.bits); }

/* ---- Constants ---------------------------------------------------------- */

static const char *int_text(Writer *w, const IntImm *imm) {
  DType type = imm->e.type;
  if (type.code == TYPE_UINT && !is_bool(type) && type.bits >= 32)
    return arena_printf(w->arena, "%lluu%s", (unsigned long long)imm->value,
                        type.bits == 64 ? "ll" : "");
  if (imm->value == INT64_MIN) return "INT64_MIN";
  if (type.bits == 32 && imm->value == INT32_MIN) return "INT32_MIN";
  return arena_printf(w->arena, imm->value < 0 ? "(%lld%s)" : "%lld%s",
                      (long long)imm->value, type.bits == 64 ? "ll" : "");
}

static const char *float_text(Writer *w, const FloatImm *imm) {
  if (!isfinite(imm->value))
    fail(w->arena, D_CODEGEN, "an infinite constant has no C form");
  return arena_printf(w->arena, "(%s)%.17g", c_type(w, scalar(imm->e.type)),
                      imm->value);
}

/* ---- Operators ---------------------------------------------------------- */

static const char *const infix[EXPR_KINDS] = {
    [ADD] = "+", [SUB] = "-",  [MUL] = "*", [DIV] = "/", [MOD] = "%",
    [EQ] = "==", [NE] = "!=",  [LT] = "<",  [LE] = "<=", [GT] = ">",
    [GE] = ">=", [AND] = "&&", [OR] = "||", [MIN] = "<", [MAX] = ">"};

/* A signed number from memory may overflow. */
static bool may_wrap(const Binary *binary) {
  ExprKind kind = binary->e.kind;
  return (kind == ADD || kind == SUB || kind == MUL) &&
         binary->e.type.code == TYPE_INT && binary->e.type.bits >= 32 &&
         expr_effect(&binary->e) >= EFFECT_READS;
}

static const char *call_helper(Writer *w, const Binary *binary,
                               const char *name) {
  return arena_printf(w->arena, "vtac_kernel_%s%d(%s, %s)", name,
                      binary->e.type.bits, c_expr(w, binary->a),
                      c_expr(w, binary->b));
}

static void need_safe_divisor(Writer *w, const Binary *binary) {
  ExprKind kind = binary->e.kind;
  bool floors = kind == FLOORDIV || kind == FLOORMOD;
  const IntImm *divisor = as_int(binary->b);
  if (plan_divisor_is_safe(binary->b) && !(floors && divisor->value < 0))
    return;
  fail(w->arena, D_CODEGEN,
       "a division by something else than a positive constant has no C form");
}

static const char *int_division(Writer *w, const Binary *binary) {
  ExprKind kind = binary->e.kind;
  bool is_signed = binary->e.type.code == TYPE_INT;
  need_safe_divisor(w, binary);
  if (is_signed && binary->e.type.bits < 32)
    fail(w->arena, D_CODEGEN, "a division of narrow integers has no C form");
  if (is_signed && kind == FLOORDIV) return call_helper(w, binary, "floordiv");
  if (is_signed && kind == FLOORMOD) return call_helper(w, binary, "floormod");
  return arena_printf(w->arena, "(%s %s %s)", c_expr(w, binary->a),
                      kind == DIV || kind == FLOORDIV ? "/" : "%",
                      c_expr(w, binary->b));
}

static bool is_division(ExprKind kind) {
  return kind == DIV || kind == MOD || kind == FLOORDIV || kind == FLOORMOD;
}

static const char *binary_text(Writer *w, const Binary *binary) {
  ExprKind kind = binary->e.kind;
  DType type = scalar(binary->e.type);
  bool real = binary->a->type.code == TYPE_FLOAT;
  if (is_division(kind) && !real) return int_division(w, binary);
  if (is_division(kind) && kind != DIV)
    fail(w->arena, D_CODEGEN, "a remainder of real numbers has no C form");
  if (may_wrap(binary))
    return call_helper(w, binary,
                       kind == ADD   ? "add"
                       : kind == SUB ? "sub"
                                     : "mul");
  const char *a = c_expr(w, binary->a), *b = c_expr(w, binary->b);
  if (kind == MIN || kind == MAX)
    return arena_printf(w->arena, "(%s %s %s ? %s : %s)", a, infix[kind], b, a,
                        b);
  const char *text = arena_printf(w->arena, "(%s %s %s)", a, infix[kind], b);
  bool narrow = is_integer(type) && !is_bool(type) && type.bits < 32;
  return narrow ? arena_printf(w->arena, "(%s)%s", c_type(w, type), text)
                : text;
}

static const char *choice_text(Writer *w, const Expr *condition,
                               const Expr *if_true, const Expr *if_false) {
  return arena_printf(w->arena, "(%s ? %s : %s)", c_expr(w, condition),
                      c_expr(w, if_true), c_expr(w, if_false));
}

static const char *cast_text(Writer *w, const Unary *cast) {
  DType type = scalar(cast->e.type);
  const char *value = c_expr(w, cast->a);
  if (is_bool(type)) return arena_printf(w->arena, "(%s != 0)", value);
  if (is_integer(type) && cast->a->type.code == TYPE_FLOAT)
    return arena_printf(w->arena, "(%s)(int64_t)%s", c_type(w, type), value);
  return arena_printf(w->arena, "(%s)%s", c_type(w, type), value);
}

/* ---- Calls -------------------------------------------------------------- */

static const char *args_text(Writer *w, const Call *call, int first) {
  Strbuf text;
  strbuf_init(&text, w->arena);
  for (int i = first; i < call->n; i++)
    strbuf_printf(&text, "%s%s", i > first ? ", " : "",
                  c_expr(w, call->arg[i]));
  return text.text;
}

static const char *queue_call(Writer *w, const char *name, const Call *call) {
  return arena_printf(w->arena, "%s(queue, %s)", name, args_text(w, call, 0));
}

static const char *shift_text(Writer *w, const Call *call) {
  return arena_printf(w->arena, "(%s)vtac_kernel_shift_%s(%s, %s)",
                      c_type(w, scalar(call->e.type)),
                      call->op == OP_SHIFT_RIGHT ? "right" : "left",
                      c_expr(w, call->arg[0]), c_expr(w, call->arg[1]));
}

static const char *bits_text(Writer *w, const Call *call, const char *op) {
  return arena_printf(w->arena, "(%s %s %s)", c_expr(w, call->arg[0]), op,
                      c_expr(w, call->arg[1]));
}

/* tvm_access_ptr(type, data, offset, extent, mask) */
static const char *pointer_text(Writer *w, const Call *call) {
  return arena_printf(w->arena, "((%s *)%s + %s)",
                      c_type(w, scalar(call->arg[0]->type)),
                      c_expr(w, call->arg[1]), c_expr(w, call->arg[2]));
}

static const char *call_text(Writer *w, const Call *call) {
  switch (call->op) {
    case OP_LIKELY: return c_expr(w, call->arg[0]);
    case OP_IF_THEN_ELSE:
      return choice_text(w, call->arg[0], call->arg[1], call->arg[2]);
    case OP_SHIFT_RIGHT:
    case OP_SHIFT_LEFT: return shift_text(w, call);
    case OP_BITWISE_AND: return bits_text(w, call, "&");
    case OP_BITWISE_OR: return bits_text(w, call, "|");
    case OP_BITWISE_XOR: return bits_text(w, call, "^");
    case OP_BITWISE_NOT:
      return arena_printf(w->arena, "(%s)~%s", c_type(w, scalar(call->e.type)),
                          c_expr(w, call->arg[0]));
    case OP_CALL_PURE_EXTERN:
    case OP_CALL_EXTERN:
      return arena_printf(w->arena, "%s(%s)",
                          AS(StringImm, call->arg[0])->value,
                          args_text(w, call, 1));
    case OP_COMMAND_HANDLE:
    case OP_THREAD_CONTEXT: return "queue";
    case OP_COPROC_SYNC: return "VTASynchronize(queue, 0x80000000u)";
    case OP_COPROC_DEP_PUSH: return queue_call(w, "VTADepPush", call);
    case OP_COPROC_DEP_POP: return queue_call(w, "VTADepPop", call);
    case OP_COPROC_READ_BARRIER: return queue_call(w, "VTAReadBarrier", call);
    case OP_COPROC_WRITE_BARRIER: return queue_call(w, "VTAWriteBarrier", call);
    case OP_UOP_PUSH:
      return arena_printf(w->arena, "VTAUopPush(%s)", args_text(w, call, 0));
    case OP_ACCESS_PTR: return pointer_text(w, call);
    case OP_ADDRESS_OF:
      return arena_printf(w->arena, "&%s", c_expr(w, call->arg[0]));
    default: break;
  }
  fail(w->arena, D_CODEGEN, "there is no C form of %s", op_name(call->op));
}

/* ---- Memory ------------------------------------------------------------- */

static const char *load_text(Writer *w, const Load *load) {
  if (load->n != 1) BUG("an access that was not flattened");
  return arena_printf(w->arena, "((%s *)%s)[%s]",
                      c_type(w, scalar(load->buffer->type)),
                      c_var(w, load->buffer->data), c_expr(w, load->index[0]));
}

static const char *ramp_text(Writer *w, const Ramp *ramp) {
  if (!w->in_lanes) BUG("a ramp outside of a vector statement");
  const char *base = c_expr(w, ramp->base);
  if (is_const(ramp->stride, 1))
    return arena_printf(w->arena, "(%s + lane)", base);
  return arena_printf(w->arena, "(%s + lane * %s)", base,
                      c_expr(w, ramp->stride));
}

const char *c_expr(Writer *w, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return c_var(w, AS(Var, expr));
    case INT: return int_text(w, AS(IntImm, expr));
    case FLOAT: return float_text(w, AS(FloatImm, expr));
    case STRING: return c_quoted(w, AS(StringImm, expr)->value);
    case CAST: return cast_text(w, AS(Unary, expr));
    case NOT:
      return arena_printf(w->arena, "!%s", c_expr(w, AS(Unary, expr)->a));
    CASE_BINARY:
      return binary_text(w, AS(Binary, expr));
    case SELECT:
      return choice_text(w, AS(Select, expr)->condition,
                         AS(Select, expr)->if_true, AS(Select, expr)->if_false);
    case CALL: return call_text(w, AS(Call, expr));
    case LOAD: return load_text(w, AS(Load, expr));
    case LET: /* C has none: the value stands where the name stood */
      return c_expr(
          w, substitute_var(w->arena, AS(Let, expr)->body, AS(Let, expr)->var,
                            AS(Let, expr)->value));
    case RAMP: return ramp_text(w, AS(Ramp, expr));
    case BROADCAST: return c_expr(w, AS(Broadcast, expr)->value);
    case REDUCE:
    case EXPR_KINDS: break;
  }
  BUG("a %s has no C form", expr_kind_name(expr->kind));
}
