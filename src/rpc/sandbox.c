/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, the user, and Landlock; the filter of system calls has a file of its
 * own.
 *
 * Landlock denies whatever a rule set handles and no rule allows.  A kernel
 * knows as many rights as its version of the interface says; one that is not
 * known cannot be handled. */
#define _GNU_SOURCE
#include "rpc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_INSTRUMENTED 1
#endif
#endif
#ifndef IS_INSTRUMENTED
#define IS_INSTRUMENTED 0
#endif

/* ---- Limits ------------------------------------------------------------- */

/* Both limits; where the softer one sends a signal, the harder one comes a
 * little later. */
static bool limit(int what, uint64_t value) {
  struct rlimit have;
  if (getrlimit((__rlimit_resource_t)what, &have)) return false;
  rlim_t most = value < (uint64_t)RLIM_INFINITY ? (rlim_t)value : RLIM_INFINITY;
  if (have.rlim_max != RLIM_INFINITY && have.rlim_max < most)
    most = have.rlim_max;
  struct rlimit want = {most, most};
  if (what == RLIMIT_CPU && most > 1) want.rlim_cur--;
  return !setrlimit((__rlimit_resource_t)what, &want);
}

bool sandbox_limit(const vtac_rpc_limits *limits) {
  enum { DESCRIPTORS = 64 };
  bool good = limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, DESCRIPTORS) &&
              limit(RLIMIT_FSIZE, limits->storage_bytes) &&
              limit(RLIMIT_CPU, (uint64_t)limits->cpu_seconds + 2);
  if (!IS_INSTRUMENTED) good = good && limit(RLIMIT_AS, limits->memory_bytes);
  return good;
}

bool sandbox_drop_root(void) {
  const uid_t uid = SANDBOX_UID;
  const gid_t gid = SANDBOX_GID;
  if (geteuid() != 0) return true;
  return !setgroups(0, NULL) && !setresgid(gid, gid, gid) &&
         !setresuid(uid, uid, uid);
}

/* ---- Files -------------------------------------------------------------- */

static int landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                      LANDLOCK_CREATE_RULESET_VERSION);
}

/* Rights and actions by the version that brought them; the headers of this
 * machine may be older than its kernel. */
static uint64_t handled_rights(int version) {
  const int most_right = version >= 5   ? 15 /* ioctl on devices */
                         : version >= 3 ? 14 /* truncate */
                         : version >= 2 ? 13 /* link between directories */
                                        : 12;
  return (UINT64_C(1) << (most_right + 1)) - 1;
}

/* Newer fields than those of the header: TCP from version 4 on, abstract
 * sockets and signals from 6 on. */
typedef struct Ruleset {
  uint64_t files, network, scoped;
} Ruleset;

static int make_ruleset(int version) {
  Ruleset rules = {.files = handled_rights(version)};
  size_t size = sizeof rules.files;
  if (version >= 4) {
    rules.network = 3; /* bind, connect */
    size = sizeof rules.files + sizeof rules.network;
  }
  if (version >= 6) {
    rules.scoped = 3; /* abstract sockets, signals */
    size = sizeof rules;
  }
  return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
}

static bool allow(int ruleset, int fd, uint64_t rights) {
  const struct landlock_path_beneath_attr rule = {rights, fd};
  return !syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                  &rule, 0);
}

/* What the system's loader reads for a shared library.  A machine need not
 * have all of them. */
static void allow_libraries(int ruleset) {
  static const char *const paths[] = {"/lib", "/lib64", "/usr/lib",
                                      "/usr/lib64", "/usr/local/lib"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    int fd = open(paths[i], O_PATH | O_CLOEXEC);
    if (fd < 0) continue;
    allow(ruleset, fd,
          LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    close(fd);
  }
  int cache = open("/etc/ld.so.cache", O_PATH | O_CLOEXEC);
  if (cache < 0) return;
  allow(ruleset, cache, LANDLOCK_ACCESS_FS_READ_FILE);
  close(cache);
}

bool sandbox_files(int dir_fd) {
  const int version = landlock_version();
  int ruleset = version > 0 ? make_ruleset(version) : -1;
  if (ruleset < 0) return false;
  const uint64_t own =
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
      LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
      LANDLOCK_ACCESS_FS_REMOVE_FILE | (UINT64_C(1) << 14) /* truncate */;
  allow_libraries(ruleset);
  bool good = allow(ruleset, dir_fd, own & handled_rights(version)) &&
              !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
              !syscall(SYS_landlock_restrict_self, ruleset, 0);
  close(ruleset);
  return good;
}

/* ---- What is missing ---------------------------------------------------- */

/* A container may not know the user. */
static bool can_drop_root(void) {
  int status = 1;
  if (geteuid() != 0) return true;
  pid_t pid = fork();
  if (pid == 0) _exit(sandbox_drop_root() ? 0 : 1);
  return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

unsigned sandbox_gaps(void) {
  unsigned gaps = landlock_version() > 0 ? 0 : GAP_FILES;
  if (!can_drop_root()) gaps |= GAP_USER;
  /* A filter that is NULL is refused for its address where filters exist. */
  if (prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, NULL, 0, 0) &&
      errno != EFAULT)
    gaps |= GAP_CALLS;
  return IS_INSTRUMENTED ? gaps | GAP_MEMORY : gaps;
}

const char *sandbox_gap_name(SandboxGap gap) {
  switch (gap) {
    case GAP_FILES: return "no Landlock: sessions may read other files";
    case GAP_CALLS: return "no seccomp: sessions may use any system call";
    case GAP_USER: return "no other user: sessions are root's";
    case GAP_MEMORY: return "instrumented: sessions have no limit of memory";
  }
  return "";
}
