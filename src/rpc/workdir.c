/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a session, always by a name relative to its directory. */
#define _FILE_OFFSET_BITS 64 /* 32-bit hosts have large file systems, too */
#include "rpc/workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_NAME = 128 };

/* Uploads are written here first; no client's name starts with a dot. */
static const char partial[] = ".partial";

/* ---- Names -------------------------------------------------------------- */

const char *workdir_name(const char *name) {
  static const char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  while (!strncmp(name, "./", 2)) name += 2;
  size_t n = strspn(name, letters);
  return n && n <= MOST_NAME && !name[n] && *name != '.' ? name : NULL;
}

static vtac_status check_name(const char *given, const char **ret, Diag *diag) {
  *ret = workdir_name(given);
  if (*ret) return VTAC_OK;
  return diag_set(diag, D_RPC_FILE, "'%.200s' is no name for a file", given);
}

static vtac_status fail_by_errno(const char *what, const char *name,
                                 Diag *diag) {
  return diag_set(diag, D_FILE, "cannot %s '%s': %s", what, name,
                  strerror(errno));
}

/* ---- Limits ------------------------------------------------------------- */

typedef struct Usage {
  uint64_t bytes;
  int files;
} Usage;

/* What the files take, but for the one called `except`. */
static Usage measure(const Workdir *dir, const char *except) {
  Usage usage = {0, 0};
  int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
  struct dirent *entry;
  struct stat info;
  if (!stream) {
    if (fd >= 0) close(fd);
    return (Usage){UINT64_MAX, 0};
  }
  while ((entry = readdir(stream))) {
    if (!strcmp(entry->d_name, except) || !strcmp(entry->d_name, ".") ||
        !strcmp(entry->d_name, "..") ||
        fstatat(dir->fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
      continue;
    usage.files++;
    usage.bytes += (uint64_t)info.st_size;
  }
  closedir(stream);
  return usage;
}

static vtac_status check_usage(const Workdir *dir, const char *name, size_t n,
                               Diag *diag) {
  Usage usage = measure(dir, name);
  if (usage.files >= dir->most_files)
    return diag_set(diag, D_RPC_LIMIT,
                    "'%s' would be one file more than the %d of a session",
                    name, dir->most_files);
  if (usage.bytes > dir->most_bytes || n > dir->most_bytes - usage.bytes)
    return diag_set(diag, D_RPC_LIMIT,
                    "'%s' of %zu bytes exceeds the %llu bytes of a session's "
                    "files",
                    name, n, (unsigned long long)dir->most_bytes);
  return VTAC_OK;
}

/* ---- Files -------------------------------------------------------------- */

static bool write_all(int fd, Slice data) {
  while (data.n) {
    ssize_t n = write(fd, data.at, data.n);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.at += n;
    data.n -= (size_t)n;
  }
  return true;
}

vtac_status workdir_write(const Workdir *dir, const char *given, Slice data,
                          Diag *diag) {
  const char *name;
  vtac_status status = check_name(given, &name, diag);
  if (!status) status = check_usage(dir, name, data.n, diag);
  if (status) return status;
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(dir->fd, partial, flags, 0600);
  if (fd < 0) return fail_by_errno("write", name, diag);
  bool good = write_all(fd, data);
  if (!good) status = fail_by_errno("write", name, diag);
  close(fd);
  if (good && renameat(dir->fd, partial, dir->fd, name))
    status = fail_by_errno("write", name, diag);
  if (status) unlinkat(dir->fd, partial, 0);
  return status;
}

static vtac_status read_all(int fd, const char *name, ByteBuf *to, Diag *diag) {
  enum { PIECE = 1 << 16 };
  for (;;) {
    uint8_t *room = bytebuf_reserve(to, PIECE);
    if (!room)
      return diag_set(diag, D_NO_MEMORY, "no memory for file '%s'", name);
    ssize_t n = read(fd, room, PIECE);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_by_errno("read", name, diag);
    if (n == 0) return VTAC_OK;
    to->size += (size_t)n;
  }
}

vtac_status workdir_read(const Workdir *dir, const char *given, ByteBuf *to,
                         Diag *diag) {
  const char *name;
  struct stat info;
  vtac_status status = check_name(given, &name, diag);
  if (status) return status;
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = openat(dir->fd, name, flags);
  if (fd < 0) return fail_by_errno("read", name, diag);
  if (fstat(fd, &info) || !S_ISREG(info.st_mode))
    status = diag_set(diag, D_FILE, "'%s' is no regular file", name);
  else
    status = read_all(fd, name, to, diag);
  close(fd);
  return status;
}

vtac_status workdir_remove(const Workdir *dir, const char *given, Diag *diag) {
  const char *name;
  vtac_status status = check_name(given, &name, diag);
  if (!status && unlinkat(dir->fd, name, 0) && errno != ENOENT)
    status = fail_by_errno("remove", name, diag);
  return status;
}

/* ---- The directory itself ----------------------------------------------- */

int workdir_create(int base, const char *name, int uid, int gid) {
  if (mkdirat(base, name, 0700)) return -1;
  int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && uid >= 0 && fchown(fd, (uid_t)uid, (gid_t)gid)) {
    close(fd);
    fd = -1;
  }
  if (fd < 0) unlinkat(base, name, AT_REMOVEDIR);
  return fd;
}

static void empty(int fd);

static void destroy(int base, const char *name) {
  int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) empty(fd);
  unlinkat(base, name, fd >= 0 ? AT_REMOVEDIR : 0);
}

/* Takes over `fd`.  A file's entry is simply unlinked. */
static void empty(int fd) {
  DIR *stream = fdopendir(fd);
  struct dirent *entry;
  if (!stream) {
    close(fd);
    return;
  }
  while ((entry = readdir(stream)))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
        unlinkat(dirfd(stream), entry->d_name, 0))
      destroy(dirfd(stream), entry->d_name);
  closedir(stream);
}

void workdir_destroy(int base, const char *name) { destroy(base, name); }
