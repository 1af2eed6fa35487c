/* SPDX-License-Identifier: Apache-2.0 */
/* The timing model against cycle counts of a netlist: the streams of
 * golden/timing/streams.json, and one large stream on four bus widths. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "tsim/model.h"

typedef struct Stream {
  Insn *insns;
  uint32_t count;
} Stream;

/* ---- Reading ------------------------------------------------------------ */

static int base64_digit(char c) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = strchr(digits, c);
  return at && c ? (int)(at - digits) : 0;
}

/* Decodes in place of a buffer of 3/4 of the text's size, rounded up. */
static size_t base64_decode(const char *text, uint8_t *ret) {
  size_t n = 0;
  for (; *text; text += 4) {
    uint32_t group = 0;
    for (int i = 0; i < 4; i++)
      group = group << 6 | (uint32_t)base64_digit(text[i]);
    for (int i = 2; i >= 0; i--) ret[n++] = (uint8_t)(group >> 8 * i);
    n -= (text[3] == '=') + (text[2] == '=');
  }
  return n;
}

static Stream decode(const HwConfig *config, const uint8_t *bytes,
                     size_t size) {
  Stream stream = {NULL, (uint32_t)(size / HW_INSN_BYTES)};
  stream.insns = calloc(stream.count, sizeof *stream.insns);
  assert_non_null(stream.insns);
  for (uint32_t i = 0; i < stream.count; i++) {
    uint64_t word[2];
    Diag diag;
    hw_insn_read(bytes + (size_t)i * HW_INSN_BYTES, word);
    if (hw_decode(config, word, &stream.insns[i], &diag))
      fail_msg("%s", diag.message);
  }
  return stream;
}

static Stream read_base64(const HwConfig *config, const char *text) {
  uint8_t *bytes = malloc(strlen(text) + 1);
  assert_non_null(bytes);
  Stream stream = decode(config, bytes, base64_decode(text, bytes));
  free(bytes);
  return stream;
}

static Stream read_gzip(const HwConfig *config, const char *path) {
  enum { MOST = 8 << 20 };
  char command[200];
  snprintf(command, sizeof command, "gzip -dc %s", path);
  uint8_t *bytes = malloc(MOST);
  FILE *pipe = popen(command, "r");
  assert_non_null(bytes);
  assert_non_null(pipe);
  size_t size = fread(bytes, 1, MOST, pipe);
  assert_int_equal(pclose(pipe), 0);
  Stream stream = decode(config, bytes, size);
  free(bytes);
  return stream;
}

/* ---- Timing ------------------------------------------------------------- */

static void check_accounts(const char *name, const TsimResult *result) {
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    uint64_t sum = 0;
    for (int cause = 0; cause < TSIM_CAUSES; cause++)
      sum += result->causes[unit][cause];
    if (sum != result->cycles)
      fail_msg("%s: %s accounts for %llu of %llu cycles", name,
               tsim_unit_name((TsimUnit)unit), (unsigned long long)sum,
               (unsigned long long)result->cycles);
  }
}

/* Times with and without accounts. */
static uint64_t time_stream(const char *name, const HwConfig *config,
                            int preset, Stream stream) {
  TimingConfig timing = timing_preset(preset);
  TsimJob job = {.config = config,
                 .timing = &timing,
                 .insns = stream.insns,
                 .count = stream.count};
  TsimResult plain, booked;
  Diag diag;
  if (tsim_time(&job, &plain, &diag)) fail_msg("%s: %s", name, diag.message);
  job.account = true;
  if (tsim_time(&job, &booked, &diag)) fail_msg("%s: %s", name, diag.message);
  assert_int_equal(plain.cycles, booked.cycles);
  check_accounts(name, &booked);
  return plain.cycles;
}

/* The first instructions of the first seed, as the specification traces them
 * on the netlist. */
static void on_insn(void *self, const TsimInsn *insn) {
  static const uint64_t times[][2] = {
      {38, 39},     {40, 62},     {63, 85},     {86, 156},     {157, 8591},
      {8592, 8614}, {8615, 8877}, {8878, 8932}, {8933, 17147}, {17148, 17410}};
  if (insn->index >= sizeof times / sizeof *times) return;
  assert_int_equal(insn->start, times[insn->index][0]);
  assert_int_equal(insn->done, times[insn->index][1]);
  ++*(int *)self;
}

static void check_trace(const HwConfig *config, Stream stream) {
  int seen = 0;
  TimingConfig timing = timing_preset(0);
  const TsimSink sink = {.self = &seen, .insn = on_insn};
  const TsimJob job = {.config = config,
                       .timing = &timing,
                       .insns = stream.insns,
                       .count = stream.count,
                       .sink = &sink};
  TsimResult result;
  Diag diag;
  assert_int_equal(tsim_time(&job, &result, &diag), VTAC_OK);
  assert_int_equal(seen, 10);
}

static void test_streams(void **state) {
  (void)state;
  enum { STREAMS = 159 };
  HwConfig config;
  json_error_t error;
  json_t *root = json_load_file("golden/timing/streams.json", 0, &error);
  if (!root) fail_msg("%s", error.text);
  size_t index;
  json_t *row;
  hw_config_default(&config);
  assert_int_equal(json_array_size(root), STREAMS);
  json_array_foreach(root, index, row) {
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *text = json_string_value(json_object_get(row, "instructions"));
    Stream stream = read_base64(&config, text);
    long long want = json_integer_value(json_object_get(row, "cycles"));
    long long got = (long long)time_stream(name, &config, 0, stream);
    if (got != want) fail_msg("%s: %lld cycles, not %lld", name, got, want);
    if (!strcmp(name, "seed matmul, 1 thread")) check_trace(&config, stream);
    free(stream.insns);
  }
  json_decref(root);
}

static void test_resnet18_c2(void **state) {
  (void)state;
  static const struct {
    const char *preset;
    uint64_t cycles;
  } cases[] = {{"De10", 19558608},
               {"Wide128", 11789114},
               {"Wide256", 7903092},
               {"Wide512", 5947829}};
  HwConfig config;
  hw_config_default(&config);
  Stream stream = read_gzip(&config, "golden/timing/resnet18_c2.bin.gz");
  assert_int_equal(stream.count, 250891);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int preset = timing_preset_find(cases[i].preset);
    assert_int_equal(time_stream(cases[i].preset, &config, preset, stream),
                     cases[i].cycles);
  }
  free(stream.insns);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams),
                                     cmocka_unit_test(test_resnet18_c2)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
