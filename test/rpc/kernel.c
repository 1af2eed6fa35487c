/* SPDX-License-Identifier: Apache-2.0 */
/* Functions by the packed convention, one for each file that is made of this
 * one (KERNEL says which), of the kind that a server must survive.  As an
 * object they use nothing of the system; as a library, LIBRARY, they use libc.
 */
#include <stddef.h>
#include <stdint.h>

#include "vtac/kernel.h"

#define TEXT(x) #x
#define NAME(x) TEXT(x)
#define ENTRY(name)                                                \
  int32_t name(vtac_kernel_value *args, int32_t *codes, int32_t n, \
               vtac_kernel_value *ret, int32_t *ret_code, void *resource)

extern const char __tvm_main__[];
const char __tvm_main__[] = NAME(KERNEL);

ENTRY(KERNEL);

#if defined(IS_double_all)
/* out[i] = 2 * in[i], of float32. */
ENTRY(double_all) {
  (void)codes, (void)ret, (void)ret_code, (void)resource;
  const vtac_kernel_tensor *in = args[0].v_handle;
  const vtac_kernel_tensor *out = args[1].v_handle;
  if (n != 2) return -1;
  for (int64_t i = 0; i < in->shape[0]; i++)
    ((float *)out->data)[i] = 2 * ((const float *)in->data)[i];
  return 0;
}
#elif defined(IS_spin)
ENTRY(spin) {
  (void)args, (void)codes, (void)n, (void)ret, (void)ret_code, (void)resource;
  for (volatile int i = 0;; i++) continue;
}
#elif defined(IS_crash)
ENTRY(crash) {
  (void)args, (void)codes, (void)n, (void)ret, (void)ret_code, (void)resource;
  *(volatile int *)8 = 1;
  return 0;
}
#elif defined(IS_answer)
/* Returns 42. */
ENTRY(answer) {
  (void)args, (void)codes, (void)n, (void)resource;
  ret->v_int64 = 42;
  *ret_code = VTAC_KERNEL_INT;
  return 0;
}
#elif defined(IS_hog)
#include <stdlib.h>
/* Takes memory until there is none; returns how many MiB it got. */
ENTRY(hog) {
  (void)args, (void)codes, (void)n, (void)resource;
  enum { PAGE = 1 << 12, PIECE = 1 << 20, MOST = 1 << 14 };
  int64_t got = 0;
  /* volatile: else compilers need no memory for it */
  for (volatile char *piece; got < MOST && (piece = malloc(PIECE)); got++)
    for (size_t i = 0; i < PIECE; i += PAGE) piece[i] = 1;
  ret->v_int64 = got;
  *ret_code = VTAC_KERNEL_INT;
  return 0;
}
#elif defined(IS_babble)
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
/* Turns the timer off and writes to the pipes that it finds, for ever. */
ENTRY(babble) {
  static const char bytes[1 << 12];
  const struct itimerval off = {0};
  struct stat info;
  (void)args, (void)codes, (void)n, (void)ret, (void)ret_code, (void)resource;
  setitimer(ITIMER_REAL, &off, NULL);
  for (int fd = 0;; fd = (fd + 1) % 64)
    while (!fstat(fd, &info) && S_ISFIFO(info.st_mode))
      (void)!write(fd, bytes, sizeof bytes);
}
#elif defined(IS_escape)
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
/* Tries what a session must not do; returns a bit for each that worked. */
ENTRY(escape) {
  (void)args, (void)codes, (void)n, (void)resource;
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  int64_t worked = 0;
  if (open("/etc/passwd", O_RDONLY) >= 0) worked |= 1;
  if (open("../escaped", O_CREAT | O_WRONLY, 0600) >= 0) worked |= 2;
  if (open("/tmp/vtac-escaped", O_CREAT | O_WRONLY, 0600) >= 0) worked |= 4;
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) worked |= 8;
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (child > 0) worked |= 16;
  if (!kill(getppid(), 0)) worked |= 32;
  if (!setrlimit(RLIMIT_AS, &all)) worked |= 64;
  if (!setuid(0)) worked |= 128;
  if (!access("/etc/passwd", R_OK)) worked |= 256;
  if (!fcntl(STDIN_FILENO, F_SETOWN, getpid())) worked |= 512;
  ret->v_int64 = worked;
  *ret_code = VTAC_KERNEL_INT;
  return 0;
}
#endif
