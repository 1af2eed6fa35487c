/* SPDX-License-Identifier: Apache-2.0 */
/* A client's session on a device of this process: requests go straight to a
 * server's session, and files to a directory of their own. */
#define _GNU_SOURCE /* O_PATH */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/auth.h"
#include "rpc/client.h"
#include "rpc/session.h"
#include "runtime/objects.h"

enum { MOST_FILES = 4096 };

typedef struct LocalTransport {
  Transport base;
  Session *session;
  RpcPacket answer;
  size_t taken; /* of the answer's raw data */
  int temp;     /* the directory that the session's one lies in, or -1 */
  int files;    /* the session's, or -1 */
  char name[32];
} LocalTransport;

/* ---- Requests ----------------------------------------------------------- */

static vtac_status local_send(Transport *self, const RpcPacket *request,
                              Diag *diag) {
  LocalTransport *t = (LocalTransport *)self;
  (void)diag;
  void *room = request->data.n ? session_room(t->session, request) : NULL;
  if (room) memcpy(room, request->data.at, request->data.n);
  t->taken = 0;
  session_handle(t->session, request, &t->answer);
  return VTAC_OK;
}

static vtac_status local_receive(Transport *self, RpcPacket *ret, Diag *diag) {
  const LocalTransport *t = (LocalTransport *)self;
  (void)diag;
  *ret = t->answer;
  return VTAC_OK;
}

static vtac_status local_receive_data(Transport *self, void *to, size_t n,
                                      Diag *diag) {
  LocalTransport *t = (LocalTransport *)self;
  (void)diag;
  memcpy(to, t->answer.data.at + t->taken, n);
  t->taken += n;
  return VTAC_OK;
}

static void local_close(Transport *self) {
  LocalTransport *t = (LocalTransport *)self;
  session_free(t->session);
  if (t->files >= 0) {
    close(t->files);
    workdir_destroy(t->temp, t->name);
  }
  if (t->temp >= 0) close(t->temp);
  free(t);
}

/* ---- Opening ------------------------------------------------------------ */

/* A directory with a name of its own in $TMPDIR or /tmp. */
static vtac_status make_directory(LocalTransport *t, Diag *diag) {
  char nonce[HELLO_NONCE + 1];
  const char *temp = getenv("TMPDIR");
  if (!temp || !*temp) temp = "/tmp";
  t->temp = open(temp, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (t->temp >= 0 && auth_nonce(nonce)) {
    snprintf(t->name, sizeof t->name, "vtac-rpc-%.16s", nonce);
    t->files = workdir_create(t->temp, t->name, -1, -1);
  }
  if (t->files >= 0) return VTAC_OK;
  return diag_set(diag, D_FILE, "cannot make a directory in '%s'", temp);
}

static vtac_status fill(LocalTransport *t, const vtac_config *config,
                        const vtac_device_options *device, Diag *diag) {
  vtac_status status = make_directory(t, diag);
  if (status) return status;
  const SessionOptions options = {
      .config = config,
      .simulator = device ? device->simulator : VTAC_SIMULATOR_BY_TARGET,
      .sim_path = device ? device->sim_path : VTAC_SIM_FAST,
      .memory_bytes = UINT64_MAX,
      .packet_bytes = INT64_MAX,
      .workdir = {t->files, UINT64_MAX, MOST_FILES}};
  t->session = session_new(&options);
  if (t->session) return VTAC_OK;
  return diag_set(diag, D_NO_MEMORY, "cannot allocate a session");
}

static vtac_rpc *open_local(const vtac_config *config,
                            const vtac_device_options *options, Diag *diag) {
  static const TransportOps ops = {local_send, local_receive,
                                   local_receive_data, local_close};
  LocalTransport *t = calloc(1, sizeof *t);
  if (!t) {
    diag_set(diag, D_NO_MEMORY, "cannot allocate a session");
    return NULL;
  }
  t->base.ops = &ops;
  t->temp = t->files = -1;
  if (!fill(t, config, options, diag)) return client_new(&t->base, diag);
  local_close(&t->base);
  return NULL;
}

vtac_rpc *vtac_rpc_local(const vtac_config *config,
                         const vtac_device_options *options,
                         vtac_error *error) {
  Diag diag;
  if (is_missing(config, "vtac_rpc_local", "config", error)) return NULL;
  vtac_rpc *session = open_local(config, options, &diag);
  if (!session) report_error(error, &diag);
  return session;
}
