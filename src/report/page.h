/* SPDX-License-Identifier: Apache-2.0 */
/* The report: one HTML page that holds all it needs, written while the run is
 * timed.
 *
 * Events stand in the page as bytes in base64.  A byte below 0x80 is a span,
 * any other one says what follows (see PageTag); numbers are LEB128, those
 * that may be negative in zigzag order.
 *
 *   span     unit * TSIM_CAUSES + cause; its length.  It begins where the
 *            unit's last one ended.
 *   RUN      the number of its instructions, then these, 16 bytes each.
 *            Instructions are counted through all runs.
 *   INSN     | unit; number, start - the end of the unit's last one, start -
 *            visible, end - start, line of the program or 0
 *   POST,    | token; the instruction's number, cycle - that of the last
 *   TAKE     token event
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/event.h"
#include "report/output.h"
#include "report/summary.h"

typedef enum PageTag {
  PAGE_INSN = 0x80,
  PAGE_POST = 0x90,
  PAGE_TAKE = 0xA0,
  PAGE_RUN = 0xB0
} PageTag;

typedef struct Page {
  Output out;
  const HwConfig *config;
  uint64_t end[TSIM_UNITS]; /* of each unit's last instruction */
  uint64_t token_at;        /* of the last token event */
  uint64_t first;           /* the number of the run's first instruction */
  uint32_t count;           /* its instructions */
} Page;

vtac_status page_open(Page *page, const HwConfig *config, const char *path,
                      const char *title, Diag *diag);
void page_run(Page *page, const Insn *insns, uint32_t count);
void page_span(Page *page, const TsimSpan *span);
void page_insn(Page *page, const InsnEvent *insn);
void page_token(Page *page, const TokenEvent *token);
/* Writes tables, program and scripts. */
vtac_status page_close(Page *page, const Summary *summary, Diag *diag);

#endif
