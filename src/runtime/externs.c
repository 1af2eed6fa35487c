/* SPDX-License-Identifier: Apache-2.0 */
/* What objects may call, by name: nothing else of this process is in their
 * reach. */
#include "runtime/externs.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "runtime/abi.h"

#define EXTERN(function)
#define MATH(function)
#define HELPER(function) void function(void);
#include "runtime/externs.def"

static const NamedFunction externs[] = {
#define EXTERN(function) {#function, (AbiFunction)function},
#define MATH(function) EXTERN(function) EXTERN(function##f)
#define HELPER(function) EXTERN(function)
#include "runtime/externs.def"
    {NULL, NULL}};

static AbiFunction find(const NamedFunction *list, size_t prefix,
                        const char *name) {
  for (; list->name; list++)
    if (!strcmp(list->name + prefix, name)) return list->function;
  return NULL;
}

void *extern_function(const char *name) {
  AbiFunction function = find(externs, 0, name);
  if (!function) function = find(abi_services, strlen("__"), name);
  return abi_address(function);
}
