/* SPDX-License-Identifier: Apache-2.0 */
/* Unique names for one print: the first user of a hint gets it bare, later
 * ones get _1, _2 and so on. */
#ifndef IR_NAME_SUPPLY_H
#define IR_NAME_SUPPLY_H

#include "base/arena.h"
#include "base/ptrmap.h"

typedef struct NameEntry {
  const char *name;
  unsigned hash;
  unsigned counter;
} NameEntry;

typedef struct NameSupply {
  Arena *arena;
  PtrMap given;     /* object -> its name */
  NameEntry *table; /* open addressing by name */
  int n, slots;
} NameSupply;

void names_init(NameSupply *names, Arena *arena);
/* A name nobody has yet, made from `prefix`. */
const char *names_unique(NameSupply *names, const char *prefix);
/* The name of `object`; *ret_first says whether it was made just now. */
const char *names_of(NameSupply *names, const void *object, const char *prefix,
                     bool *ret_first);

#endif
