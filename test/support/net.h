/* SPDX-License-Identifier: Apache-2.0 */
/* Nets: small random computations that the accelerator can do, declared
 * through the public API and computed in plain loops besides.
 *
 * A net loads tensors, multiplies matrices, convolves or reduces windows, sends
 * the sums through chains of vector operations, with constants and with other
 * tensors, and stores one result or two.  The host may have prepared an input,
 * and a result on its way may pass through memory. */
#ifndef TEST_SUPPORT_NET_H
#define TEST_SUPPORT_NET_H

#include "support/subject.h"

enum { NODE_RANK = 6, NODE_REDUCES = 4, MOST_STEPS = 3, MOST_NODES = 75 };

typedef enum NodeKind {
  NODE_INPUT, /* a placeholder */
  NODE_HOST,  /* a chain of steps on source 0, by the host */
  NODE_LOAD,  /* source 0 with zeros around */
  NODE_SUM,   /* over products where there are two sources */
  NODE_MAX,
  NODE_MIN,
  NODE_MAP,  /* a chain of steps on source 0 */
  NODE_STORE /* source 0 as an activation; if others read it, on its way */
} NodeKind;

/* A step: value = value OP constant, or OP source 1. */
typedef struct Step {
  char op; /* + - * < > (shifts) m M (min, max), r: operand - value, and what
              the unit lacks: / % & | ^, f: by way of float */
  bool tensor;
  int32_t constant;
} Step;

/* One index of a source: axis * stride + reduction axis; -1: none.  The offset
 * is for nets that are not right. */
typedef struct Index {
  int axis, reduce;
  int64_t stride, offset;
} Index;

typedef struct Node {
  NodeKind kind;
  char name[12];
  int bits; /* of the elements */
  int rank;
  int64_t shape[NODE_RANK];
  int reduces;
  int64_t reduce[NODE_REDUCES];
  int sources, source[2];
  Index index[2][NODE_RANK];
  int64_t before[NODE_RANK]; /* of a load: zeros */
  bool by_cache;             /* a load that cache_read is to make */
  int steps;
  Step step[MOST_STEPS];
  int64_t most;      /* bound on the absolute values */
  bool used, passes; /* by any result; a store that is loaded again */
} Node;

typedef struct Net {
  int nodes;
  Node node[MOST_NODES]; /* sources before their readers */
  int64_t batch, block_in, block_out;
  int inp_bits, wgt_bits, acc_bits;
} Net;

/* A small net for the accelerator. */
void net_random(Net *ret, const vtac_config *config, Choices *choices);

/* Is it computed in plain loops in no time? */
bool net_is_small(const Net *net);

/* Declares the net; the context holds errors. */
void net_declare(const Net *net, vtac_context *context, Subject *ret);
/* Fills in the data, which subject_free frees. */
void net_data(const Net *net, uint64_t seed, Subject *subject);

/* The net, a line a node. */
void net_note(const Net *net, Trial *trial);

#endif
