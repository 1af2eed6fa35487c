/* SPDX-License-Identifier: Apache-2.0 */
/* Vec: a growing array in an arena.  `VEC(T)` names the type; the old block
 * is left to the arena when the array grows. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <string.h>

#include "base/arena.h"

#define VEC(T)  \
  struct {      \
    T *at;      \
    int n, cap; \
  }

/* Grows block `*at` of `size`-byte elements to hold one more than n. */
static inline void vec_reserve(Arena *arena, void **at, int n, int *cap,
                               size_t size) {
  if (n < *cap) return;
  *cap = *cap ? *cap * 2 : 4;
  void *bigger = arena_alloc(arena, (size_t)*cap * size);
  if (n) memcpy(bigger, *at, (size_t)n * size);
  *at = bigger;
}

#define vec_push(arena, v, ...)                                          \
  do {                                                                   \
    void *vec_block_ = (v)->at;                                          \
    vec_reserve(arena, &vec_block_, (v)->n, &(v)->cap, sizeof *(v)->at); \
    (v)->at = vec_block_;                                                \
    (v)->at[(v)->n++] = __VA_ARGS__;                                     \
  } while (0)

#define vec_insert(arena, v, i, ...)                          \
  do {                                                        \
    int vec_i_ = (i);                                         \
    vec_push(arena, v, __VA_ARGS__);                          \
    __typeof__(*(v)->at) vec_x_ = (v)->at[(v)->n - 1];        \
    memmove((v)->at + vec_i_ + 1, (v)->at + vec_i_,           \
            (size_t)((v)->n - 1 - vec_i_) * sizeof *(v)->at); \
    (v)->at[vec_i_] = vec_x_;                                 \
  } while (0)

#define vec_remove(v, i)                                  \
  do {                                                    \
    int vec_i_ = (i);                                     \
    (v)->n--;                                             \
    memmove((v)->at + vec_i_, (v)->at + vec_i_ + 1,       \
            (size_t)((v)->n - vec_i_) * sizeof *(v)->at); \
  } while (0)

#endif
