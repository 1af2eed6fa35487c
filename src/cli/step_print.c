/* SPDX-License-Identifier: Apache-2.0 */
/* What vtac step prints: instructions, tokens, queues and memories. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/step.h"

/* ---- Instructions ------------------------------------------------------- */

void step_print_insn(const StepSession *session, size_t insn) {
  char *text = vtac_stream_disassemble(
      session->config, session->stream + insn * VTAC_INSN_BYTES, 1, NULL);
  printf("%6zu  %s", insn, text ? text : "?\n");
  free(text);
}

void step_show_next(const StepSession *session) {
  vtac_step step;
  if (!vtac_stepper_next(session->stepper, &step)) {
    puts("no instruction can run next");
    return;
  }
  if (step.timed) printf("[%" PRIu64 "..%" PRIu64 "] ", step.start, step.done);
  printf("%s ", vtac_unit_name(step.unit));
  step_print_insn(session, step.insn);
}

/* Instructions in program order; '*' marks those that have run, '>' the next
 * one. */
bool step_list(const StepSession *session, const StepWords *words) {
  enum { LINES = 10 };
  vtac_step step = {.insn = 0};
  bool more = vtac_stepper_next(session->stepper, &step);
  uint64_t first = step.insn > LINES / 2 ? step.insn - LINES / 2 : 0;
  uint64_t last;
  if (words->n > 1) {
    if (!step_range(words->word[1], &first, &last)) return false;
    if (!strstr(words->word[1], "..")) last = first + LINES - 1;
  } else {
    last = first + LINES - 1;
  }
  for (uint64_t i = first; i <= last && i < session->count; i++) {
    bool next = more && i == step.insn;
    putchar(next ? '>' : vtac_stepper_has_run(session->stepper, i) ? '*' : ' ');
    step_print_insn(session, (size_t)i);
  }
  return true;
}

/* ---- Tokens and queues -------------------------------------------------- */

void step_tokens(const StepSession *session) {
  const char *name;
  for (int i = 0; (name = vtac_token_name(i)); i++)
    printf("%s%s %" PRIu64, i ? "  " : "", name,
           vtac_stepper_tokens(session->stepper, i));
  puts("");
}

void step_queues(const StepSession *session) {
  vtac_step step = {.timed = 0};
  vtac_stepper_next(session->stepper, &step);
  for (int i = VTAC_UNIT_LOAD; i <= VTAC_UNIT_STORE; i++) {
    vtac_step_unit unit = vtac_stepper_unit(session->stepper, (vtac_unit)i);
    printf("%-8s%6zu left", vtac_unit_name(i), unit.left);
    if (step.timed) printf(", %zu in its queue", unit.queued);
    if (unit.lacks) printf(", waits for %s", unit.lacks);
    puts("");
    if (unit.left) step_print_insn(session, unit.next);
  }
}

/* ---- Memories ----------------------------------------------------------- */

static void print_lanes(const char *name, uint64_t element,
                        vtac_chip_shape shape, const int32_t *lanes) {
  char title[32];
  int width = snprintf(title, sizeof title, "%s[%" PRIu64 "]", name, element);
  for (int row = 0; row < shape.rows; row++) {
    printf("%-*s", width, row ? "" : title);
    for (int i = 0; i < shape.columns; i++)
      printf(" %5" PRId32, lanes[row * shape.columns + i]);
    puts("");
  }
}

static bool print_chip(const StepSession *session, int memory, uint64_t first,
                       uint64_t last) {
  const char *name = vtac_chip_memory_name(memory);
  vtac_chip_shape shape = vtac_stepper_shape(session->stepper, memory);
  if (last >= shape.elements) {
    complain("%s has the elements 0..%zu", name, shape.elements - 1);
    return false;
  }
  int32_t *lanes =
      malloc((size_t)shape.rows * (size_t)shape.columns * sizeof *lanes);
  if (!lanes) {
    complain("no memory left");
    return false;
  }
  for (uint64_t i = first; i <= last; i++) {
    vtac_stepper_element(session->stepper, memory, (size_t)i, lanes, NULL);
    print_lanes(name, i, shape, lanes);
  }
  free(lanes);
  return true;
}

static int32_t dram_value(const uint8_t *bytes, int size) {
  uint32_t value = 0;
  if (size == 1) return (int8_t)*bytes;
  for (int i = 0; i < size; i++) value |= (uint32_t)bytes[i] << 8 * i;
  return (int32_t)value;
}

/* Bytes, or little-endian words of `size` bytes, 16 bytes a line. */
static bool print_dram(const StepSession *session, uint64_t first,
                       uint64_t last, int size) {
  enum { LINE = 16 };
  vtac_error error;
  uint8_t bytes[LINE];
  for (uint64_t at = first; at <= last; at += LINE) {
    size_t n = last - at < LINE ? (size_t)(last - at + 1) : LINE;
    if (vtac_stepper_dram(session->stepper, at, n, bytes, &error)) {
      complain("%s", error.message);
      return false;
    }
    printf("0x%08" PRIx64, at);
    for (size_t i = 0; i + (size_t)size <= n; i += (size_t)size)
      printf(size == 1 ? " %4" PRId32 : " %11" PRId32,
             dram_value(bytes + i, size));
    puts("");
  }
  return true;
}

bool step_print(const StepSession *session, const StepWords *words) {
  static const char *const types[] = {"int8", "int32"};
  int memory = words->n > 1 ? step_memory(words->word[1]) : -2, type = 0;
  uint64_t first, last;
  if (memory == -2 || words->n < 3) {
    complain("print wants uop, wgt, inp, acc or dram, and a range");
    return false;
  }
  if (!step_range(words->word[2], &first, &last)) return false;
  if (memory != VTAC_DRAM) return print_chip(session, memory, first, last);
  if (words->n > 3) type = parse_choice("print", words->word[3], 2, types);
  return type >= 0 && print_dram(session, first, last, type ? 4 : 1);
}
