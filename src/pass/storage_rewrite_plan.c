/* SPDX-License-Identifier: Apache-2.0 */
/* StorageRewrite, second step: where each buffer lives.
 *
 * The events are gone through in order with a list of free memory.  A buffer
 * that is born takes over the memory of one that dies in the same statement
 * if it is computed from it element by element (in place); else a free piece
 * of a fitting size; else a new one.  Memory belongs to a scope, the innermost
 * virtual thread that is open or the function, and is shared inside it alone:
 * what two buffers of a thread have in common is then in common in each of its
 * copies, and no two threads meet.
 *
 * What external calls name is not shared: the accelerator runs behind the host,
 * which would write the next buffer while the one before is still to be read.
 * (The reference shares it.)
 *
 * Afterwards all pieces in one memory of the accelerator become one
 * allocation, one behind the other, each aligned to the memory's elements;
 * it has to fit.
 *
 * As in TVM 0.9's StoragePlanRewriter.  Cost: linear in the events, times the
 * free pieces, plus the size of a statement for each in-place question. */
#include <string.h>

#include "base/strbuf.h"
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "pass/storage_rewrite.h"

/* ---- May dst take over the memory of src? ------------------------------- */

typedef struct InPlace {
  Walker walker;
  const Var *dst, *src;
  const Store *store; /* the store to dst whose value is being looked at */
  int nested;         /* depth of indices */
  bool possible;
} InPlace;

static void in_place_var(Walker *walker, const Expr *expr) {
  InPlace *check = (InPlace *)walker;
  const Var *var = AS(Var, expr);
  if (var == check->dst || var == check->src) check->possible = false;
}

static bool same_indices(const Store *store, const Load *load) {
  if (store->n != load->n) return false;
  for (int i = 0; i < load->n; i++)
    if (!expr_equal(store->index[i], load->index[i])) return false;
  return true;
}

static bool reads_what_it_writes(const InPlace *check, const Load *load) {
  return check->store && dtype_eq(check->store->value->type, load->e.type) &&
         same_indices(check->store, load);
}

static void in_place_load(Walker *walker, const Expr *expr) {
  InPlace *check = (InPlace *)walker;
  const Load *load = AS(Load, expr);
  const Var *data = load->buffer->data;
  if (data == check->dst || check->nested ||
      (data == check->src && !reads_what_it_writes(check, load))) {
    check->possible = false;
    return;
  }
  check->nested++;
  walk_expr_children(walker, expr);
  check->nested--;
}

static void in_place_store(Walker *walker, const Stmt *stmt) {
  InPlace *check = (InPlace *)walker;
  const Store *store = AS(Store, stmt);
  check->nested++;
  for (int i = 0; i < store->n; i++) walk_expr(walker, store->index[i]);
  check->nested--;
  if (store->buffer->data == check->dst) check->store = store;
  walk_expr(walker, store->value);
  check->store = NULL;
}

static void in_place_seq(Walker *walker, const Stmt *stmt) {
  const Seq *seq = AS(Seq, stmt);
  for (int i = 0; i < seq->n && ((InPlace *)walker)->possible; i++)
    walk_stmt(walker, seq->at[i]);
}

static bool is_attr_of(const Stmt *stmt, const char *key) {
  const Attr *attr = as_attr(stmt);
  return attr && !strcmp(attr->key, key);
}

/* Does `stmt` read src only where it writes the same element of dst, and
 * read dst nowhere? */
static bool in_place(const Stmt *stmt, const Var *dst, const Var *src) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [VAR] = in_place_var, [LOAD] = in_place_load};
  static const StmtVisit stmts[STMT_KINDS] = {
      [STORE] = in_place_store, [SEQ] = in_place_seq};
  if (stmt->kind != ATTR && stmt->kind != FOR && stmt->kind != IF &&
      stmt->kind != STORE)
    return false;
  if (is_attr_of(stmt, INTERLEAVED_THREADS)) return false;
  InPlace check = {WALKER(exprs, stmts), dst, src, .possible = true};
  walk_stmt(&check.walker, stmt);
  return check.possible;
}

/* ---- Pieces of memory --------------------------------------------------- */

typedef struct Planner {
  const PassContext *context;
  Arena *arena; /* scratch */
  StorageEvents *events;
  StoragePlan *plan;
  VEC(StorageEntry *) free; /* ascending by size, equal ones by age */
  VEC(const Stmt *) owners; /* the scopes that own memory and are open */
} Planner;

/* Larger than any memory; bits of so many elements can be added up. */
#define MOST_ELEMENTS (INT64_C(1) << 40)

/* Elements of an allocation of constant size, else 0. */
static int64_t constant_size(const Allocate *allocate) {
  int64_t size = 1;
  for (int i = 0; i < allocate->n; i++) {
    const IntImm *extent = as_int(allocate->extent[i]);
    if (!extent || extent->value < 1) return 0;
    size *= extent->value;
    if (size > MOST_ELEMENTS) size = MOST_ELEMENTS;
  }
  return size;
}

static int64_t type_bits(DType type) { return (int64_t)type.bits * type.lanes; }

static int64_t constant_bits(const Allocate *allocate) {
  return constant_size(allocate) * type_bits(allocate->type);
}

static const char *scope_of(const Var *var) {
  return var->scope && var->scope[0] ? var->scope : "global";
}

static bool is_tagged(const char *scope) { return strchr(scope, '.') != NULL; }

/* Memory without a tag that becomes registers is not worth sharing. */
static bool never_shared(const StorageEntry *entry) {
  if (entry->named) return true;
  if (entry->tagged) return false;
  return !strncmp(entry->scope, "local", 5) ||
         !strncmp(entry->scope, "warp", 4) || entry->type.code == TYPE_HANDLE ||
         entry->bits <= 32;
}

static StorageEntry *new_entry(Planner *planner, StorageEntry wanted) {
  StorageEntry *entry = arena_copy(planner->arena, &wanted, sizeof wanted);
  vec_push(planner->arena, &planner->plan->entries, entry);
  return entry;
}

static void release(Planner *planner, StorageEntry *entry) {
  if (entry->bits == 0 || never_shared(entry)) return;
  int i = planner->free.n;
  while (i > 0 && planner->free.at[i - 1]->bits > entry->bits) i--;
  vec_insert(planner->arena, &planner->free, i, entry);
}

static bool fits(const StorageEntry *entry, const StorageEntry *wanted) {
  return entry->attach == wanted->attach &&
         !strcmp(entry->scope, wanted->scope);
}

/* The place in the free list of a piece that may serve, or -1: the smallest
 * that is large enough, else the largest of the same type that may grow.
 * Sizes that differ by more than 16 times are left for others. */
static int find_free(const Planner *planner, const StorageEntry *wanted) {
  enum { MATCH_RANGE = 16 };
  int n = planner->free.n, middle = 0;
  StorageEntry *const *at = planner->free.at;
  while (middle < n && at[middle]->bits < wanted->bits) middle++;
  for (int i = middle; i < n && at[i]->bits <= wanted->bits * MATCH_RANGE; i++)
    if (fits(at[i], wanted)) return i;
  for (int i = middle - 1; i >= 0 && at[i]->bits >= wanted->bits / MATCH_RANGE;
       i--)
    if (fits(at[i], wanted) && dtype_eq(at[i]->type, wanted->type)) return i;
  return -1;
}

static StorageEntry *find_memory(Planner *planner, StorageEntry wanted) {
  bool own = never_shared(&wanted) || wanted.bits == 0;
  int found = own ? -1 : find_free(planner, &wanted);
  if (found < 0) return new_entry(planner, wanted);
  StorageEntry *entry = planner->free.at[found];
  vec_remove(&planner->free, found);
  if (entry->bits < wanted.bits) entry->bits = wanted.bits;
  return entry;
}

/* The scope that new memory belongs to. */
static const Stmt *owner(const Planner *planner) {
  int n = planner->owners.n;
  return n ? planner->owners.at[n - 1] : NULL;
}

/* How many copies of a buffer allocated here there will be.  (Threads that
 * share what they can may do with one.) */
static int64_t copies_of(const Planner *planner) {
  enum { MOST_COPIES = 1 << 16 }; /* more fit no memory */
  int64_t copies = 1;
  for (int i = 0; i < planner->owners.n; i++) {
    const Attr *threads = as_attr(planner->owners.at[i]);
    const IntImm *n = threads ? as_int(threads->value) : NULL;
    if (!n || n->value < 1 || threads_share(threads)) continue;
    copies *= n->value < MOST_COPIES ? n->value : MOST_COPIES;
    if (copies > MOST_COPIES) copies = MOST_COPIES;
  }
  return copies;
}

static StorageVar *var_info(const Planner *planner, const Var *var) {
  return ptrmap_get(&planner->events->vars, var);
}

/* The memory of a variable that dies at `event` and may be taken over by
 * `dst`, or NULL. */
static StorageEntry *take_in_place(Planner *planner, const StorageEvent *event,
                                   const Var *dst, StorageEntry wanted) {
  for (int i = 0; i < event->kill.n; i++) {
    const Var *src = event->kill.at[i];
    StorageVar *info = var_info(planner, src);
    StorageEntry *entry = info->entry;
    if (info->taken_in_place || !entry || entry->named || wanted.named ||
        !fits(entry, &wanted) || !dtype_eq(entry->type, wanted.type) ||
        entry->bits != wanted.bits)
      continue;
    if (!in_place(event->stmt, dst, src)) continue;
    info->taken_in_place = true;
    return entry;
  }
  return NULL;
}

/* `last` is the event at which buffers of `event` may die: itself for a leaf,
 * the end for a begin. */
static void plan_births(Planner *planner, const StorageEvent *event,
                        const StorageEvent *last) {
  for (int i = 0; i < event->gen.n; i++) {
    const Var *var = event->gen.at[i];
    StorageVar *info = var_info(planner, var);
    const Allocate *allocate = info->allocate;
    const char *scope = scope_of(var);
    StorageEntry wanted = {.attach = owner(planner),
                           .copies = copies_of(planner),
                           .scope = scope,
                           .tagged = is_tagged(scope),
                           .type = allocate->type,
                           .bits = constant_bits(allocate),
                           .named = info->named};
    if (event->gen.n <= 2)
      info->entry = take_in_place(planner, last, var, wanted);
    if (!info->entry) info->entry = find_memory(planner, wanted);
    vec_push(planner->arena, &info->entry->allocs, allocate);
  }
}

static void plan_deaths(Planner *planner, const StorageEvent *event) {
  for (int i = 0; i < event->kill.n; i++) {
    StorageVar *info = var_info(planner, event->kill.at[i]);
    if (!info->taken_in_place) release(planner, info->entry);
  }
}

static void forget_free_of(Planner *planner, const Stmt *attach) {
  int kept = 0;
  for (int i = 0; i < planner->free.n; i++)
    if (planner->free.at[i]->attach != attach)
      planner->free.at[kept++] = planner->free.at[i];
  planner->free.n = kept;
}

static bool owns_memory(const Planner *planner, const Stmt *stmt) {
  if (is_attr_of(stmt, "virtual_thread")) return true;
  const For *loop = as_for(stmt);
  return loop && loop->kind == FOR_PARALLEL &&
         (!planner->owners.n || planner->owners.at[0] == stmt);
}

/* Enters or leaves a scope that owns memory. */
static void switch_owner(Planner *planner, const Stmt *stmt) {
  if (owner(planner) != stmt) {
    vec_push(planner->arena, &planner->owners, stmt);
    return;
  }
  forget_free_of(planner, stmt);
  planner->owners.n--;
}

static void plan_events(Planner *planner) {
  for (int i = 0; i < planner->events->seq.n; i++) {
    const StorageEvent *event = &planner->events->seq.at[i];
    if (event->pair >= 0) plan_births(planner, event, event + event->pair);
    if (owns_memory(planner, event->stmt)) switch_owner(planner, event->stmt);
    if (event->pair <= 0) plan_deaths(planner, event);
  }
}

/* ---- New allocations ---------------------------------------------------- */

static int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

static const Expr *elements(Arena *arena, const StorageEntry *entry, DType type,
                            int64_t bits) {
  int64_t n = (bits + type_bits(type) - 1) / type_bits(type);
  return make_const(arena, entry->allocs.at[0]->extent[0]->type, n);
}

/* The allocation of an entry that stands alone, large enough for all. */
static const Stmt *allocate_alone(Arena *arena, const StorageEntry *entry) {
  const Allocate *first = entry->allocs.at[0];
  if (entry->allocs.n == 1)
    return make_allocate(arena, first->var, first->type, first->n,
                         first->extent, first->condition, make_nop(arena));
  DType type = first->type;
  for (int i = 1; i < entry->allocs.n; i++)
    if (entry->allocs.at[i]->type.lanes > type.lanes)
      type = entry->allocs.at[i]->type;
  const Expr *extent = elements(arena, entry, type, entry->bits);
  return make_allocate(arena, first->var, type, 1, &extent,
                       make_bool(arena, true), make_nop(arena));
}

static bool shares_memory(const StorageEntry *a, const StorageEntry *b) {
  return a->tagged && b->tagged && fits(a, b);
}

static void add_buffer_names(Strbuf *out, const StorageEntry *entry) {
  for (int i = 0; i < entry->allocs.n; i++)
    strbuf_printf(out, "%s%s", out->length ? ", " : "",
                  entry->allocs.at[i]->var->hint);
}

static noreturn void report_overflow(const Planner *planner,
                                     const StorageEntry *first, int64_t bits,
                                     int64_t max_bits) {
  Strbuf names;
  strbuf_init(&names, planner->arena);
  const StoragePlan *plan = planner->plan;
  for (int i = 0; i < plan->entries.n; i++)
    if (shares_memory(first, plan->entries.at[i]))
      add_buffer_names(&names, plan->entries.at[i]);
  fail(planner->context->arena, D_BUFFER_OVERFLOW,
       "%s is too small for %s: %lld bytes are needed, there are %lld",
       first->scope, names.text, (long long)(bits + 7) / 8,
       (long long)max_bits / 8);
}

static noreturn void report_unknown(Planner *planner,
                                    const StorageEntry *entry) {
  Strbuf names;
  strbuf_init(&names, planner->arena);
  add_buffer_names(&names, entry);
  fail(planner->context->arena, D_BUFFER_OVERFLOW,
       "the size of %s in %s is no positive constant", names.text,
       entry->scope);
}

/* Puts the later entries of the same memory behind entry number `i` and
 * allocates them all as one. */
static void merge_tagged(Planner *planner, int i) {
  StoragePlan *plan = planner->plan;
  StorageEntry *first = plan->entries.at[i];
  const ScopeInfo *memory = find_scope(planner->context, first->scope);
  int64_t align = memory ? memory->simd_bits : 32;
  int64_t total = first->bits;
  if (first->bits == 0) report_unknown(planner, first);
  for (int j = i + 1; j < plan->entries.n; j++) {
    StorageEntry *entry = plan->entries.at[j];
    if (!shares_memory(first, entry)) continue;
    if (entry->bits == 0) report_unknown(planner, entry);
    entry->merged = true;
    entry->var = first->var;
    /* a type may be larger than the memory's elements */
    int64_t unit = entry->type.bits > align ? entry->type.bits : align;
    entry->offset = round_up(total, unit);
    total = entry->offset + entry->bits;
  }
  if (total != first->bits) {
    total = round_up(total, align);
    const Expr *extent =
        elements(planner->context->arena, first, first->type, total);
    first->allocate =
        make_allocate(planner->context->arena, first->var, first->type, 1,
                      &extent, make_bool(planner->context->arena, true),
                      make_nop(planner->context->arena));
  }
  total *= first->copies;
  if (memory && total > memory->max_bits)
    report_overflow(planner, first, total, memory->max_bits);
}

static void make_allocations(Planner *planner) {
  StoragePlan *plan = planner->plan;
  for (int i = 0; i < plan->entries.n; i++) {
    StorageEntry *entry = plan->entries.at[i];
    if (entry->merged) continue;
    entry->var = entry->allocs.at[0]->var;
    entry->allocate = allocate_alone(planner->context->arena, entry);
    if (entry->tagged) merge_tagged(planner, i);
  }
}

void storage_plan(const PassContext *context, StorageEvents *events,
                  StoragePlan *ret) {
  *ret = (StoragePlan){0};
  Planner planner = {.context = context,
                     .arena = context->scratch,
                     .events = events,
                     .plan = ret};
  plan_events(&planner);
  make_allocations(&planner);
}
