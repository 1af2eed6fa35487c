/* SPDX-License-Identifier: Apache-2.0 */
/* Dependence tokens between the units of the accelerator.
 *
 * The rule: a piece of work begins when all that stands before it in its thread
 * has ended.  It suffices to link neighbours, since every piece is linked.  So
 * no memory has to be looked at, neither for what is on chip nor for what goes
 * to DRAM and comes back.
 *
 * Units run on their own; when work goes over from unit f to unit t, f pushes
 * a token that t pops.  Scopes are visited in program order.  Two neighbours
 * are linked: a push after the first, a pop before the second.  A loop links
 * its last scope to its first, too, for the next iteration: that leaves its
 * first iteration with a pop that nobody feeds and its last with a push that
 * nobody takes.  They are kept with the loop (pops, pushes) and met by what
 * stands around it: a neighbour that already has the token to give leaves it
 * at that, any other gets an extra push or pop; what is left over at the end
 * is pushed before, or popped after, the whole.
 *
 * Tokens between load and store unit, for which the reference makes calls that
 * its runtime refuses, are relayed.  What may not run at all (a condition, a
 * loop without a known number of steps) ends where it begins, too.
 *
 * Everything inside virtual threads that share nothing, tokens included, is
 * going to be repeated for each of them, and what is outside is not.  So such
 * threads are a piece of work of their own: tokens that are left over inside
 * are met inside, and those that order it among its neighbours stand outside
 * on both sides.  (The reference lets them pass, which deadlocks unless there
 * is nothing outside.)
 *
 * The order of insertion is that of TVM 0.9's CoProcInstDepDetector, since it
 * shows in dumps; where that goes by hash order, ours goes by unit number.
 * Cost: linear in the statement; the number of units is constant. */
#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"
#include "vta/calls.h"
#include "vta/coproc_sync.h"

typedef struct Token {
  int from, to;
} Token;
typedef VEC(Token) TokenVec;

/* A piece of accelerator work and how it begins and ends. */
typedef struct Work {
  const Stmt *node;     /* NULL: none */
  unsigned enter, exit; /* sets of units, by bit */
  TokenVec pops;        /* at the entry, nobody pushes them yet */
  TokenVec pushes;      /* at the exit, nobody pops them yet */
} Work;

typedef struct Detector {
  Walker walker;
  Arena *arena; /* scratch */
  Insertions *out;
  Work first, last; /* of the sequence at hand */
} Detector;

enum { UNITS_MAX = 8 };

typedef void (*Insert)(Insertions *insertions, const Stmt *node,
                       const Stmt *stmt);

static void insert_call(Detector *d, Insert insert, const Stmt *node, Op op,
                        int from, int to) {
  Arena *arena = d->out->arena;
  const Expr *arg[2] = {make_i32(arena, from), make_i32(arena, to)};
  insert(d->out, node,
         make_evaluate(arena, make_call(arena, INT32, op, 2, arg)));
}

static bool goes(Token token, int from, int to) {
  return token.from == from && token.to == to;
}

/* Load and store unit have no queue between them: their tokens go by way of
 * the compute unit, which hands them on where they are popped. */
static bool is_relayed(Token token) {
  return goes(token, HW_STAGE_LOAD, HW_STAGE_STORE) ||
         goes(token, HW_STAGE_STORE, HW_STAGE_LOAD);
}

static void insert_push(Detector *d, Insert insert, const Stmt *node,
                        Token token) {
  int to = is_relayed(token) ? HW_STAGE_COMPUTE : token.to;
  insert_call(d, insert, node, OP_COPROC_DEP_PUSH, token.from, to);
}

static void insert_pop(Detector *d, Insert insert, const Stmt *node,
                       Token token) {
  int from = token.from;
  if (is_relayed(token)) {
    from = HW_STAGE_COMPUTE;
    insert_call(d, insert, node, OP_COPROC_DEP_POP, token.from, from);
    insert_call(d, insert, node, OP_COPROC_DEP_PUSH, from, token.to);
  }
  insert_call(d, insert, node, OP_COPROC_DEP_POP, from, token.to);
}

static void push_after(Detector *d, const Work *work, Token token) {
  insert_push(d, coproc_insert_after, work->node, token);
}
static void pop_after(Detector *d, const Work *work, Token token) {
  insert_pop(d, coproc_insert_after, work->node, token);
}
static void push_before(Detector *d, const Work *work, Token token) {
  insert_push(d, coproc_insert_before, work->node, token);
}
static void pop_before(Detector *d, const Work *work, Token token) {
  insert_pop(d, coproc_insert_before, work->node, token);
}

static bool has_token(const TokenVec *tokens, Token token) {
  for (int i = 0; i < tokens->n; i++)
    if (tokens->at[i].from == token.from && tokens->at[i].to == token.to)
      return true;
  return false;
}

/* Is it half the way of a token that is relayed?  A queue holds one token of a
 * kind at a time: two would be taken for each other in interleaved threads. */
static bool is_implied(Token token, unsigned exit, unsigned enter) {
  const unsigned load = 1u << HW_STAGE_LOAD, store = 1u << HW_STAGE_STORE;
  if (goes(token, HW_STAGE_LOAD, HW_STAGE_COMPUTE) ||
      goes(token, HW_STAGE_COMPUTE, HW_STAGE_STORE))
    return exit & load && enter & store;
  if (goes(token, HW_STAGE_STORE, HW_STAGE_COMPUTE) ||
      goes(token, HW_STAGE_COMPUTE, HW_STAGE_LOAD))
    return exit & store && enter & load;
  return false;
}

/* All that may have to be waited for between two pieces of work. */
static TokenVec crossings(const Detector *d, unsigned exit, unsigned enter) {
  TokenVec tokens = {0};
  for (int from = 0; from < UNITS_MAX; from++)
    for (int to = 0; to < UNITS_MAX; to++) {
      Token token = {from, to};
      if (from != to && (exit >> from & 1) && (enter >> to & 1) &&
          !is_implied(token, exit, enter))
        vec_push(d->arena, &tokens, token);
    }
  return tokens;
}

static TokenVec copy_tokens(const Detector *d, const TokenVec *tokens) {
  TokenVec copy = {0};
  for (int i = 0; i < tokens->n; i++) vec_push(d->arena, &copy, tokens->at[i]);
  return copy;
}

/* Orders `next` behind `prev`.  What prev pushes and next pops once more than
 * the other takes or gives, as in a loop, goes to `ret_pushes` and
 * `ret_pops`. */
static void link_work(Detector *d, const Work *prev, const Work *next,
                      TokenVec *ret_pushes, TokenVec *ret_pops) {
  TokenVec pushes = copy_tokens(d, &prev->pushes);
  TokenVec pops = copy_tokens(d, &next->pops);
  TokenVec need = crossings(d, prev->exit, next->enter);
  *ret_pushes = *ret_pops = (TokenVec){0};
  for (int i = 0; i < need.n; i++) {
    if (!has_token(&prev->pushes, need.at[i])) {
      vec_push(d->arena, &pushes, need.at[i]);
      push_after(d, prev, need.at[i]);
    }
    if (!has_token(&next->pops, need.at[i])) {
      vec_push(d->arena, &pops, need.at[i]);
      pop_before(d, next, need.at[i]);
    }
  }
  for (int i = 0; i < pushes.n; i++) {
    if (has_token(&pops, pushes.at[i]))
      vec_push(d->arena, ret_pushes, pushes.at[i]);
    else
      pop_after(d, prev, pushes.at[i]);
  }
  for (int i = 0; i < pops.n; i++) {
    if (has_token(&pushes, pops.at[i]))
      vec_push(d->arena, ret_pops, pops.at[i]);
    else
      push_before(d, next, pops.at[i]);
  }
}

static void add_work(Detector *d, const Work *work) {
  TokenVec pushes, pops; /* in a straight line nothing is left over */
  if (!work->node) return;
  if (d->last.node)
    link_work(d, &d->last, work, &pushes, &pops);
  else
    d->first = *work;
  d->last = *work;
}

/* Gives a piece of work what it pops, takes what it pushes. */
static void close_work(Detector *d, const Work *first, const Work *last) {
  for (int i = 0; i < first->pops.n; i++)
    push_before(d, first, first->pops.at[i]);
  for (int i = 0; i < last->pushes.n; i++)
    pop_after(d, last, last->pushes.at[i]);
}

static void depend_unit(Detector *d, const Attr *attr) {
  const IntImm *unit = as_int(attr->value);
  CHECK(unit && unit->value >= 0 && unit->value < UNITS_MAX);
  unsigned set = 1u << unit->value;
  Work work = {.node = attr->body, .enter = set, .exit = set};
  add_work(d, &work);
}

/* Where a piece of work may be left out, those who waited to begin it are those
 * whose end is the end of all before it. */
static bool runs_at_least_once(const For *loop) {
  const IntImm *extent = as_int(loop->extent);
  return extent && extent->value > 0;
}

static void depend_for(Walker *walker, const Stmt *stmt) {
  Detector *d = (Detector *)walker;
  Work first = d->first, last = d->last, work = {0};
  d->first = d->last = (Work){0};
  walk_stmt(walker, AS(For, stmt)->body);
  if (d->last.node) {
    work = (Work){.node = stmt, .enter = d->first.enter, .exit = d->last.exit};
    if (!runs_at_least_once(AS(For, stmt))) work.exit |= work.enter;
    link_work(d, &d->last, &d->first, &work.pushes, &work.pops);
  }
  d->first = first;
  d->last = last;
  add_work(d, &work);
}

/* Adds the work in `body`, closed on its own, to that of `node`. */
static void add_closed(Detector *d, const Stmt *body, const Stmt *node,
                       Work *work) {
  d->first = d->last = (Work){0};
  walk_stmt(&d->walker, body);
  if (!d->last.node) return;
  close_work(d, &d->first, &d->last);
  work->node = node;
  work->enter |= d->first.enter;
  work->exit |= d->last.exit;
}

static void depend_if(Walker *walker, const Stmt *stmt) {
  Detector *d = (Detector *)walker;
  Work first = d->first, last = d->last, work = {0};
  const If *branch = AS(If, stmt);
  add_closed(d, branch->then_part, stmt, &work);
  if (branch->else_part)
    add_closed(d, branch->else_part, stmt, &work);
  else
    work.exit |= work.enter;
  d->first = first;
  d->last = last;
  add_work(d, &work);
}

static void depend_threads(Detector *d, const Attr *attr) {
  Work first = d->first, last = d->last, work = {0};
  add_closed(d, attr->body, &attr->s, &work);
  d->first = first;
  d->last = last;
  add_work(d, &work);
}

/* Is it about threads that repeat all that is inside? */
static bool is_repeated(const Attr *attr) {
  return attr_has_key(attr, "virtual_thread") && !threads_share(attr) &&
         !is_const(attr->value, 1);
}

static void depend_attr(Walker *walker, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (attr_has_key(attr, "coproc_scope"))
    depend_unit((Detector *)walker, attr);
  else if (is_repeated(attr))
    depend_threads((Detector *)walker, attr);
  else
    walk_stmt_children(walker, stmt);
}

void coproc_plan_tokens(Arena *scratch, const Stmt *stmt, Insertions *out) {
  static const StmtVisit stmts[STMT_KINDS] = {
      [ATTR] = depend_attr, [FOR] = depend_for, [IF] = depend_if};
  Detector d = {.walker = WALKER(NULL, stmts), .arena = scratch, .out = out};
  walk_stmt(&d.walker, stmt);
  if (d.last.node) close_work(&d, &d.first, &d.last);
}
