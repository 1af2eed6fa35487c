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
  ELEMENTS = 2048, /* of each memory: the whole of it */
  PLACES = 64,     /* in device memory that transfers take in turn */
  FEW = PLACES,
  MANY = 5 * FEW /* large transfers */
};

/* A memory on chip and the direction. */
typedef struct Kind {
  const char *insn, *what;
  size_t bytes; /* of an element in device memory */
} Kind;

static const Kind accumulators = {"load.acc", "accumulators, 128 KiB a load",
                                  64};
static const Kind activations = {"load.inp", "activations, 32 KiB a load", 16};
static const Kind outputs = {"store.out", "outputs, 32 KiB a store", 16};

typedef struct Stream {
  void *insns;
  size_t count;
} Stream;

/* `n` transfers of `rows` rows of `size` elements, each `size` apart from the
 * one before, and the end. */
static Stream make_stream(const vtac_config *config, const Kind *kind, int n,
                          int rows, int size) {
  Stream stream;
  vtac_error error;
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) stop("no memory");
  for (int i = 0; i < n; i++)
    fprintf(out, "%s dram_base=%d y_size=%d x_size=%d x_stride=%d\n",
            kind->insn, ELEMENTS * (1 + i % PLACES), rows, size, size);
  fputs("finish\n", out);
  fclose(out);
  stream.insns = need(vtac_stream_assemble(config, text, length, "transfers",
                                           &stream.count, &error),
                      &error);
  free(text);
  return stream;
}

typedef struct Transfer {
  vtac_config *config;
  Stream few, many;
  char *from, *to; /* for memcpy */
  size_t size;     /* of a large transfer, in bytes */
  int more;        /* transfers that `many` has more */
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
  const size_t size = transfer->size;
  const double start = now_ms();
  for (int i = 0; i < transfer->more; i++)
    memcpy(transfer->to, transfer->from + (size_t)(i % PLACES) * size, size);
  return now_ms() - start;
}

/* The speed of large transfers by memcpy's. */
static double sample_large(void *self) {
  const Transfer *transfer = self;
  const double copy = time_memcpy(transfer);
  return copy / time_difference(transfer);
}

/* Nanoseconds of one more small transfer. */
static double sample_small(void *self) {
  const Transfer *transfer = self;
  return 1e6 * time_difference(transfer) / transfer->more;
}

static Transfer open_transfer(const Kind *kind, int few, int many, int rows,
                              int size) {
  Transfer transfer = {.config = default_config(),
                       .size = ELEMENTS * kind->bytes,
                       .more = many - few};
  transfer.few = make_stream(transfer.config, kind, few, rows, size);
  transfer.many = make_stream(transfer.config, kind, many, rows, size);
  transfer.from = calloc(PLACES, transfer.size);
  transfer.to = calloc(1, transfer.size);
  if (!transfer.from || !transfer.to) stop("no memory");
  memset(transfer.from, 1, PLACES * transfer.size);
  return transfer;
}

static void close_transfer(Transfer *transfer) {
  vtac_config_free(transfer->config);
  free(transfer->few.insns);
  free(transfer->many.insns);
  free(transfer->from);
  free(transfer->to);
}

static void measure_large(Bench *bench, const Kind *kind, const char *what,
                          int row, Target target) {
  Transfer transfer = open_transfer(kind, FEW, MANY, ELEMENTS / row, row);
  add_row(bench, what, "of memcpy", measure(bench, sample_large, &transfer),
          target);
  close_transfer(&transfer);
}

static void measure_small(Bench *bench, const Kind *kind, const char *what,
                          Target target) {
  Transfer transfer = open_transfer(kind, FEW, 100 * FEW, 1, 1);
  add_row(bench, what, "ns", measure(bench, sample_small, &transfer), target);
  close_transfer(&transfer);
}

void bench_transfer(Bench *bench) {
  measure_large(bench, &accumulators, accumulators.what, ELEMENTS, LEAST(0.8));
  measure_large(bench, &accumulators, "the same as rows of 64 bytes", 1,
                NO_TARGET);
  /* The constant that each transfer costs is a fifth of so small a one. */
  measure_large(bench, &activations, activations.what, ELEMENTS, LEAST(0.5));
  measure_large(bench, &outputs, outputs.what, ELEMENTS, LEAST(0.5));
  measure_small(bench, &accumulators, "one more load of 64 bytes", MOST(300));
  measure_small(bench, &outputs, "one more store of 16 bytes", MOST(300));
}
