/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar and vector data types of expressions. */
#ifndef IR_TYPE_H
#define IR_TYPE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

typedef enum TypeCode { TYPE_INT, TYPE_UINT, TYPE_FLOAT, TYPE_HANDLE } TypeCode;

typedef struct DType {
  uint8_t code; /* TypeCode */
  uint8_t bits;
  uint16_t lanes;
} DType;
_Static_assert(sizeof(DType) == 4, "dtype_eq compares all bytes");

#define DTYPE(code, bits) ((DType){code, bits, 1})
#define INT8 DTYPE(TYPE_INT, 8)
#define INT32 DTYPE(TYPE_INT, 32)
#define INT64 DTYPE(TYPE_INT, 64)
#define BOOL DTYPE(TYPE_UINT, 1)
#define FLOAT32 DTYPE(TYPE_FLOAT, 32)
#define HANDLE DTYPE(TYPE_HANDLE, 64)

static inline bool dtype_eq(DType a, DType b) {
  return !memcmp(&a, &b, sizeof a); /* one comparison of 32 bits */
}
static inline bool is_bool(DType t) {
  return t.code == TYPE_UINT && t.bits == 1;
}
static inline bool is_integer(DType t) {
  return t.code == TYPE_INT || t.code == TYPE_UINT;
}
/* Elements of less than a byte: memory holds several in each, the first in the
 * lowest bits. */
static inline bool is_packed(DType t) {
  return is_integer(t) && t.bits < 8 && !is_bool(t);
}
/* The types that index arithmetic may be rewritten in (wrap-around is taken
 * not to happen): scalar signed integers of 32 or 64 bits. */
static inline bool is_index(DType t) {
  return t.code == TYPE_INT && t.lanes == 1 && (t.bits == 32 || t.bits == 64);
}

/* Smallest and largest value of an integer type, as int64 (uint64 saturates).
 */
int64_t dtype_min(DType t);
int64_t dtype_max(DType t);

/* The value as a variable of the integer type would hold it. */
int64_t dtype_wrap(DType t, int64_t value);

/* "int32", "uint8", "bool", "float32", "handle", "int8x4". */
const char *dtype_name(Arena *arena, DType t);
bool dtype_parse(const char *name, DType *ret_type);

#endif
