/* SPDX-License-Identifier: Apache-2.0 */
/* A matrix multiply on the accelerator, started right out of reset. */
#include <vta_bare.h>

int32_t my_gemm_run(void *data, void *weight, void *res); /* of gemm.c */
void reset(void);
void start(void);
extern uint8_t bss_begin[], bss_end[]; /* of bare.ld */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

enum { IN = 64, OUT = 64, BLOCK = 16 };

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

#ifdef SEMIHOSTING
/* Tells a debugger or an emulator, and ends there. */
static void tell(const char *text) {
  register uint32_t operation __asm__("r0") = 4; /* SYS_WRITE0 */
  register const void *argument __asm__("r1") = text;
  __asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory");
  operation = 0x18;                 /* SYS_EXIT */
  argument = (const void *)0x20026; /* ended by itself */
  __asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory");
}
#else
static void tell(const char *text) { (void)text; }
#endif

/* A processor out of reset has no stack. */
__attribute__((naked, section(".text.reset"))) void reset(void) {
  __asm__ volatile("ldr sp, =stack_end\n\tb start");
}

void start(void) {
  memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
  for (int i = 0; i < IN; i++) data[i] = (int8_t)i;
  for (int i = 0; i < IN * OUT; i++) weight[i] = (int8_t)(i % 7);
  void *const handle[] = {vta_bare_buffer(data, sizeof data),
                          vta_bare_buffer(weight, sizeof weight),
                          vta_bare_buffer(res, sizeof res)};
  for (int run = 0; run < 2; run++) {
    memset(res, 0, sizeof res);
    my_gemm_run(handle[0], handle[1], handle[2]);
  }
  tell(check());
  for (;;) continue; /* the result lies in res */
}
