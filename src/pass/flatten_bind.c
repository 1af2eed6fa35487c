/* SPDX-License-Identifier: Apache-2.0 */
/* StorageFlatten: buffer_bind_scope, by which a tensor intrinsic gets its
 * view of a region of a buffer.
 *
 * The view declares variables: its pointer, perhaps its element offset, its
 * shape, its strides.  Each is bound to what the region has; what the view
 * declares as a constant is required to be equal.  A requirement that is
 * known to fail is the user's error, one that cannot be decided becomes an
 * assertion around the body. */
#include <string.h>

#include "base/trap.h"
#include "base/vec.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "pass/flatten.h"

typedef struct Region {
  const Buffer *view, *target;
  const Expr **begin, **extent; /* target->n each */
} Region;

typedef struct Binding {
  Flattener *flattener;
  const Region *region;
  VEC(const Var *) bound;
  VEC(const Stmt *) asserts; /* outermost first */
} Binding;

static noreturn void refuse(const Binding *binding, const char *why) {
  fail(binding->flattener->context->arena, D_BUFFER_BIND,
       "buffer %s cannot be a view of %s: %s", binding->region->view->name,
       binding->region->target->name, why);
}

/* What a view declares: "data", "shape" in dimension 2... */
typedef struct Field {
  const char *name;
  int dim; /* or -1 */
} Field;

static const char *field_text(Arena *arena, Field field) {
  return field.dim < 0 ? field.name
                       : arena_printf(arena, "%s[%d]", field.name, field.dim);
}

static void require(Binding *binding, const Expr *condition, Field field) {
  Arena *arena = binding->flattener->context->arena;
  const Expr *known = simplify(binding->flattener->bounds, condition);
  if (is_const(known, 1)) return;
  const char *text = brief_text(arena, condition);
  if (is_const(known, 0))
    refuse(binding, arena_printf(arena, "its %s needs %s",
                                 field_text(arena, field), text));
  const char *message =
      arena_printf(arena, "Argument %s.%s has an unsatisfied constraint: %s",
                   binding->region->view->name, field_text(arena, field), text);
  const Stmt *nop = make_nop(arena);
  vec_push(arena, &binding->asserts, make_assert(arena, known, message, nop));
}

/* Binds what the view declares to what the region has; true if that was a
 * variable's first meeting. */
static bool bind(Binding *binding, const Expr *declared, const Expr *actual,
                 Field field) {
  Flattener *flattener = binding->flattener;
  Arena *arena = flattener->context->arena;
  const Expr *known = ptrmap_get(&flattener->vars, declared);
  if (declared->kind != VAR || known) {
    const Expr *condition = ex_eq(arena, known ? known : declared, actual);
    require(binding, condition, field);
    return false;
  }
  ptrmap_set(&flattener->vars, declared, actual);
  vec_push(arena, &binding->bound, AS(Var, declared));
  return true;
}

static void unbind_all(Binding *binding) {
  for (int i = 0; i < binding->bound.n; i++)
    ptrmap_set(&binding->flattener->vars, binding->bound.at[i], NULL);
}

/* ---- The region --------------------------------------------------------- */

static Region region_of(Flattener *flattener, const Attr *attr,
                        const FlatBuffer *target) {
  Arena *arena = flattener->context->arena;
  Arena *scratch = flattener->context->scratch;
  const Call *tuple = as_call_of(attr->value, OP_TUPLE);
  int n = target->layout->n;
  CHECK(tuple && tuple->n == 2 * n);
  Region region = {attr->node.first, target->layout,
                   ARENA_ARRAY(scratch, const Expr *, n),
                   ARENA_ARRAY(scratch, const Expr *, n)};
  for (int i = 0; i < n; i++) {
    const Expr *begin = tuple->arg[2 * i];
    if (target->origin) begin = ex_sub(arena, begin, target->origin[i]);
    region.begin[i] = simplify(flattener->bounds, begin);
    region.extent[i] = simplify(flattener->bounds, tuple->arg[2 * i + 1]);
  }
  return region;
}

/* Do the region's elements lie in one piece?  They do if, inside the first
 * dimension that has several, every dimension is taken whole. */
static bool is_compact(Analyzer *blank, const Region *region) {
  const Buffer *target = region->target;
  bool several = false;
  if (target->stride) return false;
  for (int i = 0; i < target->n; i++) {
    bool whole = is_const(region->begin[i], 0) &&
                 can_prove_equal(blank, region->extent[i], target->shape[i]);
    if (several && !whole) return false;
    several |= !is_const(region->extent[i], 1);
  }
  return true;
}

static const Expr *stride_of(Arena *arena, const Buffer *buffer, int axis) {
  if (buffer->stride) return buffer->stride[axis];
  const Expr *stride = make_i32(arena, 1);
  for (int i = buffer->n - 1; i > axis; i--)
    stride = ex_mul(arena, buffer->shape[i], stride);
  return stride;
}

/* ---- What a view declares ----------------------------------------------- */

static void bind_memory(Binding *binding) {
  const Region *region = binding->region;
  Arena *arena = binding->flattener->context->arena;
  const char *scope = buffer_scope(region->view);
  const char *actual = buffer_scope(region->target);
  if (strcmp(scope, actual))
    refuse(binding, arena_printf(arena, "%s lies in %s, but %s is needed",
                                 region->target->name, actual, scope));
  if (!dtype_eq(region->view->type, region->target->type))
    refuse(binding, arena_printf(arena, "its elements are %s, not %s",
                                 dtype_name(arena, region->view->type),
                                 dtype_name(arena, region->target->type)));
  bind(binding, &region->view->data->e, &region->target->data->e,
       (Field){"data", -1});
}

static void bind_offset(Binding *binding) {
  Flattener *flattener = binding->flattener;
  Arena *arena = flattener->context->arena;
  const Region *region = binding->region;
  const Expr *declared = region->view->elem_offset;
  const Expr *offset =
      flat_offset(flattener->blank, region->target, region->begin);
  offset = ex_cast(arena, declared->type, offset);
  if (is_const(declared, 0) && !is_const(offset, 0))
    refuse(binding, "it declares no offset_factor");
  const Field field = {"elem_offset", -1};
  bool is_new = bind(binding, declared, offset, field);
  if (!is_new || region->view->offset_factor <= 1) return;
  const Expr *factor =
      make_const(arena, offset->type, region->view->offset_factor);
  const Expr *rest = ex_mod(arena, offset, factor);
  const Expr *aligned = ex_eq(arena, rest, make_const(arena, offset->type, 0));
  require(binding, aligned, field);
}

/* A view of fewer dimensions stands for the innermost ones; all others must
 * have extent 1. */
static void bind_shape(Binding *binding) {
  const Region *region = binding->region;
  Arena *arena = binding->flattener->context->arena;
  int outer = region->target->n - region->view->n;
  if (outer < 0) refuse(binding, "it has more dimensions");
  for (int i = 0; i < region->target->n; i++) {
    const Expr *declared =
        i < outer ? make_i32(arena, 1) : region->view->shape[i - outer];
    bind(binding, declared, region->extent[i], (Field){"shape", i});
  }
}

static void bind_strides(Binding *binding) {
  Flattener *flattener = binding->flattener;
  Arena *arena = flattener->context->arena;
  const Region *region = binding->region;
  int outer = region->target->n - region->view->n;
  if (!region->view->stride) {
    if (!is_compact(flattener->blank, region))
      refuse(binding, "the region has gaps, so the view must declare strides");
    return;
  }
  for (int i = 0; i < region->view->n; i++)
    bind(binding, region->view->stride[i],
         stride_of(arena, region->target, outer + i), (Field){"strides", i});
}

const Stmt *flatten_bind(Flattener *flattener, const Attr *attr) {
  Arena *arena = flattener->context->arena;
  const FlatBuffer *target = flat_buffer(flattener, attr->node.second);
  CHECK(!target->begin);
  Region region = region_of(flattener, attr, target);
  Binding binding = {flattener, &region, {0}, {0}};
  bind_memory(&binding);
  bind_offset(&binding);
  bind_shape(&binding);
  bind_strides(&binding);

  FlatBuffer *view = ARENA_NEW(flattener->context->scratch, FlatBuffer);
  *view = (FlatBuffer){
      .layout = target->layout, .flat = target->flat, .begin = region.begin};
  ptrmap_set(&flattener->buffers, region.view, view);
  const Stmt *body = rewrite_stmt(&flattener->rw, attr->body);
  unbind_all(&binding);
  return merge_nest(arena, binding.asserts.n, binding.asserts.at, body);
}
