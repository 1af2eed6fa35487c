/* SPDX-License-Identifier: Apache-2.0 */
/* Finds reads outside of tensors.  The host checks each index as it runs; the
 * accelerator moves whatever lies there, so what it is to run is checked here.
 *
 * An index that is linear in the axes takes its extremes at theirs, which are
 * independent, so what is refused does happen.  Reads under a condition and
 * other indices are let through. */
#include <inttypes.h>

#include "arith/arith.h"
#include "base/trap.h"
#include "ir/traverse.h"
#include "sched/stage.h"

typedef struct Checker {
  Walker walker;
  Arena *arena, *scratch;
  const Tensor *op;
} Checker;

/* The extremes of a linear index; false if it is none. */
static bool extremes(const Checker *checker, const Expr *index, int64_t *low,
                     int64_t *high) {
  const Tensor *op = checker->op;
  int n = op->n + op->reduce_axes;
  const Var **var = ARENA_ARRAY(checker->scratch, const Var *, n);
  const IterVar **axis = ARENA_ARRAY(checker->scratch, const IterVar *, n);
  const Expr **coeff = ARENA_ARRAY(checker->scratch, const Expr *, n + 1);
  for (int i = 0; i < n; i++) {
    axis[i] = i < op->n ? op->axis[i] : op->reduce_axis[i - op->n];
    var[i] = axis[i]->var;
  }
  if (!detect_linear(checker->scratch, index, n, var, coeff) ||
      !as_int(coeff[n]))
    return false;
  *low = *high = AS(IntImm, coeff[n])->value;
  for (int i = 0; i < n; i++) {
    const IntImm *min = as_int(axis[i]->dom.min);
    const IntImm *extent = as_int(axis[i]->dom.extent), *k = as_int(coeff[i]);
    if (!min || !extent || !k) return false;
    int64_t first = k->value * min->value;
    int64_t last = k->value * (min->value + extent->value - 1);
    *low += first < last ? first : last;
    *high += first < last ? last : first;
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
