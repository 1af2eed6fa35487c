/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles (vtac/profile.h): every cycle of both seeds and of operators with
 * chosen tiles is accounted for, by run, site, loop and stage; instructions
 * come from the lines that make them; what is told adds up to the account. */
#include "vtac/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs those above */
#include <cmocka.h>

#include "support/seeds.h"
#include "vtac/vtac.h"

/* ---- Making profiles ---------------------------------------------------- */

typedef struct Fixture {
  vtac_config *config;
  vtac_context *context;
  vtac_module *module;
  vtac_profile *profile;
  const char *text; /* what vtac_lower_text says */
} Fixture;

static Fixture open_fixture(void) {
  Fixture f = {.config = vtac_config_default(NULL)};
  f.context = vtac_context_new(f.config, NULL);
  assert_non_null(f.context);
  return f;
}

static void profile_op(Fixture *f, vtac_op *op) {
  const vtac_lower_options options = {.accelerator = 1};
  const vtac_tensor *args;
  vtac_error error;
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(f->context, op, VTAC_OP_VTA);
  vtac_schedule schedule = vtac_op_schedule(op);
  f->text = vtac_lower_text(f->context, schedule, n, args, "main", &options);
  f->module = vtac_build(f->context, schedule, n, args, "main", &options);
  if (!f->module) fail_msg("%s", vtac_context_error(f->context)->message);
  f->profile = vtac_profile_module(f->module, &error);
  if (!f->profile) fail_msg("%s", error.message);
}

static void close_fixture(Fixture *f) {
  vtac_profile_free(f->profile);
  vtac_module_free(f->module);
  vtac_context_free(f->context);
  vtac_config_free(f->config);
}

/* ---- Sums --------------------------------------------------------------- */

typedef struct Sums {
  uint64_t cycles[VTAC_UNITS][VTAC_CAUSES];
} Sums;

static void add(const vtac_profile *profile, vtac_scope scope, int index,
                Sums *sums) {
  for (int unit = 0; unit < VTAC_UNITS; unit++)
    for (int cause = 0; cause < VTAC_CAUSES; cause++)
      sums->cycles[unit][cause] += vtac_profile_spent(
          profile, scope, index, (vtac_unit)unit, (vtac_cause)cause);
}

static Sums sums_of(const vtac_profile *profile, vtac_scope scope, int index) {
  Sums sums = {{{0}}};
  add(profile, scope, index, &sums);
  return sums;
}

static void assert_same(const Sums *a, const Sums *b) {
  assert_memory_equal(a, b, sizeof *a);
}

/* Each unit's causes are the run's cycles. */
static void check_units(const vtac_profile *profile) {
  Sums run = sums_of(profile, VTAC_SCOPE_RUN, 0);
  for (int unit = 0; unit < VTAC_UNITS; unit++) {
    uint64_t sum = 0;
    for (int cause = 0; cause < VTAC_CAUSES; cause++)
      sum += run.cycles[unit][cause];
    assert_int_equal(sum, vtac_profile_cycles(profile));
  }
}

static void check_partitions(const vtac_profile *profile) {
  vtac_site site;
  Sums run = sums_of(profile, VTAC_SCOPE_RUN, 0);
  Sums sites = sums_of(profile, VTAC_SCOPE_REST, 0), stages = sites;
  add(profile, VTAC_SCOPE_SITE, 0, &sites);
  for (int i = 1; vtac_profile_site(profile, i, &site); i++)
    add(profile, VTAC_SCOPE_SITE, i, &sites);
  assert_same(&sites, &run);
  add(profile, VTAC_SCOPE_STAGE, -1, &stages);
  for (int i = 0; vtac_profile_stage(profile, i); i++)
    add(profile, VTAC_SCOPE_STAGE, i, &stages);
  assert_same(&stages, &run);
}

static int is_around(const vtac_profile *profile, int loop, int around) {
  vtac_site_loop info;
  while (loop != around && vtac_profile_loop(profile, loop, &info))
    loop = info.parent;
  return loop == around;
}

/* A loop's account is that of the sites inside. */
static void check_loops(const vtac_profile *profile) {
  vtac_site_loop loop;
  vtac_site site;
  for (int i = 0; vtac_profile_loop(profile, i, &loop); i++) {
    Sums inside = {{{0}}}, whole = sums_of(profile, VTAC_SCOPE_LOOP, i);
    for (int k = 1; vtac_profile_site(profile, k, &site); k++)
      if (is_around(profile, site.loop, i))
        add(profile, VTAC_SCOPE_SITE, k, &inside);
    assert_same(&inside, &whole);
    assert_true(loop.parent < i);
  }
}

/* ---- Lines -------------------------------------------------------------- */

static const char *line_of(const char *text, int line) {
  while (--line > 0) {
    text = strchr(text, '\n');
    assert_non_null(text);
    text++;
  }
  return text;
}

static void assert_on_line(const vtac_profile *profile, int line,
                           const char *word) {
  const char *begin = line_of(vtac_profile_text(profile), line);
  const char *found = strstr(begin, word);
  if (!found || found > begin + strcspn(begin, "\n"))
    fail_msg("no '%s' on line %d: %.*s", word, line, (int)strcspn(begin, "\n"),
             begin);
}

/* Every instruction comes from a line that can make it. */
static void check_lines(const vtac_profile *profile) {
  enum { LOAD, STORE, GEMM, FINISH, ALU };
  size_t count;
  vtac_site site;
  uint64_t made = 0;
  const uint8_t *insn = vtac_profile_insns(profile, &count);
  for (size_t i = 0; i < count; i++, insn += VTAC_INSN_BYTES) {
    unsigned opcode = insn[0] & 7, memory = (insn[0] >> 7 | insn[1] << 1) & 7;
    unsigned x_size = insn[10] | insn[11] << 8;
    assert_true(
        vtac_profile_site(profile, vtac_profile_insn_site(profile, i), &site));
    const char *word = opcode == FINISH  ? "coproc_sync"
                       : opcode == STORE ? "VTAStoreBuffer2D"
                       : opcode == GEMM  ? "VTAPushGEMMOp"
                       : opcode == ALU   ? "VTAPushALUOp"
                       : memory == 0     ? "coproc_uop_scope"
                                         : "VTALoadBuffer2D";
    if (opcode > STORE || x_size) assert_on_line(profile, site.line, word);
  }
  for (int i = 1; vtac_profile_site(profile, i, &site); i++) made += site.insns;
  assert_int_equal(made, count);
}

static void check_all(Fixture *f) {
  assert_string_equal(vtac_profile_text(f->profile), f->text);
  check_units(f->profile);
  check_partitions(f->profile);
  check_loops(f->profile);
  check_lines(f->profile);
}

/* ---- Tests -------------------------------------------------------------- */

/* The stages of a profile, each followed by a space. */
static void assert_stages(const vtac_profile *profile, const char *expected) {
  char have[256] = "";
  const char *name;
  for (int i = 0; (name = vtac_profile_stage(profile, i)); i++) {
    strncat(have, name, sizeof have - strlen(have) - 1);
    strncat(have, " ", sizeof have - strlen(have) - 1);
  }
  assert_string_equal(have, expected);
}

static void test_gemm(void **state) {
  (void)state;
  Fixture f = open_fixture();
  profile_op(&f, vtac_gemm(f.context, &seed_gemm));
  check_all(&f);
  assert_int_equal(vtac_profile_cycles(f.profile), 137738);
  assert_stages(f.profile,
                "res_gem data_buf weight_buf res_shr res_max res_min res ");
  close_fixture(&f);
}

static void test_conv2d(void **state) {
  (void)state;
  Fixture f = open_fixture();
  vtac_site_loop loop;
  profile_op(&f, vtac_conv2d(f.context, &seed_conv2d));
  check_all(&f);
  assert_int_equal(vtac_profile_cycles(f.profile), 483467);
  assert_stages(f.profile,
                "res_conv data_buf kernel_buf res_shr res_max res_min res ");
  assert_true(vtac_profile_loop(f.profile, 0, &loop));
  assert_string_equal(loop.name, "i2.outer");
  assert_int_equal(loop.parent, -1);
  assert_true(vtac_profile_loop(f.profile, 3, &loop));
  assert_string_equal(loop.name, "cthread.s_1");
  assert_int_equal(loop.parent, 2);
  close_fixture(&f);
}

/* With chosen tiles, a bias, and sizes that tiles do not divide. */
static void test_others(void **state) {
  (void)state;
  const vtac_gemm_params dense = {.batch = 3, .in = 200, .out = 1000};
  const vtac_eltwise_params relu = {
      .batch = 1, .channels = 64, .height = 28, .width = 28, .shift = 4};
  vtac_conv2d_params conv = seed_conv2d;
  conv.tile_out_channels = conv.tile_in_channels = 0;
  conv.tile_height = conv.tile_width = conv.tile_batch = 0;
  conv.height = conv.width = 23;
  conv.in_channels = conv.out_channels = 64;
  for (int i = 0; i < 3; i++) {
    Fixture f = open_fixture();
    profile_op(&f, i == 0   ? vtac_dense(f.context, &dense)
                   : i == 1 ? vtac_relu(f.context, &relu)
                            : vtac_conv2d(f.context, &conv));
    check_all(&f);
    close_fixture(&f);
  }
}

/* ---- Streams and events ------------------------------------------------- */

static void test_stream(void **state) {
  (void)state;
  Fixture f = open_fixture();
  vtac_error error;
  vtac_site site;
  size_t count;
  profile_op(&f, vtac_gemm(f.context, &seed_gemm));
  const void *insns = vtac_profile_insns(f.profile, &count);
  vtac_profile *profile = vtac_profile_stream(f.config, insns, count, &error);
  assert_non_null(profile);
  check_units(profile);
  check_partitions(profile);
  Sums stream = sums_of(profile, VTAC_SCOPE_RUN, 0);
  Sums module = sums_of(f.profile, VTAC_SCOPE_RUN, 0);
  assert_same(&stream, &module);
  assert_string_equal(vtac_profile_text(profile), "");
  assert_false(vtac_profile_site(profile, 1, &site));
  assert_int_equal(vtac_profile_insn_site(profile, 0), 0);
  vtac_profile_free(profile);
  close_fixture(&f);
}

typedef struct Told {
  Sums sums;
  uint64_t at[VTAC_UNITS];
  size_t insns, tokens[2];
} Told;

static void on_span(void *user, const vtac_profile_span *span) {
  Told *told = user;
  assert_int_equal(span->begin, told->at[span->unit]);
  assert_true(span->end > span->begin);
  told->at[span->unit] = span->end;
  told->sums.cycles[span->unit][span->cause] += span->end - span->begin;
}

static void on_insn(void *user, const vtac_profile_insn *insn) {
  assert_true(insn->visible <= insn->start && insn->start < insn->done);
  ((Told *)user)->insns++;
}

static void on_token(void *user, const vtac_profile_token *token) {
  assert_non_null(vtac_token_name(token->queue));
  ((Told *)user)->tokens[token->taken]++;
}

static void test_events(void **state) {
  (void)state;
  Fixture f = open_fixture();
  Told told = {.insns = 0};
  vtac_error error;
  size_t count;
  const vtac_profile_events events = {&told, on_span, on_insn, on_token};
  profile_op(&f, vtac_conv2d(f.context, &seed_conv2d));
  assert_int_equal(vtac_profile_replay(f.profile, &events, &error), VTAC_OK);
  Sums run = sums_of(f.profile, VTAC_SCOPE_RUN, 0);
  assert_same(&told.sums, &run);
  vtac_profile_insns(f.profile, &count);
  assert_int_equal(told.insns, count);
  assert_int_equal(told.tokens[0], told.tokens[1]);
  for (int unit = 0; unit < VTAC_UNITS; unit++)
    assert_int_equal(told.at[unit], vtac_profile_cycles(f.profile));
  close_fixture(&f);
}

/* The streams of a run follow each other. */
static void test_parts(void **state) {
  (void)state;
  Fixture f = open_fixture();
  vtac_profile_stream_part part;
  const vtac_eltwise_params add = {
      .batch = 1, .channels = 16, .height = 4, .width = 4};
  profile_op(&f, vtac_add_op(f.context, &add));
  assert_true(vtac_profile_part(f.profile, 0, &part));
  assert_int_equal(part.begin, 0);
  assert_int_equal(part.first, 0);
  assert_int_equal(part.cycles, vtac_profile_cycles(f.profile));
  assert_false(vtac_profile_part(f.profile, 1, &part));
  assert_false(vtac_profile_part(f.profile, -1, &part));
  close_fixture(&f);
}

/* Experiments keep sites and what an account must be, and outlive the run. */
static void test_experiments(void **state) {
  (void)state;
  Fixture f = open_fixture();
  vtac_error error;
  vtac_what_if what_if;
  size_t before, after;
  int tried = 0;
  profile_op(&f, vtac_conv2d(f.context, &seed_conv2d));
  vtac_profile_insns(f.profile, &before);
  for (; vtac_what_if_at(tried, &what_if); tried++) {
    vtac_profile *other = vtac_profile_what_if(f.profile, tried, &error);
    if (!other) fail_msg("%s: %s", what_if.name, error.message);
    check_units(other);
    check_partitions(other);
    check_loops(other);
    check_lines(other);
    vtac_profile_insns(other, &after);
    assert_int_equal(before != after, !strcmp(what_if.name, "merged-stores"));
    vtac_profile_free(other);
  }
  assert_true(tried > 0);
  assert_null(vtac_profile_what_if(f.profile, tried, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_null(vtac_profile_what_if(f.profile, -1, NULL));
  vtac_profile *last = vtac_profile_what_if(f.profile, 0, NULL);
  close_fixture(&f);
  check_units(last);
  check_lines(last);
  vtac_profile_free(last);
}

/* ---- Refusals ----------------------------------------------------------- */

static void test_refusals(void **state) {
  (void)state;
  vtac_error error;
  Fixture f = open_fixture();
  const uint8_t nop[VTAC_INSN_BYTES] = {0};
  assert_null(vtac_profile_module(NULL, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_null(vtac_profile_stream(NULL, nop, 1, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_null(vtac_profile_stream(f.config, nop, 1, &error));
  assert_string_equal(error.id, "stream-end");
  assert_null(vtac_profile_stream(f.config, nop, 0, NULL));
  vtac_op *op = vtac_gemm(f.context, &seed_gemm);
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  f.module = vtac_build(f.context, vtac_op_schedule(op), n, args, "host", NULL);
  assert_non_null(f.module);
  assert_null(vtac_profile_module(f.module, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_int_equal(vtac_profile_replay(NULL, NULL, &error), VTAC_INVALID);
  vtac_profile_free(NULL);
  close_fixture(&f);
}

static void test_names(void **state) {
  (void)state;
  const char *meaning;
  assert_string_equal(vtac_unit_name(VTAC_UNIT_COMPUTE), "compute");
  assert_null(vtac_unit_name(VTAC_UNITS));
  assert_null(vtac_unit_name(-1));
  assert_string_equal(vtac_cause_name(VTAC_CAUSE_TOKEN_LOAD, &meaning),
                      "token from load");
  assert_non_null(strstr(meaning, "load"));
  assert_null(vtac_cause_name(VTAC_CAUSES, NULL));
  assert_string_equal(vtac_token_name(0), "l2g");
  assert_null(vtac_token_name(4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gemm),        cmocka_unit_test(test_conv2d),
      cmocka_unit_test(test_others),      cmocka_unit_test(test_stream),
      cmocka_unit_test(test_events),      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_experiments), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
