/* SPDX-License-Identifier: Apache-2.0 */
/* The roofline (Williams, Waterman and Patterson, 2009): operations a cycle
 * that runs reach over their operations a byte, below what the matrix unit
 * and the memory allow. */
#ifndef REPORT_ROOFLINE_H
#define REPORT_ROOFLINE_H

#include "report/summary.h"
#include "report/svg.h"

/* Labels of limits are formats for their number. */
typedef struct Roofline {
  double peak;      /* operations a cycle, a multiply-add being two */
  double bandwidth; /* bytes a cycle that memory delivers */
  double outer;     /* the same of the next memory out, or 0 */
  const char *x_label, *y_label;
  const char *peak_label, *bandwidth_label, *outer_label;
} Roofline;

typedef struct RooflinePoint {
  const char *name;
  double operations, bytes, cycles;
} RooflinePoint;

Roofline roofline_machine(const HwConfig *config);
/* The machine of a recording, and its runs together as one point: bytes are
 * all that was read from memory, instructions included. */
void roofline_of(const Summary *summary, Roofline *ret,
                 RooflinePoint *ret_point);

/* Draws it into the box with n points and their names. */
void roofline_draw(Output *out, SvgBox box, const Roofline *roofline,
                   const RooflinePoint *points, int n);

#endif
