/* SPDX-License-Identifier: Apache-2.0 */
/* Structured logs: one event a line, as logfmt or as a JSON object.
 *
 *   time=2024-05-01T12:00:00.123Z level=info event=session-start id=7 …
 *
 * What a peer says reaches a log only through log_text, which leaves no
 * control character and no byte outside ASCII as it is. */
#ifndef RPC_LOG_H
#define RPC_LOG_H

#include <stdbool.h>

#include "vtac/rpc_server.h"

typedef struct LogLine {
  const vtac_rpc_log *log;
  bool wanted;
  size_t length;
  char text[2048];
} LogLine;

/* `log` may be NULL; nothing is written then. */
void log_begin(LogLine *line, const vtac_rpc_log *log, vtac_log_level level,
               const char *event);
void log_int(LogLine *line, const char *key, int64_t value);
void log_text(LogLine *line, const char *key, const char *value);
void log_end(LogLine *line);

#endif
