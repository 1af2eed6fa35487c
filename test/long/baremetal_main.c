/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of host_stage.c without an operating system, by its packed entry
 * point: temporaries, host pointers, services and argument checks. */
#include <boot.h>
#include <vta_bare.h>
#include "vtac/kernel.h"

int32_t host_stage(vtac_kernel_value *args, int32_t *type_codes,
                   int32_t num_args, vtac_kernel_value *ret, int32_t *ret_code,
                   void *resource); /* of host_stage.c */

enum { N = 64, RUNS = 3 };

static int32_t a[N] __attribute__((aligned(64)));
static int8_t res[N] __attribute__((aligned(64)));
static int64_t shape[] = {4, 1, 16};
static vtac_kernel_tensor tensor[2];

static int32_t call(int32_t n) {
  vtac_kernel_value args[2], ret;
  int32_t codes[] = {VTAC_KERNEL_TENSOR, VTAC_KERNEL_TENSOR}, ret_code;
  for (int i = 0; i < 2; i++) args[i].v_handle = &tensor[i];
  return host_stage(args, codes, n, &ret, &ret_code, NULL);
}

static const char *check(void) {
  const char *error;
  for (int i = 0; i < RUNS; i++) {
    for (int k = 0; k < N; k++) a[k] = k - N / 2 + i;
    if (call(2)) break;
    for (int k = 0; k < N; k++)
      if (res[k] != (int8_t)(3 * (a[k] + 1))) return "the result is wrong";
  }
  if ((error = vta_bare_error())) return error;
  if (call(1) != -1 || !vta_bare_error()) return "one argument is taken";
  tensor[1].device_type = VTAC_KERNEL_CPU;
  if (call(2) != -1 || !vta_bare_error()) return "host memory is taken";
  return "the result is right";
}

int main(void) {
  for (int i = 0; i < 2; i++)
    tensor[i] = (vtac_kernel_tensor){.device_type = VTAC_KERNEL_VTA,
                                     .ndim = 3,
                                     .type_bits = i ? 8 : 32,
                                     .type_lanes = 1,
                                     .shape = shape};
  tensor[0].data = vta_bare_buffer(a, sizeof a);
  tensor[1].data = vta_bare_buffer(res, sizeof res);
  tell(check());
  return 0;
}
