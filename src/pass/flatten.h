/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of StorageFlatten share (storage_flatten.c tells the whole
 * story). */
#ifndef PASS_FLATTEN_H
#define PASS_FLATTEN_H

#include "arith/arith.h"
#include "ir/traverse.h"
#include "pass/pass.h"

/* How accesses to one buffer become flat ones. */
typedef struct FlatBuffer {
  const Buffer *layout;      /* the dimensions that indices run over */
  const Buffer *flat;        /* the one-dimensional buffer accessed instead */
  const Expr *const *origin; /* layout->n, subtracted from indices; or NULL */
  const Expr *const *begin;  /* layout->n, added to them (a view); or NULL */
  bool is_argument;
} FlatBuffer;

typedef struct Flattener {
  Rewriter rw;
  const PassContext *context;
  Analyzer *bounds; /* knows the loops around the current statement */
  Analyzer *blank;  /* knows nothing: offsets follow from indices alone */
  PtrMap buffers;   /* Buffer -> FlatBuffer */
  PtrMap vars;      /* Var -> Expr that takes its place */
} Flattener;

/* ---- flatten_shape.c ---------------------------------------------------- */

/* The one-dimensional twin of a buffer: same data, name and alignment. */
const Buffer *flat_twin(Arena *arena, const Buffer *buffer);
/* The buffer that a realize makes: its extents as shape, a storage scope and
 * the alignment of its memory.  Fails if the memory is too small. */
const Buffer *realized_layout(const PassContext *context,
                              const Realize *realize);

/* ---- flatten_offset.c --------------------------------------------------- */

/* The offset in elements of an index into the layout, in canonical form. */
const Expr *flat_offset(Analyzer *blank, const Buffer *layout,
                        const Expr *const *index);

/* ---- flatten_bind.c ----------------------------------------------------- */

/* Replaces a buffer_bind_scope by its body, in which the view's pointer,
 * offset and shape variables are those of the region it is bound to. */
const Stmt *flatten_bind(Flattener *flattener, const Attr *attr);

/* ---- storage_flatten.c -------------------------------------------------- */

const FlatBuffer *flat_buffer(Flattener *flattener, const Buffer *buffer);

#endif
