/* SPDX-License-Identifier: Apache-2.0 */
/* Jumping to the boundary, and aborting on bugs. */
#include "base/trap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static Diag *trapped(Arena *arena, DiagId id) {
  if (!arena->trap) BUG("%s outside a public call", diag_slug(id));
  return &arena->trap->diag;
}

noreturn void fail(Arena *arena, DiagId id, const char *format, ...) {
  va_list args;
  va_start(args, format);
  diag_vset(trapped(arena, id), id, format, args);
  va_end(args);
  longjmp(arena->trap->here, 1);
}

noreturn void fail_cured(Arena *arena, DiagId id, const char *cure,
                         const char *format, ...) {
  va_list args;
  va_start(args, format);
  diag_vset(trapped(arena, id), id, format, args);
  va_end(args);
  arena->trap->diag.cure = cure;
  longjmp(arena->trap->here, 1);
}

noreturn void trap_no_memory(Trap *trap, size_t size) {
  if (!trap) BUG("out of memory outside a public call");
  diag_set(&trap->diag, D_NO_MEMORY, "cannot allocate %zu bytes", size);
  longjmp(trap->here, 1);
}

noreturn void bug_at(const char *file, int line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "vtac: bug at %s:%d: ", file, line);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  abort();
}
