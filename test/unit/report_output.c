/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written piece by piece: encodings and failures. */
#include "report/output.h"
#include "support/temp.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

static char path[256];

static void expect_file(Output *out, const char *want) {
  char have[512];
  Diag diag;
  assert_int_equal(output_close(out, &diag), VTAC_OK);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t size = fread(have, 1, sizeof have - 1, file);
  have[size] = '\0';
  fclose(file);
  assert_string_equal(have, want);
}

static Output begin(void) {
  Output out;
  Diag diag;
  assert_int_equal(output_open(&out, path, &diag), VTAC_OK);
  return out;
}

static void test_json(void **state) {
  (void)state;
  Output out = begin();
  output_json(&out, "a\"b\\c\n\t</script>");
  output_json(&out, "\xC3\xA4 \xE2\x86\x92 \xF0\x9F\x98\x80");
  output_json(&out, "\xFF\xC3(\xE2\x86 \xC0\xAF\xED\xA0\x80");
  expect_file(&out,
              "\"a\\\"b\\\\c\\n\\u0009\\u003c/script>\""
              "\"\xC3\xA4 \xE2\x86\x92 \xF0\x9F\x98\x80\""
              "\"\\ufffd\\ufffd(\\ufffd\\ufffd \\ufffd\\ufffd"
              "\\ufffd\\ufffd\\ufffd\"");
}

static void test_escaped(void **state) {
  (void)state;
  Output out = begin();
  output_escaped(&out, "a<b & \"c\">\x01\xFF");
  expect_file(&out, "a&lt;b &amp; &quot;c&quot;&gt; \xEF\xBF\xBD");
}

/* RFC 4648, section 10, in pieces of every size. */
static void test_base64(void **state) {
  (void)state;
  static const char *const want[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                     "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (size_t length = 0; length < 7; length++)
    for (size_t piece = 1; piece < 4; piece++) {
      Output out = begin();
      for (size_t at = 0; at < length; at += piece)
        output_base64(&out, &"foobar"[at],
                      length - at < piece ? length - at : piece);
      output_base64_end(&out);
      expect_file(&out, want[length]);
    }
}

static void test_failures(void **state) {
  (void)state;
  Output out;
  Diag diag;
  assert_int_equal(output_open(&out, "/no/such/folder/file", &diag), VTAC_IO);
  assert_non_null(strstr(diag.message, "/no/such/folder/file"));
  assert_int_equal(output_open(&out, NULL, &diag), VTAC_OK);
  output_text(&out, "nowhere");
  assert_int_equal(output_close(&out, &diag), VTAC_OK);
  if (access("/dev/full", W_OK)) return;
  assert_int_equal(output_open(&out, "/dev/full", &diag), VTAC_OK);
  for (int i = 0; i < 100000; i++) output_printf(&out, "%d ", i);
  assert_int_equal(output_close(&out, &diag), VTAC_IO);
  assert_non_null(strstr(diag.message, "No space left"));
  assert_int_equal(output_open(&out, "/dev/full", &diag), VTAC_OK);
  output_text(&out, "little"); /* fails when it is closed */
  assert_int_equal(output_close(&out, &diag), VTAC_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_escaped),
      cmocka_unit_test(test_base64),
      cmocka_unit_test(test_failures),
  };
  temp_name(path, sizeof path, "vtac-output-XXXXXX");
  int file = mkstemp(path);
  if (file < 0) return 1;
  close(file);
  int status = cmocka_run_group_tests(tests, NULL, NULL);
  unlink(path);
  return status;
}
