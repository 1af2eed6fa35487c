/* SPDX-License-Identifier: Apache-2.0 */
/* What all benchmarks share: taking samples, rows of results with targets, and
 * the two workloads that most figures are about.
 *
 * A benchmark is a function bench_<group>(bench), listed in bench.c, that adds
 * rows.  Its figures are medians of samples; the spread is their quartiles.
 * Two things are compared within one sample, one after the other, so that what
 * else the machine does hits both. */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <vtac/vtac.h>

/* ---- Samples ------------------------------------------------------------ */

typedef struct Figure {
  double median, low, high; /* low and high: the quartiles */
  int samples;
} Figure;

typedef struct Bench Bench;

double now_ms(void);
/* Calls sample(self) until the time for a row is over, and at least 7 times;
 * the first call is not counted, nor are samples during which the system gave
 * the core to another program, unless there are hardly any others.  A sample
 * is in the unit of its row. */
Figure measure(const Bench *bench, double (*sample)(void *self), void *self);
/* A figure that is the same each time, such as a count. */
Figure exactly(double value);
/* factor / figure: times as speeds. */
Figure per(double factor, Figure figure);
Figure scaled(double factor, Figure figure);

/* ---- Rows --------------------------------------------------------------- */

typedef enum Direction { ANY, AT_MOST, AT_LEAST } Direction;
typedef struct Target {
  Direction direction;
  double bound;
} Target;
#define NO_TARGET ((Target){ANY, 0})
#define MOST(value) ((Target){AT_MOST, value})
#define LEAST(value) ((Target){AT_LEAST, value})

/* Adds a row; `what` and `unit` are copied.  A row is known by its group and
 * what, which must not stand there yet. */
void add_row(Bench *bench, const char *what, const char *unit, Figure figure,
             Target target);
/* Says on standard error why something is not measured here. */
void leave_out(const Bench *bench, const char *what, const char *why);

/* ---- Failures ----------------------------------------------------------- */

/* Ends the program with a message. */
void stop(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
/* The object, or the end of the program with the error's message. */
void *need(const void *object, const vtac_error *error);
void succeed(vtac_status status, const vtac_error *error);
/* Ends the program if the context has an error. */
void check_context(const vtac_context *context);

/* ---- Processes ---------------------------------------------------------- */

typedef struct Process {
  double ms, mb; /* wall time, and peak memory in 10^6 bytes */
} Process;

/* Runs a program with its output thrown away; argv ends with NULL.  Other exit
 * statuses than 0 end the program. */
Process run_process(const char *const *argv);
/* The same without a complaint: the exit status. */
int try_process(const char *const *argv);

/* ---- Workloads ---------------------------------------------------------- */

/* A layer; `kernel` 0 is a matrix multiply.  Tiles of 0 are chosen. */
typedef struct Layer {
  const char *name;
  int size, in, out, kernel, stride; /* of the input; channels; square */
  int tile_out, tile_in, tile_height, tile_width, vthreads;
} Layer;

extern const Layer layer_gemm;   /* the seed documents' matrix multiply */
extern const Layer layer_conv2d; /* and convolution */
extern const Layer layer_c2;     /* resnet18.C2 */
/* resnet18.C2 to C11 with chosen tiles; ends with a NULL name. */
extern const Layer resnet_layers[];

/* Declares a layer for `batch` images. */
vtac_op *declare_layer(vtac_context *context, const Layer *layer, int batch);
/* Multiply-accumulates of one run. */
double layer_macs(const Layer *layer, int batch);

enum { MOST_ARGS = 4 };

/* A module and what it runs on. */
typedef struct Kernel {
  vtac_config *config;
  vtac_context *context;
  vtac_module *module;
  vtac_device *device;
  vtac_array *array[MOST_ARGS];
  const vtac_tensor *args;
  vtac_op *op;
  int n;
  double macs;
} Kernel;

/* Builds a layer; 0, with nothing to free, if it does not fit.  The kernel
 * takes over the configuration. */
int build_kernel(Kernel *kernel, vtac_config *config, const Layer *layer);
void free_kernel(Kernel *kernel);
/* Opens a device and makes arrays of random bytes; `options` may be NULL. */
void open_kernel(Kernel *kernel, const vtac_device_options *options);
void close_kernel(Kernel *kernel);
/* One run, in milliseconds.  A sample for measure(). */
double run_kernel(void *kernel);

vtac_config *default_config(void);

/* ---- The program -------------------------------------------------------- */

const char *vtac_path(void);    /* the command */
const char *library_path(void); /* libvtac.so */
const char *source_path(void);  /* the source tree */

#endif
