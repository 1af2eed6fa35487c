/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the part of a stock TVM 0.9 runtime: fills in the services, calls a
 * kernel by the packed convention, prints each call that the kernel makes, and
 * gives it wrong arguments one at a time.  The structures are written down
 * here once more, from the ABI's description. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef union {
  int64_t v_int64;
  double v_float64;
  void *v_handle;
} TVMValue;

typedef struct {
  void *data;
  int32_t device_type, device_id;
  int32_t ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;

_Static_assert(sizeof(TVMValue) == 8, "a value has eight bytes");

int32_t my_gemm(TVMValue *args, int32_t *codes, int32_t n, TVMValue *ret,
                int32_t *ret_code, void *resource);

extern void (*__TVMAPISetLastError)(const char *);
extern int (*__TVMFuncCall)(void *, TVMValue *, int *, int, TVMValue *, int *);
extern int (*__TVMBackendGetFuncFromEnv)(void *, const char *, void **);
extern void *__tvm_module_ctx;
extern const char __tvm_main__[];

/* ---- Services ----------------------------------------------------------- */

static char last_error[1024];
static int fail_push;

static void set_last_error(const char *text) {
  snprintf(last_error, sizeof last_error, "%s", text);
}

static char cookie, set_device;

static int get_function(void *context, const char *name, void **ret) {
  printf("GetFuncFromEnv(%s, %s)\n", context == &cookie ? "cookie" : "?", name);
  *ret = &set_device;
  return 0;
}

static int call_function(void *function, TVMValue *args, int *codes, int n,
                         TVMValue *ret, int *ret_code) {
  assert(function == &set_device && n == 2 && !codes[0] && !codes[1]);
  assert(ret == args + 2 && ret_code == codes + 2);
  printf("FuncCall(%d, %d)\n", (int)args[0].v_int64, (int)args[1].v_int64);
  return 0;
}

/* ---- The accelerator's runtime ------------------------------------------ */

static char queue, buffer[3];

static const char *name_of(const void *handle) {
  static const char *const names[] = {"data", "weight", "res"};
  for (int i = 0; i < 3; i++)
    if (handle == &buffer[i]) return names[i];
  return "?";
}

#define CHECK_QUEUE(cmd) assert((cmd) == &queue)

void *VTATLSCommandHandle(void) { return &queue; }

void VTALoadBuffer2D(void *cmd, void *from, uint32_t offset, uint32_t x,
                     uint32_t y, uint32_t stride, uint32_t xb, uint32_t yb,
                     uint32_t xa, uint32_t ya, uint32_t sram, uint32_t type) {
  CHECK_QUEUE(cmd);
  printf("LoadBuffer2D(%s, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u)\n",
         name_of(from), offset, x, y, stride, xb, yb, xa, ya, sram, type);
}

void VTAStoreBuffer2D(void *cmd, uint32_t sram, uint32_t type, void *to,
                      uint32_t offset, uint32_t x, uint32_t y,
                      uint32_t stride) {
  CHECK_QUEUE(cmd);
  printf("StoreBuffer2D(%u, %u, %s, %u, %u, %u, %u)\n", sram, type, name_of(to),
         offset, x, y, stride);
}

void VTAUopLoopBegin(uint32_t extent, uint32_t dst, uint32_t src,
                     uint32_t wgt) {
  printf("  UopLoopBegin(%u, %u, %u, %u)\n", extent, dst, src, wgt);
}

void VTAUopLoopEnd(void) { puts("  UopLoopEnd()"); }

void VTAUopPush(uint32_t mode, uint32_t reset, uint32_t dst, uint32_t src,
                uint32_t wgt, uint32_t opcode, uint32_t use_imm, int32_t imm) {
  printf("  UopPush(%u, %u, %u, %u, %u, %u, %u, %d)\n", mode, reset, dst, src,
         wgt, opcode, use_imm, imm);
}

/* Records each kernel once, as the slot's owner. */
static int push(const char *what, void **slot, int (*record)(void *),
                void *closure, int nbytes) {
  static char recorded;
  if (fail_push) return fail_push;
  assert(!closure == !nbytes);
  printf("%s(%s, %d bytes)\n", what, *slot ? "known" : "new", nbytes);
  if (!*slot && record(closure)) return -1;
  *slot = &recorded;
  return 0;
}

int VTAPushGEMMOp(void **slot, int (*record)(void *), void *closure,
                  int nbytes) {
  return push("PushGEMMOp", slot, record, closure, nbytes);
}

int VTAPushALUOp(void **slot, int (*record)(void *), void *closure,
                 int nbytes) {
  return push("PushALUOp", slot, record, closure, nbytes);
}

int VTADepPush(void *cmd, int from, int to) {
  CHECK_QUEUE(cmd);
  return printf("DepPush(%d, %d)\n", from, to), 0;
}

int VTADepPop(void *cmd, int from, int to) {
  CHECK_QUEUE(cmd);
  return printf("DepPop(%d, %d)\n", from, to), 0;
}

void VTASynchronize(void *cmd, uint32_t cycles) {
  CHECK_QUEUE(cmd);
  printf("Synchronize(0x%x)\n", cycles);
}

/* ---- Calls -------------------------------------------------------------- */

typedef struct {
  TVMValue value[3], ret;
  int32_t code[3], ret_code;
  DLTensor tensor[3];
  int64_t shape[3][4], strides[4];
} Call;

static Call good_call(void) {
  static const int64_t shapes[3][4] = {
      {1, 2, 1, 16}, {2, 2, 16, 16}, {1, 2, 1, 16}};
  Call call = {.ret_code = 4};
  memcpy(call.shape, shapes, sizeof shapes);
  for (int i = 0; i < 3; i++) {
    call.code[i] = 7;
    call.tensor[i] = (DLTensor){.data = &buffer[i],
                                .device_type = 12,
                                .ndim = 4,
                                .bits = 8,
                                .lanes = 1};
  }
  return call;
}

/* Inner pointers are set here, where the call has its place. */
static int run(Call *call, int n) {
  for (int i = 0; i < 3; i++) {
    call->tensor[i].shape = call->shape[i];
    call->value[i].v_handle = &call->tensor[i];
  }
  last_error[0] = '\0';
  return my_gemm(call->value, call->code, n, &call->ret, &call->ret_code, NULL);
}

static void refuse(const char *what, Call call, int n) {
  if (call.strides[3]) call.tensor[0].strides = call.strides;
  int code = run(&call, n);
  printf("%s: %d, %s\n", what, code, last_error);
}

static void refuse_each(void) {
  Call call;
#define WRONG(what, change) \
  call = good_call();       \
  change;                   \
  refuse(what, call, 3)
  refuse("count", good_call(), 2);
  WRONG("pointer", call.code[1] = 0);
  WRONG("ndim", call.tensor[0].ndim = 3);
  WRONG("dtype code", call.tensor[0].code = 1);
  WRONG("dtype bits", call.tensor[2].bits = 32);
  WRONG("dtype lanes", call.tensor[0].lanes = 4);
  WRONG("shape", call.shape[1][0] = 3);
  WRONG("shape, high bits", call.shape[0][3] = 16 + (INT64_C(1) << 32));
  WRONG("byte offset", call.tensor[0].byte_offset = 64);
  WRONG("device type", call.tensor[0].device_type = 1);
  WRONG("device id", call.tensor[2].device_id = 1);
  const int64_t wide[4] = {64, 32, 16, 1}, compact[4] = {32, 16, 16, 1};
  WRONG("strides", memcpy(call.strides, wide, sizeof wide));
  call = good_call();
  memcpy(call.strides, compact, sizeof compact);
  call.tensor[0].strides = call.strides;
  fail_push = 77; /* so that nothing is printed on the way */
  printf("a callee's status: %d\n", run(&call, 3));
}

int main(void) {
  Call call = good_call();
  printf("entry point: %s\n", __tvm_main__);
  __TVMAPISetLastError = set_last_error;
  __TVMFuncCall = call_function;
  __TVMBackendGetFuncFromEnv = get_function;
  __tvm_module_ctx = &cookie;
  printf("= %d\n", run(&call, 3));
  call.code[0] = 13;
  call.code[1] = 3;
  call.tensor[0].device_id = call.tensor[1].device_id =
      call.tensor[2].device_id = 5;
  printf("= %d\n", run(&call, 3));
  refuse_each();
  return 0;
}
