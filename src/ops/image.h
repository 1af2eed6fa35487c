/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule that element-wise operators and poolings share: tensors are
 * loaded into the accumulators, and the vector unit does the rest. */
#ifndef OPS_IMAGE_H
#define OPS_IMAGE_H

#include "ops/op.h"
#include "ops/tiling.h"

enum { IMAGE_DIMS = 6, IMAGE_STAGES = 160, IMAGE_SOURCES = 2 };

typedef struct ImageOp {
  vtac_op op; /* first */
  ImageTiling tiling;
  int sources;
  vtac_tensor source[IMAGE_SOURCES]; /* copies in the accumulators */
  int stages;
  vtac_tensor stage[IMAGE_STAGES]; /* of the vector unit, in order */
  vtac_tensor res;
  vtac_iter store; /* where the result goes out */
} ImageOp;

/* Can the accumulators load activations?  Else they must come in the
 * accumulators' type. */
bool image_loads_activations(vtac_context *context);

/* (batch, channels, height, width) in blocks: the shape of a packed tensor. */
typedef struct ImageShape {
  int64_t dim[IMAGE_DIMS];
} ImageShape;
ImageShape image_shape(vtac_context *context, int64_t batch, int64_t channels,
                       int64_t height, int64_t width);
void image_axes(vtac_context *context, const ImageShape *shape,
                vtac_iter ret[IMAGE_DIMS]);

/* Adds an argument and its copy in the accumulators, with `pad` zeros around
 * (rows, columns); `wide`: in the accumulators' type. */
void image_source(vtac_context *context, ImageOp *image, const char *name,
                  const ImageShape *shape, bool wide, const int64_t pad[2]);
/* Do axes over the padded shape lie inside of the padding?  NULL: always. */
vtac_expr image_inside(vtac_context *context, const ImageShape *shape,
                       const int64_t pad[2], const vtac_iter axes[IMAGE_DIMS]);
/* Adds a stage of the vector unit: `axes` are its own. */
vtac_tensor image_stage(vtac_context *context, ImageOp *image, const char *name,
                        const vtac_iter axes[IMAGE_DIMS], vtac_expr body);
/* The last stage, element by element, with a constant. */
typedef vtac_expr (*ImageCombine)(vtac_context *, vtac_expr, vtac_expr);
vtac_tensor image_constant(vtac_context *context, ImageOp *image,
                           const char *name, ImageCombine combine,
                           int64_t value);
/* Declares the result, a narrowed copy of the last stage, and the schedule. */
void image_finish(vtac_context *context, ImageOp *image);

#endif
