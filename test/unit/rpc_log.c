/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log: both forms, and whatever a peer may have said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "rpc/log.h"

static char written[4096];

static void keep(void *user, const char *text, size_t length) {
  (void)user;
  assert_true(length < sizeof written);
  memcpy(written, text, length);
  written[length] = '\0';
  assert_int_equal(text[length - 1], '\n');
}

static vtac_rpc_log log_of(int json) {
  return (vtac_rpc_log){keep, NULL, json, VTAC_LOG_INFO};
}

static void write_line(const vtac_rpc_log *log, const char *value) {
  LogLine line;
  written[0] = '\0';
  log_begin(&line, log, VTAC_LOG_WARNING, "test");
  log_text(&line, "value", value);
  log_int(&line, "n", -7);
  log_end(&line);
}

static void logfmt(void **state) {
  const vtac_rpc_log log = log_of(0);
  (void)state;
  write_line(&log, "plain");
  assert_non_null(
      strstr(written, " level=warning event=test value=plain n=-7\n"));
  write_line(&log, "two words");
  assert_non_null(strstr(written, " value=\"two words\" n=-7\n"));
  write_line(&log, "a\"b\\c\nlevel=error\xFF");
  assert_non_null(
      strstr(written, " value=\"a\\\"b\\\\c\\x0alevel=error\\xff\" n=-7\n"));
  write_line(&log, "");
  assert_non_null(strstr(written, " value=\"\" n=-7\n"));
}

static void json(void **state) {
  const vtac_rpc_log log = log_of(1);
  (void)state;
  write_line(&log, "a\"b\\c\n\x01");
  json_t *object = json_loads(written, 0, NULL);
  assert_non_null(object);
  assert_string_equal(json_string_value(json_object_get(object, "value")),
                      "a\"b\\c\n\x01");
  assert_int_equal(json_integer_value(json_object_get(object, "n")), -7);
  assert_string_equal(json_string_value(json_object_get(object, "level")),
                      "warning");
  json_decref(object);
}

/* A line has an end whatever goes into it. */
static void long_values(void **state) {
  static char value[3000];
  (void)state;
  memset(value, '\n', sizeof value - 1);
  for (int form = 0; form < 2; form++) {
    const vtac_rpc_log log = log_of(form);
    LogLine line;
    log_begin(&line, &log, VTAC_LOG_ERROR, "test");
    for (int i = 0; i < 100; i++) log_text(&line, "value", value);
    log_end(&line);
    assert_in_range(strlen(written), 1900, 2048);
  }
}

static void levels(void **state) {
  const vtac_rpc_log log = log_of(0);
  LogLine line;
  (void)state;
  written[0] = '\0';
  log_begin(&line, &log, VTAC_LOG_DEBUG, "test");
  log_text(&line, "value", "x");
  log_end(&line);
  log_begin(&line, NULL, VTAC_LOG_ERROR, "test");
  log_end(&line);
  assert_string_equal(written, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logfmt), cmocka_unit_test(json),
      cmocka_unit_test(long_values), cmocka_unit_test(levels)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
