/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints of vtac step: on an instruction, a unit or a memory range. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ranges.h"
#include "cli/step.h"

/* ---- Words -------------------------------------------------------------- */

bool step_number(const char *text, uint64_t *ret) {
  const char *rest;
  if (parse_address(text, '\0', ret, &rest)) return true;
  complain("'%s' is no number", text);
  return false;
}

bool step_range(const char *text, uint64_t *ret_first, uint64_t *ret_last) {
  char copy[64];
  snprintf(copy, sizeof copy, "%s", text);
  char *dots = strstr(copy, "..");
  if (dots) *dots = '\0';
  if (!step_number(copy, ret_first)) return false;
  *ret_last = *ret_first;
  if (dots && !step_number(dots + 2, ret_last)) return false;
  if (*ret_last >= *ret_first) return true;
  complain("'%s' ends before it begins", text);
  return false;
}

int step_unit(const char *text) {
  for (int unit = VTAC_UNIT_LOAD; unit <= VTAC_UNIT_STORE; unit++)
    if (!strcmp(text, vtac_unit_name(unit))) return unit;
  return -1;
}

int step_memory(const char *text) {
  if (!strcmp(text, "dram")) return VTAC_DRAM;
  for (int i = 0; vtac_chip_memory_name(i); i++)
    if (!strcmp(text, vtac_chip_memory_name(i))) return i;
  return -2;
}

/* ---- Meeting ------------------------------------------------------------ */

static bool matches(const StepSession *session, const Breakpoint *at,
                    const vtac_step *step) {
  switch (at->kind) {
    case BREAK_FREE: return false;
    case BREAK_INSN: return step->insn == at->insn;
    case BREAK_UNIT: return step->unit == at->unit;
    case BREAK_TOUCH: return vtac_stepper_touches(session->stepper, &at->range);
  }
  return false;
}

int step_find_break(const StepSession *session) {
  vtac_step step;
  if (!vtac_stepper_next(session->stepper, &step)) return -1;
  for (int i = 0; i < MOST_BREAKPOINTS; i++)
    if (matches(session, &session->breakpoint[i], &step)) return i;
  return -1;
}

/* ---- Showing ------------------------------------------------------------ */

static void describe_range(const vtac_touch_range *range) {
  static const char *const how[] = {"", " read", " write", ""};
  if (range->memory == VTAC_DRAM)
    printf("dram 0x%" PRIx64 "..0x%" PRIx64 "%s\n", range->first, range->last,
           how[range->how]);
  else
    printf("%s %" PRIu64 "..%" PRIu64 "%s\n",
           vtac_chip_memory_name(range->memory), range->first, range->last,
           how[range->how]);
}

void step_describe_break(const StepSession *session, int index) {
  const Breakpoint *at = &session->breakpoint[index];
  printf("breakpoint %d: ", index + 1);
  if (at->kind == BREAK_INSN) printf("instruction %zu\n", at->insn);
  if (at->kind == BREAK_UNIT) puts(vtac_unit_name(at->unit));
  if (at->kind == BREAK_TOUCH) describe_range(&at->range);
}

void step_list_breaks(const StepSession *session) {
  int n = 0;
  for (int i = 0; i < MOST_BREAKPOINTS; i++) {
    if (session->breakpoint[i].kind == BREAK_FREE) continue;
    step_describe_break(session, i);
    n++;
  }
  if (!n) puts("no breakpoints");
}

/* ---- Commands ----------------------------------------------------------- */

static bool parse_touch(const StepWords *words, int memory, Breakpoint *ret) {
  vtac_touch_range range = {.memory = memory, .how = 3};
  if (words->n < 3) {
    complain("break %s needs a range, as in '%s 0..15'", words->word[1],
             words->word[1]);
    return false;
  }
  if (!step_range(words->word[2], &range.first, &range.last)) return false;
  if (words->n > 3) {
    static const char *const names[] = {"read", "write"};
    int how = parse_choice("break", words->word[3], 2, names);
    if (how < 0) return false;
    range.how = how ? VTAC_TOUCH_WRITE : VTAC_TOUCH_READ;
  }
  *ret = (Breakpoint){.kind = BREAK_TOUCH, .range = range};
  return true;
}

static bool parse_insn(const StepSession *session, const char *text,
                       Breakpoint *ret) {
  uint64_t insn;
  if (!step_number(text, &insn)) return false;
  if (insn >= session->count) {
    complain("there is no instruction %" PRIu64 " of %zu", insn,
             session->count);
    return false;
  }
  *ret = (Breakpoint){.kind = BREAK_INSN, .insn = (size_t)insn};
  return true;
}

static bool parse_break(const StepSession *session, const StepWords *words,
                        Breakpoint *ret) {
  const char *what = words->n > 1 ? words->word[1] : "";
  int unit = step_unit(what), memory = step_memory(what);
  if (memory != -2) return parse_touch(words, memory, ret);
  if (words->n != 2) {
    complain("break wants an instruction, a unit, or a memory and a range");
    return false;
  }
  if (unit < 0) return parse_insn(session, what, ret);
  *ret = (Breakpoint){.kind = BREAK_UNIT, .unit = (vtac_unit)unit};
  return true;
}

bool step_add_break(StepSession *session, const StepWords *words) {
  int free_place = 0;
  Breakpoint added;
  if (!parse_break(session, words, &added)) return false;
  while (free_place < MOST_BREAKPOINTS &&
         session->breakpoint[free_place].kind != BREAK_FREE)
    free_place++;
  if (free_place == MOST_BREAKPOINTS) {
    complain("at most %d breakpoints are possible", MOST_BREAKPOINTS);
    return false;
  }
  session->breakpoint[free_place] = added;
  step_describe_break(session, free_place);
  return true;
}

bool step_delete_break(StepSession *session, const StepWords *words) {
  uint64_t number;
  if (words->n == 1) {
    memset(session->breakpoint, 0, sizeof session->breakpoint);
    return true;
  }
  if (!step_number(words->word[1], &number)) return false;
  if (number < 1 || number > MOST_BREAKPOINTS ||
      session->breakpoint[number - 1].kind == BREAK_FREE) {
    complain("there is no breakpoint %" PRIu64, number);
    return false;
  }
  session->breakpoint[number - 1] = (Breakpoint){.kind = BREAK_FREE};
  return true;
}
