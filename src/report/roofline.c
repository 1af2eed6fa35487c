/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the roofline on logarithmic axes whose decades are powers of two: the
 * machine's own limits are such. */
#include "report/roofline.h"

#include <math.h>

Roofline roofline_machine(const HwConfig *config) {
  const double steps =
      (double)config->batch * config->block_in * config->block_out;
  const int bus = 1 << (config->timing.log_bus_width - 3);
  return (Roofline){.peak = 2 * steps,
                    .bandwidth = bus,
                    .x_label = "operations a byte read",
                    .y_label = "operations a cycle",
                    .peak_label = "matrix unit: %g",
                    .bandwidth_label = "memory: %g bytes a cycle"};
}

void roofline_of(const Summary *summary, Roofline *ret,
                 RooflinePoint *ret_point) {
  const int bus = 1 << (summary->config->timing.log_bus_width - 3);
  *ret = roofline_machine(summary->config);
  *ret_point =
      (RooflinePoint){summary->title, ret->peak * (double)summary->gemm_steps,
                      (double)summary->beats * bus, (double)summary->cycles};
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
  if (roofline->outer > 0)
    include(&scale.x0, &scale.x1, roofline->peak / roofline->outer);
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

static void draw_axes(Output *out, const Scale *scale,
                      const Roofline *roofline) {
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
           roofline->x_label);
  svg_text(out, box.x - 30, box.y - 8, SVG_START, roofline->y_label);
}

/* ---- The roof and what stands below it ---------------------------------- */

/* The line that a bandwidth draws, from where it enters to the peak. */
static void draw_bandwidth(Output *out, const Scale *scale, double bandwidth,
                           double peak, SvgLine style) {
  const double lowest = ldexp(1, scale->y0), leftmost = ldexp(1, scale->x0);
  const double enter = fmax(leftmost, lowest / bandwidth);
  const double leave = fmin(ldexp(1, scale->x1), peak / bandwidth);
  svg_line(out, place_x(scale, enter), place_y(scale, enter * bandwidth),
           place_x(scale, leave), place_y(scale, leave * bandwidth), style);
}

static void draw_label(Output *out, double x, double y, SvgAnchor anchor,
                       const char *format, double value) {
  char label[64];
  snprintf(label, sizeof label, format, value);
  svg_text(out, x, y, anchor, label);
}

static void draw_roof(Output *out, const Scale *scale,
                      const Roofline *roofline) {
  const SvgBox box = scale->box;
  const double ridge = roofline->peak / roofline->bandwidth;
  const double x = place_x(scale, ridge), y = place_y(scale, roofline->peak);
  draw_bandwidth(out, scale, roofline->bandwidth, roofline->peak, SVG_ROOF);
  svg_line(out, x, y, box.x + box.width, y, SVG_ROOF);
  draw_label(out, box.x + box.width - 4, y - 5, SVG_END, roofline->peak_label,
             roofline->peak);
  draw_label(out, box.x + 4, box.y + 13, SVG_START, roofline->bandwidth_label,
             roofline->bandwidth);
  if (roofline->outer <= 0) return;
  draw_bandwidth(out, scale, roofline->outer, roofline->peak, SVG_AXIS);
  draw_label(out, box.x + box.width - 4, box.y + box.height - 8, SVG_END,
             roofline->outer_label, roofline->outer);
}

/* A point's name stands below it, where no roof is, or, so that several do not
 * cover each other, beside it on the side with more room. */
static void draw_name(Output *out, const SvgBox box, double x, double y,
                      const char *name, bool alone) {
  enum { HALF = 80 };
  const double middle = fmin(fmax(x, box.x + HALF), box.x + box.width - HALF);
  if (alone)
    svg_text(out, middle, y + 18, SVG_MIDDLE, name);
  else if (x > box.x + box.width / 2)
    svg_text(out, x - 9, y + 4, SVG_END, name);
  else
    svg_text(out, x + 9, y + 4, SVG_START, name);
}

static void draw_point(Output *out, const Scale *scale,
                       const Roofline *roofline, const RooflinePoint *point,
                       bool alone) {
  const double x = place_x(scale, intensity(point));
  const double y = place_y(scale, speed(point));
  const double roof =
      fmin(roofline->peak, intensity(point) * roofline->bandwidth);
  char label[256];
  snprintf(label, sizeof label, "%.200s: %.1f %% of the roof", point->name,
           100 * speed(point) / roof);
  svg_dot(out, x, y);
  draw_name(out, scale->box, x, y, label, alone);
}

void roofline_draw(Output *out, SvgBox box, const Roofline *roofline,
                   const RooflinePoint *points, int n) {
  const Scale scale = find_scale(box, roofline, points, n);
  draw_axes(out, &scale, roofline);
  draw_roof(out, &scale, roofline);
  for (int i = 0; i < n; i++)
    if (can_show(&points[i]))
      draw_point(out, &scale, roofline, &points[i], n == 1);
}
