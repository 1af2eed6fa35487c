/* SPDX-License-Identifier: Apache-2.0 */
/* Values, logs and signals of the commands that serve others. */
#include "cli/rpc_options.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/files.h"

/* ---- Values ------------------------------------------------------------- */

bool parse_bytes(const char *what, const char *text, uint64_t *ret) {
  static const char units[] = "KMG";
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
  const int shift = unit ? 10 * (int)(unit - units + 1) : 0;
  if (!isdigit((unsigned char)*text) || (*end && (!unit || end[1])) ||
      value > UINT64_MAX >> shift) {
    complain("%s: '%s' is no number of bytes, such as 512 or 256M", what, text);
    return false;
  }
  *ret = (uint64_t)value << shift;
  return true;
}

bool parse_seconds(const char *what, const char *text, double *ret) {
  static const char units[] = "smh";
  static const double seconds[] = {1, 60, 3600};
  char *end;
  double value = strtod(text, &end);
  const char *unit = *end ? strchr(units, *end) : units;
  if (!isdigit((unsigned char)*text) || !unit || (*end && end[1]) ||
      !(value > 0 && value < 1e9)) {
    complain("%s: '%s' is no time, such as 0.5, 90s, 10m or 4h", what, text);
    return false;
  }
  *ret = value * seconds[unit - units];
  return true;
}

bool parse_listen_port(const char *what, const char *text, int *ret) {
  int64_t value;
  if (!parse_int(what, text, &value)) return false;
  if (value < 0 || value > 65535) {
    complain("%s: %s is no port; ports are 1 to 65535, 0 is any", what, text);
    return false;
  }
  *ret = value ? (int)value : -1;
  return true;
}

bool parse_log_format(const char *text, vtac_rpc_log *log) {
  static const char *const names[] = {"logfmt", "json"};
  log->json = parse_choice("--log-format", text, 2, names);
  return log->json >= 0;
}

bool parse_log_level(const char *text, vtac_rpc_log *log) {
  static const char *const names[] = {"debug", "info", "warning", "error"};
  int level = parse_choice("--log-level", text, 4, names);
  if (level >= 0) log->least = (vtac_log_level)level;
  return level >= 0;
}

static char *first_line(const char *text) {
  const size_t n = strcspn(text, "\r\n");
  char *line = malloc(n + 1);
  if (line) memcpy(line, text, n);
  if (line) line[n] = '\0';
  return line;
}

bool read_secret(const char *path, char **ret) {
  size_t size;
  char *file = NULL;
  const char *text = getenv("VTAC_RPC_SECRET");
  *ret = NULL;
  if (path) text = file = input_read(path, &size);
  if (path && !file) return false;
  if (text && (path || *text)) {
    *ret = first_line(text);
    if (!*ret) complain("no memory left");
    if (!*ret) return false;
  }
  free(file);
  return true;
}

/* ---- Logs --------------------------------------------------------------- */

void write_log(void *user, const char *text, size_t length) {
  (void)user;
  while (length) {
    ssize_t n = write(STDERR_FILENO, text, length);
    if (n <= 0) return;
    text += n;
    length -= (size_t)n;
  }
}

/* ---- Signals ------------------------------------------------------------ */

/* A handler knows nothing but what is global. */
static void (*volatile stop_function)(void *server);
static void *volatile stop_server;

static void handle(int signal) {
  (void)signal;
  if (stop_function) stop_function(stop_server);
}

void stop_on_signal(void (*stop)(void *server), void *server) {
  struct sigaction action = {.sa_handler = handle};
  stop_function = NULL;
  stop_server = server;
  stop_function = stop;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}
