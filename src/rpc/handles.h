/* SPDX-License-Identifier: Apache-2.0 */
/* The handles of one session: what a client may name, under numbers that mean
 * nothing outside the table.
 *
 * A handle is an index and the generation of its place, so that one which was
 * freed is known as such even when its place was taken again.  Handles fit 32
 * bits, for clients that keep them in pointers, and are never 0. */
#ifndef RPC_HANDLES_H
#define RPC_HANDLES_H

#include <stdbool.h>
#include <stdint.h>

enum { HANDLES_MOST = 1 << 16 }; /* live at one time */

typedef enum ObjectKind {
  OBJECT_NONE, /* a free place */
  OBJECT_MODULE,
  OBJECT_FUNCTION,
  OBJECT_BUFFER,
} ObjectKind;

typedef struct HandlePlace {
  void *object;
  uint16_t generation;
  uint8_t kind;
  uint32_t next_free; /* index + 1; 0 ends the list */
} HandlePlace;

typedef struct HandleTable {
  HandlePlace *place;
  uint32_t n, capacity, live;
  uint32_t first_free; /* index + 1 */
} HandleTable;

void handles_init(HandleTable *table);
void handles_free(HandleTable *table); /* not the objects */

/* A new handle; 0 when HANDLES_MOST are live or memory is short. */
uint32_t handles_add(HandleTable *table, ObjectKind kind, void *object);
/* The object of that kind behind a live handle, or NULL: clients may send any
 * number. */
void *handles_get(const HandleTable *table, ObjectKind kind, uint64_t handle);
/* Ends the handle and gives its object; NULL as above. */
void *handles_remove(HandleTable *table, ObjectKind kind, uint64_t handle);
/* At the table's end: any live object and its kind, removed; NULL when none is
 * left. */
void *handles_remove_any(HandleTable *table, ObjectKind *ret_kind);

#endif
