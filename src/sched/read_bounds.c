/* SPDX-License-Identifier: Apache-2.0 */
/* Finds reads outside of tensors.  The host checks each index as it runs; the
 * accelerator moves whatever lies there, so what it is to run is checked here.
 *
 * An index that is linear in the axes takes its extremes at theirs, which are
 * independent, so what is refused does happen.  Reads under a condition and
 * other indices are let through. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/trap.h"
#include "ir/traverse.h"
#include "sched/stage.h"

typedef struct Checker {
  Walker walker;
  Arena *arena, *scratch;
  const Tensor *op;
} Checker;

static const IterVar *axis_of(const Tensor *op, int i) {
  return i < op->n ? op->axis[i] : op->reduce_axis[i - op->n];
}

/* *sum += a * b; false where the numbers are too large. */
static bool add_product(int64_t *sum, int64_t a, int64_t b) {
  int64_t product;
  return !__builtin_mul_overflow(a, b, &product) &&
         !__builtin_add_overflow(*sum, product, sum);
}

/* coeff[i] * axis i + ... + coeff[n] += index * scale; false if the index is
 * not linear in the axes. */
static bool add_index(const Tensor *op, const Expr *index, int64_t scale,
                      int64_t *coeff) {
  const Binary *binary = AS(Binary, index);
  const int n = op->n + op->reduce_axes;
  int i = 0;
  switch (index->kind) {
    case INT: return add_product(&coeff[n], AS(IntImm, index)->value, scale);
    case VAR:
      while (i < n && &axis_of(op, i)->var->e != index) i++;
      if (i == n) return false;
      return add_product(&coeff[i], scale, 1);
    case ADD:
    case SUB:
      return add_index(op, binary->a, scale, coeff) &&
             add_index(op, binary->b, index->kind == ADD ? scale : -scale,
                       coeff);
    case MUL: {
      const bool left = binary->a->kind == INT;
      const IntImm *factor = as_int(left ? binary->a : binary->b);
      int64_t product;
      return factor &&
             !__builtin_mul_overflow(scale, factor->value, &product) &&
             llabs(product) <= INT32_MAX &&
             add_index(op, left ? binary->b : binary->a, product, coeff);
    }
    default: return false;
  }
}

/* The extremes of a linear index; false if it is none. */
static bool extremes(const Checker *checker, const Expr *index, int64_t *low,
                     int64_t *high) {
  const Tensor *op = checker->op;
  const int n = op->n + op->reduce_axes;
  int64_t *coeff = ARENA_ARRAY(checker->scratch, int64_t, n + 1);
  if (!add_index(op, index, 1, coeff)) return false;
  *low = *high = coeff[n];
  for (int i = 0; i < n; i++) {
    const IterVar *axis = axis_of(op, i);
    const IntImm *min = as_int(axis->dom.min);
    const IntImm *extent = as_int(axis->dom.extent);
    if (!min || !extent) return false;
    const int64_t first = min->value, last = first + extent->value - 1;
    const bool rises = coeff[i] >= 0;
    if (!add_product(low, coeff[i], rises ? first : last) ||
        !add_product(high, coeff[i], rises ? last : first))
      return false;
  }
  return true;
}

static void check_load(Walker *walker, const Expr *expr) {
  const Checker *checker = (Checker *)walker;
  const Load *load = AS(Load, expr);
  const Tensor *tensor = load->buffer->tensor;
  walk_expr_children(walker, expr);
  for (int i = 0; tensor && i < tensor->n; i++) {
    int64_t low, high, size = AS(IntImm, tensor->shape[i])->value;
    if (!extremes(checker, load->index[i], &low, &high)) continue;
    if (low < 0 || high >= size)
      fail(checker->arena, D_READ_BOUNDS,
           "'%s' reads dimension %d of '%s' at %" PRId64 " to %" PRId64
           "; it has %" PRId64 " elements",
           checker->op->name, i, tensor->name, low, high, size);
  }
}

static void check_call(Walker *walker, const Expr *expr) {
  if (AS(Call, expr)->op != OP_IF_THEN_ELSE) walk_expr_children(walker, expr);
}

static void check_select(Walker *walker, const Expr *expr) {
  walk_expr(walker, AS(Select, expr)->condition);
}

void sched_check_reads(Arena *arena, Arena *scratch, const Schedule *schedule) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [LOAD] = check_load, [CALL] = check_call, [SELECT] = check_select};
  for (int i = 0; i < schedule->stage.n; i++) {
    const Tensor *op = schedule->stage.at[i]->op;
    Checker checker = {WALKER(exprs, NULL), arena, scratch, op};
    if (!is_placeholder(op)) walk_expr(&checker.walker, op->body);
  }
}
