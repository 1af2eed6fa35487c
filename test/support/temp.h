/* SPDX-License-Identifier: Apache-2.0 */
/* Where tests put files: in TMPDIR, or else where all programs do. */
#ifndef TEST_SUPPORT_TEMP_H_
#define TEST_SUPPORT_TEMP_H_

#include <stdio.h>
#include <stdlib.h>

/* The name of a file there.  One that does not fit is cut, and then fails where
 * the file is made. */
static inline void temp_name(char *ret, size_t size, const char *file) {
  const char *dir = getenv("TMPDIR");
  snprintf(ret, size, "%s/%s", dir && *dir ? dir : "/tmp", file);
}

#endif
