/* SPDX-License-Identifier: Apache-2.0 */
/* PtrMap: a map from object identity to a pointer, the shape of every side
 * table.  Entries are kept in insertion order, so walking a map is
 * deterministic; removal leaves an entry with a NULL value behind. */
#ifndef BASE_PTRMAP_H
#define BASE_PTRMAP_H

#include <stdbool.h>

#include "base/arena.h"

typedef struct PtrMapEntry {
  const void *key;
  void *value;
} PtrMapEntry;

typedef struct PtrMap {
  Arena *arena;
  PtrMapEntry *entry; /* n entries in insertion order */
  int n, cap;
  int *slot; /* open addressing: index into entry + 1; 0 is free */
  int slots; /* a power of two, or 0 while the map is small */
} PtrMap;

void ptrmap_init(PtrMap *map, Arena *arena);
void *ptrmap_find(const PtrMap *map, const void *key);
/* NULL if absent; many tables are empty. */
static inline void *ptrmap_get(const PtrMap *map, const void *key) {
  return map->n ? ptrmap_find(map, key) : NULL;
}
bool ptrmap_has(const PtrMap *map, const void *key); /* even if value NULL */
void ptrmap_set(PtrMap *map, const void *key, const void *value);
/* Sets a key that is absent; false, and nothing done, if it is there. */
bool ptrmap_add(PtrMap *map, const void *key, const void *value);
/* Where the key's value is kept, NULL at first; until the next change. */
void **ptrmap_place(PtrMap *map, const void *key);
void ptrmap_clear(PtrMap *map); /* forgets all entries, keeps the memory */

#endif
