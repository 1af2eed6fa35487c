/* SPDX-License-Identifier: Apache-2.0 */
/* Packed functions as other compilers write them, of which nothing is known but
 * their names: out = in + 1 and out = -in, of int32 in host memory, and one
 * that launches tasks.  With BLOB, the key of the only entry in the library's
 * list of modules. */
#include <math.h>
#include <stdint.h>

#include "vtac/kernel.h"

VTAC_KERNEL_SHARED vtac_TVMAPISetLastError __TVMAPISetLastError;

#ifdef BLOB
extern const struct {
  uint64_t size, entries, length;
  char key[sizeof BLOB - 1];
} __tvm_dev_mblob;
__typeof__(__tvm_dev_mblob) __tvm_dev_mblob = {16 + sizeof BLOB - 1, 1,
                                               sizeof BLOB - 1, BLOB};
#endif

static int32_t each(vtac_kernel_value *args, int32_t *codes, int32_t n,
                    int32_t factor, int32_t addend) {
  const vtac_kernel_tensor *in = args[0].v_handle, *out = args[1].v_handle;
  if (n != 2 || codes[0] != VTAC_KERNEL_TENSOR ||
      in->device_type != VTAC_KERNEL_CPU) {
    __TVMAPISetLastError("Assert fail: two tensors in host memory");
    return -1;
  }
  for (int64_t i = 0; i < in->shape[0]; i++)
    ((int32_t *)out->data)[i] =
        ((const int32_t *)in->data)[i] * factor + addend;
  return 0;
}

/* Three tasks, of which the second fails: all of them must run. */
typedef struct ParallelEnv {
  void *sync_handle;
  int32_t num_task;
} ParallelEnv;
typedef int Task(int id, ParallelEnv *env, void *closure);
VTAC_KERNEL_SHARED int (*__TVMBackendParallelLaunch)(Task *task, void *closure,
                                                     int num_task);

static int fail_second(int id, ParallelEnv *env, void *closure) {
  int *sum = closure;
  *sum += 1 << id;
  if (id != 1 || env->num_task != 3) return 0;
  __TVMAPISetLastError("the second task");
  return -1;
}

int32_t parallel(vtac_kernel_value *args, int32_t *codes, int32_t n,
                 vtac_kernel_value *ret, int32_t *ret_code, void *resource);
int32_t parallel(vtac_kernel_value *args, int32_t *codes, int32_t n,
                 vtac_kernel_value *ret, int32_t *ret_code, void *resource) {
  int sum = 0;
  (void)args, (void)codes, (void)n, (void)ret, (void)ret_code, (void)resource;
  int32_t status = __TVMBackendParallelLaunch(fail_second, &sum, 3);
  if (sum != 7) __TVMAPISetLastError("not all tasks ran");
  return status;
}

#define ENTRY(name, factor, addend)                                         \
  int32_t name(vtac_kernel_value *args, int32_t *codes, int32_t n,          \
               vtac_kernel_value *ret, int32_t *ret_code, void *resource);  \
  int32_t name(vtac_kernel_value *args, int32_t *codes, int32_t n,          \
               vtac_kernel_value *ret, int32_t *ret_code, void *resource) { \
    (void)ret, (void)ret_code, (void)resource;                              \
    return each(args, codes, n, factor, addend);                            \
  }
ENTRY(add_one, 1, 1)
ENTRY(negate, -1, (int32_t)floor(0.5))
