/* SPDX-License-Identifier: Apache-2.0 */
/* InjectDMAIntrin: turns copies marked dma_copy into 2D strided transfers.
 *
 * Under the pragma stands a perfect nest of loops around one store of one
 * load, perhaps cast, perhaps guarded by bounds that make the rest zeros.
 * Both indices are linear in the loops; so each side is a strided box, and
 * the guard says how much of the box is padding.  The side in DRAM has to be
 * a set of rows of blocks (dma_pattern.c), the side on the chip compact.
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
#include "ir/print.h"
#include "ir/traverse.h"
#include "te/te.h"
#include "vta/calls.h"
#include "vta/dma.h"

enum {
  MAX_PAD = 15, /* four bits in the instruction */
  MAX_SIZE = 65535
};

typedef struct Copy {
  const VtaEnv *env;
  Arena *arena;
  Analyzer *analyzer; /* knows nothing: it decides how texts look */
  Analyzer *facts;    /* knows the loops around the copy */
  const Var *dram;    /* any buffer there, for transfers that read nothing */
  const char *name;   /* what messages call it */
  int n;              /* loops, outermost first */
  const For **loop;
  const Var **var;
  const Store *store;
  const Load *load;
  const Expr *condition; /* of the load; NULL: always */
  const Expr *whole;     /* its part that holds for all of the copy or none */
  Region dst, src;
  const Expr **before, **after; /* padding by loop; NULL without condition */
} Copy;

noreturn static void refuse(const Copy *copy, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

noreturn static void refuse(const Copy *copy, const char *format, ...) {
  char text[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail(copy->arena, D_DMA_COPY, "dma_copy of '%s': %s", copy->name, text);
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
      refuse(copy, "loop '%s' starts at %s instead of 0", loop->var->hint,
             expr_text(copy->arena, loop->min));
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
    refuse(copy, "what is copied under a condition is no plain element: %s",
           expr_text(copy->arena, load));
  if (!dma_is_provably(copy->analyzer, otherwise, 0))
    refuse(copy, "padding is always 0, not %s",
           expr_text(copy->arena, otherwise));
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
    refuse(copy, "what it writes is no plain element of another buffer: %s",
           expr_text(copy->arena, value));
  if (copy->load->n != 1 || copy->store->n != 1)
    refuse(copy, "its buffers are not flat memory");
}

/* The box that an access runs over. */
static Region match_region(const Copy *copy, const Buffer *buffer,
                           const Expr *index) {
  Arena *arena = copy->arena;
  int n = copy->n ? copy->n : 1;
  const Expr **coeff = ARENA_ARRAY(arena, const Expr *, copy->n + 1);
  if (!detect_linear(arena, index, copy->n, copy->var, coeff))
    refuse(copy, "index %s of '%s' is not linear in the loops",
           expr_text(arena, index), buffer->name);
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

static const Expr *at_least_zero(const Copy *copy, const Expr *expr) {
  const Expr *zero = make_const(copy->arena, expr->type, 0);
  return simplify(copy->analyzer, ex_max(copy->arena, expr, zero));
}

/* Padding is at most the whole extent, even where the copy lies entirely
 * outside the source. */
static void limit_padding(Copy *copy, int i, const Expr *extent) {
  Arena *arena = copy->arena;
  const Expr *rest = ex_sub(arena, extent, copy->before[i]);
  if (can_prove_ge(copy->facts, ex_sub(arena, rest, copy->after[i]), 0)) return;
  copy->before[i] =
      simplify(copy->analyzer, ex_min(arena, copy->before[i], extent));
  rest = ex_sub(arena, extent, copy->before[i]);
  copy->after[i] =
      simplify(copy->analyzer, ex_min(arena, copy->after[i], rest));
}

/* Sorts the conjuncts of the condition: those that use a loop of the copy
 * bound it, the others decide about the whole copy.  Returns the bounds. */
static const Expr *split_condition(Copy *copy, const Expr *condition) {
  Arena *arena = copy->arena;
  if (condition->kind == AND) {
    const Binary *both = AS(Binary, condition);
    const Expr *a = split_condition(copy, both->a);
    const Expr *b = split_condition(copy, both->b);
    return ex_and(arena, a, b);
  }
  for (int i = 0; i < copy->n; i++)
    if (expr_uses(condition, copy->var[i])) return condition;
  copy->whole = copy->whole ? ex_and(arena, copy->whole, condition) : condition;
  return make_bool(arena, true);
}

/* Finds the padding that the condition makes, loop by loop. */
static void match_padding(Copy *copy) {
  Arena *arena = copy->arena;
  int n = copy->n;
  Clip *clip = ARENA_ARRAY(arena, Clip, n);
  const Expr *bounds = split_condition(copy, copy->condition);
  if (bounds->kind != INT && !detect_clip(arena, bounds, n, copy->var, clip))
    refuse(copy, "condition %s is no set of bounds on the loops of the copy",
           expr_text(arena, copy->condition));
  copy->before = ARENA_ARRAY(arena, const Expr *, n);
  copy->after = ARENA_ARRAY(arena, const Expr *, n);
  for (int i = 0; i < n; i++) {
    const Expr *extent = copy->loop[i]->extent, *zero = make_i32(arena, 0);
    copy->before[i] = copy->after[i] = zero;
    if (clip[i].min) copy->before[i] = at_least_zero(copy, clip[i].min);
    if (clip[i].max)
      copy->after[i] = at_least_zero(
          copy, ex_addi(arena, ex_sub(arena, extent, clip[i].max), -1));
    limit_padding(copy, i, extent);
  }
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
    refuse(copy,
           "it is made under the condition %s, but a transfer is all or "
           "nothing",
           expr_text(copy->arena, AS(If, body)->condition));
  refuse(copy, "its loops hold no plain store, but this: %s",
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
  if (copy->condition) match_padding(copy);
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
    refuse(copy, "nothing can be loaded from DRAM into scope '%s'", scope);
  }
  if (dtype_eq(from, natural)) return route;
  if (route.memory != HW_MEM_ACC || !dtype_eq(from, env->inp_type))
    refuse(copy, "%s holds %s, but '%s' is of type %s", scope,
           dtype_name(copy->arena, natural), copy->src.buffer->name,
           dtype_name(copy->arena, from));
  route.memory = HW_MEM_ACC_8BIT;
  return route;
}

static Route store_route(const Copy *copy, const char *scope) {
  const VtaEnv *env = copy->env;
  DType to = copy->dst.buffer->type;
  if (strcmp(scope, VTA_ACC_SCOPE) != 0)
    refuse(copy, "only %s can be stored to DRAM, not scope '%s' of '%s'",
           VTA_ACC_SCOPE, scope, copy->src.buffer->name);
  if (copy->condition)
    refuse(copy, "a store to DRAM cannot pad, but is under condition %s",
           expr_text(copy->arena, copy->condition));
  if (!dtype_eq(to, env->out_type))
    refuse(copy, "the machine stores %s, but '%s' is of type %s",
           dtype_name(copy->arena, env->out_type), copy->dst.buffer->name,
           dtype_name(copy->arena, to));
  return (Route){true, vta_acc_lanes(env), HW_MEM_OUT, HW_STAGE_STORE};
}

static Route find_route(const Copy *copy) {
  const char *from = buffer_scope(copy->src.buffer);
  const char *to = buffer_scope(copy->dst.buffer);
  if (!strcmp(to, "global")) return store_route(copy, from);
  if (!strcmp(from, "global")) return load_route(copy, to);
  refuse(copy, "there is no transfer from scope '%s' of '%s' to scope '%s'",
         from, copy->src.buffer->name, to);
}

/* ---- Fitting it into one instruction ------------------------------------ */

typedef struct Transfer {
  DmaPattern dram;
  const Expr *sram; /* pointer to the on-chip side */
  const Expr *x_before, *x_after, *y_before, *y_after;
} Transfer;

/* The region of one transfer while `outer` loops stand around it. */
static Region inner_region(const Copy *copy, const Region *region, int outer) {
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

/* The same of the source, of which the padding of the loops inside is no
 * part. */
static Region source_region(const Copy *copy, int outer) {
  Arena *arena = copy->arena;
  Region src = copy->src;
  if (!copy->condition) return inner_region(copy, &src, outer);
  src.shape = arena_copy(arena, src.shape, (size_t)src.n * sizeof *src.shape);
  for (int i = outer; i < copy->n; i++) {
    const Expr *rest = ex_sub(arena, src.shape[i], copy->before[i]);
    src.offset = ex_add(arena, src.offset,
                        ex_mul(arena, copy->before[i], src.stride[i]));
    src.shape[i] =
        simplify(copy->analyzer, ex_sub(arena, rest, copy->after[i]));
  }
  src.offset = simplify(copy->analyzer, src.offset);
  return inner_region(copy, &src, outer);
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

static bool no_padding(const Copy *copy, int loop) {
  return dma_is_provably(copy->analyzer, copy->before[loop], 0) &&
         dma_is_provably(copy->analyzer, copy->after[loop], 0);
}

static const char *too_much(const Copy *copy, const Expr *pad) {
  const IntImm *imm = as_int(pad);
  if (!imm || imm->value <= MAX_PAD) return NULL;
  return arena_printf(copy->arena, "a pad of %lld; the limit is %d",
                      (long long)imm->value, MAX_PAD);
}

/* The padding goes to the two dimensions outside the block, of which one may
 * be missing. */
static const char *place_padding(const Copy *copy, int outer, Transfer *ret) {
  int x = copy->n - ret->dram.tile_dims - 1, y = x - 1;
  for (int i = outer; i < copy->n; i++) {
    if (i == x || i == y || no_padding(copy, i)) continue;
    return arena_printf(copy->arena,
                        "loop '%s' is padded; only the two next to the block "
                        "of a transfer can be",
                        copy->var[i]->hint);
  }
  if (x >= outer) {
    ret->x_before = copy->before[x];
    ret->x_after = copy->after[x];
  }
  if (y >= outer) {
    ret->y_before = copy->before[y];
    ret->y_after = copy->after[y];
  }
  const Expr *pads[4] = {ret->x_before, ret->x_after, ret->y_before,
                         ret->y_after};
  const char *why = NULL;
  for (int i = 0; !why && i < 4; i++) why = too_much(copy, pads[i]);
  return why;
}

/* Padding is of whole blocks.  NULL, or which loop inside a block has some. */
static const char *padding_in_block(const Copy *copy, const Route *route) {
  int64_t elements = 1;
  for (int i = copy->n - 1; i >= 0 && elements < route->block; i--) {
    const IntImm *extent = as_int(copy->loop[i]->extent);
    if (!no_padding(copy, i))
      return arena_printf(copy->arena,
                          "loop '%s' runs inside one block of %lld elements "
                          "and cannot be padded",
                          copy->var[i]->hint, (long long)route->block);
    if (!extent) break;
    elements *= extent->value;
  }
  return NULL;
}

/* Sizes and distances have 16 bits. */
static const char *too_large(const Copy *copy, const DmaPattern *dram) {
  const struct {
    const char *what;
    const Expr *value;
  } fields[] = {{"a row of %lld blocks", dram->x_size},
                {"%lld rows", dram->y_size},
                {"rows %lld blocks apart", dram->x_stride}};
  for (int i = 0; i < 3; i++) {
    const IntImm *imm = as_int(fields[i].value);
    if (!imm || imm->value <= MAX_SIZE) continue;
    Strbuf text;
    strbuf_init(&text, copy->arena);
    strbuf_printf(&text, fields[i].what, (long long)imm->value);
    strbuf_printf(&text, "; the limit is %d", MAX_SIZE);
    return text.text;
  }
  return NULL;
}

/* Fits the copy into one instruction inside `outer` loops.  NULL, or why that
 * does not go. */
static const char *fit_transfer(const Copy *copy, const Route *route, int outer,
                                Transfer *ret) {
  const Region src = source_region(copy, outer);
  const Region dst = inner_region(copy, &copy->dst, outer);
  const Region *dram = route->store ? &dst : &src;
  const Region *sram = route->store ? &src : &dst;
  const Expr *zero = make_i32(copy->arena, 0);
  *ret = (Transfer){
      .x_before = zero, .x_after = zero, .y_before = zero, .y_after = zero};
  const char *why = copy->condition ? padding_in_block(copy, route) : NULL;
  if (why) return why;
  if (!is_compact(copy, sram))
    return arena_printf(
        copy->arena, "'%s' is not filled without gaps: shape %s, strides %s",
        sram->buffer->name, dma_list_text(copy->arena, sram->n, sram->shape),
        dma_list_text(copy->arena, sram->n, sram->stride));
  why = dma_pattern(copy->analyzer, dram, route->block, !copy->condition,
                    &ret->dram);
  if (!why) why = too_large(copy, &ret->dram);
  if (why)
    return arena_printf(copy->arena, "in '%s', %s", dram->buffer->name, why);
  ret->sram = sram_pointer(copy, sram);
  return copy->condition ? place_padding(copy, outer, ret) : NULL;
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
 * parts of MAX_PAD rows at most. */
static const Expr *zero_call(const Copy *copy, const Route *route,
                             const Transfer *t) {
  Arena *arena = copy->arena;
  const Expr *most = make_i32(arena, MAX_PAD), *zero = make_i32(arena, 0);
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

/* Is the current step of a loop around the transfer outside its padding? */
static const Expr *unpadded_step(const Copy *copy, int i) {
  Arena *arena = copy->arena;
  const Expr *step = &copy->var[i]->e, *some = make_bool(arena, true);
  const Expr *end = ex_sub(arena, copy->loop[i]->extent, copy->after[i]);
  if (!is_const(copy->before[i], 0)) some = ex_le(arena, copy->before[i], step);
  if (is_const(copy->after[i], 0)) return some;
  return ex_and(arena, some, ex_lt(arena, step, end));
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
    some = ex_and(arena, some, unpadded_step(copy, i));
  some = ex_and(arena, some, positive(copy, t->dram.x_size));
  some = ex_and(arena, some, positive(copy, t->dram.y_size));
  if (is_const(some, 1)) return load;
  const Stmt *zeros = make_evaluate(arena, zero_call(copy, route, t));
  return is_const(some, 0) ? zeros : make_if(arena, some, load, zeros);
}

static const Stmt *make_transfer(const Copy *copy) {
  Route route = find_route(copy);
  Transfer transfer;
  int outer = 0;
  const char *why = fit_transfer(copy, &route, 0, &transfer), *first = why;
  while (why && ++outer < copy->n)
    why = fit_transfer(copy, &route, outer, &transfer);
  if (why) refuse(copy, "%s", first);
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
