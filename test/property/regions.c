/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, ALU stages and stores over any region: random index maps, conditions
 * and schedules of one small program,
 *
 *   load[i] = condition(i) ? input[map(i)] : 0
 *   alu[i]  = condition(i) ? load[i - before] + c : load[i - before] * 2, or k
 *   store   = alu,
 *
 * against plain loops.  A map mirrors, stretches, halves, moves and exchanges
 * axes, or drops some.  A condition bounds an axis or the sum of two, or asks
 * for a remainder, and is written in one of several ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain_tensor.h"
#include "support/accelerators.h"
#include "support/scheduler.h"
#include "support/subject.h"

enum { MOST_RANK = 4, LANE_DIMS = 2, MOST_TESTS = 12, RANK = 6 };

/* What the condition compares: (axis + other) mod `mod` with a value. */
typedef struct Test {
  int axis, other;    /* other: -1 for none */
  int64_t mod, value; /* mod: 0 for none */
  bool less;          /* < value, else >= value; with mod: = value */
} Test;

typedef enum Form {
  FORM_GUARD,     /* if_then_else(a && b, value, otherwise) */
  FORM_TURNED,    /* if_then_else(!(a && b), otherwise, value) */
  FORM_DE_MORGAN, /* if_then_else(!a || !b, otherwise, value) */
  FORM_SELECT,    /* select(a && b, value, otherwise) */
  FORM_NESTED,    /* if_then_else(a, if_then_else(b, value, ...), otherwise) */
  FORM_CAST,      /* cast(if_then_else(a && b, value, otherwise)) */
  FORMS
} Form;

typedef struct Condition {
  int n;
  Test test[MOST_TESTS];
  Form form;
} Condition;

/* floor((axis * step + offset) / divisor); axis -1: none */
typedef struct Map {
  int axis;
  int64_t step, offset, divisor;
} Map;

typedef struct Region {
  int rank, bits, out_bits;
  int64_t shape[RANK];  /* of the load, with its lanes */
  int sources;          /* dimensions of the input but for lanes */
  int64_t source[RANK]; /* its shape */
  Map map[RANK];
  Condition load, alu;
  int64_t before[RANK], wide[RANK]; /* padding by the ALU; its shape */
  int constant, otherwise;          /* otherwise: -1: the doubled value */
} Region;

/* ---- Drawing ------------------------------------------------------------ */

static void add_test(Condition *condition, Test test) {
  if (condition->n < MOST_TESTS) condition->test[condition->n++] = test;
}

/* low <= axis < high */
static void add_bounds(Condition *condition, int axis, int64_t low,
                       int64_t high) {
  add_test(condition, (Test){.axis = axis, .other = -1, .value = low});
  add_test(condition,
           (Test){.axis = axis, .other = -1, .value = high, .less = true});
}

static void draw_tests(Choices *c, const Region *r, Condition *condition,
                       const int64_t *shape) {
  int n = choose_rarely(c, 3) ? choose_from(c, 1, 2) : 0;
  for (int i = 0; i < n; i++) {
    int axis = choose(c, r->rank), size = (int)shape[axis];
    Test test = {.axis = axis, .other = -1, .less = choose(c, 2)};
    switch (choose(c, 4)) {
      case 0:
      case 1: test.value = choose_from(c, 0, size); break;
      case 2:
        test.other = choose(c, r->rank);
        test.value = choose_from(c, 0, size + (int)shape[test.other]);
        break;
      default:
        test.mod = choose_from(c, 2, 3);
        test.value = choose(c, (int)test.mod);
    }
    add_test(condition, test);
  }
  condition->form = (Form)choose(c, FORMS);
}

/* One dimension of the input, read along an axis of the load. */
static void draw_map(Choices *c, Region *r, int axis) {
  int64_t n = r->shape[axis], *size = &r->source[r->sources];
  Map *map = &r->map[r->sources++];
  *map = (Map){axis, 1, 0, 1};
  *size = n;
  int before = 0, after = 0;
  switch (choose(c, 8)) {
    case 0:
    case 1:
    case 2: break;
    case 3: /* zeros around */
      before = choose_low(c, 0, 20);
      after = choose_low(c, 0, 20);
      r->shape[axis] = n + before + after;
      map->offset = -before;
      add_bounds(&r->load, axis, before, n + before);
      break;
    case 4: /* mirrored */
      map->step = -1;
      map->offset = n - 1;
      break;
    case 5: /* stretched */
      map->step = 2;
      map->offset = choose(c, 2);
      *size = 2 * n;
      break;
    case 6: /* halved */
      map->divisor = 2;
      *size = (n + 1) / 2;
      break;
    default: /* part of more */
      map->offset = choose(c, 4);
      *size = n + map->offset + choose(c, 3);
  }
}

static void draw_alu(Choices *c, Region *r) {
  for (int i = 0; i < RANK; i++) r->wide[i] = r->shape[i];
  for (int i = 0; i < r->rank; i++) {
    if (!choose_rarely(c, 5)) continue;
    r->before[i] = choose(c, 3);
    r->wide[i] += r->before[i] + choose(c, 3);
    add_bounds(&r->alu, i, r->before[i], r->before[i] + r->shape[i]);
  }
  bool pads = r->alu.n > 0;
  draw_tests(c, r, &r->alu, r->wide);
  r->constant = choose_from(c, 1, 5);
  r->otherwise = pads || choose(c, 2) ? choose_from(c, 0, 3) : -1;
}

static void draw(Choices *c, const vtac_config *config, Region *r) {
  Blocks blocks = plain_blocks(config);
  *r = (Region){.bits = blocks.acc_bits, .out_bits = blocks.inp_bits};
  r->rank = choose_from(c, 1, MOST_RANK);
  for (int i = 0; i < r->rank; i++) r->shape[i] = choose_from(c, 1, 6);
  int order[MOST_RANK];
  choose_order(c, r->rank, order);
  for (int i = 0; i < r->rank; i++)
    if (!choose_rarely(c, 6)) draw_map(c, r, order[i]);
  draw_tests(c, r, &r->load, r->shape);
  const int64_t lanes[] = {blocks.batch, blocks.out};
  for (int i = 0; i < LANE_DIMS; i++) {
    r->shape[r->rank + i] = r->source[r->sources] = lanes[i];
    r->map[r->sources++] = (Map){r->rank + i, 1, 0, 1};
  }
  draw_alu(c, r);
}

/* ---- Expressions -------------------------------------------------------- */

typedef struct Program {
  vtac_context *c;
  const Region *region;
  char type[8], out_type[8];
} Program;

static vtac_expr plus(vtac_context *c, vtac_expr a, int64_t b) {
  return b ? vtac_add(c, a, vtac_int(c, b)) : a;
}

static vtac_expr typed(const Program *p, int64_t value) {
  return vtac_const(p->c, p->type, (double)value);
}

static vtac_expr test_expr(const Program *p, const Test *test,
                           const vtac_iter *axis, bool opposite) {
  vtac_context *c = p->c;
  vtac_expr a = vtac_iter_expr(c, axis[test->axis]);
  vtac_expr b = vtac_int(c, test->value);
  if (test->other >= 0)
    a = vtac_add(c, a, vtac_iter_expr(c, axis[test->other]));
  if (test->mod) {
    a = vtac_floormod(c, a, vtac_int(c, test->mod));
    return opposite ? vtac_not_equal(c, a, b) : vtac_equal(c, a, b);
  }
  return test->less != opposite ? vtac_less(c, a, b)
                                : vtac_greater_equal(c, a, b);
}

static vtac_expr all_of(const Program *p, const Condition *condition,
                        const vtac_iter *axis, bool opposite) {
  vtac_expr all = NULL;
  for (int i = 0; i < condition->n; i++) {
    vtac_expr test = test_expr(p, &condition->test[i], axis, opposite);
    if (!all)
      all = test;
    else
      all = opposite ? vtac_or(p->c, all, test) : vtac_and(p->c, all, test);
  }
  return all;
}

static vtac_expr choice(const Program *p, const Condition *condition,
                        const vtac_iter *axis, vtac_expr value,
                        vtac_expr otherwise) {
  vtac_context *c = p->c;
  if (!condition->n) return value;
  vtac_expr all = all_of(p, condition, axis, false);
  switch (condition->form) {
    case FORM_TURNED:
      return vtac_if_then_else(c, vtac_not(c, all), otherwise, value);
    case FORM_DE_MORGAN:
      return vtac_if_then_else(c, all_of(p, condition, axis, true), otherwise,
                               value);
    case FORM_SELECT: return vtac_select(c, all, value, otherwise);
    case FORM_NESTED:
      for (int i = condition->n - 1; i >= 0; i--)
        value =
            vtac_if_then_else(c, test_expr(p, &condition->test[i], axis, false),
                              value, otherwise);
      return value;
    default: return vtac_if_then_else(c, all, value, otherwise);
  }
}

static vtac_tensor declare_load(const Program *p, vtac_tensor input) {
  const Region *r = p->region;
  vtac_context *c = p->c;
  vtac_iter axis[RANK];
  vtac_expr at[RANK];
  vtac_axes(c, r->rank + LANE_DIMS, r->shape, NULL, axis);
  for (int i = 0; i < r->sources; i++) {
    const Map *map = &r->map[i];
    at[i] = vtac_iter_expr(c, axis[map->axis]);
    if (map->step != 1) at[i] = vtac_mul(c, at[i], vtac_int(c, map->step));
    at[i] = plus(c, at[i], map->offset);
    if (map->divisor > 1)
      at[i] = vtac_floordiv(c, at[i], vtac_int(c, map->divisor));
  }
  vtac_expr value = vtac_read(c, input, r->sources, at);
  value = choice(p, &r->load, axis, value, typed(p, 0));
  return vtac_compute(c, "load", r->rank + LANE_DIMS, axis, value);
}

static vtac_tensor declare_alu(const Program *p, vtac_tensor load) {
  const Region *r = p->region;
  vtac_context *c = p->c;
  vtac_iter axis[RANK];
  vtac_expr at[RANK];
  int n = r->rank + LANE_DIMS;
  vtac_axes(c, n, r->wide, NULL, axis);
  for (int i = 0; i < n; i++)
    at[i] = plus(c, vtac_iter_expr(c, axis[i]), -r->before[i]);
  vtac_expr value = vtac_read(c, load, n, at);
  vtac_expr otherwise = r->otherwise < 0 ? vtac_mul(c, value, typed(p, 2))
                                         : typed(p, r->otherwise);
  value = vtac_add(c, value, typed(p, r->constant));
  value = choice(p, &r->alu, axis, value, otherwise);
  return vtac_compute_tagged(c, "alu", "map", n, axis, value);
}

static void declare(Program *p, Subject *ret) {
  const Region *r = p->region;
  vtac_context *c = p->c;
  vtac_iter axis[RANK];
  int n = r->rank + LANE_DIMS;
  vtac_tensor in = vtac_placeholder(c, "in", p->type, r->sources, r->source);
  vtac_tensor alu = declare_alu(p, declare_load(p, in));
  vtac_axes(c, n, r->wide, NULL, axis);
  vtac_expr value = vtac_cast(c, p->out_type, vtac_at(c, alu, n, axis));
  vtac_tensor out = vtac_compute_tagged(c, "out", "store", n, axis, value);
  *ret = (Subject){.n = 2, .inputs = 1, .args = {in, out}};
  ret->schedule = vtac_schedule_new(c, 1, &out);
}

/* ---- Plain loops -------------------------------------------------------- */

static int64_t elements(int rank, const int64_t *shape) {
  int64_t n = 1;
  for (int i = 0; i < rank; i++) n *= shape[i];
  return n;
}

static bool holds(const Condition *condition, const int64_t *at) {
  for (int i = 0; i < condition->n; i++) {
    const Test *test = &condition->test[i];
    int64_t a = at[test->axis];
    if (test->other >= 0) a += at[test->other];
    if (test->mod ? a % test->mod != test->value
                  : (a < test->value) != test->less)
      return false;
  }
  return true;
}

static int32_t plain_load(const Region *r, const int32_t *in,
                          const int64_t *at) {
  int64_t offset = 0;
  if (!holds(&r->load, at)) return 0;
  for (int i = 0; i < r->sources; i++) {
    const Map *map = &r->map[i];
    int64_t k = at[map->axis] * map->step + map->offset;
    offset = offset * r->source[i] + k / map->divisor;
  }
  return in[offset];
}

static int32_t plain_alu(const Region *r, const int32_t *in,
                         const int64_t *at) {
  int64_t from[RANK];
  bool inside = holds(&r->alu, at);
  if (!inside && r->otherwise >= 0) return r->otherwise;
  for (int i = 0; i < r->rank + LANE_DIMS; i++) from[i] = at[i] - r->before[i];
  int32_t value = plain_load(r, in, from);
  value = inside ? value + r->constant : value * 2;
  return plain_wrap((uint32_t)value, r->bits);
}

static bool next(int rank, const int64_t *shape, int64_t *at) {
  for (int i = rank - 1; i >= 0; i--) {
    if (++at[i] < shape[i]) return true;
    at[i] = 0;
  }
  return false;
}

static void *packed(int32_t *at, int64_t n, int bits) {
  const Plain plain = {.dim = {1, n, 1, 1}, .at = at};
  void *bytes = plain_pack(&plain, n, 1, n, bits);
  if (!bytes) abort();
  free(at);
  return bytes;
}

static void fill(const Region *r, uint64_t state, Subject *subject) {
  int n = r->rank + LANE_DIMS;
  int64_t size = elements(r->sources, r->source);
  int64_t results = elements(n, r->wide), at[RANK] = {0}, i = 0;
  Plain in = {.dim = {1, size, 1, 1}};
  int32_t *out = malloc((size_t)results * sizeof *out);
  if (!plain_allocate(&in) || !out) abort();
  plain_fill(&in, 1, r->bits < 8 ? r->bits : 8, &state);
  do out[i++] = plain_wrap((uint32_t)plain_alu(r, in.at, at), r->out_bits);
  while (next(n, r->wide, at));
  subject->data[0] = packed(in.at, size, r->bits);
  subject->data[1] = packed(out, results, r->out_bits);
}

/* ---- Judging ------------------------------------------------------------ */

static void note_condition(Trial *trial, const char *name,
                           const Condition *condition) {
  trial_note(trial, "  %s (form %d):", name, (int)condition->form);
  for (int i = 0; i < condition->n; i++) {
    const Test *test = &condition->test[i];
    trial_note(trial, " i%d", test->axis);
    if (test->other >= 0) trial_note(trial, "+i%d", test->other);
    if (test->mod) trial_note(trial, "%%%lld", (long long)test->mod);
    trial_note(trial, "%s%lld",
               test->mod    ? "="
               : test->less ? "<"
                            : ">=",
               (long long)test->value);
  }
  trial_note(trial, "\n");
}

static void note(Trial *trial, const Region *r) {
  trial_note(trial, "  load[");
  for (int i = 0; i < r->rank + LANE_DIMS; i++)
    trial_note(trial, "%s%lld", i ? "," : "", (long long)r->shape[i]);
  trial_note(trial, "] in");
  for (int i = 0; i < r->sources; i++)
    trial_note(trial, "[(i%d*%lld%+lld)/%lld of %lld]", r->map[i].axis,
               (long long)r->map[i].step, (long long)r->map[i].offset,
               (long long)r->map[i].divisor, (long long)r->source[i]);
  trial_note(trial, "\n  alu[");
  for (int i = 0; i < r->rank + LANE_DIMS; i++)
    trial_note(trial, "%s%lld-%lld", i ? "," : "", (long long)r->wide[i],
               (long long)r->before[i]);
  trial_note(trial, "] + %d or %d\n", r->constant, r->otherwise);
  note_condition(trial, "load", &r->load);
  note_condition(trial, "alu", &r->alu);
}

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  enum { MOST_ELEMENTS = 200000 };
  Region region;
  Subject subject;
  draw(&trial->choices, config, &region);
  note(trial, &region);
  trial->skipped =
      elements(region.rank + LANE_DIMS, region.wide) > MOST_ELEMENTS;
  if (trial->skipped) return;
  Program program = {.c = context, .region = &region};
  snprintf(program.type, sizeof program.type, "int%d", region.bits);
  snprintf(program.out_type, sizeof program.out_type, "int%d", region.out_bits);
  declare(&program, &subject);
  fill(&region, (uint64_t)choose(&trial->choices, CHOICE_LIMIT), &subject);
  Script script = {
      .context = context, .schedule = subject.schedule, .trial = trial};
  schedule_randomly(&script, &trial->choices);
  if (vtac_context_error(context))
    trial_refused(trial, vtac_context_error(context));
  else
    subject_judge(&subject, context, config, trial);
  if (trial->outcome == REFUSED && strcmp(trial->id, "buffer-overflow")) {
    char why[WHY_SIZE];
    memcpy(why, trial->why, sizeof why);
    trial_wrong(trial, "refused: %.1200s [%s]", why, trial->id);
  }
  subject_free(&subject);
}

static void run(Trial *trial) {
  accelerator_judge(trial, accelerator_random(trial), judge);
}

int main(int argc, char **argv) {
  const RandomTest test = {
      .run = run, .count = 1000, .long_count = 20000, .most_refused = 30};
  return random_test_main(&test, argc, argv);
}
