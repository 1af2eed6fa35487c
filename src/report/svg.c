/* SPDX-License-Identifier: Apache-2.0 */
/* Writes SVG.  Ink is currentColor, so that a page may choose it; a file of
 * its own says black on white. */
#include "report/svg.h"

#include <math.h>
#include <stdlib.h>

/* What fills a group's boxes: tiles of 6 by 6 that a printer can keep apart.
 * Work is solid, start and drain are empty. */
static const char *const patterns[GROUPS] = {
    [GROUP_WORK] = "<rect width=\"6\" height=\"6\" fill=\"currentColor\"/>",
    [GROUP_TOKEN] =
        "<path d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\" "
        "stroke=\"currentColor\" stroke-width=\"1\"/>",
    [GROUP_MEMORY] =
        "<circle cx=\"1.5\" cy=\"1.5\" r=\"0.9\" "
        "fill=\"currentColor\"/><circle cx=\"4.5\" cy=\"4.5\" "
        "r=\"0.9\" fill=\"currentColor\"/>",
    [GROUP_INSN] =
        "<path d=\"M0 1.5H6M0 4.5H6\" stroke=\"currentColor\" "
        "stroke-width=\"0.6\"/>",
    [GROUP_STEP] = "",
};

/* Two digits behind the point, without zeros at the end. */
static void put_number(Output *out, double value) {
  const long hundredths = lround(value * 100);
  const long whole = labs(hundredths) / 100, rest = labs(hundredths) % 100;
  output_printf(out, "%s%ld", hundredths < 0 ? "-" : "", whole);
  if (rest % 10)
    output_printf(out, ".%02ld", rest);
  else if (rest)
    output_printf(out, ".%ld", rest / 10);
}

static void put(Output *out, const char *name, double value) {
  output_printf(out, " %s=\"", name);
  put_number(out, value);
  output_text(out, "\"");
}

static void put_box(Output *out, SvgBox box) {
  put(out, "x", box.x);
  put(out, "y", box.y);
  put(out, "width", box.width);
  put(out, "height", box.height);
}

static void write_patterns(Output *out) {
  output_text(out, "<defs>\n");
  for (int group = 0; group < GROUPS; group++)
    output_printf(out,
                  "<pattern id=\"group%d\" width=\"6\" height=\"6\" "
                  "patternUnits=\"userSpaceOnUse\">%s</pattern>\n",
                  group, patterns[group]);
  output_text(out, "</defs>\n");
}

static void write_head(Output *out, double width, double height,
                       const char *title, const char *attributes) {
  output_text(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
  put(out, "width", width);
  put(out, "height", height);
  output_printf(out,
                " viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" "
                "font-size=\"11\"%s>\n<title>",
                width, height, attributes);
  output_escaped(out, title);
  output_text(out, "</title>\n");
}

void svg_begin(Output *out, double width, double height, const char *title) {
  write_head(out, width, height, title, " color=\"black\"");
  write_patterns(out);
  output_text(out, "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
}

void svg_begin_inline(Output *out, double width, double height,
                      const char *title) {
  write_head(out, width, height, title, "");
}

void svg_end(Output *out) { output_text(out, "</svg>\n"); }

void svg_group_begin(Output *out) { output_text(out, "<path d=\""); }

void svg_group_box(Output *out, SvgBox box) {
  output_text(out, "M");
  put_number(out, box.x);
  output_text(out, " ");
  put_number(out, box.y);
  output_text(out, "h");
  put_number(out, box.width);
  output_text(out, "v");
  put_number(out, box.height);
  output_text(out, "h");
  put_number(out, -box.width);
  output_text(out, "z");
}

void svg_group_end(Output *out, Group group) {
  output_printf(out, "\" fill=\"url(#group%d)\"/>\n", (int)group);
}

void svg_frame(Output *out, SvgBox box) {
  output_text(out, "<rect");
  put_box(out, box);
  output_text(out,
              " fill=\"none\" stroke=\"currentColor\" "
              "stroke-width=\"0.75\"/>\n");
}

void svg_line(Output *out, double x0, double y0, double x1, double y1,
              SvgLine style) {
  static const char *const styles[] = {
      [SVG_AXIS] = "stroke-width=\"1\"",
      [SVG_GRID] = "stroke-width=\"0.5\" stroke-opacity=\"0.3\"",
      [SVG_ROOF] = "stroke-width=\"2\"",
  };
  output_text(out, "<line");
  put(out, "x1", x0);
  put(out, "y1", y0);
  put(out, "x2", x1);
  put(out, "y2", y1);
  output_printf(out, " stroke=\"currentColor\" %s/>\n", styles[style]);
}

static void write_text(Output *out, double x, double y, const char *attributes,
                       const char *text) {
  output_text(out, "<text");
  put(out, "x", x);
  put(out, "y", y);
  output_printf(out, " fill=\"currentColor\"%s>", attributes);
  output_escaped(out, text);
  output_text(out, "</text>\n");
}

void svg_text(Output *out, double x, double y, SvgAnchor anchor,
              const char *text) {
  static const char *const anchors[] = {
      [SVG_START] = "",
      [SVG_MIDDLE] = " text-anchor=\"middle\"",
      [SVG_END] = " text-anchor=\"end\"",
  };
  write_text(out, x, y, anchors[anchor], text);
}

void svg_heading(Output *out, double x, double y, const char *text) {
  write_text(out, x, y, " font-weight=\"bold\" font-size=\"13\"", text);
}

void svg_dot(Output *out, double x, double y) {
  output_text(out, "<circle");
  put(out, "cx", x);
  put(out, "cy", y);
  output_text(out, " r=\"4\" fill=\"currentColor\"/>\n");
}

void svg_legend(Output *out, double x, double y) {
  static const double places[GROUPS] = {0, 70, 205, 345, 510};
  for (int group = 0; group < GROUPS; group++) {
    const SvgBox box = {x + places[group], y, 22, 12};
    svg_group_begin(out);
    svg_group_box(out, box);
    svg_group_end(out, (Group)group);
    svg_frame(out, box);
    svg_text(out, box.x + 28, y + 10, SVG_START, group_rows[group].name);
  }
}
