/* SPDX-License-Identifier: Apache-2.0 */
/* Computations that are too large for one memory of the accelerator, if they
 * are scheduled in one piece. */
#include <stdio.h>

#include "support/faults.h"

static Node *add(Net *net, NodeKind kind, int bits, int rank,
                 const int64_t *shape) {
  Node *node = &net->node[net->nodes];
  *node = (Node){.kind = kind, .bits = bits, .rank = rank, .used = true};
  snprintf(node->name, sizeof node->name, "n%d", net->nodes++);
  for (int i = 0; i < rank; i++) node->shape[i] = shape[i];
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < NODE_RANK; i++)
      node->index[s][i] = (Index){.axis = i, .reduce = -1, .stride = 1};
  node->most = 1;
  return node;
}

/* A node that reads the one before it. */
static Node *follow(Net *net, NodeKind kind, int bits, int rank,
                    const int64_t *shape) {
  Node *node = add(net, kind, bits, rank, shape);
  node->sources = 1;
  node->source[0] = net->nodes - 2;
  return node;
}

/* An input and what loads it, whose number is returned. */
static int load(Net *net, int bits, int rank, const int64_t *shape) {
  add(net, NODE_INPUT, bits, rank, shape);
  follow(net, NODE_LOAD, bits, rank, shape);
  return net->nodes - 1;
}

static void finish(Net *net, int rank, const int64_t *shape) {
  Node *map = follow(net, NODE_MAP, net->acc_bits, rank, shape);
  map->step[map->steps++] = (Step){.op = '+', .constant = 1};
  follow(net, NODE_STORE, net->inp_bits, rank, shape);
}

/* sum[b, c] over k. */
static void matrix(Net *net, int64_t b, int64_t c, int64_t k) {
  const int64_t data[] = {b, k, net->batch, net->block_in};
  const int64_t weight[] = {c, k, net->block_out, net->block_in};
  const int64_t shape[] = {b, c, net->batch, net->block_out};
  const Index outer = {.axis = -1, .reduce = 0, .stride = 1};
  const Index inner = {.axis = -1, .reduce = 1, .stride = 1};
  int first = load(net, net->inp_bits, 4, data);
  int second = load(net, net->wgt_bits, 4, weight);
  Node *sum = add(net, NODE_SUM, net->acc_bits, 4, shape);
  sum->sources = sum->reduces = 2;
  sum->source[0] = first;
  sum->source[1] = second;
  sum->reduce[0] = k;
  sum->reduce[1] = net->block_in;
  sum->index[0][1] = sum->index[1][1] = outer;
  sum->index[0][3] = sum->index[1][3] = inner;
  sum->index[1][0].axis = 1;
  sum->index[1][2].axis = 3;
  finish(net, 4, shape);
}

/* Elements that a memory holds, each of so many lanes. */
static int64_t depth(const vtac_config *config, const char *memory,
                     int64_t lanes, int bits) {
  return vtac_config_get(config, memory) * 8 / (lanes * bits);
}

static bool accumulators(FaultRun *run, const vtac_config *config, Net *net) {
  int64_t most = depth(config, "ACC_BUFF_SIZE", net->batch * net->block_out,
                       net->acc_bits);
  const int64_t shape[] = {most + 1 + run->number[0] % 9, net->batch,
                           net->block_out};
  load(net, net->acc_bits, 3, shape);
  finish(net, 3, shape);
  return true;
}

static bool sums(FaultRun *run, const vtac_config *config, Net *net) {
  int64_t most = depth(config, "ACC_BUFF_SIZE", net->batch * net->block_out,
                       net->acc_bits);
  int64_t inp =
      depth(config, "INP_BUFF_SIZE", net->batch * net->block_in, net->inp_bits);
  int64_t rows = most + 1 + run->number[0] % 9;
  if (rows <= inp) matrix(net, rows, 1, 1);
  return rows <= inp;
}

static bool activations(FaultRun *run, const vtac_config *config, Net *net) {
  int64_t most =
      depth(config, "INP_BUFF_SIZE", net->batch * net->block_in, net->inp_bits);
  int64_t wgt = depth(config, "WGT_BUFF_SIZE", net->block_out * net->block_in,
                      net->wgt_bits);
  int64_t parts = most + 1 + run->number[0] % 9;
  if (parts <= wgt) matrix(net, 1, 1, parts);
  return parts <= wgt;
}

static bool weights(FaultRun *run, const vtac_config *config, Net *net) {
  int64_t most = depth(config, "WGT_BUFF_SIZE", net->block_out * net->block_in,
                       net->wgt_bits);
  int64_t inp =
      depth(config, "INP_BUFF_SIZE", net->batch * net->block_in, net->inp_bits);
  int64_t parts = most + 1 + run->number[0] % 9;
  if (parts <= inp) matrix(net, 1, 1, parts);
  return parts <= inp;
}

const Fault size_faults[] = {
    {"too large: loads of accumulators", "buffer-overflow",
     .word = "local.acc_buffer", .large = accumulators},
    {"too large: sums", "buffer-overflow", .word = "local.acc_buffer",
     .large = sums},
    {"too large: activations", "buffer-overflow", .word = "local.inp_buffer",
     .large = activations},
    {"too large: weights", "buffer-overflow", .word = "local.wgt_buffer",
     .large = weights},
    {0}};
