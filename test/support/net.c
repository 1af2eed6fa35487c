/* SPDX-License-Identifier: Apache-2.0 */
/* Nets as tensor expressions, and in plain loops. */
#include "support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain_tensor.h"
#include "support/programs.h"

enum { MOST_WORK = 4000000 };

/* ---- Declaration -------------------------------------------------------- */

static bool is_result(const Node *node) {
  return node->kind == NODE_STORE && !node->passes;
}

typedef struct Declared {
  vtac_context *c;
  vtac_tensor tensor[MOST_NODES];
} Declared;

static void type_of(int bits, char ret[8]) { snprintf(ret, 8, "int%d", bits); }

static vtac_expr typed(vtac_context *c, int bits, int64_t value) {
  char type[8];
  type_of(bits, type);
  return vtac_const(c, type, (double)value);
}

/* What cache_read is to load is read where it lies. */
static vtac_expr element(const Net *net, const Declared *d, const Node *node,
                         int source, const vtac_iter *axis,
                         const vtac_iter *reduce) {
  int from = node->source[source];
  if (net->node[from].by_cache) from = net->node[from].source[0];
  vtac_expr at[NODE_RANK];
  int rank = net->node[from].rank;
  for (int i = 0; i < rank; i++) {
    const Index *index = &node->index[source][i];
    at[i] = NULL;
    if (index->axis >= 0)
      at[i] = vtac_mul(d->c, vtac_iter_expr(d->c, axis[index->axis]),
                       vtac_int(d->c, index->stride));
    if (index->reduce < 0) continue;
    vtac_expr step = vtac_iter_expr(d->c, reduce[index->reduce]);
    at[i] = at[i] ? vtac_add(d->c, at[i], step) : step;
  }
  for (int i = 0; i < rank; i++)
    if (node->index[source][i].offset)
      at[i] =
          vtac_add(d->c, at[i], vtac_int(d->c, node->index[source][i].offset));
  return vtac_read(d->c, d->tensor[from], rank, at);
}

static vtac_expr apply(vtac_context *c, const Step *step, vtac_expr a,
                       vtac_expr b) {
  switch (step->op) {
    case '+': return vtac_add(c, a, b);
    case '-': return vtac_sub(c, a, b);
    case 'r': return vtac_sub(c, b, a);
    case '*': return vtac_mul(c, a, b);
    case '<': return vtac_shift_left(c, a, b);
    case '>': return vtac_shift_right(c, a, b);
    case 'm': return vtac_min(c, a, b);
    case '/': return vtac_floordiv(c, a, b);
    case '%': return vtac_floormod(c, a, b);
    case '&': return vtac_bitwise_and(c, a, b);
    case '|': return vtac_bitwise_or(c, a, b);
    case '^': return vtac_bitwise_xor(c, a, b);
    case 'f':
      return vtac_cast(c, vtac_expr_dtype(a), vtac_cast(c, "float32", a));
    default: return vtac_max(c, a, b);
  }
}

static vtac_expr mapped(const Net *net, const Declared *d, const Node *node,
                        const vtac_iter *axis) {
  vtac_expr value = element(net, d, node, 0, axis, NULL);
  for (int i = 0; i < node->steps; i++) {
    const Step *step = &node->step[i];
    vtac_expr with = step->tensor ? element(net, d, node, 1, axis, NULL)
                                  : typed(d->c, node->bits, step->constant);
    value = apply(d->c, step, value, with);
  }
  return value;
}

/* The source's element, or 0 where the zeros around it are. */
static vtac_expr loaded(const Net *net, const Declared *d, const Node *node,
                        const vtac_iter *axis) {
  const Node *input = &net->node[node->source[0]];
  vtac_context *c = d->c;
  vtac_expr at[NODE_RANK], inside = NULL;
  char type[8];
  type_of(node->bits, type);
  for (int i = 0; i < node->rank; i++) {
    at[i] = vtac_iter_expr(c, axis[i]);
    if (node->shape[i] == input->shape[i]) continue;
    vtac_expr low = vtac_greater_equal(c, at[i], vtac_int(c, node->before[i]));
    vtac_expr high =
        vtac_less(c, at[i], vtac_int(c, node->before[i] + input->shape[i]));
    low = vtac_and(c, low, high);
    inside = inside ? vtac_and(c, inside, low) : low;
    at[i] = vtac_sub(c, at[i], vtac_int(c, node->before[i]));
  }
  vtac_expr value = vtac_read(c, d->tensor[node->source[0]], node->rank, at);
  value = vtac_cast(c, type, value);
  if (!inside) return value;
  return vtac_if_then_else(c, inside, value, typed(c, node->bits, 0));
}

static vtac_expr reduced(const Net *net, const Declared *d, const Node *node,
                         const vtac_iter *axis) {
  vtac_context *c = d->c;
  vtac_iter reduce[NODE_REDUCES];
  char name[8], type[8];
  for (int i = 0; i < node->reduces; i++) {
    snprintf(name, sizeof name, "k%d", i);
    reduce[i] = vtac_reduce_axis(c, 0, node->reduce[i], name);
  }
  type_of(node->bits, type);
  vtac_expr value = element(net, d, node, 0, axis, reduce);
  if (node->sources == 2)
    value =
        vtac_mul(c, vtac_cast(c, type, value),
                 vtac_cast(c, type, element(net, d, node, 1, axis, reduce)));
  if (node->kind == NODE_SUM) return vtac_sum(c, value, node->reduces, reduce);
  if (node->kind == NODE_MAX)
    return vtac_max_over(c, value, node->reduces, reduce);
  return vtac_min_over(c, value, node->reduces, reduce);
}

static vtac_tensor declare(const Net *net, const Declared *d,
                           const Node *node) {
  static const char *const tags[] = {"", "host", "",    "",
                                     "", "",     "map", "store"};
  vtac_context *c = d->c;
  vtac_iter axis[NODE_RANK];
  vtac_expr body;
  char type[8];
  type_of(node->bits, type);
  if (node->kind == NODE_INPUT)
    return vtac_placeholder(c, node->name, type, node->rank, node->shape);
  if (node->by_cache) return NULL;
  vtac_axes(c, node->rank, node->shape, NULL, axis);
  switch (node->kind) {
    case NODE_LOAD: body = loaded(net, d, node, axis); break;
    case NODE_HOST:
    case NODE_MAP: body = mapped(net, d, node, axis); break;
    case NODE_STORE:
      body = vtac_cast(c, type, element(net, d, node, 0, axis, NULL));
      break;
    default: body = reduced(net, d, node, axis); break;
  }
  return vtac_compute_tagged(c, node->name, tags[node->kind], node->rank, axis,
                             body);
}

void net_declare(const Net *net, vtac_context *c, Subject *ret) {
  Declared d = {.c = c};
  vtac_tensor result[MOST_NODES];
  int results = 0;
  *ret = (Subject){.n = 0};
  for (int i = 0; i < net->nodes; i++) {
    const Node *node = &net->node[i];
    if (!node->used) continue;
    d.tensor[i] = declare(net, &d, node);
    if (node->kind == NODE_INPUT) ret->args[ret->n++] = d.tensor[i];
    if (is_result(node)) result[results++] = d.tensor[i];
  }
  ret->inputs = ret->n;
  for (int i = 0; i < results; i++) ret->args[ret->n++] = result[i];
  ret->schedule = vtac_schedule_new(c, results, result);
}

/* ---- Plain loops -------------------------------------------------------- */

static int64_t elements(int rank, const int64_t *shape) {
  int64_t n = 1;
  for (int i = 0; i < rank; i++) n *= shape[i];
  return n;
}

/* The next position below `shape`; false behind the last one. */
static bool next(int rank, const int64_t *shape, int64_t *at) {
  for (int i = rank - 1; i >= 0; i--) {
    if (++at[i] < shape[i]) return true;
    at[i] = 0;
  }
  return false;
}

static int64_t offset_of(int rank, const int64_t *shape, const int64_t *at) {
  int64_t offset = 0;
  for (int i = 0; i < rank; i++) offset = offset * shape[i] + at[i];
  return offset;
}

bool net_is_small(const Net *net) {
  int64_t work = 0;
  for (int i = 0; i < net->nodes; i++) {
    const Node *node = &net->node[i];
    work += elements(node->rank, node->shape) *
            elements(node->reduces, node->reduce);
  }
  return work <= MOST_WORK;
}

typedef struct Values {
  const Net *net;
  int32_t *of[MOST_NODES];
} Values;

static int32_t value_at(const Values *v, const Node *node, int source,
                        const int64_t *axis, const int64_t *reduce) {
  const Node *from = &v->net->node[node->source[source]];
  int64_t at[NODE_RANK];
  for (int i = 0; i < from->rank; i++) {
    const Index *index = &node->index[source][i];
    at[i] = index->axis >= 0 ? axis[index->axis] * index->stride : 0;
    if (index->reduce >= 0) at[i] += reduce[index->reduce];
    at[i] += index->offset;
  }
  return v->of[node->source[source]][offset_of(from->rank, from->shape, at)];
}

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t plain_step(const Step *step, int64_t a, int64_t b) {
  switch (step->op) {
    case '+': return a + b;
    case '-': return a - b;
    case 'r': return b - a;
    case '*': return a * b;
    case '<': return (int64_t)((uint64_t)a << b);
    case '>': return a >> b;
    case 'm': return a < b ? a : b;
    case '/': return b ? floor_div(a, b) : 0;
    case '%': return b ? a - floor_div(a, b) * b : 0;
    case '&': return a & b;
    case '|': return a | b;
    case '^': return a ^ b;
    case 'f': return a;
    default: return a > b ? a : b;
  }
}

static int32_t plain_mapped(const Values *v, const Node *node,
                            const int64_t *axis) {
  int32_t value = value_at(v, node, 0, axis, NULL);
  for (int i = 0; i < node->steps; i++) {
    const Step *step = &node->step[i];
    int32_t with =
        step->tensor ? value_at(v, node, 1, axis, NULL) : step->constant;
    value = plain_wrap((uint32_t)plain_step(step, value, with), node->bits);
  }
  return value;
}

static int32_t plain_reduced(const Values *v, const Node *node,
                             const int64_t *axis) {
  int64_t reduce[NODE_REDUCES] = {0};
  uint32_t sum = 0;
  int32_t most = value_at(v, node, 0, axis, reduce), least = most;
  do {
    int32_t value = value_at(v, node, 0, axis, reduce);
    uint32_t factor =
        node->sources == 2 ? (uint32_t)value_at(v, node, 1, axis, reduce) : 1;
    if (value > most) most = value;
    if (value < least) least = value;
    sum += (uint32_t)value * factor;
  } while (next(node->reduces, node->reduce, reduce));
  return node->kind == NODE_SUM   ? plain_wrap(sum, node->bits)
         : node->kind == NODE_MAX ? most
                                  : least;
}

static int32_t plain_loaded(const Values *v, const Node *node,
                            const int64_t *axis) {
  const Node *input = &v->net->node[node->source[0]];
  int64_t at[NODE_RANK];
  for (int i = 0; i < node->rank; i++) {
    at[i] = axis[i] - node->before[i];
    if (at[i] < 0 || at[i] >= input->shape[i]) return 0;
  }
  int32_t value =
      v->of[node->source[0]][offset_of(input->rank, input->shape, at)];
  return plain_wrap((uint32_t)value, node->bits);
}

static int32_t plain_value(const Values *v, const Node *node,
                           const int64_t *axis, uint64_t *state) {
  switch (node->kind) {
    case NODE_INPUT:
      return plain_wrap(
          (uint32_t)(test_random(state) % (uint64_t)(2 * node->most)) -
              (uint32_t)node->most,
          node->bits);
    case NODE_LOAD: return plain_loaded(v, node, axis);
    case NODE_HOST:
    case NODE_MAP: return plain_mapped(v, node, axis);
    case NODE_STORE:
      return plain_wrap((uint32_t)value_at(v, node, 0, axis, NULL), node->bits);
    default: return plain_reduced(v, node, axis);
  }
}

static void evaluate(Values *v, int number, uint64_t *state) {
  const Node *node = &v->net->node[number];
  int64_t axis[NODE_RANK] = {0}, i = 0;
  int64_t n = elements(node->rank, node->shape);
  v->of[number] = malloc((size_t)n * sizeof(int32_t));
  if (!v->of[number]) abort();
  do v->of[number][i++] = plain_value(v, node, axis, state);
  while (next(node->rank, node->shape, axis));
}

static void *packed(const Values *v, int number) {
  const Node *node = &v->net->node[number];
  int64_t n = elements(node->rank, node->shape);
  const Plain plain = {.dim = {1, n, 1, 1}, .at = v->of[number]};
  void *bytes = plain_pack(&plain, n, 1, n, node->bits);
  if (!bytes) abort();
  return bytes;
}

void net_data(const Net *net, uint64_t seed, Subject *subject) {
  Values v = {.net = net};
  int inputs = 0, outputs = subject->inputs;
  for (int i = 0; i < net->nodes; i++) {
    if (!net->node[i].used) continue;
    evaluate(&v, i, &seed);
    if (net->node[i].kind == NODE_INPUT)
      subject->data[inputs++] = packed(&v, i);
    if (is_result(&net->node[i])) subject->data[outputs++] = packed(&v, i);
  }
  for (int i = 0; i < net->nodes; i++) free(v.of[i]);
}

/* ---- For the reader ----------------------------------------------------- */

static void note_index(Trial *trial, const Index *index) {
  if (index->axis >= 0) trial_note(trial, "i%d", index->axis);
  if (index->axis >= 0 && index->stride > 1)
    trial_note(trial, "*%lld", (long long)index->stride);
  if (index->reduce >= 0)
    trial_note(trial, "%sk%d", index->axis < 0 ? "" : "+", index->reduce);
}

static void note_source(Trial *trial, const Net *net, const Node *node,
                        int source) {
  const Node *from = &net->node[node->source[source]];
  trial_note(trial, " %s[", from->name);
  for (int i = 0; i < from->rank; i++) {
    if (i) trial_note(trial, ",");
    note_index(trial, &node->index[source][i]);
    if (node->before[i]) trial_note(trial, "-%lld", (long long)node->before[i]);
  }
  trial_note(trial, "]");
}

static void note_node(Trial *trial, const Net *net, const Node *node) {
  static const char *const kinds[] = {"input", "host", "load", "sum",
                                      "max",   "min",  "map",  "store"};
  trial_note(trial, "  %s = %s int%d [", node->name, kinds[node->kind],
             node->bits);
  for (int i = 0; i < node->rank; i++)
    trial_note(trial, "%s%lld", i ? "," : "", (long long)node->shape[i]);
  trial_note(trial, "]");
  for (int i = 0; i < node->sources; i++) note_source(trial, net, node, i);
  for (int i = 0; i < node->reduces; i++)
    trial_note(trial, ", k%d < %lld", i, (long long)node->reduce[i]);
  for (int i = 0; i < node->steps; i++)
    if (node->step[i].tensor)
      trial_note(trial, " %c operand", node->step[i].op);
    else
      trial_note(trial, " %c %d", node->step[i].op, node->step[i].constant);
  trial_note(trial, node->by_cache ? ", by cache_read\n" : "\n");
}

void net_note(const Net *net, Trial *trial) {
  for (int i = 0; i < net->nodes; i++)
    if (net->node[i].used) note_node(trial, net, &net->node[i]);
}
