/* SPDX-License-Identifier: Apache-2.0 */
/* Abi: what compiled code finds behind the VTA functions of vtac/kernel.h and
 * behind the services of the packed calling convention, on one device. */
#ifndef RUNTIME_ABI_H
#define RUNTIME_ABI_H

#include <string.h>

#include "device/queue.h"

/* Modules that the system loads find these functions by name. */
#pragma GCC visibility push(default)
#include "vtac/kernel.h"
#pragma GCC visibility pop

typedef struct Abi Abi;

/* NULL when memory is short. */
Abi *abi_new(CommandQueue *queue);
void abi_free(Abi *abi); /* NULL is fine */

/* Makes `abi` (or NULL) the one that this thread's calls act on; returns the
 * one before. */
Abi *abi_enter(Abi *abi);
/* Begins a run: forgets errors and which kernels were recorded. */
void abi_begin(Abi *abi);
/* Ends it: releases workspaces that a failing kernel left, and tells the
 * first failure of the run: what the queue latched, or else what the kernel
 * said itself.  `code` is what the kernel returned. */
vtac_status abi_end(Abi *abi, int32_t code, Diag *diag);

/* A handle of a device buffer for the time of the run; NULL if there are too
 * many. */
void *abi_handle(Abi *abi, BufferId buffer);

/* A function by its C name. */
typedef void (*AbiFunction)(void);
typedef struct NamedFunction {
  const char *name;
  AbiFunction function;
} NamedFunction;

/* The services by the symbols of their context pointers ("__TVMFuncCall");
 * ends with a NULL name. */
extern const NamedFunction abi_services[];

/* As dlsym gives it. */
static inline void *abi_address(AbiFunction function) {
  void *address;
  memcpy(&address, &function, sizeof address);
  return address;
}

#endif
