/* SPDX-License-Identifier: Apache-2.0 */
/* Files that lie in device memory, as the command line names them. */
#include "cli/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/files.h"

bool parse_address(const char *text, char end, uint64_t *ret,
                   const char **ret_next) {
  char *stop;
  if (*text < '0' || *text > '9') return false;
  errno = 0;
  *ret = strtoull(text, &stop, text[1] == 'x' ? 16 : 10);
  if (errno || *stop != end) return false;
  *ret_next = stop + (end != '\0');
  return true;
}

static bool parse_range(const char *what, const char *text, bool has_size,
                        Range *ret) {
  const char *at = strrchr(text, '@'), *rest = at ? at + 1 : text;
  uint64_t size = 0;
  bool good = at && at > text &&
              parse_address(rest, has_size ? '+' : '\0', &ret->address, &rest);
  if (good && has_size) good = parse_address(rest, '\0', &size, &rest);
  if (!good) {
    complain("%s: '%s' is not FILE@ADDRESS%s", what, text,
             has_size ? "+SIZE" : "");
    return false;
  }
  if (size > UINT32_MAX) {
    complain("%s: %llu bytes are more than device memory has", what,
             (unsigned long long)size);
    return false;
  }
  ret->size = (size_t)size;
  ret->path = strndup(text, (size_t)(at - text));
  return ret->path != NULL;
}

bool ranges_add(Ranges *ranges, const char *what, const char *text,
                bool has_size) {
  if (ranges->n == MOST_RANGES) {
    complain("%s: at most %d are possible", what, MOST_RANGES);
    return false;
  }
  if (!parse_range(what, text, has_size, &ranges->at[ranges->n])) return false;
  ranges->n++;
  return true;
}

int ranges_read(Ranges *ranges, vtac_stream_image *ret) {
  for (size_t i = 0; i < ranges->n; i++) {
    Range *range = &ranges->at[i];
    range->bytes = input_read(range->path, &range->size);
    if (!range->bytes) return EXIT_ENVIRONMENT;
    ret[i] = (vtac_stream_image){range->address, range->bytes, range->size};
  }
  return -1;
}

void ranges_free(Ranges *ranges) {
  for (size_t i = 0; i < ranges->n; i++) {
    free(ranges->at[i].path);
    free(ranges->at[i].bytes);
  }
}
