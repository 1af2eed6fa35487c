/* SPDX-License-Identifier: Apache-2.0 */
/* Statements as C. */
#include <string.h>

#include "base/trap.h"
#include "csource/writer.h"
#include "ir/eval.h"

/* An expression without the parentheses around the whole of it. */
static const char *bare(Writer *w, const Expr *expr) {
  const char *text = c_expr(w, expr);
  size_t length = strlen(text);
  int depth = 0;
  if (*text != '(') return text;
  for (size_t i = 0; i < length; i++) {
    depth += (text[i] == '(') - (text[i] == ')');
    if (!depth && i + 1 < length) return text;
  }
  return arena_printf(w->arena, "%.*s", (int)length - 2, text + 1);
}

static const char *var_type(Writer *w, const Var *var) {
  if (!plan_is_pointer(var)) return c_type(w, var->e.type);
  return arena_printf(w->arena, "%s *", c_type(w, var->element));
}

static void write_let(Writer *w, const LetStmt *let) {
  const char *value = bare(w, let->value);
  c_line(w, "%s = %s;",
         c_declared(w, var_type(w, let->var), c_var(w, let->var)), value);
  c_stmt(w, let->body);
}

static const char *end_text(Writer *w, const For *loop) {
  if (is_const(loop->min, 0)) return c_expr(w, loop->extent);
  return arena_printf(w->arena, "%s + %s", c_expr(w, loop->min),
                      c_expr(w, loop->extent));
}

static void write_for(Writer *w, const For *loop) {
  const char *min = bare(w, loop->min), *end = end_text(w, loop);
  const char *name = c_var(w, loop->var);
  c_open(w, "for (%s %s = %s; %s < %s; ++%s)", c_type(w, loop->var->e.type),
         name, min, name, end, name);
  c_stmt(w, loop->body);
  c_close(w);
}

static void write_scalar_store(Writer *w, const Store *store) {
  DType type = DTYPE(store->buffer->type.code, store->buffer->type.bits);
  const char *value = bare(w, store->value);
  c_line(w, "((%s *)%s)[%s] = %s;", c_type(w, type),
         c_var(w, store->buffer->data), bare(w, store->index[0]), value);
}

static void write_store(Writer *w, const Store *store) {
  int lanes = store->value->type.lanes;
  if (store->n != 1) BUG("an access that was not flattened");
  if (lanes == 1) {
    write_scalar_store(w, store);
    return;
  }
  c_open(w, "for (int32_t lane = 0; lane < %d; ++lane)", lanes);
  w->in_lanes = true;
  write_scalar_store(w, store);
  w->in_lanes = false;
  c_close(w);
}

static void write_allocate(Writer *w, const Allocate *allocation) {
  DType type = DTYPE(allocation->type.code, allocation->type.bits);
  int64_t elements = plan_elements(w->arena, allocation);
  int64_t bytes = elements * dtype_bytes(type);
  const char *name = c_var(w, allocation->var);
  int device = w->plan->device_type;
  if (device == DEVICE_CPU && bytes < STACK_LIMIT_BYTES) {
    c_open_block(w);
    c_line(w, "%s %s[%lld];", c_type(w, type), name, (long long)elements);
    c_stmt(w, allocation->body);
    c_close(w);
    return;
  }
  c_open_block(w);
  c_line(w, "void *%s = __TVMBackendAllocWorkspace(%d, 0, %lld, %d, %d);", name,
         device, (long long)bytes, type.code, type.bits);
  c_line(w, "if (!%s) return -1;", name);
  c_stmt(w, allocation->body);
  c_line(w, "if (__TVMBackendFreeWorkspace(%d, 0, %s)) return -1;", device,
         name);
  c_close(w);
}

static void write_if(Writer *w, const If *branch) {
  c_open(w, "if (%s)", bare(w, branch->condition));
  c_stmt(w, branch->then_part);
  c_close(w);
  if (!branch->else_part) return;
  c_open(w, "else");
  c_stmt(w, branch->else_part);
  c_close(w);
}

/* Pushes a micro-op scope. */
static void write_push(Writer *w, const Site *site) {
  int number = (int)(site - w->plan->site);
  c_open_block(w);
  if (site->n) c_line(w, "struct closure_%d closure = {0};", number);
  if (site->key) c_line(w, "closure.key = %s;", bare(w, site->key));
  for (int i = 0; i < site->n; i++) {
    const char *name = c_var(w, site->captured[i]);
    c_line(w, "closure.%s = %s;", name, name);
  }
  if (site->n)
    c_line(w,
           "int32_t status = %s(&slot[%d], record_%d, &closure, (int)sizeof "
           "closure%s);",
           site->push, number, number, site->key ? ".key" : "");
  else
    c_line(w, "int32_t status = %s(&slot[%d], record_%d, NULL, 0);", site->push,
           number, number);
  c_line(w, "if (status) return status;");
  c_close(w);
}

static void write_attr(Writer *w, const Attr *attr) {
  static const char *const stages[] = {"", "load", "compute", "store"};
  const Site *site = ptrmap_get(&w->plan->site_of, attr);
  const IntImm *stage = as_int(attr->value);
  if (site) {
    write_push(w, site);
    return;
  }
  if (!strcmp(attr->key, "coproc_scope") && stage && stage->value >= 1 &&
      stage->value <= 3)
    c_line(w, "/* %s */", stages[stage->value]);
  c_stmt(w, attr->body);
}

static void write_evaluate(Writer *w, const Expr *value) {
  if (value->kind == CALL) c_line(w, "%s;", c_expr(w, value));
}

static void write_assert(Writer *w, const Assert *assertion) {
  c_line(w, "if (!(%s)) return refuse(%s);", bare(w, assertion->condition),
         c_quoted(w, assertion->message));
  c_stmt(w, assertion->body);
}

void c_stmt(Writer *w, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT: write_let(w, AS(LetStmt, stmt)); return;
    case ATTR: write_attr(w, AS(Attr, stmt)); return;
    case FOR: write_for(w, AS(For, stmt)); return;
    case ALLOCATE: write_allocate(w, AS(Allocate, stmt)); return;
    case STORE: write_store(w, AS(Store, stmt)); return;
    case IF: write_if(w, AS(If, stmt)); return;
    case SEQ:
      for (int i = 0; i < AS(Seq, stmt)->n; i++)
        c_stmt(w, AS(Seq, stmt)->at[i]);
      return;
    case EVALUATE: write_evaluate(w, AS(Evaluate, stmt)->value); return;
    case ASSERT: write_assert(w, AS(Assert, stmt)); return;
    case REALIZE:
    case STMT_KINDS: break;
  }
  BUG("a %s has no C form", stmt_kind_name(stmt->kind));
}
