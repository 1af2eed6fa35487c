/* SPDX-License-Identifier: Apache-2.0 */
/* Trap: the one boundary to which a user's error in the compiler jumps.
 *
 * A public call sets a trap, points its arenas at it and runs the compiler:
 *
 *   Trap trap;
 *   if (setjmp(trap.here)) return report(&trap.diag);
 *   arena_init(&arena, &trap);
 *
 * Below it, `fail` never returns.  All memory is the arenas', so nothing
 * leaks.  A broken invariant is no user error: it calls BUG, which aborts. */
#ifndef BASE_TRAP_H
#define BASE_TRAP_H

#include <setjmp.h>
#include <stddef.h>
#include <stdnoreturn.h>

#include "base/diag.h"

struct Arena;

typedef struct Trap {
  jmp_buf here;
  Diag diag;
} Trap;

noreturn void fail(struct Arena *arena, DiagId id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a cure of its own, a static text; NULL: that of the kind. */
noreturn void fail_cured(struct Arena *arena, DiagId id, const char *cure,
                         const char *format, ...)
    __attribute__((format(printf, 4, 5)));
noreturn void trap_no_memory(Trap *trap, size_t size);

/* A bug of ours: says where and aborts. */
noreturn void bug_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition) \
  ((condition) ? (void)0 : BUG("check failed: %s", #condition))

#endif
