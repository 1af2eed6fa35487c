/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-ops that write one accumulator too soon after each other.
 *
 * A machine may run the micro-ops of an instruction in a pipeline that reads an
 * accumulator before the one or two micro-ops before it have written theirs.
 * So a kernel is put into another order: first the first micro-op of every
 * accumulator, then the second of every one, and so on.  Where that is not
 * enough, because too few accumulators are left, an instruction ends: the next
 * one starts when the pipeline is empty.  Sums, products, minima, maxima and
 * shifts by the same amount cannot tell the order.
 *
 * Kernels without the hazard stay as they are, and so do all kernels for the
 * simulators, which have none.  Cost: linear in the kernel. */
#include <stdlib.h>

#include "device/queue_impl.h"

/* The first micro-op from `begin` on that may not follow those before it. */
static uint32_t first_hazard(const Uop *uops, uint32_t begin, uint32_t count,
                             uint32_t distance) {
  for (uint32_t i = begin + 1; i < count; i++)
    for (uint32_t back = 1; back <= distance && back <= i - begin; back++)
      if (uops[i].dst == uops[i - back].dst) return i;
  return count;
}

uint32_t hazard_end(const CommandQueue *queue, uint32_t begin, uint32_t count) {
  return first_hazard(queue->recording.uops, begin, count,
                      (uint32_t)queue->port->uop_hazard_distance);
}

static uint32_t highest_index(const Uop *uops, uint32_t count) {
  uint32_t highest = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (uops[i].dst > highest) highest = uops[i].dst;
    if (uops[i].src > highest) highest = uops[i].src;
  }
  return highest;
}

/* Does one micro-op of the ALU read what another one writes? */
static bool depends(const Kernel *kernel, const Uop *uops,
                    const uint32_t *writes) {
  if (kernel->mode == KERNEL_GEMM || kernel->use_imm) return false;
  for (uint32_t i = 0; i < kernel->count; i++)
    if (uops[i].src != uops[i].dst && writes[uops[i].src]) return true;
  return false;
}

typedef struct Ranked {
  uint32_t rank; /* micro-ops before it that write the same accumulator */
  uint32_t index, word;
  Uop uop;
} Ranked;

static int by_rank(const void *a, const void *b) {
  const Ranked *x = a, *y = b;
  if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
  return x->index < y->index ? -1 : 1;
}

/* `writes` is all zeros, by accumulator; `ranked` has room for all. */
static bool reorder(Recording *recording, uint32_t *writes, Ranked *ranked) {
  uint32_t count = recording->kernel.count;
  for (uint32_t i = 0; i < count; i++) {
    Uop uop = recording->uops[i];
    ranked[i] = (Ranked){writes[uop.dst]++, i, recording->words[i], uop};
  }
  if (depends(&recording->kernel, recording->uops, writes)) return false;
  qsort(ranked, count, sizeof *ranked, by_rank);
  for (uint32_t i = 0; i < count; i++) {
    recording->uops[i] = ranked[i].uop;
    recording->words[i] = ranked[i].word;
  }
  return true;
}

vtac_status hazard_separate(CommandQueue *queue) {
  Recording *recording = &queue->recording;
  uint32_t count = recording->kernel.count;
  uint32_t found = hazard_end(queue, 0, count);
  if (found == count) return VTAC_OK;
  size_t accumulators = (size_t)highest_index(recording->uops, count) + 1;
  uint32_t *writes = calloc(accumulators, sizeof *writes);
  Ranked *ranked = malloc(count * sizeof *ranked);
  vtac_status status = VTAC_OK;
  if (!writes || !ranked)
    status = queue_fail(queue, D_NO_MEMORY, "no memory to order a kernel");
  else if (!reorder(recording, writes, ranked))
    status = queue_fail(queue, D_UOP_HAZARD,
                        "micro-op %u writes accumulator %u, as one of the %d "
                        "before it does, and others of the kernel read what it "
                        "writes",
                        found, recording->uops[found].dst,
                        queue->port->uop_hazard_distance);
  free(writes);
  free(ranked);
  return status;
}
