/* SPDX-License-Identifier: Apache-2.0 */
/* Packets from bytes: how many are needed, and what they say. */
#include "rpc/wire.h"

#include <string.h>

/* The parts of a packet, in bytes. */
enum {
  OPCODE_BYTES = 4,
  HEAD_BYTES = RPC_LENGTH_BYTES + OPCODE_BYTES,
  TENSOR_BYTES = 32, /* without its shape */
  DIM_BYTES = 8,
  COUNT_BYTES = 8,
  NDIM_AT = HEAD_BYTES + 16 /* in the packets that copy */
};

typedef enum Body {
  NO_SUCH,
  EMPTY,
  INIT,
  CALL,
  SEQUENCE,
  COPY,
  COPY_AND_DATA,
  DATA
} Body;

static const struct {
  const char *name;
  Body body;
} opcodes[RPC_OPCODES] = {
    [RPC_NONE] = {"none", NO_SUCH},
#define OPCODE(code, id, name, body) [code] = {name, body},
#include "rpc/opcodes.def"
#undef OPCODE
};

const char *rpc_opcode_name(RpcOpcode opcode) {
  return (unsigned)opcode < RPC_OPCODES ? opcodes[opcode].name : "unknown";
}

static Body body_of(uint32_t opcode) {
  return opcode < RPC_OPCODES ? opcodes[opcode].body : NO_SUCH;
}

/* ---- How many bytes ----------------------------------------------------- */

static vtac_status check_length(uint64_t length, uint64_t limit, Diag *diag) {
  if (limit > SIZE_MAX / 2) limit = SIZE_MAX / 2;
  if (length > limit)
    return diag_set(diag, D_RPC_LIMIT,
                    "the peer announces a packet of %llu bytes, allowed are "
                    "%llu",
                    (unsigned long long)length, (unsigned long long)limit);
  if (length && length < OPCODE_BYTES)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the peer announces a packet of %llu bytes, an opcode has "
                    "%d",
                    (unsigned long long)length, OPCODE_BYTES);
  return VTAC_OK;
}

static vtac_status bad_dims(int32_t ndim, Diag *diag) {
  return diag_set(diag, D_RPC_LIMIT,
                  "a tensor has %d dimensions, allowed are 0 to %d", (int)ndim,
                  RPC_MOST_DIMS);
}

/* A packet that copies: all but its raw data. */
static vtac_status want_copy(const uint8_t *bytes, size_t have, size_t packet,
                             size_t *ret_wanted, Diag *diag) {
  Reader reader = {bytes + NDIM_AT, sizeof(int32_t), false};
  *ret_wanted = HEAD_BYTES + TENSOR_BYTES + COUNT_BYTES;
  if (*ret_wanted > packet)
    return diag_set(diag, D_RPC_PROTOCOL, "a packet ends inside its tensor");
  if (have < NDIM_AT + sizeof(int32_t)) {
    *ret_wanted = NDIM_AT + sizeof(int32_t);
    return VTAC_OK;
  }
  int32_t ndim = (int32_t)reader_u32(&reader);
  if (ndim < 0 || ndim > RPC_MOST_DIMS) return bad_dims(ndim, diag);
  *ret_wanted += DIM_BYTES * (size_t)ndim;
  if (*ret_wanted > packet)
    return diag_set(diag, D_RPC_PROTOCOL, "a packet ends inside its tensor");
  return VTAC_OK;
}

vtac_status rpc_wanted(const uint8_t *bytes, size_t have, uint64_t limit,
                       size_t *ret_wanted, Diag *diag) {
  Reader reader = {bytes, have, false};
  *ret_wanted = RPC_LENGTH_BYTES;
  if (have < RPC_LENGTH_BYTES) return VTAC_OK;
  uint64_t length = reader_u64(&reader);
  vtac_status status = check_length(length, limit, diag);
  if (status || !length) return status;
  *ret_wanted = HEAD_BYTES;
  if (have < HEAD_BYTES) return VTAC_OK;
  uint32_t opcode = reader_u32(&reader);
  const size_t packet = RPC_LENGTH_BYTES + (size_t)length;
  switch (body_of(opcode)) {
    case NO_SUCH:
      return diag_set(diag, D_RPC_PROTOCOL, "the peer sends opcode %u",
                      (unsigned)opcode);
    case DATA: return VTAC_OK;
    case COPY:
    case COPY_AND_DATA: return want_copy(bytes, have, packet, ret_wanted, diag);
    case EMPTY:
    case INIT:
    case CALL:
    case SEQUENCE: break;
  }
  *ret_wanted = packet;
  return VTAC_OK;
}

/* ---- Values ------------------------------------------------------------- */

static vtac_status read_device(Reader *reader, RpcDevice *ret, Diag *diag) {
  ret->type = (int32_t)reader_u32(reader);
  ret->id = (int32_t)reader_u32(reader);
  if (ret->type >= 0 && ret->type <= RPC_MOST_DEVICE_TYPE) return VTAC_OK;
  return diag_set(diag, D_RPC_PROTOCOL, "the peer names device type %d",
                  (int)ret->type);
}

static RpcDType read_dtype(Reader *reader) {
  RpcDType dtype;
  dtype.code = reader_u8(reader);
  dtype.bits = reader_u8(reader);
  dtype.lanes = reader_u16(reader);
  return dtype;
}

static vtac_status read_tensor(Reader *reader, RpcTensor *ret, Diag *diag) {
  ret->data = reader_u64(reader);
  vtac_status status = read_device(reader, &ret->device, diag);
  if (status) return status;
  ret->ndim = (int32_t)reader_u32(reader);
  if (ret->ndim < 0 || ret->ndim > RPC_MOST_DIMS)
    return bad_dims(ret->ndim, diag);
  ret->dtype = read_dtype(reader);
  for (int i = 0; i < ret->ndim; i++) {
    ret->shape[i] = (int64_t)reader_u64(reader);
    if (ret->shape[i] < 0)
      return diag_set(diag, D_RPC_PROTOCOL, "dimension %d of a tensor is %lld",
                      i, (long long)ret->shape[i]);
  }
  ret->byte_offset = reader_u64(reader);
  return VTAC_OK;
}

static vtac_status read_text(Reader *reader, RpcValue *ret, Diag *diag) {
  uint64_t n = reader_u64(reader);
  if (ret->code == RPC_STRING && n > RPC_MOST_TEXT)
    return diag_set(diag, D_RPC_LIMIT,
                    "the peer sends a string of %llu bytes, allowed are %d",
                    (unsigned long long)n, RPC_MOST_TEXT);
  ret->text = reader_slice(reader, n);
  return VTAC_OK;
}

static vtac_status read_value(Reader *reader, RpcValue *ret, Diag *diag) {
  uint64_t bits;
  switch (ret->code) {
    case RPC_INT:
    case RPC_UINT: ret->integer = (int64_t)reader_u64(reader); return VTAC_OK;
    case RPC_FLOAT:
      bits = reader_u64(reader);
      memcpy(&ret->number, &bits, sizeof bits);
      return VTAC_OK;
    case RPC_HANDLE:
    case RPC_MODULE:
    case RPC_FUNCTION: ret->handle = reader_u64(reader); return VTAC_OK;
    case RPC_NULL: return VTAC_OK;
    case RPC_DTYPE:
      ret->dtype = read_dtype(reader);
      reader_u32(reader);
      return VTAC_OK;
    case RPC_DEVICE: return read_device(reader, &ret->device, diag);
    case RPC_TENSOR: return read_tensor(reader, &ret->tensor, diag);
    case RPC_STRING:
    case RPC_BYTES: return read_text(reader, ret, diag);
    case RPC_NDARRAY: break;
  }
  return diag_set(diag, D_RPC_PROTOCOL, "the peer sends a value of type %d",
                  (int)ret->code);
}

static vtac_status read_sequence(Reader *reader, RpcPacket *ret, Diag *diag) {
  int32_t n = (int32_t)reader_u32(reader);
  if (n < 0 || n > RPC_MOST_ARGS)
    return diag_set(diag, D_RPC_LIMIT,
                    "the peer sends %d values, allowed are 0 to %d", (int)n,
                    RPC_MOST_ARGS);
  for (int i = 0; i < n; i++)
    ret->arg[i].code = (RpcCode)(int32_t)reader_u32(reader);
  vtac_status status = VTAC_OK;
  for (int i = 0; i < n && !status && !reader->failed; i++)
    status = read_value(reader, &ret->arg[i], diag);
  ret->n = n;
  return status;
}

/* ---- Packets ------------------------------------------------------------ */

static vtac_status read_copy(Reader *reader, uint64_t rest, RpcPacket *ret,
                             Diag *diag) {
  vtac_status status = read_tensor(reader, &ret->tensor, diag);
  if (status) return status;
  ret->nbytes = reader_u64(reader);
  const bool has_data = ret->opcode == RPC_COPY_TO_REMOTE;
  if (rest != (has_data ? ret->nbytes : 0) && !reader->failed)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "%s of %llu bytes has %llu bytes behind its head",
                    rpc_opcode_name(ret->opcode),
                    (unsigned long long)ret->nbytes, (unsigned long long)rest);
  ret->data.n = has_data ? (size_t)rest : 0;
  return VTAC_OK;
}

static vtac_status read_body(Reader *reader, uint64_t rest, RpcPacket *ret,
                             Diag *diag) {
  switch (body_of(ret->opcode)) {
    case INIT:
      ret->version = reader_slice(reader, reader_u64(reader));
      return read_sequence(reader, ret, diag);
    case CALL:
      ret->function = reader_u64(reader);
      return read_sequence(reader, ret, diag);
    case SEQUENCE: return read_sequence(reader, ret, diag);
    case COPY:
    case COPY_AND_DATA: return read_copy(reader, rest, ret, diag);
    case DATA: ret->data.n = (size_t)rest; return VTAC_OK;
    case EMPTY:
    case NO_SUCH: break;
  }
  return VTAC_OK;
}

static void start_packet(RpcPacket *ret, RpcOpcode opcode) {
  ret->opcode = opcode;
  ret->n = 0;
  ret->function = ret->nbytes = 0;
  ret->version = ret->data = (Slice){0};
}

vtac_status rpc_decode(const uint8_t *bytes, size_t size, RpcPacket *ret,
                       Diag *diag) {
  size_t wanted;
  Reader reader = {bytes, size, false};
  vtac_status status = rpc_wanted(bytes, size, SIZE_MAX / 2, &wanted, diag);
  if (status) return status;
  if (wanted != size)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "%zu bytes are not the %zu of a packet", size, wanted);
  const uint64_t packet = RPC_LENGTH_BYTES + reader_u64(&reader);
  start_packet(ret, RPC_NONE);
  if (packet == RPC_LENGTH_BYTES) return VTAC_OK;
  ret->opcode = (RpcOpcode)reader_u32(&reader);
  status = read_body(&reader, packet - size, ret, diag);
  if (!status && reader.failed)
    return diag_set(diag, D_RPC_PROTOCOL, "%s ends inside a value",
                    rpc_opcode_name(ret->opcode));
  if (!status && reader.left)
    return diag_set(diag, D_RPC_PROTOCOL, "%s has %zu bytes too many",
                    rpc_opcode_name(ret->opcode), reader.left);
  return status;
}

/* ---- Making packets ----------------------------------------------------- */

void rpc_packet(RpcPacket *ret, RpcOpcode opcode, int n, const RpcValue *args) {
  start_packet(ret, opcode);
  if (n) memcpy(ret->arg, args, (size_t)n * sizeof *args);
  ret->n = n;
}

/* ---- Encoding ----------------------------------------------------------- */

static void put_dtype(ByteBuf *to, RpcDType dtype) {
  const uint8_t bytes[] = {dtype.code, dtype.bits, dtype.lanes & 0xFF,
                           (uint8_t)(dtype.lanes >> 8)};
  bytebuf_put(to, bytes, sizeof bytes);
}

static void put_device(ByteBuf *to, RpcDevice device) {
  bytebuf_put32(to, (uint32_t)device.type);
  bytebuf_put32(to, (uint32_t)device.id);
}

static vtac_status put_tensor(ByteBuf *to, const RpcTensor *tensor,
                              Diag *diag) {
  if (tensor->ndim < 0 || tensor->ndim > RPC_MOST_DIMS)
    return bad_dims(tensor->ndim, diag);
  bytebuf_put64(to, tensor->data);
  put_device(to, tensor->device);
  bytebuf_put32(to, (uint32_t)tensor->ndim);
  put_dtype(to, tensor->dtype);
  for (int i = 0; i < tensor->ndim; i++)
    bytebuf_put64(to, (uint64_t)tensor->shape[i]);
  bytebuf_put64(to, tensor->byte_offset);
  return VTAC_OK;
}

static vtac_status put_text(ByteBuf *to, const RpcValue *value, Diag *diag) {
  if (value->code == RPC_STRING && value->text.n > RPC_MOST_TEXT)
    return diag_set(diag, D_RPC_LIMIT, "a string has %zu bytes, allowed are %d",
                    value->text.n, RPC_MOST_TEXT);
  bytebuf_put_text(to, value->text);
  return VTAC_OK;
}

static vtac_status put_value(ByteBuf *to, const RpcValue *value, Diag *diag) {
  uint64_t bits;
  switch (value->code) {
    case RPC_INT:
    case RPC_UINT: bytebuf_put64(to, (uint64_t)value->integer); return VTAC_OK;
    case RPC_FLOAT:
      memcpy(&bits, &value->number, sizeof bits);
      bytebuf_put64(to, bits);
      return VTAC_OK;
    case RPC_HANDLE:
    case RPC_MODULE:
    case RPC_FUNCTION: bytebuf_put64(to, value->handle); return VTAC_OK;
    case RPC_NULL: return VTAC_OK;
    case RPC_DTYPE:
      put_dtype(to, value->dtype);
      bytebuf_put32(to, 0);
      return VTAC_OK;
    case RPC_DEVICE: put_device(to, value->device); return VTAC_OK;
    case RPC_TENSOR: return put_tensor(to, &value->tensor, diag);
    case RPC_STRING:
    case RPC_BYTES: return put_text(to, value, diag);
    case RPC_NDARRAY: break;
  }
  return diag_set(diag, D_RPC_PROTOCOL, "values of type %d cannot be sent",
                  (int)value->code);
}

static vtac_status put_sequence(ByteBuf *to, const RpcPacket *packet,
                                Diag *diag) {
  vtac_status status = VTAC_OK;
  if (packet->n < 0 || packet->n > RPC_MOST_ARGS)
    return diag_set(diag, D_RPC_LIMIT, "%d values, allowed are 0 to %d",
                    packet->n, RPC_MOST_ARGS);
  bytebuf_put32(to, (uint32_t)packet->n);
  for (int i = 0; i < packet->n; i++)
    bytebuf_put32(to, (uint32_t)packet->arg[i].code);
  for (int i = 0; i < packet->n && !status; i++)
    status = put_value(to, &packet->arg[i], diag);
  return status;
}

static vtac_status put_body(ByteBuf *to, const RpcPacket *packet, Diag *diag) {
  vtac_status status = VTAC_OK;
  switch (body_of(packet->opcode)) {
    case INIT:
      bytebuf_put_text(to, packet->version);
      return put_sequence(to, packet, diag);
    case CALL:
      bytebuf_put64(to, packet->function);
      return put_sequence(to, packet, diag);
    case SEQUENCE: return put_sequence(to, packet, diag);
    case COPY:
    case COPY_AND_DATA:
      status = put_tensor(to, &packet->tensor, diag);
      bytebuf_put64(to, packet->nbytes);
      return status;
    case EMPTY:
    case DATA: return VTAC_OK;
    case NO_SUCH: break;
  }
  return diag_set(diag, D_RPC_PROTOCOL, "opcode %d cannot be sent",
                  (int)packet->opcode);
}

/* The length is known when the rest is written. */
static void patch_length(ByteBuf *to, size_t start, size_t data) {
  const size_t end = to->size;
  to->size = start;
  bytebuf_put64(to, end - start - RPC_LENGTH_BYTES + data);
  to->size = end;
}

vtac_status rpc_encode(const RpcPacket *packet, ByteBuf *to, Diag *diag) {
  const size_t start = to->size;
  bytebuf_put64(to, 0);
  bytebuf_put32(to, (uint32_t)packet->opcode);
  vtac_status status = put_body(to, packet, diag);
  if (!status && to->failed)
    status = diag_set(diag, D_NO_MEMORY, "cannot allocate a packet");
  if (status)
    to->size = start;
  else
    patch_length(to, start, packet->data.n);
  return status;
}
