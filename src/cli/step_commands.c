/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of vtac step: a table, and those that go on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/step.h"

/* ---- Going on ----------------------------------------------------------- */

static void show_end(const StepSession *session) {
  printf("the stream has ended: %zu instructions have run\n",
         vtac_stepper_ran(session->stepper));
}

/* Runs one instruction; false at the end or on a failure, which is told. */
static bool run_one(StepSession *session) {
  vtac_step step;
  vtac_error error;
  bool more = vtac_stepper_next(session->stepper, &step);
  if (!vtac_stepper_run(session->stepper, &error)) return true;
  if (!more && error.status == VTAC_INVALID) {
    show_end(session);
    return false;
  }
  int status = report(&error);
  if (!session->status) session->status = status;
  return false;
}

/* True, and told, if something is to be looked at before the next one runs. */
static bool stops(const StepSession *session) {
  int index = step_find_break(session);
  if (index >= 0) step_describe_break(session, index);
  return index >= 0;
}

static bool command_next(StepSession *session, const StepWords *words) {
  uint64_t times = 1;
  if (words->n > 1 && !step_number(words->word[1], &times)) return false;
  for (uint64_t i = 0; i < times; i++) {
    if (i && stops(session)) break;
    if (!run_one(session)) return true;
  }
  step_show_next(session);
  return true;
}

/* Does `until` end before this instruction? */
static bool is_reached(const StepWords *words, uint64_t value,
                       const vtac_step *step) {
  if (words->n == 3) return step->start >= value;
  return step->insn == value;
}

static bool command_until(StepSession *session, const StepWords *words) {
  vtac_step step;
  uint64_t value;
  bool cycle = words->n == 3 && !strcmp(words->word[1], "cycle");
  if (words->n != 2 && !cycle) {
    complain("until wants an instruction, or 'cycle' and a number");
    return false;
  }
  if (!step_number(words->word[words->n - 1], &value)) return false;
  bool more = vtac_stepper_next(session->stepper, &step);
  if (cycle && more && !step.timed) {
    complain("cycles are known with --sim tsim only");
    return false;
  }
  do {
    if (!run_one(session)) return true;
    more = vtac_stepper_next(session->stepper, &step);
  } while (more && !is_reached(words, value, &step) && !stops(session));
  step_show_next(session);
  return true;
}

static bool command_continue(StepSession *session, const StepWords *words) {
  (void)words;
  do {
    if (!run_one(session)) return true;
  } while (!stops(session));
  step_show_next(session);
  return true;
}

/* ---- Looking ------------------------------------------------------------ */

static bool command_tokens(StepSession *session, const StepWords *words) {
  (void)words;
  step_tokens(session);
  return true;
}

static bool command_queues(StepSession *session, const StepWords *words) {
  (void)words;
  step_queues(session);
  return true;
}

static bool command_where(StepSession *session, const StepWords *words) {
  (void)words;
  printf("%zu of %zu instructions have run\n",
         vtac_stepper_ran(session->stepper), session->count);
  step_show_next(session);
  return true;
}

static bool command_breakpoints(StepSession *session, const StepWords *words) {
  (void)words;
  step_list_breaks(session);
  return true;
}

static bool command_counters(StepSession *session, const StepWords *words) {
  uint64_t counters[VTAC_COUNTERS];
  (void)words;
  vtac_stepper_counters(session->stepper, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("%-16s %" PRIu64 "\n", vtac_counter_name(i), counters[i]);
  return true;
}

static bool command_list(StepSession *session, const StepWords *words) {
  return step_list(session, words);
}

static bool command_print(StepSession *session, const StepWords *words) {
  return step_print(session, words);
}

static bool command_quit(StepSession *session, const StepWords *words) {
  (void)words;
  return session->quit = true;
}

/* ---- The table ---------------------------------------------------------- */

static bool command_help(StepSession *session, const StepWords *words);

static const struct {
  const char *name, *words, *help;
  bool (*run)(StepSession *session, const StepWords *words);
} table[] = {
    {"quit", "", "leave", command_quit},
    {"next", "[N]", "run the next instruction, or N", command_next},
    {"until", "INSN", "run until an instruction is the next", command_until},
    {"until", "cycle N", "run until one starts in that cycle or later",
     command_until},
    {"continue", "", "run to a breakpoint or the end", command_continue},
    {"break", "INSN", "stop before an instruction", step_add_break},
    {"break", "UNIT", "stop before those of load, compute or store",
     step_add_break},
    {"break", "MEMORY A..B [read|write]",
     "stop before one that touches a range", step_add_break},
    {"delete", "[N]", "remove a breakpoint, or all", step_delete_break},
    {"breakpoints", "", "list them", command_breakpoints},
    {"where", "", "how far it is, and what is next", command_where},
    {"list", "[A..B]", "instructions; * have run, > is next", command_list},
    {"tokens", "", "tokens in the queues between units", command_tokens},
    {"queues", "", "what the units have before them", command_queues},
    {"print", "MEMORY A..B", "elements of uop, wgt, inp or acc", command_print},
    {"print", "dram A..B [int32]", "bytes of device memory, or words",
     command_print},
    {"counters", "", "work so far", command_counters},
    {"help", "", "this list", command_help},
};
enum { COMMANDS = sizeof table / sizeof *table };

static bool command_help(StepSession *session, const StepWords *words) {
  (void)session;
  (void)words;
  for (int i = 0; i < COMMANDS; i++) {
    char left[48];
    snprintf(left, sizeof left, "%s %s", table[i].name, table[i].words);
    printf("  %-34s %s\n", left, table[i].help);
  }
  puts(
      "A command may be cut short: the first in this list that begins so is "
      "meant.\n"
      "An empty line repeats the last one.  Numbers are decimal, or "
      "hexadecimal\n"
      "behind 0x.");
  return true;
}

/* The first command that begins with the word; -1 after a complaint. */
static int find(const char *word) {
  for (int i = 0; i < COMMANDS; i++)
    if (!strncmp(table[i].name, word, strlen(word))) return i;
  complain("there is no command '%s'; try 'help'", word);
  return -1;
}

void step_command(StepSession *session, char *line) {
  StepWords words = {0};
  char *word, *rest = line;
  while ((word = strsep(&rest, " \t\r")) && words.n < MOST_STEP_WORDS)
    if (*word) words.word[words.n++] = word;
  if (!words.n || *words.word[0] == '#') return;
  int command = find(words.word[0]);
  bool good = command >= 0 && table[command].run(session, &words);
  if (!good && !session->status) session->status = EXIT_USAGE;
}
