/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers are scheduled before producers.  A stage's loops fall into outer
 * ones, where producers may be attached, and inner ones, which are the work of
 * a unit.  The loops around a stage are a path: from the outermost one, first
 * those of results, then those of stages attached there.  A producer may stand
 * at any loop that the paths of all its readers begin with. */
#include "support/scheduler.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 250, MOST_PATH = 40, MOST_WORK = 14 };

typedef enum Role {
  ROLE_INPUT,
  ROLE_HOST,
  ROLE_LOAD,
  ROLE_MATRIX,
  ROLE_VECTOR,
  ROLE_STORE
} Role;

typedef struct Part Part;

typedef struct Loop {
  Part *part;
  vtac_iter axis;
  int64_t extent; /* at most */
  bool thread;
} Loop;

typedef struct Loops {
  int n;
  Loop at[MOST_PATH];
} Loops;

struct Part {
  Role role;
  vtac_stage stage;
  vtac_tensor tensor;
  const char *scope;
  int readers;
  Part *reader[MOST_PARTS];
  Loops around; /* those it is attached in */
  Loops outer;  /* its own */
};

typedef struct Scheduler {
  Script *script;
  Choices *c;
  int parts;
  Part part[MOST_PARTS];
} Scheduler;

/* ---- The graph ---------------------------------------------------------- */

static int inputs_of(const Scheduler *s, vtac_tensor tensor,
                     const vtac_tensor **ret) {
  return vtac_tensor_inputs(s->script->context, tensor, ret);
}

static int reduces_of(vtac_tensor tensor) {
  int n = 0;
  while (vtac_tensor_reduce_axis(tensor, n)) n++;
  return n;
}

static int64_t extent_of(vtac_iter axis) {
  int64_t low, extent = 1;
  vtac_iter_range(axis, &low, &extent);
  return extent;
}

/* Does it lie in memory that transfers read? */
static bool in_memory(vtac_tensor tensor) {
  const char *tag = vtac_tensor_tag(tensor);
  return !vtac_tensor_body(tensor) || !strcmp(tag, "host") ||
         !strcmp(tag, "store");
}

static Role role_of(const Scheduler *s, vtac_stage stage, vtac_tensor tensor) {
  const vtac_tensor *input;
  const char *tag = vtac_tensor_tag(tensor);
  if (!vtac_tensor_body(tensor)) return ROLE_INPUT;
  if (!strcmp(tag, "host")) return ROLE_HOST;
  if (!strcmp(tag, "store") || vtac_stage_is_output(stage)) return ROLE_STORE;
  int n = inputs_of(s, tensor, &input), reduces = reduces_of(tensor);
  if (reduces && n == 2) return ROLE_MATRIX;
  bool load = !reduces && n == 1 && in_memory(input[0]) && strcmp(tag, "map");
  return load ? ROLE_LOAD : ROLE_VECTOR;
}

static Part *part_of(Scheduler *s, vtac_tensor tensor) {
  for (int i = 0; i < s->parts; i++)
    if (s->part[i].tensor == tensor) return &s->part[i];
  return NULL;
}

static void read_graph(Scheduler *s) {
  vtac_stage stage;
  s->parts = 0;
  while ((stage = vtac_schedule_stage(s->script->schedule, s->parts)) &&
         s->parts < MOST_PARTS) {
    Part *part = &s->part[s->parts++];
    memset(part, 0, sizeof *part);
    part->stage = stage;
    part->tensor = vtac_stage_tensor(stage);
    part->role = role_of(s, stage, part->tensor);
    part->scope = "local.acc_buffer";
    const vtac_tensor *input;
    int n = inputs_of(s, part->tensor, &input);
    for (int i = 0; i < n; i++) {
      Part *producer = part_of(s, input[i]);
      if (!producer) continue;
      producer->reader[producer->readers++] = part;
      if (part->role == ROLE_MATRIX)
        producer->scope = i ? "local.wgt_buffer" : "local.inp_buffer";
    }
  }
}

/* Whatever lies in memory and stages on the chip read gets a copy there. */
static bool cache_inputs(Scheduler *s) {
  bool any = false;
  for (int i = 0; i < s->parts; i++) {
    const Part *part = &s->part[i];
    vtac_tensor reader[MOST_PARTS];
    int n = 0;
    for (int k = 0; in_memory(part->tensor) && k < part->readers; k++)
      if (part->reader[k]->role > ROLE_LOAD)
        reader[n++] = part->reader[k]->tensor;
    int first = n > 1 && choose_rarely(s->c, 3) ? choose_from(s->c, 1, n) : n;
    if (n)
      script_cache_read(s->script, part->tensor, part->scope, first, reader);
    if (first < n)
      script_cache_read(s->script, part->tensor, part->scope, n - first,
                        reader + first);
    any |= n > 0;
  }
  return any;
}

/* Some readers of a stage on the chip read a copy, on the chip, too. */
static bool cache_results(Scheduler *s) {
  bool any = false;
  for (int i = 0; i < s->parts; i++) {
    const Part *part = &s->part[i];
    vtac_tensor reader[MOST_PARTS];
    if (part->role != ROLE_MATRIX && part->role != ROLE_VECTOR) continue;
    if (!part->readers || !choose_rarely(s->c, 12)) continue;
    int n = choose_from(s->c, 1, part->readers);
    for (int k = 0; k < n; k++) reader[k] = part->reader[k]->tensor;
    script_cache_read(s->script, part->tensor, part->scope, n, reader);
    any = true;
  }
  return any;
}

/* Some stages on the chip compute into a copy, from which they are filled. */
static bool cache_stages(Scheduler *s) {
  bool any = false;
  for (int i = 0; i < s->parts; i++) {
    const Part *part = &s->part[i];
    if (part->role != ROLE_MATRIX && part->role != ROLE_VECTOR) continue;
    if (!choose_rarely(s->c, 12)) continue;
    script_cache_write(s->script, part->tensor, part->scope);
    any = true;
  }
  return any;
}

/* ---- Places ------------------------------------------------------------- */

static Loops path_of(const Part *part) {
  Loops path = part->around;
  for (int i = 0; i < part->outer.n && path.n < MOST_PATH; i++)
    path.at[path.n++] = part->outer.at[i];
  return path;
}

static Loops common_path(const Part *part) {
  Loops path = path_of(part->reader[0]);
  for (int i = 1; i < part->readers; i++) {
    Loops other = path_of(part->reader[i]);
    int n = 0;
    while (n < path.n && n < other.n && path.at[n].axis == other.at[n].axis)
      n++;
    path.n = n;
  }
  return path;
}

/* The innermost place is the simplest. */
static void attach(Scheduler *s, Part *part) {
  Loops path = common_path(part);
  path.n -= choose(s->c, path.n + 1);
  part->around = path;
  if (path.n == 0) return;
  const Loop *at = &path.at[path.n - 1];
  script_compute_at(s->script, part->stage, at->part->stage, at->axis);
}

/* ---- Loops -------------------------------------------------------------- */

static void push(Loops *loops, Part *part, vtac_iter axis, int64_t extent) {
  if (axis)
    loops->at[loops->n++] =
        (Loop){.part = part, .axis = axis, .extent = extent};
}

/* Shares an axis between the outer and the inner loops: all of it inside, all
 * of it outside, or both. */
static void divide(Scheduler *s, Part *part, vtac_iter axis, Loops *outer,
                   Loops *inner) {
  int64_t extent = extent_of(axis);
  vtac_iter out, in;
  switch (extent > 1 ? choose(s->c, 4) : choose(s->c, 2)) {
    case 0: push(inner, part, axis, extent); return;
    case 1: push(outer, part, axis, extent); return;
    default: break;
  }
  bool nparts = choose(s->c, 2);
  int64_t n = choose_from(s->c, 1, extent < 5 ? (int)extent : 5);
  int64_t other = (extent + n - 1) / n;
  script_split(s->script, part->stage, axis, n, nparts, &out, &in);
  push(outer, part, out, nparts ? n : other);
  push(inner, part, in, nparts ? other : n);
}

/* The same for steps that come in periods: the inner part is of whole ones, or
 * one step.  Nothing else divides the single steps. */
static void divide_periods(Scheduler *s, Part *part, vtac_iter axis,
                           int64_t period, Loops *outer, Loops *inner) {
  int64_t extent = extent_of(axis);
  vtac_iter out, in;
  switch (choose(s->c, 3)) {
    case 0: push(inner, part, axis, extent); return;
    case 1: push(outer, part, axis, 1); return;
    default: break;
  }
  int64_t n = period * choose_from(s->c, 1, 3);
  script_split(s->script, part->stage, axis, n, false, &out, &in);
  push(outer, part, out, (extent + n - 1) / n);
  push(inner, part, in, n);
}

static void shuffle(Scheduler *s, Loops *loops) {
  Loops old = *loops;
  int order[MOST_PATH];
  choose_order(s->c, loops->n, order);
  for (int i = 0; i < loops->n; i++) loops->at[i] = old.at[order[i]];
}

static void reorder(Scheduler *s, const Part *part, const Loops *outer,
                    const Loops *inner, const Loops *tile) {
  const Loops *const lists[] = {outer, inner, tile};
  vtac_iter axes[MOST_AXES];
  int n = 0;
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < lists[k]->n && n < MOST_AXES; i++)
      axes[n++] = lists[k]->at[i].axis;
  script_reorder(s->script, part->stage, n, axes);
}

/* The first `n` of the inner loops become outer ones. */
static void move_out(Loops *outer, Loops *inner, int n) {
  for (int i = 0; i < n; i++) outer->at[outer->n++] = inner->at[i];
  inner->n -= n;
  memmove(inner->at, inner->at + n, (size_t)inner->n * sizeof *inner->at);
}

static vtac_iter first_of(const Loops *inner, const Loops *tile) {
  return inner->n ? inner->at[0].axis : tile->at[0].axis;
}

/* The loops over the tensor's tiles, and those inside a tile. */
static void tile_of(Part *part, Loops *ret) {
  int n = vtac_tensor_ndim(part->tensor);
  for (int i = n - 2; i < n; i++) {
    vtac_iter axis = vtac_axis(part->tensor, i);
    push(ret, part, axis, extent_of(axis));
  }
}

/* Makes one loop of two neighbours, data axes both. */
static void fuse_at(Scheduler *s, Part *part, Loops *loops, int at) {
  Loop *a = &loops->at[at];
  a->axis = script_fuse(s->script, part->stage, a->axis, a[1].axis);
  a->extent *= a[1].extent;
  loops->n--;
  memmove(a + 1, a + 2, (size_t)(loops->n - at - 1) * sizeof *a);
}

static void fuse(Scheduler *s, Part *part, Loops *outer) {
  if (outer->n < 2 || !choose_rarely(s->c, 6)) return;
  fuse_at(s, part, outer, choose(s->c, outer->n - 1));
}

/* ---- Loops of a unit ---------------------------------------------------- */

static bool is_data(const Loop *loop) {
  return loop->axis && !strcmp(vtac_iter_type(loop->axis), "DataPar");
}

static void split_at(Scheduler *s, Part *part, Loops *loops, int at) {
  Loop *loop = &loops->at[at];
  vtac_iter out, in;
  int64_t most = loop->extent < 9 ? loop->extent : 9;
  int64_t n = choose_from(s->c, 1, (int)most);
  bool nparts = choose(s->c, 2);
  if (loops->n >= MOST_WORK) return;
  script_split(s->script, part->stage, loop->axis, n, nparts, &out, &in);
  int64_t other = (loop->extent + n - 1) / n;
  memmove(loop + 1, loop, (size_t)(loops->n++ - at) * sizeof *loop);
  loop[0].axis = out;
  loop[0].extent = nparts ? n : other;
  loop[1].axis = in;
  loop[1].extent = nparts ? other : n;
}

static void reorder_work(Scheduler *s, const Part *part, Loops *work) {
  vtac_iter axes[MOST_AXES];
  shuffle(s, work);
  for (int i = 0; i < work->n; i++) axes[i] = work->at[i].axis;
  script_reorder(s->script, part->stage, work->n, axes);
}

/* Some splits, fuses and exchanges.  Axes of data fuse with such, those of
 * reductions with such. */
static void cut(Scheduler *s, Part *part, Loops *work, int rounds) {
  for (int i = 0; i < rounds; i++) {
    int at = choose(s->c, work->n);
    bool two = at + 1 < work->n &&
               is_data(&work->at[at]) == is_data(&work->at[at + 1]);
    switch (choose(s->c, 3)) {
      case 0: split_at(s, part, work, at); break;
      case 1:
        if (two) fuse_at(s, part, work, at);
        break;
      default: reorder_work(s, part, work); break;
    }
  }
}

static void append(Loops *to, const Loops *from) {
  for (int i = 0; i < from->n && to->n < MOST_PATH; i++)
    to->at[to->n++] = from->at[i];
}

/* Cuts up the loops that one mark stands around, those of the tile included:
 * to a unit their order and number are all one. */
static void cut_up(Scheduler *s, Part *part, Loops *inner, Loops *tile) {
  int rounds = choose_rarely(s->c, 3) ? choose_low(s->c, 1, 6) : 0;
  if (!rounds) return;
  append(inner, tile);
  tile->n = 0;
  cut(s, part, inner, rounds);
}

/* Cuts up all loops but those of the tile, and puts the mark anywhere. */
static void cut_across(Scheduler *s, Part *part, Loops *outer, Loops *inner) {
  Loops work = *outer;
  int rounds = choose_rarely(s->c, 4) ? choose_low(s->c, 1, 6) : 0;
  append(&work, inner);
  if (!rounds || !work.n) return;
  cut(s, part, &work, rounds);
  outer->n = 0;
  int first = choose(s->c, work.n + 1);
  *inner = work;
  move_out(outer, inner, first);
}

/* Loops of a unit may be of any kind, those around may be unrolled and run at
 * the same time. */
static void annotate(Scheduler *s, const Part *part, const Loops *inner) {
  static const CallKind kinds[] = {CALL_UNROLL, CALL_PARALLEL, CALL_VECTORIZE};
  for (int i = 0; i < 2; i++) {
    const Loops *loops = i ? inner : &part->outer;
    if (!loops->n || !choose_rarely(s->c, 12)) continue;
    const Loop *loop = &loops->at[choose(s->c, loops->n)];
    CallKind kind = kinds[choose(s->c, i ? 3 : 2)];
    if (!loop->thread && (kind == CALL_UNROLL || is_data(loop)))
      script_annotate(s->script, kind, part->stage, loop->axis);
  }
}

/* ---- Virtual threads ---------------------------------------------------- */

/* A virtual thread takes two or three parts of an outer loop, and a place. */
static void thread(Scheduler *s, Part *part, Loops *outer) {
  int at = choose(s->c, outer->n), to = choose(s->c, outer->n);
  Loop loop = outer->at[at];
  vtac_iter rest;
  if (loop.extent < 2 || loop.thread || !is_data(&loop)) return;
  int n = choose_from(s->c, 2, 3);
  script_split(s->script, part->stage, loop.axis, n, true, &loop.axis, &rest);
  outer->at[at].axis = rest;
  outer->at[at].extent = (loop.extent + n - 1) / n;
  loop.extent = n;
  loop.thread = true;
  memmove(&outer->at[to + 1], &outer->at[to],
          (size_t)(outer->n - to) * sizeof loop);
  outer->at[to] = loop;
  outer->n++;
}

/* Two at most, more often in results. */
static bool threads(Scheduler *s, Part *part) {
  int n = 0, rarity = vtac_stage_is_output(part->stage) ? 3 : 9;
  if (!part->outer.n) return false;
  while (n < 2 && choose_stressed(s->c, rarity)) n++;
  for (int i = 0; i < n; i++) thread(s, part, &part->outer);
  return n > 0;
}

static void bind(Scheduler *s, const Part *part) {
  for (int i = 0; i < part->outer.n; i++) {
    const Loop *loop = &part->outer.at[i];
    if (!loop->thread) continue;
    const char *tag = choose_rarely(s->c, 4) ? "vthread" : "cthread";
    script_bind(s->script, part->stage, loop->axis,
                vtac_thread_axis(s->script->context, tag));
  }
}

/* ---- Results ------------------------------------------------------------ */

static void store(Scheduler *s, Part *part) {
  Loops inner = {0}, tile = {0};
  int n = vtac_tensor_ndim(part->tensor);
  const int64_t *period = s->script->period;
  for (int i = 0; i < n - 2; i++)
    if (period && period[i] > 1)
      divide_periods(s, part, vtac_axis(part->tensor, i), period[i],
                     &part->outer, &inner);
    else
      divide(s, part, vtac_axis(part->tensor, i), &part->outer, &inner);
  tile_of(part, &tile);
  shuffle(s, &part->outer);
  if (choose_rarely(s->c, 4)) shuffle(s, &inner);
  bool threaded = threads(s, part);
  if (inner.n && choose_rarely(s->c, 6))
    move_out(&part->outer, &inner, choose_from(s->c, 1, inner.n));
  reorder(s, part, &part->outer, &inner, &tile);
  bind(s, part);
  if (!threaded) fuse(s, part, &part->outer);
  if (!threaded && !period) cut_across(s, part, &part->outer, &inner);
  cut_up(s, part, &inner, &tile);
  script_pragma(s->script, part->stage, first_of(&inner, &tile), "dma_copy");
  annotate(s, part, &inner);
}

/* ---- Stages on the chip ------------------------------------------------- */

static void load(Scheduler *s, Part *part) {
  Loops inner = {0}, tile = {0};
  int n = vtac_tensor_ndim(part->tensor);
  bool threaded = false;
  for (int i = 0; i < n - 2; i++) {
    vtac_iter axis = vtac_axis(part->tensor, i);
    push(&inner, part, axis, extent_of(axis));
  }
  tile_of(part, &tile);
  if (choose_rarely(s->c, 5)) {
    Loop all = inner.n ? inner.at[0] : (Loop){0};
    int at = inner.n ? choose_from(s->c, 1, inner.n) : 0;
    if (all.extent > 1 && choose(s->c, 2)) {
      vtac_iter out, in;
      script_split(s->script, part->stage, all.axis,
                   choose_from(s->c, 1, (int)all.extent), false, &out, &in);
      inner.at[0].axis = in;
      push(&part->outer, part, out, all.extent);
      at--;
    }
    move_out(&part->outer, &inner, at);
    shuffle(s, &part->outer);
    threaded = threads(s, part);
    reorder(s, part, &part->outer, &inner, &tile);
    bind(s, part);
  }
  if (!threaded) cut_across(s, part, &part->outer, &inner);
  cut_up(s, part, &inner, &tile);
  script_pragma(s->script, part->stage, first_of(&inner, &tile), "dma_copy");
  annotate(s, part, &inner);
}

/* Data axes and reductions, but for those of the tile. */
static void divide_all(Scheduler *s, Part *part, int reduces, bool reduce_out,
                       Loops *inner) {
  int n = vtac_tensor_ndim(part->tensor) - 2;
  for (int i = 0; i < n + reduces; i++) {
    vtac_iter axis = i < n ? vtac_axis(part->tensor, i)
                           : vtac_tensor_reduce_axis(part->tensor, i - n);
    if (i < n ? choose_rarely(s->c, 3) : reduce_out && choose_rarely(s->c, 2))
      divide(s, part, axis, &part->outer, inner);
    else
      push(inner, part, axis, extent_of(axis));
  }
}

/* A reduction starts its result in loops of its own, so the mark must stand
 * around its reduction axes. */
static void data_first(Loops *inner, int first) {
  Loop loop = inner->at[first];
  memmove(&inner->at[1], &inner->at[0], (size_t)first * sizeof loop);
  inner->at[0] = loop;
}

static void vector(Scheduler *s, Part *part) {
  Loops inner = {0}, tile = {0};
  int reduces = reduces_of(part->tensor);
  divide_all(s, part, reduces, false, &inner);
  tile_of(part, &tile);
  if (reduces && inner.n == reduces)
    push(&inner, part, part->outer.at[--part->outer.n].axis, 1);
  shuffle(s, &part->outer);
  if (choose_rarely(s->c, 2)) shuffle(s, &inner);
  for (int i = 0; reduces && i < inner.n; i++)
    if (!strcmp(vtac_iter_type(inner.at[i].axis), "DataPar")) {
      data_first(&inner, i);
      break;
    }
  bool threaded = threads(s, part);
  reorder(s, part, &part->outer, &inner, &tile);
  bind(s, part);
  if (!reduces && !threaded) cut_across(s, part, &part->outer, &inner);
  cut_up(s, part, &inner, &tile);
  for (int i = 0; reduces && i < inner.n && !is_data(&inner.at[0]); i++)
    if (is_data(&inner.at[i])) {
      data_first(&inner, i);
      reorder(s, part, &part->outer, &inner, &tile);
    }
  script_pragma(s->script, part->stage, first_of(&inner, &tile), "alu");
  annotate(s, part, &inner);
}

static void matrix(Scheduler *s, Part *part) {
  Loops inner = {0}, tile = {0};
  int reduces = reduces_of(part->tensor) - 1;
  divide_all(s, part, reduces, true, &inner);
  tile_of(part, &tile);
  vtac_iter last = vtac_tensor_reduce_axis(part->tensor, reduces);
  push(&tile, part, last, extent_of(last));
  shuffle(s, &part->outer);
  if (choose_rarely(s->c, 2)) shuffle(s, &inner);
  bool threaded = threads(s, part);
  reorder(s, part, &part->outer, &inner, &tile);
  bind(s, part);
  if (!threaded) cut_across(s, part, &part->outer, &inner);
  script_tensorize(s->script, part->stage, tile.at[0].axis);
  annotate(s, part, &(Loops){0});
}

static void schedule(Scheduler *s, Part *part) {
  if (part->role == ROLE_INPUT || vtac_context_error(s->script->context))
    return;
  if (!vtac_stage_is_output(part->stage)) attach(s, part);
  if (part->role >= ROLE_LOAD && part->role != ROLE_STORE)
    script_set_scope(s->script, part->stage, part->scope);
  switch (part->role) {
    case ROLE_STORE: store(s, part); return;
    case ROLE_LOAD: load(s, part); return;
    case ROLE_VECTOR: vector(s, part); return;
    case ROLE_MATRIX: matrix(s, part); return;
    case ROLE_INPUT:
    case ROLE_HOST: return;
  }
}

void schedule_randomly(Script *script, Choices *choices) {
  Scheduler *s = calloc(1, sizeof *s);
  if (!s) abort();
  s->script = script;
  s->c = choices;
  read_graph(s);
  if (cache_inputs(s)) read_graph(s);
  if (cache_results(s)) read_graph(s);
  if (cache_stages(s)) read_graph(s);
  for (int i = s->parts - 1; i >= 0; i--) schedule(s, &s->part[i]);
  free(s);
}
