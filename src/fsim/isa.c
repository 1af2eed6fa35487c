/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of an instruction set for the simulator's loops, and its limits.
 */
#include "fsim/kernels.h"

typedef const Kernels *(*KernelsOf)(int width);

static const KernelsOf sets[] = {[FSIM_ISA_PORTABLE] = kernels_portable,
                                 [FSIM_ISA_AVX2] = kernels_avx2,
                                 [FSIM_ISA_AVX512VNNI] = kernels_avx512vnni,
                                 [FSIM_ISA_NEONDOT] = kernels_neondot};

const Kernels *kernels_choose(FsimIsa isa, int width) {
  static const FsimIsa by_speed[] = {FSIM_ISA_AVX512VNNI, FSIM_ISA_NEONDOT,
                                     FSIM_ISA_AVX2};
  if (isa != FSIM_ISA_BEST) return sets[isa](width);
  for (size_t i = 0; i < sizeof by_speed / sizeof *by_speed; i++) {
    const Kernels *kernels = sets[by_speed[i]](width);
    if (kernels) return kernels;
  }
  return kernels_portable(width);
}

/* ---- Limits ------------------------------------------------------------- */

uint64_t fsim_multiply(FsimIsa isa, uint32_t rounds) {
  const Kernels *kernels = kernels_choose(isa, 8);
  return kernels ? kernels->multiply(rounds) : 0;
}

bool fsim_read(FsimIsa isa, const void *from, size_t size) {
  const Kernels *kernels = kernels_choose(isa, 8);
  if (kernels) kernels->read(from, size);
  return kernels != NULL;
}
