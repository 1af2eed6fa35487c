/* SPDX-License-Identifier: Apache-2.0 */
/* A server for tests on other machines: any port, default limits, a log on
 * standard error, an end by SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "vtac/vtac.h"

static vtac_rpc_server *server;

static void stop(int signal) {
  (void)signal;
  vtac_rpc_server_stop(server);
}

static void write_line(void *user, const char *text, size_t length) {
  (void)user;
  fwrite(text, 1, length, stderr);
}

int main(void) {
  vtac_error error;
  const vtac_rpc_server_options options = {
      .port = -1,
      .port_end = -1,
      .limits = vtac_rpc_limits_default(),
      .log = {.line = write_line, .least = VTAC_LOG_INFO}};
  server = vtac_rpc_server_open(&options, &error);
  if (!server) {
    fprintf(stderr, "rpc_main: %s\n", error.message);
    return 1;
  }
  signal(SIGTERM, stop);
  vtac_status status = vtac_rpc_server_serve(server, &error);
  vtac_rpc_server_close(server);
  return status ? 1 : 0;
}
