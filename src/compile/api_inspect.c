/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of what can be asked of graphs and schedules
 * (vtac/inspect.h). */
#include "vtac/inspect.h"

#include <string.h>

#include "base/strbuf.h"
#include "compile/context.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "sched/sched.h"

/* ---- Expressions -------------------------------------------------------- */

const char *vtac_expr_text(vtac_context *c, vtac_expr expr) {
  BOUNDARY(c, NULL);
  need_argument(c, expr, "expr");
  return brief_text(&c->arena, EXPR_OF(expr));
}

const char *vtac_expr_dtype(vtac_expr expr) {
  return expr ? type_text(EXPR_OF(expr)->type) : NULL;
}

int vtac_expr_int(vtac_expr expr, int64_t *ret_value) {
  const IntImm *imm = as_int(EXPR_OF(expr));
  if (imm) *ret_value = imm->value;
  return imm != NULL;
}

vtac_expr vtac_negate(vtac_context *c, vtac_expr a) {
  BOUNDARY(c, NULL);
  need_argument(c, a, "a");
  return TO_EXPR(ex_neg(&c->arena, EXPR_OF(a)));
}

/* ---- Axes --------------------------------------------------------------- */

const char *vtac_iter_name(vtac_iter iter) {
  return iter ? ITER_OF(iter)->var->hint : NULL;
}

int vtac_iter_range(vtac_iter iter, int64_t *ret_low, int64_t *ret_extent) {
  if (!iter) return 0;
  const IntImm *low = as_int(ITER_OF(iter)->dom.min);
  const IntImm *extent = as_int(ITER_OF(iter)->dom.extent);
  if (!low || !extent) return 0;
  *ret_low = low->value;
  *ret_extent = extent->value;
  return 1;
}

const char *vtac_iter_type(vtac_iter iter) {
  return iter ? iter_type_name(ITER_OF(iter)->type) : NULL;
}

const char *vtac_iter_tag(vtac_iter iter) {
  return iter ? ITER_OF(iter)->thread_tag : NULL;
}

vtac_iter vtac_thread_axis_named(vtac_context *c, const char *tag,
                                 const char *name) {
  BOUNDARY(c, NULL);
  const char *tag_copy = name_argument(c, tag);
  return TO_ITER(te_thread_axis(&c->arena, tag_copy, name_argument(c, name)));
}

/* ---- Tensors ------------------------------------------------------------ */

vtac_tensor vtac_compute_tagged(vtac_context *c, const char *name,
                                const char *tag, int ndim,
                                const vtac_iter *axes, vtac_expr body) {
  BOUNDARY(c, NULL);
  need_dims(c, ndim);
  need_argument(c, tag, "tag");
  need_list(c, ndim, axes, "axes");
  need_argument(c, body, "body");
  const char *name_copy = name_argument(c, name);
  return TO_TENSOR(te_compute(&c->arena, name_copy,
                              arena_strdup(&c->arena, tag), ndim,
                              (const IterVar *const *)axes, EXPR_OF(body)));
}

const char *vtac_tensor_tag(vtac_tensor tensor) {
  return tensor ? TENSOR_OF(tensor)->tag : NULL;
}

vtac_expr vtac_tensor_body(vtac_tensor tensor) {
  return tensor ? TO_EXPR(TENSOR_OF(tensor)->body) : NULL;
}

int vtac_tensor_inputs(vtac_context *c, vtac_tensor tensor,
                       const vtac_tensor **ret_inputs) {
  BOUNDARY(c, 0);
  need_argument(c, tensor, "tensor");
  need_argument(c, ret_inputs, "ret_inputs");
  if (is_placeholder(TENSOR_OF(tensor))) return 0;
  *ret_inputs = (const vtac_tensor *)TENSOR_OF(tensor)->input;
  return TENSOR_OF(tensor)->inputs;
}

/* ---- Schedules ---------------------------------------------------------- */

vtac_stage vtac_schedule_stage(vtac_schedule schedule, int index) {
  const Schedule *s = SCHEDULE_OF(schedule);
  if (!s || index < 0 || index >= s->stage.n) return NULL;
  return (vtac_stage)s->stage.at[index];
}

vtac_tensor vtac_stage_tensor(vtac_stage stage) {
  return stage ? TO_TENSOR(STAGE_OF(stage)->op) : NULL;
}

const char *vtac_stage_scope(vtac_stage stage) {
  return stage ? STAGE_OF(stage)->scope : NULL;
}

int vtac_stage_is_output(vtac_stage stage) {
  return stage && STAGE_OF(stage)->is_output;
}

vtac_place vtac_stage_place(vtac_stage stage, vtac_stage *ret_consumer,
                            vtac_iter *ret_axis) {
  const Stage *s = STAGE_OF(stage);
  bool at = s && s->attach == ATTACH_AT;
  if (ret_consumer) *ret_consumer = at ? (vtac_stage)s->attach_stage : NULL;
  if (ret_axis) *ret_axis = at ? TO_ITER(s->attach_iter) : NULL;
  if (at) return VTAC_PLACE_AT;
  return s && s->attach == ATTACH_INLINE ? VTAC_PLACE_INLINE : VTAC_PLACE_ROOT;
}

static const IterAttr *attr_of_axis(vtac_stage stage, vtac_iter axis) {
  return stage ? ptrmap_get(&STAGE_OF(stage)->attr, axis) : NULL;
}

int vtac_stage_loop(vtac_stage stage, int index, vtac_loop *ret_loop) {
  const Stage *s = STAGE_OF(stage);
  if (!s || index < 0 || index >= s->leaf.n) return 0;
  const IterVar *axis = s->leaf.at[index];
  const IterAttr *attr = attr_of_axis(stage, TO_ITER(axis));
  vtac_loop loop = {.axis = TO_ITER(axis), .kind = iter_type_name(axis->type)};
  if (attr) {
    if (attr->type != ITER_DATA_PAR) loop.kind = iter_type_name(attr->type);
    loop.thread = TO_ITER(attr->thread);
    loop.intrin = attr->intrin ? attr->intrin->name : NULL;
    loop.pragmas = attr->pragma.n;
  }
  *ret_loop = loop;
  return 1;
}

const char *vtac_stage_pragma(vtac_stage stage, vtac_iter axis, int index) {
  static const char prefix[] = "pragma_";
  const IterAttr *attr = attr_of_axis(stage, axis);
  if (!attr || index < 0 || index >= attr->pragma.n) return NULL;
  return attr->pragma.at[index].key + strlen(prefix);
}

void vtac_pragma_value(vtac_context *c, vtac_stage stage, vtac_iter axis,
                       const char *pragma, vtac_expr value) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  sched_pragma(STAGE_OF(stage), ITER_OF(axis), name_argument(c, pragma),
               EXPR_OF(value));
}
