/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about expressions, and tables of computations.
 *
 * Every expression is hashed and measured once; tables then find equal
 * expressions by hash.  Hashes take variables by address, so nothing but
 * look-up may depend on them: lists keep the order of meeting. */
#include "pass/cse_table.h"

#include <string.h>

#include "ir/analysis.h"
#include "ir/traverse.h"

/* ---- Facts -------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

static uint64_t text_hash(const char *text) {
  uint64_t hash = 0;
  for (; *text; text++) hash = mix(hash, (unsigned char)*text);
  return hash;
}

static uint64_t real_bits(double value) {
  uint64_t bits = 0;
  if (value != 0) memcpy(&bits, &value, sizeof bits); /* -0 equals 0 */
  return bits;
}

/* What tells a node from others of its kind, besides its children. */
static uint64_t own_hash(const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return (uint64_t)(uintptr_t)expr;
    case INT: return (uint64_t)AS(IntImm, expr)->value;
    case FLOAT: return real_bits(AS(FloatImm, expr)->value);
    case STRING: return text_hash(AS(StringImm, expr)->value);
    case CALL: return AS(Call, expr)->op;
    case LOAD: return (uint64_t)(uintptr_t)AS(Load, expr)->buffer;
    case LET: return (uint64_t)(uintptr_t)AS(Let, expr)->var;
    default: return 0;
  }
}

static uint64_t node_hash(const Expr *expr) {
  uint64_t head = expr->kind | (uint64_t)expr->type.code << 8 |
                  (uint64_t)expr->type.bits << 16 |
                  (uint64_t)expr->type.lanes << 24;
  return mix(own_hash(expr), head);
}

typedef struct FactsWalk {
  Walker walker;
  FactTable *table;
  ExprFacts *facts; /* of the parent, being collected */
} FactsWalk;

static void add_child(Walker *walker, const Expr *child) {
  const FactsWalk *walk = (FactsWalk *)walker;
  ExprFacts *facts = walk->facts;
  if (is_atom(child)) {
    facts->hash = mix(facts->hash, node_hash(child));
    facts->size++;
    return;
  }
  const ExprFacts *part = facts_of(walk->table, child);
  facts->hash = mix(facts->hash, part->hash);
  facts->size += part->size;
  facts->has_call |= part->has_call;
  facts->has_let |= part->has_let;
}

static ExprFacts *collect_facts(FactTable *table, const Expr *expr) {
  static const ExprVisit children[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = add_child,
#include "ir/nodes.def"
  };
  ExprKind kind = expr->kind;
  ExprFacts *facts = arena_alloc(table->arena, sizeof *facts);
  *facts = (ExprFacts){.hash = node_hash(expr),
                       .size = 1,
                       .has_call = kind == CALL || kind == LOAD,
                       .has_let = kind == LET,
                       .repeats = table->is_counted};
  FactsWalk walk = {{children, NULL, ALL_KINDS}, table, facts};
  walk_expr_children(&walk.walker, expr);
  facts->may_share = !facts->has_call && kind != RAMP && kind != BROADCAST;
  return facts;
}

/* New expressions hold what has been put in place of something that repeats. */
const ExprFacts *facts_of(FactTable *table, const Expr *expr) {
  static const ExprFacts atom = {.size = 1, .is_atom = true};
  if (is_atom(expr)) return &atom;
  const ExprFacts *known = ptrmap_get(&table->known, expr);
  if (known) return known;
  known = collect_facts(table, expr);
  ptrmap_set(&table->known, expr, known);
  return known;
}

/* ---- What repeats ------------------------------------------------------- */

enum { FIRST_COUNTS = 256 };

static HashCount *count_of(const FactTable *table, uint64_t hash) {
  uint64_t mask = (uint64_t)table->slots - 1;
  uint64_t i = hash & mask;
  while (table->count[i].n && table->count[i].hash != hash) i = (i + 1) & mask;
  return &table->count[i];
}

static void grow_counts(FactTable *table) {
  const FactTable old = *table;
  table->slots = old.slots ? 4 * old.slots : FIRST_COUNTS;
  table->count = ARENA_ARRAY(table->arena, HashCount, table->slots);
  for (int i = 0; i < old.slots; i++)
    if (old.count[i].n) *count_of(table, old.count[i].hash) = old.count[i];
}

typedef struct CountWalk {
  Walker walker;
  FactTable *table;
  bool any; /* computation that repeats */
} CountWalk;

/* What has been met twice has had its parts counted twice. */
static void count_expr(Walker *walker, const Expr *expr) {
  CountWalk *walk = (CountWalk *)walker;
  FactTable *table = walk->table;
  if (is_atom(expr)) return;
  const ExprFacts *facts = facts_of(table, expr);
  if (2 * table->counts >= table->slots) grow_counts(table);
  HashCount *count = count_of(table, facts->hash);
  if (count->n == 2) return;
  if (count->n == 0) table->counts++;
  *count = (HashCount){facts->hash, count->n + 1};
  walk->any |= facts->may_share && count->n == 2;
  walk_expr_children(walker, expr);
}

static void note_part(Walker *walker, const Expr *part) {
  const FactsWalk *walk = (FactsWalk *)walker;
  walk->facts->repeats |= facts_of(walk->table, part)->repeats;
}

/* The facts of parts stand before those of the whole. */
static void find_repeats(FactTable *table) {
  static const ExprVisit parts[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = note_part,
#include "ir/nodes.def"
  };
  for (int i = 0; i < table->known.n; i++) {
    ExprFacts *facts = table->known.entry[i].value;
    FactsWalk walk = {{parts, NULL, ALL_KINDS}, table, facts};
    facts->repeats = facts->may_share && count_of(table, facts->hash)->n == 2;
    if (!facts->repeats)
      walk_expr_children(&walk.walker, table->known.entry[i].key);
  }
}

bool facts_init(FactTable *table, Arena *arena, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = count_expr,
#include "ir/nodes.def"
  };
  *table = (FactTable){.arena = arena};
  ptrmap_init(&table->known, arena);
  /* What is put in place of a let's value may be found to stand elsewhere. */
  table->is_counted = body->has & (expr_bit(LET) | stmt_bit(LET_STMT));
  if (table->is_counted) return true;
  CountWalk walk = {{exprs, NULL, ALL_KINDS}, table, false};
  walk_stmt(&walk.walker, body);
  if (walk.any) find_repeats(table);
  table->is_counted = true;
  return walk.any;
}

/* ---- Tables ------------------------------------------------------------- */

enum { SHORT_LIST = 8 };

void computations_init(Computations *table, FactTable *facts) {
  *table = (Computations){.facts = facts};
}

static bool is_same(const Computation *known, const Expr *expr, uint64_t hash) {
  return known->facts->hash == hash && expr_equal(known->expr, expr);
}

/* The slot that holds an equal expression, or the free one where it goes. */
static int *find_slot(const Computations *table, const Expr *expr,
                      uint64_t hash) {
  uint64_t mask = (uint64_t)table->slots - 1;
  for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
    int *slot = &table->slot[i];
    if (!*slot || is_same(&table->list.at[*slot - 1], expr, hash)) return slot;
  }
}

int computations_find(const Computations *table, const Expr *expr,
                      uint64_t hash) {
  if (table->slots) return *find_slot(table, expr, hash) - 1;
  for (int i = 0; i < table->list.n; i++)
    if (is_same(&table->list.at[i], expr, hash)) return i;
  return -1;
}

static void rehash(Computations *table, int slots) {
  table->slots = slots;
  table->slot = ARENA_ARRAY(table->facts->arena, int, slots);
  for (int i = 0; i < table->list.n; i++) {
    const Computation *known = &table->list.at[i];
    *find_slot(table, known->expr, known->facts->hash) = i + 1;
  }
}

static void add(Computations *table, const Expr *expr, const ExprFacts *facts,
                int count) {
  int index = computations_find(table, expr, facts->hash);
  if (index >= 0) {
    table->list.at[index].count += count;
    return;
  }
  vec_push(table->facts->arena, &table->list,
           (Computation){expr, facts, count});
  if (table->list.n > SHORT_LIST && table->list.n * 2 > table->slots)
    rehash(table, table->slots ? table->slots * 2 : 4 * SHORT_LIST);
  else if (table->slots)
    *find_slot(table, expr, facts->hash) = table->list.n;
}

typedef struct AddWalk {
  Walker walker;
  Computations *table;
} AddWalk;

static void on_expr(Walker *walker, const Expr *expr) {
  Computations *table = ((AddWalk *)walker)->table;
  const ExprFacts *facts = facts_of(table->facts, expr);
  table->has_let |= facts->has_let;
  if (!facts->repeats) return;
  if (facts->may_share)
    add(table, expr, facts, 1);
  else
    walk_expr_children(walker, expr);
}

/* Adds what stands in two or three of the parts, with the total count. */
static void add_common(Computations *table, const Computations *part) {
  for (int p = 0; p < 3; p++)
    for (int i = 0; i < part[p].list.n; i++) {
      const Computation *known = &part[p].list.at[i];
      int total = 0, parts = 0, first = p;
      for (int q = 0; q < 3; q++) {
        int at = computations_find(&part[q], known->expr, known->facts->hash);
        if (at < 0) continue;
        if (q < first) first = q;
        total += part[q].list.at[at].count;
        parts++;
      }
      if (first == p && parts >= 2)
        add(table, known->expr, known->facts, total);
    }
}

static void add_for(Computations *table, const For *loop) {
  if (!facts_of(table->facts, loop->min)->repeats &&
      !facts_of(table->facts, loop->extent)->repeats)
    return; /* nothing in two parts */
  Computations part[3];
  for (int i = 0; i < 3; i++) computations_init(&part[i], table->facts);
  add_expr(&part[0], loop->min);
  add_expr(&part[1], loop->extent);
  add_stmt(&part[2], loop->body);
  add_common(table, part);
}

static void add_if(Computations *table, const If *branch) {
  if (!facts_of(table->facts, branch->condition)->repeats && !branch->else_part)
    return;
  Computations part[3];
  for (int i = 0; i < 3; i++) computations_init(&part[i], table->facts);
  add_expr(&part[0], branch->condition);
  add_stmt(&part[1], branch->then_part);
  if (branch->else_part) add_stmt(&part[2], branch->else_part);
  add_common(table, part);
}

static void on_for(Walker *walker, const Stmt *stmt) {
  add_for(((AddWalk *)walker)->table, AS(For, stmt));
}

static void on_if(Walker *walker, const Stmt *stmt) {
  add_if(((AddWalk *)walker)->table, AS(If, stmt));
}

static AddWalk add_walk(Computations *table) {
  static const ExprVisit exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = on_expr,
#include "ir/nodes.def"
  };
  static const StmtVisit stmts[STMT_KINDS] = {[FOR] = on_for, [IF] = on_if};
  return (AddWalk){{exprs, stmts, ALL_KINDS}, table};
}

void add_stmt(Computations *table, const Stmt *stmt) {
  AddWalk walk = add_walk(table);
  walk_stmt(&walk.walker, stmt);
}

void add_expr(Computations *table, const Expr *expr) {
  AddWalk walk = add_walk(table);
  walk_expr(&walk.walker, expr);
}

void add_parts(Computations *table, const Expr *expr) {
  AddWalk walk = add_walk(table);
  walk_expr_children(&walk.walker, expr);
}
