/* SPDX-License-Identifier: Apache-2.0 */
/* A packed function whose object has relocations that generated kernels lack:
 * tables of addresses, jump tables, far calls between sections, weak symbols,
 * conditional tail calls.  It checks itself and takes no arguments. */
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

const char __tvm_main__[] EXPORT = "self_check";
void (*__TVMAPISetLastError)(const char *) EXPORT;

extern int missing(void) __attribute__((weak));

static int one(int x) { return x + 1; }
static int two(int x) { return x * 2; }
int three(int x);
__attribute__((noinline, section(".text.apart"))) int three(int x) {
  return x - 3;
}

typedef int (*Step)(int);
static const Step steps[] = {one, two, three};
static Step chosen = two;
static const char *const words[] = {"load", "compute", "store"};
uint8_t bytes[3] EXPORT = {4, 5, 6};
int64_t wide EXPORT = -7;

__attribute__((noinline)) static int by_table(int x) {
  switch (x) {
    case 0: return 11;
    case 1: return steps[x](x);
    case 2: return (int)wide;
    case 3: return 5 * bytes[x - 1];
    case 4: return chosen(x);
    case 5: return words[1][0];
    case 6: return missing ? missing() : 77;
    default: return -1;
  }
}

__attribute__((noinline)) static int until(int x, int most) {
  if (x >= most) return three(x);
  return until(steps[x % 3](x) + 4, most);
}

static int right(void) {
  static const int want[] = {11, 2, -7, 30, 8, 'c', 77, -1};
  for (int i = 0; i < 8; i++)
    if (by_table(i) != want[i]) return 0;
  return until(1, 100) > 90;
}

EXPORT int32_t self_check(void *args, int32_t *codes, int32_t n, void *ret,
                          int32_t *ret_code, void *resource);
int32_t self_check(void *args, int32_t *codes, int32_t n, void *ret,
                   int32_t *ret_code, void *resource) {
  (void)args, (void)codes, (void)n, (void)ret, (void)ret_code, (void)resource;
  if (right()) return 0;
  __TVMAPISetLastError("a relocation is wrong");
  return -1;
}
