/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files; "-" is standard input or output.  Failures are complained
 * about. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The file's bytes and a 0 behind them, to be freed; NULL on failure. */
char *input_read(const char *path, size_t *ret_size);
bool output_write(const char *path, const void *bytes, size_t size);

#endif
