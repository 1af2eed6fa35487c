/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor expressions: what is computed, before anybody says how.
 *
 * A Tensor is one operation with its one result: a placeholder (no body) or
 * a compute, whose body gives the element at the point of its axes.  A read
 * of a tensor is a LOAD of the tensor's stand-in buffer, whose `tensor` field
 * leads back.  All nodes are immutable and live in the arena passed in.
 *
 * Whatever breaks a rule below ends in fail(): a user wrote it. */
#ifndef TE_TE_H
#define TE_TE_H

#include "ir/ir.h"

typedef struct Tensor {
  const char *name;
  const char *tag; /* "" unless the operator library marks the operation */
  DType type;
  int n;                      /* dimensions */
  const Expr *const *shape;   /* n positive int32 constants */
  const IterVar *const *axis; /* n data axes from 0; NULL for a placeholder */
  int reduce_axes;
  const IterVar *const *reduce_axis; /* those of the body's Reduce */
  const Expr *body;                  /* NULL: a placeholder */
  int inputs; /* the tensors that the body reads, each once, in the order of
                 their first reads (operands before operators) */
  const struct Tensor *const *input;
  const Buffer *buffer; /* stands for the tensor in expressions */
} Tensor;

static inline bool is_placeholder(const Tensor *tensor) {
  return tensor->body == NULL;
}

/* Extents are integer constants of at least 1, and a tensor has at most
 * 2^31 - 1 elements. */
const Tensor *te_placeholder(Arena *arena, const char *name, DType type, int n,
                             const Expr *const *shape);

/* One data axis for each dimension: [0, extent) named names[k], or i0, i1, …
 * where names is NULL. */
void te_axes(Arena *arena, int n, const Expr *const *shape,
             const char *const *names, const IterVar **ret_axis);
/* The same with names prefix0, prefix1, … */
void te_numbered_axes(Arena *arena, int n, const Expr *const *shape,
                      const char *prefix, const IterVar **ret_axis);
/* A reduction axis over [min, max). */
const IterVar *te_reduce_axis(Arena *arena, const char *name, int64_t min,
                              int64_t max);
/* An axis to bind others to, such as "cthread"; name NULL: the tag. */
const IterVar *te_thread_axis(Arena *arena, const char *tag, const char *name);

/* The tensor whose element at `axis` is `body`.  The shape is the extents of
 * the axes; body may use no other variables, and a Reduce stands at its top
 * or nowhere. */
const Tensor *te_compute(Arena *arena, const char *name, const char *tag, int n,
                         const IterVar *const *axis, const Expr *body);
/* The same operation with another body: a new tensor. */
const Tensor *te_with_body(Arena *arena, const Tensor *tensor,
                           const Expr *body);

/* Reductions of `source` over n >= 1 reduction axes. */
const Expr *te_reduce(Arena *arena, Combiner combiner, const Expr *source,
                      int n, const IterVar *const *axis);
const Expr *te_sum(Arena *arena, const Expr *source, int n,
                   const IterVar *const *axis);

/* The element of `tensor` at the n indices, one for each dimension. */
const Expr *te_read(Arena *arena, const Tensor *tensor, int n,
                    const Expr *const *index);
/* The element at the points of n axes. */
const Expr *te_read_axes(Arena *arena, const Tensor *tensor, int n,
                         const IterVar *const *axis);
/* `expr` with reads of the tensors that are keys of the map (Tensor ->
 * Tensor) made reads of their values; the same pointer if there are none. */
const Expr *te_replace_reads(Arena *arena, const Expr *expr,
                             const PtrMap *tensors);

/* Pads each dimension by before[k] and after[k] elements (after NULL: the
 * same as before) of `value` (NULL: zero). */
typedef struct Padding {
  const char *name; /* NULL: "PadInput" */
  const int64_t *before, *after;
  const Expr *value;
} Padding;
const Tensor *te_pad(Arena *arena, const Tensor *data, const Padding *padding);

/* ---- Tensor intrinsics -------------------------------------------------- */

/* A buffer of which an intrinsic sees a window. */
typedef struct BufferDecl {
  const char *name, *scope;
  DType type;
  int n;
  const Expr *const *shape;
  const Expr *const *stride; /* NULL: compact */
  int offset_factor;         /* not 0: starts at a variable multiple of it */
  int align;                 /* in bytes as printed; 0: the default */
} BufferDecl;
const Buffer *te_decl_buffer(Arena *arena, const BufferDecl *decl);

enum { ACCESS_READ = 1, ACCESS_WRITE = 2 };

/* The pointer an intrinsic's call gets for the buffer: its type annotation,
 * data, offset (plus `offset`, which may be NULL), extent and access mask. */
const Expr *te_access_ptr(Arena *arena, const Buffer *buffer, int mask,
                          DType type, const Expr *offset);

/* What a piece of hardware computes and the statements that make it do so. */
typedef struct TensorIntrin {
  const char *name;
  const Tensor *op; /* the pattern: a compute over placeholders */
  int inputs;       /* as op has them */
  const Buffer *const *input;
  const Buffer *output;
  const Stmt *body;           /* the whole computation at once */
  const Stmt *reset, *update; /* of an accumulation; both or neither */
} TensorIntrin;
/* Checks the draft and copies it. */
const TensorIntrin *te_tensor_intrin(Arena *arena, const TensorIntrin *draft);

#endif
