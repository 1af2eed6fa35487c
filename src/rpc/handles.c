/* SPDX-License-Identifier: Apache-2.0 */
/* The table of handles.  Free places form a list; a place whose generations
 * are used up is given up, so that no handle is ever given out twice. */
#include "rpc/handles.h"

#include <stdlib.h>

/* A handle is (generation << INDEX_BITS) + index + 1. */
enum { INDEX_BITS = 17, MOST_GENERATIONS = 1 << 14, MOST_PLACES = 1 << 17 };
_Static_assert((int)HANDLES_MOST < (int)MOST_PLACES,
               "every live handle has a place");

void handles_init(HandleTable *table) { *table = (HandleTable){0}; }

void handles_free(HandleTable *table) {
  free(table->place);
  handles_init(table);
}

static bool grow(HandleTable *table) {
  if (table->n < table->capacity) return true;
  uint32_t capacity = table->capacity ? table->capacity * 2 : 64;
  if (capacity > MOST_PLACES) return false;
  HandlePlace *bigger = realloc(table->place, capacity * sizeof *bigger);
  if (!bigger) return false;
  table->place = bigger;
  table->capacity = capacity;
  return true;
}

static HandlePlace *take_place(HandleTable *table) {
  if (table->first_free) {
    HandlePlace *place = &table->place[table->first_free - 1];
    table->first_free = place->next_free;
    return place;
  }
  if (!grow(table)) return NULL;
  table->place[table->n] = (HandlePlace){0};
  return &table->place[table->n++];
}

uint32_t handles_add(HandleTable *table, ObjectKind kind, void *object) {
  if (table->live >= HANDLES_MOST) return 0;
  HandlePlace *place = take_place(table);
  if (!place) return 0;
  place->object = object;
  place->kind = (uint8_t)kind;
  table->live++;
  uint32_t index = (uint32_t)(place - table->place);
  return ((uint32_t)place->generation << INDEX_BITS) + index + 1;
}

static HandlePlace *find(const HandleTable *table, ObjectKind kind,
                         uint64_t handle) {
  if (!handle || handle > UINT32_MAX) return NULL;
  uint64_t index = (handle - 1) & (MOST_PLACES - 1);
  if (index >= table->n) return NULL;
  HandlePlace *place = &table->place[index];
  bool same = place->generation == (handle - 1) >> INDEX_BITS;
  return same && place->kind == kind ? place : NULL;
}

void *handles_get(const HandleTable *table, ObjectKind kind, uint64_t handle) {
  const HandlePlace *place = find(table, kind, handle);
  return place ? place->object : NULL;
}

static void *release(HandleTable *table, HandlePlace *place) {
  void *object = place->object;
  place->object = NULL;
  place->kind = OBJECT_NONE;
  table->live--;
  if (++place->generation == MOST_GENERATIONS) return object;
  place->next_free = table->first_free;
  table->first_free = (uint32_t)(place - table->place) + 1;
  return object;
}

void *handles_remove(HandleTable *table, ObjectKind kind, uint64_t handle) {
  HandlePlace *place = find(table, kind, handle);
  return place ? release(table, place) : NULL;
}

void *handles_remove_any(HandleTable *table, ObjectKind *ret_kind) {
  while (table->n) {
    HandlePlace *place = &table->place[--table->n];
    if (place->kind == OBJECT_NONE) continue;
    *ret_kind = (ObjectKind)place->kind;
    return release(table, place);
  }
  return NULL;
}
