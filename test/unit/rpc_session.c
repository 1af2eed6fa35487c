/* SPDX-License-Identifier: Apache-2.0 */
/* A session without a socket: requests as the bytes that stock clients send,
 * answers as those that they expect; then what clients should not do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/handles.h"
#include "rpc/session.h"
#include "support/temp.h"

enum { MOST_BYTES = 4096, SLOTS = 10 };

static char dir[64];
static vtac_config *config;
static Session *session;
static uint64_t slot[SLOTS]; /* handles that the session gave out */

static int start(void **state) {
  (void)state;
  temp_name(dir, sizeof dir, "vtac-test-XXXXXX");
  assert_non_null(mkdtemp(dir));
  config = vtac_config_default(NULL);
  const SessionOptions options = {
      .config = config,
      .memory_bytes = 64 << 20,
      .packet_bytes = 1 << 20,
      .workdir = {open(dir, O_RDONLY | O_DIRECTORY), 1 << 20, 8}};
  session = session_new(&options);
  assert_non_null(session);
  return 0;
}

static int stop(void **state) {
  char command[96];
  (void)state;
  session_free(session);
  vtac_config_free(config);
  snprintf(command, sizeof command, "rm -r %s", dir);
  return system(command);
}

/* ---- Bytes -------------------------------------------------------------- */

typedef struct Bytes {
  size_t n;
  uint8_t at[MOST_BYTES];
} Bytes;

static void put64(Bytes *bytes, uint64_t value) {
  for (int i = 0; i < 8; i++) bytes->at[bytes->n++] = (uint8_t)(value >> 8 * i);
}

/* Hexadecimal bytes; "@3" is the handle in slot 3. */
static void parse(const char *text, Bytes *ret) {
  ret->n = 0;
  for (; *text; text++) {
    const char pair[] = {text[0], text[0] ? text[1] : '\0', '\0'};
    if (*text == '@') {
      put64(ret, slot[*++text - '0']);
    } else if (strchr("0123456789ABCDEF", *text)) {
      ret->at[ret->n++] = (uint8_t)strtoul(pair, NULL, 16);
      text++;
    }
  }
}

/* As the server's process does it. */
static SessionNext handle_bytes(const Bytes *request, Bytes *ret) {
  RpcPacket packet, answer;
  Diag diag;
  ByteBuf out = {0};
  size_t wanted = 0;
  assert_int_equal(
      rpc_wanted(request->at, request->n, MOST_BYTES, &wanted, &diag), VTAC_OK);
  assert_true(wanted <= request->n);
  assert_int_equal(rpc_decode(request->at, wanted, &packet, &diag), VTAC_OK);
  assert_int_equal(request->n, wanted + packet.data.n);
  if (packet.opcode == RPC_COPY_TO_REMOTE) {
    void *room = session_room(session, &packet);
    if (room) memcpy(room, request->at + wanted, packet.data.n);
  }
  SessionNext next = session_handle(session, &packet, &answer);
  ret->n = 0;
  if (next == SESSION_DONE) return next;
  assert_int_equal(rpc_encode(&answer, &out, &diag), VTAC_OK);
  memcpy(ret->at, out.bytes, out.size);
  if (answer.data.n) memcpy(ret->at + out.size, answer.data.at, answer.data.n);
  ret->n = out.size + answer.data.n;
  bytebuf_free(&out);
  return next;
}

/* In what is expected, "?3" takes a handle into slot 3. */
static void exchange(const char *request, const char *expected) {
  Bytes in, out, want;
  size_t taken = 0;
  char plain[MOST_BYTES];
  const char *mark = strchr(expected, '?');
  parse(request, &in);
  handle_bytes(&in, &out);
  snprintf(plain, sizeof plain, "%.*s", mark ? (int)(mark - expected) : 4000,
           expected);
  parse(plain, &want);
  if (mark) {
    assert_true(out.n >= want.n + 8);
    memcpy(&slot[mark[1] - '0'], out.at + want.n, 8);
    taken = 8;
  }
  assert_int_equal(out.n, want.n + taken);
  assert_memory_equal(out.at, want.at, want.n);
}

#define VOID_ANSWER \
  "0C 00 00 00 00 00 00 00 04 00 00 00 01 00 00 00 04 00 00 00"
#define NONE_OF_CALL                                \
  "18 00 00 00 00 00 00 00 04 00 00 00 02 00 00 00" \
  "00 00 00 00 04 00 00 00 04 00 00 00 00 00 00 00"
#define HANDLE_ANSWER \
  "14 00 00 00 00 00 00 00 04 00 00 00 01 00 00 00 03 00 00 00"
#define INIT                                                    \
  "15 00 00 00 00 00 00 00 02 00 00 00 05 00 00 00 00 00 00 00" \
  "30 2E 38 2E 30 00 00 00 00"

/* The recorded requests of a tutorial, in its order. */
static void tutorial(void **state) {
  (void)state;
  exchange(INIT, VOID_ANSWER);
  /* GetGlobalFunc upload */
  exchange(
      "29 00 00 00 00 00 00 00 09 00 00 00 01 00 00 00 0B 00 00 00"
      "15 00 00 00 00 00 00 00"
      "74 76 6D 2E 72 70 63 2E 73 65 72 76 65 72 2E 75 70 6C 6F 61 64",
      HANDLE_ANSWER "?0");
  /* upload("gemm.o", …) */
  exchange(
      "32 00 00 00 00 00 00 00 03 00 00 00 @0 02 00 00 00"
      "0B 00 00 00 0C 00 00 00 06 00 00 00 00 00 00 00 67 65 6D 6D 2E 6F"
      "04 00 00 00 00 00 00 00 7F 45 4C 46",
      NONE_OF_CALL);
  /* Does ext_dev(0) exist? */
  exchange(
      "20 00 00 00 00 00 00 00 0C 00 00 00 02 00 00 00 06 00 00 00 00 00 00 00"
      "0C 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "14 00 00 00 00 00 00 00 04 00 00 00 01 00 00 00 00 00 00 00"
      "01 00 00 00 00 00 00 00");
  /* int8 (1,64,1,16) on ext_dev(0) */
  exchange(
      "50 00 00 00 00 00 00 00 11 00 00 00 02 00 00 00 07 00 00 00 04 00 00 00"
      "00 00 00 00 00 00 00 00 0C 00 00 00 00 00 00 00 04 00 00 00 00 08 01 00"
      "01 00 00 00 00 00 00 00 40 00 00 00 00 00 00 00"
      "01 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      HANDLE_ANSWER "?1");
  /* The same, freed; and the module's function, which is not there */
  exchange(
      "20 00 00 00 00 00 00 00 0E 00 00 00 02 00 00 00 06 00 00 00 03 00 00 00"
      "0C 00 00 00 00 00 00 00 @1",
      VOID_ANSWER);
  /* DevStreamSync */
  exchange(
      "20 00 00 00 00 00 00 00 0F 00 00 00 02 00 00 00 06 00 00 00 03 00 00 00"
      "0C 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      VOID_ANSWER);
  /* FreeHandle of the function */
  exchange(
      "20 00 00 00 00 00 00 00 0A 00 00 00 02 00 00 00 03 00 00 00 00 00 00 00"
      "@0 0A 00 00 00 00 00 00 00",
      VOID_ANSWER);
}

/* A function that nobody knows has handle 0. */
static void unknown_function(void **state) {
  (void)state;
  exchange(INIT, VOID_ANSWER);
  exchange(
      "17 00 00 00 00 00 00 00 09 00 00 00 01 00 00 00 0B 00 00 00"
      "03 00 00 00 00 00 00 00 61 62 63",
      HANDLE_ANSWER "00 00 00 00 00 00 00 00");
}

/* Eight bytes to the accelerator, in two pieces, and back. */
static void copies(void **state) {
  (void)state;
  exchange(INIT, VOID_ANSWER);
#define EIGHT(data, offset)                              \
  data "0C 00 00 00 00 00 00 00 01 00 00 00 00 08 01 00" \
       "08 00 00 00 00 00 00 00 " offset " 00 00 00 00 00 00 00"
  exchange(
      "38 00 00 00 00 00 00 00 11 00 00 00 02 00 00 00 07 00 00 00"
      "04 00 00 00" EIGHT("00 00 00 00 00 00 00 00", "00"),
      HANDLE_ANSWER "?0");
  exchange("38 00 00 00 00 00 00 00 07 00 00 00" EIGHT(
               "@0", "00") "04 00 00 00 00 00 00 00 01 02 03 04",
           VOID_ANSWER);
  exchange("38 00 00 00 00 00 00 00 07 00 00 00" EIGHT(
               "@0", "04") "04 00 00 00 00 00 00 00 05 06 07 08",
           VOID_ANSWER);
  exchange("34 00 00 00 00 00 00 00 06 00 00 00" EIGHT(
               "@0", "00") "08 00 00 00 00 00 00 00",
           "0C 00 00 00 00 00 00 00 08 00 00 00 01 02 03 04 05 06 07 08");
#undef EIGHT
}

/* ---- Packets ------------------------------------------------------------ */

static SessionNext ask(RpcPacket *packet, RpcPacket *answer) {
  return session_handle(session, packet, answer);
}

static void init(void) { exchange(INIT, VOID_ANSWER); }

static void assert_refused(RpcOpcode opcode, int n, const RpcValue *args,
                           const char *part) {
  RpcPacket packet, answer;
  rpc_packet(&packet, opcode, n, args);
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  char text[512];
  slice_copy(answer.arg[0].text, text, sizeof text);
  if (!strstr(text, part)) fail_msg("'%s' does not say '%s'", text, part);
}

static RpcValue ask_value(RpcOpcode opcode, int n, const RpcValue *args) {
  RpcPacket packet, answer;
  RpcValue value = rpc_null();
  Diag diag;
  rpc_packet(&packet, opcode, n, args);
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  if (rpc_take_return(&answer, &value, &diag)) fail_msg("%s", diag.message);
  return value;
}

static uint64_t function(const char *name) {
  return ask_value(RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_string(name))).handle;
}

static bool call(uint64_t handle, int n, const RpcValue *args, RpcValue *ret) {
  static RpcPacket answer; /* holds the text of an exception */
  RpcPacket packet;
  Diag diag;
  rpc_packet(&packet, RPC_CALL_FUNC, n, args);
  packet.function = handle;
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  if (answer.opcode == RPC_EXCEPTION) *ret = answer.arg[0];
  return !rpc_take_call(&answer, ret, &diag);
}

static bool call_named(const char *name, int n, const RpcValue *args,
                       RpcValue *ret) {
  return call(function(name), n, args, ret);
}

static const RpcDevice cpu = {1, 0}, vta = {12, 0};

static RpcTensor floats(RpcDevice device, uint64_t handle, int64_t n) {
  return (RpcTensor){.data = handle,
                     .device = device,
                     .dtype = {2, 32, 1},
                     .ndim = 1,
                     .shape = {n}};
}

static uint64_t allocate(RpcDevice device, int64_t n) {
  const RpcTensor tensor = floats(device, 0, n);
  return ask_value(RPC_DEV_ALLOC_WITH_SCOPE,
                   RPC_ARGS(rpc_tensor(&tensor), rpc_null()))
      .handle;
}

static void write_floats(const RpcTensor *tensor, const float *from, size_t n) {
  RpcPacket packet, answer;
  rpc_packet(&packet, RPC_COPY_TO_REMOTE, 0, NULL);
  packet.tensor = *tensor;
  packet.nbytes = packet.data.n = n * sizeof *from;
  void *room = session_room(session, &packet);
  assert_non_null(room);
  memcpy(room, from, packet.data.n);
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  assert_int_equal(answer.opcode, RPC_RETURN);
}

static void read_floats(const RpcTensor *tensor, float *to, size_t n) {
  RpcPacket packet, answer;
  rpc_packet(&packet, RPC_COPY_FROM_REMOTE, 0, NULL);
  packet.tensor = *tensor;
  packet.nbytes = n * sizeof *to;
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  assert_int_equal(answer.opcode, RPC_COPY_ACK);
  memcpy(to, answer.data.at, answer.data.n);
}

/* ---- Modules ------------------------------------------------------------ */

static uint64_t load_kernel(void) {
  static char bytes[1 << 16];
  RpcValue value;
  FILE *file = fopen(getenv("KERNEL_DOUBLE_ALL"), "rb");
  assert_non_null(file);
  size_t n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  assert_true(call_named("tvm.rpc.server.upload",
                         RPC_ARGS(rpc_string("d.o"), rpc_bytes(bytes, n)),
                         &value));
  assert_true(call_named("tvm.rpc.server.load_module",
                         RPC_ARGS(rpc_string("d.o")), &value));
  assert_int_equal(value.code, RPC_MODULE);
  return value.handle;
}

static uint64_t module_function(uint64_t module, const char *name) {
  RpcValue value;
  assert_true(call_named(
      "tvm.rpc.server.ModuleGetFunction",
      RPC_ARGS(rpc_handle(RPC_MODULE, module), rpc_string(name), rpc_int(1)),
      &value));
  return value.code == RPC_FUNCTION ? value.handle : 0;
}

static void free_handle(uint64_t handle, RpcCode kind) {
  ask_value(RPC_FREE_HANDLE,
            RPC_ARGS(rpc_handle(RPC_HANDLE, handle), rpc_int(kind)));
}

/* The module is freed before its function is called, as stock clients do. */
static void runs_a_module(void **state) {
  float in[8], out[8];
  RpcValue value;
  (void)state;
  init();
  uint64_t module = load_kernel();
  uint64_t by_main = module_function(module, "__tvm_main__");
  uint64_t by_name = module_function(module, "double_all");
  assert_true(by_main && by_name);
  assert_int_equal(module_function(module, "nothing"), 0);
  free_handle(module, RPC_MODULE);
  const RpcTensor a = floats(cpu, allocate(cpu, 8), 8);
  const RpcTensor b = floats(cpu, allocate(cpu, 8), 8);
  for (int i = 0; i < 8; i++) in[i] = (float)i + 0.5f;
  write_floats(&a, in, 8);
  assert_true(call(by_main, RPC_ARGS(rpc_tensor(&a), rpc_tensor(&b)), &value));
  read_floats(&b, out, 8);
  for (int i = 0; i < 8; i++) assert_true(out[i] == 2 * in[i]);
  assert_true(call(by_name, RPC_ARGS(rpc_tensor(&b), rpc_tensor(&a)), &value));
  read_floats(&a, out, 8);
  for (int i = 0; i < 8; i++) assert_true(out[i] == 4 * in[i]);
}

static void times_a_module(void **state) {
  RpcValue value;
  double seconds[3];
  (void)state;
  init();
  uint64_t module = load_kernel();
  const RpcTensor a = floats(cpu, allocate(cpu, 1024), 1024);
  const RpcTensor b = floats(cpu, allocate(cpu, 1024), 1024);
  assert_true(call_named(
      "runtime.RPCTimeEvaluator",
      RPC_ARGS(rpc_handle(RPC_MODULE, module), rpc_string("__tvm_main__"),
               rpc_int(1), rpc_int(0), rpc_int(2), rpc_int(3), rpc_int(1),
               rpc_int(0), rpc_int(1),
               rpc_string("cache_flush_cpu_non_first_arg")),
      &value));
  assert_int_equal(value.code, RPC_FUNCTION);
  assert_true(
      call(value.handle, RPC_ARGS(rpc_tensor(&a), rpc_tensor(&b)), &value));
  assert_int_equal(value.code, RPC_BYTES);
  assert_int_equal(value.text.n, sizeof seconds);
  memcpy(seconds, value.text.at, sizeof seconds);
  for (int i = 0; i < 3; i++) assert_true(seconds[i] > 0 && seconds[i] < 1);
}

/* What prepares a measurement gets the same arguments, and checks them. */
static void prepares_with_other_arguments(void **state) {
  RpcValue value;
  char text[512];
  (void)state;
  init();
  assert_true(call_named(
      "runtime.RPCTimeEvaluator",
      RPC_ARGS(rpc_null(), rpc_string("runtime.config_threadpool"), rpc_int(1),
               rpc_int(0), rpc_int(1), rpc_int(1), rpc_int(0), rpc_int(0),
               rpc_int(1), rpc_string("tvm.contrib.random.random_fill")),
      &value));
  assert_false(call(value.handle, RPC_ARGS(rpc_string("text")), &value));
  slice_copy(value.text, text, sizeof text);
  assert_string_equal(
      text, "argument 0 of tvm.contrib.random.random_fill is not a tensor");
}

/* What a module imports is found in it, and lives as long as it does. */
static void imports(void **state) {
  RpcValue value;
  (void)state;
  init();
  uint64_t parent = load_kernel(), child = load_kernel();
  const RpcValue pair[] = {rpc_handle(RPC_MODULE, parent),
                           rpc_handle(RPC_MODULE, child)};
  const RpcValue back[] = {pair[1], pair[0]};
  assert_true(call_named("tvm.rpc.server.ImportModule", 2, pair, &value));
  assert_false(call_named("tvm.rpc.server.ImportModule", 2, back, &value));
  free_handle(child, RPC_MODULE);
  assert_true(module_function(parent, "double_all"));
}

static void bad_modules(void **state) {
  RpcValue value;
  (void)state;
  init();
  assert_true(call_named("tvm.rpc.server.upload",
                         RPC_ARGS(rpc_string("x.o"), rpc_bytes("\x7F"
                                                               "ELF",
                                                               4)),
                         &value));
  static const char *const names[] = {"x.o", "missing.o", "x.c", "../x.o"};
  for (int i = 0; i < 4; i++) {
    assert_false(call_named("tvm.rpc.server.load_module",
                            RPC_ARGS(rpc_string(names[i])), &value));
    assert_int_equal(value.code, RPC_STRING);
  }
}

/* ---- The accelerator ---------------------------------------------------- */

static void reconfigures(void **state) {
  static const char block32[] =
      "{\"TARGET\": \"pynq\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": 3,"
      "\"LOG_WGT_WIDTH\": 3, \"LOG_ACC_WIDTH\": 5, \"LOG_BATCH\": 0,"
      "\"LOG_BLOCK\": 5, \"LOG_UOP_BUFF_SIZE\": 15, \"LOG_INP_BUFF_SIZE\": 15,"
      "\"LOG_WGT_BUFF_SIZE\": 18, \"LOG_ACC_BUFF_SIZE\": 17}";
  static const char name[] = "tvm.contrib.vta.reconfig_runtime";
  RpcValue value;
  (void)state;
  init();
  uint64_t array = allocate(vta, 16);
  assert_false(call_named(name, RPC_ARGS(rpc_string(block32)), &value));
  ask_value(RPC_DEV_FREE_DATA,
            RPC_ARGS(rpc_device(vta), rpc_handle(RPC_HANDLE, array)));
  assert_true(call_named(name, RPC_ARGS(rpc_string(block32)), &value));
  assert_false(call_named(name, RPC_ARGS(rpc_string("{}")), &value));
  assert_false(call_named(name, RPC_ARGS(rpc_string("")), &value));
  /* the same again changes nothing, with or without arrays */
  allocate(vta, 16);
  assert_true(call_named(name, RPC_ARGS(rpc_string(block32)), &value));
}

static void counts(void **state) {
  static const char zeros[] =
      "{\"inp_load_nbytes\": 0, \"wgt_load_nbytes\": 0, \"acc_load_nbytes\": 0,"
      " \"uop_load_nbytes\": 0, \"out_store_nbytes\": 0, \"gemm_counter\": 0,"
      " \"alu_counter\": 0}";
  RpcValue value;
  (void)state;
  init();
  assert_true(call_named("vta.simulator.profiler_clear", 0, NULL, &value));
  assert_true(call_named("vta.simulator.profiler_status", 0, NULL, &value));
  assert_true(slice_is(value.text, zeros));
  assert_true(call_named("vta.tsim.profiler_status", 0, NULL, &value));
  assert_true(slice_is(value.text, "{\"cycle_count\": 0}"));
  assert_true(call_named("vta.simulator.profiler_debug_mode",
                         RPC_ARGS(rpc_int(1)), &value));
  assert_false(call_named("tvm.contrib.vta.init",
                          RPC_ARGS(rpc_string("no.bit")), &value));
}

/* ---- What is refused ---------------------------------------------------- */

static void bad_memory(void **state) {
  RpcPacket packet, answer;
  (void)state;
  init();
  uint64_t handle = allocate(cpu, 4);
  RpcTensor good = floats(cpu, handle, 4), other = floats(cpu, handle, 5);
  RpcTensor offset = good, wrong = floats(vta, handle, 4);
  RpcTensor unknown = floats(cpu, handle + 1000, 4);
  offset.byte_offset = UINT64_MAX - 3;
#define PAIR(a, b) \
  RPC_ARGS(rpc_tensor(&a), rpc_tensor(&b), rpc_handle(RPC_HANDLE, 0))
  assert_refused(RPC_COPY_AMONG_REMOTE, PAIR(good, other), "cannot be copied");
  assert_refused(RPC_COPY_AMONG_REMOTE, PAIR(good, offset), "leave a buffer");
  assert_refused(RPC_COPY_AMONG_REMOTE, PAIR(other, other), "leave a buffer");
  assert_refused(RPC_COPY_AMONG_REMOTE, PAIR(good, wrong), "no buffer");
  assert_refused(RPC_COPY_AMONG_REMOTE, PAIR(good, unknown), "no buffer");
  rpc_packet(&packet, RPC_COPY_TO_REMOTE, 0, NULL);
  packet.tensor = offset;
  packet.nbytes = packet.data.n = 4;
  assert_null(session_room(session, &packet));
  assert_int_equal(ask(&packet, &answer), SESSION_GOES_ON);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  assert_refused(RPC_DEV_FREE_DATA,
                 RPC_ARGS(rpc_device(vta), rpc_handle(RPC_HANDLE, handle)),
                 "no buffer");
  ask_value(RPC_DEV_FREE_DATA,
            RPC_ARGS(rpc_device(cpu), rpc_handle(RPC_HANDLE, handle)));
  assert_refused(RPC_DEV_FREE_DATA,
                 RPC_ARGS(rpc_device(cpu), rpc_handle(RPC_HANDLE, handle)),
                 "no buffer");
}

/* A size that wraps around when it is rounded up. */
static void largest_buffer(void **state) {
  const SessionOptions options = {
      .config = config, .memory_bytes = UINT64_MAX, .packet_bytes = 1 << 20};
  (void)state;
  session_free(session);
  session = session_new(&options);
  init();
  const RpcTensor tensor = {
      .device = cpu, .ndim = 1, .dtype = {0, 16, 1}, .shape = {INT64_MAX}};
  assert_refused(RPC_DEV_ALLOC_WITH_SCOPE,
                 RPC_ARGS(rpc_tensor(&tensor), rpc_null()), "no memory");
}

static void device_names(void **state) {
  (void)state;
  init();
  RpcValue name =
      ask_value(RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(vta), rpc_int(5)));
  assert_int_equal(name.code, RPC_STRING);
  assert_true(slice_is(name.text, "simulator"));
  name = ask_value(RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(cpu), rpc_int(5)));
  assert_int_equal(name.code, RPC_NULL);
}

static void bad_requests(void **state) {
  const RpcDevice nowhere = {2, 0};
  const RpcTensor huge = {.device = cpu,
                          .dtype = {0, 64, 1},
                          .ndim = 2,
                          .shape = {INT64_C(1) << 40, INT64_C(1) << 40}};
  (void)state;
  assert_refused(RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_string("x")),
                 "before InitServer");
  init();
  assert_refused(RPC_GET_GLOBAL_FUNC, 0, NULL, "takes 1 arguments");
  assert_refused(RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_int(1)), "not a string");
  assert_refused(RPC_FREE_HANDLE,
                 RPC_ARGS(rpc_handle(RPC_HANDLE, 77), rpc_int(RPC_MODULE)),
                 "no handle 77");
  assert_refused(RPC_FREE_HANDLE,
                 RPC_ARGS(rpc_handle(RPC_HANDLE, 77), rpc_int(3)), "of type 3");
  assert_refused(RPC_DEV_SET_DEVICE, RPC_ARGS(rpc_device(nowhere)),
                 "no device");
  assert_refused(RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(nowhere), rpc_int(5)),
                 "no device");
  assert_int_equal(
      ask_value(RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(nowhere), rpc_int(0)))
          .integer,
      0);
  assert_int_equal(
      ask_value(RPC_DEV_GET_ATTR, RPC_ARGS(rpc_device(vta), rpc_int(4))).code,
      RPC_NULL);
  assert_refused(RPC_DEV_ALLOC_WITH_SCOPE,
                 RPC_ARGS(rpc_tensor(&huge), rpc_null()), "cannot be counted");
  assert_refused(RPC_DEV_ALLOC_WITH_SCOPE,
                 RPC_ARGS(rpc_tensor(&huge), rpc_string("texture")), "global");
  assert_refused(
      RPC_DEV_ALLOC_DATA,
      RPC_ARGS(rpc_device(cpu), rpc_int(-1), rpc_int(64), rpc_null()),
      "-1 bytes");
  assert_refused(
      RPC_DEV_ALLOC_DATA,
      RPC_ARGS(rpc_device(cpu), rpc_int(65 << 20), rpc_int(64), rpc_null()),
      "of the session's");
  assert_refused(RPC_CALL_FUNC, 0, NULL, "no function");
}

static void bad_calls(void **state) {
  RpcValue value;
  (void)state;
  init();
  uint64_t kernel = module_function(load_kernel(), "double_all");
  RpcTensor tensor = floats(cpu, allocate(cpu, 4), 4), larger = tensor;
  larger.shape[0] = 1 << 20;
  assert_false(
      call(kernel, RPC_ARGS(rpc_tensor(&larger), rpc_tensor(&tensor)), &value));
  assert_false(
      call(kernel, RPC_ARGS(rpc_string("x"), rpc_tensor(&tensor)), &value));
  assert_false(call(kernel, RPC_ARGS(rpc_tensor(&tensor)), &value));
  assert_false(call_named("tvm.contrib.random.random_fill",
                          RPC_ARGS(rpc_tensor(&larger)), &value));
  assert_true(call_named("tvm.contrib.random.random_fill",
                         RPC_ARGS(rpc_tensor(&tensor)), &value));
}

static void versions(void **state) {
  RpcPacket packet, answer;
  (void)state;
  rpc_packet(&packet, RPC_INIT_SERVER, 0, NULL);
  packet.version = slice_of("0.9.0");
  ask(&packet, &answer);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  rpc_packet(&packet, RPC_INIT_SERVER,
             RPC_ARGS(rpc_string("rpc.PopenSession")));
  packet.version = slice_of(RPC_VERSION);
  ask(&packet, &answer);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  rpc_packet(&packet, RPC_INIT_SERVER,
             RPC_ARGS(rpc_string("rpc.LocalSession")));
  packet.version = slice_of(RPC_VERSION);
  ask(&packet, &answer);
  assert_int_equal(answer.opcode, RPC_RETURN);
  ask(&packet, &answer);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
}

/* A client that does not begin as it should, or answers, is left. */
static void broken_protocol(void **state) {
  RpcPacket packet, answer;
  (void)state;
  rpc_packet(&packet, RPC_CALL_FUNC, 0, NULL);
  assert_int_equal(ask(&packet, &answer), SESSION_ENDS);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  init();
  rpc_packet(&packet, RPC_RETURN, 0, NULL);
  assert_int_equal(ask(&packet, &answer), SESSION_ENDS);
  rpc_packet(&packet, RPC_SHUTDOWN, 0, NULL);
  assert_int_equal(ask(&packet, &answer), SESSION_DONE);
}

/* ---- Handles ------------------------------------------------------------ */

static void many_handles(void **state) {
  (void)state;
  init();
  for (int i = 0; i < HANDLES_MOST; i++)
    assert_true(function("tvm.rpc.server.upload"));
  assert_refused(RPC_GET_GLOBAL_FUNC,
                 RPC_ARGS(rpc_string("tvm.rpc.server.upload")),
                 "at most 65536 handles");
}

/* A place is taken again under another handle; the old one stays dead. */
static void handles_are_not_reused(void **state) {
  HandleTable table;
  int object, other;
  (void)state;
  handles_init(&table);
  uint32_t last = 0;
  for (int i = 0; i < 40000; i++) {
    uint32_t handle = handles_add(&table, OBJECT_BUFFER, &object);
    assert_true(handle && handle != last);
    assert_ptr_equal(handles_get(&table, OBJECT_BUFFER, handle), &object);
    assert_null(handles_get(&table, OBJECT_MODULE, handle));
    assert_null(handles_get(&table, OBJECT_BUFFER, last));
    assert_ptr_equal(handles_remove(&table, OBJECT_BUFFER, handle), &object);
    assert_null(handles_remove(&table, OBJECT_BUFFER, handle));
    last = handle;
  }
  uint32_t first = handles_add(&table, OBJECT_MODULE, &object);
  uint32_t second = handles_add(&table, OBJECT_FUNCTION, &other);
  assert_true(first != second);
  for (uint64_t guess = 0; guess < 1000; guess++)
    assert_true(guess == first || !handles_get(&table, OBJECT_MODULE, guess));
  assert_null(handles_get(&table, OBJECT_MODULE, UINT64_C(1) << 32 | first));
  ObjectKind kind;
  assert_non_null(handles_remove_any(&table, &kind));
  assert_non_null(handles_remove_any(&table, &kind));
  assert_null(handles_remove_any(&table, &kind));
  handles_free(&table);
}

int main(void) {
#define SESSION(test) cmocka_unit_test_setup_teardown(test, start, stop)
  const struct CMUnitTest tests[] = {SESSION(tutorial),
                                     SESSION(unknown_function),
                                     SESSION(copies),
                                     SESSION(runs_a_module),
                                     SESSION(times_a_module),
                                     SESSION(imports),
                                     SESSION(bad_modules),
                                     SESSION(reconfigures),
                                     SESSION(counts),
                                     SESSION(bad_memory),
                                     SESSION(bad_requests),
                                     SESSION(bad_calls),
                                     SESSION(versions),
                                     SESSION(broken_protocol),
                                     SESSION(many_handles),
                                     SESSION(largest_buffer),
                                     SESSION(prepares_with_other_arguments),
                                     SESSION(device_names),
                                     cmocka_unit_test(handles_are_not_reused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
