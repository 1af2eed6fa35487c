/* SPDX-License-Identifier: Apache-2.0 */
/* Replays error/cases.txt against the command in $VTAC: each command line
 * must end with the exact exit status and text on standard error.
 *
 *   $ a line for the shell, in which `vtac` is the command
 *   = its exit status
 *   ! a line of standard error; there are as many as the command prints
 *
 * All other lines are comments.  Standard output goes nowhere unless the line
 * says otherwise. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/text.h"

typedef struct Case {
  const char *line;
  int status, at; /* where in the file */
  char want[4096];
} Case;

typedef struct Tally {
  int passed, failed;
} Tally;

static void run_case(Tally *tally, const Case *c) {
  char command[4096];
  int status;
  if (!c->line) return;
  snprintf(command, sizeof command,
           "vtac() { \"$VTAC\" \"$@\"; }; { %s\n} 2>&1 >/dev/null </dev/null",
           c->line);
  char *have = command_output(command, &status);
  bool right = status == c->status && !strcmp(have, c->want);
  tally->passed += right;
  tally->failed += !right;
  if (!right)
    printf("FAIL cases.txt:%d: %s\nhave %d\n%swant %d\n%s\n", c->at, c->line,
           status, have, c->status, c->want);
  free(have);
}

static void add_line(Case *c, const char *text) {
  size_t length = strlen(c->want);
  snprintf(c->want + length, sizeof c->want - length, "%s\n", text);
}

static void run_cases(Tally *tally, char *text) {
  Case c = {.line = NULL};
  char *line;
  for (int at = 1; (line = strsep(&text, "\n")); at++) {
    bool marked = *line && line[1] == ' ';
    if (marked && *line == '$') {
      run_case(tally, &c);
      c = (Case){.line = line + 2, .at = at};
    } else if (marked && *line == '=') {
      c.status = atoi(line + 2);
    } else if (*line == '!') {
      add_line(&c, line[1] ? line + 2 : "");
    }
  }
  run_case(tally, &c);
}

int main(void) {
  Tally tally = {0, 0};
  char *text = read_whole_file("error/cases.txt");
  if (!text || !getenv("VTAC")) {
    fprintf(stderr,
            "run this in the folder test, with VTAC in the "
            "environment\n");
    return 2;
  }
  setenv("LC_ALL", "C", 1);
  run_cases(&tally, text);
  free(text);
  printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed || !tally.passed;
}
