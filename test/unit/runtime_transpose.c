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
  int64_t rows, columns, count, blocks;
  int bytes;
  bool together;   /* side by side, as the outer indices of a tile are */
  int over, extra; /* bytes before the results, and between two of them */
} Sizes;

/* The bytes of sources and of results. */
static size_t from_size(const Sizes *s) {
  return (size_t)(s->rows * s->columns * s->count * s->blocks * s->bytes);
}

static size_t to_size(const Sizes *s) {
  const int64_t result = s->rows * s->bytes + s->extra;
  return (size_t)(result * s->columns * s->count * s->blocks);
}

static Transpose make(const Sizes *s, const char *from, char *to) {
  const int64_t row = s->columns * s->bytes, matrix = row * s->rows;
  const int64_t result = s->rows * s->bytes + s->extra;
  return (Transpose){.from = from,
                     .from_end = from + from_size(s),
                     .to = to,
                     .from_stride = row,
                     .to_stride = s->together ? result * s->count : result,
                     .from_next = matrix,
                     .to_next = s->together ? result : result * s->columns,
                     .from_block = matrix * s->count,
                     .to_block = result * s->columns * s->count,
                     .rows = s->rows,
                     .columns = s->columns,
                     .count = s->count,
                     .blocks = s->blocks,
                     .bytes = s->bytes};
}

/* What lies before and between the results must stay. */
static void check(const Sizes *s, int lanes) {
  const size_t n = from_size(s), size = to_size(s) + (size_t)s->over;
  char *from = malloc(n), *fast = calloc(1, size), *plain = calloc(1, size);
  assert_true(from && fast && plain);
  for (size_t i = 0; i < n; i++) from[i] = (char)(1 + i * 37 + i / 253);
  Transpose t = make(s, from, fast + s->over);
  transpose_lanes(&t, lanes);
  t.to = plain + s->over;
  transpose_plain(&t);
  if (memcmp(fast, plain, size))
    fail_msg("%d x %d x %d of %d bytes, %d blocks, %d lanes, %d over, %d extra",
             (int)s->rows, (int)s->columns, (int)s->count, s->bytes,
             (int)s->blocks, lanes, s->over, s->extra);
  free(from);
  free(fast);
  free(plain);
}

static void check_lanes(const Sizes *s) {
  for (int lanes = 1; lanes <= 4; lanes *= 2) check(s, lanes);
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
               .blocks = 1 + i % 2,
               .bytes = 1 << i / SIDES / SIDES / 5};
    check_lanes(&s);
    s.together = true;
    check_lanes(&s);
  }
}

static int64_t draw(uint64_t *seed, int64_t n) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)(*seed >> 33) % n;
}

/* Any shape, at any place. */
static void test_random(void **state) {
  (void)state;
  enum { CASES = 2000 };
  uint64_t seed = 1;
  for (int i = 0; i < CASES; i++) {
    static const int64_t most[] = {8, 40, 700};
    Sizes s = {.rows = 1 + draw(&seed, most[draw(&seed, 3)]),
               .columns = 1 + draw(&seed, most[draw(&seed, 2)]),
               .count = 1 + draw(&seed, 6),
               .blocks = 1 + draw(&seed, 3),
               .bytes = 1 << draw(&seed, 3),
               .together = draw(&seed, 2),
               .over = (int)draw(&seed, 64)};
    if (draw(&seed, 2)) s.extra = (int)draw(&seed, 20);
    check_lanes(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes),
                                     cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
