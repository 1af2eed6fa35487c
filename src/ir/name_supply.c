/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of the names in use, each with the last suffix tried. */
#include "ir/name_supply.h"

#include <string.h>

#include "base/strbuf.h"

enum { FIRST_SLOTS = 64 };

void names_init(NameSupply *names, Arena *arena) {
  *names = (NameSupply){.arena = arena, .slots = FIRST_SLOTS};
  ptrmap_init(&names->given, arena);
  names->table = ARENA_ARRAY(arena, NameEntry, FIRST_SLOTS);
}

static unsigned hash_name(const char *name) { /* FNV-1a */
  unsigned hash = 2166136261u;
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
  return hash;
}

/* The entry of the name, or the free entry where it would go. */
static NameEntry *lookup(const NameSupply *names, const char *name,
                         unsigned hash) {
  unsigned mask = (unsigned)names->slots - 1;
  for (unsigned i = hash & mask;; i = (i + 1) & mask) {
    NameEntry *entry = &names->table[i];
    if (!entry->name) return entry;
    if (entry->hash == hash && !strcmp(entry->name, name)) return entry;
  }
}

static void grow(NameSupply *names) {
  NameEntry *old = names->table;
  int old_slots = names->slots;
  names->slots *= 2;
  names->table = ARENA_ARRAY(names->arena, NameEntry, names->slots);
  for (int i = 0; i < old_slots; i++)
    if (old[i].name) *lookup(names, old[i].name, old[i].hash) = old[i];
}

static const char *take(NameSupply *names, const char *name) {
  if (names->n * 2 >= names->slots) grow(names);
  unsigned hash = hash_name(name);
  *lookup(names, name, hash) = (NameEntry){name, hash, 0};
  names->n++;
  return name;
}

const char *names_unique(NameSupply *names, const char *prefix) {
  NameEntry *entry = lookup(names, prefix, hash_name(prefix));
  if (!entry->name) return take(names, prefix);
  const char *stem = arena_join(names->arena, prefix, "_");
  for (;;) {
    const char *name = numbered_name(names->arena, stem, ++entry->counter);
    if (!lookup(names, name, hash_name(name))->name) return take(names, name);
  }
}

const char *names_of(NameSupply *names, const void *object, const char *prefix,
                     bool *ret_first) {
  const char *name = ptrmap_get(&names->given, object);
  *ret_first = !name;
  if (name) return name;
  name = names_unique(names, prefix);
  ptrmap_set(&names->given, object, name);
  return name;
}
