/* SPDX-License-Identifier: Apache-2.0 */
/* Undoes splits and fuses inside the marks of units, and unrolling there.
 *
 * A unit that copies or computes a part of a tensor element by element takes
 * the part as a whole: in which loops the schedule goes round it is all one.
 * So a split both of whose loops stand inside the mark is undone, which spares
 * its bound checks, too, and so is a fuse.  What is left of relations has some
 * loop outside.  The parent of a split takes the place of the outer loop, and
 * the axes of a fuse that of the fused one, so that what stood first in the
 * mark, a loop over data, still does.
 *
 * Loops in the mark that say more than that they are loops (threads, marks,
 * places of other stages) stay, and what they came of.  Cost: leaves times
 * relations. */
#include <string.h>

#include "sched/stage.h"

/* The loops of a stage inside its mark. */
typedef struct Marked {
  Stage *stage;
  int first; /* leaf that has the mark */
} Marked;

static bool is_mark(const Pragma *pragma, const char *mark) {
  const size_t prefix = strlen("pragma_");
  const StringImm *word = pragma->value ? as_string(pragma->value) : NULL;
  if (strcmp(pragma->key, "pragma_scope") == 0)
    return word && !strcmp(word->value, mark);
  return !strncmp(pragma->key, "pragma_", prefix) &&
         !strcmp(pragma->key + prefix, mark);
}

static bool has_mark(const IterAttr *attr, const char *const *marks) {
  for (int i = 0; attr && i < attr->pragma.n; i++)
    for (int k = 0; marks[k]; k++)
      if (is_mark(&attr->pragma.at[i], marks[k])) return true;
  return false;
}

/* The first leaf with a mark, or the number of leaves. */
static int marked_leaf(const Stage *stage, const char *const *marks) {
  int i = 0;
  while (i < stage->leaf.n &&
         !has_mark(stage_attr(stage, stage->leaf.at[i]), marks))
    i++;
  return i;
}

static bool is_place(const Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->schedule->stage.n; i++)
    if (stage->schedule->stage.at[i]->attach_iter == axis) return true;
  return false;
}

/* May the loop go?  The first one leaves its mark to the next. */
static bool is_free(const Marked *marked, const IterVar *axis) {
  int at = leaf_position(marked->stage, axis);
  const IterAttr *attr = stage_attr(marked->stage, axis);
  if (at < marked->first || is_place(marked->stage, axis)) return false;
  if (!attr) return true;
  return !attr->thread && !attr->intrin &&
         (at == marked->first || !attr->pragma.n);
}

static void move_mark(Marked *marked, const IterVar *from) {
  Stage *stage = marked->stage;
  const IterAttr *attr = stage_attr(stage, from);
  const IterVar *to = stage->leaf.at[marked->first];
  if (!attr || !attr->pragma.n) return;
  IterAttr *mark = ARENA_NEW(stage->schedule->arena, IterAttr);
  mark->pragma = attr->pragma;
  ptrmap_set(&stage->attr, to, mark);
}

/* Whatever was said of the axis before it was split or fused counts no more. */
static void make_plain(Stage *stage, const IterVar *axis) {
  if (stage_attr(stage, axis))
    ptrmap_set(&stage->attr, axis, ARENA_NEW(stage->schedule->arena, IterAttr));
}

static void undo_split(Marked *marked, const Relation *rel) {
  Stage *stage = marked->stage;
  int outer = leaf_position(stage, rel->outer);
  int inner = leaf_position(stage, rel->inner);
  int first = outer < inner ? outer : inner;
  make_plain(stage, rel->parent);
  stage->leaf.at[first] = rel->parent;
  vec_remove(&stage->leaf, outer + inner - first);
  move_mark(marked, first == outer ? rel->outer : rel->inner);
}

static void undo_fuse(Marked *marked, const Relation *rel) {
  Stage *stage = marked->stage;
  int at = leaf_position(stage, rel->result);
  make_plain(stage, rel->outer);
  make_plain(stage, rel->inner);
  stage->leaf.at[at] = rel->outer;
  vec_insert(stage->schedule->arena, &stage->leaf, at + 1, rel->inner);
  move_mark(marked, rel->result);
}

static void forget(Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->all.n; i++)
    if (stage->all.at[i] == axis) {
      vec_remove(&stage->all, i);
      return;
    }
}

/* False if one of its loops has to stay. */
static bool undo(Marked *marked, const Relation *rel) {
  if (rel->kind == REL_SPLIT && is_free(marked, rel->outer) &&
      is_free(marked, rel->inner)) {
    undo_split(marked, rel);
    forget(marked->stage, rel->outer);
    forget(marked->stage, rel->inner);
  } else if (rel->kind == REL_FUSE && is_free(marked, rel->result)) {
    undo_fuse(marked, rel);
    forget(marked->stage, rel->result);
  } else {
    return false;
  }
  return true;
}

/* A unit unrolls and vectorizes by itself. */
static void make_serial(const Marked *marked) {
  Stage *stage = marked->stage;
  for (int i = marked->first; i < stage->leaf.n; i++) {
    const IterAttr *attr = stage_attr(stage, stage->leaf.at[i]);
    if (!attr || attr->type == ITER_DATA_PAR || attr->intrin) continue;
    IterAttr *serial = arena_copy(stage->schedule->arena, attr, sizeof *attr);
    serial->type = ITER_DATA_PAR;
    ptrmap_set(&stage->attr, stage->leaf.at[i], serial);
  }
}

/* Relations are met last first, so that one that is undone lays free those
 * that it was made of. */
static void undo_relations(Marked *marked) {
  Stage *stage = marked->stage;
  for (int i = stage->relation.n - 1; i >= 0; i--) {
    const Relation relation = stage->relation.at[i];
    if (undo(marked, &relation)) vec_remove(&stage->relation, i);
  }
}

/* Is there nothing that its loops were made of, or that was said of them? */
static bool is_plain(const Stage *stage, const char *const *marks) {
  int first = marked_leaf(stage, marks);
  bool plain = first == stage->leaf.n || stage->relation.n == 0;
  for (int i = first; i < stage->leaf.n; i++) {
    const IterAttr *attr = stage_attr(stage, stage->leaf.at[i]);
    plain &= !attr || attr->type == ITER_DATA_PAR;
  }
  return plain;
}

const Schedule *sched_undo_inside(Arena *scratch, const Schedule *schedule,
                                  const char *const *marks) {
  bool plain = true;
  for (int i = 0; i < schedule->stage.n; i++)
    plain &= is_plain(schedule->stage.at[i], marks);
  if (plain) return schedule;
  Schedule *copy = schedule_copy(scratch, schedule);
  for (int i = 0; i < copy->stage.n; i++) {
    Marked marked = {copy->stage.at[i], marked_leaf(copy->stage.at[i], marks)};
    if (marked.first == marked.stage->leaf.n) continue;
    undo_relations(&marked);
    make_serial(&marked);
  }
  return copy;
}
