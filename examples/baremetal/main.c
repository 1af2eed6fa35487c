/* SPDX-License-Identifier: Apache-2.0 */
/* A matrix multiply on the accelerator, started right out of reset. */
#include <vta_bare.h>

int32_t my_gemm_run(void *data, void *weight, void *res); /* of gemm.c */
void reset(void);
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

enum { IN = 64, OUT = 64 };

static int8_t data[IN] __attribute__((aligned(64)));
static int8_t weight[OUT * IN] __attribute__((aligned(256)));
static int8_t res[OUT] __attribute__((aligned(64)));

/* Compilers call these two wherever they like. */
void *memset(void *to, int byte, size_t size) {
  for (uint8_t *at = to; size--;) *at++ = (uint8_t)byte;
  return to;
}

void *memcpy(void *to, const void *from, size_t size) {
  const uint8_t *source = from;
  for (uint8_t *at = to; size--;) *at++ = *source++;
  return to;
}

void reset(void) {
  for (int i = 0; i < IN; i++) data[i] = (int8_t)i;
  for (int i = 0; i < IN * OUT; i++) weight[i] = (int8_t)(i % 7);
  void *const handle[] = {vta_bare_buffer(data, sizeof data),
                          vta_bare_buffer(weight, sizeof weight),
                          vta_bare_buffer(res, sizeof res)};
  my_gemm_run(handle[0], handle[1], handle[2]);
  for (;;) continue; /* the result lies in res */
}
