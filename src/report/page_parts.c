/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the page's files.  The assembler finds them in this folder: the build
 * says where that is, and that this file depends on them. */
#include "report/page_parts.h"

#define PART(name, file)       \
  __asm__(                     \
      ".pushsection .rodata\n" \
      "vtac_page_" #name       \
      ":\n"                    \
      ".incbin \"" file        \
      "\"\n"                   \
      "vtac_page_" #name       \
      "_end:\n"                \
      ".popsection\n");        \
  extern const char vtac_page_##name[], vtac_page_##name##_end[];

PART(style, "report/page.css")
PART(body, "report/page.html")
PART(events, "report/page_events.js")
PART(drawing, "report/page_drawing.js")
PART(timeline, "report/page_timeline.js")
PART(lists, "report/page_lists.js")
PART(main, "report/page_main.js")

static PagePart between(const char *begin, const char *end) {
  return (PagePart){begin, (size_t)(end - begin)};
}

PagePart page_style(void) {
  return between(vtac_page_style, vtac_page_style_end);
}

PagePart page_body(void) { return between(vtac_page_body, vtac_page_body_end); }

PagePart page_script(int index) {
  switch (index) {
    case 0: return between(vtac_page_events, vtac_page_events_end);
    case 1: return between(vtac_page_drawing, vtac_page_drawing_end);
    case 2: return between(vtac_page_timeline, vtac_page_timeline_end);
    case 3: return between(vtac_page_lists, vtac_page_lists_end);
    default: return between(vtac_page_main, vtac_page_main_end);
  }
}
