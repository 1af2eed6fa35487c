/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions to LLVM IR.
 *
 * Arithmetic wraps, as the evaluator's does; divisions by zero fail instead of
 * trapping; what a condition guards is not evaluated when it is false.  A
 * vector expression is emitted as its scalar at the current lane: vector
 * statements become loops over lanes (stmt.c), which LLVM vectorises anew with
 * the widths that the processor has. */
#include "base/trap.h"
#include "codegen/emit.h"
#include "ir/build.h"
#include "ir/eval.h"

static DType scalar(DType type) { return DTYPE(type.code, type.bits); }

static bool is_signed(DType type) { return type.code == TYPE_INT; }

/* ---- Conversions -------------------------------------------------------- */

static LLVMValueRef to_bool(Emitter *em, LLVMValueRef value, DType from) {
  LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(value));
  return from.code == TYPE_FLOAT
             ? LLVMBuildFCmp(em->builder, LLVMRealUNE, value, zero, "")
             : LLVMBuildICmp(em->builder, LLVMIntNE, value, zero, "");
}

static LLVMValueRef convert(Emitter *em, LLVMValueRef value, DType to,
                            DType from) {
  LLVMBuilderRef b = em->builder;
  LLVMTypeRef type = value_type(em, to);
  if (is_bool(to)) return is_bool(from) ? value : to_bool(em, value, from);
  if (to.code == TYPE_HANDLE || from.code == TYPE_HANDLE) return value;
  if (is_integer(to) && is_integer(from))
    return LLVMBuildIntCast2(b, value, type, is_signed(from), "");
  if (is_integer(from))
    return is_signed(from) ? LLVMBuildSIToFP(b, value, type, "")
                           : LLVMBuildUIToFP(b, value, type, "");
  if (to.code == TYPE_FLOAT) return LLVMBuildFPCast(b, value, type, "");
  /* as the evaluator: to 64 bits first, then wrapped */
  value = LLVMBuildFPToSI(b, value, em->i64, "");
  return LLVMBuildIntCast2(b, value, type, 1, "");
}

/* ---- Division ----------------------------------------------------------- */

typedef struct Division {
  LLVMValueRef quotient, remainder;
} Division;

/* Truncating.  Dividing by -1 is a negation, which wraps for the smallest
 * number, where the machine's instruction would trap. */
static Division divide(Emitter *em, const Binary *binary, LLVMValueRef a,
                       LLVMValueRef d) {
  LLVMBuilderRef b = em->builder;
  LLVMTypeRef type = LLVMTypeOf(a);
  if (!as_int(binary->b))
    emit_require(em, LLVMBuildICmp(b, LLVMIntNE, d, LLVMConstNull(type), ""),
                 "division by zero");
  if (!is_signed(binary->e.type))
    return (Division){LLVMBuildUDiv(b, a, d, ""), LLVMBuildURem(b, a, d, "")};
  if (plan_divisor_is_safe(binary->b))
    return (Division){LLVMBuildSDiv(b, a, d, ""), LLVMBuildSRem(b, a, d, "")};
  LLVMValueRef minus = LLVMConstAllOnes(type), one = LLVMConstInt(type, 1, 0);
  LLVMValueRef negates = LLVMBuildICmp(b, LLVMIntEQ, d, minus, "");
  LLVMValueRef divisor = LLVMBuildSelect(b, negates, one, d, "");
  LLVMValueRef q = LLVMBuildSDiv(b, a, divisor, "");
  return (Division){LLVMBuildSelect(b, negates, LLVMBuildNeg(b, a, ""), q, ""),
                    LLVMBuildSRem(b, a, divisor, "")};
}

/* Rounds the results of a truncating division towards minus infinity. */
static Division to_floor(Emitter *em, const Binary *binary, Division t,
                         LLVMValueRef d) {
  LLVMBuilderRef b = em->builder;
  LLVMTypeRef type = LLVMTypeOf(d);
  LLVMValueRef zero = LLVMConstNull(type);
  if (!is_signed(binary->e.type)) return t;
  LLVMValueRef inexact = LLVMBuildICmp(b, LLVMIntNE, t.remainder, zero, "");
  LLVMValueRef mixed = LLVMBuildICmp(
      b, LLVMIntSLT, LLVMBuildXor(b, t.remainder, d, ""), zero, "");
  LLVMValueRef below = LLVMBuildAnd(b, inexact, mixed, "");
  LLVMValueRef less = LLVMBuildSExt(b, below, type, "");
  return (Division){
      LLVMBuildAdd(b, t.quotient, less, ""),
      LLVMBuildAdd(b, t.remainder, LLVMBuildAnd(b, less, d, ""), "")};
}

static LLVMValueRef int_division(Emitter *em, const Binary *binary,
                                 LLVMValueRef a, LLVMValueRef d) {
  if (is_const(binary->b, 0))
    fail(em->arena, D_DIVISION, "the function divides by the constant 0");
  Division division = divide(em, binary, a, d);
  ExprKind kind = binary->e.kind;
  if (kind == FLOORDIV || kind == FLOORMOD)
    division = to_floor(em, binary, division, d);
  return kind == DIV || kind == FLOORDIV ? division.quotient
                                         : division.remainder;
}

/* ---- Binary operators --------------------------------------------------- */

static LLVMValueRef int_binary(Emitter *em, const Binary *binary,
                               LLVMValueRef a, LLVMValueRef d) {
  LLVMBuilderRef b = em->builder;
  bool sign = is_signed(binary->a->type);
  LLVMIntPredicate less = sign ? LLVMIntSLT : LLVMIntULT;
  switch ((ExprKind)binary->e.kind) {
    case ADD: return LLVMBuildAdd(b, a, d, "");
    case SUB: return LLVMBuildSub(b, a, d, "");
    case MUL: return LLVMBuildMul(b, a, d, "");
    case DIV:
    case MOD:
    case FLOORDIV:
    case FLOORMOD: return int_division(em, binary, a, d);
    case MIN:
      return LLVMBuildSelect(b, LLVMBuildICmp(b, less, a, d, ""), a, d, "");
    case MAX:
      return LLVMBuildSelect(b, LLVMBuildICmp(b, less, d, a, ""), a, d, "");
    case EQ: return LLVMBuildICmp(b, LLVMIntEQ, a, d, "");
    case NE: return LLVMBuildICmp(b, LLVMIntNE, a, d, "");
    case LT: return LLVMBuildICmp(b, less, a, d, "");
    case LE: return LLVMBuildICmp(b, sign ? LLVMIntSLE : LLVMIntULE, a, d, "");
    case GT: return LLVMBuildICmp(b, less, d, a, "");
    case GE: return LLVMBuildICmp(b, sign ? LLVMIntSGE : LLVMIntUGE, a, d, "");
    default: BUG("not an arithmetic operator");
  }
}

static LLVMValueRef real_floor(Emitter *em, LLVMValueRef value) {
  LLVMTypeRef type = LLVMTypeOf(value);
  bool single = type == LLVMFloatTypeInContext(em->context);
  return call_extern(em, single ? "floorf" : "floor", type, 1, &value);
}

static LLVMValueRef real_binary(Emitter *em, const Binary *binary,
                                LLVMValueRef a, LLVMValueRef d) {
  LLVMBuilderRef b = em->builder;
  LLVMValueRef q;
  switch ((ExprKind)binary->e.kind) {
    case ADD: return LLVMBuildFAdd(b, a, d, "");
    case SUB: return LLVMBuildFSub(b, a, d, "");
    case MUL: return LLVMBuildFMul(b, a, d, "");
    case DIV: return LLVMBuildFDiv(b, a, d, "");
    case MOD: return LLVMBuildFRem(b, a, d, "");
    case FLOORDIV: return real_floor(em, LLVMBuildFDiv(b, a, d, ""));
    case FLOORMOD:
      q = real_floor(em, LLVMBuildFDiv(b, a, d, ""));
      return LLVMBuildFSub(b, a, LLVMBuildFMul(b, q, d, ""), "");
    case MIN:
      return LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOLT, a, d, ""), a, d,
                             "");
    case MAX:
      return LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOGT, a, d, ""), a, d,
                             "");
    case EQ: return LLVMBuildFCmp(b, LLVMRealOEQ, a, d, "");
    case NE: return LLVMBuildFCmp(b, LLVMRealUNE, a, d, "");
    case LT: return LLVMBuildFCmp(b, LLVMRealOLT, a, d, "");
    case LE: return LLVMBuildFCmp(b, LLVMRealOLE, a, d, "");
    case GT: return LLVMBuildFCmp(b, LLVMRealOGT, a, d, "");
    case GE: return LLVMBuildFCmp(b, LLVMRealOGE, a, d, "");
    default: BUG("not an arithmetic operator");
  }
}

/* ---- Guarded values ----------------------------------------------------- */

/* condition ? if_true : if_false, of which only one is evaluated; a NULL arm
 * is the condition itself, which makes `and` and `or`. */
static LLVMValueRef choose(Emitter *em, const Expr *condition,
                           const Expr *if_true, const Expr *if_false) {
  LLVMBasicBlockRef arm[2] = {new_block(em, "true"), new_block(em, "false")};
  LLVMBasicBlockRef after = new_block(em, "chosen"), from[2];
  const Expr *const expr[2] = {if_true, if_false};
  LLVMValueRef value[2];
  LLVMValueRef guard = emit_expr(em, condition);
  LLVMBuildCondBr(em->builder, guard, arm[0], arm[1]);
  for (int i = 0; i < 2; i++) {
    enter_block(em, arm[i]);
    value[i] = expr[i] ? emit_expr(em, expr[i]) : guard;
    from[i] = LLVMGetInsertBlock(em->builder);
    LLVMBuildBr(em->builder, after);
  }
  enter_block(em, after);
  LLVMValueRef phi = LLVMBuildPhi(em->builder, LLVMTypeOf(value[0]), "");
  LLVMAddIncoming(phi, value, from, 2);
  return phi;
}

static LLVMValueRef emit_binary(Emitter *em, const Binary *binary) {
  if (binary->e.kind == AND) return choose(em, binary->a, binary->b, NULL);
  if (binary->e.kind == OR) return choose(em, binary->a, NULL, binary->b);
  LLVMValueRef a = emit_expr(em, binary->a);
  LLVMValueRef d = emit_expr(em, binary->b);
  return binary->a->type.code == TYPE_FLOAT ? real_binary(em, binary, a, d)
                                            : int_binary(em, binary, a, d);
}

/* ---- Bits --------------------------------------------------------------- */

/* Shifts as the accelerator's ALU does: negative amounts go the other way, and
 * too large ones leave the sign or nothing.  In 64 bits, which hold any
 * operand; a constant amount leaves one instruction of this. */
static LLVMValueRef emit_shift(Emitter *em, const Call *call) {
  LLVMBuilderRef b = em->builder;
  DType type = scalar(call->e.type), amount_type = scalar(call->arg[1]->type);
  LLVMValueRef a = convert(em, emit_expr(em, call->arg[0]), INT64, type);
  LLVMValueRef right =
      convert(em, emit_expr(em, call->arg[1]), INT64, amount_type);
  LLVMValueRef zero = LLVMConstNull(em->i64);
  LLVMValueRef most = LLVMConstInt(em->i64, 63, 0);
  if (call->op == OP_SHIFT_LEFT) right = LLVMBuildNeg(b, right, "");
  LLVMValueRef left = LLVMBuildNeg(b, right, "");
  LLVMValueRef is_right = LLVMBuildICmp(b, LLVMIntSGE, right, zero, "");
  LLVMValueRef far_right = LLVMBuildICmp(b, LLVMIntSGT, right, most, "");
  LLVMValueRef far_left = LLVMBuildICmp(b, LLVMIntSGT, left, most, "");
  LLVMValueRef by_right = LLVMBuildSelect(b, far_right, most, right, "");
  by_right = LLVMBuildSelect(b, is_right, by_right, zero, "");
  LLVMValueRef by_left = LLVMBuildSelect(b, is_right, zero, left, "");
  by_left = LLVMBuildSelect(b, far_left, zero, by_left, "");
  LLVMValueRef lefted =
      LLVMBuildSelect(b, far_left, zero, LLVMBuildShl(b, a, by_left, ""), "");
  LLVMValueRef value = LLVMBuildSelect(
      b, is_right, LLVMBuildAShr(b, a, by_right, ""), lefted, "");
  return convert(em, value, type, INT64);
}

static LLVMValueRef emit_bits(Emitter *em, const Call *call) {
  LLVMValueRef a = emit_expr(em, call->arg[0]);
  if (call->op == OP_BITWISE_NOT) return LLVMBuildNot(em->builder, a, "");
  LLVMValueRef d = emit_expr(em, call->arg[1]);
  if (call->op == OP_BITWISE_AND) return LLVMBuildAnd(em->builder, a, d, "");
  if (call->op == OP_BITWISE_OR) return LLVMBuildOr(em->builder, a, d, "");
  return LLVMBuildXor(em->builder, a, d, "");
}

static LLVMValueRef emit_operator(Emitter *em, const Call *call) {
  switch (call->op) {
    case OP_LIKELY: return emit_expr(em, call->arg[0]);
    case OP_IF_THEN_ELSE:
      return choose(em, call->arg[0], call->arg[1], call->arg[2]);
    case OP_SHIFT_RIGHT:
    case OP_SHIFT_LEFT: return emit_shift(em, call);
    case OP_BITWISE_AND:
    case OP_BITWISE_OR:
    case OP_BITWISE_XOR:
    case OP_BITWISE_NOT: return emit_bits(em, call);
    default: return emit_call(em, call);
  }
}

/* ---- Memory ------------------------------------------------------------- */

static LLVMValueRef var_value(Emitter *em, const Var *var) {
  LLVMValueRef value = ptrmap_get(&em->vars, var);
  if (!value) BUG("variable '%s' has no value", var->hint);
  return value;
}

LLVMValueRef element_pointer(Emitter *em, const Buffer *buffer,
                             const Expr *index) {
  LLVMValueRef at =
      convert(em, emit_expr(em, index), INT64, scalar(index->type));
  LLVMTypeRef type = memory_type(em, scalar(buffer->type));
  return LLVMBuildGEP2(em->builder, type, var_value(em, buffer->data), &at, 1,
                       "");
}

PackedPlace packed_place(Emitter *em, const Buffer *buffer, const Expr *index) {
  LLVMBuilderRef builder = em->builder;
  DType type = scalar(buffer->type);
  LLVMValueRef at =
      convert(em, emit_expr(em, index), INT64, scalar(index->type));
  LLVMValueRef per_byte = LLVMConstInt(em->i64, 8u / type.bits, 0);
  LLVMValueRef bits = LLVMConstInt(em->i64, type.bits, 0);
  LLVMValueRef byte = LLVMBuildUDiv(builder, at, per_byte, "");
  LLVMValueRef lane = LLVMBuildURem(builder, at, per_byte, "");
  LLVMValueRef shift = LLVMBuildMul(builder, lane, bits, "");
  return (PackedPlace){
      LLVMBuildGEP2(builder, em->i8, var_value(em, buffer->data), &byte, 1, ""),
      LLVMBuildIntCast2(builder, shift, em->i8, 0, "")};
}

static LLVMValueRef emit_packed_load(Emitter *em, const Load *load) {
  PackedPlace place = packed_place(em, load->buffer, load->index[0]);
  LLVMValueRef byte = LLVMBuildLoad2(em->builder, em->i8, place.byte, "");
  return LLVMBuildTrunc(em->builder,
                        LLVMBuildLShr(em->builder, byte, place.shift, ""),
                        value_type(em, scalar(load->buffer->type)), "");
}

static LLVMValueRef emit_load(Emitter *em, const Load *load) {
  DType type = scalar(load->buffer->type);
  if (load->n != 1) BUG("an access that was not flattened");
  if (is_packed(type)) return emit_packed_load(em, load);
  LLVMValueRef address = element_pointer(em, load->buffer, load->index[0]);
  LLVMValueRef value =
      LLVMBuildLoad2(em->builder, memory_type(em, type), address, "");
  if (!is_integer(type)) return value;
  if (is_bool(type)) return to_bool(em, value, DTYPE(TYPE_UINT, 8));
  return LLVMBuildIntCast2(em->builder, value, value_type(em, type), 0, "");
}

/* ---- Everything else ---------------------------------------------------- */

static LLVMValueRef emit_let(Emitter *em, const Let *let) {
  emit_bind(em, let->var, emit_expr(em, let->value));
  return emit_expr(em, let->body);
}

static LLVMValueRef emit_ramp(Emitter *em, const Ramp *ramp) {
  DType type = scalar(ramp->e.type);
  LLVMValueRef base = emit_expr(em, ramp->base);
  LLVMValueRef stride = emit_expr(em, ramp->stride);
  if (!em->lane) BUG("a ramp outside of a vector statement");
  LLVMValueRef lane = convert(em, em->lane, type, INT32);
  return LLVMBuildAdd(em->builder, base,
                      LLVMBuildMul(em->builder, lane, stride, ""), "");
}

LLVMValueRef emit_expr(Emitter *em, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return var_value(em, AS(Var, expr));
    case INT:
      return LLVMConstInt(value_type(em, scalar(expr->type)),
                          (unsigned long long)AS(IntImm, expr)->value, 1);
    case FLOAT:
      return LLVMConstReal(value_type(em, scalar(expr->type)),
                           AS(FloatImm, expr)->value);
    case STRING: return const_text(em, AS(StringImm, expr)->value);
    case CAST:
      return convert(em, emit_expr(em, AS(Unary, expr)->a), scalar(expr->type),
                     scalar(AS(Unary, expr)->a->type));
    case NOT:
      return LLVMBuildNot(em->builder, emit_expr(em, AS(Unary, expr)->a), "");
    CASE_BINARY:
      return emit_binary(em, AS(Binary, expr));
    case SELECT:
      return choose(em, AS(Select, expr)->condition, AS(Select, expr)->if_true,
                    AS(Select, expr)->if_false);
    case CALL: return emit_operator(em, AS(Call, expr));
    case LOAD: return emit_load(em, AS(Load, expr));
    case LET: return emit_let(em, AS(Let, expr));
    case RAMP: return emit_ramp(em, AS(Ramp, expr));
    case BROADCAST: return emit_expr(em, AS(Broadcast, expr)->value);
    case REDUCE:
    case EXPR_KINDS: break;
  }
  BUG("a %s has no native form", expr_kind_name(expr->kind));
}
