/* SPDX-License-Identifier: Apache-2.0 */
/* Random index expressions over variables of small range. */
#ifndef TEST_ARITH_RANDOM_H
#define TEST_ARITH_RANDOM_H

#include "arith_worth.h"

enum { RANDOM_VARS = 4 };

typedef struct RandomVar {
  const char *name;
  int64_t min, extent;
} RandomVar;

static const RandomVar random_vars[RANDOM_VARS] = {
    {"i", 0, 4}, {"j", 0, 7}, {"k", -3, 7}, {"one", 2, 1}};

typedef struct Random {
  Arena *arena;
  uint64_t state;
  const Var *var[RANDOM_VARS];
  const Buffer *memory;
} Random;

static inline uint32_t random_next(Random *random) {
  random->state = random->state * 6364136223846793005ULL + 1442695040888963407U;
  return (uint32_t)(random->state >> 33);
}

static inline int random_below(Random *random, int n) {
  return (int)(random_next(random) % (uint32_t)n);
}

static inline Random random_new(Arena *arena, uint64_t seed) {
  Random random = {.arena = arena, .state = seed};
  for (int i = 0; i < RANDOM_VARS; i++)
    random.var[i] = make_var(arena, random_vars[i].name, INT32);
  const Expr *shape = make_i32(arena, 64);
  const Var *data = make_pointer(arena, "A", INT32, "");
  random.memory = make_buffer(arena, data, INT32, "A", 1, &shape);
  return random;
}

/* ---- Expressions -------------------------------------------------------- */

static const Expr *random_expr(Random *random, int depth);
static const Expr *random_condition(Random *random, int depth);

static inline const Expr *random_constant(Random *random) {
  static const int special[] = {0, 1, -1, 2, 4, 7, 8, 16, 64, -8};
  if (random_below(random, 2))
    return make_i32(random->arena, special[random_below(random, 10)]);
  return make_i32(random->arena, random_below(random, 19) - 9);
}

static inline const Expr *random_leaf(Random *random) {
  if (random_below(random, 4) == 0) return random_constant(random);
  return &random->var[random_below(random, RANDOM_VARS)]->e;
}

static inline const Expr *random_divisor(Random *random, int depth) {
  static const int usual[] = {2, 3, 4, 7, 8, 16, -2, -3};
  if (random_below(random, 10) == 0) return random_expr(random, depth);
  return make_i32(random->arena, usual[random_below(random, 8)]);
}

static inline const Expr *random_operator(Random *random, int depth) {
  static const ExprKind kinds[] = {ADD, ADD,      ADD, SUB,      SUB,     SUB,
                                   MUL, MUL,      MUL, FLOORDIV, MIN,     MAX,
                                   DIV, FLOORMOD, MOD, FLOORDIV, FLOORMOD};
  ExprKind kind = kinds[random_below(random, sizeof kinds / sizeof *kinds)];
  const Expr *a = random_expr(random, depth - 1), *b;
  if (kind == DIV || kind == MOD || kind == FLOORDIV || kind == FLOORMOD)
    b = random_divisor(random, depth - 1);
  else if (kind == MUL && random_below(random, 6))
    b = random_constant(random);
  else
    b = random_expr(random, depth - 1);
  bool swap = kind == MUL && random_below(random, 4) == 0;
  return make_binary(random->arena, kind, swap ? b : a, swap ? a : b);
}

static inline const Expr *random_choice(Random *random, int depth) {
  const Expr *condition = random_condition(random, depth - 1);
  const Expr *a = random_expr(random, depth - 1);
  const Expr *arg[] = {condition, a, random_expr(random, depth - 1)};
  if (random_below(random, 2))
    return make_select(random->arena, condition, a, arg[2]);
  return make_call(random->arena, INT32, OP_IF_THEN_ELSE, 3, arg);
}

static inline const Expr *random_call(Random *random, int depth) {
  static const Op ops[] = {OP_SHIFT_RIGHT, OP_SHIFT_LEFT, OP_BITWISE_AND};
  Op op = ops[random_below(random, 3)];
  const Expr *amount = make_i32(random->arena, random_below(random, 4));
  const Expr *arg[] = {random_expr(random, depth - 1), amount};
  return make_call(random->arena, INT32, op, 2, arg);
}

static inline const Expr *random_let(Random *random, int depth) {
  const Var *var = make_var(random->arena, "let", INT32);
  const Expr *value = random_expr(random, depth - 1);
  int i = random_below(random, RANDOM_VARS);
  const Var *hidden = random->var[i];
  random->var[i] = var;
  const Expr *body = random_expr(random, depth - 1);
  random->var[i] = hidden;
  return make_let(random->arena, var, value, body);
}

static inline const Expr *random_rare(Random *random, int depth) {
  Arena *arena = random->arena;
  const Expr *inner;
  switch (random_below(random, 6)) {
    case 0:
    case 1: return random_choice(random, depth);
    case 2: return random_call(random, depth);
    case 3: return random_let(random, depth);
    case 4:
      inner = random_expr(random, depth - 1);
      return make_load(arena, random->memory, 1, &inner);
    default:
      inner = make_unary(arena, CAST, INT64, random_expr(random, depth - 1));
      inner = make_binary(arena, ADD, inner, make_int(arena, INT64, 3));
      return make_unary(arena, CAST, INT32, inner);
  }
}

static const Expr *random_expr(Random *random, int depth) {
  if (depth <= 0 || random_below(random, 8) == 0) return random_leaf(random);
  if (random_below(random, 10) == 0) return random_rare(random, depth);
  return random_operator(random, depth);
}

static inline const Expr *random_comparison(Random *random, int depth) {
  ExprKind kind = EQ + random_below(random, GE - EQ + 1);
  const Expr *a = random_expr(random, depth - 1);
  const Expr *b = random_below(random, 2) ? random_constant(random)
                                          : random_expr(random, depth - 1);
  bool swap = random_below(random, 3) == 0;
  return make_binary(random->arena, kind, swap ? b : a, swap ? a : b);
}

static const Expr *random_condition(Random *random, int depth) {
  if (depth <= 1 || random_below(random, 2))
    return random_comparison(random, depth);
  if (random_below(random, 4) == 0) {
    const Expr *inner = random_condition(random, depth - 1);
    return make_unary(random->arena, NOT, BOOL, inner);
  }
  const Expr *a = random_condition(random, depth - 1);
  return make_binary(random->arena, random_below(random, 2) ? AND : OR, a,
                     random_condition(random, depth - 1));
}

/* Calls f(self, assignment) for every assignment of the variables. */
static inline void for_all_assignments(const Random *random, void *self,
                                       void (*f)(void *, Assignment *)) {
  int64_t value[RANDOM_VARS];
  Assignment at = {RANDOM_VARS, random->var, value, .lets = 0};
  for (int i = 0; i < RANDOM_VARS; i++) value[i] = random_vars[i].min;
  for (int i = 0; i < RANDOM_VARS;) {
    f(self, &at);
    for (i = 0; i < RANDOM_VARS; i++) {
      if (++value[i] < random_vars[i].min + random_vars[i].extent) break;
      value[i] = random_vars[i].min;
    }
  }
}

#endif
