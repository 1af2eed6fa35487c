/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring a core, and drawing kernels below its roof. */
#include "vtac/measure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/roofline.h"
#include "runtime/objects.h"

/* ---- A core ------------------------------------------------------------- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { TRIES = 12 };

/* The best of several tries: other work can only slow them down. */
static double best_multiply(FsimIsa isa) {
  enum { ROUNDS = 1 << 20 };
  double best = 0;
  for (int i = 0; i < TRIES; i++) {
    const double start = now();
    const double speed = (double)fsim_multiply(isa, ROUNDS) / (now() - start);
    if (speed > best) best = speed;
  }
  return best;
}

/* Of `size` bytes, read as often as `total` allows. */
static double best_read(FsimIsa isa, const void *bytes, size_t size,
                        size_t total) {
  double best = 0;
  fsim_read(isa, bytes, size);
  for (int i = 0; i < TRIES; i++) {
    const double start = now();
    for (size_t done = 0; done < total; done += size)
      fsim_read(isa, bytes, size);
    const double speed = (double)total / (now() - start);
    if (speed > best) best = speed;
  }
  return best;
}

vtac_status vtac_measure_core(vtac_sim_path path, vtac_core_speed *ret_speed,
                              vtac_error *error) {
  FsimIsa isa;
  Diag diag;
  if (is_missing(ret_speed, "vtac_measure_core", "ret_speed", error))
    return VTAC_INVALID;
  if (device_path_isa(path, &isa, &diag)) return report_error(error, &diag);
  if (!fsim_multiply(isa, 1)) {
    diag_set(&diag, D_SIM_ISA, "this processor has no simulator path %u",
             (unsigned)path);
    return report_error(error, &diag);
  }
  void *bytes = malloc(VTAC_MEMORY_BYTES);
  if (!bytes) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate %d bytes to be read",
             VTAC_MEMORY_BYTES);
    return report_error(error, &diag);
  }
  memset(bytes, 1, VTAC_MEMORY_BYTES);
  *ret_speed = (vtac_core_speed){
      best_multiply(isa),
      best_read(isa, bytes, VTAC_CACHE_BYTES, VTAC_MEMORY_BYTES),
      best_read(isa, bytes, VTAC_MEMORY_BYTES, VTAC_MEMORY_BYTES)};
  free(bytes);
  return VTAC_OK;
}

/* ---- The picture -------------------------------------------------------- */

enum { WIDTH = 640, HEIGHT = 460 };

static void draw(Output *out, const char *title, const vtac_core_speed *core,
                 int n, const RooflinePoint *points) {
  const SvgBox box = {60, 60, WIDTH - 80, HEIGHT - 110};
  const Roofline roofline = {.peak = core->macs * 1e-9,
                             .bandwidth = core->cache * 1e-9,
                             .outer = core->memory * 1e-9,
                             .y_label = "10^9 multiply-accumulates a second",
                             .x_label = "multiply-accumulates a byte moved",
                             .peak_label = "a core's peak: %.3g",
                             .bandwidth_label = "cache (1 MiB): %.3g GB/s",
                             .outer_label = "memory (64 MiB): %.3g GB/s"};
  svg_begin(out, WIDTH, HEIGHT, title);
  svg_heading(out, 20, 24, title);
  roofline_draw(out, box, &roofline, points, n);
  svg_end(out);
}

vtac_status vtac_roofline_write(const char *path, const char *title,
                                const vtac_core_speed *core, int n,
                                const vtac_roofline_point *points,
                                vtac_error *error) {
  static const char call[] = "vtac_roofline_write";
  Output out = {0};
  Diag diag;
  if (is_missing(path, call, "path", error) ||
      is_missing(title, call, "title", error) ||
      is_missing(core, call, "core", error) ||
      (n > 0 && is_missing(points, call, "points", error)))
    return VTAC_INVALID;
  RooflinePoint *scaled = calloc((size_t)(n > 0 ? n : 1), sizeof *scaled);
  if (!scaled) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate the points of a picture");
    return report_error(error, &diag);
  }
  for (int i = 0; i < n; i++)
    scaled[i] = (RooflinePoint){points[i].name, points[i].macs * 1e-9,
                                points[i].bytes * 1e-9, points[i].seconds};
  vtac_status status = output_open(&out, path, &diag);
  if (!status) {
    draw(&out, title, core, n, scaled);
    status = output_close(&out, &diag);
  }
  free(scaled);
  return status ? report_error(error, &diag) : VTAC_OK;
}
