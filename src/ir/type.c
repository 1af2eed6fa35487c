/* SPDX-License-Identifier: Apache-2.0 */
/* Names and limits of data types. */
#include "ir/type.h"

#include <stdlib.h>
#include <string.h>

int64_t dtype_min(DType t) {
  if (t.code != TYPE_INT) return 0;
  return t.bits >= 64 ? INT64_MIN : -(INT64_C(1) << (t.bits - 1));
}

int64_t dtype_max(DType t) {
  int value_bits = t.code == TYPE_INT ? t.bits - 1 : t.bits;
  return value_bits >= 63 ? INT64_MAX : (INT64_C(1) << value_bits) - 1;
}

int64_t dtype_wrap(DType t, int64_t value) {
  if (is_bool(t)) return value != 0;
  if (t.bits >= 64) return value;
  int unused = 64 - t.bits;
  uint64_t high = (uint64_t)value << unused;
  return t.code == TYPE_UINT ? (int64_t)(high >> unused)
                             : (int64_t)high >> unused;
}

static const char *const code_names[] = {"int", "uint", "float", "handle"};

/* Names of scalars of 2^k bits. */
enum { PLAIN_WIDTHS = 7 };
static const char *const plain_names[][PLAIN_WIDTHS] = {
    [TYPE_INT] = {"int1", "int2", "int4", "int8", "int16", "int32", "int64"},
    [TYPE_UINT] = {"uint1", "uint2", "uint4", "uint8", "uint16", "uint32",
                   "uint64"},
    [TYPE_FLOAT] = {"float1", "float2", "float4", "float8", "float16",
                    "float32", "float64"}};

static const char *plain_name(DType t) {
  if (t.code > TYPE_FLOAT) return NULL;
  for (int k = 0; k < PLAIN_WIDTHS; k++)
    if (t.bits == 1 << k) return plain_names[t.code][k];
  return NULL;
}

const char *dtype_name(Arena *arena, DType t) {
  bool plain = t.lanes == 1;
  if (t.code == TYPE_HANDLE && plain) return "handle";
  if (is_bool(t))
    return plain ? "bool" : arena_printf(arena, "boolx%d", t.lanes);
  const char *name = plain ? plain_name(t) : NULL;
  if (name) return name;
  if (plain) return arena_printf(arena, "%s%d", code_names[t.code], t.bits);
  return arena_printf(arena, "%s%dx%d", code_names[t.code], t.bits, t.lanes);
}

bool dtype_parse(const char *name, DType *ret_type) {
  if (!strcmp(name, "bool")) return *ret_type = BOOL, true;
  if (!strcmp(name, "handle")) return *ret_type = HANDLE, true;
  for (int code = TYPE_INT; code <= TYPE_FLOAT; code++) {
    size_t length = strlen(code_names[code]);
    if (strncmp(name, code_names[code], length)) continue;
    char *end;
    long bits = strtol(name + length, &end, 10);
    if (end == name + length || *end || bits < 1 || bits > 64 ||
        (bits & (bits - 1)))
      return false;
    *ret_type = DTYPE((uint8_t)code, (uint8_t)bits);
    return true;
  }
  return false;
}
