/* SPDX-License-Identifier: Apache-2.0 */
/* StorageFlatten: offsets, allocations, views and refusals. */
#include "pass_fixture.h"

#define FLATTEN pass_storage_flatten

static Buffer *shaped(const char *name, int n, const Expr *const *shape) {
  return buffer_in("", name, INT8, n, shape);
}

static const Stmt *realize_all(Buffer *buffer, const Stmt *body) {
  Range *bound = ARENA_ARRAY(A, Range, buffer->n);
  for (int i = 0; i < buffer->n; i++)
    bound[i] = (Range){num(0), buffer->shape[i]};
  return make_realize(A, buffer, bound, make_bool(A, true), body);
}

/* The offset at which an access to the buffer ends up. */
static const char *offset_of(Buffer *buffer, int n, const Expr *const *index) {
  const Stmt *store = make_store(A, buffer, make_int(A, INT8, 0), n, index);
  const Stmt *flat = body_of(run(FLATTEN, realize_all(buffer, store)));
  return expr_text(A, AS(Store, flat)->index[0]);
}

static const Expr *minus(const Var *a, int64_t b) {
  return make_binary(A, SUB, &a->e, num(b));
}

/* Outer dimensions come first, coefficients descend, a negative constant
 * comes last. */
static void offsets_are_canonical(void **state) {
  (void)state;
  const Var *i0 = var("i0"), *i1 = var("i1"), *i2 = var("i2"), *i3 = var("i3");
  const Var *dy = var("dy"), *dx = var("dx");
  Buffer *weight = shaped("w", EXPRS(num(64), num(64), num(16), num(16)));
  assert_string_equal(
      offset_of(weight, EXPRS(&i0->e, &i1->e, &i2->e, &i3->e)),
      "((((i0: int32*16384) + (i1: int32*256)) + (i2: int32*16)) + "
      "i3: int32)");
  Buffer *data =
      shaped("d", EXPRS(num(1), num(16), num(14), num(14), num(1), num(16)));
  assert_string_equal(
      offset_of(data, EXPRS(&i0->e, &i1->e, minus(i2, 1), minus(i3, 1), num(0),
                            &dx->e)),
      "((((((i0: int32*50176) + (i1: int32*3136)) + (i2: int32*224)) + "
      "(i3: int32*16)) + dx: int32) - 240)");
  Buffer *padded =
      shaped("p", EXPRS(num(1), num(16), num(16), num(16), num(1), num(16)));
  const Expr *row = add(add(&i2->e, mul(i0, 7)), &dy->e);
  assert_string_equal(
      offset_of(padded, EXPRS(num(0), &i1->e, row, add(&i3->e, &dx->e), num(0),
                              num(3))),
      "(((((((i1: int32*4096) + (i0: int32*1792)) + (i2: int32*256)) + "
      "(dy: int32*256)) + (i3: int32*16)) + (dx: int32*16)) + 3)");
}

/* x / c and x % c in neighbouring dimensions meet again as x. */
static void quotient_and_remainder_join(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  Buffer *square = shaped("s", EXPRS(num(8), num(16)));
  const Expr *quotient = make_binary(A, FLOORDIV, &x->e, num(16));
  const Expr *rest = make_binary(A, FLOORMOD, &x->e, num(16));
  assert_string_equal(offset_of(square, EXPRS(quotient, rest)), "x: int32");
  Buffer *cube = shaped("c", EXPRS(num(4), num(8), num(16)));
  assert_string_equal(offset_of(cube, EXPRS(&y->e, quotient, rest)),
                      "((y: int32*128) + x: int32)");
}

/* Only the realized region is allocated, in memory of the buffer's scope. */
static void realize_becomes_allocate(void **state) {
  (void)state;
  const Var *i = var("i"), *o = var("i.outer");
  Buffer *tile = shaped("tile", EXPRS(num(64), num(2)));
  const Expr *index[] = {add(&i->e, mul(o, 8)), num(1)};
  const Stmt *store = make_store(A, tile, make_int(A, INT8, 0), 2, index);
  Range bound[] = {{mul(o, 8), num(8)}, {num(0), num(2)}};
  const Stmt *realize =
      make_realize(A, tile, bound, make_bool(A, true), loop(i, 8, store));
  assert_prints(run(FLATTEN, loop(o, 8, realize)),
                "for (i.outer: int32, 0, 8) {\n"
                "  allocate(tile: Pointer(global int8), int8, [16]), "
                "storage_scope = global;\n"
                "  for (i: int32, 0, 8) {\n"
                "    tile_1: Buffer(tile, int8, [16], [], align=16)"
                "[((i*2) + 1)] = 0i8\n"
                "  }\n"
                "}");
}

static void accelerator_memory_sets_the_alignment(void **state) {
  (void)state;
  const char *scopes[] = {"local.inp_buffer", "local.wgt_buffer"};
  int aligns[] = {16, 256};
  for (int i = 0; i < 2; i++) {
    Buffer *b = buffer_in(scopes[i], "b", INT8, EXPRS(num(4), num(256)));
    const Expr *index[] = {num(0), num(0)};
    const Stmt *store = make_store(A, b, make_int(A, INT8, 0), 2, index);
    const Stmt *flat = body_of(run(FLATTEN, realize_all(b, store)));
    assert_int_equal(AS(Store, flat)->buffer->align, aligns[i]);
  }
}

static void overflow_is_refused(void **state) {
  (void)state;
  Buffer *b =
      buffer_in("local.inp_buffer", "data_buf", INT8, EXPRS(num(4097), num(8)));
  assert_fails(FLATTEN, realize_all(b, make_nop(A)), D_BUFFER_OVERFLOW,
               "buffer data_buf needs 32776 bytes of local.inp_buffer, which "
               "has 32768");
}

static void booleans_take_a_byte(void **state) {
  (void)state;
  Buffer *b = buffer_in("", "b", BOOL, EXPRS(num(128)));
  const Stmt *copy = store_at(b, num(0), load_at(b, num(1)));
  assert_prints(run(FLATTEN, realize_all(b, copy)),
                "allocate(b: Pointer(global bool), int8, [128]), "
                "storage_scope = global;\n"
                "b_1: Buffer(b, int8, [128], [], align=16)[0] = "
                "cast(int8, cast(bool, b_1[1]))");
}

/* Arguments become flat, keep their shape on the side, and lose their
 * realize. */
static void arguments_keep_their_shape(void **state) {
  (void)state;
  const Var *i = var("i");
  Buffer *res = shaped("res", EXPRS(num(4), num(8)));
  const Expr *index[] = {&i->e, num(1)};
  const Stmt *store = make_store(A, res, make_int(A, INT8, 0), 2, index);
  Param param = {make_var(A, "res", HANDLE), res, NULL};
  Func func = {"main", 1, &param, realize_all(res, loop(i, 4, store))};
  const Func *flat = pass_storage_flatten(&fixture.context, &func);
  assert_ptr_equal(flat->param[0].preflattened, res);
  assert_int_equal(flat->param[0].buffer->n, 1);
  assert_int_equal(flat->body->kind, FOR);
  assert_ptr_equal(pass_storage_flatten(&fixture.context, flat), flat);
}

/* ---- Views -------------------------------------------------------------- */

typedef struct View {
  Buffer *view, *target;
  const Stmt *body; /* inside the realize of the target */
} View;

/* A 1 x 16 view of row i of a 64 x 16 buffer. */
static View make_view(const char *scope, int factor, const Var *i) {
  View v;
  v.target =
      buffer_in("local.acc_buffer", "acc", INT32, EXPRS(num(64), num(16)));
  v.view = buffer_in(scope, "out", INT32, EXPRS(num(1), num(16)));
  if (factor) v.view->elem_offset = &var("out_elem_offset")->e;
  v.view->offset_factor = factor ? factor : 1;
  const Expr *tuple =
      make_call(A, HANDLE, OP_TUPLE, EXPRS(&i->e, num(1), num(0), num(16)));
  const Expr *use =
      make_call(A, INT32, OP_ACCESS_PTR,
                EXPRS(&v.view->data->e, v.view->elem_offset, num(16)));
  v.body = make_attr(A, on_pair(v.view, v.target), "buffer_bind_scope", tuple,
                     make_evaluate(A, use));
  return v;
}

static void views_get_pointer_and_offset(void **state) {
  (void)state;
  const Var *i = var("i");
  View v = make_view("local.acc_buffer", 16, i);
  assert_prints(
      run(FLATTEN, realize_all(v.target, loop(i, 64, v.body))),
      "allocate(acc: Pointer(local.acc_buffer int32), int32, [1024]), "
      "storage_scope = local.acc_buffer;\n"
      "for (i: int32, 0, 64) {\n"
      "  @tir.tvm_access_ptr(acc, (i*16), 16, dtype=int32)\n"
      "}");
}

/* An alignment that can't be decided is asserted. */
static void undecided_alignment_is_asserted(void **state) {
  (void)state;
  const Var *i = var("i");
  View v = make_view("local.acc_buffer", 32, i);
  const Stmt *flat = run(FLATTEN, realize_all(v.target, loop(i, 64, v.body)));
  const Assert *check = AS(Assert, body_of(body_of(flat)));
  assert_int_equal(check->s.kind, ASSERT);
  assert_string_equal(check->message,
                      "Argument out.elem_offset has an unsatisfied "
                      "constraint: (((i*16) % 32) == 0)");
}

static void unfit_views_are_refused(void **state) {
  (void)state;
  const Var *i = var("i");
  View v = make_view("local.inp_buffer", 16, i);
  assert_fails(FLATTEN, realize_all(v.target, loop(i, 64, v.body)),
               D_BUFFER_BIND,
               "buffer out cannot be a view of acc: acc lies in "
               "local.acc_buffer, but local.inp_buffer is needed");
  v = make_view("local.acc_buffer", 0, i);
  assert_fails(FLATTEN, realize_all(v.target, loop(i, 64, v.body)),
               D_BUFFER_BIND,
               "buffer out cannot be a view of acc: it declares no "
               "offset_factor");
}

static void nothing_to_flatten(void **state) {
  (void)state;
  assert_unchanged(FLATTEN, make_nop(A));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(offsets_are_canonical),
      TEST(quotient_and_remainder_join),
      TEST(realize_becomes_allocate),
      TEST(accelerator_memory_sets_the_alignment),
      TEST(overflow_is_refused),
      TEST(booleans_take_a_byte),
      TEST(arguments_keep_their_shape),
      TEST(views_get_pointer_and_offset),
      TEST(undecided_alignment_is_asserted),
      TEST(unfit_views_are_refused),
      TEST(nothing_to_flatten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
