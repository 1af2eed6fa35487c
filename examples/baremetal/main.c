/* SPDX-License-Identifier: Apache-2.0 */
/* A matrix multiply on the accelerator, started right out of reset. */
#include <boot.h>
#include <vta_bare.h>

int32_t my_gemm_run(void *data, void *weight, void *res); /* of gemm.c */

enum { IN = 64, OUT = 64, BLOCK = 16 };

static int8_t data[IN] __attribute__((aligned(64)));
static int8_t weight[OUT * IN] __attribute__((aligned(256)));
static int8_t res[OUT] __attribute__((aligned(64)));

/* The same by the processor.  Weights lie in tiles of 16x16. */
static int8_t expected(int out) {
  int32_t sum = 0;
  for (int in = 0; in < IN; in++) {
    const int tile = out / BLOCK * (IN / BLOCK) + in / BLOCK;
    sum += data[in] * weight[(tile * BLOCK + out % BLOCK) * BLOCK + in % BLOCK];
  }
  sum >>= 8;
  return (int8_t)(sum < 0 ? 0 : sum > 127 ? 127 : sum);
}

static const char *check(void) {
  const char *error = vta_bare_error();
  if (error) return error;
  for (int i = 0; i < OUT; i++)
    if (res[i] != expected(i)) return "the result is wrong";
  return "the result is right";
}

int main(void) {
  for (int i = 0; i < IN; i++) data[i] = (int8_t)i;
  for (int i = 0; i < IN * OUT; i++) weight[i] = (int8_t)(i % 7);
  void *const handle[] = {vta_bare_buffer(data, sizeof data),
                          vta_bare_buffer(weight, sizeof weight),
                          vta_bare_buffer(res, sizeof res)};
  for (int run = 0; run < 2; run++) {
    for (int i = 0; i < OUT; i++) res[i] = 0;
    my_gemm_run(handle[0], handle[1], handle[2]);
  }
  tell(check());
  return 0; /* the result lies in res */
}
