/* SPDX-License-Identifier: Apache-2.0 */
/* What takes the rights of a session's process away, before its client's first
 * request.  There is no way back. */
#ifndef RPC_SANDBOX_H
#define RPC_SANDBOX_H

#include <stdbool.h>

#include "vtac/rpc_server.h"

/* What could not be done; the session goes on without it. */
typedef enum SandboxGap {
  GAP_FILES = 1,  /* the kernel has no Landlock */
  GAP_CALLS = 2,  /* nor filters of system calls */
  GAP_MEMORY = 4, /* the program is instrumented and needs all addresses */
  GAP_USER = 8,   /* root, but not allowed to become somebody else */
} SandboxGap;

/* Whom sessions of root's servers belong to: nobody. */
enum { SANDBOX_UID = 65534, SANDBOX_GID = 65534 };

/* Limits of the process (setrlimit); false if one cannot be set. */
bool sandbox_limit(const vtac_rpc_limits *limits);
/* Gives up the rights of root, if the process has them; false on failure. */
bool sandbox_drop_root(void);
/* Files: the directory `dir_fd` for reading and writing, the system's libraries
 * for reading, nothing else. */
bool sandbox_files(int dir_fd);
/* System calls: memory, the files that are open or may be opened, time; no
 * processes, no sockets, no signals to others. */
bool sandbox_calls(void);

/* The SandboxGap bits that this machine has, without confining anything but a
 * process that is made to try. */
unsigned sandbox_gaps(void);
/* The name of one gap. */
const char *sandbox_gap_name(SandboxGap gap);

#endif
