/* SPDX-License-Identifier: Apache-2.0 */
/* Writing log lines; what does not fit a line is cut off. */
#include "rpc/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
  ROOM_TO_END = 4, /* a quote, a brace, a newline, the terminator */
  LEAST_FIELD = 64 /* what is left when another field is not begun */
};

static void add_char(LogLine *line, char c) {
  if (line->length + ROOM_TO_END < sizeof line->text)
    line->text[line->length++] = c;
}

static void add(LogLine *line, const char *text) {
  for (; *text; text++) add_char(line, *text);
}

static bool has_room(const LogLine *line) {
  return line->wanted && line->length + LEAST_FIELD < sizeof line->text;
}

static void add_key(LogLine *line, const char *key) {
  if (line->log->json) {
    add(line, line->length ? ", \"" : "{\"");
    add(line, key);
    add(line, "\": ");
  } else {
    add(line, line->length ? " " : "");
    add(line, key);
    add_char(line, '=');
  }
}

static void add_escaped(LogLine *line, unsigned char c) {
  char escape[8] = {(char)c, '\0'};
  if (c == '"' || c == '\\')
    snprintf(escape, sizeof escape, "\\%c", c);
  else if (c < 0x20 || c >= 0x7F)
    snprintf(escape, sizeof escape, line->log->json ? "\\u%04x" : "\\x%02x", c);
  add(line, escape);
}

static bool is_plain(const char *text) {
  if (!*text) return false;
  for (; *text; text++)
    if (*text <= 0x20 || *text >= 0x7F || strchr("\"\\=", *text)) return false;
  return true;
}

void log_text(LogLine *line, const char *key, const char *value) {
  if (!has_room(line)) return;
  add_key(line, key);
  if (!line->log->json && is_plain(value)) {
    add(line, value);
    return;
  }
  add_char(line, '"');
  for (; *value; value++) add_escaped(line, (unsigned char)*value);
  line->text[line->length++] = '"';
}

void log_int(LogLine *line, const char *key, int64_t value) {
  char text[24];
  if (!has_room(line)) return;
  snprintf(text, sizeof text, "%lld", (long long)value);
  add_key(line, key);
  add(line, text);
}

static void add_time(LogLine *line) {
  struct timespec now;
  struct tm utc;
  char text[48];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(text + n, sizeof text - n, ".%03ldZ", now.tv_nsec / 1000000);
  log_text(line, "time", text);
}

void log_begin(LogLine *line, const vtac_rpc_log *log, vtac_log_level level,
               const char *event) {
  static const char *const names[] = {"debug", "info", "warning", "error"};
  line->log = log;
  line->wanted = log && log->line && level >= log->least;
  line->length = 0;
  if (!line->wanted) return;
  add_time(line);
  log_text(line, "level", names[level]);
  log_text(line, "event", event);
}

void log_end(LogLine *line) {
  if (!line->wanted) return;
  if (line->log->json) line->text[line->length++] = '}';
  line->text[line->length++] = '\n';
  line->text[line->length] = '\0';
  line->log->line(line->log->user, line->text, line->length);
}
