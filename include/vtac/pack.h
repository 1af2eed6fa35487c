/* SPDX-License-Identifier: Apache-2.0 */
/* Moving numbers between plain layouts and the accelerator's tiles. */
#ifndef VTAC_PACK_H
#define VTAC_PACK_H

#include <stdint.h>

#include "vtac/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plain tensor (outer, inner, height, width) and the tiles it is cut into:
 * (outer/outer_block, inner/inner_block, height, width, outer_block,
 * inner_block).  This covers
 *   activations  NCHW  with blocks BATCH and BLOCK_IN (results: BLOCK_OUT),
 *   kernels      OIHW  with blocks BLOCK_OUT and BLOCK_IN,
 *   matrices     row-major rows x columns, with height and width 1.
 * Elements have 1, 2 or 4 bytes. */
typedef struct vtac_pack_shape {
  int64_t outer, inner, height, width;
  int64_t outer_block, inner_block;
  int element_bytes;
} vtac_pack_shape;

/* Copies the whole tensor; `from` and `to` do not overlap and need no
 * alignment.  VTAC_INVALID if a size is not positive, a block does not divide
 * its size, or the elements have another width. */
VTAC_API vtac_status vtac_pack(const vtac_pack_shape *shape, const void *from,
                               void *to, vtac_error *error);
VTAC_API vtac_status vtac_unpack(const vtac_pack_shape *shape, const void *from,
                                 void *to, vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
