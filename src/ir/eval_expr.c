/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating expressions: each node becomes a closure over its children. */
#include <math.h>
#include <string.h>

#include "ir/build.h"
#include "ir/eval_impl.h"

int dtype_bytes(DType type) { return (type.bits + 7) / 8; }

int64_t dtype_array_bytes(DType type, int64_t n) {
  return is_packed(type) ? (n * type.bits + 7) / 8 : n * dtype_bytes(type);
}

static bool is_real(DType type) { return type.code == TYPE_FLOAT; }

EvalValue wrap_to(DType type, int64_t value) {
  return int_value(dtype_wrap(type, value));
}

/* ---- Memory ------------------------------------------------------------- */

static EvalValue read_scalar(const void *address, DType type) {
  bool sign = type.code == TYPE_INT;
  EvalValue value = {0};
  switch (dtype_bytes(type)) {
    case 1: {
      uint8_t x;
      memcpy(&x, address, sizeof x);
      return int_value(sign ? (int8_t)x : x);
    }
    case 2: {
      uint16_t x;
      memcpy(&x, address, sizeof x);
      return int_value(sign ? (int16_t)x : x);
    }
    case 4: {
      if (is_real(type)) {
        float x;
        memcpy(&x, address, sizeof x);
        return (EvalValue){.f = x};
      }
      uint32_t x;
      memcpy(&x, address, sizeof x);
      return int_value(sign ? (int32_t)x : (int64_t)x);
    }
    default: memcpy(&value, address, sizeof value); return value;
  }
}

static void write_scalar(void *address, DType type, EvalValue value) {
  if (is_real(type) && type.bits == 32) {
    float x = (float)value.f;
    memcpy(address, &x, sizeof x);
    return;
  }
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < dtype_bytes(type); i++)
    ((uint8_t *)address)[i] = (uint8_t)(bits >> (8 * i));
}

static noreturn void out_of_bounds(const Code *code, Run *run, int dim,
                                   int64_t index) {
  fail(run->arena, D_OUT_OF_BOUNDS,
       "index %lld of dimension %d of '%s' is out of bounds", (long long)index,
       dim, (const char *)code->node);
}

/* The number of the element, which lies inside the memory. */
static size_t element_index(const Code *code, Run *run) {
  const EvalMemory *memory = run->slot[code->slot].memory;
  int64_t element = 0;
  for (int i = 0; i < code->n; i++) {
    int64_t index = run_code(code->list[i], run).i;
    if (memory->ndim == code->n && memory->extent) {
      if (memory->min) index -= memory->min[i];
      if (index < 0 || index >= memory->extent[i])
        out_of_bounds(code, run, i, index);
      element = element * memory->extent[i] + index;
    } else {
      element = index;
    }
  }
  size_t bytes = (size_t)dtype_bytes(code->type), size = memory->size;
  if (is_packed(code->type)) size *= 8u / code->type.bits;
  if (!memory->bytes || element < 0 || (uint64_t)element >= size / bytes)
    out_of_bounds(code, run, 0, element);
  return (size_t)element;
}

EvalValue load_element(const Code *code, Run *run) {
  size_t element = element_index(code, run);
  const char *bytes = run->slot[code->slot].memory->bytes;
  if (!is_packed(code->type))
    return read_scalar(bytes + element * (size_t)dtype_bytes(code->type),
                       code->type);
  size_t bit = element * code->type.bits;
  return wrap_to(code->type, (uint8_t)bytes[bit / 8] >> bit % 8);
}

void store_element(const Code *code, Run *run, EvalValue value) {
  size_t element = element_index(code, run);
  char *bytes = run->slot[code->slot].memory->bytes;
  if (!is_packed(code->type)) {
    write_scalar(bytes + element * (size_t)dtype_bytes(code->type), code->type,
                 value);
    return;
  }
  size_t bit = element * code->type.bits;
  unsigned mask = ((1u << code->type.bits) - 1) << bit % 8;
  unsigned kept = (uint8_t)bytes[bit / 8] & ~mask;
  bytes[bit / 8] = (char)(kept | ((unsigned)value.i << bit % 8 & mask));
}

void prepare_access(Preparation *prep, Code *code, const Buffer *buffer, int n,
                    const Expr *const *index) {
  code->slot = slot_of(prep, buffer->data);
  code->type = buffer->type;
  code->n = n;
  code->list = prepare_exprs(prep, n, index);
  code->node = buffer->name;
}

/* ---- Leaves ------------------------------------------------------------- */

static EvalValue run_constant(const Code *code, Run *run) {
  (void)run;
  return code->constant;
}

static EvalValue run_var(const Code *code, Run *run) {
  return run->slot[code->slot];
}

/* ---- Arithmetic --------------------------------------------------------- */

#define A (run_code(code->a, run))
#define B (run_code(code->b, run))
#define INT_OP(name, result)                                \
  static EvalValue run_##name(const Code *code, Run *run) { \
    int64_t a = A.i;                                        \
    int64_t b = B.i;                                        \
    return wrap_to(code->type, result);                     \
  }
#define REAL_OP(name, result)                                      \
  static EvalValue run_##name##_real(const Code *code, Run *run) { \
    double a = A.f;                                                \
    double b = B.f;                                                \
    return (EvalValue){.f = rounded(code, result)};                \
  }
#define COMPARE_OP(name, operation)                                \
  static EvalValue run_##name(const Code *code, Run *run) {        \
    int64_t a = A.i;                                               \
    return int_value(a operation B.i);                             \
  }                                                                \
  static EvalValue run_##name##_real(const Code *code, Run *run) { \
    double a = A.f;                                                \
    return int_value(a operation B.f);                             \
  }

/* To the precision of the type, as after each operation of a machine. */
static double rounded(const Code *code, double value) {
  return code->type.bits == 32 ? (float)value : value;
}

static int64_t nonzero(const Code *code, Run *run, int64_t divisor) {
  (void)code;
  if (divisor == 0) fail(run->arena, D_DIVISION, "division by zero");
  return divisor;
}

static int64_t trunc_div(int64_t a, int64_t b) {
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static int64_t trunc_mod(int64_t a, int64_t b) { return b == -1 ? 0 : a % b; }
static int64_t floor_div_any(int64_t a, int64_t b) {
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : floor_div(a, b);
}
static int64_t floor_mod_any(int64_t a, int64_t b) {
  return b == -1 ? 0 : floor_mod(a, b);
}

INT_OP(add, (int64_t)((uint64_t)a + (uint64_t)b))
INT_OP(sub, (int64_t)((uint64_t)a - (uint64_t)b))
INT_OP(mul, (int64_t)((uint64_t)a *(uint64_t)b))
INT_OP(div, trunc_div(a, nonzero(code, run, b)))
INT_OP(mod, trunc_mod(a, nonzero(code, run, b)))
INT_OP(floordiv, floor_div_any(a, nonzero(code, run, b)))
INT_OP(floormod, floor_mod_any(a, nonzero(code, run, b)))
INT_OP(min, a < b ? a : b)
INT_OP(max, a > b ? a : b)
REAL_OP(add, a + b)
REAL_OP(sub, a - b)
REAL_OP(mul, a *b)
REAL_OP(div, a / b)
REAL_OP(mod, fmod(a, b))
REAL_OP(floordiv, floor(rounded(code, a / b)))
REAL_OP(floormod, a - rounded(code, floor(rounded(code, a / b)) * b))
REAL_OP(min, a < b ? a : b)
REAL_OP(max, a > b ? a : b)
COMPARE_OP(eq, ==)
COMPARE_OP(ne, !=)
COMPARE_OP(lt, <)
COMPARE_OP(le, <=)
COMPARE_OP(gt, >)
COMPARE_OP(ge, >=)

static EvalValue run_and(const Code *code, Run *run) {
  return int_value(A.i && B.i);
}
static EvalValue run_or(const Code *code, Run *run) {
  return int_value(A.i || B.i);
}
static EvalValue run_not(const Code *code, Run *run) { return int_value(!A.i); }

static const struct {
  CodeFn integer, real;
} binary_code[EXPR_KINDS] = {
    [ADD] = {run_add, run_add_real},
    [SUB] = {run_sub, run_sub_real},
    [MUL] = {run_mul, run_mul_real},
    [DIV] = {run_div, run_div_real},
    [MOD] = {run_mod, run_mod_real},
    [FLOORDIV] = {run_floordiv, run_floordiv_real},
    [FLOORMOD] = {run_floormod, run_floormod_real},
    [MIN] = {run_min, run_min_real},
    [MAX] = {run_max, run_max_real},
    [EQ] = {run_eq, run_eq_real},
    [NE] = {run_ne, run_ne_real},
    [LT] = {run_lt, run_lt_real},
    [LE] = {run_le, run_le_real},
    [GT] = {run_gt, run_gt_real},
    [GE] = {run_ge, run_ge_real},
    [AND] = {run_and, run_and},
    [OR] = {run_or, run_or},
};

/* Shifts by the width or more give sign fill or zero; negative amounts shift
 * the other way, as the accelerator's ALU does. */
static int64_t shift(int64_t a, int64_t right) {
  if (right >= 0) return a >> (right > 63 ? 63 : right);
  return right < -63 ? 0 : (int64_t)((uint64_t)a << -right);
}

INT_OP(shift_right, shift(a, b))
INT_OP(shift_left, shift(a, -b))
INT_OP(bitwise_and, a &b)
INT_OP(bitwise_or, a | b)
INT_OP(bitwise_xor, a ^ b)

static EvalValue run_bitwise_not(const Code *code, Run *run) {
  return wrap_to(code->type, ~A.i);
}

/* ---- Everything else ---------------------------------------------------- */

static EvalValue run_cast_int(const Code *code, Run *run) {
  return wrap_to(code->type, A.i);
}
static EvalValue run_cast_int_to_real(const Code *code, Run *run) {
  return (EvalValue){.f = rounded(code, (double)A.i)};
}
static EvalValue run_cast_real_to_int(const Code *code, Run *run) {
  return wrap_to(code->type, (int64_t)A.f);
}
static EvalValue run_cast_real(const Code *code, Run *run) {
  return (EvalValue){.f = rounded(code, A.f)};
}

static EvalValue run_select(const Code *code, Run *run) {
  return run_code(A.i ? code->b : code->c, run);
}

static EvalValue run_let(const Code *code, Run *run) {
  run->slot[code->slot] = A;
  return B;
}

static EvalValue run_ramp(const Code *code, Run *run) {
  int64_t base = A.i;
  return wrap_to(code->type, base + run->lane * B.i);
}

static EvalValue run_first(const Code *code, Run *run) { return A; }

static CodeFn cast_code(DType to, DType from) {
  if (is_real(to)) return is_real(from) ? run_cast_real : run_cast_int_to_real;
  return is_real(from) ? run_cast_real_to_int : run_cast_int;
}

/* ---- Calls -------------------------------------------------------------- */

static void evaluate_arg(const Code *code, Run *run, EvalArg *ret_arg) {
  *ret_arg = (EvalArg){.kind = ARG_INT};
  const Expr *expr = code->node;
  const Call *pointer = as_call_of(expr, OP_ACCESS_PTR);
  if (pointer) { /* prepared as (data, offset) */
    ret_arg->kind = ARG_POINTER;
    ret_arg->offset = run_code(code->b, run).i;
    ret_arg->value = run_code(code->a, run);
    return;
  }
  if (expr->kind == STRING) ret_arg->kind = ARG_TEXT;
  if (expr->kind == VAR && AS(Var, expr)->scope) ret_arg->kind = ARG_POINTER;
  if (as_call_of(expr, OP_THREAD_CONTEXT)) {
    ret_arg->kind = ARG_MACHINE;
    return;
  }
  if (is_real(expr->type)) ret_arg->kind = ARG_FLOAT;
  ret_arg->value = run_code(code, run);
}

static EvalValue run_call(const Code *code, Run *run) {
  enum { MOST_ARGS = 16 };
  EvalArg args[MOST_ARGS];
  const Call *call = code->node;
  if (!run->hooks || code->n > MOST_ARGS)
    fail(run->arena, D_NO_MACHINE, "%s needs a machine to run on",
         op_name(call->op));
  for (int i = 0; i < code->n; i++) evaluate_arg(code->list[i], run, &args[i]);
  EvalValue value = {0};
  Diag *diag = &run->arena->trap->diag;
  if (run->hooks->call(run->hooks->self, call, code->n, args, &value, diag))
    longjmp(run->arena->trap->here, 1);
  return value;
}

/* An argument keeps its node, which says what kind of value it is. */
static const Code *prepare_arg(Preparation *prep, const Expr *expr) {
  const Call *pointer = as_call_of(expr, OP_ACCESS_PTR);
  Code *code;
  if (pointer) {
    code = new_code(prep, run_first);
    code->a = prepare_expr(prep, pointer->arg[1]);
    code->b = prepare_expr(prep, pointer->arg[2]);
  } else if (as_call_of(expr, OP_THREAD_CONTEXT)) {
    code = new_code(prep, run_constant);
  } else {
    code = arena_copy(prep->arena, prepare_expr(prep, expr), sizeof *code);
  }
  code->node = expr;
  return code;
}

static void note_named(Preparation *prep, const Expr *arg) {
  const Var *var = as_var(arg);
  if (var && var->scope) ptrmap_set(&prep->named, var, (void *)var);
}

static const Code *prepare_hooked(Preparation *prep, const Call *call) {
  Code *code = new_code(prep, run_call);
  const Code **list = ARENA_ARRAY(prep->arena, const Code *, call->n);
  for (int i = 0; i < call->n; i++) {
    list[i] = prepare_arg(prep, call->arg[i]);
    note_named(prep, call->arg[i]);
  }
  code->list = list;
  code->n = call->n;
  code->node = call;
  return code;
}

static CodeFn plain_call(Op op) {
  switch (op) {
    case OP_LIKELY: return run_first;
    case OP_IF_THEN_ELSE: return run_select;
    case OP_SHIFT_RIGHT: return run_shift_right;
    case OP_SHIFT_LEFT: return run_shift_left;
    case OP_BITWISE_AND: return run_bitwise_and;
    case OP_BITWISE_OR: return run_bitwise_or;
    case OP_BITWISE_XOR: return run_bitwise_xor;
    case OP_BITWISE_NOT: return run_bitwise_not;
    default: return NULL;
  }
}

static const Code *prepare_call(Preparation *prep, const Call *call) {
  CodeFn plain = plain_call(call->op);
  if (!plain) return prepare_hooked(prep, call);
  Code *code = new_code(prep, plain);
  code->type = call->e.type;
  code->a = prepare_expr(prep, call->arg[0]);
  if (call->n > 1) code->b = prepare_expr(prep, call->arg[1]);
  if (call->n > 2) code->c = prepare_expr(prep, call->arg[2]);
  return code;
}

/* ---- Preparation -------------------------------------------------------- */

Code *new_code(Preparation *prep, CodeFn run) {
  Code *code = ARENA_NEW(prep->arena, Code);
  code->run = run;
  return code;
}

static const Code *prepare_constant(Preparation *prep, EvalValue value) {
  Code *code = new_code(prep, run_constant);
  code->constant = value;
  return code;
}

static const Code *prepare_real(Preparation *prep, const FloatImm *imm) {
  double value = imm->e.type.bits == 32 ? (float)imm->value : imm->value;
  return prepare_constant(prep, (EvalValue){.f = value});
}

static const Code *prepare_binary(Preparation *prep, const Binary *binary) {
  ExprKind kind = binary->e.kind;
  bool real = is_real(binary->a->type);
  Code *code =
      new_code(prep, real ? binary_code[kind].real : binary_code[kind].integer);
  code->type = binary->e.type;
  code->a = prepare_expr(prep, binary->a);
  code->b = prepare_expr(prep, binary->b);
  return code;
}

static const Code *prepare_unary(Preparation *prep, CodeFn run, DType type,
                                 const Expr *a) {
  Code *code = new_code(prep, run);
  code->type = type;
  code->a = prepare_expr(prep, a);
  return code;
}

static const Code *prepare_select(Preparation *prep, const Select *select) {
  Code *code = new_code(prep, run_select);
  code->a = prepare_expr(prep, select->condition);
  code->b = prepare_expr(prep, select->if_true);
  code->c = prepare_expr(prep, select->if_false);
  return code;
}

static const Code *prepare_let(Preparation *prep, const Let *let) {
  Code *code = new_code(prep, run_let);
  code->a = prepare_expr(prep, let->value);
  code->slot = slot_of(prep, let->var);
  code->b = prepare_expr(prep, let->body);
  return code;
}

static const Code *prepare_ramp(Preparation *prep, const Ramp *ramp) {
  Code *code = new_code(prep, run_ramp);
  code->type = ramp->base->type;
  code->a = prepare_expr(prep, ramp->base);
  code->b = prepare_expr(prep, ramp->stride);
  return code;
}

static const Code *prepare_var(Preparation *prep, const Var *var) {
  Code *code = new_code(prep, run_var);
  code->slot = slot_of(prep, var);
  return code;
}

static const Code *prepare_load(Preparation *prep, const Load *load) {
  Code *code = new_code(prep, load_element);
  prepare_access(prep, code, load->buffer, load->n, load->index);
  return code;
}

const Code *prepare_expr(Preparation *prep, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return prepare_var(prep, AS(Var, expr));
    case INT: return prepare_constant(prep, int_value(AS(IntImm, expr)->value));
    case FLOAT: return prepare_real(prep, AS(FloatImm, expr));
    case STRING:
      return prepare_constant(prep,
                              (EvalValue){.text = AS(StringImm, expr)->value});
    case CAST:
      return prepare_unary(prep,
                           cast_code(expr->type, AS(Unary, expr)->a->type),
                           expr->type, AS(Unary, expr)->a);
    case NOT:
      return prepare_unary(prep, run_not, expr->type, AS(Unary, expr)->a);
    CASE_BINARY:
      return prepare_binary(prep, AS(Binary, expr));
    case SELECT: return prepare_select(prep, AS(Select, expr));
    case CALL: return prepare_call(prep, AS(Call, expr));
    case LOAD: return prepare_load(prep, AS(Load, expr));
    case LET: return prepare_let(prep, AS(Let, expr));
    case RAMP: return prepare_ramp(prep, AS(Ramp, expr));
    case BROADCAST:
      return prepare_unary(prep, run_first, expr->type,
                           AS(Broadcast, expr)->value);
    case REDUCE:
    case EXPR_KINDS: break;
  }
  BUG("a %s cannot be evaluated", expr_kind_name(expr->kind));
}

const Code *const *prepare_exprs(Preparation *prep, int n,
                                 const Expr *const *at) {
  const Code **list = ARENA_ARRAY(prep->arena, const Code *, n);
  for (int i = 0; i < n; i++) list[i] = prepare_expr(prep, at[i]);
  return list;
}
