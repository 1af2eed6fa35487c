/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of files and commands, and comparing them. */
#include "support/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <cmocka.h>

static char *read_stream(FILE *stream) {
  size_t size = 0, capacity = 1 << 16;
  char *text = malloc(capacity);
  for (;;) {
    size_t n = fread(text + size, 1, capacity - size - 1, stream);
    size += n;
    if (n == 0) break;
    if (size + 1 == capacity) text = realloc(text, capacity *= 2);
  }
  text[size] = '\0';
  return text;
}

char *read_whole_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *text = read_stream(file);
  fclose(file);
  return text;
}

char *command_output(const char *command, int *ret_status) {
  fflush(stdout);
  FILE *pipe = popen(command, "r");
  if (!pipe) abort();
  char *text = read_stream(pipe);
  int status = pclose(pipe);
  *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return text;
}

void mask_addresses(char *text) {
  static const char before[] = "DRAM: 0x";
  while ((text = strstr(text, before))) {
    text += sizeof before - 1;
    while (isxdigit((unsigned char)*text)) *text++ = '?';
  }
}

void assert_texts_equal(const char *have, const char *want) {
  int line = 1;
  const char *h = have, *w = want; /* the line's start */
  while (*have && *have == *want) {
    if (*have++ == '\n') {
      line++;
      h = have;
      w = want + 1;
    }
    want++;
  }
  if (*have || *want)
    fail_msg("line %d\n  have %.*s\n  want %.*s", line, (int)strcspn(h, "\n"),
             h, (int)strcspn(w, "\n"), w);
}
