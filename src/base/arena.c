/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation in chunks that double up to a limit. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trap.h"

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 4 << 20 };
enum { GROWTH = 8, MOST_SPARE = 2 << 20 };

struct ArenaChunk {
  ArenaChunk *older;
  size_t size; /* of the space behind the header */
};

/* The header is padded so that the space behind it stays aligned. */
enum {
  HEADER = (sizeof(ArenaChunk) + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT *
           ARENA_ALIGNMENT
};

void arena_init(Arena *arena, struct Trap *trap) {
  *arena = (Arena){.trap = trap};
}

static void free_chunks(ArenaChunk *chunk, const ArenaChunk *stop) {
  while (chunk != stop) {
    ArenaChunk *older = chunk->older;
    POISON_ALLOW((char *)chunk + HEADER, chunk->size);
    free(chunk);
    chunk = older;
  }
}

/* Moves the chunks newer than `stop` to the spare ones, the oldest to the
 * front, as far as there is room. */
static void retire_chunks(Arena *arena, const ArenaChunk *stop) {
  size_t kept = 0;
  for (const ArenaChunk *chunk = arena->spare; chunk; chunk = chunk->older)
    kept += chunk->size;
  for (ArenaChunk *chunk = arena->chunk, *older; chunk != stop; chunk = older) {
    older = chunk->older;
    chunk->older = NULL;
    if (kept + chunk->size > MOST_SPARE) {
      free_chunks(chunk, NULL);
      continue;
    }
    kept += chunk->size;
    chunk->older = arena->spare;
    arena->spare = chunk;
  }
}

void arena_clear(Arena *arena) {
  free_chunks(arena->chunk, NULL);
  free_chunks(arena->spare, NULL);
  arena_init(arena, arena->trap);
}

static ArenaChunk *new_chunk(const Arena *arena, size_t least) {
  size_t size = arena->chunk ? arena->chunk->size * GROWTH : FIRST_CHUNK;
  if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
  if (size < least) size = least;
  ArenaChunk *chunk = size < SIZE_MAX - HEADER ? malloc(HEADER + size) : NULL;
  if (!chunk) trap_no_memory(arena->trap, size);
  chunk->size = size;
  return chunk;
}

static void add_chunk(Arena *arena, size_t least) {
  ArenaChunk *chunk = arena->spare;
  if (chunk && chunk->size >= least)
    arena->spare = chunk->older;
  else
    chunk = new_chunk(arena, least);
  chunk->older = arena->chunk;
  arena->chunk = chunk;
  arena->next = (char *)chunk + HEADER;
  arena->end = arena->next + chunk->size;
  POISON_FORBID(arena->next, chunk->size);
}

void *arena_alloc_slowly(Arena *arena, size_t size) {
  if (size > SIZE_MAX - ARENA_ALIGNMENT) trap_no_memory(arena->trap, size);
  if (!size) size = 1; /* so that no address is NULL */
  if ((size_t)(arena->end - arena->next) < size + ARENA_ALIGNMENT)
    add_chunk(arena, size + ARENA_ALIGNMENT);
  return arena_alloc(arena, size);
}

void arena_too_large(Arena *arena) { trap_no_memory(arena->trap, SIZE_MAX); }

char *arena_strdup(Arena *arena, const char *text) {
  return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_join(Arena *arena, const char *first, const char *second) {
  size_t length = strlen(first), size = strlen(second) + 1;
  char *both = arena_alloc(arena, length + size);
  memcpy(both, first, length);
  memcpy(both + length, second, size);
  return both;
}

char *arena_printf(Arena *arena, const char *format, ...) {
  char usual[128];
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  size_t size = (size_t)vsnprintf(usual, sizeof usual, format, args) + 1;
  char *text = arena_alloc(arena, size);
  if (size <= sizeof usual)
    memcpy(text, usual, size);
  else
    vsnprintf(text, size, format, again);
  va_end(again);
  va_end(args);
  return text;
}

ArenaMark arena_mark(const Arena *arena) {
  return (ArenaMark){arena->chunk, arena->next, arena->end};
}

void arena_rewind(Arena *arena, ArenaMark mark) {
  retire_chunks(arena, mark.chunk);
  arena->chunk = mark.chunk;
  arena->next = mark.next;
  arena->end = mark.end;
  POISON_FORBID(mark.next, (size_t)(mark.end - mark.next));
}

void arena_reset(Arena *arena) { arena_rewind(arena, (ArenaMark){0}); }
