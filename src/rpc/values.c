/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the RPC protocol, and the two forms in which one is an answer. */
#include <string.h>

#include "rpc/wire.h"

RpcValue rpc_null(void) { return (RpcValue){.code = RPC_NULL}; }

RpcValue rpc_int(int64_t value) {
  return (RpcValue){.code = RPC_INT, .integer = value};
}

RpcValue rpc_float(double value) {
  return (RpcValue){.code = RPC_FLOAT, .number = value};
}

RpcValue rpc_handle(RpcCode code, uint64_t handle) {
  return (RpcValue){.code = code, .handle = handle};
}

RpcValue rpc_device(RpcDevice device) {
  return (RpcValue){.code = RPC_DEVICE, .device = device};
}

RpcValue rpc_dtype(RpcDType dtype) {
  return (RpcValue){.code = RPC_DTYPE, .dtype = dtype};
}

RpcValue rpc_tensor(const RpcTensor *tensor) {
  return (RpcValue){.code = RPC_TENSOR, .tensor = *tensor};
}

RpcValue rpc_string(const char *text) {
  return (RpcValue){.code = RPC_STRING, .text = slice_of(text)};
}

RpcValue rpc_bytes(const void *bytes, size_t n) {
  return (RpcValue){.code = RPC_BYTES, .text = {bytes, n}};
}

bool rpc_tensor_size(const RpcTensor *tensor, uint64_t *ret_size) {
  uint64_t size = ((uint64_t)tensor->dtype.bits * tensor->dtype.lanes + 7) / 8;
  for (int i = 0; i < tensor->ndim; i++)
    if (tensor->shape[i] < 0 ||
        __builtin_mul_overflow(size, (uint64_t)tensor->shape[i], &size))
      return false;
  *ret_size = size;
  return true;
}

/* ---- Answers ------------------------------------------------------------ */

void rpc_return(RpcPacket *ret, RpcValue value) {
  rpc_packet(ret, RPC_RETURN, 1, &value);
}

/* The first value says what the second one is; a module and a function travel
 * as plain handles, an array as its tensor and the handle to free. */
void rpc_return_call(RpcPacket *ret, const RpcValue *value) {
  rpc_packet(ret, RPC_RETURN, RPC_ARGS(rpc_int(value->code), *value));
  if (value->code == RPC_MODULE || value->code == RPC_FUNCTION)
    ret->arg[1].code = RPC_HANDLE;
  if (value->code != RPC_NDARRAY) return;
  ret->arg[1].code = RPC_TENSOR;
  ret->arg[2] = rpc_handle(RPC_HANDLE, value->array);
  ret->n = 3;
}

void rpc_exception(RpcPacket *ret, const char *text) {
  RpcValue value = rpc_string(text);
  if (value.text.n > RPC_MOST_TEXT) value.text.n = RPC_MOST_TEXT;
  rpc_packet(ret, RPC_EXCEPTION, 1, &value);
}

/* ---- Taking an answer --------------------------------------------------- */

/* The peer's text in one line without control characters. */
static vtac_status report_exception(const RpcPacket *packet, Diag *diag) {
  char text[DIAG_MESSAGE_MAX - 64];
  if (packet->n != 1 || packet->arg[0].code != RPC_STRING)
    return diag_set(diag, D_RPC_PROTOCOL, "the server's exception has no text");
  slice_copy(packet->arg[0].text, text, sizeof text);
  size_t n = strlen(text);
  while (n && strchr(" \n\r\t", text[n - 1])) text[--n] = '\0';
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) text[i] = ' ';
  return diag_set(diag, D_RPC_REMOTE, "the server says: %s", text);
}

static vtac_status check_return(const RpcPacket *packet, Diag *diag) {
  switch (packet->opcode) {
    case RPC_RETURN: return VTAC_OK;
    case RPC_EXCEPTION: return report_exception(packet, diag);
    case RPC_SHUTDOWN:
      return diag_set(diag, D_RPC_CLOSED, "the server ends the connection");
    default: break;
  }
  return diag_set(diag, D_RPC_PROTOCOL, "the server answers by %s",
                  rpc_opcode_name(packet->opcode));
}

vtac_status rpc_take_return(const RpcPacket *packet, RpcValue *ret,
                            Diag *diag) {
  vtac_status status = check_return(packet, diag);
  if (status) return status;
  if (packet->n != 1)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the server answers by %d values instead of one",
                    packet->n);
  *ret = packet->arg[0];
  return VTAC_OK;
}

/* Whether the value travels as the first number of a call's answer says. */
static bool is_announced(const RpcPacket *packet) {
  if (packet->n < 2 || packet->arg[0].code != RPC_INT) return false;
  const int64_t said = packet->arg[0].integer;
  const RpcCode code = packet->arg[1].code;
  if (said == RPC_NDARRAY)
    return packet->n == 3 && code == RPC_TENSOR &&
           packet->arg[2].code == RPC_HANDLE;
  if (packet->n != 2) return false;
  if (said == RPC_MODULE || said == RPC_FUNCTION) return code == RPC_HANDLE;
  return said == (int64_t)code;
}

vtac_status rpc_take_call(const RpcPacket *packet, RpcValue *ret, Diag *diag) {
  vtac_status status = check_return(packet, diag);
  if (status) return status;
  if (!is_announced(packet))
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the server's result is not of the type it announces");
  *ret = packet->arg[1];
  ret->code = (RpcCode)packet->arg[0].integer;
  if (ret->code == RPC_NDARRAY) ret->array = packet->arg[2].handle;
  return VTAC_OK;
}
