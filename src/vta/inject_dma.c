/* SPDX-License-Identifier: Apache-2.0 */
/* InjectDMAIntrin: turns copies marked dma_copy into 2D strided transfers.
 *
 * Under the pragma stands a perfect nest of loops around one store of one
 * load, perhaps cast, perhaps guarded by bounds that make the rest zeros.
 * Both indices are linear in the loops; so each side is a strided box, and
 * the guard says how much of the box is padding (dma_padding.c).  The side in
 * DRAM has to be a set of rows of blocks (dma_pattern.c), the side on the chip
 * compact.
 *
 * A box with more dimensions than a transfer has is moved by several: the
 * outer loops remain, as few as possible, around a smaller transfer.  (The
 * reference refuses those; whatever it takes comes out the same.)
 *
 * Source of the rules: the VTA back end of TVM 0.9.  Cost: linear in the
 * loops, times the loops that remain. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arith/arith.h"
#include "base/strbuf.h"
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "ir/traverse.h"
#include "te/te.h"
#include "vta/calls.h"
#include "vta/dma.h"

/* ---- What the machine does with it -------------------------------------- */

/* A direction that the machine has. */
typedef struct Route {
  bool store; /* to DRAM */
  int64_t block;
  HwMemory memory;
  HwStage stage;
} Route;

static Route load_route(const Copy *copy, const char *scope) {
  const VtaEnv *env = copy->env;
  DType from = copy->load->buffer->type, natural = env->acc_type;
  Route route = {.block = vta_acc_lanes(env),
                 .memory = HW_MEM_ACC,
                 .stage = HW_STAGE_COMPUTE};
  if (!strcmp(scope, VTA_INP_SCOPE)) {
    route = (Route){false, vta_inp_lanes(env), HW_MEM_INP, HW_STAGE_LOAD};
    natural = env->inp_type;
  } else if (!strcmp(scope, VTA_WGT_SCOPE)) {
    route = (Route){false, vta_wgt_lanes(env), HW_MEM_WGT, HW_STAGE_LOAD};
    natural = env->wgt_type;
  } else if (strcmp(scope, VTA_ACC_SCOPE) != 0) {
    dma_refuse(
        copy,
        "give the stage one of the memories on the chip by vtac_set_scope",
        "nothing can be loaded from DRAM into scope '%s'", scope);
  }
  if (dtype_eq(from, natural)) return route;
  if (route.memory != HW_MEM_ACC || !dtype_eq(from, env->inp_type))
    dma_refuse(copy,
               "load into the memory of that type, or convert on the host",
               "%s holds %s, but '%s' is of type %s", scope,
               dtype_name(copy->arena, natural), copy->load->buffer->name,
               dtype_name(copy->arena, from));
  route.memory = HW_MEM_ACC_8BIT;
  return route;
}

static Route store_route(const Copy *copy, const char *scope) {
  const VtaEnv *env = copy->env;
  DType to = copy->store->buffer->type;
  if (strcmp(scope, VTA_ACC_SCOPE) != 0)
    dma_refuse(copy, "give the stage that is stored the scope local.acc_buffer",
               "only %s can be stored to DRAM, not scope '%s' of '%s'",
               VTA_ACC_SCOPE, scope, copy->load->buffer->name);
  if (copy->condition)
    dma_refuse(copy,
               "pad when the tensor is loaded again, or store the part alone",
               "a store to DRAM cannot pad, but is under condition %s",
               brief_text(copy->arena, copy->condition));
  if (!dtype_eq(to, env->out_type))
    dma_refuse(copy, "cast to that type in the stage that is stored",
               "the machine stores %s, but '%s' is of type %s",
               dtype_name(copy->arena, env->out_type),
               copy->store->buffer->name, dtype_name(copy->arena, to));
  return (Route){true, vta_acc_lanes(env), HW_MEM_OUT, HW_STAGE_STORE};
}

static Route find_route(const Copy *copy) {
  const char *from = buffer_scope(copy->load->buffer);
  const char *to = buffer_scope(copy->store->buffer);
  if (!strcmp(to, "global")) return store_route(copy, from);
  if (!strcmp(from, "global")) return load_route(copy, to);
  dma_refuse(copy, "one of the two has to be in global",
             "there is no transfer from scope '%s' of '%s' to scope '%s'", from,
             copy->load->buffer->name, to);
}

/* ---- Fitting it into one instruction ------------------------------------ */

static bool is_compact(const Copy *copy, const Region *region) {
  const Expr *size = make_i32(copy->arena, 1);
  for (int i = region->n - 1; i >= 0; i--) {
    const Expr *gap = ex_sub(copy->arena, size, region->stride[i]);
    if (!dma_is_provably(copy->analyzer, gap, 0)) return false;
    size = ex_mul(copy->arena, size, region->shape[i]);
  }
  return true;
}

static const Expr *sram_pointer(const Copy *copy, const Region *region) {
  Buffer *view = copy_buffer(copy->arena, region->buffer);
  view->n = region->n;
  view->shape = region->shape;
  view->stride = region->stride;
  view->elem_offset = region->offset;
  return te_access_ptr(copy->arena, view, ACCESS_READ, INT32, NULL);
}

/* A padded region is taken as it is, if that goes. */
static const char *match_dram(const Copy *copy, const Region *dram,
                              int64_t block, Transfer *ret) {
  const char *why =
      dma_pattern(copy->analyzer, dram, block, !copy->condition, &ret->dram);
  if (!copy->condition) return why;
  if (!why) why = dma_place_padding(copy, ret);
  return why && dma_padded_rows(copy, dram, block, ret) ? NULL : why;
}

/* Fits the copy into one instruction inside its outer loops.  NULL, or why
 * that does not go. */
static const char *fit_transfer(Copy *copy, const Route *route, Transfer *ret) {
  const char *why = dma_match_regions(copy);
  if (!why && copy->condition) why = dma_match_padding(copy);
  if (!why && copy->condition) why = dma_padding_in_block(copy, route->block);
  if (why) return why;
  const Region src = dma_source_region(copy);
  const Region dst = dma_inner_region(copy, &copy->dst);
  const Region *dram = route->store ? &dst : &src;
  const Region *sram = route->store ? &src : &dst;
  const Expr *zero = make_i32(copy->arena, 0);
  *ret = (Transfer){
      .x_before = zero, .x_after = zero, .y_before = zero, .y_after = zero};
  if (!is_compact(copy, sram))
    return arena_printf(
        copy->arena, "'%s' is not filled without gaps: shape %s, strides %s",
        sram->buffer->name, dma_list_text(copy->arena, sram->n, sram->shape),
        dma_list_text(copy->arena, sram->n, sram->stride));
  why = match_dram(copy, dram, route->block, ret);
  if (!why) why = dma_too_large(copy->arena, &ret->dram);
  if (why)
    return arena_printf(copy->arena, "in '%s', %s", dram->buffer->name, why);
  ret->sram = sram_pointer(copy, sram);
  return NULL;
}

/* ---- The call ----------------------------------------------------------- */

static const Expr *load_call(const Copy *copy, const Route *route,
                             const Transfer *t) {
  const Expr *arg[] = {command_handle(copy->arena),
                       &copy->load->buffer->data->e,
                       t->dram.offset,
                       t->dram.x_size,
                       t->dram.y_size,
                       t->dram.x_stride,
                       t->x_before,
                       t->y_before,
                       t->x_after,
                       t->y_after,
                       t->sram,
                       make_i32(copy->arena, route->memory)};
  return make_extern(copy->arena, INT32, "VTALoadBuffer2D",
                     sizeof arg / sizeof *arg, arg);
}

static const Expr *store_call(const Copy *copy, const Route *route,
                              const Transfer *t) {
  const Expr *arg[] = {command_handle(copy->arena),
                       t->sram,
                       make_i32(copy->arena, route->memory),
                       &copy->store->buffer->data->e,
                       t->dram.offset,
                       t->dram.x_size,
                       t->dram.y_size,
                       t->dram.x_stride};
  return make_extern(copy->arena, INT32, "VTAStoreBuffer2D",
                     sizeof arg / sizeof *arg, arg);
}

/* A load that reads nothing: rows of zeros, which an instruction makes in two
 * parts of DMA_MAX_PAD rows at most; more of them are one long row. */
static const Expr *zero_call(const Copy *copy, const Route *route,
                             const Transfer *t) {
  Arena *arena = copy->arena;
  const Expr *most = make_i32(arena, DMA_MAX_PAD), *zero = make_i32(arena, 0);
  const Expr *rows =
      ex_add(arena, ex_add(arena, t->y_before, t->dram.y_size), t->y_after);
  Transfer zeros = *t;
  zeros.dram.x_size =
      ex_add(arena, ex_add(arena, t->x_before, t->dram.x_size), t->x_after);
  zeros.dram.y_size = zeros.dram.offset = zero;
  zeros.x_before = zeros.x_after = zero;
  if (const_bound(copy->facts, rows).hi > 2 * DMA_MAX_PAD) {
    zeros.dram.x_size = ex_mul(arena, rows, zeros.dram.x_size);
    rows = make_i32(arena, 1);
  }
  zeros.y_before = ex_min(arena, rows, most);
  zeros.y_after = ex_sub(arena, rows, zeros.y_before);
  return load_call(copy, route, &zeros);
}

static const Expr *positive(const Copy *copy, const Expr *size) {
  if (can_prove_ge_by_cases(copy->facts, size, 1))
    return make_bool(copy->arena, true);
  return ex_gt(copy->arena, size, make_i32(copy->arena, 0));
}

/* Does an instruction pad as many rows? */
static bool pads_rows(const Copy *copy, const Expr *rows) {
  const Expr *most = make_i32(copy->arena, DMA_MAX_PAD);
  return can_prove_ge_by_cases(copy->facts, ex_sub(copy->arena, most, rows), 0);
}

/* Are there rows to load?  A load of none does what its padding says, but a
 * load of rows of nothing is a no-op of the hardware, and where padding had to
 * be cut the address may lie before the buffer. */
static const Expr *some_rows(const Copy *copy, const Transfer *t) {
  if (!copy->cut && can_prove_ge_by_cases(copy->facts, t->dram.y_size, 0) &&
      pads_rows(copy, t->y_before) && pads_rows(copy, t->y_after))
    return make_bool(copy->arena, true);
  return positive(copy, t->dram.y_size);
}

/* The load inside the outer loops; where it may happen to read nothing, with
 * the choice between it and zeros. */
static const Stmt *choose_load(const Copy *copy, const Route *route,
                               const Transfer *t) {
  Arena *arena = copy->arena;
  const Stmt *load = make_evaluate(arena, load_call(copy, route, t));
  if (!copy->condition) return load;
  const Expr *some = copy->whole ? copy->whole : make_bool(arena, true);
  for (int i = 0; i < copy->outer; i++)
    some = ex_and(arena, some, dma_unpadded_step(copy, i));
  some = ex_and(arena, some, positive(copy, t->dram.x_size));
  some = ex_and(arena, some, some_rows(copy, t));
  if (is_const(some, 1)) return load;
  const Stmt *zeros = make_evaluate(arena, zero_call(copy, route, t));
  return is_const(some, 0) ? zeros : make_if(arena, some, load, zeros);
}

/* ---- The outer loops ----------------------------------------------------- */

/* A way to move the copy: its loops in an order, of which the outer ones
 * remain around a transfer. */
typedef struct Plan {
  Copy copy;
  Transfer transfer;
  const char *why; /* not; NULL: it goes */
  int64_t transfers;
} Plan;

/* How often the outer loops run, at most. */
static int64_t count_transfers(const Copy *copy) {
  enum { MOST = 1 << 30 };
  int64_t count = 1;
  for (int i = 0; i < copy->outer && count < MOST; i++) {
    int64_t steps = const_bound(copy->facts, copy->loop[i]->extent).hi;
    count = steps < MOST ? count * steps : MOST;
  }
  return count;
}

/* With as few outer loops as the order allows; `why` says what is in the way of
 * none. */
static Plan plan_in_order(const Copy *copy, const Route *route) {
  Plan plan = {.copy = *copy};
  const char *first = NULL;
  for (int outer = 0; outer <= copy->n; outer++) {
    plan.copy.outer = outer;
    plan.why = fit_transfer(&plan.copy, route, &plan.transfer);
    if (!plan.why) break;
    if (!first) first = plan.why;
  }
  if (plan.why) plan.why = first;
  plan.transfers = count_transfers(&plan.copy);
  return plan;
}

static bool bounds_others(const Copy *copy, int loop) {
  for (int i = 0; i < copy->n; i++)
    if (expr_uses(copy->loop[i]->extent, copy->var[loop])) return true;
  return false;
}

/* How far a step of the loop goes on the chip; the most for loops that have to
 * stay outside. */
static int64_t step_on_chip(const Copy *copy, const Expr *index, int loop) {
  const Expr *coeff[2];
  if (bounds_others(copy, loop) ||
      !detect_linear(copy->arena, index, 1, &copy->var[loop], coeff))
    return INT64_MAX;
  const IntImm *step = as_int(simplify(copy->analyzer, coeff[0]));
  return step ? step->value : INT64_MAX;
}

/* The chip is filled in one order, whatever that of the loops. */
static Copy in_order_of_chip(const Copy *copy, const Route *route) {
  Arena *arena = copy->arena;
  const Expr *index =
      route->store ? copy->load->index[0] : copy->store->index[0];
  Copy sorted = *copy;
  size_t n = (size_t)copy->n;
  sorted.loop = arena_copy(arena, copy->loop, n * sizeof *copy->loop);
  sorted.var = arena_copy(arena, copy->var, n * sizeof *copy->var);
  int64_t *step = ARENA_ARRAY(arena, int64_t, copy->n);
  for (int i = 0; i < copy->n; i++) {
    int64_t s = step_on_chip(copy, index, i);
    int k = i;
    for (; k > 0 && step[k - 1] < s; k--) {
      step[k] = step[k - 1];
      sorted.loop[k] = sorted.loop[k - 1];
      sorted.var[k] = sorted.var[k - 1];
    }
    step[k] = s;
    sorted.loop[k] = copy->loop[i];
    sorted.var[k] = copy->var[i];
  }
  return sorted;
}

static const Stmt *make_transfer(const Copy *copy) {
  Route route = find_route(copy);
  Plan plan = plan_in_order(copy, &route);
  if (plan.why || plan.copy.outer) {
    Copy sorted = in_order_of_chip(copy, &route);
    Plan other = plan_in_order(&sorted, &route);
    if (!other.why && (plan.why || other.transfers < plan.transfers))
      plan = other;
  }
  copy = &plan.copy;
  if (plan.why) dma_refuse(copy, NULL, "%s", plan.why);
  const Stmt *stmt =
      route.store
          ? make_evaluate(copy->arena, store_call(copy, &route, &plan.transfer))
          : choose_load(copy, &route, &plan.transfer);
  for (int i = copy->outer - 1; i >= 0; i--)
    stmt = with_body(copy->arena, &copy->loop[i]->s, stmt);
  return coproc_scope(copy->env, copy->arena, route.stage, stmt);
}

/* ---- The pass ----------------------------------------------------------- */

typedef struct Injector {
  Rewriter rw;
  const VtaEnv *env;
  const Func *func;
  Analyzer *analyzer, *facts;
} Injector;

static const Var *first_buffer(const Func *func) {
  return func->n ? func->param[0].buffer->data : NULL;
}

static const Stmt *inject_attr(Rewriter *rw, const Stmt *stmt) {
  Injector *injector = (Injector *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (attr_has_key(attr, "virtual_thread")) {
    const IterVar *thread = attr->node.first;
    Range range = {make_i32(rw->arena, 0), attr->value};
    analyzer_bind(injector->facts, thread->var, range);
  }
  if (!attr_has_key(attr, "pragma_dma_copy"))
    return rewrite_stmt_children(rw, stmt);
  if (does_nothing(attr->body)) return attr->body;
  const IterVar *axis = attr->node.on == ON_ITER ? attr->node.first : NULL;
  Copy copy = {.env = injector->env,
               .arena = rw->arena,
               .analyzer = injector->analyzer,
               .facts = injector->facts,
               .dram = first_buffer(injector->func),
               .name = axis ? axis->var->hint : "?"};
  dma_match_copy(&copy, attr->body);
  for (int i = 0; i < copy.n; i++)
    analyzer_bind(injector->facts, copy.var[i],
                  (Range){copy.loop[i]->min, copy.loop[i]->extent});
  return note_stage(rw->arena, make_transfer(&copy), attr->stage);
}

static const Stmt *inject_for(Rewriter *rw, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  Range range = {loop->min, loop->extent};
  analyzer_bind(((Injector *)rw)->facts, loop->var, range);
  return rewrite_stmt_children(rw, stmt);
}

const Func *pass_inject_dma(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ATTR] = inject_attr, [FOR] = inject_for};
  Injector injector = {REWRITER(context->arena, NULL, stmts), vta_env(context),
                       func, analyzer_new(context->arena),
                       analyzer_new(context->arena)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&injector.rw, func->body));
}
