/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's scripts know about the machine, the run and the program: one
 * JSON object. */
#ifndef REPORT_PAGE_TABLES_H
#define REPORT_PAGE_TABLES_H

#include "report/output.h"
#include "report/summary.h"

void page_tables(Output *out, const Summary *summary);

#endif
