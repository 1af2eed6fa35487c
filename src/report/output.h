/* SPDX-License-Identifier: Apache-2.0 */
/* Output: a file that grows piece by piece.  The first failure is kept, and
 * what is written after it goes nowhere, so that one check at the end is
 * enough. */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/diag.h"

typedef struct Output {
  FILE *file; /* NULL: nothing is wanted */
  char *path;
  int error;          /* errno of the first failure, or 0 */
  uint8_t pending[3]; /* of output_base64 */
  int pendings;
} Output;

/* Opens, or leaves the output closed where `path` is NULL. */
vtac_status output_open(Output *out, const char *path, Diag *diag);
/* Closes, and says whether everything has arrived. */
vtac_status output_close(Output *out, Diag *diag);

void output_text(Output *out, const char *text);
void output_bytes(Output *out, const void *bytes, size_t size);
void output_printf(Output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; safe inside a script element, too.  Bytes
 * that are no UTF-8 become U+FFFD. */
void output_json(Output *out, const char *text);
/* Text inside an element or an attribute of HTML or SVG. */
void output_escaped(Output *out, const char *text);
/* Bytes as base64; the last group waits for output_base64_end. */
void output_base64(Output *out, const void *bytes, size_t size);
void output_base64_end(Output *out);

#endif
