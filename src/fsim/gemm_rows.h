/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product with weights as they lie in DRAM, for one instruction
 * set: for weights that are used but once or twice, when moving them is all
 * the work.  Included behind gemm_groups.h by a file that also defines
 *
 *   load_bytes(const int8_t *): LANES weights
 *   repeat_row(const Lane *, int block): LANES activations; a shorter row
 *       repeats
 *   add_row_sums(int32_t *acc, const Vec sums[4], int block): adds up what
 *       four vectors of sums hold of each of their rows (or one vector, where
 *       that is a whole tile), and adds it to the outputs
 *
 * A row of weights belongs to one output.  Its products with the activations
 * add up to sums of parts of the output; these stay in registers over all
 * steps and are added up last.  So no weight needs rearranging. */

/* A tile is what `vecs` vectors hold, `vec` lanes apart. */
INLINE Vecs load_rows_of(const int8_t *from, int vec, int vecs) {
  const Vec a = load_bytes(from);
  Vecs w = {a, a, a, a};
  if (vecs > 1) w.b = load_bytes(from + vec);
  if (vecs > 2) w.c = load_bytes(from + 2 * vec);
  if (vecs > 2) w.d = load_bytes(from + 3 * vec);
  return w;
}

INLINE void finish_rows(const GemmJob *job, uint32_t m, int output, Vecs sums,
                        int block, int rows) {
  const Vec all[4] = {sums.a, sums.b, sums.c, sums.d};
  int32_t *acc = job->acc + job->member[m].dst + output;
  if (job->bias)
    for (int r = 0; r < rows; r++)
      acc[r] = (int32_t)((uint32_t)acc[r] + (uint32_t)job->bias[m]);
  add_row_sums(acc, all, block);
}

#define EACH_OF_FEW(DO, members) \
  do {                           \
    DO(0);                       \
    if (members > 1) DO(1);      \
    if (members > 2) DO(2);      \
    if (members > 2) DO(3);      \
  } while (0)

/* Where a row is longer than a vector, `parts` vectors of it share sums. */
INLINE void multiply_raw(const GemmJob *job, uint32_t first, int output,
                         const int block, const int members, const int vecs,
                         const int rows) {
  const int parts = block > LANES ? block / LANES : 1;
  const int vec = block > LANES ? block : LANES;
  const GemmMember *member = job->member + first;
  const Lane *inp = job->inp;
#define START(m)                                                \
  const Lane *inp##m = inp + (m < members ? member[m].src : 0); \
  Vecs sums##m = {vec_zero(), vec_zero(), vec_zero(), vec_zero()}
  START(0);
  START(1);
  START(2);
  START(3);
  const GemmStep *end = job->step + job->steps;
  for (const GemmStep *step = job->step; step < end; step++) {
    const int8_t *tile =
        job->tile[step->wgt / (uint32_t)(block * block)] + output * block;
    for (int part = 0; part < parts; part++) {
      const Vecs w = load_rows_of(tile + part * LANES, vec, vecs);
      const size_t at = step->src + (size_t)(part * LANES);
#define ADD(m) \
  sums##m = add_group(sums##m, w, repeat_row(inp##m + at, block), vecs)
      EACH_OF_FEW(ADD, members);
    }
  }
#define FINISH(m) finish_rows(job, first + m, output, sums##m, block, rows)
  EACH_OF_FEW(FINISH, members);
#undef START
#undef ADD
#undef FINISH
}

INLINE uint32_t multiply_few_raw(const GemmJob *job, uint32_t first,
                                 const int output, const int block,
                                 const int vecs, const int rows) {
  const uint32_t left = job->members - first;
  if (left >= 4) {
    multiply_raw(job, first, output, block, 4, vecs, rows);
    return 4;
  }
  if (left >= 2) {
    multiply_raw(job, first, output, block, 2, vecs, rows);
    return 2;
  }
  multiply_raw(job, first, output, block, 1, vecs, rows);
  return 1;
}

/* Defines gemm_raw_BLOCK. */
#define GEMM_ROWS(block, vecs)                                    \
  TARGET static void gemm_raw_##block(const GemmJob *job) {       \
    const int rows = vecs * (block < LANES ? LANES / block : 1);  \
    for (int output = 0; output < block; output += rows)          \
      for (uint32_t m = 0; m < job->members;)                     \
        m += multiply_few_raw(job, m, output, block, vecs, rows); \
  }

/* Both products by log2 of the block, in a table of kernels. */
#define GEMM_BY_BLOCK                                                  \
  .gemm = {[3] = gemm_8, [4] = gemm_16, [5] = gemm_32, [6] = gemm_64}, \
  .gemm_raw = {[3] = gemm_raw_8,                                       \
               [4] = gemm_raw_16,                                      \
               [5] = gemm_raw_32,                                      \
               [6] = gemm_raw_64}
