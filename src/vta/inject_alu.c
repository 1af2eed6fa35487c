/* SPDX-License-Identifier: Apache-2.0 */
/* InjectALUIntrin: turns ALU loops into micro-op pushes.
 *
 * Under the pragma stands a perfect nest of loops around one store
 *   dst[D] = value
 * in accumulator memory.  The value becomes steps that work in place
 * (alu_steps.c), each of which is one kernel over the same loops.  The unit
 * works on whole tiles: the innermost loops run over one tile, D and the
 * source's index are linear in the others.  Each of those steps by whole
 * tiles; loops that continue each other are taken as one, the outermost two
 * become loops of the instruction and any others stay loops around the
 * micro-op.
 *
 * A kernel that is all there is in its micro-op scope keeps it.  Where a
 * stage takes several, or a reset, which is the matrix unit's, or stands inside
 * loops of the scope, each kernel gets a scope of its own: all micro-ops of one
 * scope share operation and loops.
 *
 * Source of the rules: the VTA back end of TVM 0.9, which leaves unchecked
 * what would compute something else: sizes of tiles, ranges of immediates,
 * operands that are not the destination.  Cost: linear in the loops, times
 * the steps. */
#include <string.h>

#include "arith/arith.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "ir/traverse.h"
#include "vta/alu_steps.h"
#include "vta/calls.h"

enum { UOP_LOOPS = 2 }; /* of one instruction */

/* A loop over whole tiles; dst and src step by so many tiles. */
typedef struct TileLoop {
  const Var *var;
  const Expr *extent, *dst, *src;
} TileLoop;
typedef VEC(TileLoop) TileLoops;

/* A stage: its loops, outermost first, and its store.  Indices are n
 * coefficients and the offset, in elements. */
typedef struct Alu {
  const VtaEnv *env;
  Arena *arena;
  Analyzer *analyzer;
  const char *stage; /* its name; NULL where that is not known */
  const char *name;  /* what messages call it */
  int n;
  const For **loop;
  const Var **var;
  const Store *store;
  const Expr **dst;
} Alu;

#define REFUSE(alu, ...) alu_refuse((alu)->arena, (alu)->name, __VA_ARGS__)

static const char *text_of(const Alu *alu, const Expr *expr) {
  return brief_text(alu->arena, expr);
}

/* ---- The stage ---------------------------------------------------------- */

/* The coefficients of an index in the loops. */
static const Expr **linear_index(const Alu *alu, const Expr *index) {
  const Expr **coeff = ARENA_ARRAY(alu->arena, const Expr *, alu->n + 1);
  if (!detect_linear(alu->arena, index, alu->n, alu->var, coeff))
    REFUSE(alu, "index %s is not linear in the loops", text_of(alu, index));
  return coeff;
}

/* Does the loop step inside of a tile? */
static bool is_lane_loop(const Alu *alu, int i) {
  const IntImm *step = as_int(alu->dst[i]);
  int64_t size = step ? step->value : 0;
  return size > 0 && size < vta_acc_lanes(alu->env);
}

static void swap_loops(Alu *alu, int i, int k) {
  const For *loop = alu->loop[i];
  const Var *var = alu->var[i];
  const Expr *dst = alu->dst[i];
  alu->loop[i] = alu->loop[k];
  alu->var[i] = alu->var[k];
  alu->dst[i] = alu->dst[k];
  alu->loop[k] = loop;
  alu->var[k] = var;
  alu->dst[k] = dst;
}

/* Is number `i` to stand inside of the loop behind it? */
static bool goes_in(const Alu *alu, int i) {
  if (!is_lane_loop(alu, i) || expr_uses(alu->loop[i + 1]->extent, alu->var[i]))
    return false;
  return !is_lane_loop(alu, i + 1) ||
         AS(IntImm, alu->dst[i])->value < AS(IntImm, alu->dst[i + 1])->value;
}

/* The order of the loops does not matter; those inside of a tile go inwards. */
static void put_lanes_last(Alu *alu) {
  for (int last = alu->n - 1; last > 0; last--)
    for (int i = 0; i < last; i++)
      if (goes_in(alu, i)) swap_loops(alu, i, i + 1);
}

static void match_loops(Alu *alu, const Stmt *stmt) {
  for (const Stmt *s = stmt; as_for(s); s = AS(For, s)->body) alu->n++;
  alu->loop = ARENA_ARRAY(alu->arena, const For *, alu->n);
  alu->var = ARENA_ARRAY(alu->arena, const Var *, alu->n);
  for (int i = 0; i < alu->n; i++) {
    const For *loop = AS(For, stmt);
    if (!is_const(loop->min, 0))
      REFUSE(alu, "loop '%s' starts at %s instead of 0", loop->var->hint,
             text_of(alu, loop->min));
    alu->loop[i] = loop;
    alu->var[i] = loop->var;
    stmt = loop->body;
  }
  alu->store = as_store(stmt);
  if (!alu->store)
    REFUSE(alu, "its loops hold no plain store, but this: %s",
           stmt_kind_name(stmt->kind));
  if (!alu->stage) alu->name = alu->store->buffer->name;
  if (alu->store->n != 1) REFUSE(alu, "'%s' is not flat memory", alu->name);
  const char *scope = alu->store->buffer->data->scope;
  if (!scope || strcmp(scope, VTA_ACC_SCOPE))
    REFUSE(alu, "it lies in %s; the unit works in %s",
           scope ? scope : "a parameter", VTA_ACC_SCOPE);
  alu->dst = linear_index(alu, alu->store->index[0]);
  put_lanes_last(alu);
}

static bool same_place(const Alu *alu, const Expr *const *index) {
  for (int i = 0; i <= alu->n; i++)
    if (!expr_equal(index[i], alu->dst[i]) &&
        !can_prove_equal(alu->analyzer, index[i], alu->dst[i]))
      return false;
  return true;
}

static const Expr **operand_index(const Alu *alu, const Load *load) {
  if (load->n != 1)
    REFUSE(alu, "operand %s is not in flat memory", text_of(alu, &load->e));
  if (load->buffer->data != alu->store->buffer->data)
    REFUSE(alu, "operand '%s' lies in other memory than '%s'",
           load->buffer->name, alu->store->buffer->name);
  return linear_index(alu, load->index[0]);
}

static bool in_place(void *self, const Load *load) {
  const Alu *alu = self;
  return same_place(alu, operand_index(alu, load));
}

/* ---- From elements to tiles --------------------------------------------- */

/* One step on the whole stage: src is NULL where there is none. */
typedef struct Kernel {
  const Alu *alu;
  const AluStep *step;
  const Expr **src;
  TileLoops loops; /* innermost first */
} Kernel;

static bool steps_by(const Expr *const *index, int i, int step) {
  return !index || is_const(index[i], step);
}

/* Loop number `i` has to run over `size` parts of a tile, `step` apart. */
static void check_tile_loop(const Kernel *kernel, int i, int size, int step) {
  const Alu *alu = kernel->alu;
  if (i < 0 || !is_const(alu->loop[i]->extent, size) ||
      !steps_by(alu->dst, i, step) || !steps_by(kernel->src, i, step))
    REFUSE(alu,
           "its innermost loops do not run over one tile of %d x %d elements",
           alu->env->hw.batch, alu->env->hw.block_out);
}

/* How many loops run over tiles; those inside them run over one tile. */
static int outer_loops(const Kernel *kernel) {
  const HwConfig *hw = &kernel->alu->env->hw;
  int n = kernel->alu->n;
  if (hw->block_out > 1) check_tile_loop(kernel, --n, hw->block_out, 1);
  if (hw->batch > 1) check_tile_loop(kernel, --n, hw->batch, hw->block_out);
  return n;
}

static const Expr *in_tiles(const Alu *alu, const Expr *elements) {
  const Expr *lanes =
      make_const(alu->arena, elements->type, vta_acc_lanes(alu->env));
  const Expr *rest = ex_floormod(alu->arena, elements, lanes);
  if (!is_const(simplify(alu->analyzer, rest), 0))
    REFUSE(alu, "it steps by %s elements, which are no whole tiles of %d",
           text_of(alu, elements), vta_acc_lanes(alu->env));
  return simplify(alu->analyzer, ex_floordiv(alu->arena, elements, lanes));
}

/* Number `i` of the source's coefficients; 0 where there is no source. */
static const Expr *source_in_tiles(const Kernel *kernel, int i) {
  if (!kernel->src) return make_i32(kernel->alu->arena, 0);
  return in_tiles(kernel->alu, kernel->src[i]);
}

static TileLoop tile_loop(const Kernel *kernel, int i) {
  const Alu *alu = kernel->alu;
  return (TileLoop){.var = alu->var[i],
                    .extent = alu->loop[i]->extent,
                    .dst = in_tiles(alu, alu->dst[i]),
                    .src = source_in_tiles(kernel, i)};
}

/* Does `outer` go on where `inner` ends? */
static bool continues(const Alu *alu, const TileLoop *outer,
                      const TileLoop *inner) {
  return can_prove_equal(alu->analyzer, outer->src,
                         ex_mul(alu->arena, inner->src, inner->extent)) &&
         can_prove_equal(alu->analyzer, outer->dst,
                         ex_mul(alu->arena, inner->dst, inner->extent));
}

/* Does the number of steps of any of these loops depend on the variable? */
static bool bounds_any(const TileLoops *loops, int n, const Var *var) {
  for (int i = 0; i < n; i++)
    if (expr_uses(loops->at[i].extent, var)) return true;
  return false;
}

/* The outer loops, with those that continue each other taken as one. */
static void flatten_loops(Kernel *kernel) {
  const Alu *alu = kernel->alu;
  TileLoops *loops = &kernel->loops;
  for (int i = outer_loops(kernel) - 1; i >= 0; i--) {
    TileLoop outer = tile_loop(kernel, i);
    TileLoop *inner = loops->n ? &loops->at[loops->n - 1] : NULL;
    bool counts = bounds_any(loops, loops->n, outer.var) ||
                  (inner && bounds_any(loops, loops->n, inner->var));
    if (inner && !counts && continues(alu, &outer, inner))
      inner->extent = simplify(alu->analyzer,
                               ex_mul(alu->arena, inner->extent, outer.extent));
    else
      vec_push(alu->arena, loops, outer);
  }
}

static bool steps_back(const TileLoop *loop) {
  const IntImm *dst = as_int(loop->dst), *src = as_int(loop->src);
  return (dst && dst->value < 0) || (src && src->value < 0);
}

/* Instructions step forwards only, so loops that step back go inside of the
 * others.  The order of the steps does not matter: each has its own element,
 * or reduces into one. */
static void move_back_steps(Kernel *kernel) {
  TileLoops *loops = &kernel->loops;
  for (int i = 1; i < loops->n; i++)
    for (int k = i;
         k > 0 && steps_back(&loops->at[k]) && !steps_back(&loops->at[k - 1]) &&
         !expr_uses(loops->at[k - 1].extent, loops->at[k].var);
         k--) {
      TileLoop back = loops->at[k];
      loops->at[k] = loops->at[k - 1];
      loops->at[k - 1] = back;
    }
}

/* How many loops stay around the micro-op: those that step back or that say how
 * long another one is, and what is inside of them. */
static int kept_loops(const TileLoops *loops) {
  int kept = loops->n > UOP_LOOPS ? loops->n - UOP_LOOPS : 0;
  for (int i = kept; i < loops->n; i++)
    if (steps_back(&loops->at[i]) || bounds_any(loops, i, loops->at[i].var))
      kept = i + 1;
  return kept;
}

/* ---- The micro-op ------------------------------------------------------- */

static UopPush first_push(const Kernel *kernel) {
  const Alu *alu = kernel->alu;
  const AluStep *step = kernel->step;
  const Expr *zero = make_i32(alu->arena, 0);
  UopPush push = {.dst = in_tiles(alu, alu->dst[alu->n]),
                  .src = source_in_tiles(kernel, alu->n),
                  .wgt = zero,
                  .imm = zero};
  if (step->kind == ALU_RESET) {
    push.reset = 1;
    return push;
  }
  push.mode = 1;
  push.opcode = step->opcode;
  push.use_imm = step->kind == ALU_WITH_IMM;
  if (push.use_imm)
    push.imm = make_const(alu->arena, alu->env->acc_type, step->imm);
  return push;
}

static const Expr *add_step(const Alu *alu, const Expr *offset, const Var *var,
                            const Expr *step) {
  return ex_add(alu->arena, offset, ex_mul(alu->arena, &var->e, step));
}

static const Stmt *push_micro_op(const Kernel *kernel, int kept) {
  const Alu *alu = kernel->alu;
  UopPush push = first_push(kernel);
  for (int i = kept - 1; i >= 0; i--) {
    const TileLoop *loop = &kernel->loops.at[i];
    push.dst = add_step(alu, push.dst, loop->var, loop->dst);
    push.src = add_step(alu, push.src, loop->var, loop->src);
  }
  const Stmt *stmt = uop_push(alu->arena, &push);
  for (int i = 0; i < kept; i++)
    stmt = make_for(alu->arena, FOR_SERIAL, kernel->loops.at[i].var,
                    make_i32(alu->arena, 0), kernel->loops.at[i].extent, stmt);
  return stmt;
}

static const Stmt *make_kernel(const Kernel *kernel) {
  Arena *arena = kernel->alu->arena;
  const TileLoops *loops = &kernel->loops;
  int kept = kept_loops(loops);
  VEC(const Stmt *) stmts = {0};
  for (int i = loops->n - 1; i >= kept; i--) {
    const TileLoop *loop = &loops->at[i];
    UopLoop uop_loop = {loop->extent, loop->dst, loop->src, make_i32(arena, 0)};
    vec_push(arena, &stmts, uop_loop_begin(arena, &uop_loop));
  }
  vec_push(arena, &stmts, push_micro_op(kernel, kept));
  for (int i = kept; i < loops->n; i++)
    vec_push(arena, &stmts, uop_loop_end(arena));
  return flatten(arena, stmts.n, stmts.at);
}

static const Stmt *kernel_of(const Alu *alu, const AluStep *step) {
  Kernel kernel = {.alu = alu, .step = step};
  if (step->kind == ALU_WITH_IMM) kernel.src = alu->dst;
  if (step->kind == ALU_WITH_SRC) kernel.src = operand_index(alu, step->src);
  flatten_loops(&kernel);
  move_back_steps(&kernel);
  return make_kernel(&kernel);
}

/* ---- The pass ----------------------------------------------------------- */

typedef struct Injector {
  Rewriter rw;
  const VtaEnv *env;
  Analyzer *analyzer;
  const Stmt *body; /* of the micro-op scope around; NULL outside */
  bool scoped;      /* kernels in it have got scopes of their own */
  bool copied;      /* loops stand in several kernels */
} Injector;

/* All kernels of a stage, each in its own scope. */
static const Stmt *scoped_kernels(Injector *injector, const Alu *alu,
                                  const AluSteps *steps) {
  Arena *arena = alu->arena;
  const Stmt **kernel = ARENA_ARRAY(arena, const Stmt *, steps->n);
  for (int i = 0; i < steps->n; i++) {
    bool reset = steps->at[i].kind == ALU_RESET;
    const Expr *push =
        reset ? alu->env->push_gemm : make_string(arena, VTA_PUSH_ALU);
    kernel[i] = uop_scope(alu->env, arena, push, kernel_of(alu, &steps->at[i]));
  }
  injector->scoped = true;
  injector->copied |= steps->n > 1;
  return flatten(arena, steps->n, kernel);
}

static const Stmt *inject_stage(Injector *injector, const Attr *attr) {
  const IterVar *axis = attr->node.on == ON_ITER ? attr->node.first : NULL;
  Alu alu = {.env = injector->env,
             .arena = injector->rw.arena,
             .analyzer = injector->analyzer,
             .stage = attr->stage};
  alu.name = alu.stage ? alu.stage : axis ? axis->var->hint : "?";
  match_loops(&alu, attr->body);
  const AluStage stage = {.arena = alu.arena,
                          .analyzer = alu.analyzer,
                          .name = alu.name,
                          .store = alu.store,
                          .type = alu.env->acc_type,
                          .place = {in_place, &alu}};
  AluSteps steps = alu_steps(&stage);
  bool alone = !injector->body || injector->body == &attr->s;
  bool single = steps.n == 1 && alone && steps.at[0].kind != ALU_RESET;
  const Stmt *stmt = single ? kernel_of(&alu, &steps.at[0])
                            : scoped_kernels(injector, &alu, &steps);
  return note_stage(alu.arena, stmt, attr->stage);
}

static bool is_alu_scope(const Attr *attr) {
  return attr_has_key(attr, "coproc_uop_scope") &&
         expr_is_string(attr->value, VTA_PUSH_ALU);
}

/* Takes the scope off where the kernels inside have their own. */
static const Stmt *inject_scope(Injector *injector, const Attr *attr) {
  injector->scoped = false;
  injector->body = attr->body;
  const Stmt *body = rewrite_stmt(&injector->rw, attr->body);
  injector->body = NULL;
  if (injector->scoped) return body;
  return with_body(injector->rw.arena, &attr->s, body);
}

static const Stmt *inject_attr(Rewriter *rw, const Stmt *stmt) {
  Injector *injector = (Injector *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (is_alu_scope(attr)) return inject_scope(injector, attr);
  if (attr_is_pragma(attr, "alu")) {
    if (!does_nothing(attr->body)) return inject_stage(injector, attr);
    injector->scoped = true;
    return attr->body;
  }
  return rewrite_stmt_children(rw, stmt);
}

const Func *pass_inject_alu(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = inject_attr};
  Injector injector = {.rw = REWRITER(context->arena, NULL, stmts),
                       .env = vta_env(context),
                       .analyzer = analyzer_new(context->arena)};
  const Stmt *body = rewrite_stmt(&injector.rw, func->body);
  if (injector.copied) body = convert_ssa(context->arena, body);
  return func_with_body(context->arena, func, body);
}
