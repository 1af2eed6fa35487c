/* SPDX-License-Identifier: Apache-2.0 */
/* The session of vtac step: what its commands share. */
#ifndef CLI_STEP_H
#define CLI_STEP_H

#include "cli/cli.h"

enum { MOST_BREAKPOINTS = 64, MOST_STEP_WORDS = 8 };

/* Stops before an instruction that it matches. */
typedef struct Breakpoint {
  enum { BREAK_FREE, BREAK_INSN, BREAK_UNIT, BREAK_TOUCH } kind;
  size_t insn;
  vtac_unit unit;
  vtac_touch_range range;
} Breakpoint;

typedef struct StepSession {
  const vtac_config *config;
  const uint8_t *stream;
  size_t count;
  vtac_stepper *stepper;
  Breakpoint breakpoint[MOST_BREAKPOINTS];
  int status; /* the exit status: that of the first failure */
  bool quit;
} StepSession;

/* The words of a command line, its name first. */
typedef struct StepWords {
  int n;
  char *word[MOST_STEP_WORDS];
} StepWords;

/* Runs one command line, which is taken to pieces. */
void step_command(StepSession *session, char *line);
/* The instruction that runs next, or that there is none. */
void step_show_next(const StepSession *session);

/* step_break.c: the breakpoint that the next instruction matches, or -1; the
 * commands break and delete, and the list. */
int step_find_break(const StepSession *session);
void step_describe_break(const StepSession *session, int index);
bool step_add_break(StepSession *session, const StepWords *words);
bool step_delete_break(StepSession *session, const StepWords *words);
void step_list_breaks(const StepSession *session);

/* step_print.c: an instruction's line of text, and what the commands print. */
void step_print_insn(const StepSession *session, size_t insn);
bool step_list(const StepSession *session, const StepWords *words);
void step_tokens(const StepSession *session);
void step_queues(const StepSession *session);
bool step_print(const StepSession *session, const StepWords *words);

/* A number, decimal or hexadecimal behind 0x, or a complaint and false. */
bool step_number(const char *text, uint64_t *ret);
/* "A" or "A..B", both included. */
bool step_range(const char *text, uint64_t *ret_first, uint64_t *ret_last);
/* load, compute or store; -1 for another word. */
int step_unit(const char *text);
/* A memory on chip, VTAC_DRAM, or -2 for another word. */
int step_memory(const char *text);

#endif
