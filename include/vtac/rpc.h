/* SPDX-License-Identifier: Apache-2.0 */
/* Using devices of other machines, by the RPC protocol of TVM 0.9
 * (docs/rpc.md): sessions, the modules and arrays on their other side, and
 * calls.  `error` may be NULL everywhere.
 *
 * A session and all that belongs to it serve one thread at a time.  Functions,
 * modules and arrays must be freed before their session is closed.  Every call
 * may fail with VTAC_IO: "rpc-closed" when the server is gone, "rpc-timeout"
 * when it takes longer than the session allows, "rpc-protocol" when it does not
 * keep to the protocol; the session is then of no more use, and further calls
 * give the same error.  VTAC_DEVICE, "rpc-remote", is an error that the server
 * reports, with its text; the session goes on. */
#ifndef VTAC_RPC_H
#define VTAC_RPC_H

#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_rpc vtac_rpc; /* a session */
typedef struct vtac_rpc_module vtac_rpc_module;
typedef struct vtac_rpc_function vtac_rpc_function;
typedef struct vtac_rpc_array vtac_rpc_array;

/* ---- Sessions ----------------------------------------------------------- */

/* Zeros are the defaults; texts are copied. */
typedef struct vtac_rpc_options {
  const char *key; /* what the server was started with; NULL: "" */
  /* What the server asks for besides, of at least 16 bytes; NULL: nothing.  A
   * server that doesn't ask for it, or doesn't know it, is refused. */
  const char *secret;
  double
      session_seconds; /* the server may end the session then; 0: its limit */
  double connect_seconds; /* until the server answers; 0: 60.  A server that is
                             busy answers when it is this client's turn. */
  double call_seconds;    /* for each request; 0: any time */
} vtac_rpc_options;

/* Connects to a server.  The caller closes the session.  NULL with `error`:
 * VTAC_IO if it cannot be reached or is none, VTAC_REFUSED for a wrong key
 * ("rpc-key") or secret ("rpc-secret"). */
VTAC_API vtac_rpc *vtac_rpc_connect(const char *host, int port,
                                    const vtac_rpc_options *options,
                                    vtac_error *error);
/* Asks a tracker for a server with options->key and connects to it; waits for
 * one, for connect_seconds (0: for ever), if all are in use.  Larger priorities
 * are served first, 1 is the usual one.  A server that cannot be reached is
 * given up for another one, five times. */
VTAC_API vtac_rpc *vtac_rpc_request(const char *host, int port, int priority,
                                    const vtac_rpc_options *options,
                                    vtac_error *error);
/* The same interface to a device of this process, without a socket; files go to
 * a directory that is removed at the end.  Of the options (or NULL), simulator
 * and sim_path count. */
VTAC_API vtac_rpc *vtac_rpc_local(const vtac_config *config,
                                  const vtac_device_options *options,
                                  vtac_error *error);
VTAC_API void vtac_rpc_close(vtac_rpc *session); /* NULL is fine */

/* "HOST:PORT", "HOST", "[ADDRESS]:PORT" or an IPv6 address: writes the host's
 * name to `host`, of `size` bytes.  VTAC_INVALID for anything else. */
VTAC_API vtac_status vtac_rpc_parse_address(const char *text, int default_port,
                                            char *host, size_t size,
                                            int *ret_port, vtac_error *error);

/* ---- Files -------------------------------------------------------------- */

/* Puts a file into the session's directory; replaces one of that name. */
VTAC_API vtac_status vtac_rpc_upload(vtac_rpc *session, const char *name,
                                     const void *bytes, size_t size,
                                     vtac_error *error);
/* A file of that directory, which the caller frees with free(). */
VTAC_API void *vtac_rpc_download(vtac_rpc *session, const char *name,
                                 size_t *ret_size, vtac_error *error);
VTAC_API vtac_status vtac_rpc_remove(vtac_rpc *session, const char *name,
                                     vtac_error *error);

/* ---- Arrays ------------------------------------------------------------- */

/* Devices of a session. */
enum { VTAC_RPC_CPU = 1, VTAC_RPC_EXT_DEV = 12 };

/* An array in a device's memory, compact and row major; its contents are not
 * set.  The caller frees it. */
VTAC_API vtac_rpc_array *vtac_rpc_array_new(vtac_rpc *session, int device_type,
                                            int device_id, const char *dtype,
                                            int ndim, const int64_t *shape,
                                            vtac_error *error);
VTAC_API void vtac_rpc_array_free(vtac_rpc_array *array); /* NULL is fine */
/* In bytes; 0 for NULL. */
VTAC_API size_t vtac_rpc_array_size(const vtac_rpc_array *array);
VTAC_API int vtac_rpc_array_ndim(const vtac_rpc_array *array);
VTAC_API int64_t vtac_rpc_array_dim(const vtac_rpc_array *array, int dim);
/* Its type, such as "int8"; lives as long as the array. */
VTAC_API const char *vtac_rpc_array_dtype(const vtac_rpc_array *array);
/* Copies all vtac_rpc_array_size bytes from or to host memory, in as many
 * messages as the server's limit asks for. */
VTAC_API vtac_status vtac_rpc_array_write(vtac_rpc_array *array,
                                          const void *from, vtac_error *error);
VTAC_API vtac_status vtac_rpc_array_read(const vtac_rpc_array *array, void *to,
                                         vtac_error *error);
/* Copies within a session; VTAC_INVALID if the sizes differ. */
VTAC_API vtac_status vtac_rpc_array_copy(const vtac_rpc_array *from,
                                         vtac_rpc_array *to, vtac_error *error);

/* ---- Functions and modules ---------------------------------------------- */

typedef enum vtac_rpc_type {
  VTAC_RPC_NULL = 0,
  VTAC_RPC_INT,
  VTAC_RPC_FLOAT,
  VTAC_RPC_TEXT,
  VTAC_RPC_BYTES,
  VTAC_RPC_ARRAY,
  VTAC_RPC_MODULE,
  VTAC_RPC_FUNCTION,
  VTAC_RPC_DEVICE,
  VTAC_RPC_HANDLE
} vtac_rpc_type;

/* An argument or a result; what counts beside the type stands behind. */
typedef struct vtac_rpc_value {
  vtac_rpc_type type;
  int64_t integer;   /* INT; DEVICE: its type; HANDLE */
  int device_id;     /* DEVICE */
  double number;     /* FLOAT */
  const void *bytes; /* TEXT, terminated; BYTES */
  size_t size;       /* TEXT (of results), BYTES */
  vtac_rpc_array *array;
  vtac_rpc_module *module;
  vtac_rpc_function *function;
} vtac_rpc_value;

/* A function by its name in the server, such as
 * "tvm.contrib.vta.reconfig_runtime"; VTAC_INVALID, "rpc-missing", if there is
 * none.  The caller frees it. */
VTAC_API vtac_rpc_function *vtac_rpc_function_get(vtac_rpc *session,
                                                  const char *name,
                                                  vtac_error *error);
VTAC_API void vtac_rpc_function_free(vtac_rpc_function *function);
/* Calls it; returns when it has.  A result's text and bytes live until the next
 * call on the session; arrays, modules and functions are the caller's to free.
 * With `ret_result` NULL the result is dropped. */
VTAC_API vtac_status vtac_rpc_call(vtac_rpc_function *function, int n,
                                   const vtac_rpc_value *args,
                                   vtac_rpc_value *ret_result,
                                   vtac_error *error);

/* Loads a file that was uploaded: .o, or whatever the server takes.  The caller
 * frees it; functions that were taken from it live on. */
VTAC_API vtac_rpc_module *vtac_rpc_module_load(vtac_rpc *session,
                                               const char *name,
                                               vtac_error *error);
VTAC_API void vtac_rpc_module_free(vtac_rpc_module *module);
/* A module's function; NULL names its only one. */
VTAC_API vtac_rpc_function *vtac_rpc_module_function(vtac_rpc_module *module,
                                                     const char *name,
                                                     vtac_error *error);

/* How often a function is run to time it; zeros are the defaults. */
typedef struct vtac_rpc_timing {
  int device_type, device_id; /* that is waited for; 0: VTAC_RPC_EXT_DEV */
  int number;                 /* runs that are measured as one; 0: 1 */
  int repeat;                 /* measurements; 0: 1 */
  int min_repeat_ms; /* `number` grows until a measurement takes that long */
  int cooldown_ms;   /* pause between measurements … */
  int repeats_to_cooldown; /* … after so many of them; 0: 1 */
  const char *preprocess;  /* a function of the server that is run before each
                              measurement, or NULL */
} vtac_rpc_timing;

/* Times a module's function (NULL: its only one) on these arguments: seconds
 * of one run, for each of the measurements. */
VTAC_API vtac_status vtac_rpc_time(vtac_rpc_module *module, const char *name,
                                   const vtac_rpc_timing *timing, int n,
                                   const vtac_rpc_value *args,
                                   double *ret_seconds, vtac_error *error);

/* ---- Devices ------------------------------------------------------------ */

/* Attribute number `kind` (0: whether it exists; 5: of an accelerator,
 * "simulator" or "board") of a device: an INT, a TEXT that lives until the next
 * call, or NULL if it has no such attribute. */
VTAC_API vtac_status vtac_rpc_device_attr(vtac_rpc *session, int device_type,
                                          int device_id, int kind,
                                          vtac_rpc_value *ret_value,
                                          vtac_error *error);
/* Waits until the device has done what it was asked for. */
VTAC_API vtac_status vtac_rpc_device_sync(vtac_rpc *session, int device_type,
                                          int device_id, vtac_error *error);

/* Makes the server's accelerator one of that configuration, before anything
 * is allocated on it; its TARGET stays. */
VTAC_API vtac_status vtac_rpc_reconfigure(vtac_rpc *session,
                                          const vtac_config *config,
                                          vtac_error *error);
/* Uploads a bitstream and programs the board with it; simulators take it and
 * do nothing. */
VTAC_API vtac_status vtac_rpc_program(vtac_rpc *session, const char *name,
                                      const void *bitstream, size_t size,
                                      vtac_error *error);
/* The counters of a server's simulator, as vtac_device_counters, and its
 * cycles, 0 where it has none; "rpc-missing" where there is no simulator. */
VTAC_API vtac_status vtac_rpc_counters(vtac_rpc *session,
                                       uint64_t ret_counters[VTAC_COUNTERS],
                                       uint64_t *ret_cycles, vtac_error *error);
VTAC_API vtac_status vtac_rpc_clear_counters(vtac_rpc *session,
                                             vtac_error *error);

/* ---- Trackers ----------------------------------------------------------- */

/* What a tracker knows at one time. */
typedef struct vtac_rpc_summary vtac_rpc_summary;

/* Asks a tracker; the caller frees the answer.  `seconds` is the time that it
 * has, 0: 60. */
VTAC_API vtac_rpc_summary *vtac_rpc_summary_get(const char *host, int port,
                                                double seconds,
                                                vtac_error *error);
VTAC_API void vtac_rpc_summary_free(vtac_rpc_summary *summary);

/* Servers that wait and clients that do, by key. */
typedef struct vtac_rpc_queue {
  const char *key;
  int free, pending;
} vtac_rpc_queue;
/* A server that is registered. */
typedef struct vtac_rpc_place {
  const char *key, *host;
  int port;
} vtac_rpc_place;

/* Number `index`; 0 past the last.  Texts live as long as the summary. */
VTAC_API int vtac_rpc_summary_queue(const vtac_rpc_summary *summary, int index,
                                    vtac_rpc_queue *ret_queue);
VTAC_API int vtac_rpc_summary_server(const vtac_rpc_summary *summary, int index,
                                     vtac_rpc_place *ret_server);

#ifdef __cplusplus
}
#endif
#endif
