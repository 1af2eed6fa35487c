/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in the memory of a server's devices, and the devices themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/client.h"
#include "runtime/objects.h"

/* ---- Types -------------------------------------------------------------- */

static const char *const type_names[] = {"int", "uint", "float", "handle",
                                         "bfloat"};
enum { TYPE_NAMES = sizeof type_names / sizeof *type_names };

/* "int8", "uint1", "float32x4"; "bool" is uint1. */
static bool parse_dtype(const char *text, RpcDType *ret) {
  int bits, lanes = 1, end = 0;
  if (!strcmp(text, "bool")) text = "uint1";
  for (uint8_t code = 0; code < TYPE_NAMES; code++) {
    size_t n = strlen(type_names[code]);
    if (strncmp(text, type_names[code], n) != 0) continue;
    if (sscanf(text + n, "%3d%n", &bits, &end) < 1) return false;
    const char *rest = text + n + end;
    if (*rest == 'x' && sscanf(rest, "x%4d%n", &lanes, &end) == 1) rest += end;
    if (*rest || bits < 1 || bits > 255 || lanes < 1) return false;
    *ret = (RpcDType){code, (uint8_t)bits, (uint16_t)lanes};
    return true;
  }
  return false;
}

static void name_dtype(RpcDType dtype, char ret[24]) {
  const char *name =
      dtype.code < TYPE_NAMES ? type_names[dtype.code] : "unknown";
  int n = snprintf(ret, 24, "%s%d", name, dtype.bits);
  if (dtype.lanes != 1) snprintf(ret + n, 24 - (size_t)n, "x%d", dtype.lanes);
}

/* ---- Life --------------------------------------------------------------- */

/* An array of `tensor`, whose size must be known. */
static vtac_rpc_array *new_array(vtac_rpc *session, const RpcTensor *tensor,
                                 Diag *diag) {
  uint64_t size;
  if (!rpc_tensor_size(tensor, &size) || size > SIZE_MAX / 2) {
    diag_set(diag, D_ARGUMENT, "the array's size cannot be counted");
    return NULL;
  }
  vtac_rpc_array *array = malloc(sizeof *array);
  if (!array) {
    diag_set(diag, D_NO_MEMORY, "cannot allocate an array");
    return NULL;
  }
  *array = (vtac_rpc_array){
      .session = session, .tensor = *tensor, .size = (size_t)size};
  name_dtype(tensor->dtype, array->dtype);
  return array;
}

vtac_rpc_array *client_array(vtac_rpc *session, const RpcValue *value,
                             Diag *diag) {
  vtac_rpc_array *array = new_array(session, &value->tensor, diag);
  if (array)
    array->owner = value->array;
  else
    client_release(session, RPC_NDARRAY, value->array);
  return array;
}

static vtac_status make_tensor(RpcDevice device, const char *dtype, int ndim,
                               const int64_t *shape, RpcTensor *ret,
                               Diag *diag) {
  *ret = (RpcTensor){.device = device, .ndim = ndim};
  if (!parse_dtype(dtype, &ret->dtype))
    return diag_set(diag, D_ARGUMENT, "unknown data type '%.64s'", dtype);
  if (ndim < 0 || ndim > RPC_MOST_DIMS)
    return diag_set(diag, D_ARGUMENT, "%d dimensions, allowed are 0 to %d",
                    ndim, RPC_MOST_DIMS);
  if (device.type < 1 || device.type > RPC_MOST_DEVICE_TYPE)
    return diag_set(diag, D_ARGUMENT, "there is no device type %d",
                    (int)device.type);
  for (int i = 0; i < ndim; i++) {
    if (shape[i] < 1)
      return diag_set(diag, D_ARGUMENT,
                      "dimension %d is %lld; it must be at least 1", i,
                      (long long)shape[i]);
    ret->shape[i] = shape[i];
  }
  return VTAC_OK;
}

static vtac_status allocate(vtac_rpc_array *array, Diag *diag) {
  RpcValue value;
  vtac_status status = client_request(
      array->session, RPC_DEV_ALLOC_WITH_SCOPE,
      RPC_ARGS(rpc_tensor(&array->tensor), rpc_null()), &value, diag);
  if (!status && value.code != RPC_HANDLE)
    status = client_mistyped(array->session, "memory", diag);
  if (!status) array->tensor.data = value.handle;
  return status;
}

vtac_rpc_array *vtac_rpc_array_new(vtac_rpc *session, int device_type,
                                   int device_id, const char *dtype, int ndim,
                                   const int64_t *shape, vtac_error *error) {
  static const char call[] = "vtac_rpc_array_new";
  const RpcDevice device = {device_type, device_id};
  RpcTensor tensor;
  vtac_rpc_array *array = NULL;
  Diag diag;
  if (is_missing(session, call, "session", error) ||
      is_missing(dtype, call, "dtype", error) ||
      (ndim > 0 && is_missing(shape, call, "shape", error)))
    return NULL;
  if (!make_tensor(device, dtype, ndim, shape, &tensor, &diag))
    array = new_array(session, &tensor, &diag);
  if (array && !allocate(array, &diag)) return array;
  report_error(error, &diag);
  free(array);
  return NULL;
}

void vtac_rpc_array_free(vtac_rpc_array *array) {
  Diag ignored;
  if (!array) return;
  if (array->owner)
    client_release(array->session, RPC_NDARRAY, array->owner);
  else
    client_request(array->session, RPC_DEV_FREE_DATA,
                   RPC_ARGS(rpc_device(array->tensor.device),
                            rpc_handle(RPC_HANDLE, array->tensor.data)),
                   NULL, &ignored);
  free(array);
}

size_t vtac_rpc_array_size(const vtac_rpc_array *array) {
  return array ? array->size : 0;
}

int vtac_rpc_array_ndim(const vtac_rpc_array *array) {
  return array ? array->tensor.ndim : 0;
}

int64_t vtac_rpc_array_dim(const vtac_rpc_array *array, int dim) {
  if (!array || dim < 0 || dim >= array->tensor.ndim) return 0;
  return array->tensor.shape[dim];
}

const char *vtac_rpc_array_dtype(const vtac_rpc_array *array) {
  return array ? array->dtype : NULL;
}

/* ---- Copies ------------------------------------------------------------- */

/* Asks the server, once, how large its packets may be. */
static vtac_status learn_packet_size(vtac_rpc *session, Diag *diag) {
  uint64_t function;
  RpcValue value;
  if (session->knows_packet_size) return VTAC_OK;
  vtac_status status = client_find(
      session, "tvm.rpc.server.GetCRTMaxPacketSize", &function, diag);
  if (!status && function)
    status = client_call(session, function, 0, NULL, &value, diag);
  if (status) return status;
  if (function && value.code != RPC_INT)
    return client_mistyped(session, "its packets' size", diag);
  if (function && value.integer > 0)
    session->packet_size = (uint64_t)value.integer;
  if (function) client_release(session, RPC_FUNCTION, function);
  session->knows_packet_size = true;
  return VTAC_OK;
}

/* How many of an array's bytes go into one packet. */
static vtac_status piece_size(vtac_rpc *session, const vtac_rpc_array *array,
                              size_t *ret, Diag *diag) {
  const uint64_t head = 44 + 8 * (uint64_t)array->tensor.ndim;
  vtac_status status = learn_packet_size(session, diag);
  if (status) return status;
  const uint64_t packet = session->packet_size;
  *ret = array->size;
  if (!packet || array->size + head <= packet) return VTAC_OK;
  if (packet <= head)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the server's packets of %llu bytes hold no data",
                    (unsigned long long)packet);
  *ret = (size_t)(packet - head);
  return VTAC_OK;
}

/* The request that copies n bytes from byte `start` on. */
static void copy_request(vtac_rpc *session, RpcOpcode opcode,
                         const vtac_rpc_array *array, size_t start, size_t n) {
  RpcPacket *request = &session->request;
  rpc_packet(request, opcode, 0, NULL);
  request->tensor = array->tensor;
  request->tensor.byte_offset += start;
  request->nbytes = n;
}

static vtac_status write_piece(const vtac_rpc_array *array, const char *from,
                               size_t start, size_t n, Diag *diag) {
  vtac_rpc *session = array->session;
  RpcValue value;
  copy_request(session, RPC_COPY_TO_REMOTE, array, start, n);
  session->request.data = (Slice){from + start, n};
  vtac_status status = client_exchange(session, diag);
  return status ? status : rpc_take_return(&session->answer, &value, diag);
}

/* Only an exception may stand in the place of the data. */
static vtac_status check_ack(vtac_rpc *session, size_t n, Diag *diag) {
  const RpcPacket *answer = &session->answer;
  RpcValue value;
  if (answer->opcode == RPC_COPY_ACK && answer->data.n == n) return VTAC_OK;
  vtac_status status = VTAC_OK;
  if (answer->opcode != RPC_COPY_ACK)
    status = rpc_take_return(answer, &value, diag);
  if (!status)
    status = diag_set(diag, D_RPC_PROTOCOL,
                      "the server answers by %zu bytes instead of %zu",
                      answer->data.n, n);
  if (diag->id != D_RPC_REMOTE) session->broken = *diag;
  return status;
}

static vtac_status read_piece(const vtac_rpc_array *array, char *to,
                              size_t start, size_t n, Diag *diag) {
  vtac_rpc *session = array->session;
  Transport *transport = session->transport;
  copy_request(session, RPC_COPY_FROM_REMOTE, array, start, n);
  vtac_status status = client_exchange(session, diag);
  if (!status) status = check_ack(session, n, diag);
  if (status) return status;
  status = transport->ops->receive_data(transport, to + start, n, diag);
  if (status) session->broken = *diag;
  return status;
}

vtac_status vtac_rpc_array_write(vtac_rpc_array *array, const void *from,
                                 vtac_error *error) {
  static const char call[] = "vtac_rpc_array_write";
  Diag diag;
  size_t piece, n;
  if (is_missing(array, call, "array", error) ||
      is_missing(from, call, "from", error))
    return VTAC_INVALID;
  vtac_status status = piece_size(array->session, array, &piece, &diag);
  for (size_t done = 0; done < array->size && !status; done += n) {
    n = array->size - done < piece ? array->size - done : piece;
    status = write_piece(array, from, done, n, &diag);
  }
  return status ? report_error(error, &diag) : VTAC_OK;
}

vtac_status vtac_rpc_array_read(const vtac_rpc_array *array, void *to,
                                vtac_error *error) {
  static const char call[] = "vtac_rpc_array_read";
  Diag diag;
  size_t piece, n;
  if (is_missing(array, call, "array", error) ||
      is_missing(to, call, "to", error))
    return VTAC_INVALID;
  vtac_status status = piece_size(array->session, array, &piece, &diag);
  for (size_t done = 0; done < array->size && !status; done += n) {
    n = array->size - done < piece ? array->size - done : piece;
    status = read_piece(array, to, done, n, &diag);
  }
  return status ? report_error(error, &diag) : VTAC_OK;
}

vtac_status vtac_rpc_array_copy(const vtac_rpc_array *from, vtac_rpc_array *to,
                                vtac_error *error) {
  static const char call[] = "vtac_rpc_array_copy";
  Diag diag;
  vtac_status status;
  if (is_missing(from, call, "from", error) ||
      is_missing(to, call, "to", error))
    return VTAC_INVALID;
  if (from->session != to->session)
    status = diag_set(&diag, D_ARGUMENT, "the arrays are of two sessions");
  else if (from->size != to->size)
    status =
        diag_set(&diag, D_ARGUMENT, "%zu bytes don't fit in an array of %zu",
                 from->size, to->size);
  else
    status = client_request(
        from->session, RPC_COPY_AMONG_REMOTE,
        RPC_ARGS(rpc_tensor(&from->tensor), rpc_tensor(&to->tensor),
                 rpc_handle(RPC_HANDLE, 0)),
        NULL, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}

/* ---- Devices ------------------------------------------------------------ */

vtac_status vtac_rpc_device_attr(vtac_rpc *session, int device_type,
                                 int device_id, int kind,
                                 vtac_rpc_value *ret_value, vtac_error *error) {
  static const char call[] = "vtac_rpc_device_attr";
  const RpcDevice device = {device_type, device_id};
  RpcValue value;
  Diag diag;
  if (is_missing(session, call, "session", error) ||
      is_missing(ret_value, call, "ret_value", error))
    return VTAC_INVALID;
  vtac_status status = client_request(
      session, RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(device), rpc_int(kind)),
      &value, &diag);
  vtac_rpc_value ret = {0};
  if (!status && value.code == RPC_INT) {
    ret = (vtac_rpc_value){.type = VTAC_RPC_INT, .integer = value.integer};
  } else if (!status && value.code == RPC_STRING) {
    status = client_keep_text(session, value.text, &diag);
    ret = (vtac_rpc_value){.type = VTAC_RPC_TEXT,
                           .bytes = session->text.bytes,
                           .size = value.text.n};
  } else if (!status && value.code != RPC_NULL) {
    status = client_mistyped(session, "an attribute", &diag);
  }
  if (status) return report_error(error, &diag);
  *ret_value = ret;
  return VTAC_OK;
}

vtac_status vtac_rpc_device_sync(vtac_rpc *session, int device_type,
                                 int device_id, vtac_error *error) {
  const RpcDevice device = {device_type, device_id};
  Diag diag;
  if (is_missing(session, "vtac_rpc_device_sync", "session", error))
    return VTAC_INVALID;
  vtac_status status = client_request(
      session, RPC_DEV_STREAM_SYNC,
      RPC_ARGS(rpc_device(device), rpc_handle(RPC_HANDLE, 0)), NULL, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}
