/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of SVG: black ink on white, fillings that differ without colour. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "report/groups.h"
#include "report/output.h"

typedef struct SvgBox {
  double x, y, width, height;
} SvgBox;

typedef enum SvgAnchor { SVG_START, SVG_MIDDLE, SVG_END } SvgAnchor;

typedef enum SvgLine { SVG_AXIS, SVG_GRID, SVG_ROOF } SvgLine;

/* The file's head, with a title for those who cannot see it, and its end. */
void svg_begin(Output *out, double width, double height, const char *title);
void svg_end(Output *out);
/* The same inside a page, whose ink and paper it takes; patterns are the
 * page's matter. */
void svg_begin_inline(Output *out, double width, double height,
                      const char *title);

/* Boxes with the pattern of a group: any number between begin and end. */
void svg_group_begin(Output *out);
void svg_group_box(Output *out, SvgBox box);
void svg_group_end(Output *out, Group group);
/* A box without filling. */
void svg_frame(Output *out, SvgBox box);
void svg_line(Output *out, double x0, double y0, double x1, double y1,
              SvgLine style);
void svg_text(Output *out, double x, double y, SvgAnchor anchor,
              const char *text);
void svg_heading(Output *out, double x, double y, const char *text);
void svg_dot(Output *out, double x, double y);

/* What every group's pattern means, side by side from (x, y). */
void svg_legend(Output *out, double x, double y);

#endif
