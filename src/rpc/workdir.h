/* SPDX-License-Identifier: Apache-2.0 */
/* Workdir: the directory of one session.  It is flat: a name is a name and
 * never a path, links are not followed, and what it holds in all is limited. */
#ifndef RPC_WORKDIR_H
#define RPC_WORKDIR_H

#include <stdbool.h>

#include "base/diag.h"
#include "rpc/bytes.h"

typedef struct Workdir {
  int fd; /* of the directory */
  uint64_t most_bytes;
  int most_files;
} Workdir;

/* Where a client's name begins that is fit for a file ("./x.o" is "x.o"), or
 * NULL.  Letters, digits, '_', '.', '-'; at most 128; no dot first. */
const char *workdir_name(const char *name);

/* Writes a file, which appears when it is whole and replaces one of that name.
 * D_RPC_FILE for a bad name, D_RPC_LIMIT when the directory would grow over a
 * limit, D_FILE when the disk is full. */
vtac_status workdir_write(const Workdir *dir, const char *name, Slice data,
                          Diag *diag);
/* Appends a regular file's contents to `to`. */
vtac_status workdir_read(const Workdir *dir, const char *name, ByteBuf *to,
                         Diag *diag);
/* No error if there is no such file. */
vtac_status workdir_remove(const Workdir *dir, const char *name, Diag *diag);

/* For the server: a new directory in the one behind `base`, which only its
 * owner may enter; its fd, or -1.  `uid` and `gid` own it. */
int workdir_create(int base, const char *name, int uid, int gid);
/* Removes a directory and all in it, whatever a session has put there. */
void workdir_destroy(int base, const char *name);

#endif
