/* SPDX-License-Identifier: Apache-2.0 */
/* Printing IR as text, strictly left to right: the first print of a variable
 * or buffer gives it its name and shows its type.  The clauses of the format
 * are numbered in docs/ir-text.md. */
#include "ir/print.h"

#include <ctype.h>
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/name_supply.h"

typedef struct Printer {
  Strbuf *out;
  NameSupply names;
  int indent;
  PtrMap *places; /* Stmt -> PrintPlace, or NULL */
  int line;       /* of the text before `counted` */
  size_t counted;
} Printer;

static void print_expr(Printer *p, const Expr *expr);
static void print_stmt(Printer *p, const Stmt *stmt);
static void print_body(Printer *p, const Stmt *stmt);

static void put(Printer *p, const char *text) { strbuf_add(p->out, text); }

static void new_line(Printer *p) {
  strbuf_char(p->out, '\n');
  strbuf_fill(p->out, ' ', (size_t)p->indent);
}

static void print_list(Printer *p, int n, const Expr *const *at) {
  for (int i = 0; i < n; i++) {
    if (i) put(p, ", ");
    print_expr(p, at[i]);
  }
}

/* ---- Types, variables and buffers --------------------------------------- */

static void print_type(Printer *p, DType type) {
  put(p, dtype_name(p->out->arena, type));
}

static void print_var_type(Printer *p, const Var *var) {
  if (!var->scope) {
    print_type(p, var->e.type);
    return;
  }
  put(p, "Pointer(");
  if (*var->scope) {
    put(p, var->scope);
    put(p, " ");
  }
  print_type(p, var->element);
  put(p, ")");
}

/* The name is taken as the type is shown: on the first print. */
static void print_var(Printer *p, const Var *var) {
  const char *hint = var->hint;
  if (!isalpha((unsigned char)*hint))
    hint = arena_printf(p->out->arena, "v%s", hint);
  bool first;
  put(p, names_of(&p->names, var, hint, &first));
  if (!first) return;
  put(p, ": ");
  print_var_type(p, var);
}

static const char *buffer_name(Printer *p, const Buffer *buffer,
                               bool *ret_first) {
  const char *name = buffer->name;
  if (!isalpha((unsigned char)*name))
    name = arena_printf(p->out->arena, "buf_%s", name);
  return names_of(&p->names, buffer, name, ret_first);
}

static void describe_buffer(Printer *p, const Buffer *buffer) {
  put(p, ": Buffer(");
  print_var(p, buffer->data);
  put(p, ", ");
  print_type(p, buffer->type);
  put(p, ", [");
  print_list(p, buffer->n, buffer->shape);
  put(p, "], [");
  if (buffer->stride) print_list(p, buffer->n, buffer->stride);
  put(p, "]");
  if (!is_const(buffer->elem_offset, 0)) {
    put(p, ", elem_offset=");
    print_expr(p, buffer->elem_offset);
  }
  const char *scope = buffer_scope(buffer);
  if (strcmp(scope, "global")) strbuf_printf(p->out, ", scope=\"%s\"", scope);
  if (buffer->align != 128) strbuf_printf(p->out, ", align=%d", buffer->align);
  if (buffer->offset_factor != 1)
    strbuf_printf(p->out, ", offset_factor=%d", buffer->offset_factor);
  put(p, ")");
}

static void print_buffer(Printer *p, const Buffer *buffer) {
  bool first;
  put(p, buffer_name(p, buffer, &first));
  if (first) describe_buffer(p, buffer);
}

static void print_access(Printer *p, const Buffer *buffer, int n,
                         const Expr *const *index) {
  print_buffer(p, buffer);
  put(p, "[");
  print_list(p, n, index);
  put(p, "]");
}

/* ---- Expressions -------------------------------------------------------- */

static void print_string(Printer *p, const char *text) {
  strbuf_char(p->out, '"');
  for (; *text; text++) switch (*text) {
      case '\n': put(p, "\\n"); break;
      case '\t': put(p, "\\t"); break;
      case '\r': put(p, "\\r"); break;
      case '"': put(p, "\\\""); break;
      case '\\': put(p, "\\\\"); break;
      default: strbuf_char(p->out, *text);
    }
  strbuf_char(p->out, '"');
}

static void print_suffix(Printer *p, DType type, char code) {
  strbuf_char(p->out, code);
  strbuf_int(p->out, type.bits);
  if (type.lanes > 1) strbuf_printf(p->out, "x%d", type.lanes);
}

static void print_int(Printer *p, const IntImm *imm) {
  DType type = imm->e.type;
  if (is_bool(type)) {
    put(p, imm->value ? "True" : "False");
    return;
  }
  if (type.code == TYPE_UINT)
    strbuf_printf(p->out, "%llu", (unsigned long long)imm->value);
  else
    strbuf_int(p->out, imm->value);
  if (!dtype_eq(type, INT32))
    print_suffix(p, type, type.code == TYPE_UINT ? 'u' : 'i');
}

static void print_float(Printer *p, const FloatImm *imm) {
  strbuf_printf(p->out, "%g", imm->value);
  print_suffix(p, imm->e.type, 'f');
}

/* How a binary operator is written: infix text, or a function's name. */
static const struct {
  const char *infix, *function;
} operators[EXPR_KINDS] = {
    [ADD] = {" + ", NULL},
    [SUB] = {" - ", NULL},
    [MUL] = {"*", NULL},
    [DIV] = {" / ", NULL},
    [MOD] = {" % ", NULL},
    [FLOORDIV] = {NULL, "floordiv("},
    [FLOORMOD] = {NULL, "floormod("},
    [MIN] = {NULL, "min("},
    [MAX] = {NULL, "max("},
    [EQ] = {" == ", NULL},
    [NE] = {" != ", NULL},
    [LT] = {" < ", NULL},
    [LE] = {" <= ", NULL},
    [GT] = {" > ", NULL},
    [GE] = {" >= ", NULL},
    [AND] = {" && ", NULL},
    [OR] = {" || ", NULL},
};

static void print_binary(Printer *p, const Binary *binary) {
  const char *infix = operators[binary->e.kind].infix;
  put(p, infix ? "(" : operators[binary->e.kind].function);
  print_expr(p, binary->a);
  put(p, infix ? infix : ", ");
  print_expr(p, binary->b);
  put(p, ")");
}

static void print_call(Printer *p, const Call *call) {
  put(p, "@");
  put(p, op_name(call->op));
  put(p, "(");
  print_list(p, call->n, call->arg);
  put(p, ", dtype=");
  print_type(p, call->e.type);
  put(p, ")");
}

static void print_function(Printer *p, const char *name, int n,
                           const Expr *const *at) {
  put(p, name);
  print_list(p, n, at);
  put(p, ")");
}

static void print_iter(Printer *p, const IterVar *iter);

static void print_reduce(Printer *p, const Reduce *reduce) {
  static const char *const names[] = {"sum", "max", "min"};
  strbuf_printf(p->out, "reduce_%s(", names[reduce->combiner]);
  print_expr(p, reduce->source);
  put(p, ", axis=[");
  for (int i = 0; i < reduce->n; i++) {
    if (i) put(p, ", ");
    print_iter(p, reduce->axis[i]);
  }
  put(p, "])");
}

static void print_let(Printer *p, const Let *let) {
  put(p, "let ");
  print_var(p, let->var);
  put(p, " = ");
  print_expr(p, let->value);
  put(p, " in ");
  print_expr(p, let->body);
}

static void print_cast(Printer *p, const Unary *cast) {
  put(p, "cast(");
  print_type(p, cast->e.type);
  put(p, ", ");
  print_expr(p, cast->a);
  put(p, ")");
}

static void print_select(Printer *p, const Select *s) {
  print_function(p, "select(", 3,
                 (const Expr *[]){s->condition, s->if_true, s->if_false});
}

static void print_ramp(Printer *p, const Ramp *ramp) {
  put(p, "ramp(");
  print_list(p, 2, (const Expr *[]){ramp->base, ramp->stride});
  strbuf_printf(p->out, ", %d)", ramp->e.type.lanes);
}

static void print_broadcast(Printer *p, const Broadcast *broadcast) {
  put(p, "broadcast(");
  print_expr(p, broadcast->value);
  strbuf_printf(p->out, ", %d)", broadcast->e.type.lanes);
}

static void print_expr(Printer *p, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: print_var(p, AS(Var, expr)); break;
    case INT: print_int(p, AS(IntImm, expr)); break;
    case FLOAT: print_float(p, AS(FloatImm, expr)); break;
    case STRING:
      if (expr == POS_INF || expr == NEG_INF)
        put(p, expr == POS_INF ? "pos_inf" : "neg_inf");
      else
        print_string(p, AS(StringImm, expr)->value);
      break;
    case CAST: print_cast(p, AS(Unary, expr)); break;
    case NOT:
      put(p, "!");
      print_expr(p, AS(Unary, expr)->a);
      break;
    CASE_BINARY:
      print_binary(p, AS(Binary, expr));
      break;
    case SELECT: print_select(p, AS(Select, expr)); break;
    case CALL: print_call(p, AS(Call, expr)); break;
    case LOAD:
      print_access(p, AS(Load, expr)->buffer, AS(Load, expr)->n,
                   AS(Load, expr)->index);
      break;
    case REDUCE: print_reduce(p, AS(Reduce, expr)); break;
    case LET: print_let(p, AS(Let, expr)); break;
    case RAMP: print_ramp(p, AS(Ramp, expr)); break;
    case BROADCAST: print_broadcast(p, AS(Broadcast, expr)); break;
    case EXPR_KINDS: BUG("not an expression");
  }
}

/* ---- Statements --------------------------------------------------------- */

static void note_place(Printer *p, const Stmt *stmt, const char *name) {
  if (!p->places) return;
  while (p->counted < p->out->length)
    p->line += p->out->text[p->counted++] == '\n';
  const PrintPlace place = {p->line, name};
  ptrmap_set(p->places, stmt, arena_copy(p->out->arena, &place, sizeof place));
}

static void print_iter(Printer *p, const IterVar *iter) {
  put(p, "IterVar(");
  print_var(p, iter->var);
  if (iter->dom.min) {
    put(p, ", [");
    print_expr(p, iter->dom.min);
    put(p, ":");
    print_expr(p, ex_add(p->out->arena, iter->dom.min, iter->dom.extent));
    put(p, "], ");
  } else {
    put(p, ", (nullptr), ");
  }
  strbuf_printf(p->out, "\"%s\", \"%s\")", iter_type_name(iter->type),
                iter->thread_tag);
}

static void print_attr_node(Printer *p, const AttrNode *node) {
  switch (node->on) {
    case ON_ITER: print_iter(p, node->first); break;
    case ON_VAR: print_var(p, node->first); break;
    case ON_BUFFER: print_buffer(p, node->first); break;
    case ON_BUFFER_PAIR:
      put(p, "[");
      print_buffer(p, node->first);
      put(p, ", ");
      print_buffer(p, node->second);
      put(p, "]");
      break;
  }
}

/* After a one-line header: a sequence in braces, or the statement below. */
static void print_rest(Printer *p, const Stmt *body) {
  if (body->kind == SEQ) {
    print_stmt(p, body);
    return;
  }
  put(p, ";");
  new_line(p);
  print_stmt(p, body);
}

static void print_let_stmt(Printer *p, const LetStmt *let) {
  put(p, "let ");
  print_var(p, let->var);
  put(p, " = ");
  print_expr(p, let->value);
  new_line(p);
  print_stmt(p, let->body);
}

static void print_attr(Printer *p, const Attr *attr) {
  note_place(p, &attr->s, NULL);
  put(p, "attr [");
  print_attr_node(p, &attr->node);
  put(p, "] \"");
  put(p, attr->key);
  put(p, "\" = ");
  print_expr(p, attr->value);
  print_rest(p, attr->body);
}

/* The variable's name is taken by now. */
static void note_loop(Printer *p, const For *loop) {
  bool first;
  note_place(p, &loop->s, names_of(&p->names, loop->var, "", &first));
}

static void print_for(Printer *p, const For *loop) {
  static const char *const kinds[] = {"", " \"parallel\"", " \"vectorized\"",
                                      " \"unroll\""};
  put(p, "for (");
  print_var(p, loop->var);
  note_loop(p, loop);
  put(p, ", ");
  print_expr(p, loop->min);
  put(p, ", ");
  print_expr(p, ex_add(p->out->arena, loop->min, loop->extent));
  put(p, ")");
  put(p, kinds[loop->kind]);
  print_body(p, loop->body);
}

static void print_allocate(Printer *p, const Allocate *allocate) {
  put(p, "allocate(");
  print_var(p, allocate->var);
  put(p, ", ");
  print_type(p, allocate->type);
  put(p, ", [");
  print_list(p, allocate->n, allocate->extent);
  const char *scope = allocate->var->scope;
  put(p, "]), storage_scope = ");
  put(p, scope && *scope ? scope : "global");
  if (!is_const(allocate->condition, 1)) {
    put(p, " if ");
    print_expr(p, allocate->condition);
  }
  print_rest(p, allocate->body);
}

static void print_realize(Printer *p, const Realize *realize) {
  put(p, "realize(");
  print_buffer(p, realize->buffer);
  put(p, ", [");
  for (int i = 0; i < realize->buffer->n; i++) {
    if (i) put(p, ", ");
    Range bound = realize->bound[i];
    print_expr(p, bound.min);
    put(p, ":");
    print_expr(p, ex_add(p->out->arena, bound.min, bound.extent));
  }
  put(p, "], ");
  print_expr(p, realize->condition);
  print_body(p, realize->body);
  put(p, ")");
}

static void print_if(Printer *p, const If *branch) {
  put(p, "if ");
  print_expr(p, branch->condition);
  print_body(p, branch->then_part);
  if (!branch->else_part) return;
  put(p, " else");
  print_body(p, branch->else_part);
}

static void print_seq(Printer *p, const Seq *seq) {
  put(p, " {");
  p->indent += 2;
  for (int i = 0; i < seq->n; i++) {
    new_line(p);
    print_stmt(p, seq->at[i]);
  }
  p->indent -= 2;
  new_line(p);
  put(p, "}");
}

static void print_assert(Printer *p, const Assert *assertion) {
  put(p, "assert(");
  print_expr(p, assertion->condition);
  put(p, ", ");
  print_string(p, assertion->message);
  put(p, ")");
  new_line(p);
  print_stmt(p, assertion->body);
}

static void print_stmt(Printer *p, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT: print_let_stmt(p, AS(LetStmt, stmt)); break;
    case ATTR: print_attr(p, AS(Attr, stmt)); break;
    case FOR: print_for(p, AS(For, stmt)); break;
    case ALLOCATE: print_allocate(p, AS(Allocate, stmt)); break;
    case STORE: {
      const Store *store = AS(Store, stmt);
      print_access(p, store->buffer, store->n, store->index);
      put(p, " = ");
      print_expr(p, store->value);
      break;
    }
    case REALIZE: print_realize(p, AS(Realize, stmt)); break;
    case IF: print_if(p, AS(If, stmt)); break;
    case SEQ: print_seq(p, AS(Seq, stmt)); break;
    case EVALUATE:
      note_place(p, stmt, NULL);
      print_expr(p, AS(Evaluate, stmt)->value);
      break;
    case ASSERT: print_assert(p, AS(Assert, stmt)); break;
    case STMT_KINDS: BUG("not a statement");
  }
}

static void print_body(Printer *p, const Stmt *stmt) {
  if (stmt->kind == SEQ) {
    print_stmt(p, stmt);
    return;
  }
  put(p, " {");
  p->indent += 2;
  new_line(p);
  print_stmt(p, stmt);
  p->indent -= 2;
  new_line(p);
  put(p, "}");
}

/* ---- Functions ---------------------------------------------------------- */

static void name_params(Printer *p, const Func *func) {
  bool first;
  for (int i = 0; i < func->n; i++)
    buffer_name(p, func->param[i].buffer, &first);
  for (int i = 0; i < func->n; i++) {
    if (i) put(p, ", ");
    print_var(p, func->param[i].var);
  }
}

static void print_buffers(Printer *p, const Func *func) {
  put(p, "\n  buffers = {");
  for (int i = 0; i < func->n; i++) {
    if (i) put(p, ",\n             ");
    bool first;
    put(p, buffer_name(p, func->param[i].buffer, &first));
    describe_buffer(p, func->param[i].buffer);
  }
  put(p, "}");
}

static void print_maps(Printer *p, const Func *func) {
  put(p, "\n  buffer_map = {");
  for (int i = 0; i < func->n; i++) {
    if (i) put(p, ", ");
    print_var(p, func->param[i].var);
    put(p, ": ");
    print_buffer(p, func->param[i].buffer);
  }
  put(p, "}");
  if (!func->param[0].preflattened) return;
  put(p, "\n  preflattened_buffer_map = {");
  for (int i = 0; i < func->n; i++) {
    if (i) put(p, ", ");
    print_var(p, func->param[i].var);
    put(p, ": ");
    print_buffer(p, func->param[i].preflattened);
  }
  put(p, "}");
}

void print_func(Strbuf *out, const Func *func) {
  print_func_places(out, func, NULL);
}

void print_func_places(Strbuf *out, const Func *func, PtrMap *ret_places) {
  Printer p = {
      .out = out, .places = ret_places, .line = 1, .counted = out->length};
  names_init(&p.names, out->arena);
  strbuf_printf(out, "@%s = primfn(", func->name);
  name_params(&p, func);
  strbuf_printf(out,
                ") -> ()\n  attr = {\"from_legacy_te_schedule\": True, "
                "\"global_symbol\": \"%s\", \"tir.noalias\": True}",
                func->name);
  if (func->n) {
    print_buffers(&p, func);
    print_maps(&p, func);
  }
  print_body(&p, func->body);
  put(&p, "\n");
}

const char *stmt_text(Arena *arena, const Stmt *stmt) {
  Strbuf out;
  strbuf_init(&out, arena);
  Printer p = {.out = &out};
  names_init(&p.names, arena);
  print_stmt(&p, stmt);
  return out.text;
}

const char *expr_text(Arena *arena, const Expr *expr) {
  Strbuf out;
  strbuf_init(&out, arena);
  Printer p = {.out = &out};
  names_init(&p.names, arena);
  print_expr(&p, expr);
  return out.text;
}
