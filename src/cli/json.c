/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on standard output. */
#include "cli/json.h"

#include <stdio.h>

void json_text(const char *text) {
  putchar('"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20)
      printf("\\u%04x", c);
    else
      printf(c == '"' || c == '\\' ? "\\%c" : "%c", c);
  }
  putchar('"');
}
