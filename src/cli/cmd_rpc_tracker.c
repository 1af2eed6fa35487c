/* SPDX-License-Identifier: Apache-2.0 */
/* vtac rpc-tracker: which servers are free, for clients of TVM's RPC. */
#include "cli/commands.h"
#include "cli/rpc_options.h"

enum {
  OPT_HOST,
  OPT_PORT,
  OPT_PORT_END,
  OPT_CONNECTIONS,
  OPT_IDLE_TIMEOUT,
  OPT_LOG_FORMAT,
  OPT_LOG_LEVEL,
};

static const Option options[] = {
    [OPT_HOST] = {"host", "ADDRESS", "listen on it; default 127.0.0.1"},
    [OPT_PORT] = {"port", "N", "listen on it, 0: any; default 9190 to 9198"},
    [OPT_PORT_END] = {"port-end", "N", "last port to try"},
    [OPT_CONNECTIONS] = {"connections", "N", "at one time; default 1024"},
    [OPT_IDLE_TIMEOUT] = {"idle-timeout", "TIME",
                          "until a silent connection is closed; default 10m"},
    [OPT_LOG_FORMAT] = {"log-format", "NAME", "logfmt (default) or json"},
    [OPT_LOG_LEVEL] = {"log-level", "NAME",
                       "debug, info (default), warning or error"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  vtac_rpc_tracker_options *own = self;
  switch (index) {
    case OPT_HOST: own->host = text; return true;
    case OPT_PORT: return parse_listen_port("--port", text, &own->port);
    case OPT_PORT_END:
      return parse_listen_port("--port-end", text, &own->port_end);
    case OPT_CONNECTIONS:
      return parse_small("--connections", text, &own->connections);
    case OPT_IDLE_TIMEOUT:
      return parse_seconds("--idle-timeout", text, &own->idle_seconds);
    case OPT_LOG_FORMAT: return parse_log_format(text, &own->log);
    default: return parse_log_level(text, &own->log);
  }
}

static void stop(void *tracker) { vtac_rpc_tracker_stop(tracker); }

int command_rpc_tracker(int argc, char **argv) {
  vtac_error error;
  vtac_rpc_tracker_options own = {
      .log = {.line = write_log, .least = VTAC_LOG_INFO}};
  const OptionParser parser = {
      "rpc-tracker",
      "Tells clients of TVM 0.9's RPC which servers are free.  Logs go to "
      "standard error;\nSIGTERM ends it.",
      options,
      take,
      &own,
      NULL};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  vtac_rpc_tracker *tracker = vtac_rpc_tracker_open(&own, &error);
  if (!tracker) return report(&error);
  stop_on_signal(stop, tracker);
  vtac_status served = vtac_rpc_tracker_serve(tracker, &error);
  stop_on_signal(NULL, NULL);
  vtac_rpc_tracker_close(tracker);
  return served ? report(&error) : EXIT_RIGHT;
}
