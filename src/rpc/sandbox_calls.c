/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of system calls, for the kernel's interpreter of classic BPF.
 *
 * A session's process may make the calls of a list and gets EPERM for all
 * others.  The program compares the call's number with one entry after the
 * other; the calls that matter for speed stand first.  It is short enough to be
 * written down: a library that makes such programs would have to be there on
 * every board that a server is built for. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rpc/sandbox.h"

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define THIS_MACHINE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_MACHINE AUDIT_ARCH_RISCV64
#endif

#ifdef THIS_MACHINE

/* Not every machine has every call. */
static const int allowed[] = {
    SYS_futex,
    SYS_clock_gettime,
    SYS_read,
    SYS_write,
    SYS_recvfrom,
    SYS_sendmsg,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_ppoll,
#ifdef SYS_ppoll_time64
    SYS_ppoll_time64,
    SYS_futex_time64,
    SYS_clock_gettime64,
    SYS_clock_nanosleep_time64,
#endif
    SYS_brk,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
#ifdef SYS_mmap
    SYS_mmap,
#endif
#ifdef SYS_mmap2
    SYS_mmap2,
#endif
    SYS_openat,
    SYS_close,
    SYS_lseek,
    SYS_pread64,
    SYS_writev,
    SYS_readv,
    SYS_fstat,
    SYS_statx,
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fstat64
    SYS_fstat64,
    SYS_fstatat64,
#endif
#ifdef SYS__llseek
    SYS__llseek,
#endif
    SYS_getdents64,
    SYS_unlinkat,
    SYS_ftruncate,
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_renameat2,
    SYS_memfd_create,
    SYS_readlinkat,
#ifdef SYS_readlink
    SYS_readlink,
#endif
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_getres,
    SYS_setitimer,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_getpid,
    SYS_gettid,
    SYS_getrandom,
    SYS_uname,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_sysinfo,
    SYS_rseq,
    SYS_restart_syscall,
    SYS_exit,
    SYS_exit_group,
#ifdef __arm__
    0x0f0002 /* cacheflush */,
    0x0f0005 /* set_tls */,
#endif
};

enum { CALLS = sizeof allowed / sizeof *allowed };

#define NUMBER offsetof(struct seccomp_data, nr)
#define MACHINE offsetof(struct seccomp_data, arch)
/* The low half of one of the call's arguments. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define ARGUMENT(i) (offsetof(struct seccomp_data, args[i]) + 4)
#else
#define ARGUMENT(i) offsetof(struct seccomp_data, args[i])
#endif

typedef struct sock_filter Step;

static Step load(unsigned at) {
  return (Step)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
}

static Step done(unsigned action) {
  return (Step)BPF_STMT(BPF_RET | BPF_K, action);
}

/* Skips `no` steps unless the loaded value is this one. */
static Step if_equal(unsigned value, unsigned char no) {
  return (Step)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, no);
}

/* abort() sends a signal to its own process, which is the only one that may
 * get any. */
static int allow_own_signals(Step *step, int n, pid_t self) {
  step[n++] = if_equal(SYS_tgkill, 3);
  step[n++] = load(ARGUMENT(0));
  step[n++] = if_equal((unsigned)self, 1);
  step[n++] = done(SECCOMP_RET_ALLOW);
  step[n++] = load(NUMBER);
  return n;
}

/* Of fcntl's commands only those on a descriptor and its flags, which have the
 * smallest numbers: F_SETOWN and F_SETSIG send signals to other processes. */
static int allow_flags(Step *step, int n, unsigned call) {
  step[n++] = if_equal(call, 4);
  step[n++] = load(ARGUMENT(1));
  step[n++] = (Step)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, F_SETFL, 1, 0);
  step[n++] = done(SECCOMP_RET_ALLOW);
  step[n++] = load(NUMBER);
  return n;
}

bool sandbox_calls(void) {
  Step step[2 * CALLS + 24];
  int n = 0;
  step[n++] = load(MACHINE);
  step[n++] = (Step)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_MACHINE, 1, 0);
  step[n++] = done(SECCOMP_RET_KILL_PROCESS);
  step[n++] = load(NUMBER);
  for (int i = 0; i < CALLS; i++) {
    step[n++] = if_equal((unsigned)allowed[i], 1);
    step[n++] = done(SECCOMP_RET_ALLOW);
  }
  n = allow_flags(step, n, SYS_fcntl);
#ifdef SYS_fcntl64
  n = allow_flags(step, n, SYS_fcntl64);
#endif
  n = allow_own_signals(step, n, getpid());
  step[n++] = done(SECCOMP_RET_ERRNO | EPERM);
  const struct sock_fprog program = {(unsigned short)n, step};
  return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
         !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

bool sandbox_calls(void) { return false; }

#endif
