/* SPDX-License-Identifier: Apache-2.0 */
/* The timing simulator: simulated cycles a second of a stream alone, and whole
 * runs against the functional simulator's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"

/* ---- A stream alone ----------------------------------------------------- */

typedef struct Stream {
  const vtac_config *config;
  unsigned char *bytes;
  size_t size;
  uint64_t cycles;
} Stream;

static void keep(void *self, const void *insns, size_t count) {
  Stream *stream = self;
  const size_t size = count * VTAC_INSN_BYTES;
  stream->bytes = realloc(stream->bytes, stream->size + size);
  if (!stream->bytes) stop("no memory");
  memcpy(stream->bytes + stream->size, insns, size);
  stream->size += size;
}

/* Simulated cycles a microsecond, that is megacycles a second. */
static double sample_stream(void *self) {
  Stream *stream = self;
  vtac_error error;
  const double start = now_ms();
  succeed(vtac_stream_cycles(stream->config, stream->bytes,
                             stream->size / VTAC_INSN_BYTES, &stream->cycles,
                             &error),
          &error);
  return (double)stream->cycles / (now_ms() - start) / 1e3;
}

static void measure_stream(Bench *bench, Stream *stream, const char *what) {
  add_row(bench, what, "Mcycles/s", measure(bench, sample_stream, stream),
          LEAST(500));
  free(stream->bytes);
}

static void measure_own(Bench *bench, Kernel *kernel) {
  Stream stream = {.config = kernel->config};
  const vtac_device_options options = {.on_insns = keep, .user = &stream};
  open_kernel(kernel, &options);
  run_kernel(kernel);
  close_kernel(kernel);
  measure_stream(bench, &stream, "conv2d's stream, decoding included");
}

/* A long stream of small tiles: 250,891 instructions of ResNet-18's C2 under
 * the reference's untuned schedule. */
static void measure_captured(Bench *bench) {
  Stream stream = {.config = default_config()};
  unsigned char piece[1 << 16];
  FILE *file = popen(
      "gzip -dc '" BENCH_SOURCE "/test/golden/timing/resnet18_c2.bin.gz'", "r");
  if (!file) stop("gzip does not start");
  for (size_t n; (n = fread(piece, VTAC_INSN_BYTES,
                            sizeof piece / VTAC_INSN_BYTES, file));)
    keep(&stream, piece, n);
  if (pclose(file)) stop("the captured stream cannot be read");
  measure_stream(bench, &stream, "captured C2 stream, decoding included");
}

/* ---- Whole runs --------------------------------------------------------- */

static double first_run(Kernel *kernel, vtac_simulator simulator) {
  const vtac_device_options options = {.simulator = simulator};
  open_kernel(kernel, &options);
  const double took = run_kernel(kernel);
  close_kernel(kernel);
  return took;
}

/* Both simulators' first run on a new device by the functional one's. */
static double sample_first(void *kernel) {
  const double functional = first_run(kernel, VTAC_SIMULATOR_FUNCTIONAL);
  return first_run(kernel, VTAC_SIMULATOR_TIMING) / functional;
}

/* The same of runs that repeat a stream. */
static double sample_again(void *self) {
  Kernel *kernel = self; /* two: on the functional and the timing simulator */
  const double functional = run_kernel(&kernel[0]);
  return run_kernel(&kernel[1]) / functional;
}

/* The same of runs on several sets of outputs in turn: more than the timing
 * simulator remembers streams, so that each is timed anew. */
enum { SETS = 9 };

typedef struct Turns {
  Kernel kernel[2]; /* on the functional and the timing simulator */
  vtac_array *output[2][SETS];
  int turn;
} Turns;

static double sample_in_turn(void *self) {
  Turns *turns = self;
  double took[2];
  for (int i = 0; i < 2; i++) {
    Kernel *kernel = &turns->kernel[i];
    kernel->array[kernel->n - 1] = turns->output[i][turns->turn];
    took[i] = run_kernel(kernel);
  }
  turns->turn = (turns->turn + 1) % SETS;
  return took[1] / took[0];
}

static void measure_in_turn(Bench *bench, const Kernel *kernel) {
  const vtac_device_options options[] = {
      {.simulator = VTAC_SIMULATOR_FUNCTIONAL},
      {.simulator = VTAC_SIMULATOR_TIMING}};
  Turns turns = {{*kernel, *kernel}, {{NULL}}, 0};
  const int last = kernel->n - 1;
  vtac_error error;
  for (int i = 0; i < 2; i++) {
    open_kernel(&turns.kernel[i], &options[i]);
    turns.output[i][0] = turns.kernel[i].array[last];
    for (int set = 1; set < SETS; set++)
      turns.output[i][set] = need(
          vtac_array_like(turns.kernel[i].device, kernel->args[last], &error),
          &error);
  }
  add_row(bench, "conv2d, each stream timed anew, both simulators", "of one",
          measure(bench, sample_in_turn, &turns), MOST(1.3));
  for (int i = 0; i < 2; i++) {
    for (int set = 1; set < SETS; set++) vtac_array_free(turns.output[i][set]);
    turns.kernel[i].array[last] = turns.output[i][0];
    close_kernel(&turns.kernel[i]);
  }
}

void bench_timing(Bench *bench) {
  const vtac_device_options timed = {.simulator = VTAC_SIMULATOR_TIMING};
  Kernel kernel[2];
  if (!build_kernel(&kernel[0], default_config(), &layer_conv2d))
    stop("conv2d does not fit");
  measure_own(bench, &kernel[0]);
  measure_captured(bench);
  add_row(bench, "conv2d, first run, both simulators", "of one",
          measure(bench, sample_first, &kernel[0]), NO_TARGET);
  kernel[1] = kernel[0];
  open_kernel(&kernel[0], NULL);
  open_kernel(&kernel[1], &timed);
  add_row(bench, "conv2d, run again, both simulators", "of one",
          measure(bench, sample_again, kernel), MOST(1.3));
  close_kernel(&kernel[0]);
  close_kernel(&kernel[1]);
  measure_in_turn(bench, &kernel[0]);
  free_kernel(&kernel[0]);
}
