/* SPDX-License-Identifier: Apache-2.0 */
/* Averages over time in a fixed number of bins that double their width.
 *
 * An interval touches four numbers whatever its length: what it covers of its
 * first and its last bin, and where the level between them begins and ends. */
#include "report/bins.h"

/* Bins 2i and 2i + 1 become bin i.  A level that changes between the two
 * covers the second alone. */
static void merge(Bins *bins) {
  for (int i = 0; i <= BINS; i++) {
    const int even = 2 * i, odd = even + 1;
    int64_t area = 0, rise = 0;
    if (even <= BINS) area += bins->area[even], rise += bins->rise[even];
    if (odd <= BINS)
      area += bins->area[odd] + bins->rise[odd] * (int64_t)bins->width;
    if (i && even - 1 <= BINS) rise += bins->rise[even - 1];
    bins->area[i] = area;
    bins->rise[i] = rise;
  }
  bins->width *= 2;
}

void bins_add(Bins *bins, uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  if (!bins->width) bins->width = 1;
  while (end > BINS * bins->width) merge(bins);
  const uint64_t width = bins->width, first = begin / width, last = end / width;
  if (first == last) {
    bins->area[first] += (int64_t)(end - begin);
    return;
  }
  bins->area[first] += (int64_t)((first + 1) * width - begin);
  bins->area[last] += (int64_t)(end - last * width);
  bins->rise[first + 1]++;
  bins->rise[last]--;
}

/* A bin's cycles are spread evenly over what it touches. */
void bins_read(const Bins *bins, uint64_t cycles, int n, double *ret) {
  const double width = (double)(bins->width ? bins->width : 1);
  const double step = (double)cycles / n;
  int64_t level = 0;
  for (int i = 0; i < n; i++) ret[i] = 0;
  for (int bin = 0; bin < BINS && bin * width < (double)cycles; bin++) {
    level += bins->rise[bin];
    const double sum = (double)bins->area[bin] + (double)level * width;
    double begin = bin * width, end = begin + width;
    if (end > (double)cycles) end = (double)cycles;
    const double density = sum / (end - begin);
    for (int i = (int)(begin / step); i < n && i * step < end; i++) {
      const double from = i * step > begin ? i * step : begin;
      const double to = (i + 1) * step < end ? (i + 1) * step : end;
      if (to > from) ret[i] += density * (to - from) / step;
    }
  }
}
