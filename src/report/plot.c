/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the figure.  Over time a unit is a band of columns, each divided by
 * what its cycles went to: work below, then the groups in their order. */
#include "report/plot.h"

#include <math.h>

#include "report/roofline.h"
#include "report/svg.h"

enum { WIDTH = 760, HEIGHT = 640, LEFT = 70, RIGHT = 740, COLUMNS = 335 };

/* The units from the top down. */
static const TsimUnit order[] = {TSIM_FETCH, TSIM_LOAD, TSIM_COMPUTE,
                                 TSIM_STORE, TSIM_MEMORY};
enum { BANDS = sizeof order / sizeof *order };

/* ---- Over time ---------------------------------------------------------- */

/* The step between marks of an axis: 1, 2 or 5 times a power of ten. */
static double mark_step(double range) {
  const double power = pow(10, floor(log10(range / 5)));
  const double steps = range / 5 / power;
  return power * (steps > 5 ? 10 : steps > 2 ? 5 : steps > 1 ? 2 : 1);
}

static void draw_time_axis(Output *out, SvgBox box, PlotWindow window) {
  const double begin = (double)window.begin, end = (double)window.end;
  const double step = fmax(mark_step(end - begin), 1);
  char label[32];
  for (double at = ceil(begin / step) * step; at <= end; at += step) {
    const double x = box.x + box.width * (at - begin) / (end - begin);
    svg_line(out, x, box.y, x, box.y + 4, SVG_AXIS);
    snprintf(label, sizeof label, "%.0f", at);
    svg_text(out, x, box.y + 16, SVG_MIDDLE, label);
  }
  svg_text(out, box.x + box.width / 2, box.y + 31, SVG_MIDDLE, "cycle");
}

/* Where each group of a column ends, from below: 0 to 1.  Rounded, so that
 * columns that look alike are alike. */
typedef struct Column {
  double top[GROUPS];
} Column;

static void read_columns(const Bins bins[GROUPS], uint64_t cycles,
                         Column ret[COLUMNS]) {
  double level[COLUMNS], sum[COLUMNS] = {0};
  for (int group = 0; group < GROUPS; group++) {
    bins_read(&bins[group], cycles, COLUMNS, level);
    for (int i = 0; i < COLUMNS; i++) {
      sum[i] += level[i];
      ret[i].top[group] = round(fmin(sum[i], 1) * 50) / 50;
    }
  }
}

/* One box for neighbours that are alike: files stay small. */
static void draw_group(Output *out, SvgBox box, const Column columns[COLUMNS],
                       int group) {
  const double width = box.width / COLUMNS;
  svg_group_begin(out);
  for (int i = 0, next; i < COLUMNS; i = next) {
    const double top = columns[i].top[group];
    const double below = group ? columns[i].top[group - 1] : 0;
    for (next = i + 1; next < COLUMNS; next++)
      if (columns[next].top[group] != top ||
          (group && columns[next].top[group - 1] != below))
        break;
    const SvgBox part = {box.x + i * width, box.y + box.height * (1 - top),
                         (next - i) * width, (top - below) * box.height};
    if (top > below) svg_group_box(out, part);
  }
  svg_group_end(out, (Group)group);
}

static void draw_band(Output *out, SvgBox box, const Bins bins[GROUPS],
                      uint64_t cycles) {
  Column columns[COLUMNS];
  read_columns(bins, cycles, columns);
  for (int group = 0; group < GROUP_STEP; group++)
    draw_group(out, box, columns, group);
  svg_frame(out, box);
}

static void draw_bands(Output *out, double top, const Summary *summary) {
  enum { BAND = 36, STEP = 44 };
  svg_heading(out, 20, top, "What the units do, over time");
  for (int i = 0; i < BANDS; i++) {
    const SvgBox box = {LEFT, top + 10 + i * STEP, RIGHT - LEFT, BAND};
    svg_text(out, LEFT - 6, box.y + BAND / 2 + 4, SVG_END,
             tsim_unit_name(order[i]));
    draw_band(out, box, summary->groups[order[i]],
              summary->window.end - summary->window.begin);
  }
  draw_time_axis(out,
                 (SvgBox){LEFT, top + 10 + BANDS * STEP - 6, RIGHT - LEFT, 0},
                 summary->window);
}

/* ---- In all ------------------------------------------------------------- */

static uint64_t group_sum(const Summary *summary, TsimUnit unit, Group group) {
  uint64_t sum = 0;
  for (int cause = 0; cause < TSIM_CAUSES; cause++)
    if (group_of((TsimCause)cause) == group)
      sum += summary->causes[unit][cause];
  return sum;
}

static void draw_bar(Output *out, SvgBox box, const Summary *summary,
                     TsimUnit unit) {
  const double cycles = (double)summary->cycles;
  double at = box.x;
  char label[32];
  for (int group = 0; group < GROUPS; group++) {
    const double share =
        (double)group_sum(summary, unit, (Group)group) / cycles;
    const SvgBox part = {at, box.y, share * box.width, box.height};
    if (share > 0 && group != GROUP_STEP) {
      svg_group_begin(out);
      svg_group_box(out, part);
      svg_group_end(out, (Group)group);
    }
    if (share > 0) svg_frame(out, part);
    at += part.width;
  }
  snprintf(label, sizeof label, "%.1f %%",
           100 * (double)group_sum(summary, unit, GROUP_WORK) / cycles);
  svg_text(out, box.x + box.width + 6, box.y + box.height - 5, SVG_START,
           label);
}

static void draw_bars(Output *out, double top, const Summary *summary) {
  svg_heading(out, 20, top, "What their cycles went to");
  for (int i = 0; i < BANDS; i++) {
    const SvgBox box = {LEFT, top + 26 + i * 34, 220, 20};
    svg_text(out, LEFT - 6, box.y + 14, SVG_END, tsim_unit_name(order[i]));
    draw_bar(out, box, summary, order[i]);
  }
  svg_text(out, LEFT + 226, top + 20, SVG_START, "work");
}

static void draw_roofline(Output *out, double top, const Summary *summary) {
  Roofline roofline;
  RooflinePoint point;
  roofline_of(summary, &roofline, &point);
  svg_heading(out, 400, top, "Roofline");
  point.name = "this run";
  roofline_draw(out, (SvgBox){440, top + 30, 300, 180}, &roofline, &point, 1);
}

static void draw_title(Output *out, const Summary *summary) {
  char line[128];
  svg_heading(out, 20, 24, summary->title);
  snprintf(line, sizeof line,
           "%llu cycles; the matrix unit starts a micro-op in %.1f %% of them",
           (unsigned long long)summary->cycles,
           100 * gemm_utilisation(summary));
  svg_text(out, 20, 42, SVG_START, line);
  svg_legend(out, 20, 56);
}

vtac_status plot_write(const char *path, const Summary *summary, Diag *diag) {
  Output out;
  if (!path) return VTAC_OK;
  if (summary->window.begin >= summary->window.end)
    return diag_set(diag, D_ARGUMENT,
                    "the plot is to begin in cycle %llu, the run has %llu",
                    (unsigned long long)summary->window.begin,
                    (unsigned long long)summary->cycles);
  vtac_status status = output_open(&out, path, diag);
  if (status) return status;
  svg_begin(&out, WIDTH, HEIGHT, summary->title);
  draw_title(&out, summary);
  draw_bands(&out, 100, summary);
  draw_bars(&out, 390, summary);
  draw_roofline(&out, 390, summary);
  svg_end(&out);
  return output_close(&out, diag);
}
