/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of boards: the presets against the hardware's own figures, keys
 * over them, and what is refused. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "board/design.h"

static BoardSpec spec;
static Diag diag;

static vtac_status parse(const char *text) {
  return board_spec_parse(text, strlen(text), "test.json", &spec, &diag);
}

static void test_presets(void **state) {
  (void)state;
  static const struct {
    const char *name, *design;
    uint32_t registers, offset;
  } want[] = {{"pynq", "hls", 0x43C00000, 0},
              {"ultra96", "hls", 0xA0000000, 0},
              {"zcu104", "hls", 0xA0000000, 0},
              {"de10nano", "chisel", 0xFF220000, 0x80000000}};
  for (int i = 0; i < 4; i++) {
    assert_string_equal(board_preset_name(i), want[i].name);
    assert_int_equal(board_spec_load(want[i].name, &spec, &diag), VTAC_OK);
    assert_string_equal(spec.design, want[i].design);
    assert_int_equal(spec.registers, want[i].registers);
    assert_int_equal(spec.dma_offset, want[i].offset);
    assert_non_null(board_design(spec.design));
  }
  assert_null(board_preset_name(4));
  assert_null(board_preset_name(-1));
}

static void test_keys(void **state) {
  (void)state;
  assert_int_equal(
      parse("{\"timeout_ms\": 25, \"preset\": \"pynq\", \"dma\": \"udmabuf3\","
            " \"registers\": \"0x40000000\", \"cache\": \"sync\"}"),
      VTAC_OK);
  assert_int_equal(spec.timeout_ms, 25);
  assert_string_equal(spec.dma, "udmabuf3");
  assert_int_equal(spec.registers, 0x40000000);
  assert_string_equal(spec.cache, "sync");
  assert_string_equal(spec.reset, "zynq7000");
}

static void test_listing(void **state) {
  (void)state;
  BoardValue value;
  int i = 0;
  assert_int_equal(board_spec_load("pynq", &spec, &diag), VTAC_OK);
  for (; board_value(&spec, i, &value); i++) {
    assert_true(*value.name && *value.meaning);
    if (!strcmp(value.name, "registers"))
      assert_int_equal(value.number, 0x43C00000);
    if (!strcmp(value.name, "dma")) assert_string_equal(value.text, "udmabuf0");
  }
  assert_int_equal(i, 11);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"{", "test.json:1:1: not legal JSON: "},
      {"[]", "the key preset takes pynq, ultra96, zcu104 or de10nano"},
      {"{}", "the key preset takes pynq"},
      {"{\"preset\": \"zedboard\"}", "the key preset takes pynq"},
      {"{\"preset\": \"pynq\", \"cash\": \"off\"}", "there is no key 'cash'"},
      {"{\"preset\": \"pynq\", \"cache\": \"no\"}", "cache does not take 'no'"},
      {"{\"preset\": \"pynq\", \"cache\": 1}", "cache takes a string"},
      {"{\"preset\": \"pynq\", \"design\": \"rtl\"}",
       "design does not take 'rtl'"},
      {"{\"preset\": \"pynq\", \"reset\": \"yes\"}",
       "reset does not take 'yes'"},
      {"{\"preset\": \"pynq\", \"registers\": 0}", "in 1..4294967295"},
      {"{\"preset\": \"pynq\", \"registers\": 5}", "no multiple of 4"},
      {"{\"preset\": \"pynq\", \"registers\": \"43c00000\"}", "or \"0x"},
      {"{\"preset\": \"pynq\", \"registers\": \"0x\"}", "or \"0x"},
      {"{\"preset\": \"pynq\", \"registers\": \"0x100000000\"}", "or \"0x"},
      {"{\"preset\": \"pynq\", \"timeout_ms\": -1}", "in 1..86400000"},
      {"{\"preset\": \"pynq\", \"timeout_ms\": 1.5}", "in 1..86400000"},
      {"{\"preset\": \"pynq\", \"preset\": \"pynq\"}", "duplicate"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(parse(cases[i].text), VTAC_REFUSED);
    assert_int_equal(diag.id, D_BOARD_KEY);
    if (!strstr(diag.message, cases[i].message))
      fail_msg("%s: %s", cases[i].text, diag.message);
  }
  assert_int_equal(board_spec_load("/nonexistent", &spec, &diag), VTAC_IO);
  assert_string_equal(diag.message,
                      "/nonexistent: cannot open: No such file or directory; a "
                      "board is pynq, ultra96, zcu104 or de10nano, or a file");
}

static void test_long_text(void **state) {
  (void)state;
  char text[512];
  snprintf(text, sizeof text, "{\"preset\": \"pynq\", \"root\": \"%*s\"}", 255,
           "x");
  assert_int_equal(parse(text), VTAC_OK);
  assert_int_equal(strlen(spec.root), 255);
  snprintf(text, sizeof text, "{\"preset\": \"pynq\", \"root\": \"%*s\"}", 256,
           "x");
  assert_int_equal(parse(text), VTAC_REFUSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_presets), cmocka_unit_test(test_keys),
      cmocka_unit_test(test_listing), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_long_text)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
