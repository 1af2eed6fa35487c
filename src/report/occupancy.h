/* SPDX-License-Identifier: Apache-2.0 */
/* Occupancy: how many elements of each memory on chip hold something that is
 * still to be read, over time.
 *
 * An element is occupied from the end of the instruction that wrote it to the
 * end of the last one that reads what was written; what nobody reads occupies
 * nothing.  A read and a write by the same instruction go on without a gap. */
#ifndef REPORT_OCCUPANCY_H
#define REPORT_OCCUPANCY_H

#include "hw/insn.h"
#include "report/bins.h"

typedef struct Occupancy Occupancy;

/* Where micro-ops are read: the bytes of device memory, or NULL where no one
 * block holds the range. */
typedef struct MemoryView {
  const void *(*bytes)(void *self, uint64_t address, uint64_t size);
  void *self;
} MemoryView;

enum { OCCUPANCY_MEMORIES = HW_MEM_ACC + 1 }; /* UOP, WGT, INP, ACC */

/* `config` must live as long.  NULL on failure. */
Occupancy *occupancy_new(const HwConfig *config, Diag *diag);
void occupancy_free(Occupancy *occupancy);

/* The instructions of a unit in their order, those of different units in the
 * order in which they end.  Without a view of memory (its `bytes` NULL) the
 * accesses of loops remain unknown. */
void occupancy_insn(Occupancy *occupancy, const Insn *insn, uint64_t done,
                    const MemoryView *view);
/* Nothing more comes: closes what is open. */
void occupancy_end(Occupancy *occupancy);

/* The elements over time, after occupancy_end; instructions whose accesses are
 * unknown, so that the memories hold more than that. */
const Bins *occupancy_bins(const Occupancy *occupancy, HwMemory memory);
uint64_t occupancy_unknown(const Occupancy *occupancy);

#endif
