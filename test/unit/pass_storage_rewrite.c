/* SPDX-License-Identifier: Apache-2.0 */
/* StorageRewrite: which buffers share memory, and how it is laid out. */
#include "pass_fixture.h"

#define REWRITE pass_storage_rewrite

static Buffer *acc_buffer(const char *name, int size) {
  return buffer_in("local.acc_buffer", name, INT32, EXPRS(num(size)));
}

static const Stmt *allocate(const Buffer *buffer, const Stmt *body) {
  return make_allocate(A, buffer->data, buffer->type, 1, buffer->shape,
                       make_bool(A, true), body);
}

/* for i: to[i] = from[i] + 1 */
static const Stmt *step(const Buffer *to, const Buffer *from, int extent) {
  const Var *i = var("i");
  return loop(i, extent,
              store_at(to, &i->e, add(load_at(from, &i->e), num(1))));
}

/* A chain of element-wise stages computes in one place; each buffer stays an
 * object of its own that carries the name of the memory. */
static void a_chain_works_in_place(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  Buffer *out = buffer_in("global", "out", INT32, EXPRS(num(64)));
  Buffer *a = acc_buffer("a", 64), *b = acc_buffer("b", 64);
  Buffer *c = acc_buffer("c", 64);
  const Stmt *body =
      SEQ_OF(step(a, in, 64), step(b, a, 64), step(c, b, 64), step(out, c, 64));
  body = run(REWRITE, allocate(a, allocate(b, allocate(c, body))));
  const Allocate *memory = as_allocate(body);
  assert_ptr_equal(memory->var, a->data);
  assert_true(is_const(memory->extent[0], 64));
  const Seq *seq = as_seq(memory->body);
  assert_non_null(seq);
  const Buffer *written[3];
  for (int i = 0; i < 3; i++) {
    written[i] = as_store(body_of(seq->at[i]))->buffer;
    assert_ptr_equal(written[i]->data, a->data);
    assert_string_equal(written[i]->name, "a");
  }
  assert_ptr_not_equal(written[0], written[1]);
  assert_ptr_not_equal(written[1], written[2]);
}

/* Vector addition: the result takes over the first operand, the second lies
 * behind it, at element 64 of 16 lanes. */
static void a_memory_is_one_allocation(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(1024)));
  Buffer *a = acc_buffer("A_buf", 1024), *b = acc_buffer("B_buf", 1024);
  Buffer *c = acc_buffer("C_buf", 1024);
  const Var *i = var("i");
  const Stmt *sum = loop(
      i, 1024, store_at(c, &i->e, add(load_at(a, &i->e), load_at(b, &i->e))));
  const Stmt *body =
      SEQ_OF(step(a, in, 1024), step(b, in, 1024), sum, step(in, c, 1024));
  body = run(REWRITE, allocate(a, allocate(b, allocate(c, body))));
  assert_true(is_const(as_allocate(body)->extent[0], 2048));
  const Seq *seq = as_seq(body_of(body));
  assert_prints(
      seq->at[2],
      "for (i: int32, 0, 1024) {\n"
      "  A_buf: Buffer(A_buf_1: Pointer(local.acc_buffer int32), int32, "
      "[1024], [], scope=\"local.acc_buffer\")[i] = (A_buf_2: "
      "Buffer(A_buf_1, int32, [1024], [], scope=\"local.acc_buffer\")[i] + "
      "A_buf_3: Buffer(A_buf_1, int32, [1024], [], "
      "scope=\"local.acc_buffer\")[(1024 + i)])\n"
      "}");
}

static void pointers_move_with_their_memory(void **state) {
  (void)state;
  Buffer *a = acc_buffer("a", 24), *b = acc_buffer("b", 16);
  const Stmt *use[2];
  const Buffer *both[] = {a, b};
  for (int i = 0; i < 2; i++) {
    const Expr *arg[] = {make_call(A, INT32, OP_TYPE_ANNOTATION, 0, NULL),
                         &both[i]->data->e, num(3), num(16), num(1)};
    use[i] = make_evaluate(A, make_call(A, INT32, OP_ACCESS_PTR, 5, arg));
  }
  const Stmt *body = SEQ_OF(use[0], use[1], use[0]);
  body = run(REWRITE, allocate(a, allocate(b, body)));
  assert_true(is_const(as_allocate(body)->extent[0], 48));
  const Seq *seq = as_seq(body_of(body));
  const Call *pointer = as_call(as_evaluate(seq->at[1])->value);
  assert_ptr_equal(pointer->arg[1], a->data);
  assert_true(is_const(pointer->arg[2], 32 + 3));
}

/* A memory of single bytes, in which larger elements lie, too. */
static void larger_types_are_aligned(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT8, EXPRS(num(64)));
  Buffer *a = buffer_in("local.byte_buffer", "a", INT8, EXPRS(num(3)));
  Buffer *b = buffer_in("local.byte_buffer", "b", INT32, EXPRS(num(2)));
  const Var *i = var("i");
  const Stmt *wide = loop(i, 2, store_at(b, &i->e, num(1)));
  const Stmt *use = store_at(a, num(0), load_at(a, num(1)));
  const Stmt *body =
      SEQ_OF(loop(i, 3, store_at(a, &i->e, load_at(in, &i->e))), wide, use,
             loop(i, 2, store_at(b, &i->e, load_at(b, &i->e))));
  body = run(REWRITE, allocate(a, allocate(b, body)));
  assert_true(is_const(as_allocate(body)->extent[0], 12));
}

/* What is dead leaves its memory to what fits, the next larger piece first. */
static void dead_memory_is_used_again(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  Buffer *a = buffer_in("global", "a", INT32, EXPRS(num(64)));
  Buffer *b = buffer_in("global", "b", INT32, EXPRS(num(32)));
  const Stmt *body = SEQ_OF(step(a, in, 64), step(in, a, 64), step(b, in, 32),
                            step(in, b, 32));
  body = run(REWRITE, allocate(a, allocate(b, body)));
  assert_ptr_equal(as_allocate(body)->var, a->data);
  const Seq *seq = as_seq(body_of(body));
  assert_ptr_equal(as_store(body_of(seq->at[2]))->buffer->data, a->data);
}

/* What an external call names is still in use when its statement is over. */
static void named_memory_is_not_used_again(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  Buffer *a = buffer_in("global", "a", INT32, EXPRS(num(64)));
  Buffer *b = buffer_in("global", "b", INT32, EXPRS(num(64)));
  const Expr *arg[] = {make_string(A, "queue"), &a->data->e};
  const Stmt *named =
      make_evaluate(A, make_call(A, INT32, OP_CALL_EXTERN, 2, arg));
  const Stmt *body =
      SEQ_OF(step(a, in, 64), named, step(b, in, 64), step(in, b, 64));
  body = run(REWRITE, allocate(a, allocate(b, body)));
  assert_ptr_equal(as_allocate(body)->var, a->data);
  assert_ptr_equal(as_allocate(body_of(body))->var, b->data);
}

/* A reduction reads what it writes, so nothing may lie under it. */
static void a_reduction_is_not_in_place(void **state) {
  (void)state;
  Buffer *a = acc_buffer("a", 64), *b = acc_buffer("b", 64);
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  const Var *i = var("i");
  const Stmt *sum = loop(
      i, 64, store_at(b, &i->e, add(load_at(b, &i->e), load_at(a, &i->e))));
  const Stmt *body = SEQ_OF(step(a, in, 64), sum, step(in, b, 64));
  body = run(REWRITE, allocate(a, allocate(b, body)));
  assert_true(is_const(as_allocate(body)->extent[0], 128));
}

static void allocations_move_to_the_virtual_thread(void **state) {
  (void)state;
  Buffer *a = acc_buffer("a", 64);
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  const IterVar *thread = make_iter(A, (Range){NULL, NULL}, var("cthread"),
                                    ITER_THREAD_INDEX, "cthread");
  const Stmt *inner = allocate(a, SEQ_OF(step(a, in, 64), step(in, a, 64)));
  const Stmt *body = make_attr(A, on_iter(thread), "virtual_thread", num(2),
                               loop(var("k"), 4, inner));
  body = run(REWRITE, body);
  assert_int_equal(body->kind, ATTR);
  assert_int_equal(body_of(body)->kind, ALLOCATE);
  assert_int_equal(body_of(body_of(body))->kind, FOR);
}

/* One thread may write `b` while another still reads `a`, whether they lie
 * outside of the threads or inside; what comes behind the threads may have the
 * memory of either. */
static void interleaved_threads_share_nothing(void **state) {
  (void)state;
  Buffer *a = acc_buffer("a", 64), *b = acc_buffer("b", 64);
  Buffer *c = acc_buffer("c", 64);
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  const IterVar *thread = make_iter(A, (Range){NULL, NULL}, var("cthread"),
                                    ITER_THREAD_INDEX, "cthread");
  const Stmt *inside =
      SEQ_OF(step(in, a, 64), step(b, in, 64), step(in, b, 64));
  inside = make_attr(A, on_iter(thread), INTERLEAVED_THREADS, num(2),
                     allocate(b, inside));
  const Stmt *behind = SEQ_OF(step(c, in, 64), step(in, c, 64));
  const Stmt *body = SEQ_OF(step(a, in, 64), inside, allocate(c, behind));
  body = run(REWRITE, allocate(a, body));
  assert_true(is_const(as_allocate(body)->extent[0], 128));
  const Seq *seq = as_seq(body_of(body));
  assert_int_equal(seq->at[1]->kind, SEQ); /* the annotation is gone */
}

static void too_much_is_refused(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(32768)));
  Buffer *a = acc_buffer("a", 32768), *b = acc_buffer("b", 64);
  const Stmt *body = SEQ_OF(step(a, in, 64), step(b, in, 64), step(in, a, 64),
                            step(in, b, 64));
  assert_fails(REWRITE, allocate(a, allocate(b, body)), D_BUFFER_OVERFLOW,
               "local.acc_buffer is too small for a, b: 131328 bytes are "
               "needed, there are 131072");
  const Expr *none = num(0);
  Buffer *c = buffer_in("local.acc_buffer", "c", INT32, 1, &none);
  body = SEQ_OF(step(c, in, 64), step(in, c, 64));
  assert_fails(REWRITE, allocate(c, body), D_BUFFER_OVERFLOW,
               "the size of c in local.acc_buffer is no positive constant");
}

static void no_allocation_is_no_change(void **state) {
  (void)state;
  Buffer *in = buffer_in("global", "in", INT32, EXPRS(num(64)));
  assert_unchanged(REWRITE, step(in, in, 64));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_chain_works_in_place),
      TEST(a_memory_is_one_allocation),
      TEST(pointers_move_with_their_memory),
      TEST(larger_types_are_aligned),
      TEST(dead_memory_is_used_again),
      TEST(named_memory_is_not_used_again),
      TEST(a_reduction_is_not_in_place),
      TEST(allocations_move_to_the_virtual_thread),
      TEST(interleaved_threads_share_nothing),
      TEST(too_much_is_refused),
      TEST(no_allocation_is_no_change),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
