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

noreturn void dma_refuse(const Copy *copy, const char *cure, const char *format,
                         ...) {
  char text[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail_cured(copy->arena, D_DMA_COPY, cure, "dma_copy of '%s': %s", copy->name,
             text);
}

/* ---- Matching the copy -------------------------------------------------- */

static const Stmt *match_loops(Copy *copy, const Stmt *stmt) {
  int n = 0;
  for (const Stmt *s = stmt; as_for(s); s = AS(For, s)->body) n++;
  copy->n = n;
  copy->loop = ARENA_ARRAY(copy->arena, const For *, n);
  copy->var = ARENA_ARRAY(copy->arena, const Var *, n);
  for (int i = 0; i < n; i++) {
    const For *loop = AS(For, stmt);
    if (!is_const(loop->min, 0))
      dma_refuse(copy, NULL, "loop '%s' starts at %s instead of 0",
                 loop->var->hint, brief_text(copy->arena, loop->min));
    copy->loop[i] = loop;
    copy->var[i] = loop->var;
    stmt = loop->body;
  }
  return stmt;
}

static void match_guard(Copy *copy, const Expr *condition, const Expr *load,
                        const Expr *otherwise) {
  if (as_cast(load)) load = AS(Unary, load)->a;
  if (!as_load(load))
    dma_refuse(copy, NULL,
               "what is copied under a condition is no plain element: %s",
               brief_text(copy->arena, load));
  if (!dma_is_provably(copy->analyzer, otherwise, 0))
    dma_refuse(copy, "pad with 0, and change the value in a stage on the ALU",
               "padding is always 0, not %s",
               brief_text(copy->arena, otherwise));
  copy->condition = condition;
  copy->load = AS(Load, load);
}

/* Nothing but zeros: a load from anywhere whose condition never holds. */
static void match_zeros(Copy *copy) {
  Buffer *nothing = copy_buffer(copy->arena, copy->store->buffer);
  nothing->data = copy->dram;
  copy->load = AS(Load, make_load(copy->arena, nothing, copy->store->n,
                                  copy->store->index));
  copy->condition = make_bool(copy->arena, false);
}

static void match_value(Copy *copy, const Expr *value) {
  const Call *guard = as_call_of(value, OP_IF_THEN_ELSE);
  const Select *select = as_select(value);
  const Unary *cast = as_cast(value);
  if (guard)
    match_guard(copy, guard->arg[0], guard->arg[1], guard->arg[2]);
  else if (select)
    match_guard(copy, select->condition, select->if_true, select->if_false);
  else if (is_const(value, 0) && copy->dram)
    match_zeros(copy);
  else
    copy->load = as_load(cast ? cast->a : value);
  if (!copy->load || copy->load->e.type.lanes != 1)
    dma_refuse(
        copy,
        "leave the copy plain; compute in a stage marked alu, or on the host",
        "what it writes is no plain element of another buffer: %s",
        brief_text(copy->arena, value));
  if (copy->load->n != 1 || copy->store->n != 1)
    dma_refuse(copy, NULL, "its buffers are not flat memory");
}

/* The box that an access runs over. */
static Region match_region(const Copy *copy, const Buffer *buffer,
                           const Expr *index) {
  Arena *arena = copy->arena;
  int n = copy->n ? copy->n : 1;
  const Expr **coeff = ARENA_ARRAY(arena, const Expr *, copy->n + 1);
  if (!detect_linear(arena, index, copy->n, copy->var, coeff))
    dma_refuse(copy, NULL, "index %s of '%s' is not linear in the loops",
               brief_text(arena, index), buffer->name);
  Region region = {.buffer = buffer,
                   .n = n,
                   .shape = ARENA_ARRAY(arena, const Expr *, n),
                   .stride = coeff,
                   .offset = coeff[copy->n]};
  for (int i = 0; i < copy->n; i++) region.shape[i] = copy->loop[i]->extent;
  if (copy->n == 0) {
    region.shape[0] = make_i32(arena, 1);
    region.stride = ARENA_ARRAY(arena, const Expr *, 1);
    region.stride[0] = region.shape[0];
  }
  return region;
}

/* The first store inside, to name what is refused. */
static void note_store(void *self, const Stmt *stmt) {
  const Store **found = self;
  if (!*found) *found = as_store(stmt);
}

noreturn static void refuse_body(Copy *copy, const Stmt *body) {
  const Store *inside = NULL;
  post_order_stmt(copy->arena, body, &inside, NULL, note_store);
  if (inside) copy->name = inside->buffer->name;
  if (body->kind == IF)
    dma_refuse(copy, NULL,
               "it is made under the condition %s, but a transfer is all or "
               "nothing",
               brief_text(copy->arena, AS(If, body)->condition));
  dma_refuse(copy, NULL, "its loops hold no plain store, but this: %s",
             stmt_kind_name(body->kind));
}

static void match_copy(Copy *copy, const Stmt *stmt) {
  const Stmt *body = match_loops(copy, stmt);
  copy->store = as_store(body);
  if (!copy->store) refuse_body(copy, body);
  copy->name = copy->store->buffer->name;
  match_value(copy, copy->store->value);
  copy->dst = match_region(copy, copy->store->buffer, copy->store->index[0]);
  copy->src = match_region(copy, copy->load->buffer, copy->load->index[0]);
  if (copy->condition) dma_match_padding(copy);
}

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
  DType from = copy->src.buffer->type, natural = env->acc_type;
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
               dtype_name(copy->arena, natural), copy->src.buffer->name,
               dtype_name(copy->arena, from));
  route.memory = HW_MEM_ACC_8BIT;
  return route;
}

static Route store_route(const Copy *copy, const char *scope) {
  const VtaEnv *env = copy->env;
  DType to = copy->dst.buffer->type;
  if (strcmp(scope, VTA_ACC_SCOPE) != 0)
    dma_refuse(copy, "give the stage that is stored the scope local.acc_buffer",
               "only %s can be stored to DRAM, not scope '%s' of '%s'",
               VTA_ACC_SCOPE, scope, copy->src.buffer->name);
  if (copy->condition)
    dma_refuse(copy,
               "pad when the tensor is loaded again, or store the part alone",
               "a store to DRAM cannot pad, but is under condition %s",
               brief_text(copy->arena, copy->condition));
  if (!dtype_eq(to, env->out_type))
    dma_refuse(copy, "cast to that type in the stage that is stored",
               "the machine stores %s, but '%s' is of type %s",
               dtype_name(copy->arena, env->out_type), copy->dst.buffer->name,
               dtype_name(copy->arena, to));
  return (Route){true, vta_acc_lanes(env), HW_MEM_OUT, HW_STAGE_STORE};
}

static Route find_route(const Copy *copy) {
  const char *from = buffer_scope(copy->src.buffer);
  const char *to = buffer_scope(copy->dst.buffer);
  if (!strcmp(to, "global")) return store_route(copy, from);
  if (!strcmp(from, "global")) return load_route(copy, to);
  dma_refuse(copy, "one of the two has to be in global",
             "there is no transfer from scope '%s' of '%s' to scope '%s'", from,
             copy->src.buffer->name, to);
}

/* ---- Fitting it into one instruction ------------------------------------ */

Region dma_inner_region(const Copy *copy, const Region *region, int outer) {
  Region inner = *region;
  inner.n -= outer;
  inner.shape += outer;
  inner.stride += outer;
  for (int i = 0; i < outer; i++)
    inner.offset =
        ex_add(copy->arena, inner.offset,
               ex_mul(copy->arena, &copy->var[i]->e, region->stride[i]));
  return inner;
}

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

/* Fits the copy into one instruction inside `outer` loops.  NULL, or why that
 * does not go. */
static const char *fit_transfer(const Copy *copy, const Route *route, int outer,
                                Transfer *ret) {
  const Region src = dma_source_region(copy, outer);
  const Region dst = dma_inner_region(copy, &copy->dst, outer);
  const Region *dram = route->store ? &dst : &src;
  const Region *sram = route->store ? &src : &dst;
  const Expr *zero = make_i32(copy->arena, 0);
  *ret = (Transfer){
      .x_before = zero, .x_after = zero, .y_before = zero, .y_after = zero};
  const char *why =
      copy->condition ? dma_padding_in_block(copy, route->block) : NULL;
  if (why) return why;
  if (!is_compact(copy, sram))
    return arena_printf(
        copy->arena, "'%s' is not filled without gaps: shape %s, strides %s",
        sram->buffer->name, dma_list_text(copy->arena, sram->n, sram->shape),
        dma_list_text(copy->arena, sram->n, sram->stride));
  why = dma_pattern(copy->analyzer, dram, route->block, !copy->condition,
                    &ret->dram);
  if (!why) why = dma_too_large(copy->arena, &ret->dram);
  if (why)
    return arena_printf(copy->arena, "in '%s', %s", dram->buffer->name, why);
  ret->sram = sram_pointer(copy, sram);
  return copy->condition ? dma_place_padding(copy, outer, ret) : NULL;
}

/* ---- The call ----------------------------------------------------------- */

static const Expr *load_call(const Copy *copy, const Route *route,
                             const Transfer *t) {
  const Expr *arg[] = {command_handle(copy->arena),
                       &copy->src.buffer->data->e,
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
                       &copy->dst.buffer->data->e,
                       t->dram.offset,
                       t->dram.x_size,
                       t->dram.y_size,
                       t->dram.x_stride};
  return make_extern(copy->arena, INT32, "VTAStoreBuffer2D",
                     sizeof arg / sizeof *arg, arg);
}

/* A load that reads nothing: rows of zeros, which an instruction makes in two
 * parts of DMA_MAX_PAD rows at most. */
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
  zeros.y_before = ex_min(arena, rows, most);
  zeros.y_after = ex_sub(arena, rows, zeros.y_before);
  return load_call(copy, route, &zeros);
}

static const Expr *positive(const Copy *copy, const Expr *size) {
  if (can_prove_ge(copy->facts, size, 1)) return make_bool(copy->arena, true);
  return ex_gt(copy->arena, size, make_i32(copy->arena, 0));
}

/* The load inside `outer` loops; where it may happen to read nothing, with
 * the choice between it and zeros. */
static const Stmt *choose_load(const Copy *copy, const Route *route, int outer,
                               const Transfer *t) {
  Arena *arena = copy->arena;
  const Stmt *load = make_evaluate(arena, load_call(copy, route, t));
  if (!copy->condition) return load;
  const Expr *some = copy->whole ? copy->whole : make_bool(arena, true);
  for (int i = 0; i < outer; i++)
    some = ex_and(arena, some, dma_unpadded_step(copy, i));
  some = ex_and(arena, some, positive(copy, t->dram.x_size));
  some = ex_and(arena, some, positive(copy, t->dram.y_size));
  if (is_const(some, 1)) return load;
  const Stmt *zeros = make_evaluate(arena, zero_call(copy, route, t));
  return is_const(some, 0) ? zeros : make_if(arena, some, load, zeros);
}

static const Stmt *make_transfer(const Copy *copy) {
  Route route = find_route(copy);
  Transfer transfer;
  /* a block of one element needs no loop inside the transfer */
  int outer = 0, most = route.block == 1 ? copy->n : copy->n - 1;
  const char *why = fit_transfer(copy, &route, 0, &transfer), *first = why;
  while (why && ++outer <= most)
    why = fit_transfer(copy, &route, outer, &transfer);
  if (why) dma_refuse(copy, NULL, "%s", first);
  const Stmt *stmt =
      route.store
          ? make_evaluate(copy->arena, store_call(copy, &route, &transfer))
          : choose_load(copy, &route, outer, &transfer);
  while (outer-- > 0)
    stmt = with_body(copy->arena, &copy->loop[outer]->s, stmt);
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
  match_copy(&copy, attr->body);
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
  Injector injector = {{context->arena, NULL, stmts},
                       vta_env(context),
                       func,
                       analyzer_new(context->arena),
                       analyzer_new(context->arena)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&injector.rw, func->body));
}
