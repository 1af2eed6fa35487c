/* SPDX-License-Identifier: Apache-2.0 */
/* The wire codec: packets of TVM 0.9's RPC protocol from and to bytes.
 *
 * Pure functions.  Nothing here trusts a number that a peer sent: every length
 * is compared with what is there before it is used, every count with a limit.
 *
 * A packet on the wire is `u64 length, i32 opcode, body`; docs/rpc.md has the
 * layouts.  How a packet is received:
 *
 *   RpcPacket packet;
 *   size_t have = 0, wanted = 0;
 *   while (!(status = rpc_wanted(bytes, have, limit, &wanted, diag)) &&
 *          wanted > have)
 *     … receive up to `wanted` bytes in all, and count them in `have` …
 *   rpc_decode(bytes, have, &packet, diag);
 *   … if packet.data.n, that many raw bytes follow on the wire …
 *
 * The raw bytes of CopyToRemote and CopyAck take no part in this: the decoder
 * says how many follow, so that they can be received where they belong, and
 * the encoder announces them, so that they can be sent from where they are.
 * (rpc/channel.h does all of that on a socket.)
 *
 * Texts and bytes of a decoded packet point into the bytes that were
 * decoded. */
#ifndef RPC_WIRE_H
#define RPC_WIRE_H

#include "base/diag.h"
#include "rpc/bytes.h"

#define RPC_VERSION "0.8.0" /* what InitServer compares */

enum {
  RPC_MOST_ARGS = 64,
  RPC_MOST_DIMS = 16,
  RPC_MOST_TEXT = 1 << 16,     /* bytes of a string; byte arrays: a packet */
  RPC_MOST_DEVICE_TYPE = 127,  /* larger ones never leave a client */
  RPC_LENGTH_BYTES = 8,        /* of a packet's announced length */
  RPC_PACKET_LIMIT = 256 << 20 /* the usual limit of announced lengths */
};

typedef enum RpcOpcode {
  RPC_NONE = 0, /* a packet of length zero, which its receiver skips */
#define OPCODE(code, id, name, body) RPC_##id = code,
#include "rpc/opcodes.def"
#undef OPCODE
  RPC_OPCODES
} RpcOpcode;

const char *rpc_opcode_name(RpcOpcode opcode); /* "CallFunc"; never NULL */

/* The types of values. */
typedef enum RpcCode {
  RPC_INT = 0,
  RPC_UINT = 1,
  RPC_FLOAT = 2,
  RPC_HANDLE = 3,
  RPC_NULL = 4,
  RPC_DTYPE = 5,
  RPC_DEVICE = 6,
  RPC_TENSOR = 7,
  RPC_MODULE = 9,    /* in requests and call results only */
  RPC_FUNCTION = 10, /* likewise */
  RPC_STRING = 11,
  RPC_BYTES = 12,
  RPC_NDARRAY = 13 /* in call results only: a tensor and who owns it */
} RpcCode;

typedef struct RpcDevice {
  int32_t type; /* 1 processor, 12 accelerator */
  int32_t id;
} RpcDevice;

typedef struct RpcDType {
  uint8_t code; /* 0 int, 1 uint, 2 float, 3 handle, 4 bfloat, 5 complex */
  uint8_t bits;
  uint16_t lanes;
} RpcDType;

typedef struct RpcTensor {
  uint64_t data; /* the handle of its memory */
  RpcDevice device;
  RpcDType dtype;
  int32_t ndim;
  int64_t shape[RPC_MOST_DIMS];
  uint64_t byte_offset;
} RpcTensor;

typedef struct RpcValue {
  RpcCode code;
  union {
    int64_t integer; /* INT, UINT */
    double number;
    uint64_t handle; /* HANDLE, MODULE, FUNCTION */
    RpcDType dtype;
    RpcDevice device;
    struct {
      RpcTensor tensor; /* TENSOR, NDARRAY */
      uint64_t array;   /* NDARRAY: what FreeHandle takes */
    };
    Slice text; /* STRING, BYTES */
  };
} RpcValue;

RpcValue rpc_null(void);
RpcValue rpc_int(int64_t value);
RpcValue rpc_float(double value);
RpcValue rpc_handle(RpcCode code, uint64_t handle);
RpcValue rpc_device(RpcDevice device);
RpcValue rpc_dtype(RpcDType dtype);
RpcValue rpc_tensor(const RpcTensor *tensor);
RpcValue rpc_string(const char *text);
RpcValue rpc_bytes(const void *bytes, size_t n);

typedef struct RpcPacket {
  RpcOpcode opcode;
  uint64_t function; /* CallFunc */
  Slice version;     /* InitServer */
  RpcTensor tensor;  /* the copies: what is copied … */
  uint64_t nbytes;   /* … and how much of it */
  Slice data;        /* raw bytes; decoded, only their number is known */
  int n;             /* all others: a packed sequence */
  RpcValue arg[RPC_MOST_ARGS];
} RpcPacket;

/* A packet with arguments from the list. */
#define RPC_ARGS(...)                                          \
  (int)(sizeof((RpcValue[]){__VA_ARGS__}) / sizeof(RpcValue)), \
      (const RpcValue[]) {                                     \
    __VA_ARGS__                                                \
  }
void rpc_packet(RpcPacket *ret, RpcOpcode opcode, int n, const RpcValue *args);

/* ---- Decoding ----------------------------------------------------------- */

/* How many bytes of a packet, its length included, can be said to be needed
 * when `have` are there: more than `have` while it is incomplete, at last the
 * packet's size without its raw data.  Refuses a length that is over `limit`
 * or does not suit the opcode (D_RPC_LIMIT, D_RPC_PROTOCOL). */
vtac_status rpc_wanted(const uint8_t *bytes, size_t have, uint64_t limit,
                       size_t *ret_wanted, Diag *diag);
/* Decodes the bytes that rpc_wanted asked for.  D_RPC_PROTOCOL for anything
 * that the protocol does not know, left-over bytes among them. */
vtac_status rpc_decode(const uint8_t *bytes, size_t size, RpcPacket *ret,
                       Diag *diag);

/* ---- Encoding ----------------------------------------------------------- */

/* Appends the packet without its raw data, which is to follow.  Refuses what
 * a decoder would refuse (D_RPC_LIMIT); on failure nothing was appended. */
vtac_status rpc_encode(const RpcPacket *packet, ByteBuf *to, Diag *diag);

/* ---- Results ------------------------------------------------------------ */

/* The answer of every request but CallFunc and CopyFromRemote: one value. */
void rpc_return(RpcPacket *ret, RpcValue value);
/* The answer of CallFunc: the type that the value has there, and the value. */
void rpc_return_call(RpcPacket *ret, const RpcValue *value);
/* The text is cut to what is fit to be sent. */
void rpc_exception(RpcPacket *ret, const char *text);

/* The value of a Return.  D_RPC_REMOTE with the peer's text for an Exception,
 * D_RPC_PROTOCOL for anything else. */
vtac_status rpc_take_return(const RpcPacket *packet, RpcValue *ret, Diag *diag);
/* The same for the answer of CallFunc; a module, a function and an array that
 * the callee owns have the codes MODULE, FUNCTION and NDARRAY. */
vtac_status rpc_take_call(const RpcPacket *packet, RpcValue *ret, Diag *diag);

/* ---- Tensors ------------------------------------------------------------ */

/* The bytes of all elements; false if they cannot be counted. */
bool rpc_tensor_size(const RpcTensor *tensor, uint64_t *ret_size);

#endif
