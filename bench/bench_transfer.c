/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers: large ones against memcpy, and what one more small one costs.
 *
 * Streams run on new devices, whose making is not the matter; what a transfer
 * takes is the difference between a stream with many and one with few. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"

enum {
  ELEMENTS = 2048,    /* of accumulators: the whole memory */
  ELEMENT_BYTES = 64, /* 16 lanes of 32 bits */
  PLACES = 64,        /* in device memory that loads read in turn */
  FEW = PLACES,
  MANY = 5 * FEW /* large loads */
};

typedef struct Stream {
  void *insns;
  size_t count;
} Stream;

/* `n` loads of `rows` rows of `size` elements, each `size` apart from the one
 * before, and the end. */
static Stream make_stream(const vtac_config *config, int n, int rows,
                          int size) {
  Stream stream;
  vtac_error error;
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) stop("no memory");
  for (int i = 0; i < n; i++)
    fprintf(out, "load.acc dram_base=%d y_size=%d x_size=%d x_stride=%d\n",
            ELEMENTS * (1 + i % PLACES), rows, size, size);
  fputs("finish\n", out);
  fclose(out);
  stream.insns = need(vtac_stream_assemble(config, text, length, "loads",
                                           &stream.count, &error),
                      &error);
  free(text);
  return stream;
}

typedef struct Transfer {
  vtac_config *config;
  Stream few, many;
  char *from, *to; /* for memcpy, or NULL */
  int more;        /* loads that `many` has more */
} Transfer;

static double time_stream(const Transfer *transfer, const Stream *stream) {
  const vtac_stream_options options = {.no_verify = 1};
  vtac_error error;
  const double start = now_ms();
  succeed(vtac_stream_run(transfer->config, stream->insns, stream->count,
                          &options, NULL, &error),
          &error);
  return now_ms() - start;
}

static double time_difference(const Transfer *transfer) {
  const double few = time_stream(transfer, &transfer->few);
  return time_stream(transfer, &transfer->many) - few;
}

static double time_memcpy(const Transfer *transfer) {
  const size_t size = ELEMENTS * ELEMENT_BYTES;
  const double start = now_ms();
  for (int i = 0; i < transfer->more; i++)
    memcpy(transfer->to, transfer->from + (size_t)(i % PLACES) * size, size);
  return now_ms() - start;
}

/* The speed of large loads by memcpy's. */
static double sample_large(void *self) {
  const Transfer *transfer = self;
  const double copy = time_memcpy(transfer);
  return copy / time_difference(transfer);
}

/* Nanoseconds of one more small load. */
static double sample_small(void *self) {
  const Transfer *transfer = self;
  return 1e6 * time_difference(transfer) / transfer->more;
}

static Transfer open_transfer(int few, int many, int rows, int size) {
  Transfer transfer = {.config = default_config(), .more = many - few};
  transfer.few = make_stream(transfer.config, few, rows, size);
  transfer.many = make_stream(transfer.config, many, rows, size);
  transfer.from = calloc(PLACES, ELEMENTS * ELEMENT_BYTES);
  transfer.to = calloc(1, ELEMENTS * ELEMENT_BYTES);
  if (!transfer.from || !transfer.to) stop("no memory");
  memset(transfer.from, 1, PLACES * ELEMENTS * ELEMENT_BYTES);
  return transfer;
}

static void close_transfer(Transfer *transfer) {
  vtac_config_free(transfer->config);
  free(transfer->few.insns);
  free(transfer->many.insns);
  free(transfer->from);
  free(transfer->to);
}

void bench_transfer(Bench *bench) {
  Transfer large = open_transfer(FEW, MANY, 1, ELEMENTS);
  add_row(bench, "accumulators, 128 KiB a load", "of memcpy",
          measure(bench, sample_large, &large), LEAST(0.8));
  close_transfer(&large);
  Transfer rows = open_transfer(FEW, MANY, ELEMENTS, 1);
  add_row(bench, "the same as rows of 64 bytes", "of memcpy",
          measure(bench, sample_large, &rows), NO_TARGET);
  close_transfer(&rows);
  Transfer small = open_transfer(FEW, 100 * FEW, 1, 1);
  add_row(bench, "one more load of 64 bytes", "ns",
          measure(bench, sample_small, &small), NO_TARGET);
  close_transfer(&small);
}
