/* SPDX-License-Identifier: Apache-2.0 */
/* Bins: how many of something there were over time, as an average for each of
 * a fixed number of bins.  When time outgrows them, neighbours merge: memory
 * does not grow with the cycles. */
#ifndef REPORT_BINS_H
#define REPORT_BINS_H

#include <stdint.h>

enum { BINS = 2048 };

/* The sum over a bin's cycles is area[i] + width * (rise[0] + … + rise[i]). */
typedef struct Bins {
  uint64_t width; /* cycles of a bin, a power of two; 0 counts as 1 */
  int64_t area[BINS + 1], rise[BINS + 1];
} Bins;

/* One more, from cycle `begin` on and before `end`.  O(1), but for merging. */
void bins_add(Bins *bins, uint64_t begin, uint64_t end);
/* The sums over [i * cycles / n, (i + 1) * cycles / n) divided by its length,
 * for i < n: averages, which are exact where these are whole bins. */
void bins_read(const Bins *bins, uint64_t cycles, int n, double *ret);

#endif
