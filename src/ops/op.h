/* SPDX-License-Identifier: Apache-2.0 */
/* What all operators share: the object, and the stages most of them end in.
 * Operators are written on the public API; op.c alone reaches behind it, for
 * the context's accelerator, memory and errors. */
#ifndef OPS_OP_H
#define OPS_OP_H

#include <stdbool.h>

#include "vtac/lower.h"
#include "vtac/ops.h"

enum { OP_MOST_ARGS = 4 };

struct vtac_op {
  vtac_schedule schedule;
  vtac_op_stage stage; /* reached so far */
  int n;
  vtac_tensor args[OP_MOST_ARGS];
  void (*tile)(vtac_context *context, vtac_op *op); /* DEFAULT -> TILED */
  void (*map)(vtac_context *context, vtac_op *op);  /* TILED -> VTA */
  vtac_op_tiling tiles; /* `over` is NULL where there are none */
};

/* The block sizes and types of the context's accelerator. */
typedef struct OpTarget {
  int64_t batch, block_in, block_out;
  const char *inp_type, *wgt_type, *acc_type;
  int64_t inp_max; /* the largest activation */
} OpTarget;

OpTarget op_target(vtac_context *context);
/* Memory that lives as long as the context; NULL after an error. */
void *op_alloc(vtac_context *context, size_t size);
/* Leaves an error in the context; `cure`, a static text, says what would
 * help; NULL: what helps operators in general. */
void op_refuse(vtac_context *context, const char *cure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Refuses a size that is no positive multiple of `block`. */
void op_need_multiple(vtac_context *context, const char *what, int64_t size,
                      const char *block_name, int64_t block);
/* A size that tiles given by hand divide must be a multiple of its block; one
 * with chosen tiles is padded to it. */
void op_need_size(vtac_context *context, const char *what, int64_t size,
                  const char *block_name, int64_t block, bool by_hand);
/* The same for a tile, which may be 0. */
void op_need_tile(vtac_context *context, const char *what, int64_t size,
                  const char *block_name, int64_t block);
/* Refuses a value below `least`. */
void op_need_least(vtac_context *context, const char *what, int64_t value,
                   int64_t least);
/* Refuses a right shift of the sums that leaves nothing of them. */
void op_check_shift(vtac_context *context, int shift);
/* Refuses more virtual threads than there are tiles of `what`. */
void op_check_vthreads(vtac_context *context, int vthreads, const char *what,
                       int64_t size, int64_t tile);
/* False unless the context and an argument of the public function `call` are
 * there and all has gone well so far. */
bool op_has(vtac_context *context, const char *call, const void *argument,
            const char *name);

/* The fixed-point tail of a layer: >> shift, max 0, min inp_max, cast. */
typedef struct OpTail {
  vtac_tensor shr, max, min, res;
} OpTail;
OpTail op_tail(vtac_context *context, vtac_tensor sum, int shift);
/* The same without the cast, which makes the result. */
OpTail op_tail_stages(vtac_context *context, vtac_tensor sum, int shift);
/* Computes the tail's inner stages at an axis of its result; and gives them
 * to the accelerator's ALU. */
void op_tail_at(vtac_context *context, vtac_schedule schedule,
                const OpTail *tail, vtac_iter axis);
void op_tail_map(vtac_context *context, vtac_schedule schedule,
                 const OpTail *tail);

/* Loads a copy stage by DMA into `scope` at an axis of `consumer`. */
void op_load_at(vtac_context *context, vtac_schedule schedule, vtac_tensor copy,
                const char *scope, vtac_stage consumer, vtac_iter axis);

#define SCOPE_INP "local.inp_buffer"
#define SCOPE_WGT "local.wgt_buffer"
#define SCOPE_ACC "local.acc_buffer"

#endif
