/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts as tables for people and as JSON for programs. */
#include "cli/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"

enum { TITLE = 26 }; /* columns */

/* ---- Sums --------------------------------------------------------------- */

typedef struct Part {
  const vtac_profile *profile;
  vtac_scope scope;
  int index;
} Part;

static uint64_t spent(Part part, int unit, int cause) {
  return vtac_profile_spent(part.profile, part.scope, part.index,
                            (vtac_unit)unit, (vtac_cause)cause);
}

static uint64_t all_causes(Part part, int unit) {
  uint64_t sum = 0;
  for (int cause = 0; cause < VTAC_CAUSES; cause++)
    sum += spent(part, unit, cause);
  return sum;
}

static bool is_empty(Part part) {
  for (int unit = 0; unit < VTAC_UNITS; unit++)
    if (all_causes(part, unit)) return false;
  return true;
}

/* ---- The call of a line ------------------------------------------------- */

/* The word behind `mark` in the line, up to one of `ends`. */
static bool word_behind(const char *line, size_t length, const char *mark,
                        const char *ends, char *ret, size_t size) {
  const char *at = strstr(line, mark);
  if (!at || at + strlen(mark) > line + length) return false;
  at += strlen(mark);
  snprintf(ret, size, "%.*s", (int)strcspn(at, ends), at);
  return true;
}

void account_call(const vtac_profile *profile, int line, char *ret,
                  size_t size) {
  const char *text = vtac_profile_text(profile);
  while (text && --line > 0) {
    text = strchr(text, '\n');
    text += text != NULL;
  }
  size_t length = text ? strcspn(text, "\n") : 0;
  snprintf(ret, size, "%s", "?");
  if (length && !word_behind(text, length, "call_extern(\"", "\"", ret, size) &&
      !word_behind(text, length, "_scope\" = \"", "\"", ret, size))
    word_behind(text, length, "@tir.vta.", "(", ret, size);
}

/* ---- Text --------------------------------------------------------------- */

static void print_causes(const vtac_profile *profile) {
  const Part run = {profile, VTAC_SCOPE_RUN, 0};
  printf("%-20s", "cycles spent on");
  for (int unit = 0; unit < VTAC_UNITS; unit++)
    printf("%12s", vtac_unit_name(unit));
  puts("");
  for (int cause = 0; cause < VTAC_CAUSES; cause++) {
    uint64_t sum = 0;
    for (int unit = 0; unit < VTAC_UNITS; unit++)
      sum += spent(run, unit, cause);
    if (!sum) continue;
    printf("%-20s", vtac_cause_name(cause, NULL));
    for (int unit = 0; unit < VTAC_UNITS; unit++)
      printf("%12" PRIu64, spent(run, unit, cause));
    puts("");
  }
  printf("%-20s", "all");
  for (int unit = 0; unit < VTAC_UNITS; unit++)
    printf("%12" PRIu64, all_causes(run, unit));
  puts("");
}

/* Cycles at work and others, of load, compute and store. */
static void print_units(Part part) {
  for (int unit = VTAC_UNIT_LOAD; unit <= VTAC_UNIT_STORE; unit++) {
    uint64_t work = spent(part, unit, VTAC_CAUSE_WORK);
    printf(" %8" PRIu64 " %8" PRIu64, work, all_causes(part, unit) - work);
  }
  puts("");
}

static void print_units_head(const char *title) {
  printf("\n%-*s", TITLE, "");
  for (int unit = VTAC_UNIT_LOAD; unit <= VTAC_UNIT_STORE; unit++)
    printf(" %8s %8s", vtac_unit_name(unit), "");
  printf("\n%-*s", TITLE, title);
  for (int unit = VTAC_UNIT_LOAD; unit <= VTAC_UNIT_STORE; unit++)
    printf(" %8s %8s", "work", "other");
  puts("");
}

static void print_stages(const vtac_profile *profile) {
  const char *name;
  print_units_head("by stage");
  for (int i = 0; (name = vtac_profile_stage(profile, i)); i++) {
    printf("%-*s", TITLE, name);
    print_units((Part){profile, VTAC_SCOPE_STAGE, i});
  }
  printf("%-*s", TITLE, "(no stage)");
  print_units((Part){profile, VTAC_SCOPE_STAGE, -1});
}

static void print_row(int line, int depth, const char *what, Part part) {
  printf("%4d %*s%-*s", line, depth, "", TITLE - 5 - depth, what);
  print_units(part);
}

static int depth_of(const vtac_profile *profile, int loop) {
  vtac_site_loop info;
  int depth = 0;
  while (vtac_profile_loop(profile, loop, &info)) {
    loop = info.parent;
    depth++;
  }
  return depth;
}

/* Loops whose lines come before `line`, from *next on. */
static void print_loops_before(const vtac_profile *profile, int *next,
                               int line) {
  vtac_site_loop loop;
  for (; vtac_profile_loop(profile, *next, &loop) && loop.line < line;
       ++*next) {
    char what[64];
    const Part part = {profile, VTAC_SCOPE_LOOP, *next};
    snprintf(what, sizeof what, "for %s", loop.name);
    if (!is_empty(part))
      print_row(loop.line, depth_of(profile, loop.parent), what, part);
  }
}

static void print_lines(const vtac_profile *profile) {
  vtac_site site;
  int next_loop = 0;
  print_units_head("by line");
  for (int i = 1; vtac_profile_site(profile, i, &site); i++) {
    char what[64];
    const Part part = {profile, VTAC_SCOPE_SITE, i};
    print_loops_before(profile, &next_loop, site.line);
    account_call(profile, site.line, what, sizeof what);
    if (!is_empty(part))
      print_row(site.line, depth_of(profile, site.loop), what, part);
  }
}

void account_text(const vtac_profile *profile) {
  print_causes(profile);
  if (!*vtac_profile_text(profile)) return;
  print_stages(profile);
  print_lines(profile);
}

/* ---- JSON --------------------------------------------------------------- */

/* {"load": {"work": 3, ...}, ...}; what is 0 is left out. */
static void json_units(Part part) {
  const char *unit_comma = "";
  printf("\"units\": {");
  for (int unit = 0; unit < VTAC_UNITS; unit++) {
    const char *comma = "";
    if (!all_causes(part, unit)) continue;
    printf("%s\"%s\": {", unit_comma, vtac_unit_name(unit));
    unit_comma = ", ";
    for (int cause = 0; cause < VTAC_CAUSES; cause++) {
      uint64_t cycles = spent(part, unit, cause);
      if (!cycles) continue;
      printf("%s\"%s\": %" PRIu64, comma, vtac_cause_name(cause, NULL), cycles);
      comma = ", ";
    }
    printf("}");
  }
  printf("}");
}

static void json_stages(const vtac_profile *profile) {
  const char *name;
  printf(",\n \"stages\": [");
  for (int i = 0; (name = vtac_profile_stage(profile, i)); i++) {
    printf("%s\n  {\"stage\": ", i ? "," : "");
    json_text(name);
    printf(", ");
    json_units((Part){profile, VTAC_SCOPE_STAGE, i});
    printf("}");
  }
  printf("]");
}

static void json_loops(const vtac_profile *profile) {
  vtac_site_loop loop;
  printf(",\n \"loops\": [");
  for (int i = 0; vtac_profile_loop(profile, i, &loop); i++) {
    printf("%s\n  {\"loop\": %d, \"parent\": %d, \"line\": %d, \"name\": ",
           i ? "," : "", i, loop.parent, loop.line);
    json_text(loop.name);
    printf(", ");
    json_units((Part){profile, VTAC_SCOPE_LOOP, i});
    printf("}");
  }
  printf("]");
}

static void json_lines(const vtac_profile *profile) {
  vtac_site site;
  printf(",\n \"lines\": [");
  for (int i = 1; vtac_profile_site(profile, i, &site); i++) {
    char call[64];
    account_call(profile, site.line, call, sizeof call);
    printf("%s\n  {\"line\": %d, \"loop\": %d, \"insns\": %" PRIu64
           ", \"call\": ",
           i > 1 ? "," : "", site.line, site.loop, site.insns);
    json_text(call);
    printf(", \"stage\": ");
    json_text(site.stage_name);
    printf(", ");
    json_units((Part){profile, VTAC_SCOPE_SITE, i});
    printf("}");
  }
  printf("]");
}

void account_json(const vtac_profile *profile) {
  printf("\"cycles\": %" PRIu64 ",\n ", vtac_profile_cycles(profile));
  json_units((Part){profile, VTAC_SCOPE_RUN, 0});
  printf(",\n \"rest\": {");
  json_units((Part){profile, VTAC_SCOPE_REST, 0});
  printf("}");
  if (!*vtac_profile_text(profile)) return;
  json_stages(profile);
  json_loops(profile);
  json_lines(profile);
}

/* ---- Instructions ------------------------------------------------------- */

typedef struct InsnPrinter {
  const vtac_profile *profile;
  uint64_t causes[VTAC_UNITS][VTAC_CAUSES]; /* since the unit's last one */
  bool json;
  size_t printed;
} InsnPrinter;

static void on_span(void *user, const vtac_profile_span *span) {
  InsnPrinter *printer = user;
  printer->causes[span->unit][span->cause] += span->end - span->begin;
}

static void print_insn_causes(InsnPrinter *printer, int unit) {
  const char *comma = "";
  for (int cause = 0; cause < VTAC_CAUSES; cause++) {
    uint64_t cycles = printer->causes[unit][cause];
    if (!cycles) continue;
    printf(printer->json ? "%s\"%s\": %" PRIu64 : "%s%s %" PRIu64, comma,
           vtac_cause_name(cause, NULL), cycles);
    comma = ", ";
  }
  memset(printer->causes[unit], 0, sizeof printer->causes[unit]);
}

static void on_insn(void *user, const vtac_profile_insn *insn) {
  InsnPrinter *printer = user;
  vtac_site site = {.stage_name = ""};
  vtac_profile_site(printer->profile,
                    vtac_profile_insn_site(printer->profile, insn->insn),
                    &site);
  if (printer->json) {
    printf("%s\n  {\"insn\": %zu, \"unit\": \"%s\", \"line\": %d, \"stage\": ",
           printer->printed++ ? "," : "", insn->insn,
           vtac_unit_name(insn->unit), site.line);
    json_text(site.stage_name);
    printf(", \"visible\": %" PRIu64 ", \"start\": %" PRIu64
           ", \"done\": %" PRIu64 ", \"causes\": {",
           insn->visible, insn->start, insn->done);
  } else {
    printf("%7zu %-7s %4d %-12s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  ",
           insn->insn, vtac_unit_name(insn->unit), site.line, site.stage_name,
           insn->visible, insn->start, insn->done);
  }
  print_insn_causes(printer, insn->unit);
  printf(printer->json ? "}}" : "\n");
}

static bool print_insns(const vtac_profile *profile, bool json) {
  InsnPrinter printer = {.profile = profile, .json = json};
  const vtac_profile_events events = {
      .user = &printer, .span = on_span, .insn = on_insn};
  vtac_error error;
  if (!vtac_profile_replay(profile, &events, &error)) return true;
  complain("%s", error.message);
  return false;
}

bool account_insns_text(const vtac_profile *profile) {
  printf("\n%7s %-7s %4s %-12s %10s %10s %10s  %s\n", "insn", "unit", "line",
         "stage", "visible", "start", "done",
         "cycles of the unit, since before");
  return print_insns(profile, false);
}

bool account_insns_json(const vtac_profile *profile) {
  printf(",\n \"insns\": [");
  bool good = print_insns(profile, true);
  printf("]");
  return good;
}
