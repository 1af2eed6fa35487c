/* SPDX-License-Identifier: Apache-2.0 */
/* Making random nets.
 *
 * Sums of 32 bits may not overflow, in the compiler's arithmetic: each node has
 * a bound on its values, and steps that would leave 31 bits are not made.
 * Narrower accumulators wrap, which is defined. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/net.h"

enum {
  SMALL = 100,     /* the largest input, where its type has more */
  LAYER_NODES = 25 /* in a layer at most */
};

typedef struct Maker {
  Net *net;
  Choices *c;
  int passing; /* a result to be loaded next, or 0 */
  bool widens; /* activations can be loaded into accumulators */
} Maker;

static Node *add(Maker *m, NodeKind kind, const char *prefix, int bits) {
  Node *node = &m->net->node[m->net->nodes];
  *node = (Node){.kind = kind, .bits = bits};
  snprintf(node->name, sizeof node->name, "%s%d", prefix, m->net->nodes++);
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < NODE_RANK; i++)
      node->index[s][i] = (Index){.axis = i, .reduce = -1, .stride = 1};
  return node;
}

static int number(const Maker *m, const Node *node) {
  return (int)(node - m->net->node);
}

static void take_shape(Node *node, const Node *of) {
  node->rank = of->rank;
  memcpy(node->shape, of->shape, sizeof of->shape);
}

static int64_t largest(int bits) {
  int64_t most = ((int64_t)1 << (bits - 1)) - 1;
  return most < SMALL ? most + 1 : SMALL;
}

/* An input of this shape, which the host may change. */
static Node *input(Maker *m, int bits, int rank, const int64_t *shape) {
  Node *in = add(m, NODE_INPUT, "in", bits);
  in->rank = rank;
  memcpy(in->shape, shape, (size_t)rank * sizeof *shape);
  in->most = largest(bits);
  if (bits < 8 || !choose_rarely(m->c, 10)) return in;
  Node *host = add(m, NODE_HOST, "host", bits);
  take_shape(host, in);
  host->sources = 1;
  host->source[0] = number(m, in);
  host->steps = 1;
  host->step[0] = (Step){.op = '+', .constant = choose_from(m->c, -9, 9)};
  host->most = in->most + 9;
  return host;
}

/* A stage that loads an input of this shape, or a result on its way that is
 * given, with zeros around the dimensions from `first` to `last`. */
static Node *load(Maker *m, int bits, int to_bits, int rank,
                  const int64_t *shape, int first, int last) {
  Node *from =
      m->passing ? &m->net->node[m->passing] : input(m, bits, rank, shape);
  Node *node = add(m, NODE_LOAD, "load", to_bits);
  bool plain = bits == to_bits;
  node->sources = 1;
  node->source[0] = number(m, from);
  node->most = from->most;
  take_shape(node, from);
  m->passing = 0;
  for (int i = first; i < last; i++) {
    int pad = choose_rarely(m->c, 3) ? choose_from(m->c, 1, 2) : 0;
    int both = pad ? choose(m->c, 2) : 0;
    node->before[i] = pad;
    node->shape[i] += pad + (both ? pad : 0);
    plain &= !pad;
  }
  node->by_cache = plain && choose_rarely(m->c, 4);
  return node;
}

/* ---- Heads -------------------------------------------------------------- */

/* A window of a source's dimension and the size of what it gives. */
typedef struct Side {
  int64_t window, stride, out;
} Side;

static Side side_of(Maker *m, int64_t size) {
  Side s;
  s.window = choose_low(m->c, 1, size < 3 ? (int)size : 3);
  s.stride = choose_low(m->c, 1, 3);
  s.out = (size - s.window) / s.stride + 1;
  return s;
}

static Index windowed(int axis, int reduce, int64_t stride) {
  return (Index){.axis = axis, .reduce = reduce, .stride = stride};
}

/* sum[b, c, (y, x,) bi, ci] over ko, (dy, dx,) ki. */
static void matrix(Maker *m, bool image) {
  Net *n = m->net;
  int64_t bo = choose_low(m->c, 1, 4), co = choose_low(m->c, 1, 4);
  int64_t ko = choose_low(m->c, 1, 4), size[2] = {1, 1};
  for (int i = 0; image && i < 2; i++) size[i] = choose_low(m->c, 1, 7);
  int64_t shape[NODE_RANK] = {bo, ko};
  if (m->passing) {
    const Node *data = &n->node[m->passing];
    bo = data->shape[0];
    ko = shape[1] = data->shape[1];
  }
  int rank = 2, extra = image ? 2 : 0;
  for (int i = 0; i < extra; i++) shape[rank++] = size[i];
  shape[rank++] = n->batch;
  shape[rank++] = n->block_in;
  int data =
      number(m, load(m, n->inp_bits, n->inp_bits, rank, shape, 2, 2 + extra));
  Side side[2];
  for (int i = 0; i < extra; i++) {
    side[i] = side_of(m, n->node[data].shape[2 + i]);
    shape[2 + i] = side[i].window;
  }
  shape[0] = co;
  shape[rank - 2] = n->block_out;
  int weight = number(m, load(m, n->wgt_bits, n->wgt_bits, rank, shape, 0, 0));
  Node *sum = add(m, NODE_SUM, "sum", n->acc_bits);
  sum->rank = rank;
  sum->sources = 2;
  sum->source[0] = data;
  sum->source[1] = weight;
  sum->shape[0] = bo;
  sum->shape[1] = co;
  sum->reduce[0] = ko;
  sum->index[0][1] = windowed(-1, 0, 1);
  sum->index[1][0] = windowed(1, -1, 1);
  sum->index[1][1] = windowed(-1, 0, 1);
  for (int i = 0; i < extra; i++) {
    sum->shape[2 + i] = side[i].out;
    sum->reduce[1 + i] = side[i].window;
    sum->index[0][2 + i] = windowed(2 + i, 1 + i, side[i].stride);
    sum->index[1][2 + i] = windowed(-1, 1 + i, 1);
  }
  sum->shape[rank - 2] = n->batch;
  sum->shape[rank - 1] = n->block_out;
  sum->reduce[1 + extra] = n->block_in;
  sum->reduces = 2 + extra;
  sum->index[0][rank - 1] = windowed(-1, 1 + extra, 1);
  sum->index[1][rank - 2] = windowed(rank - 1, -1, 1);
  sum->index[1][rank - 1] = windowed(-1, 1 + extra, 1);
  int64_t terms = 1;
  for (int i = 0; i < sum->reduces; i++) terms *= sum->reduce[i];
  sum->most = terms * n->node[data].most * n->node[weight].most;
}

/* Bytes widen on their way into 32-bit accumulators. */
static int load_bits(Maker *m) {
  const Net *n = m->net;
  return m->widens && choose_rarely(m->c, 3) ? 8 : n->acc_bits;
}

static Node *vector_load(Maker *m, bool padded) {
  Net *n = m->net;
  if (m->passing) {
    int rank = n->node[m->passing].rank;
    return load(m, n->inp_bits, n->acc_bits, rank, NULL, 0,
                padded ? rank - 2 : 0);
  }
  int rank = choose_from(m->c, 1, 4);
  int64_t shape[NODE_RANK];
  for (int i = 0; i < rank; i++) shape[i] = choose_low(m->c, 1, 6);
  shape[rank] = n->batch;
  shape[rank + 1] = n->block_out;
  return load(m, load_bits(m), n->acc_bits, rank + 2, shape, 0,
              padded ? rank : 0);
}

/* A reduction over windows of one or two dimensions. */
static void window(Maker *m) {
  static const NodeKind kinds[] = {NODE_MAX, NODE_SUM, NODE_MIN};
  Net *n = m->net;
  const Node *from = vector_load(m, true);
  NodeKind kind = kinds[choose(m->c, 3)];
  Node *node = add(m, kind, "win", n->acc_bits);
  int outer = from->rank - 2, at[4], count = choose_from(m->c, 1, 2);
  int64_t terms = 1;
  take_shape(node, from);
  node->sources = 1;
  node->source[0] = number(m, from);
  choose_order(m->c, outer, at);
  for (int i = 0; i < count && i < outer; i++) {
    Side side = side_of(m, from->shape[at[i]]);
    node->shape[at[i]] = side.out;
    node->reduce[node->reduces] = side.window;
    node->index[0][at[i]] = windowed(at[i], node->reduces++, side.stride);
    terms *= side.window;
  }
  node->most = from->most * terms;
}

/* ---- Chains ------------------------------------------------------------- */

static int64_t size_of(int64_t value) { return value < 0 ? -value : value; }

/* The bound behind the step, or -1 if it leaves 31 bits. */
static int64_t step_most(const Step *step, int64_t most, int64_t other,
                         int bits) {
  int64_t b = step->tensor ? other : size_of(step->constant), after = most;
  switch (step->op) {
    case '+':
    case '-':
    case 'r': after = most + b; break;
    case '*': after = most * b; break;
    case '<': after = most << step->constant; break;
    case 'm':
    case 'M': after = most > b ? most : b; break;
    default: break;
  }
  if (bits < 32) return (int64_t)1 << (bits - 1);
  return after < (int64_t)1 << 30 ? after : -1;
}

/* Constants the unit takes, of any size. */
static int32_t constant(Maker *m, char op) {
  int bits = m->net->acc_bits;
  int32_t half = bits < 17 ? (int32_t)(1 << (bits - 1)) : 32768;
  int32_t value = choose_low(m->c, 0, half - 1);
  if (op == '<' || op == '>') return value % (bits < 9 ? bits : 9);
  if (choose(m->c, 2) || (op == '*' && value == 0)) value = -value - 1;
  if (bits == 32 && strchr("+-r", op) && choose_rarely(m->c, 4)) value *= 2;
  return value;
}

static void add_step(Maker *m, Node *node, bool tensor) {
  static const char ops[] = "+>mM-*<r";
  const Net *n = m->net;
  Step step = {.tensor = tensor};
  step.op = tensor ? "+mM-*"[choose(m->c, 5)] : ops[choose(m->c, 8)];
  if (!tensor) step.constant = constant(m, step.op);
  int64_t other = tensor ? n->node[node->source[1]].most : 0;
  int64_t most = step_most(&step, node->most, other, n->acc_bits);
  if (most < 0) {
    step.op = 'm'; /* which makes nothing larger */
    most = node->most > other ? node->most : other;
    if (!tensor && size_of(step.constant) > most) most = size_of(step.constant);
  }
  if (step.op == 'm' && !tensor && size_of(step.constant) > 32767)
    step.constant /= 2;
  node->most = most;
  node->step[node->steps++] = step;
}

/* A second operand: a node so far, or a load, of which some dimensions may be
 * the same for all. */
static void second_operand(Maker *m, Node *node) {
  Net *n = m->net;
  const Node *head = &n->node[node->source[0]];
  int older = choose(m->c, 3);
  node->sources = 2;
  if (older == 0) {
    for (int i = 0; i < n->nodes - 1; i++)
      if (n->node[i].kind > NODE_LOAD && n->node[i].kind < NODE_STORE &&
          n->node[i].rank == head->rank &&
          !memcmp(n->node[i].shape, head->shape, sizeof head->shape)) {
        node->source[1] = i;
        return;
      }
  }
  Node copy = *node;
  int64_t shape[NODE_RANK];
  int rank = 0;
  n->nodes--;
  for (int i = 0; i < head->rank; i++) {
    bool same = i < head->rank - 2 && choose_rarely(m->c, 3);
    if (same) continue;
    copy.index[1][rank].axis = i;
    shape[rank++] = head->shape[i];
  }
  Node *other = load(m, load_bits(m), n->acc_bits, rank, shape, 0, 0);
  copy.source[1] = number(m, other);
  n->node[n->nodes] = copy;
  snprintf(n->node[n->nodes].name, sizeof copy.name, "map%d", n->nodes);
  n->nodes++;
}

static void map(Maker *m, int from) {
  Net *n = m->net;
  Node *node = add(m, NODE_MAP, "map", n->acc_bits);
  take_shape(node, &n->node[from]);
  node->sources = 1;
  node->source[0] = from;
  node->most = n->node[from].most;
  int binary = choose_rarely(m->c, 3);
  if (binary) second_operand(m, node);
  node = &n->node[n->nodes - 1];
  int steps = choose_from(m->c, binary ? 0 : 1, MOST_STEPS - 1);
  if (binary) add_step(m, node, true);
  for (int i = 0; i < steps; i++) add_step(m, node, false);
}

static void store(Maker *m, int from) {
  Node *node = add(m, NODE_STORE, "out", m->net->inp_bits);
  take_shape(node, &m->net->node[from]);
  node->sources = 1;
  node->source[0] = from;
  node->most = (int64_t)1 << (node->bits - 1);
}

/* ---- The whole ---------------------------------------------------------- */

static void mark_used(Net *n) {
  for (int i = n->nodes - 1; i >= 0; i--) {
    Node *node = &n->node[i];
    node->used |= node->kind == NODE_STORE && !node->passes;
    for (int k = 0; node->used && k < node->sources; k++)
      n->node[node->source[k]].used = true;
  }
}

/* What begins a layer: a load, a product of matrices or a window. */
static int head(Maker *m) {
  int kind = choose(m->c, 4), passing = m->passing;
  int rank = m->net->node[passing].rank;
  bool suits = rank == 4 || rank == NODE_RANK;
  if (passing && (!m->widens || !suits)) kind = suits ? 1 : 0;
  if (passing && (kind == 1 || kind == 2))
    matrix(m, rank == NODE_RANK);
  else if (kind == 1 || kind == 2)
    matrix(m, kind == 2);
  else if (kind == 0)
    vector_load(m, true);
  else
    window(m);
  return m->net->nodes - 1;
}

/* A head, vector work on it, and a result, whose number is returned. */
static int layer(Maker *m) {
  Net *n = m->net;
  int first = head(m), last = first, maps = choose_low(m->c, 0, 4);
  if (n->node[first].kind == NODE_LOAD && !maps) maps = 1;
  for (int i = 0; i < maps; i++) {
    map(m, choose_rarely(m->c, 4) ? first : last);
    last = n->nodes - 1;
  }
  store(m, last);
  int result = n->nodes - 1;
  if (maps > 1 && choose_rarely(m->c, 4)) {
    for (int i = first; i < last; i++)
      if (n->node[i].kind == NODE_MAP) first = i;
    store(m, first);
  }
  return result;
}

/* Can another layer take this result from memory?  Not where its values leave
 * no room for sums. */
static bool can_pass(const Maker *m, const Node *result) {
  if (m->net->acc_bits == 32 && result->bits > 8) return false;
  return m->widens || result->rank == 4 || result->rank == NODE_RANK;
}

void net_random(Net *ret, const vtac_config *config, Choices *choices) {
  memset(ret, 0, sizeof *ret);
  ret->batch = vtac_config_get(config, "BATCH");
  ret->block_in = vtac_config_get(config, "BLOCK_IN");
  ret->block_out = vtac_config_get(config, "BLOCK_OUT");
  ret->inp_bits = (int)vtac_config_get(config, "INP_WIDTH");
  ret->wgt_bits = (int)vtac_config_get(config, "WGT_WIDTH");
  ret->acc_bits = (int)vtac_config_get(config, "ACC_WIDTH");
  Maker m = {.net = ret, .c = choices};
  m.widens = ret->inp_bits == 8 && ret->acc_bits == 32;
  int result = layer(&m);
  while (ret->nodes <= MOST_NODES - LAYER_NODES &&
         choose_stressed(choices, 5) && can_pass(&m, &ret->node[result])) {
    ret->node[result].passes = true;
    m.passing = result;
    result = layer(&m);
  }
  mark_used(ret);
}
