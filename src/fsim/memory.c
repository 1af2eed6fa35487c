/* SPDX-License-Identifier: Apache-2.0 */
/* The memories on chip in the kernels' lanes; loads and stores.  Accumulators
 * narrower than 32 bits are kept sign-extended. */
#include <stdlib.h>
#include <string.h>

#include "fsim/fast.h"
#include "hw/bounds.h"
#include "hw/lanes.h"

enum {
  ALIGNMENT = 64,
  LEAST_BLOCK = 8,   /* for which there are vector kernels */
  EXTRA_SUMS = 16,   /* that kernels may write beyond the last row */
  BIASED_ZERO = 0x80 /* a byte of a biased weight of 0 */
};

/* ---- Life --------------------------------------------------------------- */

static size_t lanes_of(int bytes, int width) {
  return (size_t)bytes * 8 / (size_t)width;
}

static size_t inp_bytes(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return lanes_of(config->inp_buff_size, config->inp_width) *
         (size_t)fast->kernels->lane_bits / 8;
}

static size_t wgt_bytes(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return lanes_of(config->wgt_buff_size, config->wgt_width) *
         (size_t)fast->kernels->lane_bits / 8;
}

static size_t acc_lanes(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return lanes_of(config->acc_buff_size, config->acc_width);
}

static size_t row_count(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return (size_t)config->inp_buff_depth * (size_t)config->batch;
}

static size_t tile_lanes(const Fast *fast) {
  const size_t block = (size_t)fast->chip->config->block_in;
  return block * block;
}

static void *new_memory(size_t bytes) {
  size_t padded = bytes + GEMM_PAD_BYTES + ALIGNMENT - 1;
  void *memory = aligned_alloc(ALIGNMENT, padded / ALIGNMENT * ALIGNMENT);
  if (memory) memset(memory, 0, padded / ALIGNMENT * ALIGNMENT);
  return memory;
}

static int zero_weight(const Fast *fast) {
  return fast->kernels->biased ? BIASED_ZERO : 0;
}

void fast_forget(Fast *fast) {
  if (fast->raw)
    memset(fast->raw, 0,
           (size_t)fast->chip->config->wgt_buff_depth * sizeof *fast->raw);
  fast->raws = 0;
  memset(fast->acc, 0, acc_lanes(fast) * sizeof *fast->acc);
  memset(fast->inp, 0, inp_bytes(fast));
  memset(fast->wgt, zero_weight(fast), wgt_bytes(fast));
  if (fast->row_sums)
    memset(fast->row_sums, 0, row_count(fast) * sizeof *fast->row_sums);
}

void fast_destroy(Fast *fast) {
  if (!fast) return;
  free(fast->acc);
  free(fast->inp);
  free(fast->wgt);
  free(fast->tile_bytes);
  free(fast->raw);
  free(fast->row_sums);
  free(fast->bias);
  free(fast);
}

/* Whether weights may stay in DRAM until they are used. */
static bool can_wait(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return config->wgt_width == 8 && fast->kernels->prepare;
}

static bool allocate(Fast *fast) {
  const size_t weights = (size_t)fast->chip->config->wgt_buff_depth;
  if (can_wait(fast) && !(fast->raw = calloc(weights, sizeof *fast->raw)))
    return false;
  fast->tile_bytes = new_memory(tile_lanes(fast));
  if (!fast->tile_bytes) return false;
  fast->acc = new_memory(acc_lanes(fast) * sizeof *fast->acc);
  fast->inp = new_memory(inp_bytes(fast));
  fast->wgt = new_memory(wgt_bytes(fast));
  if (!fast->acc || !fast->inp || !fast->wgt) return false;
  if (fast->kernels->biased) {
    size_t rows = row_count(fast) + EXTRA_SUMS;
    fast->row_sums = new_memory(rows * sizeof *fast->row_sums);
    fast->bias = new_memory(FAST_MOST_MEMBERS * sizeof *fast->bias);
    if (!fast->row_sums || !fast->bias) return false;
  }
  memset(fast->wgt, zero_weight(fast), wgt_bytes(fast));
  return true;
}

vtac_status fast_create(OnChip *chip, FsimIsa isa, Fast **ret, Diag *diag) {
  const HwConfig *config = chip->config;
  int width = config->inp_width > config->wgt_width ? config->inp_width
                                                    : config->wgt_width;
  if (config->block_in < LEAST_BLOCK) width = 32;
  const Kernels *kernels = kernels_choose(isa, width);
  if (!kernels)
    return diag_set(diag, D_SIM_ISA,
                    "this processor does not have the instruction set that "
                    "the simulator is to use");
  Fast *fast = calloc(1, sizeof *fast);
  if (!fast) return diag_set(diag, D_NO_MEMORY, "no memory for a simulator");
  fast->chip = chip;
  /* A block of more than 64 lanes has lanes of few bits. */
  fast->kernels = kernels->gemm[config->log_block_in]
                      ? kernels
                      : kernels_choose(FSIM_ISA_PORTABLE, 32);
  if (!allocate(fast)) {
    fast_destroy(fast);
    return diag_set(diag, D_NO_MEMORY, "no memory for a simulator");
  }
  *ret = fast;
  return VTAC_OK;
}

/* ---- Lanes -------------------------------------------------------------- */

/* Lanes of `bits` as lanes of `to_bits`. */
static void convert_any(void *to, int to_bits, const void *from, int bits,
                        size_t lanes) {
  for (size_t l = 0; l < lanes; l++)
    lane_set(to, l, to_bits, lane_get(from, l, bits));
}

/* Lanes of at most a byte as bytes; called with constants. */
static inline void expand(int8_t *to, const uint8_t *from, int bits,
                          size_t lanes) {
  const size_t each = (size_t)(8 / bits);
  for (size_t b = 0; b < lanes / each; b++)
    for (size_t l = 0; l < each; l++)
      to[b * each + l] =
          (int8_t)((int8_t)(from[b] << (8 - bits * (int)(l + 1))) >>
                   (8 - bits));
}

static void to_bytes(int8_t *to, const void *from, int bits, size_t lanes) {
  switch (bits) {
    case 1: expand(to, from, 1, lanes); break;
    case 2: expand(to, from, 2, lanes); break;
    case 4: expand(to, from, 4, lanes); break;
    default: memcpy(to, from, lanes); break;
  }
}

static void widen_bytes(void *to, const void *from, size_t lanes) {
  int32_t *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

/* ---- Loads -------------------------------------------------------------- */

/* How a memory takes lanes from DRAM. */
typedef struct Intake {
  const Fast *fast;
  uint8_t *memory;
  size_t lanes;  /* in an element */
  int bits;      /* of a lane in DRAM */
  int kept_bits; /* of a lane here */
  int zero;      /* a byte of a lane of 0 */
  void (*take)(const struct Intake *intake, uint8_t *to, const uint8_t *from,
               size_t elements);
} Intake;

static void take_acc(const Intake *intake, uint8_t *to, const uint8_t *from,
                     size_t elements) {
  const size_t lanes = elements * intake->lanes;
  if (intake->bits == intake->kept_bits)
    memcpy(to, from, lanes * (size_t)intake->bits / 8);
  else if (intake->bits == 8)
    widen_bytes(to, from, lanes);
  else
    convert_any(to, intake->kept_bits, from, intake->bits, lanes);
}

static void take_inp(const Intake *intake, uint8_t *to, const uint8_t *from,
                     size_t elements) {
  const size_t lanes = elements * intake->lanes;
  if (intake->bits == 8)
    intake->fast->kernels->load_inp(to, from, lanes);
  else if (intake->bits == intake->kept_bits)
    memcpy(to, from, lanes * (size_t)intake->bits / 8);
  else
    convert_any(to, intake->kept_bits, from, intake->bits, lanes);
}

static void take_wgt(const Intake *intake, uint8_t *to, const uint8_t *from,
                     size_t elements) {
  const Fast *fast = intake->fast;
  const Kernels *kernels = fast->kernels;
  const int block = fast->chip->config->block_in;
  const size_t kept = intake->lanes * (size_t)intake->kept_bits / 8;
  const size_t size = intake->lanes * (size_t)intake->bits / 8;
  for (size_t i = 0; i < elements; i++, to += kept, from += size) {
    if (!kernels->prepare) {
      convert_any(to, intake->kept_bits, from, intake->bits, intake->lanes);
    } else if (intake->bits <= 8) {
      to_bytes(fast->tile_bytes, from, intake->bits, intake->lanes);
      kernels->prepare(to, fast->tile_bytes, 1, block);
    } else {
      kernels->prepare_wide(to, from, block);
    }
  }
}

static Intake intake_of(const Fast *fast, uint32_t memory) {
  const HwConfig *config = fast->chip->config;
  const size_t batch = (size_t)config->batch, block = (size_t)config->block_in;
  const int kept = fast->kernels->lane_bits;
  switch (memory) {
    case HW_MEM_WGT:
      return (Intake){fast, fast->wgt,         block * block, config->wgt_width,
                      kept, zero_weight(fast), take_wgt};
    case HW_MEM_INP:
      return (Intake){fast, fast->inp, batch * block, config->inp_width,
                      kept, 0,         take_inp};
    default:
      return (Intake){fast,
                      (uint8_t *)fast->acc,
                      batch * block,
                      memory == HW_MEM_ACC ? config->acc_width : 8,
                      32,
                      0,
                      take_acc};
  }
}

static void load_rows(const Intake *intake, const MemInsn *mem,
                      const uint8_t *from) {
  const size_t kept = intake->lanes * (size_t)intake->kept_bits / 8;
  const size_t row = (mem->x_pad_0 + mem->x_size + mem->x_pad_1) * kept;
  const size_t stride =
      mem->x_stride * (intake->lanes * (size_t)intake->bits / 8);
  const size_t before = mem->x_pad_0 * kept, after = mem->x_pad_1 * kept;
  uint8_t *to = intake->memory + mem->sram_base * kept;
  memset(to, intake->zero, row * mem->y_pad_0);
  to += row * mem->y_pad_0;
  for (uint32_t y = 0; y < mem->y_size; y++, to += row, from += stride) {
    if (before) memset(to, intake->zero, before);
    intake->take(intake, to + before, from, mem->x_size);
    if (after) memset(to + row - after, intake->zero, after);
  }
  memset(to, intake->zero, row * mem->y_pad_1);
}

/* The sums of the rows that a load has written. */
static void update_sums(Fast *fast, const MemInsn *mem) {
  const HwConfig *config = fast->chip->config;
  const size_t first = (size_t)mem->sram_base * (size_t)config->batch;
  const size_t rows = (size_t)hw_sram_elems(mem) * (size_t)config->batch;
  const uint8_t *inp = fast->inp;
  fast->kernels->sum_rows(fast->row_sums + first,
                          inp + first * (size_t)config->block_in, rows,
                          config->block_in);
}

/* ---- Weights that wait -------------------------------------------------- */

/* Forgets where the weights of a range lie in DRAM. */
static void forget_raw(Fast *fast, size_t first, size_t count) {
  for (size_t i = first; i < first + count; i++) {
    fast->raws -= fast->raw[i] != NULL;
    fast->raw[i] = NULL;
  }
}

static void note_raw(Fast *fast, const MemInsn *mem, const int8_t *from) {
  const size_t tile = tile_lanes(fast);
  const uintptr_t begin = (uintptr_t)from;
  const uintptr_t end =
      begin + ((mem->y_size - 1) * (size_t)mem->x_stride + mem->x_size) * tile;
  const int8_t **raw = fast->raw + mem->sram_base;
  for (uint32_t y = 0; y < mem->y_size; y++)
    for (uint32_t x = 0; x < mem->x_size; x++, raw++) {
      fast->raws += *raw == NULL;
      *raw = from + (y * (size_t)mem->x_stride + x) * tile;
    }
  if (fast->raw_begin == fast->raw_end) {
    fast->raw_begin = begin;
    fast->raw_end = end;
  }
  if (begin < fast->raw_begin) fast->raw_begin = begin;
  if (end > fast->raw_end) fast->raw_end = end;
}

void fast_prepare(Fast *fast, size_t index) {
  const HwConfig *config = fast->chip->config;
  const size_t tile = tile_lanes(fast);
  const size_t kept = tile * (size_t)fast->kernels->lane_bits / 8;
  const size_t depth = (size_t)config->wgt_buff_depth;
  const int8_t *from = fast->raw[index];
  size_t count = 1;
  while (index + count < depth &&
         fast->raw[index + count] == from + count * tile)
    count++;
  fast->kernels->prepare((uint8_t *)fast->wgt + index * kept, from, count,
                         config->block_in);
  forget_raw(fast, index, count);
}

void fast_settle(Fast *fast) {
  if (!fast->raws) return;
  for (size_t i = 0; fast->raws; i++)
    if (fast->raw[i]) fast_prepare(fast, i);
  fast->raw_begin = fast->raw_end = 0;
}

static bool has_padding(const MemInsn *mem) {
  return mem->x_pad_0 || mem->x_pad_1 || mem->y_pad_0 || mem->y_pad_1;
}

void fast_load(Fast *fast, const MemInsn *mem, const void *from) {
  if (mem->x_size == 0) return;
  if (mem->memory_type == HW_MEM_WGT && fast->raw) {
    if (!has_padding(mem) && from) {
      note_raw(fast, mem, from);
      return;
    }
    forget_raw(fast, mem->sram_base, (size_t)hw_sram_elems(mem));
  }
  Intake intake = intake_of(fast, mem->memory_type);
  load_rows(&intake, mem, from);
  if (mem->memory_type == HW_MEM_INP && fast->row_sums) update_sums(fast, mem);
}

/* ---- Stores ------------------------------------------------------------- */

static void store_lanes(const Fast *fast, uint8_t *to, const int32_t *from,
                        size_t lanes) {
  const int width = fast->chip->config->out_width;
  if (width == 8) {
    fast->kernels->narrow(to, from, lanes);
    return;
  }
  for (size_t l = 0; l < lanes; l++) lane_set(to, l, width, from[l]);
}

/* Whether a store may change weights that are still in DRAM. */
static bool touches_raw(const Fast *fast, const MemInsn *mem,
                        const uint8_t *to) {
  const DramSpan span = hw_dram_span(fast->chip->config, mem);
  const uintptr_t begin = (uintptr_t)to;
  return begin < fast->raw_end && begin + span.bytes > fast->raw_begin;
}

void fast_store(Fast *fast, const MemInsn *mem, void *to) {
  const HwConfig *config = fast->chip->config;
  const size_t lanes = (size_t)config->batch * (size_t)config->block_out;
  const int32_t *from = fast->acc + mem->sram_base * lanes;
  uint8_t *row = to;
  if (!row) return;
  if (fast->raws && touches_raw(fast, mem, row)) fast_settle(fast);
  for (uint32_t y = 0; y < mem->y_size; y++, from += mem->x_size * lanes) {
    store_lanes(fast, row, from, mem->x_size * lanes);
    row += (size_t)mem->x_stride * (size_t)config->out_elem_bytes;
  }
}
