/* SPDX-License-Identifier: Apache-2.0 */
/* Bound checks: conditions for the points of a loop nest that lie outside of
 * the tensor, as they arise when a split does not divide or when a stage is
 * asked for more than its tensor has.
 *
 * An axis may overrun its range only if some split below it may; of the roots
 * it is also asked whether the inferred range leaves the declared domain.  A
 * condition is made only where the opposite can't be proved. */
#include "ir/build.h"
#include "sched/message.h"

/* Adds `axis` to the set of those that may overrun. */
static void overrun(PtrMap *may_overrun, const IterVar *axis) {
  ptrmap_set(may_overrun, axis, axis);
}

static bool split_is_exact(Messages *messages, const Relation *rel) {
  Arena *arena = messages->arena;
  const Expr *inner = iter_range(messages, rel->inner).extent;
  const Expr *outer = iter_range(messages, rel->outer).extent;
  const Expr *steps = ex_mul(arena, inner, outer);
  const Expr *extent = iter_range(messages, rel->parent).extent;
  return can_prove(messages->blank, ex_eq(arena, extent, steps));
}

static void find_overruns(Messages *messages, const Stage *stage,
                          PtrMap *may_overrun) {
  for (int i = stage->relation.n - 1; i >= 0; i--) {
    const Relation *rel = &stage->relation.at[i];
    switch (rel->kind) {
      case REL_SPLIT:
        if (!ptrmap_has(&messages->range, rel->inner) ||
            ptrmap_has(may_overrun, rel->outer) ||
            ptrmap_has(may_overrun, rel->inner) ||
            !split_is_exact(messages, rel))
          overrun(may_overrun, rel->parent);
        break;
      case REL_FUSE:
        if (!ptrmap_has(may_overrun, rel->result)) break;
        overrun(may_overrun, rel->outer);
        overrun(may_overrun, rel->inner);
        break;
      case REL_REBASE:
        if (ptrmap_has(may_overrun, rel->result))
          overrun(may_overrun, rel->parent);
        break;
      case REL_SINGLETON: break;
    }
  }
}

/* The interval of `value` over all loops. */
static IntSet value_set(Messages *messages, const Expr *value) {
  know_ranges(messages);
  return eval_set(messages->known, value, &messages->sets);
}

static bool is_finite(const Expr *end) {
  return end != POS_INF && end != NEG_INF;
}

static void check_below(Messages *messages, const Expr *value,
                        const IntSet *set, const Expr *extent,
                        ExprVec *checks) {
  Arena *arena = messages->arena;
  bool safe = is_finite(set->hi) &&
              can_prove(messages->known, ex_lt(arena, set->hi, extent));
  if (!safe) vec_push(arena, checks, ex_lt(arena, value, extent));
}

static void check_from_zero(Messages *messages, const Expr *value,
                            const IntSet *set, ExprVec *checks) {
  Arena *arena = messages->arena;
  const Expr *zero = make_const(arena, value->type, 0);
  bool safe = is_finite(set->lo) &&
              can_prove(messages->known, ex_ge(arena, set->lo, zero));
  if (!safe) vec_push(arena, checks, ex_ge(arena, value, zero));
}

static bool same_range(Messages *messages, Range a, Range b) {
  if (a.min == b.min && a.extent == b.extent) return true;
  return can_prove(messages->blank, ex_eq(messages->arena, a.min, b.min)) &&
         can_prove(messages->blank, ex_eq(messages->arena, a.extent, b.extent));
}

static void check_range(Messages *messages, const IterVar *axis,
                        const BoundCheck *check, ExprVec *checks) {
  Range range = iter_range(messages, axis);
  const Expr *value = ptrmap_get(check->value, axis);
  value = ex_sub(messages->arena, value, range.min);
  IntSet set = value_set(messages, value);
  check_below(messages, value, &set, range.extent, checks);
}

static void check_domain(Messages *messages, const IterVar *axis,
                         const BoundCheck *check, ExprVec *checks) {
  if (ptrmap_has(&check->skip, axis)) return;
  if (same_range(messages, axis->dom, iter_range(messages, axis))) return;
  const Expr *value = ptrmap_get(check->value, axis);
  value = ex_sub(messages->arena, value, axis->dom.min);
  IntSet set = value_set(messages, value);
  check_from_zero(messages, value, &set, checks);
  check_below(messages, value, &set, axis->dom.extent, checks);
}

ExprVec bound_checks(Messages *messages, const Stage *stage,
                     const BoundCheck *check) {
  ExprVec checks = {0};
  PtrMap may_overrun;
  ptrmap_init(&may_overrun, messages->scratch);
  find_overruns(messages, stage, &may_overrun);
  for (int i = 0; i < stage->all.n; i++) {
    const IterVar *axis = stage->all.at[i];
    if (ptrmap_has(&may_overrun, axis) && !ptrmap_has(&check->skip, axis))
      check_range(messages, axis, check, &checks);
  }
  if (check->skip_domain) return checks;
  const Tensor *op = stage->op;
  for (int i = 0; i < op->n; i++)
    check_domain(messages, op->axis[i], check, &checks);
  for (int i = 0; i < op->reduce_axes; i++)
    check_domain(messages, op->reduce_axis[i], check, &checks);
  return checks;
}
