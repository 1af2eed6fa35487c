/* SPDX-License-Identifier: Apache-2.0 */
/* Files that lie in device memory, as the command line names them. */
#ifndef CLI_RANGES_H
#define CLI_RANGES_H

#include "cli/cli.h"

enum { MOST_RANGES = 64 };

/* FILE@ADDRESS or FILE@ADDRESS+SIZE. */
typedef struct Range {
  char *path;
  uint64_t address;
  size_t size;
  char *bytes;
} Range;

typedef struct Ranges {
  size_t n;
  Range at[MOST_RANGES];
} Ranges;

/* Adds what `text` says, the argument of option `what`; false after a
 * complaint. */
bool ranges_add(Ranges *ranges, const char *what, const char *text,
                bool has_size);
/* Reads the files into images, which use the ranges' memory.  Returns -1, or
 * the exit status to end with. */
int ranges_read(Ranges *ranges, vtac_stream_image *ret);
void ranges_free(Ranges *ranges);

/* A number, decimal or hexadecimal behind 0x, up to the character `end`; the
 * text behind that goes to *ret_next. */
bool parse_address(const char *text, char end, uint64_t *ret,
                   const char **ret_next);

#endif
