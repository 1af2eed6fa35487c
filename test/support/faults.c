/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in computations and in what is built of them. */
#include "support/faults.h"

#include <string.h>

bool fault_named(const Fault *fault, const char *id) {
  const char *at = strstr(fault->ids, id);
  size_t n = strlen(id);
  while (n && at) {
    bool begins = at == fault->ids || at[-1] == ' ';
    if (begins && (at[n] == ' ' || at[n] == 0)) return true;
    at = strstr(at + 1, id);
  }
  return false;
}

static bool watch(Script *script, Call *call) {
  FaultRun *run = script->user;
  if (run->done || !run->fault->suits(script, call)) return true;
  if (run->calls++ != run->at) return true;
  run->done = true;
  trial_note(script->trial, "  the fault:\n");
  return run->fault->spoil(run, script, call);
}

void fault_watch(FaultRun *run, Script *script) {
  script->spoil = watch;
  script->user = run;
}

/* ---- Computations ------------------------------------------------------- */

typedef bool (*NodeTest)(const Node *node);

/* One of the nodes that some result needs and that the test takes.  What is on
 * its way through memory may be read in its padding alone, and is then not
 * computed. */
static Node *pick(FaultRun *run, Net *net, NodeTest test) {
  Node *found[MOST_NODES];
  int n = 0;
  for (int i = 0; i < net->nodes; i++) {
    Node *node = &net->node[i];
    if (node->passes) n = 0;
    if (node->used && test(node)) found[n++] = node;
  }
  return n ? found[run->number[0] % n] : NULL;
}

static bool is_result(const Node *node) {
  return node->kind == NODE_STORE && !node->passes;
}
static bool is_declared(const Node *node) { return !node->by_cache; }
static bool is_unpadded_load(const Node *node) {
  for (int i = 0; i < node->rank; i++)
    if (node->before[i]) return false;
  return node->kind == NODE_LOAD && !node->by_cache;
}
static bool is_matrix(const Node *node) {
  return node->kind == NODE_SUM && node->sources == 2;
}
static bool reads(const Node *node) { return node->kind > NODE_LOAD; }

/* Moves an index so far that it leaves the tensor. */
static bool read_outside(FaultRun *run, Net *net) {
  Node *node = pick(run, net, reads);
  if (!node) return false;
  int source = run->number[1] % node->sources;
  const Node *from = &net->node[node->source[source]];
  int dim = run->number[2] % from->rank;
  bool below = run->number[2] / from->rank % 2;
  node->index[source][dim].offset = below ? -1 : from->shape[dim];
  trial_note(run->trial, "the fault: dimension %d of %s is read %s\n", dim,
             from->name, below ? "below 0" : "behind its end");
  return true;
}

static bool no_shape(FaultRun *run, Net *net) {
  static const int64_t sizes[] = {0, -1, INT64_C(1) << 31, INT64_MIN};
  Node *node = pick(run, net, is_declared);
  if (!node) return false;
  int dim = run->number[1] % node->rank;
  node->shape[dim] = sizes[run->number[2] % 4];
  trial_note(run->trial, "the fault: dimension %d of %s is %lld\n", dim,
             node->name, (long long)node->shape[dim]);
  return true;
}

static bool is_plain_chain(const Node *node) {
  return node->kind == NODE_MAP && node->sources == 1;
}

/* The step stands alone, so that no other one makes it a constant. */
static bool set_step(FaultRun *run, Net *net, char op, int32_t constant) {
  Node *node = pick(run, net, is_plain_chain);
  if (!node) return false;
  node->steps = 1;
  node->step[0] = (Step){.op = op, .constant = constant};
  trial_note(run->trial, "the fault: %s computes %c %d\n", node->name, op,
             constant);
  return true;
}

/* What the vector unit lacks. */
static bool no_operation(FaultRun *run, Net *net) {
  static const char ops[] = "/%&|^f";
  return set_step(run, net, ops[run->number[2] % 6], 5);
}

/* A prime beyond what sixteen additions of 16 bits make. */
static bool no_immediate(FaultRun *run, Net *net) {
  static const char ops[] = "*+-r";
  int32_t sign = run->number[1] % 2 ? 1 : -1;
  return net->acc_bits == 32 &&
         set_step(run, net, ops[run->number[2] % 4], sign * 1000003);
}

/* Results have the activation's type. */
static bool no_result_type(FaultRun *run, Net *net) {
  static const int bits[] = {8, 16, 32};
  Node *node = pick(run, net, is_result);
  if (!node) return false;
  int other = bits[run->number[1] % 3];
  if (other == net->inp_bits) other = other == 8 ? 16 : 8;
  trial_note(run->trial, "the fault: %s has %d bits\n", node->name, other);
  node->bits = other;
  return true;
}

/* Operands of the matrix unit have types of their own. */
static bool no_operand_type(FaultRun *run, Net *net) {
  Node *sum = pick(run, net, is_matrix);
  if (!sum) return false;
  Node *load = &net->node[sum->source[run->number[1] % 2]];
  int other = load->bits == 16 ? 32 : 16;
  if (load->by_cache || load->kind != NODE_LOAD) return false;
  trial_note(run->trial, "the fault: %s has %d bits\n", load->name, other);
  load->bits = other;
  return true;
}

/* Zeros inside a block, which no transfer can make. */
static bool pad_in_block(FaultRun *run, Net *net) {
  Node *node = pick(run, net, is_unpadded_load);
  if (!node) return false;
  int dim = node->rank - 1;
  node->before[dim] = 1;
  node->shape[dim]++;
  trial_note(run->trial, "the fault: a zero before dimension %d of %s\n", dim,
             node->name);
  return true;
}

const Fault net_faults[] = {
    {"a read outside a tensor", "read-bounds", .net = read_outside},
    {"a shape that is none", "shape", .net = no_shape},
    {"an operation that the ALU lacks", "alu-op", .net = no_operation},
    {"an immediate that cannot be made", "alu-op", .net = no_immediate},
    {"a result of another type", "dma-copy", .net = no_result_type},
    {"an operand of another type",
     "dma-copy tensorize buffer-bind buffer-overflow", .net = no_operand_type},
    {"padding inside a block", "dma-copy tensorize", .net = pad_in_block},
    {0}};

/* ---- Arguments of lowering ---------------------------------------------- */

static void twice(FaultRun *run, Subject *s) {
  int at = run->number[0] % s->n;
  s->args[at] = s->args[(at + 1 + run->number[1] % (s->n - 1)) % s->n];
}

static void without(FaultRun *run, Subject *s) {
  for (int i = run->number[0] % s->n; i + 1 < s->n; i++)
    s->args[i] = s->args[i + 1];
  s->n--;
}

static void null_tensor(FaultRun *run, Subject *s) {
  s->args[run->number[0] % s->n] = NULL;
}

static void null_schedule(FaultRun *run, Subject *s) {
  (void)run;
  s->schedule = NULL;
}

static void on_host(FaultRun *run, Subject *s) {
  (void)run;
  s->host = true;
}

const Fault build_faults[] = {
    {"a tensor twice in the arguments", "lower-args", .build = twice},
    {"a tensor missing in the arguments", "lower-args", .build = without},
    {"no tensor in the arguments", "argument", .build = null_tensor},
    {"no schedule", "argument", .build = null_schedule},
    {"the accelerator's units on the host", "no-accelerator", .build = on_host,
     .product = true},
    {0}};
