/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: bump allocation with one lifetime.  The compiler allocates nothing
 * else; a failed allocation jumps to the arena's trap (see trap.h), so no
 * caller ever sees NULL. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/poison.h"

typedef struct ArenaChunk ArenaChunk;
struct Trap;

typedef struct Arena {
  ArenaChunk *chunk; /* the newest chunk; older ones hang off it */
  char *next, *end;  /* free space of the newest chunk */
  struct Trap *trap; /* where failures jump; set by the public boundary */
  ArenaChunk *spare; /* chunks that were wound back over */
} Arena;

/* A point to which an arena can be wound back. */
typedef struct ArenaMark {
  ArenaChunk *chunk;
  char *next, *end;
} ArenaMark;

void arena_init(Arena *arena, struct Trap *trap);
void arena_clear(Arena *arena); /* frees all; the arena may be used again */

/* arena_alloc where the newest chunk has no room, or for no bytes at all. */
void *arena_alloc_slowly(Arena *arena, size_t size);
_Noreturn void arena_too_large(Arena *arena);

enum { ARENA_ALIGNMENT = 16 };

/* 16-byte aligned, and inline: most nodes are a few words. */
static inline void *arena_alloc(Arena *arena, size_t size) {
  size_t padded = (size + ARENA_ALIGNMENT - 1) & -(size_t)ARENA_ALIGNMENT;
  if (padded - 1 >= (size_t)(arena->end - arena->next))
    return arena_alloc_slowly(arena, size);
  void *at = arena->next;
  arena->next += padded;
  POISON_ALLOW(at, size);
  return at;
}

static inline void *arena_calloc(Arena *arena, size_t n, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total)) arena_too_large(arena);
  return memset(arena_alloc(arena, total), 0, total);
}

static inline void *arena_copy(Arena *arena, const void *from, size_t size) {
  void *to = arena_alloc(arena, size);
  if (size) memcpy(to, from, size);
  return to;
}

char *arena_strdup(Arena *arena, const char *text);
char *arena_join(Arena *arena, const char *first, const char *second);
char *arena_printf(Arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Winding back keeps up to two mebibytes of what is freed: work that comes in
 * rounds asks the system for memory once. */
ArenaMark arena_mark(const Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark);
void arena_reset(Arena *arena); /* to its beginning */

#define ARENA_NEW(arena, T) ((T *)arena_calloc(arena, 1, sizeof(T)))
#define ARENA_ARRAY(arena, T, n) \
  ((T *)arena_calloc(arena, (size_t)(n), sizeof(T)))

#endif
