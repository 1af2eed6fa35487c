/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the roofline on logarithmic axes whose decades are powers of two: the
 * machine's own limits are such. */
#include "report/roofline.h"

#include <math.h>

Roofline roofline_machine(const HwConfig *config) {
  const double steps =
      (double)config->batch * config->block_in * config->block_out;
  const int bus = 1 << (config->timing.log_bus_width - 3);
  return (Roofline){2 * steps, bus};
}

void roofline_of(const Summary *summary, Roofline *ret,
                 RooflinePoint *ret_point) {
  const int bus = 1 << (summary->config->timing.log_bus_width - 3);
  const uint64_t *beats = summary->total.beats;
  uint64_t read = beats[TSIM_FETCH] + beats[TSIM_LOAD] + beats[TSIM_COMPUTE];
  *ret = roofline_machine(summary->config);
  *ret_point =
      (RooflinePoint){summary->title, ret->peak * (double)summary->gemm_steps,
                      (double)read * bus, (double)summary->total.cycles};
}

/* ---- Axes --------------------------------------------------------------- */

/* Exponents of two that the axes show, and where they lie. */
typedef struct Scale {
  int x0, x1, y0, y1;
  SvgBox box;
} Scale;

static double place_x(const Scale *scale, double value) {
  return scale->box.x +
         scale->box.width * (log2(value) - scale->x0) / (scale->x1 - scale->x0);
}

static double place_y(const Scale *scale, double value) {
  return scale->box.y + scale->box.height * (scale->y1 - log2(value)) /
                            (scale->y1 - scale->y0);
}

static bool can_show(const RooflinePoint *point) {
  return point->operations > 0 && point->bytes > 0 && point->cycles > 0;
}

static double intensity(const RooflinePoint *point) {
  return point->operations / point->bytes;
}

static double speed(const RooflinePoint *point) {
  return point->operations / point->cycles;
}

static void include(int *least, int *most, double value) {
  if (floor(log2(value)) < *least) *least = (int)floor(log2(value));
  if (ceil(log2(value)) > *most) *most = (int)ceil(log2(value));
}

static Scale find_scale(SvgBox box, const Roofline *roofline,
                        const RooflinePoint *points, int n) {
  const double ridge = roofline->peak / roofline->bandwidth;
  Scale scale = {(int)floor(log2(ridge)) - 3, (int)ceil(log2(ridge)) + 3,
                 (int)floor(log2(roofline->peak)) - 4,
                 (int)ceil(log2(roofline->peak)) + 1, box};
  for (int i = 0; i < n; i++) {
    if (!can_show(&points[i])) continue;
    include(&scale.x0, &scale.x1, intensity(&points[i]));
    include(&scale.y0, &scale.y1, speed(&points[i]));
  }
  return scale;
}

static void power_name(int exponent, char *to, size_t size) {
  if (exponent >= 0)
    snprintf(to, size, "%.0f", ldexp(1, exponent));
  else
    snprintf(to, size, "1/%.0f", ldexp(1, -exponent));
}

static void draw_axes(Output *out, const Scale *scale) {
  const SvgBox box = scale->box;
  const double right = box.x + box.width, bottom = box.y + box.height;
  char name[32];
  const int step = 1 + (scale->x1 - scale->x0) / 13;
  for (int e = scale->x0; e <= scale->x1; e += step) {
    const double x = place_x(scale, ldexp(1, e));
    svg_line(out, x, box.y, x, bottom, SVG_GRID);
    power_name(e, name, sizeof name);
    svg_text(out, x, bottom + 14, SVG_MIDDLE, name);
  }
  for (int e = scale->y0; e <= scale->y1; e++) {
    const double y = place_y(scale, ldexp(1, e));
    svg_line(out, box.x, y, right, y, SVG_GRID);
    power_name(e, name, sizeof name);
    svg_text(out, box.x - 5, y + 4, SVG_END, name);
  }
  svg_frame(out, box);
  svg_text(out, box.x + box.width / 2, bottom + 30, SVG_MIDDLE,
           "operations a byte read");
  svg_text(out, box.x - 30, box.y - 8, SVG_START, "operations a cycle");
}

/* ---- The roof and what stands below it ---------------------------------- */

static void draw_roof(Output *out, const Scale *scale,
                      const Roofline *roofline) {
  const double ridge = roofline->peak / roofline->bandwidth;
  const double lowest = ldexp(1, scale->y0), leftmost = ldexp(1, scale->x0);
  const double enter = fmax(leftmost, lowest / roofline->bandwidth);
  const double x = place_x(scale, ridge), y = place_y(scale, roofline->peak);
  char label[64];
  svg_line(out, place_x(scale, enter),
           place_y(scale, enter * roofline->bandwidth), x, y, SVG_ROOF);
  svg_line(out, x, y, scale->box.x + scale->box.width, y, SVG_ROOF);
  snprintf(label, sizeof label, "matrix unit: %g", roofline->peak);
  svg_text(out, scale->box.x + scale->box.width - 4, y - 5, SVG_END, label);
  snprintf(label, sizeof label, "memory: %g bytes a cycle",
           roofline->bandwidth);
  svg_text(out, scale->box.x + 4, scale->box.y + 13, SVG_START, label);
}

/* The name stands below the point, inside the box. */
static void draw_point(Output *out, const Scale *scale,
                       const Roofline *roofline, const RooflinePoint *point) {
  enum { HALF = 75 };
  const SvgBox box = scale->box;
  const double x = place_x(scale, intensity(point));
  const double y = place_y(scale, speed(point));
  const double middle = fmin(fmax(x, box.x + HALF), box.x + box.width - HALF);
  const double roof =
      fmin(roofline->peak, intensity(point) * roofline->bandwidth);
  char label[256];
  snprintf(label, sizeof label, "%.200s: %.1f %% of the roof", point->name,
           100 * speed(point) / roof);
  svg_dot(out, x, y);
  svg_text(out, middle, y + 18, SVG_MIDDLE, label);
}

void roofline_draw(Output *out, SvgBox box, const Roofline *roofline,
                   const RooflinePoint *points, int n) {
  const Scale scale = find_scale(box, roofline, points, n);
  draw_axes(out, &scale);
  draw_roof(out, &scale, roofline);
  for (int i = 0; i < n; i++)
    if (can_show(&points[i])) draw_point(out, &scale, roofline, &points[i]);
}
