/* SPDX-License-Identifier: Apache-2.0 */
/* The page's own files (page.html, page.css, page_*.js), which the build puts
 * into the library. */
#ifndef REPORT_PAGE_PARTS_H
#define REPORT_PAGE_PARTS_H

#include <stddef.h>

typedef struct PagePart {
  const char *bytes;
  size_t size;
} PagePart;

enum { PAGE_SCRIPTS = 5 };

PagePart page_style(void);
PagePart page_body(void);
PagePart page_script(int index); /* in the order in which they are to stand */

#endif
