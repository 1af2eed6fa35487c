/* SPDX-License-Identifier: Apache-2.0 */
/* vtac rpc-server: the simulator or a board for clients of TVM's RPC. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/rpc_options.h"

/* In the order of `take`. */
enum {
  OPT_HOST,
  OPT_PORT,
  OPT_PORT_END,
  OPT_KEY,
  OPT_SECRET_FILE,
  OPT_TRACKER,
  OPT_PUBLIC_HOST,
  OPT_CONFIG,
  OPT_SIM,
  OPT_SIM_PATH,
  OPT_BOARD,
  OPT_WORK_DIR,
  OPT_SESSIONS,
  OPT_WAITING,
  OPT_MEMORY,
  OPT_STORAGE,
  OPT_FILES,
  OPT_PACKET,
  OPT_HELLO_TIMEOUT,
  OPT_IDLE_TIMEOUT,
  OPT_PACKET_TIMEOUT,
  OPT_CALL_TIMEOUT,
  OPT_SESSION_TIMEOUT,
  OPT_CPU_TIME,
  OPT_NO_SANDBOX,
  OPT_LOG_FORMAT,
  OPT_LOG_LEVEL,
};

static const Option options[] = {
    [OPT_HOST] = {"host", "ADDRESS", "listen on it; default 127.0.0.1"},
    [OPT_PORT] = {"port", "N", "listen on it, 0: any; default 9091 to 9198"},
    [OPT_PORT_END] = {"port-end", "N", "last port to try"},
    [OPT_KEY] = {"key", "TEXT", "what clients ask for; default empty"},
    [OPT_SECRET_FILE] = {"secret-file", "FILE",
                         "clients must know the file's first line; default: "
                         "$VTAC_RPC_SECRET"},
    [OPT_TRACKER] = {"tracker", "HOST:PORT", "register with that tracker"},
    [OPT_PUBLIC_HOST] = {"public-host", "ADDRESS",
                         "where the tracker sends clients; default: as it "
                         "sees the server"},
    [OPT_CONFIG] = {"config", "FILE",
                    "accelerator (a vta_config.json); default: built in"},
    [OPT_SIM] = {"sim", "NAME",
                 "fsim, or tsim, which counts cycles, too; default: as TARGET "
                 "says"},
    [OPT_SIM_PATH] = {"sim-path", "PATH", "path of the functional simulator"},
    [OPT_BOARD] = {"board", "NAME",
                   "serve the board of that preset or description"},
    [OPT_WORK_DIR] = {"work-dir", "DIR",
                      "where sessions keep their files; default $TMPDIR or "
                      "/tmp"},
    [OPT_SESSIONS] = {"sessions", "N", "at one time; default 4, 1 on a board"},
    [OPT_WAITING] = {"waiting", "N",
                     "clients that may wait for one; default 64"},
    [OPT_MEMORY] = {"memory", "BYTES", "of a session; default 2G"},
    [OPT_STORAGE] = {"storage", "BYTES", "files of a session; default 256M"},
    [OPT_FILES] = {"files", "N", "how many of them; default 64"},
    [OPT_PACKET] = {"packet", "BYTES", "of a message; default 256M"},
    [OPT_HELLO_TIMEOUT] = {"hello-timeout", "TIME",
                           "until a client has said its key; default 5s"},
    [OPT_IDLE_TIMEOUT] = {"idle-timeout", "TIME",
                          "between two requests; default 10m"},
    [OPT_PACKET_TIMEOUT] = {"packet-timeout", "TIME",
                            "until a message is through; default 5m"},
    [OPT_CALL_TIMEOUT] = {"call-timeout", "TIME", "of a request; default 60s"},
    [OPT_SESSION_TIMEOUT] = {"session-timeout", "TIME",
                             "of a session; default 4h"},
    [OPT_CPU_TIME] = {"cpu-time", "TIME",
                      "of the processor for a session; default 1h"},
    [OPT_NO_SANDBOX] = {"no-sandbox", NULL,
                        "let sessions do what this user may; limits stay"},
    [OPT_LOG_FORMAT] = {"log-format", "NAME", "logfmt (default) or json"},
    [OPT_LOG_LEVEL] = {"log-level", "NAME",
                       "debug, info (default), warning or error"},
    {NULL, NULL, NULL}};

typedef struct ServerCommand {
  vtac_rpc_server_options server;
  const char *config, *secret_file, *board;
  char *secret;
  bool sessions_given;
} ServerCommand;

static bool take_sim(ServerCommand *own, const char *text) {
  static const char *const names[] = {"fsim", "tsim"};
  int choice = parse_choice("--sim", text, 2, names);
  own->server.simulator =
      choice ? VTAC_SIMULATOR_TIMING : VTAC_SIMULATOR_FUNCTIONAL;
  return choice >= 0;
}

static bool take_limit(ServerCommand *own, int index, const char *text) {
  vtac_rpc_limits *l = &own->server.limits;
  switch (index) {
    case OPT_SESSIONS:
      own->sessions_given = true;
      return parse_small("--sessions", text, &l->sessions);
    case OPT_WAITING: return parse_small("--waiting", text, &l->waiting);
    case OPT_MEMORY: return parse_bytes("--memory", text, &l->memory_bytes);
    case OPT_STORAGE: return parse_bytes("--storage", text, &l->storage_bytes);
    case OPT_FILES: return parse_small("--files", text, &l->files);
    case OPT_PACKET: return parse_bytes("--packet", text, &l->packet_bytes);
    case OPT_HELLO_TIMEOUT:
      return parse_seconds("--hello-timeout", text, &l->hello_seconds);
    case OPT_IDLE_TIMEOUT:
      return parse_seconds("--idle-timeout", text, &l->idle_seconds);
    case OPT_PACKET_TIMEOUT:
      return parse_seconds("--packet-timeout", text, &l->packet_seconds);
    case OPT_CALL_TIMEOUT:
      return parse_seconds("--call-timeout", text, &l->call_seconds);
    case OPT_SESSION_TIMEOUT:
      return parse_seconds("--session-timeout", text, &l->session_seconds);
    default: return parse_seconds("--cpu-time", text, &l->cpu_seconds);
  }
}

static bool take(void *self, int index, const char *text) {
  ServerCommand *own = self;
  vtac_rpc_server_options *server = &own->server;
  switch (index) {
    case OPT_HOST: server->host = text; return true;
    case OPT_PORT: return parse_listen_port("--port", text, &server->port);
    case OPT_PORT_END:
      return parse_listen_port("--port-end", text, &server->port_end);
    case OPT_KEY: server->key = text; return true;
    case OPT_SECRET_FILE: own->secret_file = text; return true;
    case OPT_TRACKER: server->tracker = text; return true;
    case OPT_PUBLIC_HOST: server->public_host = text; return true;
    case OPT_CONFIG: own->config = text; return true;
    case OPT_SIM: return take_sim(own, text);
    case OPT_SIM_PATH:
      return parse_sim_path("--sim-path", text, &server->sim_path);
    case OPT_BOARD: own->board = text; return true;
    case OPT_WORK_DIR: server->work_dir = text; return true;
    case OPT_NO_SANDBOX: server->no_sandbox = 1; return true;
    case OPT_LOG_FORMAT: return parse_log_format(text, &server->log);
    case OPT_LOG_LEVEL: return parse_log_level(text, &server->log);
    default: return take_limit(own, index, text);
  }
}

/* ---- Running ------------------------------------------------------------ */

static void stop(void *server) { vtac_rpc_server_stop(server); }

static int serve(const ServerCommand *own) {
  vtac_error error;
  vtac_rpc_server *server = vtac_rpc_server_open(&own->server, &error);
  if (!server) return report(&error);
  stop_on_signal(stop, server);
  vtac_status status = vtac_rpc_server_serve(server, &error);
  stop_on_signal(NULL, NULL);
  vtac_rpc_server_close(server);
  return status ? report(&error) : EXIT_RIGHT;
}

/* What the options name is loaded, and a board is one device. */
static int prepare(ServerCommand *own, vtac_config **ret_config,
                   vtac_board **ret_board) {
  vtac_error error;
  if (!read_secret(own->secret_file, &own->secret)) return EXIT_ENVIRONMENT;
  own->server.secret = own->secret;
  *ret_config = own->config ? vtac_config_load(own->config, &error)
                            : vtac_config_default(&error);
  if (!*ret_config) return report(&error);
  own->server.config = *ret_config;
  if (!own->board) return -1;
  if (own->server.simulator) {
    complain("--board and --sim exclude each other");
    return bad_usage("rpc-server");
  }
  *ret_board = vtac_board_load(own->board, &error);
  if (!*ret_board) return report(&error);
  own->server.board = *ret_board;
  if (!own->sessions_given) own->server.limits.sessions = 1;
  return -1;
}

int command_rpc_server(int argc, char **argv) {
  ServerCommand own = {
      .server = {.limits = vtac_rpc_limits_default(),
                 .log = {.line = write_log, .least = VTAC_LOG_INFO}}};
  const OptionParser parser = {
      "rpc-server",
      "Serves the simulator or a board to clients of TVM 0.9's RPC, vtac's own "
      "among them,\neach in a process of its own.  Logs go to standard error; "
      "SIGTERM ends it.",
      options,
      take,
      &own,
      NULL};
  vtac_config *config = NULL;
  vtac_board *board = NULL;
  if (!environment_sim_path(&own.server.sim_path))
    return bad_usage("rpc-server");
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  status = prepare(&own, &config, &board);
  if (status < 0) status = serve(&own);
  vtac_board_free(board);
  vtac_config_free(config);
  free(own.secret);
  return status;
}
