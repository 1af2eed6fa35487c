/* SPDX-License-Identifier: Apache-2.0 */
/* Transposes in vectors of every width against element by element, in memory
 * that ends where the matrices end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/transpose.h"

typedef struct Sizes {
  int64_t rows, columns, count;
  int bytes;
} Sizes;

/* Matrices one behind the other, or side by side as the outer indices of a
 * tile are. */
static Transpose make(const Sizes *s, bool together, const char *from,
                      char *to) {
  int64_t row = s->columns * s->bytes, column = s->rows * s->bytes;
  int64_t matrix = s->rows * s->columns * s->bytes;
  return (Transpose){.from = from,
                     .from_end = from + matrix * s->count,
                     .to = to,
                     .from_stride = row,
                     .to_stride = together ? column * s->count : column,
                     .from_next = matrix,
                     .to_next = together ? column : matrix,
                     .rows = s->rows,
                     .columns = s->columns,
                     .count = s->count,
                     .bytes = s->bytes};
}

static void check(const Sizes *s, bool together, int lanes) {
  size_t size = (size_t)(s->rows * s->columns * s->count * s->bytes);
  char *from = malloc(size), *fast = malloc(size), *plain = malloc(size);
  assert_true(from && fast && plain);
  for (size_t i = 0; i < size; i++) from[i] = (char)(i * 37 + i / 253);
  Transpose t = make(s, together, from, fast);
  transpose_lanes(&t, lanes);
  t.to = plain;
  transpose_plain(&t);
  assert_memory_equal(fast, plain, size);
  free(from);
  free(fast);
  free(plain);
}

static void test_sizes(void **state) {
  (void)state;
  static const int64_t sides[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 25, 64, 75};
  static const int64_t counts[] = {1, 2, 4, 5, 16};
  enum { SIDES = sizeof sides / sizeof *sides };
  for (int i = 0; i < SIDES * SIDES * 5 * 3; i++) {
    Sizes s = {.rows = sides[i % SIDES],
               .columns = sides[i / SIDES % SIDES],
               .count = counts[i / SIDES / SIDES % 5],
               .bytes = 1 << i / SIDES / SIDES / 5};
    for (int lanes = 1; lanes <= 4; lanes *= 2) {
      check(&s, false, lanes);
      check(&s, true, lanes);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
