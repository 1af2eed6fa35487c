/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors of statements, and sequences and nests of them. */
#include "base/trap.h"
#include "base/vec.h"
#include "ir/make.h"

/* `inside` is what stands in the parts. */
#define NEW_STMT(arena, T, kind_, inside, ...)                           \
  ({                                                                     \
    T *node_ = arena_alloc(arena, sizeof(T));                            \
    *node_ = (T){.s = {kind_, stmt_bit(kind_) | (inside)}, __VA_ARGS__}; \
    &node_->s;                                                           \
  })

const Stmt *make_let_stmt(Arena *arena, const Var *var, const Expr *value,
                          const Stmt *body) {
  return NEW_STMT(arena, LetStmt, LET_STMT, value->has | body->has, .var = var,
                  .value = value, .body = body);
}

AttrNode on_iter(const IterVar *iter) {
  return (AttrNode){ON_ITER, iter, NULL};
}
AttrNode on_var(const Var *var) { return (AttrNode){ON_VAR, var, NULL}; }
AttrNode on_buffer(const Buffer *buffer) {
  return (AttrNode){ON_BUFFER, buffer, NULL};
}
AttrNode on_pair(const Buffer *view, const Buffer *target) {
  return (AttrNode){ON_BUFFER_PAIR, view, target};
}

const Stmt *make_attr(Arena *arena, AttrNode node, const char *key,
                      const Expr *value, const Stmt *body) {
  return NEW_STMT(arena, Attr, ATTR, value->has | body->has, .node = node,
                  .key = key, .value = value, .body = body);
}

const Stmt *with_value(Arena *arena, const Attr *attr, const Expr *value,
                       const Stmt *body) {
  return NEW_STMT(arena, Attr, ATTR, value->has | body->has, .node = attr->node,
                  .key = attr->key, .value = value, .body = body,
                  .stage = attr->stage);
}

const Stmt *make_for(Arena *arena, ForKind kind, const Var *var,
                     const Expr *min, const Expr *extent, const Stmt *body) {
  return NEW_STMT(arena, For, FOR, min->has | extent->has | body->has,
                  .kind = kind, .var = var, .min = min, .extent = extent,
                  .body = body);
}

const Stmt *make_allocate(Arena *arena, const Var *var, DType type, int n,
                          const Expr *const *extent, const Expr *condition,
                          const Stmt *body) {
  return NEW_STMT(
      arena, Allocate, ALLOCATE,
      exprs_have(n, extent) | condition->has | body->has, .var = var,
      .type = type, .n = n,
      .extent = arena_copy(arena, extent, (size_t)n * sizeof *extent),
      .condition = condition, .body = body);
}

const Stmt *make_store(Arena *arena, const Buffer *buffer, const Expr *value,
                       int n, const Expr *const *index) {
  return NEW_STMT(arena, Store, STORE, value->has | exprs_have(n, index),
                  .buffer = buffer, .value = value, .n = n,
                  .index = arena_copy(arena, index, (size_t)n * sizeof *index));
}

const Stmt *make_realize(Arena *arena, const Buffer *buffer, const Range *bound,
                         const Expr *condition, const Stmt *body) {
  uint32_t inside = condition->has | body->has;
  for (int i = 0; i < buffer->n; i++)
    inside |= bound[i].min->has | bound[i].extent->has;
  return NEW_STMT(
      arena, Realize, REALIZE, inside, .buffer = buffer,
      .bound = arena_copy(arena, bound, (size_t)buffer->n * sizeof *bound),
      .condition = condition, .body = body);
}

const Stmt *make_if(Arena *arena, const Expr *condition, const Stmt *then_part,
                    const Stmt *else_part) {
  uint32_t inside = condition->has | then_part->has;
  if (else_part) inside |= else_part->has;
  return NEW_STMT(arena, If, IF, inside, .condition = condition,
                  .then_part = then_part, .else_part = else_part);
}

const Stmt *make_seq(Arena *arena, int n, const Stmt *const *at) {
  uint32_t inside = 0;
  for (int i = 0; i < n; i++) inside |= at[i]->has;
  return NEW_STMT(arena, Seq, SEQ, inside, .n = n,
                  .at = arena_copy(arena, at, (size_t)n * sizeof *at));
}

const Stmt *make_evaluate(Arena *arena, const Expr *value) {
  return NEW_STMT(arena, Evaluate, EVALUATE, value->has, .value = value);
}

const Stmt *make_assert(Arena *arena, const Expr *condition,
                        const char *message, const Stmt *body) {
  return NEW_STMT(arena, Assert, ASSERT, condition->has | body->has,
                  .condition = condition, .message = message, .body = body);
}

const Stmt *make_nop(Arena *arena) {
  return make_evaluate(arena, make_i32(arena, 0));
}

bool is_nop(const Stmt *stmt) {
  if (stmt->kind == EVALUATE) return AS(Evaluate, stmt)->value->kind == INT;
  return stmt->kind == SEQ && AS(Seq, stmt)->n == 0;
}

typedef VEC(const Stmt *) StmtVec;

static void splice(Arena *arena, StmtVec *out, const Stmt *stmt) {
  const Seq *seq = as_seq(stmt);
  if (!stmt) return;
  if (!seq) {
    vec_push(arena, out, stmt);
    return;
  }
  for (int i = 0; i < seq->n; i++) splice(arena, out, seq->at[i]);
}

const Stmt *flatten(Arena *arena, int n, const Stmt *const *at) {
  StmtVec out = {0};
  for (int i = 0; i < n; i++) splice(arena, &out, at[i]);
  if (out.n == 0) return NULL;
  return out.n == 1 ? out.at[0] : make_seq(arena, out.n, out.at);
}

const Stmt *flatten2(Arena *arena, const Stmt *first, const Stmt *second) {
  return flatten(arena, 2, (const Stmt *[]){first, second});
}

#define WITH_BODY(T)                                  \
  ({                                                  \
    T *copy_ = arena_copy(arena, wrapper, sizeof(T)); \
    copy_->body = body;                               \
    copy_->s.has |= body->has;                        \
    &copy_->s;                                        \
  })

const Stmt *with_body(Arena *arena, const Stmt *wrapper, const Stmt *body) {
  if (body_of(wrapper) == body) return wrapper;
  switch ((StmtKind)wrapper->kind) {
    case LET_STMT: return WITH_BODY(LetStmt);
    case ATTR: return WITH_BODY(Attr);
    case FOR: return WITH_BODY(For);
    case ALLOCATE: return WITH_BODY(Allocate);
    case REALIZE: return WITH_BODY(Realize);
    case ASSERT: return WITH_BODY(Assert);
    case IF: return make_if(arena, AS(If, wrapper)->condition, body, NULL);
    default: BUG("a %s has no body", stmt_kind_name(wrapper->kind));
  }
}

const Stmt *body_of(const Stmt *wrapper) {
  switch ((StmtKind)wrapper->kind) {
    case LET_STMT: return AS(LetStmt, wrapper)->body;
    case ATTR: return AS(Attr, wrapper)->body;
    case FOR: return AS(For, wrapper)->body;
    case ALLOCATE: return AS(Allocate, wrapper)->body;
    case REALIZE: return AS(Realize, wrapper)->body;
    case ASSERT: return AS(Assert, wrapper)->body;
    case IF: return AS(If, wrapper)->then_part;
    default: BUG("a %s has no body", stmt_kind_name(wrapper->kind));
  }
}

const Stmt *merge_nest(Arena *arena, int n, const Stmt *const *wrapper,
                       const Stmt *body) {
  for (int i = n - 1; i >= 0; i--) body = with_body(arena, wrapper[i], body);
  return body;
}
