/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that serve others share: values with units, logs on
 * standard error, and ending on a signal. */
#ifndef CLI_RPC_OPTIONS_H
#define CLI_RPC_OPTIONS_H

#include "cli/cli.h"

/* "512", "64K", "256M", "2G". */
bool parse_bytes(const char *what, const char *text, uint64_t *ret);
/* "5", "0.5", "90s", "10m", "4h"; more than 0. */
bool parse_seconds(const char *what, const char *text, double *ret);
/* 0 to 65535, where 0 is any port: *ret is -1 then. */
bool parse_listen_port(const char *what, const char *text, int *ret);
bool parse_log_format(const char *text, vtac_rpc_log *log);
bool parse_log_level(const char *text, vtac_rpc_log *log);

/* The first line of the file, or of VTAC_RPC_SECRET if `path` is NULL; to be
 * freed.  *ret is NULL where there is none; false after a complaint. */
bool read_secret(const char *path, char **ret);

/* Writes a line to standard error in one piece. */
void write_log(void *user, const char *text, size_t length);
/* SIGTERM and SIGINT call `stop(server)` from now on; NULL: nothing. */
void stop_on_signal(void (*stop)(void *server), void *server);

#endif
