/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product with prepared weights, for one instruction set; included
 * by its file, which first defines
 *
 *   TARGET   the functions' attributes
 *   Lane     the type of a lane of activations and weights
 *   LANES    lanes in a vector
 *   Vec      a vector of lanes, or of sums
 *   load_weights(const Lane *)
 *   repeat_group(const Lane *, int group): a group of activations repeated
 *       over the vector
 *   add_products(Vec sums, Vec weights, Vec group): adds the products of each
 *       group to the sum of its output
 *   vec_zero(); or BIASED and start_sums(int32_t, int group): each output's sum
 *   add_to_outputs(int32_t *acc, Vec sums, int group)
 *
 * Prepared, the weights of a tile stand in groups of `group` activations:
 * [block / group][outputs][group].  A vector holds one group of several
 * outputs; it is multiplied with the repeated group of a member's activations
 * and added to the member's sums, one for each output, which stay in registers
 * over all steps.
 *
 * `vecs` vectors of weights meet `members` members at a time: vecs * members
 * products for vecs + members loads.  Members are written one after another,
 * so they may name the same row. */
#include "fsim/kernels.h"

#define INLINE TARGET static inline __attribute__((always_inline))

#ifndef BIASED
INLINE Vec start_sums(int32_t start, int group) {
  (void)start;
  (void)group;
  return vec_zero();
}
#endif

/* The vectors of one member or one step, and the members below, have names
 * and no numbers, so that compilers keep them in registers. */
typedef struct Vecs {
  Vec a, b, c, d;
} Vecs;

INLINE Vecs start_member(int32_t start, int group) {
  const Vec sums = start_sums(start, group);
  return (Vecs){sums, sums, sums, sums};
}

INLINE Vecs load_group(const Lane *from, int vecs) {
  const Vec a = load_weights(from);
  Vecs w = {a, a, a, a};
  if (vecs > 1) w.b = load_weights(from + LANES);
  if (vecs > 2) w.c = load_weights(from + 2 * LANES);
  if (vecs > 2) w.d = load_weights(from + 3 * LANES);
  return w;
}

INLINE Vecs add_group(Vecs sums, Vecs weights, Vec group, int vecs) {
  sums.a = add_products(sums.a, weights.a, group);
  if (vecs > 1) sums.b = add_products(sums.b, weights.b, group);
  if (vecs > 2) sums.c = add_products(sums.c, weights.c, group);
  if (vecs > 2) sums.d = add_products(sums.d, weights.d, group);
  return sums;
}

INLINE void finish_member(int32_t *acc, Vecs sums, int group, int vecs) {
  const int outputs = LANES / group;
  add_to_outputs(acc, sums.a, group);
  if (vecs > 1) add_to_outputs(acc + outputs, sums.b, group);
  if (vecs > 2) add_to_outputs(acc + 2 * outputs, sums.c, group);
  if (vecs > 2) add_to_outputs(acc + 3 * outputs, sums.d, group);
}

/* What is done with each of 1, 2, 4, 6, 8, 12 or 14 members. */
#define EACH_MEMBER(DO, members) \
  do {                           \
    DO(0);                       \
    if (members > 1) DO(1);      \
    if (members > 2) DO(2);      \
    if (members > 2) DO(3);      \
    if (members > 4) DO(4);      \
    if (members > 4) DO(5);      \
    if (members > 6) DO(6);      \
    if (members > 6) DO(7);      \
    if (members > 8) DO(8);      \
    if (members > 8) DO(9);      \
    if (members > 8) DO(10);     \
    if (members > 8) DO(11);     \
    if (members > 12) DO(12);    \
    if (members > 12) DO(13);    \
  } while (0)
#define DECLARE_MEMBERS(DECLARE) \
  DECLARE(0);                    \
  DECLARE(1);                    \
  DECLARE(2);                    \
  DECLARE(3);                    \
  DECLARE(4);                    \
  DECLARE(5);                    \
  DECLARE(6);                    \
  DECLARE(7);                    \
  DECLARE(8);                    \
  DECLARE(9);                    \
  DECLARE(10);                   \
  DECLARE(11);                   \
  DECLARE(12);                   \
  DECLARE(13)

/* Outputs `output`, ... of the members from `first` on.  In a strip the
 * activations of the members follow one another, one pointer serves them
 * all. */
INLINE void multiply_members(const GemmJob *job, uint32_t first, int output,
                             const int block, const int group,
                             const int members, const int vecs,
                             const bool strip) {
  const GemmMember *member = job->member + first;
  const Lane *weights = (const Lane *)job->wgt + output * group;
  const Lane *inp = (const Lane *)job->inp + member[0].src;
#define START(m)                                                            \
  const size_t off##m = strip ? (size_t)(m * block)                         \
                        : m < members                                       \
                            ? (size_t)member[m].src - (size_t)member[0].src \
                            : 0;                                            \
  Vecs sums##m =                                                            \
      start_member(m < members && job->bias ? job->bias[first + m] : 0, group)
  DECLARE_MEMBERS(START);
  const GemmStep *end = job->step + job->steps;
  for (const GemmStep *step = job->step; step < end; step++)
    for (int g = 0; g < block / group; g++) {
      const Lane *row = inp + step->src + g * group;
      const Vecs w = load_group(weights + step->wgt + g * group * block, vecs);
#define ADD(m) \
  sums##m = add_group(sums##m, w, repeat_group(row + off##m, group), vecs)
      EACH_MEMBER(ADD, members);
    }
#define FINISH(m) \
  finish_member(job->acc + member[m].dst + output, sums##m, group, vecs)
  EACH_MEMBER(FINISH, members);
#undef START
#undef ADD
#undef FINISH
}

/* Members of no strip, or its rest: at most `most` at a time.  Returns how
 * many. */
INLINE uint32_t multiply_some(const GemmJob *job, uint32_t first,
                              const int output, const int block,
                              const int group, const int most, const int vecs) {
  const uint32_t left = job->members - first;
#define SOME(n)                                                         \
  if (most >= n && left >= n) {                                         \
    multiply_members(job, first, output, block, group, n, vecs, false); \
    return n;                                                           \
  }
  SOME(12)
  SOME(8)
  SOME(6)
  SOME(4)
  SOME(2)
#undef SOME
  multiply_members(job, first, output, block, group, 1, vecs, false);
  return 1;
}

INLINE void multiply_all(const GemmJob *job, const int block, const int group,
                         const int most, const int vecs, const int strip) {
  for (int output = 0; output < block; output += vecs * (LANES / group))
    for (uint32_t m = 0; m < job->members;) {
      if (strip && job->member[m].strip >= (uint32_t)strip) {
        multiply_members(job, m, output, block, group, strip, vecs, true);
        m += (uint32_t)strip;
      } else {
        m += multiply_some(job, m, output, block, group, most, vecs);
      }
    }
}

/* Defines gemm_BLOCK; strip 0 stands for none. */
#define GEMM_GROUPS(block, group, members, vecs, strip)    \
  TARGET static void gemm_##block(const GemmJob *job) {    \
    multiply_all(job, block, group, members, vecs, strip); \
  }
