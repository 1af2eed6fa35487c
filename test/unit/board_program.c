/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstreams and the FPGA manager, over a folder that stands for /. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "board/board.h"
#include "support/temp.h"

#define MANAGER "/sys/class/fpga_manager/fpga0"

static BoardSpec spec;
static Diag diag;

static const char *at(const char *path) {
  static char ret[2][512];
  static int turn;
  turn = !turn;
  snprintf(ret[turn], sizeof ret[turn], "%s%s", spec.root, path);
  return ret[turn];
}

static void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(at(path), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static int setup(void **state) {
  (void)state;
  static const char *const folders[] = {"/lib", "/sys", "/sys/class",
                                        "/sys/class/fpga_manager", MANAGER};
  assert_int_equal(board_spec_load("pynq", &spec, &diag), VTAC_OK);
  temp_name(spec.root, sizeof spec.root, "vtac-fpga-XXXXXX");
  assert_non_null(mkdtemp(spec.root));
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    assert_int_equal(mkdir(at(folders[i]), 0700), 0);
  write_file(MANAGER "/state", "operating\n", 10);
  write_file(MANAGER "/flags", "1", 1);
  write_file(MANAGER "/firmware", "", 0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", spec.root);
  return system(command);
}

static const uint8_t sync_written[4] = {0xaa, 0x99, 0x55, 0x66};
static const uint8_t sync_swapped[4] = {0x66, 0x55, 0x99, 0xaa};

/* 16 bytes of padding, the synchronising word, eight bytes. */
static size_t make_words(uint8_t *to, const uint8_t sync[4]) {
  memset(to, 0xff, 16);
  memcpy(to + 16, sync, 4);
  for (int i = 0; i < 8; i++) to[20 + i] = (uint8_t)(i + 1);
  return 28;
}

static size_t make_bit_file(uint8_t *to) {
  static const uint8_t magic[13] = {0x00, 0x09, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f,
                                    0xf0, 0x0f, 0xf0, 0x00, 0x00, 0x01};
  size_t n = sizeof magic;
  memcpy(to, magic, n);
  for (char tag = 'a'; tag <= 'd'; tag++) {
    to[n++] = (uint8_t)tag;
    to[n++] = 0;
    to[n++] = 4;
    memcpy(to + n, "text", 4);
    n += 4;
  }
  memcpy(to + n, "e\0\0\0\034", 5);
  return n + 5 + make_words(to + n + 5, sync_written);
}

/* The firmware and its name, as the manager gets them. */
static void check_firmware(const char *name, const uint8_t *want, size_t size) {
  uint8_t have[256];
  char path[300], told[128] = "";
  snprintf(path, sizeof path, "/lib/firmware/%s", name);
  FILE *file = fopen(at(path), "rb");
  assert_non_null(file);
  assert_int_equal(fread(have, 1, sizeof have, file), size);
  assert_memory_equal(have, want, size);
  fclose(file);
  file = fopen(at(MANAGER "/firmware"), "r");
  assert_non_null(file);
  assert_non_null(fgets(told, sizeof told, file));
  assert_string_equal(told, name);
  fclose(file);
}

static void swap(uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i += 4) {
    const uint8_t word[4] = {bytes[i + 3], bytes[i + 2], bytes[i + 1],
                             bytes[i]};
    memcpy(bytes + i, word, 4);
  }
}

static vtac_status program(const char *name, const uint8_t *bytes,
                           size_t size) {
  write_file(name, bytes, size);
  return board_program(&spec, at(name), &diag);
}

static void test_bit_file(void **state) {
  (void)state;
  uint8_t bit[256], want[64];
  char flags[8] = "";
  size_t size = make_words(want, sync_written);
  swap(want, size);
  assert_memory_equal(want + 16, sync_swapped, 4);
  if (program("/vta.bit", bit, make_bit_file(bit)))
    fail_msg("%s", diag.message);
  check_firmware("vtac-vta.bit.bin", want, size);
  FILE *file = fopen(at(MANAGER "/flags"), "r");
  assert_non_null(fgets(flags, sizeof flags, file));
  fclose(file);
  assert_string_equal(flags, "0");
}

static void test_ready_files(void **state) {
  (void)state;
  static const uint8_t raw[] = "a compressed image of another maker";
  uint8_t bytes[64], want[64];
  size_t size = make_words(bytes, sync_swapped);
  assert_int_equal(program("/a.bin", bytes, size), VTAC_OK);
  check_firmware("vtac-a.bin.bin", bytes, size);
  make_words(bytes, sync_written);
  memcpy(want, bytes, size);
  swap(want, size);
  assert_int_equal(program("/b.bin", bytes, size), VTAC_OK);
  check_firmware("vtac-b.bin.bin", want, size);
  assert_int_equal(program("/c.rbf", raw, sizeof raw), VTAC_OK);
  check_firmware("vtac-c.rbf.bin", raw, sizeof raw);
}

/* Every prefix of a .bit file is refused, down to one byte. */
static void test_damaged(void **state) {
  (void)state;
  uint8_t bit[256];
  size_t size = make_bit_file(bit);
  for (size_t n = 13; n < size; n++) {
    assert_int_equal(program("/cut.bit", bit, n), VTAC_IO);
    assert_non_null(strstr(diag.message, "the header of the .bit file is"));
  }
  assert_int_equal(program("/none.bit", bit, 0), VTAC_IO);
  assert_non_null(strstr(diag.message, "0 bytes are no bitstream"));
  assert_int_equal(board_program(&spec, "/nonexistent", &diag), VTAC_IO);
  assert_non_null(strstr(diag.message, "/nonexistent: cannot open"));
}

static void test_manager(void **state) {
  (void)state;
  uint8_t bytes[64];
  size_t size = make_words(bytes, sync_swapped);
  write_file(MANAGER "/state", "write error\n", 12);
  assert_int_equal(program("/a.bin", bytes, size), VTAC_IO);
  assert_int_equal(diag.id, D_FPGA);
  assert_non_null(strstr(
      diag.message, "the FPGA manager's state is 'write error' afterwards"));
  unlink(at(MANAGER "/state"));
  assert_int_equal(program("/a.bin", bytes, size), VTAC_IO);
  assert_non_null(strstr(diag.message, "state: cannot read"));
  unlink(at(MANAGER "/firmware"));
  assert_int_equal(program("/a.bin", bytes, size), VTAC_IO);
  assert_non_null(strstr(diag.message, "takes no file name"));
  *spec.fpga_manager = 0;
  assert_int_equal(program("/a.bin", bytes, size), VTAC_IO);
  assert_non_null(strstr(diag.message, "names no FPGA manager"));
}

static void test_no_folder(void **state) {
  (void)state;
  uint8_t bytes[64];
  size_t size = make_words(bytes, sync_swapped);
  write_file("/lib/firmware", "", 0); /* a file where a folder should be */
  assert_int_equal(program("/a.bin", bytes, size), VTAC_IO);
  assert_non_null(strstr(diag.message, "cannot write: Not a directory"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_bit_file, setup, teardown),
      cmocka_unit_test_setup_teardown(test_ready_files, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
      cmocka_unit_test_setup_teardown(test_manager, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
