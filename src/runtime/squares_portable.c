/* SPDX-License-Identifier: Apache-2.0 */
/* Squares in vectors of 16 bytes, which compilers have for most processors:
 * SSE2, NEON, or several words in place of one. */
#include "runtime/squares.h"

#define TARGET
#define LANE_INLINE static inline __attribute__((always_inline))

enum { LANES = 1 };
typedef uint8_t Row __attribute__((vector_size(16)));
typedef uint16_t Halves __attribute__((vector_size(16)));
typedef uint32_t Words __attribute__((vector_size(16)));

LANE_INLINE Row load_whole(const char *from) {
  Row row;
  __builtin_memcpy(&row, from, sizeof row);
  return row;
}

LANE_INLINE Row load_lanes(const char *from, int64_t apart) {
  (void)apart;
  return load_whole(from);
}

LANE_INLINE void store_whole(char *to, Row row) {
  __builtin_memcpy(to, &row, sizeof row);
}

LANE_INLINE void store_lane(char *to, Row row, int lane) {
  (void)lane;
  store_whole(to, row);
}

LANE_INLINE void store_first(char *to, Row row, int lane, int64_t size) {
  (void)lane;
  store_part(to, (const char *)&row, size);
}

LANE_INLINE Row low_halves(Row a, Row b, const int bytes) {
  if (bytes == 1)
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                   21, 6, 22, 7, 23);
  if (bytes == 2)
    return (Row)__builtin_shufflevector((Halves)a, (Halves)b, 0, 8, 1, 9, 2, 10,
                                        3, 11);
  return (Row)__builtin_shufflevector((Words)a, (Words)b, 0, 4, 1, 5);
}

LANE_INLINE Row high_halves(Row a, Row b, const int bytes) {
  if (bytes == 1)
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                   13, 29, 14, 30, 15, 31);
  if (bytes == 2)
    return (Row)__builtin_shufflevector((Halves)a, (Halves)b, 4, 12, 5, 13, 6,
                                        14, 7, 15);
  return (Row)__builtin_shufflevector((Words)a, (Words)b, 2, 6, 3, 7);
}

LANE_INLINE Row turn_parts(Row row) { return row; }

#include "runtime/squares_loops.h"

const SquaresIsa *squares_portable(void) { return &squares; }
