/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels: the simulator's inner loops for one kind of processor.
 *
 * The memories on chip are kept as lanes that suit the loops, not as the bytes
 * of DRAM: accumulators as 32-bit lanes, activations and weights as lanes of
 * `lane_bits`, whatever their width in DRAM.  Sums of products wrap, so their
 * order is free. */
#ifndef FSIM_KERNELS_H
#define FSIM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fsim/fsim.h"
#include "hw/insn.h"

/* One product of a row of activations and a tile of weights; offsets in lanes
 * from the job's start. */
typedef struct GemmStep {
  uint32_t wgt, src;
} GemmStep;

/* A row of accumulators to which all steps add, and where its activations
 * begin; offsets in lanes from the job's start.  The activations of `strip`
 * members from this one on follow one another. */
typedef struct GemmMember {
  uint32_t dst, src, strip;
} GemmMember;

/* acc[member] += start[member] + the sum over the steps of
 *     inp[member + step] * transpose(wgt[step]).
 * Members may name the same row. */
typedef struct GemmJob {
  const void *wgt;           /* prepared */
  const int8_t *const *tile; /* raw: the tiles of weights as DRAM has them */
  const void *inp;
  int32_t *acc;
  const GemmStep *step;
  const GemmMember *member;
  uint32_t steps, members;
  int block;           /* lanes in a row; rows in a tile of weights */
  const int32_t *bias; /* by member; NULL unless the kernels are biased */
} GemmJob;

/* Arithmetic on consecutive lanes; `src` NULL stands for `imm`. */
typedef struct AluLoop {
  int32_t *dst;
  const int32_t *src;
  size_t lanes;
  HwAlu operation;
  int32_t imm;
  int cut; /* 32 less the width to which results are cut */
} AluLoop;

enum { GEMM_LOG_BLOCKS = 8, GEMM_PAD_BYTES = 1024 };

typedef struct Kernels {
  int lane_bits; /* of activations and weights: 8, 16 or 32 */
  /* Weights are unsigned bytes, 128 more than their value; the products are
   * then 128 times the activations' sum too large. */
  bool biased;
  /* By log2 of the block.  Memories are padded by GEMM_PAD_BYTES, which may be
   * read.  Raw kernels take weights of bytes where DRAM has them. */
  void (*gemm[GEMM_LOG_BLOCKS])(const GemmJob *job);
  void (*gemm_raw[GEMM_LOG_BLOCKS])(const GemmJob *job);
  /* Tiles of weights of bytes, prepared for `gemm`; NULL where the raw order
   * is kept. */
  void (*prepare)(void *to, const int8_t *from, size_t tiles, int block);
  /* One tile of weights of 16 bits; set where lanes have 16 bits. */
  void (*prepare_wide)(void *to, const void *from, int block);
  /* Activations of bytes. */
  void (*load_inp)(void *to, const void *from, size_t lanes);
  /* 128 times the sum of each row of `block` lanes; writes up to 15 more. */
  void (*sum_rows)(int32_t *to, const void *inp, size_t rows, int block);
  /* What the sums of `n` rows from `sums` on come to over the steps, negated;
   * a step's row is its `src` shifted right. */
  void (*sum_strip)(int32_t *to, const int32_t *sums, uint32_t n,
                    const GemmStep *step, uint32_t steps, int shift);
  void (*alu)(const AluLoop *loop);
  /* The low bytes of accumulators. */
  void (*narrow)(void *to, const int32_t *from, size_t lanes);
  /* The processor's limits: multiply-accumulates from registers, of which it
   * returns how many there were, and reading. */
  uint64_t (*multiply)(uint32_t rounds);
  void (*read)(const void *from, size_t size);
} Kernels;

/* The kernels of an instruction set, for lanes of at most `width` bits; NULL
 * where this processor lacks it.  FSIM_ISA_BEST: the best it has. */
const Kernels *kernels_choose(FsimIsa isa, int width);

/* One file each; NULL where the compiler's target or the processor has none.
 */
const Kernels *kernels_plain(void); /* for lanes of any width */
const Kernels *kernels_portable(int width);
const Kernels *kernels_avx2(int width);
const Kernels *kernels_avx512vnni(int width);
const Kernels *kernels_neondot(int width);

/* Portable C, for blocks and widths that no vector suits: 32-bit lanes. */
void gemm_any(const GemmJob *job);

#endif
