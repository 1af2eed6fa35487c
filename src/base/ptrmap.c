/* SPDX-License-Identifier: Apache-2.0 */
/* Insertion-ordered hash map keyed by pointer.  A map of up to SMALL entries
 * is searched linearly and has no hash slots at all. */
#include "base/ptrmap.h"

#include <stdint.h>
#include <string.h>

enum { SMALL = 8, GROWTH = 4 };

void ptrmap_init(PtrMap *map, Arena *arena) { *map = (PtrMap){.arena = arena}; }

static uint32_t hash(const void *key) {
  uint64_t bits = (uint64_t)(uintptr_t)key;
  return (uint32_t)((bits * 0x9E3779B97F4A7C15ULL) >> 32);
}

static int *probe(const PtrMap *map, const void *key) {
  uint32_t mask = (uint32_t)map->slots - 1;
  for (uint32_t i = hash(key) & mask;; i = (i + 1) & mask) {
    int *slot = &map->slot[i];
    if (!*slot || map->entry[*slot - 1].key == key) return slot;
  }
}

static PtrMapEntry *find(const PtrMap *map, const void *key) {
  if (map->slots) {
    int index = *probe(map, key);
    return index ? &map->entry[index - 1] : NULL;
  }
  for (int i = 0; i < map->n; i++)
    if (map->entry[i].key == key) return &map->entry[i];
  return NULL;
}

static void rehash(PtrMap *map) {
  map->slots = map->cap * 2;
  map->slot = arena_calloc(map->arena, (size_t)map->slots, sizeof *map->slot);
  for (int i = 0; i < map->n; i++) *probe(map, map->entry[i].key) = i + 1;
}

static void grow(PtrMap *map) {
  map->cap = map->cap ? map->cap * GROWTH : SMALL;
  PtrMapEntry *bigger =
      arena_alloc(map->arena, (size_t)map->cap * sizeof *bigger);
  if (map->n) memcpy(bigger, map->entry, (size_t)map->n * sizeof *bigger);
  map->entry = bigger;
  if (map->cap > SMALL) rehash(map);
}

void *ptrmap_find(const PtrMap *map, const void *key) {
  const PtrMapEntry *entry = find(map, key);
  return entry ? entry->value : NULL;
}

bool ptrmap_has(const PtrMap *map, const void *key) {
  return find(map, key) != NULL;
}

/* Appends a key that is absent; `slot` is its place, if there are slots. */
static void append(PtrMap *map, int *slot, const void *key, const void *value) {
  if (map->n == map->cap) {
    grow(map);
    slot = map->slots ? probe(map, key) : NULL;
  }
  map->entry[map->n++] = (PtrMapEntry){key, (void *)value};
  if (slot) *slot = map->n;
}

/* The entry of a key, or NULL and, if there are slots, its place. */
static PtrMapEntry *find_place(const PtrMap *map, const void *key,
                               int **ret_slot) {
  *ret_slot = map->slots ? probe(map, key) : NULL;
  if (!*ret_slot) return find(map, key);
  return **ret_slot ? &map->entry[**ret_slot - 1] : NULL;
}

void **ptrmap_place(PtrMap *map, const void *key) {
  int *slot;
  PtrMapEntry *entry = find_place(map, key, &slot);
  if (entry) return &entry->value;
  append(map, slot, key, NULL);
  return &map->entry[map->n - 1].value;
}

void ptrmap_set(PtrMap *map, const void *key, const void *value) {
  *ptrmap_place(map, key) = (void *)value;
}

bool ptrmap_add(PtrMap *map, const void *key, const void *value) {
  int *slot;
  if (find_place(map, key, &slot)) return false;
  append(map, slot, key, value);
  return true;
}

void ptrmap_clear(PtrMap *map) {
  map->n = 0;
  if (map->slots) memset(map->slot, 0, (size_t)map->slots * sizeof *map->slot);
}
