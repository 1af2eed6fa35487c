/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as bytes: recorded ones, ones of every form, and malformed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/wire.h"

enum { MOST_BYTES = 2048 };

typedef struct Sample {
  uint8_t bytes[MOST_BYTES];
  size_t n;
} Sample;

/* "4C 45 …", with any other characters between, to bytes. */
static Sample sample(const char *hex) {
  Sample ret = {.n = 0};
  for (; *hex; hex++) {
    if (!strchr("0123456789ABCDEF", *hex)) continue;
    const char pair[] = {hex[0], hex[1], 0};
    ret.bytes[ret.n++] = (uint8_t)strtoul(pair, NULL, 16);
    hex++;
  }
  return ret;
}

static const RpcDevice accelerator = {12, 0};
static const RpcDType int8 = {0, 8, 1};

static RpcTensor tensor(uint64_t data, int n, const int64_t *shape) {
  RpcTensor ret = {
      .data = data, .device = accelerator, .dtype = int8, .ndim = n};
  for (int i = 0; i < n; i++) ret.shape[i] = shape[i];
  return ret;
}

static RpcTensor row(uint64_t data) {
  return tensor(data, 4, (const int64_t[]){1, 64, 1, 16});
}

/* ---- Both ways ---------------------------------------------------------- */

static void check_value(const RpcValue *a, const RpcValue *b) {
  assert_int_equal(a->code, b->code);
  switch (a->code) {
    case RPC_INT:
    case RPC_UINT: assert_int_equal(a->integer, b->integer); break;
    case RPC_FLOAT: assert_true(a->number == b->number); break;
    case RPC_HANDLE:
    case RPC_MODULE:
    case RPC_FUNCTION: assert_int_equal(a->handle, b->handle); break;
    case RPC_STRING:
    case RPC_BYTES:
      assert_int_equal(a->text.n, b->text.n);
      assert_memory_equal(a->text.at, b->text.at, a->text.n);
      break;
    case RPC_DEVICE:
      assert_memory_equal(&a->device, &b->device, sizeof a->device);
      break;
    case RPC_DTYPE:
      assert_memory_equal(&a->dtype, &b->dtype, sizeof a->dtype);
      break;
    case RPC_TENSOR:
      assert_int_equal(a->tensor.data, b->tensor.data);
      assert_int_equal(a->tensor.ndim, b->tensor.ndim);
      assert_int_equal(a->tensor.byte_offset, b->tensor.byte_offset);
      assert_memory_equal(a->tensor.shape, b->tensor.shape,
                          (size_t)a->tensor.ndim * 8);
      break;
    case RPC_NULL:
    case RPC_NDARRAY: break;
  }
}

/* Bytes that arrive one by one; returns how many make the packet's head. */
static size_t arrive(const Sample *s) {
  size_t wanted = 0;
  Diag diag;
  for (size_t have = 0; have <= s->n; have++) {
    uint8_t *copy = malloc(have + 1); /* so that a sanitizer sees the end */
    memcpy(copy, s->bytes, have);
    assert_int_equal(rpc_wanted(copy, have, RPC_PACKET_LIMIT, &wanted, &diag),
                     VTAC_OK);
    free(copy);
    if (wanted <= have) return have;
  }
  fail_msg("the packet never ends");
  return 0;
}

/* `hex` is the packet, up to its raw data, in both directions. */
static void check_packet(const char *hex, const RpcPacket *packet) {
  Sample s = sample(hex);
  static RpcPacket decoded;
  ByteBuf out = {0};
  Diag diag;
  assert_int_equal(rpc_encode(packet, &out, &diag), VTAC_OK);
  assert_int_equal(out.size, s.n);
  assert_memory_equal(out.bytes, s.bytes, s.n);
  assert_int_equal(arrive(&s), s.n);
  assert_int_equal(rpc_decode(s.bytes, s.n, &decoded, &diag), VTAC_OK);
  assert_int_equal(decoded.opcode, packet->opcode);
  assert_int_equal(decoded.function, packet->function);
  assert_int_equal(decoded.nbytes, packet->nbytes);
  assert_int_equal(decoded.data.n, packet->data.n);
  assert_int_equal(decoded.n, packet->n);
  for (int i = 0; i < packet->n; i++)
    check_value(&decoded.arg[i], &packet->arg[i]);
  bytebuf_free(&out);
}

static RpcPacket packet;

static void check_request(const char *hex, RpcOpcode opcode, int n,
                          const RpcValue *args) {
  rpc_packet(&packet, opcode, n, args);
  check_packet(hex, &packet);
}

static void check_call(const char *hex, uint64_t function, int n,
                       const RpcValue *args) {
  rpc_packet(&packet, RPC_CALL_FUNC, n, args);
  packet.function = function;
  check_packet(hex, &packet);
}

/* An answer, which is also taken apart. */
static void check_return(const char *hex, RpcValue value) {
  RpcValue taken;
  Diag diag;
  rpc_return(&packet, value);
  check_packet(hex, &packet);
  assert_int_equal(rpc_take_return(&packet, &taken, &diag), VTAC_OK);
  check_value(&taken, &value);
}

static RpcValue check_result(const char *hex, RpcValue value) {
  RpcValue taken = rpc_null();
  Diag diag;
  rpc_return_call(&packet, &value);
  check_packet(hex, &packet);
  assert_int_equal(rpc_take_call(&packet, &taken, &diag), VTAC_OK);
  check_value(&taken, &value);
  return taken;
}

#define NO_ARGS 0, NULL
#define VOID_ANSWER "0C 00000000000000 04000000 01000000 04000000"
#define VOID_RESULT \
  "18 00000000000000 04000000 02000000 00000000 04000000 0400000000000000"
#define ROW_HEAD "0C000000 00000000 04000000 00080100"
#define ROW_SHAPE \
  "0100000000000000 4000000000000000 0100000000000000 1000000000000000"
#define ZERO8 "0000000000000000"

/* ---- The streams of the specification ----------------------------------- */

static void init_server(void **state) {
  (void)state;
  rpc_packet(&packet, RPC_INIT_SERVER, NO_ARGS);
  packet.version = slice_of(RPC_VERSION);
  check_packet("1500000000000000 02000000 0500000000000000 302E382E30 00000000",
               &packet);
  check_return(VOID_ANSWER, rpc_null());
}

static void get_global_func(void **state) {
  (void)state;
  check_request(
      "2900000000000000 09000000 01000000 0B000000 1500000000000000"
      "74766D2E7270632E7365727665722E75706C6F6164",
      RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_string("tvm.rpc.server.upload")));
  check_return("1400000000000000 04000000 01000000 03000000 1100000000000000",
               rpc_handle(RPC_HANDLE, 0x11));
  check_return("1400000000000000 04000000 01000000 03000000 " ZERO8,
               rpc_handle(RPC_HANDLE, 0));
  check_request(
      "3600000000000000 09000000 01000000 0B000000 2200000000000000"
      "74766D2E7270632E7365727665722E4765744352544D61785061636B6574"
      "53697A65",
      RPC_GET_GLOBAL_FUNC,
      RPC_ARGS(rpc_string("tvm.rpc.server.GetCRTMaxPacketSize")));
}

static void calls(void **state) {
  (void)state;
  check_call(
      "3200000000000000 03000000 1100000000000000 02000000 0B000000 0C000000"
      "0600000000000000 67656D6D2E6F 0400000000000000 7F454C46",
      0x11,
      RPC_ARGS(rpc_string("gemm.o"), rpc_bytes("\x7f"
                                               "ELF",
                                               4)));
  check_result(VOID_RESULT, rpc_null());
  check_call(
      "2200000000000000 03000000 1200000000000000 01000000 0B000000"
      "0600000000000000 67656D6D2E6F",
      0x12, RPC_ARGS(rpc_string("gemm.o")));
  check_result(
      "2000000000000000 04000000 02000000 00000000 03000000"
      "0900000000000000 2100000000000000",
      rpc_handle(RPC_MODULE, 0x21));
  check_call(
      "4000000000000000 03000000 1300000000000000 03000000"
      "09000000 0B000000 00000000 2100000000000000"
      "0C00000000000000 5F5F74766D5F6D61696E5F5F 0100000000000000",
      0x13,
      RPC_ARGS(rpc_handle(RPC_MODULE, 0x21), rpc_string("__tvm_main__"),
               rpc_int(1)));
  check_result(
      "2000000000000000 04000000 02000000 00000000 03000000"
      "0A00000000000000 1400000000000000",
      rpc_handle(RPC_FUNCTION, 0x14));
}

static void devices(void **state) {
  (void)state;
  check_request(
      "2000000000000000 0C000000 02000000 06000000 00000000 0C000000 "
      "00000000" ZERO8,
      RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(accelerator), rpc_int(0)));
  check_return("1400000000000000 04000000 01000000 00000000 0100000000000000",
               rpc_int(1));
  const RpcTensor carrier = row(0);
  check_request(
      "5000000000000000 11000000 02000000 07000000 04000000" ZERO8 ROW_HEAD
          ROW_SHAPE ZERO8,
      RPC_DEV_ALLOC_WITH_SCOPE, RPC_ARGS(rpc_tensor(&carrier), rpc_null()));
  check_request(
      "2000000000000000 0F000000 02000000 06000000 03000000 0C000000 "
      "00000000" ZERO8,
      RPC_DEV_STREAM_SYNC,
      RPC_ARGS(rpc_device(accelerator), rpc_handle(RPC_HANDLE, 0)));
}

static void copies(void **state) {
  (void)state;
  rpc_packet(&packet, RPC_COPY_TO_REMOTE, NO_ARGS);
  packet.tensor = row(0x31);
  packet.nbytes = packet.data.n = 1024;
  check_packet(
      "4C04000000000000 07000000 3100000000000000" ROW_HEAD ROW_SHAPE ZERO8
      "0004000000000000",
      &packet);
  rpc_packet(&packet, RPC_COPY_FROM_REMOTE, NO_ARGS);
  packet.tensor = row(0x33);
  packet.nbytes = 1024;
  check_packet(
      "4C00000000000000 06000000 3300000000000000" ROW_HEAD ROW_SHAPE ZERO8
      "0004000000000000",
      &packet);
  rpc_packet(&packet, RPC_COPY_ACK, NO_ARGS);
  packet.data.n = 1024;
  check_packet("0404000000000000 08000000", &packet);
}

static void runs(void **state) {
  (void)state;
  const RpcTensor a = row(0x31), c = row(0x33);
  const RpcTensor b = tensor(0x32, 4, (const int64_t[]){64, 64, 16, 16});
  check_call(
      "DC00000000000000 03000000 1400000000000000 03000000"
      "07000000 07000000 07000000"
      "3100000000000000" ROW_HEAD ROW_SHAPE ZERO8 "3200000000000000" ROW_HEAD
      "4000000000000000 4000000000000000 1000000000000000 "
      "1000000000000000" ZERO8 "3300000000000000" ROW_HEAD ROW_SHAPE ZERO8,
      0x14, RPC_ARGS(rpc_tensor(&a), rpc_tensor(&b), rpc_tensor(&c)));
}

static void frees(void **state) {
  (void)state;
  check_request(
      "2000000000000000 0E000000 02000000 06000000 03000000"
      "0C000000 00000000 3300000000000000",
      RPC_DEV_FREE_DATA,
      RPC_ARGS(rpc_device(accelerator), rpc_handle(RPC_HANDLE, 0x33)));
  check_request(
      "2000000000000000 0A000000 02000000 03000000 00000000"
      "2100000000000000 0900000000000000",
      RPC_FREE_HANDLE,
      RPC_ARGS(rpc_handle(RPC_HANDLE, 0x21), rpc_int(RPC_MODULE)));
  check_request(
      "2000000000000000 0A000000 02000000 03000000 00000000"
      "1400000000000000 0A00000000000000",
      RPC_FREE_HANDLE,
      RPC_ARGS(rpc_handle(RPC_HANDLE, 0x14), rpc_int(RPC_FUNCTION)));
}

static void ends(void **state) {
  RpcValue value;
  Diag diag;
  (void)state;
  rpc_exception(&packet, "bad");
  check_packet(
      "1700000000000000 05000000 01000000 0B000000 0300000000000000"
      "626164",
      &packet);
  assert_int_equal(rpc_take_call(&packet, &value, &diag), VTAC_DEVICE);
  assert_string_equal(diag.message, "the server says: bad");
  check_request("0400000000000000 01000000", RPC_SHUTDOWN, NO_ARGS);
  assert_int_equal(rpc_take_return(&packet, &value, &diag), VTAC_IO);
  assert_int_equal(diag.id, D_RPC_CLOSED);
}

static void results(void **state) {
  (void)state;
  check_result(
      "2300000000000000 04000000 02000000 00000000 0B000000 0B00000000000000"
      "0300000000000000 613A31",
      rpc_string("a:1"));
  check_result(
      "2000000000000000 04000000 02000000 00000000 02000000 0200000000000000"
      "000000000000F83F",
      rpc_float(1.5));
  const double milli = 0.001;
  check_result(
      "2800000000000000 04000000 02000000 00000000 0C000000 0C00000000000000"
      "0800000000000000 FCA9F1D24D62503F",
      rpc_bytes(&milli, sizeof milli));
  RpcValue array = {.code = RPC_NDARRAY};
  array.tensor = tensor(0x41, 2, (const int64_t[]){2, 3});
  array.tensor.device.type = 1;
  array.array = 0x42;
  RpcValue taken = check_result(
      "5400000000000000 04000000 03000000 00000000 07000000 03000000"
      "0D00000000000000 4100000000000000 01000000 00000000 02000000 00080100"
      "0200000000000000 0300000000000000" ZERO8 "4200000000000000",
      array);
  assert_int_equal(taken.array, 0x42);
  assert_int_equal(taken.tensor.data, 0x41);
}

static void time_evaluator(void **state) {
  (void)state;
  check_call(
      "9400000000000000 03000000 1500000000000000 0A000000"
      "09000000 0B000000 00000000 00000000 00000000"
      "00000000 00000000 00000000 00000000 0B000000"
      "2100000000000000 0C00000000000000 5F5F74766D5F6D61696E5F5F"
      "0C00000000000000 " ZERO8
      "0A00000000000000"
      "0100000000000000 " ZERO8 ZERO8 "0100000000000000 " ZERO8,
      0x15,
      RPC_ARGS(rpc_handle(RPC_MODULE, 0x21), rpc_string("__tvm_main__"),
               rpc_int(12), rpc_int(0), rpc_int(10), rpc_int(1), rpc_int(0),
               rpc_int(0), rpc_int(1), rpc_string("")));
}

static void bitstream(void **state) {
  (void)state;
  check_call(
      "3800000000000000 03000000 1600000000000000 01000000 0B000000"
      "1C00000000000000 317831365F693877386133325F31355F31355F31385F3137"
      "2E626974",
      0x16, RPC_ARGS(rpc_string("1x16_i8w8a32_15_15_18_17.bit")));
}

/* ---- Every opcode and every type ---------------------------------------- */

static void all_opcodes(void **state) {
  (void)state;
  for (int code = RPC_GET_GLOBAL_FUNC; code < RPC_OPCODES; code++) {
    char hex[256];
    snprintf(hex, sizeof hex,
             "2100000000000000 %02X000000 03000000 02000000 05000000 04000000"
             "000000000000F83F 00080100 00000000 ",
             code);
    assert_string_not_equal(rpc_opcode_name((RpcOpcode)code), "unknown");
    hex[0] = '2', hex[1] = '4';
    check_request(hex, (RpcOpcode)code,
                  RPC_ARGS(rpc_float(1.5), rpc_dtype(int8), rpc_null()));
  }
}

static void zero_length_packets_are_passed_over(void **state) {
  size_t wanted;
  Diag diag;
  (void)state;
  Sample s = sample(ZERO8 "FF");
  assert_int_equal(rpc_wanted(s.bytes, s.n, 1024, &wanted, &diag), VTAC_OK);
  assert_int_equal(wanted, 8);
  assert_int_equal(rpc_decode(s.bytes, 8, &packet, &diag), VTAC_OK);
  assert_int_equal(packet.opcode, RPC_NONE);
}

/* ---- Malformed packets -------------------------------------------------- */

static const struct {
  const char *what, *hex;
  DiagId id;
} malformed[] = {
    {"a length of 2^61", "0000000000000020", D_RPC_LIMIT},
    {"a length of 2^63", "0000000000000080", D_RPC_LIMIT},
    {"a length below an opcode", "0300000000000000 010000", D_RPC_PROTOCOL},
    {"opcode 0", "0400000000000000 00000000", D_RPC_PROTOCOL},
    {"opcode 21", "0400000000000000 15000000", D_RPC_PROTOCOL},
    {"opcode -1", "0400000000000000 FFFFFFFF", D_RPC_PROTOCOL},
    {"-1 values", "0800000000000000 09000000 FFFFFFFF", D_RPC_LIMIT},
    {"65 values", "0800000000000000 09000000 41000000", D_RPC_LIMIT},
    {"codes that are not there", "0C00000000000000 09000000 02000000 00000000",
     D_RPC_PROTOCOL},
    {"type code 8", "1400000000000000 09000000 01000000 08000000" ZERO8,
     D_RPC_PROTOCOL},
    {"type code 13", "1400000000000000 09000000 01000000 0D000000" ZERO8,
     D_RPC_PROTOCOL},
    {"type code -1", "1400000000000000 09000000 01000000 FFFFFFFF" ZERO8,
     D_RPC_PROTOCOL},
    {"a string past the end",
     "1400000000000000 09000000 01000000 0B000000 0100000000000000",
     D_RPC_PROTOCOL},
    {"a string of 2^63 bytes",
     "1400000000000000 09000000 01000000 0B000000 0000000000000080",
     D_RPC_LIMIT},
    {"bytes of 2^63",
     "1400000000000000 09000000 01000000 0C000000"
     "0000000000000080",
     D_RPC_PROTOCOL},
    {"a byte too many",
     "1500000000000000 09000000 01000000 00000000 0000000000000000 00",
     D_RPC_PROTOCOL},
    {"a masked device",
     "1400000000000000 0C000000 01000000 06000000 8C000000 00000000",
     D_RPC_PROTOCOL},
    {"a tensor with -1 dimensions",
     "2C00000000000000 10000000 01000000 07000000" ZERO8
     "0C000000 00000000 FFFFFFFF 00080100" ZERO8,
     D_RPC_LIMIT},
    {"a tensor with 17 dimensions",
     "2C00000000000000 10000000 01000000 07000000" ZERO8
     "0C000000 00000000 11000000 00080100" ZERO8,
     D_RPC_LIMIT},
    {"a negative extent",
     "3400000000000000 10000000 01000000 07000000" ZERO8
     "0C000000 00000000 01000000 00080100 FFFFFFFFFFFFFFFF" ZERO8,
     D_RPC_PROTOCOL},
    {"a copy that ends in its tensor", "0C00000000000000 06000000" ZERO8,
     D_RPC_PROTOCOL},
    {"a copy with -1 dimensions",
     "2C00000000000000 06000000" ZERO8
     "0C000000 00000000 FFFFFFFF 00080100" ZERO8 ZERO8,
     D_RPC_LIMIT},
    {"a copy whose shape is not there",
     "2C00000000000000 06000000" ZERO8
     "0C000000 00000000 01000000 00080100" ZERO8 ZERO8,
     D_RPC_PROTOCOL},
    {"a copy from there with data",
     "2D00000000000000 06000000" ZERO8
     "0C000000 00000000 00000000 00080100" ZERO8 "0100000000000000",
     D_RPC_PROTOCOL},
    {"a copy to there of more than it holds",
     "2D00000000000000 07000000" ZERO8
     "0C000000 00000000 00000000 00080100" ZERO8 "0200000000000000",
     D_RPC_PROTOCOL},
};

static vtac_status receive(const Sample *s, Diag *diag) {
  size_t wanted = 0;
  for (size_t have = 0; have <= s->n; have++) {
    vtac_status status =
        rpc_wanted(s->bytes, have, RPC_PACKET_LIMIT, &wanted, diag);
    if (status) return status;
    if (wanted <= have) return rpc_decode(s->bytes, have, &packet, diag);
  }
  return VTAC_OK;
}

static void malformed_packets_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
    Sample s = sample(malformed[i].hex);
    Diag diag = {0};
    if (receive(&s, &diag) != diag_status(malformed[i].id) ||
        diag.id != malformed[i].id)
      fail_msg("%s: '%s'", malformed[i].what, diag.message);
  }
}

static void no_packet_may_be_cut(void **state) {
  Diag diag;
  (void)state;
  Sample s = sample(
      "2200000000000000 03000000 1200000000000000 01000000 0B000000"
      "0600000000000000 67656D6D2E6F");
  for (size_t n = 0; n < s.n; n++)
    assert_int_not_equal(rpc_decode(s.bytes, n, &packet, &diag), VTAC_OK);
}

static void what_is_refused_is_not_sent(void **state) {
  ByteBuf out = {0};
  Diag diag;
  (void)state;
  RpcTensor bad = row(1);
  bad.ndim = RPC_MOST_DIMS + 1;
  rpc_packet(&packet, RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_tensor(&bad)));
  bytebuf_put32(&out, 7);
  assert_int_equal(rpc_encode(&packet, &out, &diag), VTAC_REFUSED);
  RpcValue text = rpc_string("");
  text.text.n = RPC_MOST_TEXT + 1;
  rpc_packet(&packet, RPC_GET_GLOBAL_FUNC, 1, &text);
  assert_int_equal(rpc_encode(&packet, &out, &diag), VTAC_REFUSED);
  rpc_packet(&packet, (RpcOpcode)77, NO_ARGS);
  assert_int_equal(rpc_encode(&packet, &out, &diag), VTAC_IO);
  assert_int_equal(out.size, 4);
  bytebuf_free(&out);
}

static void results_must_be_what_they_announce(void **state) {
  static const RpcCode wrong[][2] = {{RPC_INT, RPC_STRING},
                                     {RPC_MODULE, RPC_INT},
                                     {RPC_NDARRAY, RPC_HANDLE},
                                     {RPC_TENSOR, RPC_HANDLE}};
  RpcValue value;
  Diag diag;
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    rpc_packet(&packet, RPC_RETURN, RPC_ARGS(rpc_int(wrong[i][0]), rpc_null()));
    packet.arg[1].code = wrong[i][1];
    assert_int_equal(rpc_take_call(&packet, &value, &diag), VTAC_IO);
    assert_int_equal(diag.id, D_RPC_PROTOCOL);
  }
  rpc_packet(&packet, RPC_RETURN, RPC_ARGS(rpc_int(4)));
  assert_int_equal(rpc_take_call(&packet, &value, &diag), VTAC_IO);
  rpc_packet(&packet, RPC_RETURN, NO_ARGS);
  assert_int_equal(rpc_take_return(&packet, &value, &diag), VTAC_IO);
  rpc_packet(&packet, RPC_CALL_FUNC, NO_ARGS);
  assert_int_equal(rpc_take_return(&packet, &value, &diag), VTAC_IO);
}

static void exceptions_are_one_line(void **state) {
  RpcValue value;
  Diag diag;
  (void)state;
  rpc_exception(&packet, "first\nsecond\x1b[31m\n");
  assert_int_equal(rpc_take_return(&packet, &value, &diag), VTAC_DEVICE);
  assert_string_equal(diag.message, "the server says: first second [31m");
}

static void sizes_of_tensors(void **state) {
  uint64_t size;
  (void)state;
  RpcTensor t = tensor(1, 2, (const int64_t[]){3, 5});
  assert_true(rpc_tensor_size(&t, &size));
  assert_int_equal(size, 15);
  t.dtype = (RpcDType){0, 4, 1};
  assert_true(rpc_tensor_size(&t, &size));
  assert_int_equal(size, 15);
  t.ndim = 0;
  assert_true(rpc_tensor_size(&t, &size));
  assert_int_equal(size, 1);
  t.ndim = 2;
  t.shape[0] = t.shape[1] = (int64_t)1 << 40;
  assert_false(rpc_tensor_size(&t, &size));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_server),
      cmocka_unit_test(get_global_func),
      cmocka_unit_test(calls),
      cmocka_unit_test(devices),
      cmocka_unit_test(copies),
      cmocka_unit_test(runs),
      cmocka_unit_test(frees),
      cmocka_unit_test(ends),
      cmocka_unit_test(results),
      cmocka_unit_test(time_evaluator),
      cmocka_unit_test(bitstream),
      cmocka_unit_test(all_opcodes),
      cmocka_unit_test(zero_length_packets_are_passed_over),
      cmocka_unit_test(malformed_packets_are_refused),
      cmocka_unit_test(no_packet_may_be_cut),
      cmocka_unit_test(what_is_refused_is_not_sent),
      cmocka_unit_test(results_must_be_what_they_announce),
      cmocka_unit_test(exceptions_are_one_line),
      cmocka_unit_test(sizes_of_tensors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
