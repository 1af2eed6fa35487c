/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between axes of one stage, relation by relation.
 *
 * Relations stand in the order in which they were made, so walking them
 * forwards meets every parent before its results and backwards the other way
 * round; each message is one such walk.  The order of operands in the values
 * (inner + outer * factor + min) is what the printed indices show.
 *
 * After TVM 0.9's message_passing.cc. */
#include "sched/message.h"

#include "base/trap.h"
#include "ir/build.h"
#include "sched/stage.h"

void messages_init(Messages *messages, Arena *arena, Arena *scratch) {
  *messages = (Messages){.arena = arena,
                         .scratch = scratch,
                         .analyzer = analyzer_new(arena),
                         .blank = analyzer_new(arena),
                         .reader = analyzer_new(arena)};
  ptrmap_init(&messages->range, scratch);
  ptrmap_init(&messages->sets, scratch);
}

/* ---- Ranges ------------------------------------------------------------- */

Range iter_range(const Messages *messages, const IterVar *axis) {
  const Range *range = ptrmap_get(&messages->range, axis);
  if (!range) BUG("axis '%s' has no range", axis->var->hint);
  return *range;
}

void set_iter_range(Messages *messages, const IterVar *axis, Range range) {
  ptrmap_set(&messages->range, axis,
             arena_copy(messages->scratch, &range, sizeof range));
}

void know_ranges(Messages *messages) {
  if (messages->known) return;
  messages->known = analyzer_new(messages->arena);
  for (int i = 0; i < messages->range.n; i++) {
    const IterVar *axis = messages->range.entry[i].key;
    Range range = iter_range(messages, axis);
    analyzer_bind(messages->known, axis->var, range);
    ptrmap_set(&messages->sets, axis->var,
               keep_set(messages->scratch, set_range(messages->arena, range)));
  }
}

static Range from_zero(const Messages *messages, const Expr *extent) {
  return (Range){make_const(messages->arena, extent->type, 0), extent};
}

static void give_range(Messages *messages, const IterVar *axis, Range range) {
  set_iter_range(messages, axis, range);
  analyzer_bind(messages->analyzer, axis->var, range);
}

static const Expr *ceil_div(const Messages *messages, const Expr *a,
                            const Expr *b) {
  Arena *arena = messages->arena;
  const Expr *rest = ex_floormod(arena, a, b);
  const Expr *zero = make_const(arena, rest->type, 0);
  bool exact = can_prove(messages->analyzer, ex_eq(arena, rest, zero));
  if (!exact) a = ex_add(arena, a, ex_addi(arena, b, -1));
  return simplify(messages->analyzer, ex_floordiv(arena, a, b));
}

/* The axes of which at least one leaf is bound to a thread. */
static void find_threaded(const Stage *stage, PtrMap *threaded) {
  for (int i = 0; i < stage->leaf.n; i++)
    if (bound_thread(stage, stage->leaf.at[i]))
      ptrmap_set(threaded, stage->leaf.at[i], stage);
  for (int i = stage->relation.n - 1; i >= 0; i--) {
    const Relation *rel = &stage->relation.at[i];
    bool result = ptrmap_has(threaded, rel->result);
    bool part = rel->kind == REL_SPLIT && (ptrmap_has(threaded, rel->outer) ||
                                           ptrmap_has(threaded, rel->inner));
    if (rel->kind == REL_FUSE && result) {
      ptrmap_set(threaded, rel->outer, stage);
      ptrmap_set(threaded, rel->inner, stage);
    }
    if ((rel->kind == REL_REBASE && result) || part)
      ptrmap_set(threaded, rel->parent, stage);
  }
}

static const Expr *shorter(const Messages *messages, const Expr *parent,
                           const Expr *steps) {
  bool less =
      can_prove(messages->analyzer, ex_lt(messages->arena, parent, steps));
  return simplify(messages->analyzer, less ? parent : steps);
}

static void split_ranges(Messages *messages, const Relation *rel,
                         const PtrMap *threaded) {
  const IterVar *given = rel->factor ? rel->inner : rel->outer;
  const IterVar *other = rel->factor ? rel->outer : rel->inner;
  const Expr *steps = rel->factor ? rel->factor : rel->parts;
  const Expr *extent = iter_range(messages, rel->parent).extent;
  bool tighten = threaded && !ptrmap_has(threaded, given);
  const Expr *tight = tighten ? shorter(messages, extent, steps) : steps;
  give_range(messages, given, from_zero(messages, tight));
  const Expr *rest = ceil_div(messages, extent, steps);
  give_range(messages, other, from_zero(messages, rest));
}

static void fuse_ranges(Messages *messages, const Stage *stage,
                        const Relation *rel) {
  const Expr *outer = iter_range(messages, rel->outer).extent;
  const Expr *inner = iter_range(messages, rel->inner).extent;
  const IntImm *rows = as_int(outer), *columns = as_int(inner);
  if (rows && columns && rows->value > INT32_MAX / columns->value)
    fail(messages->arena, D_SCHEDULE,
         "fuse: axis '%s' of stage '%s' would have more than %d steps",
         rel->result->var->hint, stage->op->name, INT32_MAX);
  set_iter_range(messages, rel->result,
                 from_zero(messages, ex_mul(messages->arena, outer, inner)));
}

static void thread_range(Messages *messages, const Stage *stage,
                         const IterVar *axis, const IterVar *thread) {
  Range range = iter_range(messages, axis);
  const Range *other = ptrmap_get(&messages->range, thread);
  if (!other) {
    give_range(messages, thread, range);
    return;
  }
  if (!can_prove_equal(messages->analyzer, range.extent, other->extent))
    fail(messages->arena, D_SCHEDULE,
         "thread '%s' is bound to axis '%s' of stage '%s' and to axes of "
         "another extent",
         thread->var->hint, axis->var->hint, stage->op->name);
}

static bool has_range(const Messages *messages, const IterVar *axis) {
  return ptrmap_has(&messages->range, axis);
}

static void relation_ranges(Messages *messages, const Stage *stage,
                            const Relation *rel, const PtrMap *threaded) {
  switch (rel->kind) {
    case REL_SPLIT:
      if (has_range(messages, rel->parent))
        split_ranges(messages, rel, threaded);
      break;
    case REL_FUSE:
      if (has_range(messages, rel->outer) && has_range(messages, rel->inner))
        fuse_ranges(messages, stage, rel);
      break;
    case REL_REBASE:
      give_range(messages, rel->result,
                 from_zero(messages, iter_range(messages, rel->parent).extent));
      break;
    case REL_SINGLETON:
      give_range(messages, rel->result, rel->result->dom);
      break;
  }
}

void pass_down_ranges(Messages *messages, const Stage *stage, bool tighten) {
  PtrMap threaded;
  ptrmap_init(&threaded, messages->scratch);
  find_threaded(stage, &threaded);
  for (int i = 0; i < stage->relation.n; i++)
    relation_ranges(messages, stage, &stage->relation.at[i],
                    tighten ? &threaded : NULL);
  if (!tighten) return;
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterVar *thread = bound_thread(stage, stage->leaf.at[i]);
    if (thread) thread_range(messages, stage, stage->leaf.at[i], thread);
  }
}

/* ---- Values ------------------------------------------------------------- */

/* value + min, where min is not 0. */
static const Expr *plus_min(const Messages *messages, const Expr *value,
                            const IterVar *axis) {
  const Expr *min = iter_range(messages, axis).min;
  return is_const(min, 0) ? value : ex_add(messages->arena, value, min);
}

static void split_up_value(const Messages *messages, const Relation *rel,
                           PtrMap *values) {
  Arena *arena = messages->arena;
  const Expr *outer = ptrmap_get(values, rel->outer);
  const Expr *inner = ptrmap_get(values, rel->inner);
  if (!outer || !inner) return;
  const Expr *factor = iter_range(messages, rel->inner).extent;
  const Expr *value = ex_add(arena, inner, ex_mul(arena, outer, factor));
  ptrmap_set(values, rel->parent, plus_min(messages, value, rel->parent));
}

static void fuse_up_value(const Messages *messages, const Relation *rel,
                          PtrMap *values) {
  Arena *arena = messages->arena;
  const Expr *value = ptrmap_get(values, rel->result);
  if (!value) return;
  const Expr *width = iter_range(messages, rel->inner).extent;
  const Expr *outer = ex_floordiv(arena, value, width);
  const Expr *inner = ex_floormod(arena, value, width);
  ptrmap_set(values, rel->outer, plus_min(messages, outer, rel->outer));
  ptrmap_set(values, rel->inner, plus_min(messages, inner, rel->inner));
}

void pass_up_values(const Messages *messages, const Stage *stage,
                    PtrMap *values) {
  for (int i = stage->relation.n - 1; i >= 0; i--) {
    const Relation *rel = &stage->relation.at[i];
    const Expr *value;
    switch (rel->kind) {
      case REL_SPLIT: split_up_value(messages, rel, values); break;
      case REL_FUSE: fuse_up_value(messages, rel, values); break;
      case REL_REBASE:
        value = ptrmap_get(values, rel->result);
        if (value)
          ptrmap_set(values, rel->parent,
                     plus_min(messages, value, rel->parent));
        break;
      case REL_SINGLETON: break;
    }
  }
}

static void split_down_value(const Messages *messages, const Relation *rel,
                             PtrMap *values) {
  Arena *arena = messages->arena;
  const Expr *parent = ptrmap_get(values, rel->parent);
  if (!parent) return;
  const Expr *factor = iter_range(messages, rel->inner).extent;
  ptrmap_set(values, rel->outer, ex_floordiv(arena, parent, factor));
  ptrmap_set(values, rel->inner, ex_floormod(arena, parent, factor));
}

static void fuse_down_value(const Messages *messages, const Relation *rel,
                            PtrMap *values) {
  Arena *arena = messages->arena;
  const Expr *outer = ptrmap_get(values, rel->outer);
  const Expr *inner = ptrmap_get(values, rel->inner);
  if (!outer || !inner) return;
  const Expr *width = iter_range(messages, rel->inner).extent;
  ptrmap_set(values, rel->result,
             ex_add(arena, ex_mul(arena, outer, width), inner));
}

void pass_down_values(const Messages *messages, const Stage *stage,
                      PtrMap *values) {
  for (int i = 0; i < stage->relation.n; i++) {
    const Relation *rel = &stage->relation.at[i];
    switch (rel->kind) {
      case REL_SPLIT: split_down_value(messages, rel, values); break;
      case REL_FUSE: fuse_down_value(messages, rel, values); break;
      case REL_SINGLETON:
        ptrmap_set(values, rel->result, make_i32(messages->arena, 0));
        break;
      case REL_REBASE: BUG("values do not flow down to rebased axes");
    }
  }
}

/* ---- Sets --------------------------------------------------------------- */

const IntSet *keep_set(Arena *arena, IntSet set) {
  return arena_copy(arena, &set, sizeof set);
}

static IntSet set_of(const PtrMap *sets, const IterVar *axis) {
  const IntSet *set = ptrmap_get(sets, axis);
  if (!set) BUG("axis '%s' has no set", axis->var->hint);
  return *set;
}

static void put_set(Messages *messages, PtrMap *sets, const IterVar *axis,
                    IntSet set) {
  ptrmap_set(sets, axis, keep_set(messages->scratch, set));
}

static void put_full(Messages *messages, PtrMap *sets, const IterVar *axis) {
  put_set(messages, sets, axis,
          set_range(messages->arena, iter_range(messages, axis)));
}

static bool is_full(Messages *messages, const PtrMap *sets,
                    const IterVar *axis) {
  IntSet set = set_of(sets, axis);
  return set_is_range(messages->blank, &set, iter_range(messages, axis));
}

static void split_up_set(Messages *messages, const Relation *rel,
                         PtrMap *sets) {
  Arena *arena = messages->arena;
  if (is_full(messages, sets, rel->outer) &&
      is_full(messages, sets, rel->inner)) {
    put_full(messages, sets, rel->parent);
    return;
  }
  IntSet outer = set_of(sets, rel->outer), inner = set_of(sets, rel->inner);
  const Expr *factor = iter_range(messages, rel->inner).extent;
  const Expr *value = ex_mul(arena, &rel->outer->var->e, factor);
  value = ex_add(arena, value, &rel->inner->var->e);
  value = ex_add(arena, value, iter_range(messages, rel->parent).min);
  PtrMap parts; /* Var -> IntSet */
  ptrmap_init(&parts, messages->scratch);
  ptrmap_set(&parts, rel->outer->var, &outer);
  ptrmap_set(&parts, rel->inner->var, &inner);
  put_set(messages, sets, rel->parent,
          eval_set(messages->blank, value, &parts));
}

static void fuse_up_point(Messages *messages, const Relation *rel,
                          const Expr *point, PtrMap *sets) {
  Arena *arena = messages->arena;
  const Expr *width = iter_range(messages, rel->inner).extent;
  const Expr *outer = ex_floordiv(arena, point, width);
  const Expr *inner = ex_floormod(arena, point, width);
  put_set(messages, sets, rel->outer,
          set_point(plus_min(messages, outer, rel->outer)));
  put_set(messages, sets, rel->inner,
          set_point(plus_min(messages, inner, rel->inner)));
}

static bool divides(Messages *messages, const Expr *a, const Expr *b) {
  const Expr *rest = ex_floormod(messages->arena, b, a);
  return is_const(simplify(messages->blank, rest), 0);
}

/* The columns of a fused interval: exact while it stays inside one row, else
 * the whole row. */
static IntSet fuse_columns(Messages *messages, const Relation *rel,
                           const IntSet *fused) {
  Arena *arena = messages->arena;
  Range inner = iter_range(messages, rel->inner);
  const Expr *length = ex_addi(arena, ex_sub(arena, fused->hi, fused->lo), 1);
  if (!divides(messages, length, inner.extent) ||
      !divides(messages, length, fused->lo))
    return set_range(arena, inner);
  const Expr *lo = ex_floormod(arena, fused->lo, inner.extent);
  const Expr *hi = ex_floormod(arena, fused->hi, inner.extent);
  return (IntSet){ex_add(arena, inner.min, lo), ex_add(arena, inner.min, hi)};
}

/* The last row of a fused interval.  Where the number of rows depends on where
 * it begins, the most there can be are taken, so that memory has a size. */
static const Expr *last_row(Messages *messages, const Expr *width,
                            const IntSet *fused) {
  Arena *arena = messages->arena;
  const Expr *first = ex_floordiv(arena, fused->lo, width);
  const Expr *last = ex_floordiv(arena, fused->hi, width);
  const Expr *rows = simplify(messages->blank, ex_sub(arena, last, first));
  const Expr *steps =
      simplify(messages->blank, ex_sub(arena, fused->hi, fused->lo));
  const IntImm *columns = as_int(width), *length = as_int(steps);
  if (as_int(rows) || !columns || !length) return last;
  int64_t most = most_remainder(messages->blank, fused->lo, columns->value);
  return ex_addi(arena, first, (most + length->value) / columns->value);
}

static void fuse_up_set(Messages *messages, const Relation *rel, PtrMap *sets) {
  Arena *arena = messages->arena;
  IntSet fused = set_of(sets, rel->result);
  if (is_full(messages, sets, rel->result)) {
    put_full(messages, sets, rel->outer);
    put_full(messages, sets, rel->inner);
    return;
  }
  if (set_is_point(&fused)) {
    fuse_up_point(messages, rel, fused.lo, sets);
    return;
  }
  Range outer = iter_range(messages, rel->outer);
  const Expr *width = iter_range(messages, rel->inner).extent;
  const Expr *lo = ex_floordiv(arena, fused.lo, width);
  const Expr *hi = last_row(messages, width, &fused);
  IntSet rows = {ex_add(arena, outer.min, lo), ex_add(arena, outer.min, hi)};
  put_set(messages, sets, rel->outer, rows);
  put_set(messages, sets, rel->inner, fuse_columns(messages, rel, &fused));
}

static void rebase_up_set(Messages *messages, const Relation *rel,
                          PtrMap *sets) {
  if (is_full(messages, sets, rel->result)) {
    put_full(messages, sets, rel->parent);
    return;
  }
  IntSet rebased = set_of(sets, rel->result);
  const Expr *value = ex_add(messages->arena, &rel->result->var->e,
                             iter_range(messages, rel->parent).min);
  PtrMap one; /* Var -> IntSet */
  ptrmap_init(&one, messages->scratch);
  ptrmap_set(&one, rel->result->var, &rebased);
  put_set(messages, sets, rel->parent, eval_set(messages->blank, value, &one));
}

void pass_up_sets(Messages *messages, const Stage *stage, PtrMap *sets) {
  for (int i = stage->relation.n - 1; i >= 0; i--) {
    const Relation *rel = &stage->relation.at[i];
    switch (rel->kind) {
      case REL_SPLIT: split_up_set(messages, rel, sets); break;
      case REL_FUSE: fuse_up_set(messages, rel, sets); break;
      case REL_REBASE: rebase_up_set(messages, rel, sets); break;
      case REL_SINGLETON: break;
    }
  }
}

/* ---- Flags -------------------------------------------------------------- */

int flags_of(const PtrMap *flags, const IterVar *axis) {
  const int *bits = ptrmap_get(flags, axis);
  return bits ? *bits : 0;
}

static void put_flags(PtrMap *flags, const IterVar *axis, int bits) {
  ptrmap_set(flags, axis, arena_copy(flags->arena, &bits, sizeof bits));
}

void pass_down_flags(Arena *arena, const Stage *stage, PtrMap *flags) {
  const Tensor *op = stage->op;
  ptrmap_init(flags, arena);
  for (int i = 0; i < op->reduce_axes; i++)
    put_flags(flags, op->reduce_axis[i], FROM_REDUCTION);
  for (int i = 0; i < op->n; i++) put_flags(flags, op->axis[i], FROM_DATA);
  for (int i = 0; i < stage->relation.n; i++) {
    const Relation *rel = &stage->relation.at[i];
    switch (rel->kind) {
      case REL_SPLIT:
        put_flags(flags, rel->outer, flags_of(flags, rel->parent));
        put_flags(flags, rel->inner, flags_of(flags, rel->parent));
        break;
      case REL_FUSE:
        put_flags(flags, rel->result,
                  flags_of(flags, rel->outer) | flags_of(flags, rel->inner));
        break;
      case REL_REBASE:
        put_flags(flags, rel->result, flags_of(flags, rel->parent));
        break;
      case REL_SINGLETON: put_flags(flags, rel->result, 0); break;
    }
  }
}
