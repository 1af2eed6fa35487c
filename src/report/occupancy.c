/* SPDX-License-Identifier: Apache-2.0 */
/* Occupancy of the memories on chip, from the accesses of instructions.
 *
 * Each element keeps when its present value was written and last read; a value
 * is counted when the next one replaces it, or at the end.  Memory is bounded
 * by the elements, cost is one step an access. */
#include "report/occupancy.h"

#include <stdlib.h>
#include <string.h>

#include "hw/access.h"
#include "hw/bounds.h"

typedef struct Value {
  uint64_t written, read; /* `read` is 0 until the first read */
} Value;

struct Occupancy {
  const HwConfig *config;
  uint8_t *uops;                     /* contents of the micro-op memory */
  uint8_t *known;                    /* of each micro-op: has been loaded */
  Value *values[OCCUPANCY_MEMORIES]; /* by element */
  Bins bins[OCCUPANCY_MEMORIES];
  uint64_t now, unknown;
};

void occupancy_free(Occupancy *occupancy) {
  if (!occupancy) return;
  for (int i = 0; i < OCCUPANCY_MEMORIES; i++) free(occupancy->values[i]);
  free(occupancy->uops);
  free(occupancy->known);
  free(occupancy);
}

Occupancy *occupancy_new(const HwConfig *config, Diag *diag) {
  Occupancy *occupancy = calloc(1, sizeof *occupancy);
  bool made = occupancy != NULL;
  if (made) {
    occupancy->config = config;
    occupancy->uops = calloc(1, (size_t)config->uop_buff_size);
    occupancy->known = calloc(1, hw_depth(config, HW_MEM_UOP));
    made = occupancy->uops && occupancy->known;
  }
  for (uint32_t i = 0; i < OCCUPANCY_MEMORIES && made; i++) {
    occupancy->values[i] = calloc(hw_depth(config, i), sizeof(Value));
    made = occupancy->values[i] != NULL;
  }
  if (made) return occupancy;
  occupancy_free(occupancy);
  diag_set(diag, D_NO_MEMORY, "no memory to follow the memories on chip");
  return NULL;
}

static void count_value(Bins *bins, const Value *value) {
  bins_add(bins, value->written, value->read);
}

static void take_access(void *self, HwAccess access) {
  Occupancy *occupancy = self;
  Value *value = occupancy->values[access.memory] + access.first;
  for (uint64_t i = 0; i < access.count; i++, value++) {
    if (access.write) {
      count_value(&occupancy->bins[access.memory], value);
      *value = (Value){occupancy->now, 0};
    } else {
      value->read = occupancy->now;
    }
  }
}

/* False where the micro-ops of a load or of a loop are not known. */
static bool read_uops(Occupancy *occupancy, const Insn *insn,
                      const MemoryView *view) {
  const MemInsn *mem = &insn->mem;
  const DramSpan span = hw_dram_span(occupancy->config, mem);
  const void *from = NULL;
  if (span.bytes && view->bytes)
    from = view->bytes(view->self, span.addr, span.bytes);
  bool known = from || (!span.bytes && view->bytes);
  if (known) hw_place_uops(mem, from, occupancy->uops);
  memset(occupancy->known + mem->sram_base, known, (size_t)hw_sram_elems(mem));
  return known;
}

static bool knows_uops(const Occupancy *occupancy, const Insn *insn) {
  const GemmInsn loops = hw_loops(insn);
  for (uint32_t i = loops.uop_bgn; i < loops.uop_end; i++)
    if (!occupancy->known[i]) return false;
  return !hw_check_steps(occupancy->config, insn, occupancy->uops, NULL);
}

/* Whether the accesses of a legal instruction are known. */
static bool understand(Occupancy *occupancy, const Insn *insn,
                       const MemoryView *view) {
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM:
      if (hw_is_nop(insn)) return true;
      if (hw_check_mem(occupancy->config, insn, NULL)) return false;
      return insn->opcode != HW_OP_LOAD ||
             insn->mem.memory_type != HW_MEM_UOP ||
             read_uops(occupancy, insn, view);
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU:
      return !hw_check_uop_range(occupancy->config, insn, NULL) &&
             knows_uops(occupancy, insn);
    default: return true;
  }
}

void occupancy_insn(Occupancy *occupancy, const Insn *insn, uint64_t done,
                    const MemoryView *view) {
  occupancy->now = done;
  if (understand(occupancy, insn, view))
    hw_each_access(occupancy->config, insn, occupancy->uops, take_access,
                   occupancy);
  else
    occupancy->unknown++;
}

void occupancy_end(Occupancy *occupancy) {
  for (uint32_t memory = 0; memory < OCCUPANCY_MEMORIES; memory++) {
    Value *values = occupancy->values[memory];
    const uint32_t depth = hw_depth(occupancy->config, memory);
    for (uint32_t i = 0; i < depth; i++)
      count_value(&occupancy->bins[memory], &values[i]);
    memset(values, 0, depth * sizeof *values);
  }
}

const Bins *occupancy_bins(const Occupancy *occupancy, HwMemory memory) {
  return &occupancy->bins[memory];
}

uint64_t occupancy_unknown(const Occupancy *occupancy) {
  return occupancy->unknown;
}
