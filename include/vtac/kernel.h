/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled kernel needs of its surroundings: the accelerator's runtime,
 * the packed calling convention, and arithmetic with defined results.
 *
 * C files that vtac writes (vtac gemm -o gemm.c) include this header and
 * nothing else.  It is C99, needs no library and no operating system, and may
 * be copied next to the files.  A program that runs kernels either links
 * libvtac, which has all functions named here, or brings its own:
 * examples/baremetal shows how. */
#ifndef VTAC_KERNEL_H
#define VTAC_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The accelerator's runtime ------------------------------------------ */

/* Functions act on the calling thread's command queue.  Offsets and sizes are
 * in elements of the memory on chip.  Memories: 0 micro-ops, 1 weights,
 * 2 inputs, 3 accumulators, 4 outputs, 5 accumulators from 8 bits.  Stages:
 * 1 load, 2 compute, 3 store.  A failure is kept until VTASynchronize. */

/* The queue that the functions below take first. */
void *VTATLSCommandHandle(void);

/* Moves a box of x_size by y_size elements, whose rows lie x_stride elements
 * apart in DRAM, from a buffer to on-chip memory; the paddings are zeros. */
void VTALoadBuffer2D(void *queue, void *buffer, uint32_t offset,
                     uint32_t x_size, uint32_t y_size, uint32_t x_stride,
                     uint32_t x_pad_before, uint32_t y_pad_before,
                     uint32_t x_pad_after, uint32_t y_pad_after,
                     uint32_t sram_index, uint32_t memory);
/* The same back to a buffer. */
void VTAStoreBuffer2D(void *queue, uint32_t sram_index, uint32_t memory,
                      void *buffer, uint32_t offset, uint32_t x_size,
                      uint32_t y_size, uint32_t x_stride);

/* Pushes the instruction of a micro-op kernel.  `slot` tells the places of a
 * program apart that have kernels; it belongs to the runtime.  If the runtime
 * does not know the kernel of this slot and these closure bytes, it calls
 * record(closure), which describes the kernel by the three functions below.
 * Not 0 on failure. */
int VTAPushGEMMOp(void **slot, int (*record)(void *), void *closure,
                  int nbytes);
int VTAPushALUOp(void **slot, int (*record)(void *), void *closure, int nbytes);
/* At most two loops surround all micro-ops of a kernel. */
void VTAUopLoopBegin(uint32_t extent, uint32_t dst_factor, uint32_t src_factor,
                     uint32_t wgt_factor);
void VTAUopLoopEnd(void);
/* mode 0 GEMM, 1 ALU.  opcode: 0 min, 1 max, 2 add, 3 shift right, 4 mul. */
void VTAUopPush(uint32_t mode, uint32_t reset_out, uint32_t dst_index,
                uint32_t src_index, uint32_t wgt_index, uint32_t opcode,
                uint32_t use_imm, int32_t imm);

/* Dependence tokens between stages. */
int VTADepPush(void *queue, int from, int to);
int VTADepPop(void *queue, int from, int to);
/* Runs what was pushed and waits, at most that many polls. */
void VTASynchronize(void *queue, uint32_t wait_cycles);

/* Buffers in device memory.  A buffer is named by an opaque handle; NULL when
 * there is no memory.  kind: 1 host to device, 2 device to host, 3 both on the
 * device. */
void *VTABufferAlloc(size_t size);
void VTABufferFree(void *buffer);
void VTABufferCopy(const void *from, size_t from_offset, void *to,
                   size_t to_offset, size_t size, int kind);
/* Where the host finds the buffer's bytes. */
void *VTABufferCPUPtr(void *queue, void *buffer);

/* Make `extent` elements from `start` on, of elem_bits bits, that the host
 * wrote visible to the device, or those that the device wrote visible to the
 * host.  Where memory is coherent they do nothing. */
void VTAReadBarrier(void *queue, void *buffer, uint32_t elem_bits,
                    uint32_t start, uint32_t extent);
void VTAWriteBarrier(void *queue, void *buffer, uint32_t elem_bits,
                     uint32_t start, uint32_t extent);
/* Not called by vtac's code; part of the ABI. */
void VTASetDebugMode(void *queue, int flags);
void VTARuntimeShutdown(void);

/* ---- The packed calling convention -------------------------------------- */

/* A kernel NAME is entered by
 *
 *   int32_t NAME(args, type_codes, num_args, ret, ret_code, resource)
 *
 * with its tensors as pointers to vtac_kernel_tensor in args[i].v_handle and
 * type_codes[i] = VTAC_KERNEL_TENSOR.  It returns 0; or -1 with a message
 * stored through __TVMAPISetLastError; or what a callee returned.  These are
 * the types of TVM 0.9: TVMValue and DLTensor. */
typedef union vtac_kernel_value {
  int64_t v_int64;
  double v_float64;
  void *v_handle;
} vtac_kernel_value;

enum {
  VTAC_KERNEL_INT = 0,
  VTAC_KERNEL_HANDLE = 3,
  VTAC_KERNEL_NULL = 4,
  VTAC_KERNEL_TENSOR = 7,
  VTAC_KERNEL_NDARRAY = 13
};

enum { VTAC_KERNEL_CPU = 1, VTAC_KERNEL_VTA = 12 }; /* device types */

typedef struct vtac_kernel_tensor {
  void *data; /* an address, or on device type 12 a buffer's handle */
  int32_t device_type, device_id;
  int32_t ndim;
  uint8_t type_code, type_bits; /* codes: 0 int, 1 uint, 2 float */
  uint16_t type_lanes;
  int64_t *shape;
  int64_t *strides; /* in elements, or NULL: compact row major */
  uint64_t byte_offset;
} vtac_kernel_tensor;

typedef int32_t (*vtac_kernel_function)(vtac_kernel_value *args,
                                        int32_t *type_codes, int32_t num_args,
                                        vtac_kernel_value *ret,
                                        int32_t *ret_code, void *resource);

/* Of symbols that every kernel defines, a program keeps one. */
#if defined(__GNUC__)
#define VTAC_KERNEL_SHARED __attribute__((weak, visibility("default")))
#else
#define VTAC_KERNEL_SHARED
#endif

/* Services that a loader fills in before it calls a kernel, by these names
 * with "__" in front; a kernel defines those that it uses. */
typedef void (*vtac_TVMAPISetLastError)(const char *message);
typedef int (*vtac_TVMFuncCall)(void *function, vtac_kernel_value *args,
                                int *type_codes, int num_args,
                                vtac_kernel_value *ret, int *ret_code);
typedef int (*vtac_TVMBackendGetFuncFromEnv)(void *module, const char *name,
                                             void **ret_function);
typedef void *(*vtac_TVMBackendAllocWorkspace)(int device_type, int device_id,
                                               uint64_t nbytes, int type_code,
                                               int type_bits);
typedef int (*vtac_TVMBackendFreeWorkspace)(int device_type, int device_id,
                                            void *memory);

/* ---- Arithmetic --------------------------------------------------------- */

/* Sums, differences and products that wrap around. */
static inline int32_t vtac_kernel_add32(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}
static inline int32_t vtac_kernel_sub32(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a - (uint32_t)b);
}
static inline int32_t vtac_kernel_mul32(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a * (uint32_t)b);
}
static inline int64_t vtac_kernel_add64(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t vtac_kernel_sub64(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}
static inline int64_t vtac_kernel_mul64(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a * (uint64_t)b);
}
/* Division by b > 0 that rounds towards minus infinity, and its remainder. */
static inline int32_t vtac_kernel_floordiv32(int32_t a, int32_t b) {
  return a / b - (a % b < 0);
}
static inline int32_t vtac_kernel_floormod32(int32_t a, int32_t b) {
  return a % b + (a % b < 0 ? b : 0);
}
static inline int64_t vtac_kernel_floordiv64(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}
static inline int64_t vtac_kernel_floormod64(int64_t a, int64_t b) {
  return a % b + (a % b < 0 ? b : 0);
}
/* Shifts as the accelerator's ALU makes them: negative amounts go the other
 * way, large ones leave the sign or nothing. */
static inline int64_t vtac_kernel_shift_right(int64_t a, int64_t amount) {
  if (amount >= 0) return a >> (amount > 63 ? 63 : amount);
  return amount < -63 ? 0 : (int64_t)((uint64_t)a << -amount);
}
static inline int64_t vtac_kernel_shift_left(int64_t a, int64_t amount) {
  return amount < -63 ? (a < 0 ? -1 : 0) : vtac_kernel_shift_right(a, -amount);
}

#ifdef __cplusplus
}
#endif
#endif
