/* SPDX-License-Identifier: Apache-2.0 */
/* Programming the FPGA: the kernel's FPGA manager takes the name of a file
 * under /lib/firmware.
 *
 * Its Xilinx drivers want the configuration words alone, each with its bytes
 * in the processor's order.  A .bit file has a header of tagged fields before
 * them and the bytes in the other order; the word that synchronises the
 * configuration tells which order a file has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board/board.h"
#include "board/sysfs.h"

enum { MOST_BYTES = 1 << 28, SYNC_SEARCH = 4096 };

typedef struct Bitstream {
  uint8_t *bytes;
  size_t size, start; /* the configuration begins at `start` */
  const char *path;
} Bitstream;

/* ---- The file ----------------------------------------------------------- */

static vtac_status read_bytes(FILE *file, Bitstream *bitstream, Diag *diag) {
  long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
  if (size < 0 || fseek(file, 0, SEEK_SET))
    return diag_set(diag, D_FPGA, "%s: cannot read: %s", bitstream->path,
                    strerror(errno));
  if (size == 0 || size > MOST_BYTES)
    return diag_set(diag, D_FPGA, "%s: %ld bytes are no bitstream",
                    bitstream->path, size);
  bitstream->bytes = malloc((size_t)size);
  if (!bitstream->bytes)
    return diag_set(diag, D_NO_MEMORY, "no memory for %s", bitstream->path);
  bitstream->size = fread(bitstream->bytes, 1, (size_t)size, file);
  if (bitstream->size == (size_t)size) return VTAC_OK;
  return diag_set(diag, D_FPGA, "%s: cannot read: %s", bitstream->path,
                  strerror(errno));
}

static vtac_status read_file(Bitstream *bitstream, Diag *diag) {
  FILE *file = fopen(bitstream->path, "rb");
  if (!file)
    return diag_set(diag, D_FPGA, "%s: cannot open: %s", bitstream->path,
                    strerror(errno));
  vtac_status status = read_bytes(file, bitstream, diag);
  fclose(file);
  return status;
}

static size_t big_endian(const uint8_t *at, int bytes) {
  size_t value = 0;
  while (bytes--) value = value << 8 | *at++;
  return value;
}

/* A .bit file: 13 bytes that are always the same, texts tagged 'a' to 'd' with
 * lengths of 16 bits, then 'e' with the configuration and 32 bits. */
static vtac_status skip_header(Bitstream *bitstream, Diag *diag) {
  static const uint8_t magic[13] = {0x00, 0x09, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f,
                                    0xf0, 0x0f, 0xf0, 0x00, 0x00, 0x01};
  const uint8_t *bytes = bitstream->bytes;
  const size_t size = bitstream->size;
  size_t at = sizeof magic;
  if (size < at || memcmp(bytes, magic, at)) return VTAC_OK;
  while (size - at >= 5 && bytes[at] != 'e') {
    size_t length = 3 + big_endian(bytes + at + 1, 2);
    if (length > size - at) break;
    at += length;
  }
  if (size - at >= 5 && bytes[at] == 'e' &&
      big_endian(bytes + at + 1, 4) == size - at - 5) {
    bitstream->start = at + 5;
    return VTAC_OK;
  }
  return diag_set(diag, D_FPGA, "%s: the header of the .bit file is damaged",
                  bitstream->path);
}

static bool has_word(const Bitstream *bitstream, const uint8_t word[4]) {
  size_t end = bitstream->start + SYNC_SEARCH;
  if (end > bitstream->size) end = bitstream->size;
  for (size_t at = bitstream->start; at + 4 <= end; at += 4)
    if (!memcmp(bitstream->bytes + at, word, 4)) return true;
  return false;
}

static void swap_words(Bitstream *bitstream) {
  static const uint8_t as_written[4] = {0xaa, 0x99, 0x55, 0x66};
  uint8_t *at = bitstream->bytes + bitstream->start;
  size_t words = (bitstream->size - bitstream->start) / 4;
  if (!has_word(bitstream, as_written)) return;
  for (; words--; at += 4) {
    const uint8_t word[4] = {at[3], at[2], at[1], at[0]};
    memcpy(at, word, 4);
  }
}

/* ---- The manager -------------------------------------------------------- */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static vtac_status write_firmware(const Bitstream *bitstream, const char *path,
                                  Diag *diag) {
  const size_t size = bitstream->size - bitstream->start;
  FILE *file = fopen(path, "wb");
  bool good = file && fwrite(bitstream->bytes + bitstream->start, 1, size,
                             file) == size;
  int why = errno;
  if (file && fclose(file)) {
    why = errno;
    good = false;
  }
  if (good) return VTAC_OK;
  return diag_set(diag, D_FPGA, "%s: cannot write: %s", path, strerror(why));
}

static void manager_path(const BoardSpec *spec, const char *attribute,
                         char ret[SYSFS_PATH_MAX]) {
  snprintf(ret, SYSFS_PATH_MAX, "%s/sys/class/fpga_manager/%s/%s", spec->root,
           spec->fpga_manager, attribute);
}

static vtac_status check_state(const BoardSpec *spec, const char *bitstream,
                               Diag *diag) {
  char path[SYSFS_PATH_MAX], state[SYSFS_TEXT_MAX];
  manager_path(spec, "state", path);
  if (!sysfs_read(path, state))
    return diag_set(diag, D_FPGA, "%s: cannot read: %s", path, strerror(errno));
  if (!strcmp(state, "operating")) return VTAC_OK;
  return diag_set(diag, D_FPGA,
                  "%s: the FPGA manager's state is '%s' afterwards", bitstream,
                  state);
}

/* Drivers without the attribute `flags` take full bitstreams anyway. */
static vtac_status load_firmware(const BoardSpec *spec, const char *name,
                                 Diag *diag) {
  char path[SYSFS_PATH_MAX];
  manager_path(spec, "flags", path);
  if (!access(path, F_OK) && !sysfs_write(path, "0"))
    return diag_set(diag, D_FPGA, "%s: cannot write: %s", path,
                    strerror(errno));
  manager_path(spec, "firmware", path);
  if (access(path, F_OK))
    return diag_set(diag, D_FPGA,
                    "%s: this kernel's FPGA manager takes no file name", path);
  if (sysfs_write(path, name)) return VTAC_OK;
  return diag_set(diag, D_FPGA, "%s: cannot program '%s': %s", path, name,
                  strerror(errno));
}

/* The copy stays, as the kernel may ask for it again. */
static vtac_status program(const BoardSpec *spec, const Bitstream *bitstream,
                           Diag *diag) {
  char folder[SYSFS_PATH_MAX], name[128], path[SYSFS_PATH_MAX + 128];
  snprintf(folder, sizeof folder, "%s/lib/firmware", spec->root);
  snprintf(name, sizeof name, "vtac-%.100s.bin", base_name(bitstream->path));
  snprintf(path, sizeof path, "%s/%s", folder, name);
  mkdir(folder, 0755); /* if it is not there; writing will tell */
  vtac_status status = write_firmware(bitstream, path, diag);
  if (!status) status = load_firmware(spec, name, diag);
  return status ? status : check_state(spec, bitstream->path, diag);
}

vtac_status board_program(const BoardSpec *spec, const char *path, Diag *diag) {
  Bitstream bitstream = {.path = path};
  if (!*spec->fpga_manager)
    return diag_set(diag, D_FPGA,
                    "the board's description names no FPGA manager");
  vtac_status status = read_file(&bitstream, diag);
  if (!status) status = skip_header(&bitstream, diag);
  if (!status) {
    swap_words(&bitstream);
    status = program(spec, &bitstream, diag);
  }
  free(bitstream.bytes);
  return status;
}
