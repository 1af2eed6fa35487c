/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions a module's file holds.
 *
 * Objects of vtac say of each function what it takes, under a symbol of its own
 * (runtime/record.h), so that several of them can be linked into one.  Objects
 * of other compilers say no more than names. */
#ifndef RUNTIME_FUNCTIONS_H
#define RUNTIME_FUNCTIONS_H

#include "elf/elf.h"
#include "runtime/record.h"

typedef struct FunctionList {
  int n;
  const ModuleInfo *at;
  int main; /* the one that is meant if none is named; -1: none is */
} FunctionList;

/* What the file says; at least one function.  On failure jumps to the arena's
 * trap with D_MODULE_FILE. */
FunctionList functions_read(Arena *arena, const ElfFile *file);
/* The function of that name, which may be __tvm_main__; or NULL. */
const ModuleInfo *functions_find(const FunctionList *list, const char *name);
/* All names, separated by commas. */
const char *functions_text(Arena *arena, const FunctionList *list);

#endif
