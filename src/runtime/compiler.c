/* SPDX-License-Identifier: Apache-2.0 */
/* Running the machine's compiler: in a directory of its own, by an argument
 * vector, without a shell, and with nothing linked that the module did not ask
 * for. */
#include "runtime/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_FILE = 256 << 20, MOST_PATH = 1024, MOST_WORDS = 40 };

/* ---- Files -------------------------------------------------------------- */

static vtac_status read_stream(FILE *file, const char *path, FileBytes *ret,
                               Diag *diag) {
  size_t capacity = 1 << 16, size = 0, n;
  unsigned char *bytes = malloc(capacity);
  while (bytes && (n = fread(bytes + size, 1, capacity - size, file)) > 0) {
    size += n;
    if (size > MOST_FILE) break;
    if (size < capacity) continue;
    unsigned char *bigger = realloc(bytes, capacity *= 2);
    if (!bigger) free(bytes);
    bytes = bigger;
  }
  if (!bytes)
    return diag_set(diag, D_NO_MEMORY, "no memory to read '%s'", path);
  *ret = (FileBytes){bytes, size};
  if (!ferror(file) && size <= MOST_FILE) return VTAC_OK;
  free(bytes);
  return diag_set(diag, D_FILE, "cannot read '%s': %s", path,
                  size > MOST_FILE ? "it is too large" : strerror(errno));
}

vtac_status file_read(const char *path, FileBytes *ret, Diag *diag) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return diag_set(diag, D_FILE, "cannot open '%s': %s", path,
                    strerror(errno));
  vtac_status status = read_stream(file, path, ret, diag);
  fclose(file);
  return status;
}

static vtac_status cannot_write(const char *path, Diag *diag) {
  return diag_set(diag, D_FILE, "cannot write '%s': %s", path, strerror(errno));
}

static bool write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file) return false;
  bool good = fwrite(bytes, 1, size, file) == size;
  return !fclose(file) && good;
}

vtac_status file_write(const char *path, const void *bytes, size_t size,
                       Diag *diag) {
  char part[MOST_PATH];
  int length = snprintf(part, sizeof part, "%s.%d.part", path, (int)getpid());
  struct stat known;
  bool special = !stat(path, &known) && !S_ISREG(known.st_mode);
  if (special || length >= (int)sizeof part)
    return write_file(path, bytes, size) ? VTAC_OK : cannot_write(path, diag);
  if (write_file(part, bytes, size) && !rename(part, path)) return VTAC_OK;
  vtac_status status = cannot_write(path, diag);
  unlink(part);
  return status;
}

/* ---- The compiler's directory ------------------------------------------- */

typedef struct Work {
  char dir[MOST_PATH];
  char in[MOST_PATH], out[MOST_PATH], log[MOST_PATH];
  char include[MOST_PATH], header[MOST_PATH], option[MOST_PATH];
} Work;

static void join(char ret[MOST_PATH], const char *dir, const char *name) {
  snprintf(ret, MOST_PATH, "%.900s/%s", dir, name);
}

static vtac_status open_work(Work *work, const char *suffix, Diag *diag) {
  const char *tmp = getenv("TMPDIR");
  join(work->dir, tmp && *tmp ? tmp : "/tmp", "vtac-XXXXXX");
  if (!mkdtemp(work->dir)) return cannot_write(work->dir, diag);
  join(work->in, work->dir, suffix);
  join(work->out, work->dir, "module.so");
  join(work->log, work->dir, "log");
  join(work->include, work->dir, "vtac");
  join(work->header, work->dir, "vtac/kernel.h");
  snprintf(work->option, sizeof work->option, "-I%.900s", work->dir);
  return VTAC_OK;
}

static void close_work(const Work *work) {
  unlink(work->in);
  unlink(work->out);
  unlink(work->log);
  unlink(work->header);
  rmdir(work->include);
  rmdir(work->dir);
}

/* ---- Running it --------------------------------------------------------- */

/* The words of $CC, cut in place. */
static int compiler_words(char *text, char **ret_words, int most) {
  int n = 0;
  for (char *word; n < most && (word = strsep(&text, " "));)
    if (*word) ret_words[n++] = word;
  return n;
}

static vtac_status complain(const Work *work, const char *program,
                            const char *name, Diag *diag) {
  char text[512] = "";
  FILE *log = fopen(work->log, "r");
  size_t n = log ? fread(text, 1, sizeof text - 1, log) : 0;
  if (log) fclose(log);
  text[n] = '\0';
  text[strcspn(text, "\n")] = '\0';
  return diag_set(diag, D_COMPILER, "'%s' refuses '%s': %s", program, name,
                  text);
}

static vtac_status run(const Work *work, char **argv, const char *name,
                       Diag *diag) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int code;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, work->log,
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  int failure = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure)
    return diag_set(diag, D_COMPILER,
                    "module '%s' needs a C compiler, but '%s' cannot be "
                    "started: %s",
                    name, argv[0], strerror(failure));
  while (waitpid(child, &code, 0) < 0)
    if (errno != EINTR) return complain(work, argv[0], name, diag);
  if (WIFEXITED(code) && !WEXITSTATUS(code)) return VTAC_OK;
  return complain(work, argv[0], name, diag);
}

static vtac_status build(Work *work, const char *name, FileBytes *ret,
                         Diag *diag) {
  char text[MOST_PATH], *argv[MOST_WORDS];
  char *const options[] = {"-shared",
                           "-fPIC",
                           "-O2",
                           "-std=c99",
                           "-nostartfiles",
                           "-nostdlib",
                           "-Wl,-Bsymbolic",
                           "-Wl,-z,relro,-z,now,-z,noexecstack",
                           work->option,
                           "-o",
                           work->out,
                           work->in,
                           NULL};
  const char *cc = getenv("CC");
  snprintf(text, sizeof text, "%s", cc && *cc ? cc : "cc");
  int n = compiler_words(text, argv, 8);
  for (int i = 0; i == 0 || options[i - 1]; i++) argv[n++] = options[i];
  vtac_status status = run(work, argv, name, diag);
  return status ? status : file_read(work->out, ret, diag);
}

vtac_status compiler_link(const void *bytes, size_t size, const char *name,
                          FileBytes *ret, Diag *diag) {
  Work work;
  vtac_status status = open_work(&work, "module.o", diag);
  if (status) return status;
  status =
      write_file(work.in, bytes, size) ? VTAC_OK : cannot_write(work.in, diag);
  if (!status) status = build(&work, name, ret, diag);
  close_work(&work);
  return status;
}

/* ---- The header that C modules include ---------------------------------- */

/* include/vtac/kernel.h itself, so that it need not be installed where modules
 * are loaded. */
__asm__(
    ".pushsection .rodata\n"
    "vtac_kernel_header:\n"
    ".incbin \"vtac/kernel.h\"\n"
    "vtac_kernel_header_end:\n"
    ".popsection\n");
extern const char vtac_kernel_header[], vtac_kernel_header_end[];

vtac_status compiler_compile(const void *text, size_t size, const char *name,
                             FileBytes *ret, Diag *diag) {
  Work work;
  size_t header = (size_t)(vtac_kernel_header_end - vtac_kernel_header);
  vtac_status status = open_work(&work, "module.c", diag);
  if (status) return status;
  bool written = !mkdir(work.include, 0700) &&
                 write_file(work.header, vtac_kernel_header, header) &&
                 write_file(work.in, text, size);
  status =
      written ? build(&work, name, ret, diag) : cannot_write(work.in, diag);
  close_work(&work);
  return status;
}
