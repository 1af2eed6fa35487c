/* SPDX-License-Identifier: Apache-2.0 */
/* Running a kernel over RPC: as the tutorials of the reference do, the object
 * file is sent, loaded there, and called with arrays that lie there. */
#include "cli/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/files.h"
#include "cli/rpc_options.h"

enum {
  MOST_ARGS = 4,
  MOST_HOST = 256,
  MOST_DIMS = 16,
  SERVER_PORT = 9091,
  TRACKER_PORT = 9190
};

struct Remote {
  const CommonOptions *options;
  const vtac_config *config;
  vtac_rpc *session;
  vtac_rpc_function *function;
  int n;
  vtac_rpc_array *array[MOST_ARGS];
};

/* ---- Where to ----------------------------------------------------------- */

/* The boards, and what their processors run. */
static const struct {
  const char *name, *target;
} boards[] = {{"pynq", "armv7"}, {"de10nano", "armv7"}, {"ultra96", "aarch64"}};
enum { BOARDS = sizeof boards / sizeof *boards };

const char *board_processor(const char *name) {
  for (int i = 0; i < BOARDS; i++)
    if (!strcmp(boards[i].name, name)) return boards[i].target;
  return NULL;
}

static const char *target_of_config(const vtac_config *config) {
  vtac_config_value value;
  for (int i = 0; vtac_config_at(config, i, &value); i++)
    if (!strcmp(value.name, "TARGET")) return value.text;
  return "";
}

/* VTA_RPC_HOST, which counts for boards only. */
static const char *environment_host(const vtac_config *config) {
  const char *host = getenv("VTA_RPC_HOST");
  if (!host || !*host) return NULL;
  return board_processor(target_of_config(config)) ? host : NULL;
}

bool remote_wanted(const CommonOptions *options, const vtac_config *config) {
  if (options->rpc || options->rpc_tracker) return true;
  return !options->board && config && environment_host(config);
}

/* What the code is generated for: --target, else the board of the
 * configuration, else this machine. */
static const char *code_target(const Remote *r) {
  const char *given = r->options->target;
  return given ? given : board_processor(target_of_config(r->config));
}

/* ---- Connecting --------------------------------------------------------- */

static int parse_place(const char *text, int port, char host[MOST_HOST],
                       int *ret_port) {
  vtac_error error;
  if (!vtac_rpc_parse_address(text, port, host, MOST_HOST, ret_port, &error))
    return -1;
  complain("%s", error.message);
  return EXIT_USAGE;
}

static int parse_environment(const char *host, char ret[MOST_HOST],
                             int *ret_port) {
  const char *port = getenv("VTA_RPC_PORT");
  int64_t number = SERVER_PORT;
  if (port && *port && !parse_int("VTA_RPC_PORT", port, &number))
    return EXIT_USAGE;
  if (number < 1 || number > 65535) {
    complain("VTA_RPC_PORT: %s is out of range", port);
    return EXIT_USAGE;
  }
  snprintf(ret, MOST_HOST, "%s", host);
  *ret_port = (int)number;
  return -1;
}

static int open_session(Remote *r, const vtac_rpc_options *rpc) {
  const CommonOptions *options = r->options;
  const bool tracked = options->rpc_tracker;
  const char *place = tracked ? options->rpc_tracker : options->rpc;
  char host[MOST_HOST];
  int port;
  vtac_error error;
  int status =
      place ? parse_place(place, tracked ? TRACKER_PORT : SERVER_PORT, host,
                          &port)
            : parse_environment(environment_host(r->config), host, &port);
  if (status >= 0) return status;
  r->session = tracked ? vtac_rpc_request(host, port, 1, rpc, &error)
                       : vtac_rpc_connect(host, port, rpc, &error);
  return r->session ? -1 : report(&error);
}

static int open_configured(Remote *r) {
  vtac_error error;
  char *secret;
  if (!read_secret(r->options->rpc_secret_file, &secret))
    return EXIT_ENVIRONMENT;
  const vtac_rpc_options rpc = {.key = r->options->rpc_key, .secret = secret};
  int status = open_session(r, &rpc);
  free(secret);
  if (status >= 0) return status;
  if (vtac_rpc_reconfigure(r->session, r->config, &error))
    return report(&error);
  return -1;
}

int remote_open(const CommonOptions *options, const vtac_config *config,
                Remote **ret) {
  Remote *r = calloc(1, sizeof *r);
  if (!r) {
    complain("no memory left");
    return EXIT_ENVIRONMENT;
  }
  r->options = options;
  r->config = config;
  int status = open_configured(r);
  if (status < 0)
    *ret = r;
  else
    remote_close(r);
  return status;
}

void remote_close(Remote *r) {
  if (!r) return;
  for (int i = 0; i < r->n; i++) vtac_rpc_array_free(r->array[i]);
  vtac_rpc_function_free(r->function);
  vtac_rpc_close(r->session);
  free(r);
}

/* ---- The kernel --------------------------------------------------------- */

static void *generate(const Remote *r, const vtac_module *module, size_t *size,
                      int *ret_status) {
  vtac_error error;
  const vtac_save_options options = {code_target(r), r->options->origin};
  void *object = vtac_module_object(module, &options, size, &error);
  *ret_status = object ? -1 : report(&error);
  return object;
}

/* What is sent, and under which name. */
static void *find_object(const Remote *r, const vtac_module *module,
                         char name[64], size_t *size, int *ret_status) {
  const char *file = r->options->load;
  const char *suffix = file ? strrchr(file, '.') : NULL;
  snprintf(name, 64, "%.48s%s", vtac_module_name(module),
           suffix && !strcmp(suffix, ".so") ? ".so" : ".o");
  if (!file) return generate(r, module, size, ret_status);
  if (suffix && !strcmp(suffix, ".c")) {
    complain("'%s': servers take .o and .so files", file);
    *ret_status = EXIT_REFUSED;
    return NULL;
  }
  void *bytes = input_read(file, size);
  *ret_status = bytes ? -1 : EXIT_ENVIRONMENT;
  return bytes;
}

static int send_object(Remote *r, const char *name, const void *object,
                       size_t size) {
  vtac_error error;
  if (vtac_rpc_upload(r->session, name, object, size, &error))
    return report(&error);
  vtac_rpc_module *module = vtac_rpc_module_load(r->session, name, &error);
  if (!module) return report(&error);
  r->function = vtac_rpc_module_function(module, r->options->function, &error);
  vtac_rpc_module_free(module);
  return r->function ? -1 : report(&error);
}

int remote_load(Remote *r, const vtac_module *module) {
  char name[64];
  size_t size;
  int status;
  void *object = find_object(r, module, name, &size, &status);
  if (!object) return status;
  status = send_object(r, name, object, size);
  free(object);
  return status;
}

int remote_add(Remote *r, vtac_tensor tensor, const void *data) {
  vtac_error error;
  int64_t shape[MOST_DIMS];
  const int ndim = vtac_tensor_ndim(tensor);
  for (int i = 0; i < ndim && i < MOST_DIMS; i++)
    shape[i] = vtac_tensor_dim(tensor, i);
  vtac_rpc_array *array =
      vtac_rpc_array_new(r->session, VTAC_RPC_EXT_DEV, 0,
                         vtac_tensor_dtype(tensor), ndim, shape, &error);
  if (!array) return report(&error);
  r->array[r->n++] = array;
  if (data && vtac_rpc_array_write(array, data, &error)) return report(&error);
  return -1;
}

int remote_run(Remote *r) {
  vtac_error error;
  vtac_rpc_value args[MOST_ARGS];
  for (int i = 0; i < r->n; i++)
    args[i] = (vtac_rpc_value){.type = VTAC_RPC_ARRAY, .array = r->array[i]};
  vtac_rpc_clear_counters(r->session, NULL); /* boards have none */
  if (vtac_rpc_call(r->function, r->n, args, NULL, &error))
    return report(&error);
  return -1;
}

size_t remote_size(const Remote *r, int index) {
  return vtac_rpc_array_size(r->array[index]);
}

int remote_read(Remote *r, int index, void *to) {
  vtac_error error;
  if (vtac_rpc_array_read(r->array[index], to, &error)) return report(&error);
  return -1;
}

bool remote_counters(Remote *r, uint64_t ret_counters[VTAC_COUNTERS],
                     uint64_t *ret_cycles) {
  return !vtac_rpc_counters(r->session, ret_counters, ret_cycles, NULL);
}
