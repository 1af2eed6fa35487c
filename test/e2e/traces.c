/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of the recorded streams, read back: a unit's spans cover the run
 * without overlaps, instructions follow each other, every token is posted
 * before it is taken, and the sums are the run's. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "tsim/model.h"
#include "vtac/vtac.h"
#include "support/temp.h"

enum { PATH_SIZE = 256 };
static char path[PATH_SIZE], page_path[PATH_SIZE];

/* ---- Streams ------------------------------------------------------------ */

static int base64_digit(char c) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = strchr(digits, c);
  return at && c ? (int)(at - digits) : 0;
}

static uint8_t *base64_decode(const char *text, size_t *ret_size) {
  uint8_t *bytes = malloc(strlen(text) + 1);
  size_t n = 0;
  for (; *text; text += 4) {
    uint32_t group = 0;
    for (int i = 0; i < 4; i++)
      group = group << 6 | (uint32_t)base64_digit(text[i]);
    for (int i = 2; i >= 0; i--) bytes[n++] = (uint8_t)(group >> 8 * i);
    n -= (text[3] == '=') + (text[2] == '=');
  }
  *ret_size = n;
  return bytes;
}

/* The account of the same stream by the model itself. */
static TsimResult account(const uint8_t *bytes, size_t count) {
  HwConfig config;
  Diag diag;
  TsimResult result;
  hw_config_default(&config);
  Insn *insns = calloc(count, sizeof *insns);
  for (size_t i = 0; i < count; i++) {
    uint64_t word[2];
    hw_insn_read(bytes + i * HW_INSN_BYTES, word);
    assert_int_equal(hw_decode(&config, word, &insns[i], &diag), VTAC_OK);
  }
  const TsimJob job = {.config = &config,
                       .timing = &config.timing,
                       .insns = insns,
                       .count = (uint32_t)count,
                       .account = true};
  assert_int_equal(tsim_time(&job, &result, &diag), VTAC_OK);
  free(insns);
  return result;
}

/* ---- Reading a trace ---------------------------------------------------- */

enum { TRACKS = 2 * TSIM_UNITS + 2, MOST_FLOWS = 1 << 16 };

typedef struct Seen {
  const char *stream;
  uint64_t end[TRACKS]; /* of the last slice of a track */
  uint64_t insns[TSIM_UNITS];
  uint64_t causes[TSIM_UNITS][TSIM_CAUSES];
  uint64_t in_insns[TSIM_UNITS]; /* cycles that instructions account for */
  uint8_t flow[MOST_FLOWS];      /* 1 posted, 2 taken */
  double posted[MOST_FLOWS];
} Seen;

static uint64_t number(json_t *event, const char *key) {
  json_t *value = json_object_get(event, key);
  assert_true(json_is_integer(value) && json_integer_value(value) >= 0);
  return (uint64_t)json_integer_value(value);
}

static const char *text(json_t *event, const char *key) {
  const char *value = json_string_value(json_object_get(event, key));
  assert_non_null(value);
  return value;
}

static int find_cause(const char *name) {
  for (int cause = 0; cause < TSIM_CAUSES; cause++)
    if (!strcmp(tsim_cause_name((TsimCause)cause), name)) return cause;
  fail_msg("no cause is called '%s'", name);
  return -1;
}

static void see_span(Seen *seen, json_t *event, int unit) {
  const uint64_t begin = number(event, "ts"), cycles = number(event, "dur");
  const uint64_t track = number(event, "tid");
  if (begin != seen->end[track] || !cycles)
    fail_msg("%s: %s goes on in cycle %llu, not %llu", seen->stream,
             tsim_unit_name((TsimUnit)unit), (unsigned long long)begin,
             (unsigned long long)seen->end[track]);
  seen->end[track] = begin + cycles;
  seen->causes[unit][find_cause(text(event, "name"))] += cycles;
}

static void see_insn(Seen *seen, json_t *event, int unit) {
  const uint64_t begin = number(event, "ts"), cycles = number(event, "dur");
  const uint64_t track = number(event, "tid");
  json_t *args = json_object_get(event, "args"), *value;
  const char *key;
  assert_true(begin >= seen->end[track] && cycles);
  seen->end[track] = begin + cycles;
  seen->insns[unit]++;
  assert_true(number(args, "visible") <= begin);
  assert_memory_equal(text(args, "text"), text(event, "name"),
                      strlen(text(event, "name")));
  json_object_foreach(args, key,
                      value) if (strcmp(key, "text") && strcmp(key, "run") &&
                                 strcmp(key, "index") && strcmp(key, "visible"))
      seen->in_insns[unit] +=
      (uint64_t)json_integer_value(value) + 0 * (uint64_t)find_cause(key);
}

static void see_flow(Seen *seen, json_t *event, bool taken) {
  const uint64_t id = number(event, "id");
  const double cycle = (double)number(event, "ts");
  assert_true(id < MOST_FLOWS);
  assert_int_equal(seen->flow[id], taken ? 1 : 0);
  seen->flow[id]++;
  if (!taken) seen->posted[id] = cycle;
  assert_true(cycle >= seen->posted[id]);
}

static void see_event(Seen *seen, json_t *event) {
  const char kind = *text(event, "ph");
  switch (kind) {
    case 'X': {
      const int track = (int)number(event, "tid") - 1;
      if (track % 2)
        see_span(seen, event, track / 2);
      else
        see_insn(seen, event, track / 2);
      return;
    }
    case 's':
    case 'f': see_flow(seen, event, kind == 'f'); return;
    case 'C': number(json_object_get(event, "args"), "count"); return;
    default: assert_true(kind == 'M' || kind == 'i'); return;
  }
}

static void check_seen(const Seen *seen, const TsimResult *want) {
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    assert_int_equal(seen->end[2 * unit + 2], want->cycles);
    assert_memory_equal(seen->causes[unit], want->causes[unit],
                        sizeof want->causes[unit]);
    assert_true(seen->in_insns[unit] <= want->cycles);
    if (unit != TSIM_FETCH && unit != TSIM_MEMORY)
      assert_int_equal(seen->insns[unit], want->insns[unit]);
  }
}

static void check_trace(const char *name, const TsimResult *want) {
  json_error_t why;
  json_t *root = json_load_file(path, 0, &why), *event;
  size_t i;
  if (!root) fail_msg("%s: line %d: %s", name, why.line, why.text);
  Seen *seen = calloc(1, sizeof *seen);
  seen->stream = name;
  json_array_foreach(json_object_get(root, "traceEvents"), i, event)
      see_event(seen, event);
  check_seen(seen, want);
  free(seen);
  json_decref(root);
}

/* ---- Tests -------------------------------------------------------------- */

static uint64_t record(const vtac_config *config,
                       const vtac_recorder_options *options,
                       const uint8_t *bytes, size_t count) {
  vtac_error error;
  uint64_t cycles = 0;
  vtac_recorder *recorder = vtac_recorder_open(config, options, &error);
  assert_non_null(recorder);
  if (vtac_recorder_time(recorder, bytes, count, &cycles, &error))
    fail_msg("%s: %s", options->title, error.message);
  assert_int_equal(vtac_recorder_close(recorder, &error), VTAC_OK);
  return cycles;
}

static void test_streams(void **state) {
  (void)state;
  json_error_t why;
  json_t *rows = json_load_file("golden/timing/streams.json", 0, &why), *row;
  vtac_config *config = vtac_config_default(NULL);
  size_t i;
  assert_true(json_array_size(rows) > 50);
  json_array_foreach(rows, i, row) {
    const char *name = text(row, "name");
    size_t size;
    uint8_t *bytes = base64_decode(text(row, "instructions"), &size);
    const TsimResult want = account(bytes, size / HW_INSN_BYTES);
    const vtac_recorder_options options = {.trace = path, .title = name};
    const uint64_t cycles =
        record(config, &options, bytes, size / HW_INSN_BYTES);
    assert_int_equal(cycles, number(row, "cycles"));
    assert_int_equal(cycles, want.cycles);
    check_trace(name, &want);
    free(bytes);
  }
  vtac_config_free(config);
  json_decref(rows);
}

/* ---- Devices ------------------------------------------------------------ */

static vtac_op *small_gemm(vtac_context *context) {
  const vtac_gemm_params params = {.batch = 1,
                                   .in = 64,
                                   .out = 64,
                                   .tile_batch = 1,
                                   .tile_in = 32,
                                   .tile_out = 32,
                                   .shift = 8,
                                   .vthreads = 1};
  vtac_op *op = vtac_gemm(context, &params);
  assert_non_null(op);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  return op;
}

/* Runs `module` a number of times; returns all cycles. */
static uint64_t run_recorded(const vtac_config *config, vtac_op *op,
                             const vtac_module *module, vtac_recorder *recorder,
                             int times) {
  enum { MOST = 4 };
  vtac_error error;
  vtac_array *arrays[MOST] = {NULL};
  const vtac_tensor *args;
  const int n = vtac_op_args(op, &args);
  const vtac_device_options options = {.recorder = recorder,
                                       .simulator = VTAC_SIMULATOR_TIMING};
  vtac_device *device = vtac_device_open(config, &options, &error);
  assert_non_null(device);
  assert_true(n <= MOST);
  for (int i = 0; i < n; i++)
    assert_non_null(arrays[i] = vtac_array_like(device, args[i], &error));
  for (int i = 0; i < times; i++)
    if (vtac_module_run(module, device, n, arrays, &error))
      fail_msg("%s", error.message);
  const uint64_t cycles = vtac_device_cycles(device);
  for (int i = 0; i < n; i++) vtac_array_free(arrays[i]);
  vtac_device_close(device);
  return cycles;
}

/* Of the last trace: runs, the cycle in which the spans end, instructions of
 * the first run without a line and with one, those with a line of other runs,
 * and the most elements in use of a memory. */
typedef struct Found {
  uint64_t runs, end, without, with, later, most_in_use;
} Found;

static void find_line(Found *found, json_t *args) {
  const bool has = json_object_get(args, "line") != NULL;
  if (number(args, "run"))
    found->later += has;
  else if (has)
    found->with++;
  else
    found->without++;
}

static Found read_runs(void) {
  Found found = {.runs = 0};
  json_t *root = json_load_file(path, 0, NULL), *event;
  size_t i;
  assert_non_null(root);
  json_array_foreach(json_object_get(root, "traceEvents"), i, event) {
    const char kind = *text(event, "ph");
    found.runs += kind == 'i';
    if (kind == 'X' && number(event, "tid") % 2 == 0)
      found.end = number(event, "ts") + number(event, "dur");
    if (kind == 'X' && number(event, "tid") % 2)
      find_line(&found, json_object_get(event, "args"));
    if (kind == 'C' && !strcmp(text(event, "name"), "elements in use: wgt")) {
      const uint64_t count = number(json_object_get(event, "args"), "count");
      if (count > found.most_in_use) found.most_in_use = count;
    }
  }
  json_decref(root);
  return found;
}

/* Three runs follow each other without a gap.  Each instruction of the first
 * knows its line; the others find their micro-ops on the chip.  A tile of 2 x 2
 * weights is in use. */
static void test_runs(void **state) {
  (void)state;
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  vtac_context *context = vtac_context_new(config, &error);
  vtac_op *op = small_gemm(context);
  const vtac_tensor *args;
  const int n = vtac_op_args(op, &args);
  const vtac_lower_options lower = {.accelerator = 1};
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, "gemm", &lower);
  assert_non_null(module);
  vtac_profile *profile = vtac_profile_module(module, &error);
  assert_non_null(profile);
  const vtac_recorder_options options = {
      .trace = path, .report = page_path, .profile = profile};
  vtac_recorder *recorder = vtac_recorder_open(config, &options, &error);
  assert_non_null(recorder);
  const uint64_t cycles = run_recorded(config, op, module, recorder, 3);
  assert_int_equal(vtac_recorder_close(recorder, &error), VTAC_OK);
  const Found found = read_runs();
  assert_int_equal(found.runs, 3);
  assert_int_equal(found.end, cycles);
  assert_int_equal(found.without, 0);
  assert_true(found.with > 20);
  assert_int_equal(found.later, 0);
  assert_int_equal(found.most_in_use, 4);
  vtac_profile_free(profile);
  vtac_module_free(module);
  vtac_context_free(context);
  vtac_config_free(config);
}

/* A stream that ends in a deadlock leaves whole files about what happened, and
 * the next run begins behind it in all units. */
static void test_refused(void **state) {
  (void)state;
  static const char stream[] =
      "load.inp y_size=1 x_size=4\n"
      "store.out pop_prev_dep y_size=1 x_size=1\n"
      "gemm pop_prev_dep\nfinish\n";
  static const uint8_t finish[VTAC_INSN_BYTES] = {3};
  vtac_error error;
  size_t count;
  uint64_t cycles;
  vtac_config *config = vtac_config_default(NULL);
  void *bytes = vtac_stream_assemble(config, stream, strlen(stream), "stream",
                                     &count, &error);
  assert_non_null(bytes);
  const vtac_recorder_options options = {
      .trace = path, .report = page_path, .title = "</title><b>\"x\""};
  vtac_recorder *recorder = vtac_recorder_open(config, &options, &error);
  assert_non_null(recorder);
  assert_int_equal(vtac_recorder_time(recorder, bytes, count, &cycles, &error),
                   VTAC_DEVICE);
  assert_int_equal(vtac_recorder_time(recorder, finish, 1, &cycles, &error),
                   VTAC_OK);
  assert_int_equal(vtac_recorder_close(recorder, &error), VTAC_OK);
  json_t *root = json_load_file(path, 0, NULL), *event;
  size_t i;
  assert_non_null(root);
  Seen *seen = calloc(1, sizeof *seen);
  seen->stream = "deadlock";
  json_array_foreach(json_object_get(root, "traceEvents"), i, event)
      see_event(seen, event);
  assert_true(seen->end[2] > cycles);
  for (int unit = 0; unit < TSIM_UNITS; unit++)
    assert_int_equal(seen->end[2 * unit + 2], seen->end[2]);
  free(seen);
  json_decref(root);
  free(bytes);
  vtac_config_free(config);
}

static void test_wrong_use(void **state) {
  (void)state;
  vtac_error error;
  uint64_t cycles;
  vtac_config *config = vtac_config_default(NULL);
  const vtac_recorder_options none = {.trace = NULL};
  const vtac_recorder_options bad = {.plot = "/no/such/folder/x.svg"};
  assert_null(vtac_recorder_open(NULL, &none, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_null(vtac_recorder_open(config, NULL, &error));
  assert_null(vtac_recorder_open(config, &bad, &error));
  assert_int_equal(error.status, VTAC_IO);
  assert_int_equal(vtac_recorder_close(NULL, &error), VTAC_OK);
  vtac_recorder *recorder = vtac_recorder_open(config, &none, &error);
  assert_non_null(recorder);
  assert_int_equal(vtac_recorder_time(recorder, NULL, 1, &cycles, &error),
                   VTAC_INVALID);
  vtac_device_options options = {.recorder = recorder,
                                 .simulator = VTAC_SIMULATOR_FUNCTIONAL};
  assert_null(vtac_device_open(config, &options, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  vtac_config *other =
      vtac_config_load("golden/configs/blk8/vta_config.json", NULL);
  assert_non_null(other);
  options.simulator = VTAC_SIMULATOR_TIMING;
  assert_null(vtac_device_open(other, &options, &error));
  assert_string_equal(error.id, "config-mismatch");
  vtac_config_free(other);
  assert_int_equal(vtac_recorder_close(recorder, &error), VTAC_OK);
  vtac_config_free(config);
}

static bool make_file(char name[PATH_SIZE], const char *pattern) {
  temp_name(name, PATH_SIZE, pattern);
  int file = mkstemp(name);
  if (file >= 0) close(file);
  return file >= 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_runs),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_wrong_use),
  };
  if (!make_file(path, "vtac-trace-XXXXXX") ||
      !make_file(page_path, "vtac-page-XXXXXX"))
    return 1;
  int status = cmocka_run_group_tests(tests, NULL, NULL);
  unlink(path);
  unlink(page_path);
  return status;
}
