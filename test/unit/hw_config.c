/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: derived values, and one refusal for each rule. */
#include "hw/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

/* A file with the default keys, where the row of `key` reads `row`; an empty
 * row leaves the key out. */
static void write_file(char *to, size_t size, const char *key,
                       const char *row) {
  static const char *const rows[][2] = {
      {"TARGET", "\"TARGET\": \"sim\""},
      {"HW_VER", "\"HW_VER\": \"0.0.2\""},
      {"LOG_INP_WIDTH", "\"LOG_INP_WIDTH\": 3"},
      {"LOG_WGT_WIDTH", "\"LOG_WGT_WIDTH\": 3"},
      {"LOG_ACC_WIDTH", "\"LOG_ACC_WIDTH\": 5"},
      {"LOG_BATCH", "\"LOG_BATCH\": 0"},
      {"LOG_BLOCK", "\"LOG_BLOCK\": 4"},
      {"LOG_UOP_BUFF_SIZE", "\"LOG_UOP_BUFF_SIZE\": 15"},
      {"LOG_INP_BUFF_SIZE", "\"LOG_INP_BUFF_SIZE\": 15"},
      {"LOG_WGT_BUFF_SIZE", "\"LOG_WGT_BUFF_SIZE\": 18"},
      {"LOG_ACC_BUFF_SIZE", "\"LOG_ACC_BUFF_SIZE\": 17"},
  };
  size_t used = (size_t)snprintf(to, size, "{\"extra\": [1, {}]");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *text = strcmp(rows[i][0], key) ? rows[i][1] : row;
    if (*text) used += (size_t)snprintf(to + used, size - used, ",\n%s", text);
  }
  snprintf(to + used, size - used, "}\n");
}

static vtac_status parse(const char *key, const char *row, HwConfig *config,
                         Diag *diag) {
  char text[1024];
  write_file(text, sizeof text, key, row);
  return hw_config_parse(text, strlen(text), "f.json", config, diag);
}

static int64_t number(const HwConfig *config, const char *name) {
  HwConfigValue value;
  for (int i = 0; hw_config_value(config, i, &value); i++)
    if (!strcmp(value.name, name) && !value.text) return value.number;
  fail_msg("there is no value %s", name);
  return 0;
}

static void check_defaults(const HwConfig *c) {
  static const struct {
    const char *name;
    int64_t value;
  } expected[] = {
      {"LOG_BLOCK_IN", 4},
      {"LOG_BLOCK_OUT", 4},
      {"LOG_OUT_WIDTH", 3},
      {"LOG_OUT_BUFF_SIZE", 15},
      {"INP_WIDTH", 8},
      {"WGT_WIDTH", 8},
      {"ACC_WIDTH", 32},
      {"OUT_WIDTH", 8},
      {"BATCH", 1},
      {"BLOCK_IN", 16},
      {"BLOCK_OUT", 16},
      {"UOP_BUFF_SIZE", 32768},
      {"INP_BUFF_SIZE", 32768},
      {"WGT_BUFF_SIZE", 262144},
      {"ACC_BUFF_SIZE", 131072},
      {"OUT_BUFF_SIZE", 32768},
      {"INP_ELEM_BITS", 128},
      {"WGT_ELEM_BITS", 2048},
      {"ACC_ELEM_BITS", 512},
      {"OUT_ELEM_BITS", 128},
      {"INP_ELEM_BYTES", 16},
      {"WGT_ELEM_BYTES", 256},
      {"ACC_ELEM_BYTES", 64},
      {"OUT_ELEM_BYTES", 16},
      {"UOP_BUFF_DEPTH", 8192},
      {"INP_BUFF_DEPTH", 2048},
      {"WGT_BUFF_DEPTH", 1024},
      {"ACC_BUFF_DEPTH", 2048},
      {"LOG_UOP_BUFF_DEPTH", 13},
      {"LOG_INP_BUFF_DEPTH", 11},
      {"LOG_WGT_BUFF_DEPTH", 10},
      {"LOG_ACC_BUFF_DEPTH", 11},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_int_equal(number(c, expected[i].name), expected[i].value);
  assert_string_equal(c->bitstream, "1x16_i8w8a32_15_15_18_17");
  assert_string_equal(c->model, "sim_1x16_i8w8a32_15_15_18_17");
}

static void test_defaults(void **state) {
  (void)state;
  HwConfig built, parsed;
  Diag diag;
  char warning[200];
  hw_config_default(&built);
  check_defaults(&built);
  assert_int_equal(parse("", "", &parsed, &diag), VTAC_OK);
  check_defaults(&parsed);
  assert_false(hw_config_warning(&parsed, 0, warning, sizeof warning));
}

static void test_listing(void **state) {
  (void)state;
  HwConfig config;
  HwConfigValue value;
  hw_config_default(&config);
  assert_true(hw_config_value(&config, 0, &value));
  assert_string_equal(value.name, "TARGET");
  assert_string_equal(value.text, "sim");
  int rows = 0;
  while (hw_config_value(&config, rows, &value)) rows++;
  assert_string_equal(value.name, "MODEL");
  assert_false(hw_config_value(&config, -1, &value));
}

/* A row that is refused, and what the message must hold. */
typedef struct Refusal {
  const char *key, *row, *message;
} Refusal;

static void test_refusals(void **state) {
  (void)state;
  static const Refusal refusals[] = {
      {"TARGET", "", "f.json: key TARGET is missing"},
      {"TARGET", "\"TARGET\": \"\"", "TARGET is \"\", allowed is a string"},
      {"TARGET", "\"TARGET\": 3", "TARGET is 3, allowed is a string"},
      {"TARGET", "\"TARGET\": \"a\\u0000b\"", "not legal JSON"},
      {"LOG_BATCH", "", "key LOG_BATCH is missing, it takes an integer"},
      {"LOG_BATCH", "\"LOG_BATCH\": 0.0", "LOG_BATCH is 0.0, allowed is an"},
      {"LOG_BATCH", "\"LOG_BATCH\": true", "LOG_BATCH is true"},
      {"LOG_BATCH", "\"LOG_BATCH\": -1", "LOG_BATCH is -1, allowed is an"},
      {"LOG_INP_WIDTH", "\"LOG_INP_WIDTH\": 6",
       "LOG_INP_WIDTH is 6, allowed is an integer in 0..5"},
      {"LOG_WGT_WIDTH", "\"LOG_WGT_WIDTH\": 99999999999",
       "LOG_WGT_WIDTH is 99999999999, allowed is an integer in 0..5"},
      {"LOG_ACC_WIDTH", "\"LOG_ACC_WIDTH\": 2", "in 3..5"},
      {"LOG_BLOCK", "\"LOG_BLOCK\": 7", "LOG_BLOCK is 7, allowed is 0..6"},
      {"LOG_BATCH", "\"LOG_BATCH\": 7", "LOG_BATCH is 7, allowed is 0..6"},
      {"LOG_UOP_BUFF_SIZE", "\"LOG_UOP_BUFF_SIZE\": 16",
       "LOG_UOP_BUFF_SIZE is 16, allowed is 3..15"},
      {"LOG_UOP_BUFF_SIZE", "\"LOG_UOP_BUFF_SIZE\": 2", "allowed is 3..15"},
      {"LOG_ACC_BUFF_SIZE", "\"LOG_ACC_BUFF_SIZE\": 18",
       "LOG_ACC_BUFF_SIZE is 18, allowed is 7..17"},
      {"LOG_ACC_BUFF_SIZE", "\"LOG_ACC_BUFF_SIZE\": 6", "allowed is 7..17"},
      {"LOG_INP_BUFF_SIZE", "\"LOG_INP_BUFF_SIZE\": 21",
       "LOG_INP_BUFF_SIZE is 21, allowed is 5..20"},
      {"LOG_WGT_BUFF_SIZE", "\"LOG_WGT_BUFF_SIZE\": 19",
       "LOG_WGT_BUFF_SIZE is 19, allowed is 9..18"},
      {"HW_VER", "\"HW_VER\": \"1\",\n\"HW_VER\": \"1\"", "f.json:4:8: not"},
  };
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    HwConfig config;
    Diag diag = {0};
    config.batch = 77;
    assert_int_equal(parse(refusals[i].key, refusals[i].row, &config, &diag),
                     VTAC_REFUSED);
    if (!strstr(diag.message, refusals[i].message))
      fail_msg("\"%s\" is not in \"%s\"", refusals[i].message, diag.message);
    assert_int_equal(config.batch, 77);
  }
}

static void test_widths(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  hw_config_default(&config);
  config.log_acc_width = 4;
  config.log_inp_width = 5;
  assert_int_equal(hw_config_finish(&config, "f.json", &diag), VTAC_REFUSED);
  assert_non_null(strstr(diag.message, "LOG_INP_WIDTH is 5, allowed is 0..4"));
  hw_config_default(&config);
  config.log_inp_width = 0;
  config.log_block = 2;
  assert_int_equal(hw_config_finish(&config, "f.json", &diag), VTAC_REFUSED);
  assert_non_null(strstr(diag.message, "LOG_BLOCK is 2, allowed is 3..6"));
  config.log_batch = INT32_MAX;
  config.log_block = INT32_MAX;
  assert_int_equal(hw_config_finish(&config, "f.json", &diag), VTAC_REFUSED);
}

/* A row that brings keys of the timing simulator along. */
#define WITH(keys) "\"HW_VER\": \"0.0.2\", " keys

static void test_timing(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  assert_int_equal(parse("", "", &config, &diag), VTAC_OK);
  assert_string_equal(config.tsim_preset, "De10");
  assert_int_equal(number(&config, "TSIM_LOG_BURST"), 4);
  assert_int_equal(
      parse("HW_VER", WITH("\"TSIM_PRESET\": \"wide256\""), &config, &diag),
      VTAC_OK);
  assert_string_equal(config.tsim_preset, "Wide256");
  assert_int_equal(number(&config, "TSIM_LOG_BUS_WIDTH"), 8);
  assert_int_equal(parse("HW_VER",
                         WITH("\"TSIM_LATENCY\": 0, \"TSIM_PRESET\": "
                              "\"Pynq\", \"TSIM_QUEUE_DEPTH\": 7"),
                         &config, &diag),
                   VTAC_OK);
  assert_int_equal(config.timing.latency, 0);
  assert_int_equal(config.timing.queue_depth, 7);
  assert_int_equal(config.timing.log_burst, 8);
  assert_int_equal(config.timing.read_tags, 16);
}

static void test_timing_refusals(void **state) {
  (void)state;
  static const Refusal refusals[] = {
      {"HW_VER", WITH("\"TSIM_PRESET\": \"Zynq\""),
       "f.json: TSIM_PRESET is \"Zynq\", allowed is one of De10, Pynq, F1, "
       "Wide128, Wide256, Wide512"},
      {"HW_VER", WITH("\"TSIM_PRESET\": 1"),
       "TSIM_PRESET is 1, allowed is one"},
      {"HW_VER", WITH("\"TSIM_LOG_BUS_WIDTH\": 10"),
       "f.json: TSIM_LOG_BUS_WIDTH is 10, allowed is an integer in 6..9"},
      {"HW_VER", WITH("\"TSIM_QUEUE_DEPTH\": 0"),
       "TSIM_QUEUE_DEPTH is 0, allowed is an integer in 1..65536"},
      {"HW_VER", WITH("\"TSIM_READ_TAGS\": \"x\""), "TSIM_READ_TAGS is \"x\""},
  };
  HwConfig config;
  Diag diag = {0};
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    assert_int_equal(parse(refusals[i].key, refusals[i].row, &config, &diag),
                     VTAC_REFUSED);
    if (!strstr(diag.message, refusals[i].message))
      fail_msg("\"%s\" is not in \"%s\"", refusals[i].message, diag.message);
  }
  hw_config_default(&config);
  config.timing.latency = -1;
  assert_int_equal(hw_config_finish(&config, "f.json", &diag), VTAC_REFUSED);
  assert_string_equal(diag.message,
                      "f.json: TSIM_LATENCY is -1, allowed is 0..65536");
}

static void test_warnings(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  char warning[256];
  hw_config_default(&config);
  config.log_uop_buff_size = 10;
  config.log_inp_buff_size = 14;
  assert_int_equal(hw_config_finish(&config, "f.json", &diag), VTAC_OK);
  assert_true(hw_config_warning(&config, 0, warning, sizeof warning));
  assert_non_null(strstr(warning, "dst_factor_out"));
  assert_true(hw_config_warning(&config, 1, warning, sizeof warning));
  assert_non_null(strstr(warning, "weight index"));
  assert_false(hw_config_warning(&config, 2, warning, sizeof warning));
}

static void test_syntax(void **state) {
  (void)state;
  static const char *const bad[] = {"", "[]", "{", "{} x", "{\"TARGET\" 3}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    HwConfig config;
    Diag diag;
    assert_int_equal(
        hw_config_parse(bad[i], strlen(bad[i]), "f.json", &config, &diag),
        VTAC_REFUSED);
    assert_int_equal(diag.id, D_CONFIG_SYNTAX);
    assert_non_null(strstr(diag.message, "f.json:"));
  }
}

static void test_missing_file(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  assert_int_equal(hw_config_load("no/such/file.json", &config, &diag),
                   VTAC_IO);
  assert_non_null(strstr(diag.message, "no/such/file.json: cannot open"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_listing),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_widths),
      cmocka_unit_test(test_timing),
      cmocka_unit_test(test_timing_refusals),
      cmocka_unit_test(test_warnings),
      cmocka_unit_test(test_syntax),
      cmocka_unit_test(test_missing_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
