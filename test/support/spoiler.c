/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which a call can be wrong. */
#include "support/spoiler.h"

#include <string.h>

enum { USUAL_CALLS = 30 };

static void see_axis(Spoiler *s, vtac_iter axis) {
  if (axis && s->axes < MOST_SEEN) s->axis[s->axes++] = axis;
}

static void see(Spoiler *s, const Call *call) {
  for (int i = 0; i < call->n && call->kind != CALL_CACHE_READ; i++)
    see_axis(s, call->axis[i]);
  if (!call->stage || s->stages == MOST_SEEN) return;
  vtac_tensor tensor = vtac_stage_tensor(call->stage);
  for (int i = 0; i < vtac_tensor_ndim(tensor); i++)
    see_axis(s, vtac_axis(tensor, i));
  for (int i = 0; vtac_tensor_reduce_axis(tensor, i); i++)
    see_axis(s, vtac_tensor_reduce_axis(tensor, i));
  s->stage[s->stages++] = call->stage;
}

static vtac_iter any_axis(Spoiler *s) {
  int i = choose(s->choices, s->axes + 1);
  return i < s->axes ? s->axis[i] : NULL;
}

static vtac_stage any_stage(Spoiler *s) {
  int i = choose(s->choices, s->stages + 1);
  return i < s->stages ? s->stage[i] : NULL;
}

static const char *any_scope(Choices *c) {
  static const char *const scopes[] = {"global",
                                       "local.inp_buffer",
                                       "local.wgt_buffer",
                                       "local.acc_buffer",
                                       "local",
                                       "shared",
                                       "warp",
                                       "local.none",
                                       "",
                                       NULL};
  return scopes[choose(c, sizeof scopes / sizeof *scopes)];
}

static const char *any_pragma(Choices *c) {
  static const char *const pragmas[] = {"dma_copy", "alu",       "unroll",
                                        "nonsense", "vectorize", NULL};
  return pragmas[choose(c, sizeof pragmas / sizeof *pragmas)];
}

static int64_t any_number(Choices *c) {
  static const int64_t numbers[] = {
      0, -1,        -7,       1, 97, (1 << 30) + 1, 100, INT64_C(1) << 31,
      3, INT64_MAX, INT64_MIN};
  return numbers[choose(c, sizeof numbers / sizeof *numbers)];
}

/* ---- Arguments ---------------------------------------------------------- */

static void wrong_axes(Spoiler *s, Call *call) {
  Choices *c = s->choices;
  if (call->n == 0) return;
  int at = choose(c, call->n), other = choose(c, call->n);
  vtac_iter axis = call->axis[at];
  switch (choose(c, 4)) {
    case 0: call->axis[at] = any_axis(s); return;
    case 1: call->axis[at] = call->axis[other]; return;
    case 2:
      call->axis[at] = call->axis[other];
      call->axis[other] = axis;
      return;
    default: call->n = at; return;
  }
}

static vtac_iter any_thread(Spoiler *s, vtac_context *c) {
  static const char *const tags[] = {"cthread", "threadIdx.x", "", "vta"};
  int kind = choose(s->choices, 6);
  return kind < 4    ? vtac_thread_axis(c, tags[kind])
         : kind == 4 ? any_axis(s)
                     : NULL;
}

static void wrong_argument(Spoiler *s, vtac_context *c, Call *call) {
  if (choose_rarely(s->choices, 8)) {
    call->stage = any_stage(s);
    return;
  }
  bool axes = choose(s->choices, 2);
  switch (call->kind) {
    case CALL_SPLIT:
    case CALL_NPARTS:
      if (axes)
        call->axis[0] = any_axis(s);
      else
        call->number = any_number(s->choices);
      return;
    case CALL_AT:
      if (!axes) call->consumer = any_stage(s);
      call->axis[0] = any_axis(s);
      return;
    case CALL_SCOPE:
    case CALL_CACHE_WRITE:
    case CALL_CACHE_READ: call->word = any_scope(s->choices); return;
    case CALL_PRAGMA:
      if (axes)
        call->axis[0] = any_axis(s);
      else
        call->word = any_pragma(s->choices);
      return;
    case CALL_BIND:
      if (axes)
        call->axis[0] = any_axis(s);
      else
        call->thread = any_thread(s, c);
      return;
    default: wrong_axes(s, call); return;
  }
}

/* ---- Calls -------------------------------------------------------------- */

/* A call that nobody asked for. */
static void intrude(Spoiler *s, Script *script, const Call *call) {
  static const CallKind kinds[] = {
      CALL_BIND,    CALL_UNROLL, CALL_VECTORIZE, CALL_INLINE, CALL_FUSE,
      CALL_REORDER, CALL_SPLIT,  CALL_TENSORIZE, CALL_PRAGMA, CALL_AT};
  Call extra = {.kind = kinds[choose(s->choices, 10)],
                .stage = call->stage,
                .n = 1,
                .axis = {any_axis(s)},
                .number = 2};
  if (choose(s->choices, 2)) extra.stage = any_stage(s);
  if (extra.kind == CALL_BIND)
    extra.thread = vtac_thread_axis(script->context, "cthread");
  if (extra.kind == CALL_FUSE || extra.kind == CALL_REORDER)
    extra.axis[extra.n++] = any_axis(s);
  if (extra.kind == CALL_PRAGMA) extra.word = any_pragma(s->choices);
  if (extra.kind == CALL_AT) extra.consumer = any_stage(s);
  script_do(script, &extra);
}

static bool spoil(Script *script, Call *call) {
  Spoiler *s = script->user;
  see(s, call);
  if (s->done || s->calls++ != s->at) return true;
  s->done = true;
  trial_note(script->trial, "  spoiled:\n");
  switch (choose(s->choices, 5)) {
    case 0:
      if (call->kind != CALL_SPLIT && call->kind != CALL_NPARTS) return false;
      wrong_argument(s, script->context, call);
      return true;
    case 1: {
      Call twice = *call;
      script_do(script, &twice);
      return true;
    }
    case 2: intrude(s, script, call); return true;
    default: wrong_argument(s, script->context, call); return true;
  }
}

void spoil_script(Spoiler *s, Script *script, Choices *choices) {
  *s = (Spoiler){.choices = choices, .at = choose(choices, USUAL_CALLS)};
  script->spoil = spoil;
  script->user = s;
}

/* ---- Nets --------------------------------------------------------------- */

static Node *any_node(Net *net, Choices *c, NodeKind least, NodeKind most) {
  int at = choose(c, net->nodes);
  for (int i = 0; i < net->nodes; i++) {
    Node *node = &net->node[(at + i) % net->nodes];
    if (node->used && node->kind >= least && node->kind <= most) return node;
  }
  return NULL;
}

static Damage wrong_type(Net *net, Trial *trial) {
  static const int bits[] = {1, 2, 4, 8, 16, 32};
  Node *node = any_node(net, &trial->choices, NODE_INPUT, NODE_STORE);
  int other = bits[choose(&trial->choices, 6)];
  bool typed = node->kind == NODE_INPUT || node->kind == NODE_LOAD ||
               node->kind == NODE_STORE ||
               (node->kind == NODE_SUM && node->sources == 2);
  if (other == node->bits || !typed || node->by_cache) return DAMAGE_NONE;
  trial_note(trial, "spoiled: %s has %d bits\n", node->name, other);
  node->bits = other;
  return DAMAGE_SOME;
}

static bool stays_inside(const Node *node, const Node *from, int source) {
  for (int i = 0; i < from->rank; i++) {
    const Index *index = &node->index[source][i];
    int64_t high = index->offset;
    if (index->axis >= 0)
      high += (node->shape[index->axis] - 1) * index->stride;
    if (index->reduce >= 0) high += node->reduce[index->reduce] - 1;
    if (index->offset < 0 || high >= from->shape[i]) return false;
  }
  return true;
}

static Damage wrong_index(Net *net, Trial *trial) {
  Node *node = any_node(net, &trial->choices, NODE_SUM, NODE_STORE);
  int source = choose(&trial->choices, node->sources);
  const Node *from = &net->node[node->source[source]];
  Index *index = &node->index[source][choose(&trial->choices, from->rank)];
  index->offset = choose(&trial->choices, 2) ? 1 : -1;
  trial_note(trial, "spoiled: %s reads %s by %lld further\n", node->name,
             from->name, (long long)index->offset);
  return stays_inside(node, from, source) ? DAMAGE_SOME : DAMAGE_FATAL;
}

static Damage wrong_shape(Net *net, Trial *trial) {
  static const int64_t sizes[] = {0, -1, INT64_C(1) << 31};
  Node *node = any_node(net, &trial->choices, NODE_INPUT, NODE_STORE);
  int at = choose(&trial->choices, node->rank),
      kind = choose(&trial->choices, 5);
  int64_t *size = &node->shape[at];
  Damage damage = DAMAGE_FATAL;
  if (node->by_cache) return DAMAGE_NONE;
  if (kind < 3) {
    *size = sizes[kind];
  } else if (node->kind == NODE_STORE && *size > 1) {
    --*size;
    damage = DAMAGE_SOME;
  } else if (node->kind == NODE_LOAD) {
    ++*size;
    damage = DAMAGE_SOME;
  } else {
    return DAMAGE_NONE;
  }
  trial_note(trial, "spoiled: dimension %d of %s is %lld\n", at, node->name,
             (long long)*size);
  return damage;
}

static Damage wrong_step(Net *net, Trial *trial) {
  static const char ops[] = "/%&|^f*mM+";
  Choices *c = &trial->choices;
  Node *node = any_node(net, c, NODE_MAP, NODE_MAP);
  if (!node) return DAMAGE_NONE;
  Step *step = &node->step[choose(c, node->steps)];
  step->op = ops[choose(c, 10)];
  step->tensor = false;
  step->constant = strchr("*mM+", step->op) ? 1000003 : choose_from(c, 1, 7);
  trial_note(trial, "spoiled: %s computes %c %d\n", node->name, step->op,
             step->constant);
  return DAMAGE_SOME;
}

Damage spoil_net(Net *net, Trial *trial) {
  switch (choose(&trial->choices, 4)) {
    case 0: return wrong_step(net, trial);
    case 1: return wrong_type(net, trial);
    case 2: return wrong_index(net, trial);
    default: return wrong_shape(net, trial);
  }
}
