/* SPDX-License-Identifier: Apache-2.0 */
/* InjectALUIntrin: turns ALU loops into micro-op pushes.
 *
 * Under the pragma stands a perfect nest of loops around one store
 *   dst[D] = op(dst[D], immediate)   or   dst[D] = op(dst[D], src[S])
 * in accumulator memory.  The unit works on whole tiles and in place: the
 * innermost loops run over one tile, D and S are linear in the others.  Each
 * of those steps by whole tiles; loops that continue each other are taken as
 * one, the outermost two become loops of the instruction and any others stay
 * loops around the micro-op.
 *
 * Source of the rules: the VTA back end of TVM 0.9, which leaves unchecked
 * what would compute something else: sizes of tiles, ranges of immediates,
 * operands that are not the destination.  Cost: linear in the loops. */
#include <stdarg.h>
#include <stdio.h>

#include "arith/arith.h"
#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/print.h"
#include "ir/traverse.h"
#include "vta/calls.h"

enum {
  IMM_MIN = -32768, /* immediates have 16 bits */
  IMM_MAX = 32767,
  UOP_LOOPS = 2 /* of one instruction */
};

/* A loop over whole tiles; dst and src step by so many tiles. */
typedef struct TileLoop {
  const Var *var;
  const Expr *extent, *dst, *src;
} TileLoop;
typedef VEC(TileLoop) TileLoops;

typedef struct Alu {
  const VtaEnv *env;
  Arena *arena;
  Analyzer *analyzer;
  const char *name; /* what messages call it */
  int n;            /* loops, outermost first */
  const For **loop;
  const Var **var;
  const Store *store;
  /* what it does: dst = opcode(a, b) */
  HwAlu opcode;
  const Expr *a, *b;
  bool commutes;
  /* and in terms of the unit */
  const IntImm *imm;       /* or NULL */
  const Expr **dst, **src; /* n coefficients and the offset, in elements */
} Alu;

noreturn static void refuse(const Alu *alu, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

noreturn static void refuse(const Alu *alu, const char *format, ...) {
  char text[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail(alu->arena, D_ALU_OP, "alu stage '%s': %s", alu->name, text);
}

static const char *text_of(const Alu *alu, const Expr *expr) {
  return expr_text(alu->arena, expr);
}

/* ---- What is to be done ------------------------------------------------- */

static void match_loops(Alu *alu, const Stmt *stmt) {
  for (const Stmt *s = stmt; as_for(s); s = AS(For, s)->body) alu->n++;
  alu->loop = ARENA_ARRAY(alu->arena, const For *, alu->n);
  alu->var = ARENA_ARRAY(alu->arena, const Var *, alu->n);
  for (int i = 0; i < alu->n; i++) {
    const For *loop = AS(For, stmt);
    if (!is_const(loop->min, 0))
      refuse(alu, "loop '%s' starts at %s instead of 0", loop->var->hint,
             text_of(alu, loop->min));
    alu->loop[i] = loop;
    alu->var[i] = loop->var;
    stmt = loop->body;
  }
  alu->store = as_store(stmt);
  if (!alu->store)
    refuse(alu, "its loops hold no plain store, but this: %s",
           stmt_kind_name(stmt->kind));
  alu->name = alu->store->buffer->name;
  if (alu->store->n != 1) refuse(alu, "'%s' is not flat memory", alu->name);
}

static void set_op(Alu *alu, HwAlu opcode, const Expr *a, const Expr *b) {
  alu->opcode = opcode;
  alu->commutes = opcode != HW_ALU_SHR;
  alu->a = a;
  alu->b = b;
}

/* a - b goes where b is a constant, as a + -b. */
static void match_sub(Alu *alu, const Binary *sub) {
  if (!as_int(sub->b))
    refuse(alu, "the unit cannot subtract %s, only a constant",
           text_of(alu, sub->b));
  set_op(alu, HW_ALU_ADD, sub->a, ex_neg(alu->arena, sub->b));
}

static void match_call(Alu *alu, const Call *call) {
  if (call->op == OP_SHIFT_RIGHT)
    set_op(alu, HW_ALU_SHR, call->arg[0], call->arg[1]);
  else if (call->op == OP_SHIFT_LEFT)
    set_op(alu, HW_ALU_SHR, call->arg[0],
           simplify(alu->analyzer, ex_neg(alu->arena, call->arg[1])));
  else
    refuse(alu, "the unit has no %s", op_name(call->op));
}

static void match_value(Alu *alu, const Expr *value) {
  const Binary *binary = AS(Binary, value);
  switch ((ExprKind)value->kind) {
    case ADD: set_op(alu, HW_ALU_ADD, binary->a, binary->b); break;
    case SUB: match_sub(alu, binary); break;
    case MUL: set_op(alu, HW_ALU_MUL, binary->a, binary->b); break;
    case MIN: set_op(alu, HW_ALU_MIN, binary->a, binary->b); break;
    case MAX: set_op(alu, HW_ALU_MAX, binary->a, binary->b); break;
    case CALL: match_call(alu, AS(Call, value)); break;
    case LOAD:
      set_op(alu, HW_ALU_SHR, value, make_const(alu->arena, value->type, 0));
      break;
    default:
      refuse(alu, "the unit has no %s: %s", expr_kind_name(value->kind),
             text_of(alu, value));
  }
}

/* ---- Operands ----------------------------------------------------------- */

/* The coefficients of an index in the loops, in elements. */
static const Expr **linear_index(const Alu *alu, const Expr *index) {
  const Expr **coeff = ARENA_ARRAY(alu->arena, const Expr *, alu->n + 1);
  if (!detect_linear(alu->arena, index, alu->n, alu->var, coeff))
    refuse(alu, "index %s is not linear in the loops", text_of(alu, index));
  return coeff;
}

static const Expr **operand_index(const Alu *alu, const Expr *expr) {
  const Load *load = as_load(expr);
  if (!load || load->n != 1)
    refuse(alu, "operand %s is no element of a buffer and no constant",
           text_of(alu, expr));
  if (load->buffer->data != alu->store->buffer->data)
    refuse(alu, "operand '%s' lies in other memory than '%s'",
           load->buffer->name, alu->name);
  return linear_index(alu, load->index[0]);
}

static bool same_place(const Alu *alu, const Expr *const *index) {
  for (int i = 0; i <= alu->n; i++)
    if (!expr_equal(index[i], alu->dst[i]) &&
        !can_prove_equal(alu->analyzer, index[i], alu->dst[i]))
      return false;
  return true;
}

static void match_immediate(Alu *alu, const Expr *operand, const IntImm *imm) {
  alu->imm = imm;
  alu->src = operand_index(alu, operand);
  if (imm->value < IMM_MIN || imm->value > IMM_MAX)
    refuse(alu, "constant %lld is outside the range of immediates, %d to %d",
           (long long)imm->value, IMM_MIN, IMM_MAX);
  if (!same_place(alu, alu->src))
    refuse(alu,
           "%s is not where the result is put; with a constant, the unit "
           "works in place only",
           text_of(alu, operand));
}

/* Both operands are in memory, and one of them is the result's place. */
static void match_tensors(Alu *alu) {
  const Expr **a = operand_index(alu, alu->a);
  const Expr **b = operand_index(alu, alu->b);
  if (same_place(alu, a))
    alu->src = b;
  else if (alu->commutes && same_place(alu, b))
    alu->src = a;
  else
    refuse(alu, "neither %s nor %s is where the result is put",
           text_of(alu, alu->a), text_of(alu, alu->b));
}

static void match_operands(Alu *alu) {
  const IntImm *a = as_int(alu->a), *b = as_int(alu->b);
  alu->dst = linear_index(alu, alu->store->index[0]);
  if (b)
    match_immediate(alu, alu->a, b);
  else if (a && alu->commutes)
    match_immediate(alu, alu->b, a);
  else
    match_tensors(alu);
}

/* ---- From elements to tiles --------------------------------------------- */

/* Loop number `i` has to run over `size` parts of a tile, `step` apart. */
static void check_tile_loop(const Alu *alu, int i, int size, int step) {
  if (i < 0 || !is_const(alu->loop[i]->extent, size) ||
      !is_const(alu->dst[i], step) || !is_const(alu->src[i], step))
    refuse(alu,
           "its innermost loops do not run over one tile of %d x %d elements",
           alu->env->hw.batch, alu->env->hw.block_out);
}

/* How many loops run over tiles; those inside them run over one tile. */
static int outer_loops(const Alu *alu) {
  const HwConfig *hw = &alu->env->hw;
  int n = alu->n;
  if (hw->block_out > 1) check_tile_loop(alu, --n, hw->block_out, 1);
  if (hw->batch > 1) check_tile_loop(alu, --n, hw->batch, hw->block_out);
  return n;
}

static const Expr *in_tiles(const Alu *alu, const Expr *elements) {
  const Expr *lanes =
      make_const(alu->arena, elements->type, vta_acc_lanes(alu->env));
  const Expr *rest = ex_floormod(alu->arena, elements, lanes);
  if (!is_const(simplify(alu->analyzer, rest), 0))
    refuse(alu, "it steps by %s elements, which are no whole tiles of %d",
           text_of(alu, elements), vta_acc_lanes(alu->env));
  return simplify(alu->analyzer, ex_floordiv(alu->arena, elements, lanes));
}

static TileLoop tile_loop(const Alu *alu, int i) {
  return (TileLoop){.var = alu->var[i],
                    .extent = alu->loop[i]->extent,
                    .dst = in_tiles(alu, alu->dst[i]),
                    .src = in_tiles(alu, alu->src[i])};
}

/* Does `outer` go on where `inner` ends? */
static bool continues(const Alu *alu, const TileLoop *outer,
                      const TileLoop *inner) {
  return can_prove_equal(alu->analyzer, outer->src,
                         ex_mul(alu->arena, inner->src, inner->extent)) &&
         can_prove_equal(alu->analyzer, outer->dst,
                         ex_mul(alu->arena, inner->dst, inner->extent));
}

/* The n outer loops with those that continue each other taken as one,
 * innermost first. */
static TileLoops flatten_loops(const Alu *alu, int n) {
  TileLoops loops = {0};
  for (int i = n - 1; i >= 0; i--) {
    TileLoop outer = tile_loop(alu, i);
    TileLoop *inner = loops.n ? &loops.at[loops.n - 1] : NULL;
    if (inner && continues(alu, &outer, inner))
      inner->extent = simplify(alu->analyzer,
                               ex_mul(alu->arena, inner->extent, outer.extent));
    else
      vec_push(alu->arena, &loops, outer);
  }
  return loops;
}

/* ---- The micro-op ------------------------------------------------------- */

static const Expr *add_step(const Alu *alu, const Expr *offset, const Var *var,
                            const Expr *step) {
  return ex_add(alu->arena, offset, ex_mul(alu->arena, &var->e, step));
}

static const Stmt *make_kernel(const Alu *alu, const TileLoops *loops) {
  Arena *arena = alu->arena;
  const Expr *zero = make_i32(arena, 0);
  int kept = loops->n > UOP_LOOPS ? loops->n - UOP_LOOPS : 0;
  UopPush push = {.mode = 1,
                  .dst = in_tiles(alu, alu->dst[alu->n]),
                  .src = in_tiles(alu, alu->src[alu->n]),
                  .wgt = zero,
                  .opcode = alu->opcode,
                  .use_imm = alu->imm != NULL,
                  .imm = alu->imm ? &alu->imm->e : zero};
  for (int i = kept - 1; i >= 0; i--) {
    const TileLoop *loop = &loops->at[i];
    push.dst = add_step(alu, push.dst, loop->var, loop->dst);
    push.src = add_step(alu, push.src, loop->var, loop->src);
  }
  const Stmt *stmt = uop_push(arena, &push);
  for (int i = 0; i < kept; i++)
    stmt = make_for(arena, FOR_SERIAL, loops->at[i].var, zero,
                    loops->at[i].extent, stmt);
  VEC(const Stmt *) kernel = {0};
  for (int i = loops->n - 1; i >= kept; i--) {
    const TileLoop *loop = &loops->at[i];
    UopLoop uop_loop = {loop->extent, loop->dst, loop->src, zero};
    vec_push(arena, &kernel, uop_loop_begin(arena, &uop_loop));
  }
  vec_push(arena, &kernel, stmt);
  for (int i = kept; i < loops->n; i++)
    vec_push(arena, &kernel, uop_loop_end(arena));
  return flatten(arena, kernel.n, kernel.at);
}

/* ---- The pass ----------------------------------------------------------- */

typedef struct Injector {
  Rewriter rw;
  const VtaEnv *env;
  Analyzer *analyzer;
} Injector;

static const Stmt *inject_attr(Rewriter *rw, const Stmt *stmt) {
  Injector *injector = (Injector *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (!attr_is_pragma(attr, "alu")) return rewrite_stmt_children(rw, stmt);
  const IterVar *axis = attr->node.on == ON_ITER ? attr->node.first : NULL;
  Alu alu = {.env = injector->env,
             .arena = rw->arena,
             .analyzer = injector->analyzer,
             .name = axis ? axis->var->hint : "?"};
  match_loops(&alu, attr->body);
  match_value(&alu, alu.store->value);
  match_operands(&alu);
  TileLoops loops = flatten_loops(&alu, outer_loops(&alu));
  return make_kernel(&alu, &loops);
}

const Func *pass_inject_alu(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = inject_attr};
  Injector injector = {{context->arena, NULL, stmts},
                       vta_env(context),
                       analyzer_new(context->arena)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&injector.rw, func->body));
}
