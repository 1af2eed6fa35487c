/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions from text, for the tests of src/arith.  Nothing is folded:
 * "x + 0" is an addition.  Operators by precedence:
 *
 *   ||   &&   == != < <= > >=   + -   * // % / %%   ! (prefix)
 *
 * // and % floor, / and %% truncate; min(a, b), max(a, b), select(c, a, b),
 * if(c, a, b), likely(c), shr(a, b), shl(a, b), band(a, b), i64(a), i8(a),
 * A[i] (an int32 load) and q[i] (an int8 load).  A name is an int32 variable;
 * one that starts with L is int64, with B bool, with T int8. */
#ifndef TEST_ARITH_TEXT_H
#define TEST_ARITH_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/arith.h"
#include "base/trap.h"
#include "ir/build.h"
#include "ir/print.h"

#include <cmocka.h> /* behind trap.h: it has a macro `fail` */

typedef struct Text {
  Arena *arena;
  const char *at;
  int vars;
  const Var *var[32];
  const Buffer *ints, *bytes;
} Text;

static inline Text text_new(Arena *arena) {
  const Expr *shape = make_i32(arena, 64);
  const Var *a = make_pointer(arena, "A", INT32, "");
  const Var *q = make_pointer(arena, "q", INT8, "");
  return (Text){.arena = arena,
                .ints = make_buffer(arena, a, INT32, "A", 1, &shape),
                .bytes = make_buffer(arena, q, INT8, "q", 1, &shape)};
}

static inline const Var *text_var(Text *text, const char *name, size_t n) {
  for (int i = 0; i < text->vars; i++) {
    const Var *var = text->var[i];
    if (strlen(var->hint) == n && !memcmp(var->hint, name, n)) return var;
  }
  DType type = INT32;
  if (name[0] == 'L') type = INT64;
  if (name[0] == 'B') type = BOOL;
  if (name[0] == 'T') type = INT8;
  char *hint = arena_alloc(text->arena, n + 1);
  memcpy(hint, name, n);
  hint[n] = 0;
  assert_true(text->vars < 32);
  return text->var[text->vars++] = make_var(text->arena, hint, type);
}

static inline bool text_accept(Text *text, const char *token) {
  while (*text->at == ' ') text->at++;
  size_t n = strlen(token);
  if (strncmp(text->at, token, n)) return false;
  text->at += n;
  return true;
}

static inline void text_expect(Text *text, const char *token) {
  if (!text_accept(text, token))
    fail_msg("expected '%s' before '%s'", token, text->at);
}

static const Expr *text_level(Text *text, int level);

static inline int text_args(Text *text, const char *close,
                            const Expr *ret_arg[3]) {
  int n = 0;
  do ret_arg[n++] = text_level(text, 0);
  while (n < 3 && text_accept(text, ","));
  text_expect(text, close);
  return n;
}

static inline const Expr *text_call(Text *text, const char *name) {
  Arena *arena = text->arena;
  const Expr *arg[3];
  int n = text_args(text, ")", arg);
  struct {
    const char *name;
    Op op;
  } calls[] = {{"if", OP_IF_THEN_ELSE},
               {"likely", OP_LIKELY},
               {"shr", OP_SHIFT_RIGHT},
               {"shl", OP_SHIFT_LEFT},
               {"band", OP_BITWISE_AND}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (!strcmp(name, calls[i].name))
      return make_call(arena, arg[n == 3]->type, calls[i].op, n, arg);
  if (!strcmp(name, "min")) return make_binary(arena, MIN, arg[0], arg[1]);
  if (!strcmp(name, "max")) return make_binary(arena, MAX, arg[0], arg[1]);
  if (!strcmp(name, "i64")) return make_unary(arena, CAST, INT64, arg[0]);
  if (!strcmp(name, "i32")) return make_unary(arena, CAST, INT32, arg[0]);
  if (!strcmp(name, "i8")) return make_unary(arena, CAST, INT8, arg[0]);
  assert_string_equal(name, "select");
  return make_select(arena, arg[0], arg[1], arg[2]);
}

static inline const Expr *text_name(Text *text) {
  const char *start = text->at;
  size_t n = strspn(start,
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789_.");
  assert_true(n > 0 && n < 32);
  char name[32] = {0};
  memcpy(name, start, n);
  text->at += n;
  const Expr *arg[3];
  if (text_accept(text, "(")) return text_call(text, name);
  if (text_accept(text, "[")) {
    text_args(text, "]", arg);
    const Buffer *buffer = name[0] == 'q' ? text->bytes : text->ints;
    return make_load(text->arena, buffer, 1, arg);
  }
  return &text_var(text, name, n)->e;
}

static inline const Expr *text_atom(Text *text) {
  if (text_accept(text, "!")) {
    const Expr *a = text_atom(text);
    return make_unary(text->arena, NOT, BOOL, a);
  }
  if (text_accept(text, "(")) {
    const Expr *inside = text_level(text, 0);
    text_expect(text, ")");
    return inside;
  }
  char *end;
  long long value = strtoll(text->at, &end, 10);
  if (end == text->at) return text_name(text);
  text->at = end;
  return make_i32(text->arena, value);
}

/* The operators of each level; longer spellings first. */
static const struct TextOp {
  int level;
  const char *token;
  ExprKind kind;
} text_ops[] = {{0, "||", OR}, {1, "&&", AND}, {2, "==", EQ},
                {2, "!=", NE}, {2, "<=", LE},  {2, ">=", GE},
                {2, "<", LT},  {2, ">", GT},   {3, "+", ADD},
                {3, "-", SUB}, {4, "*", MUL},  {4, "//", FLOORDIV},
                {4, "/", DIV}, {4, "%%", MOD}, {4, "%", FLOORMOD}};

static inline const struct TextOp *text_op(Text *text, int level) {
  for (size_t i = 0; i < sizeof text_ops / sizeof *text_ops; i++)
    if (text_ops[i].level == level && text_accept(text, text_ops[i].token))
      return &text_ops[i];
  return NULL;
}

static const Expr *text_level(Text *text, int level) {
  if (level == 5) return text_atom(text);
  const Expr *a = text_level(text, level + 1);
  const struct TextOp *op;
  while ((op = text_op(text, level))) {
    const Expr *b = text_level(text, level + 1);
    /* A constant takes the other side's type. */
    if (a->kind == INT) a = ex_cast(text->arena, b->type, a);
    if (b->kind == INT) b = ex_cast(text->arena, a->type, b);
    a = make_binary(text->arena, op->kind, a, b);
  }
  return a;
}

static inline const Expr *text_expr(Text *text, const char *source) {
  text->at = source;
  const Expr *expr = text_level(text, 0);
  if (*text->at) fail_msg("'%s' left over in '%s'", text->at, source);
  return expr;
}

/* Characters of ": Buffer(...)" at `from`, which prints where a buffer is
 * met first, or 0. */
static inline size_t text_buffer_length(const char *from) {
  if (strncmp(from, ": Buffer(", 9)) return 0;
  size_t n = 9;
  for (int open = 1; open; n++) open += (from[n] == '(') - (from[n] == ')');
  return n;
}

/* The printed form without types. */
static inline const char *text_of(Arena *arena, const Expr *expr) {
  static const char *const types[] = {": int32", ": int64", ": int8", ": bool"};
  char *text = arena_strdup(arena, expr_text(arena, expr)), *to = text;
  for (const char *from = text; *from;) {
    size_t skip = text_buffer_length(from);
    for (int i = 0; i < 4 && !skip; i++)
      if (!strncmp(from, types[i], strlen(types[i]))) skip = strlen(types[i]);
    if (!skip) *to++ = *from++;
    from += skip;
  }
  *to = 0;
  return text;
}

static inline void text_check(Text *text, const Expr *expr, const char *want,
                              const char *source) {
  const char *got = text_of(text->arena, expr);
  if (strcmp(got, want))
    fail_msg("%s\n  gives %s\n  not   %s", source, got, want);
}

#endif
