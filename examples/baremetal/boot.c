/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main, and what compilers want there to be. */
#include <stddef.h>
#include <stdint.h>

#include <boot.h>

int main(void);
void reset(void);
void start(void);
extern uint8_t bss_begin[], bss_end[]; /* of bare.ld */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

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

#ifdef SEMIHOSTING
void tell(const char *text) {
  register uint32_t operation __asm__("r0") = 4; /* SYS_WRITE0 */
  register const void *argument __asm__("r1") = text;
  __asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory");
  operation = 0x18;                 /* SYS_EXIT */
  argument = (const void *)0x20026; /* ended by itself */
  __asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory");
}
#else
void tell(const char *text) { (void)text; }
#endif

/* A processor out of reset has no stack. */
__attribute__((naked, section(".text.reset"))) void reset(void) {
  __asm__ volatile("ldr sp, =stack_end\n\tb start");
}

void start(void) {
  memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
  main();
  for (;;) continue; /* results lie where main left them */
}
