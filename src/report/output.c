/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written piece by piece, and their encodings. */
#include "report/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A trace is many small pieces. */
enum { BUFFER_BYTES = 1 << 16 };

static vtac_status complain(const char *path, int error, Diag *diag) {
  return diag_set(diag, D_FILE, "cannot write '%.800s': %s", path,
                  strerror(error));
}

vtac_status output_open(Output *out, const char *path, Diag *diag) {
  *out = (Output){.file = NULL};
  if (!path) return VTAC_OK;
  out->path = strdup(path);
  if (!out->path) return diag_set(diag, D_NO_MEMORY, "no memory for a path");
  out->file = fopen(path, "wb");
  if (!out->file) {
    vtac_status status = complain(path, errno, diag);
    free(out->path);
    out->path = NULL;
    return status;
  }
  setvbuf(out->file, NULL, _IOFBF, BUFFER_BYTES);
  return VTAC_OK;
}

static void fail(Output *out) {
  if (!out->error) out->error = errno ? errno : EIO;
}

vtac_status output_close(Output *out, Diag *diag) {
  if (!out->file) return VTAC_OK;
  errno = 0;
  if (fclose(out->file)) fail(out);
  vtac_status status =
      out->error ? complain(out->path, out->error, diag) : VTAC_OK;
  free(out->path);
  *out = (Output){.file = NULL};
  return status;
}

void output_bytes(Output *out, const void *bytes, size_t size) {
  if (!out->file || out->error || !size) return;
  errno = 0;
  if (fwrite(bytes, 1, size, out->file) != size) fail(out);
}

void output_text(Output *out, const char *text) {
  output_bytes(out, text, strlen(text));
}

void output_printf(Output *out, const char *format, ...) {
  va_list args;
  if (!out->file || out->error) return;
  va_start(args, format);
  errno = 0;
  if (vfprintf(out->file, format, args) < 0) fail(out);
  va_end(args);
}

/* ---- Text --------------------------------------------------------------- */

/* The bytes of the well-formed UTF-8 sequence at `text`, or 0 (RFC 3629). */
static size_t sequence(const unsigned char *text) {
  const unsigned char c = text[0];
  const size_t n = c < 0x80   ? 1
                   : c < 0xC2 ? 0
                   : c < 0xE0 ? 2
                   : c < 0xF0 ? 3
                              : 4;
  if (c > 0xF4) return 0;
  for (size_t i = 1; i < n; i++)
    if ((text[i] & 0xC0) != 0x80) return 0;
  if ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] > 0x9F) ||
      (c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F))
    return 0;
  return n;
}

/* "</script>" inside a string would end the script that holds it. */
static void json_char(Output *out, unsigned char c) {
  switch (c) {
    case '"': output_text(out, "\\\""); return;
    case '\\': output_text(out, "\\\\"); return;
    case '\n': output_text(out, "\\n"); return;
    default: break;
  }
  if (c < 0x20 || c == '<' || c == 0x7F)
    output_printf(out, "\\u%04x", c);
  else
    output_bytes(out, &c, 1);
}

void output_json(Output *out, const char *text) {
  output_text(out, "\"");
  while (*text) {
    size_t n = sequence((const unsigned char *)text);
    if (n == 1)
      json_char(out, (unsigned char)*text);
    else if (n)
      output_bytes(out, text, n);
    else
      output_text(out, "\\ufffd");
    text += n ? n : 1;
  }
  output_text(out, "\"");
}

static void escaped_char(Output *out, unsigned char c) {
  switch (c) {
    case '&': output_text(out, "&amp;"); return;
    case '<': output_text(out, "&lt;"); return;
    case '>': output_text(out, "&gt;"); return;
    case '"': output_text(out, "&quot;"); return;
    default: break;
  }
  if (c < 0x20 && c != '\n' && c != '\t') c = ' ';
  output_bytes(out, &c, 1);
}

void output_escaped(Output *out, const char *text) {
  while (*text) {
    size_t n = sequence((const unsigned char *)text);
    if (n == 1)
      escaped_char(out, (unsigned char)*text);
    else if (n)
      output_bytes(out, text, n);
    else
      output_text(out, "\xEF\xBF\xBD");
    text += n ? n : 1;
  }
}

/* ---- Base64 (RFC 4648) -------------------------------------------------- */

static void write_group(Output *out, const uint8_t in[3], int bytes) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
  char text[4];
  for (int i = 0; i < 4; i++)
    text[i] = i > bytes ? '=' : digits[group >> (18 - 6 * i) & 63];
  output_bytes(out, text, sizeof text);
}

void output_base64(Output *out, const void *bytes, size_t size) {
  const uint8_t *at = bytes;
  if (!out->file) return;
  while (size--) {
    out->pending[out->pendings++] = *at++;
    if (out->pendings < 3) continue;
    write_group(out, out->pending, 3);
    out->pendings = 0;
  }
}

void output_base64_end(Output *out) {
  if (!out->pendings) return;
  for (int i = out->pendings; i < 3; i++) out->pending[i] = 0;
  write_group(out, out->pending, out->pendings);
  out->pendings = 0;
}
