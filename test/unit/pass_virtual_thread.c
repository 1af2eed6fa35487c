/* SPDX-License-Identifier: Apache-2.0 */
/* InjectVirtualThread: what is repeated, where, and into which memory. */
#include "pass_fixture.h"

#define INJECT pass_inject_virtual_thread

static const IterVar *thread_axis(const char *tag) {
  return make_iter(A, (Range){NULL, NULL}, var(tag), ITER_THREAD_INDEX, tag);
}

static const Stmt *threads(const IterVar *axis, int n, const Stmt *body) {
  return make_attr(A, on_iter(axis), "virtual_thread", num(n), body);
}

static const Stmt *scope(int unit, const Stmt *body) {
  const IterVar *vta = thread_axis("vta");
  return make_attr(A, on_iter(vta), "coproc_scope", num(unit), body);
}

static const Stmt *use(const Buffer *buffer, const Expr *offset) {
  const Expr *arg[] = {make_call(A, buffer->type, OP_TYPE_ANNOTATION, 0, NULL),
                       &buffer->data->e, offset, num(16), num(3)};
  return make_evaluate(A, make_call(A, INT32, OP_ACCESS_PTR, 5, arg));
}

static const Stmt *token(Op op) {
  const Expr *arg[] = {num(3), num(2)};
  return make_evaluate(A, make_call(A, INT32, op, 2, arg));
}

static Buffer *acc_buffer(int size) {
  return buffer_in("local.acc_buffer", "acc", INT32, EXPRS(num(size)));
}

static const Stmt *allocate(const Buffer *buffer, const Stmt *body) {
  return make_allocate(A, buffer->data, buffer->type, 1, buffer->shape,
                       make_bool(A, true), body);
}

/* The skeleton of a convolution on two threads: tokens and scopes without
 * loops are unrolled where they stand, scopes with loops become loops. */
static void scopes_are_unrolled_or_looped(void **state) {
  (void)state;
  const IterVar *cthread = thread_axis("cthread");
  Buffer *acc = acc_buffer(12544);
  const Var *i = var("i"), *ic = var("ic");
  const Stmt *load = scope(1, use(acc, num(0)));
  const Stmt *gemm = scope(2, loop(i, 8, use(acc, mul(i, 16))));
  const Stmt *body =
      SEQ_OF(token(OP_COPROC_DEP_PUSH), loop(ic, 4, SEQ_OF(load, gemm)),
             token(OP_COPROC_DEP_POP));
  body = run(INJECT, threads(cthread, 2, allocate(acc, body)));
  assert_string_equal(as_attr(body)->key, INTERLEAVED_THREADS);
  body = body_of(body);
  assert_true(is_const(as_allocate(body)->extent[0], 25088));
  const Seq *seq = as_seq(body_of(body));
  assert_int_equal(seq->n, 3);
  assert_int_equal(as_seq(seq->at[0])->n, 2);
  assert_int_equal(as_seq(seq->at[2])->n, 2);
  assert_prints(
      body_of(seq->at[1]),
      " {\n"
      "   {\n"
      "    attr [IterVar(vta: int32, (nullptr), \"ThreadIndex\", \"vta\")] "
      "\"coproc_scope\" = 1;\n"
      "    @tir.tvm_access_ptr(@tir.type_annotation(, dtype=int32), acc: "
      "Pointer(local.acc_buffer int32), (0*12544), 16, 3, dtype=int32)\n"
      "    attr [IterVar(vta, (nullptr), \"ThreadIndex\", \"vta\")] "
      "\"coproc_scope\" = 1;\n"
      "    @tir.tvm_access_ptr(@tir.type_annotation(, dtype=int32), acc, "
      "(1*12544), 16, 3, dtype=int32)\n"
      "  }\n"
      "  for (cthread.s: int32, 0, 2) {\n"
      "    attr [IterVar(vta_1: int32, (nullptr), \"ThreadIndex\", \"vta\")] "
      "\"coproc_scope\" = 2;\n"
      "    for (i: int32, 0, 8) {\n"
      "      @tir.tvm_access_ptr(@tir.type_annotation(, dtype=int32), acc, "
      "((i*16) + (cthread.s*12544)), 16, 3, dtype=int32)\n"
      "    }\n"
      "  }\n"
      "}");
}

/* Stores are repeated innermost.  The shape of the buffer shows its size
 * squared, as in the reference. */
static void stores_are_repeated_in_place(void **state) {
  (void)state;
  const IterVar *cthread = thread_axis("cthread");
  Buffer *acc = acc_buffer(12544);
  const Var *i = var("i");
  const Stmt *body = loop(i, 12544, store_at(acc, &i->e, num(7)));
  body = run(INJECT, threads(cthread, 2, allocate(acc, body)));
  assert_prints(body_of(body),
                "for (i: int32, 0, 12544) {\n"
                "  acc: Buffer(acc_1: Pointer(local.acc_buffer int32), int32, "
                "[157351936], [], scope=\"local.acc_buffer\")[(i + (0*12544))] "
                "= 7\n"
                "  acc[(i + (1*12544))] = 7\n"
                "}");
}

/* Threads that may share do so for all that is the same for each. */
static void vthreads_share_what_does_not_differ(void **state) {
  (void)state;
  const IterVar *vthread = thread_axis("vthread");
  Buffer *common = acc_buffer(64), *own = acc_buffer(64);
  const Var *i = var("i"), *k = var("k");
  const Stmt *same = loop(i, 64, store_at(common, &i->e, num(7)));
  const Stmt *each =
      loop(k, 64,
           store_at(own, &k->e, add(load_at(common, &k->e), &vthread->var->e)));
  const Stmt *body = allocate(common, allocate(own, SEQ_OF(same, each)));
  body = run(INJECT, threads(vthread, 2, body));
  assert_true(is_const(as_allocate(body)->extent[0], 64));
  assert_true(is_const(as_allocate(body_of(body))->extent[0], 128));
  const Seq *seq = as_seq(body_of(body_of(body)));
  assert_int_equal(body_of(seq->at[0])->kind, STORE);
  assert_int_equal(as_seq(body_of(seq->at[1]))->n, 2);
}

static const Expr *lt(const Var *a, int64_t b) {
  return make_binary(A, LT, &a->e, num(b));
}

/* The elements that `buffer`, allocated inside of two threads around `body`,
 * has after the pass. */
static int64_t size_for_two(const IterVar *thread, const Buffer *buffer,
                            const Stmt *body) {
  body = run(INJECT, threads(thread, 2, allocate(buffer, body)));
  return as_int(as_allocate(body)->extent[0])->value;
}

/* Whether, and how often, a constant is written differs, too. */
static void what_is_written_on_conditions_differs(void **state) {
  (void)state;
  const IterVar *vthread = thread_axis("vthread");
  const Expr *first = lt(vthread->var, 1);
  Buffer *flag = acc_buffer(1), *own = acc_buffer(64);
  const Var *i = var("i"), *often = var("often");
  const Stmt *seven = store_at(own, num(0), num(7));
  const Stmt *eight = store_at(own, num(0), num(8));
  const Stmt *either = make_if(A, first, seven, eight);
  assert_int_equal(size_for_two(vthread, own, seven), 64);
  assert_int_equal(size_for_two(vthread, own, either), 128);
  const Stmt *inner = make_if(A, lt(i, 3), eight, NULL);
  const Stmt *nested = make_if(A, first, loop(i, 4, inner), NULL);
  assert_int_equal(size_for_two(vthread, own, nested), 128);
  const Stmt *repeated =
      make_for(A, FOR_SERIAL, i, num(0), add(&vthread->var->e, num(1)), seven);
  assert_int_equal(size_for_two(vthread, own, repeated), 128);
  const Stmt *let =
      make_let_stmt(A, often, mul(vthread->var, 3),
                    make_for(A, FOR_SERIAL, i, num(0), &often->e, seven));
  assert_int_equal(size_for_two(vthread, own, let), 128);
  const Expr *flagged = make_binary(A, LT, load_at(flag, num(0)), num(1));
  const Stmt *later = SEQ_OF(make_if(A, flagged, seven, eight),
                             store_at(flag, num(0), &vthread->var->e));
  assert_int_equal(size_for_two(vthread, own, later), 128);
}

/* A condition does not reach what stands beside it. */
static void what_follows_a_condition_is_shared(void **state) {
  (void)state;
  const IterVar *vthread = thread_axis("vthread");
  Buffer *out = flat_buffer_of("out", INT32, 16), *common = acc_buffer(64);
  const Stmt *body =
      SEQ_OF(make_if(A, lt(vthread->var, 1), store_at(out, num(0), num(7)),
                     store_at(out, num(1), num(7))),
             store_at(common, num(0), num(7)));
  assert_int_equal(size_for_two(vthread, common, body), 64);
}

/* Nothing is interleaved where there is one thread, where scopes are repeated
 * inside, or where the host does all the work. */
static void ordered_threads_are_not_marked(void **state) {
  (void)state;
  Buffer *acc = acc_buffer(64);
  const Stmt *work = scope(1, use(acc, num(0)));
  const Stmt *body = run(INJECT, threads(thread_axis("cthread"), 1, work));
  assert_int_equal(as_attr(body)->key[0], 'c');
  body = run(INJECT, threads(thread_axis("vthread"), 2, work));
  assert_int_equal(as_attr(body)->key[0], 'c');
  body = run(INJECT,
             threads(thread_axis("cthread"), 2, store_at(acc, num(0), num(7))));
  assert_int_equal(body->kind, SEQ);
}

/* Threads inside work of one unit: a later pass turns each marked nest into
 * instructions, so nests are repeated, not what is in them. */
static void marked_nests_stay_whole(void **state) {
  (void)state;
  const IterVar *cthread = thread_axis("cthread");
  Buffer *acc = acc_buffer(64);
  const Var *i = var("i");
  const Stmt *nest = loop(i, 64, store_at(acc, &i->e, num(7)));
  nest = make_attr(A, on_iter(thread_axis("")), "pragma_alu", num(1), nest);
  const Stmt *body = run(INJECT, scope(2, threads(cthread, 2, nest)));
  const For *each = as_for(body_of(body));
  assert_non_null(each);
  assert_string_equal(as_attr(each->body)->key, "pragma_alu");
  assert_int_equal(body_of(body_of(each->body))->kind, STORE);
}

static void many_threads_make_a_loop(void **state) {
  (void)state;
  const IterVar *cthread = thread_axis("cthread");
  Buffer *out = flat_buffer_of("out", INT32, 16);
  const Stmt *body = store_at(out, &cthread->var->e, num(7));
  body = run(INJECT, threads(cthread, 16, body));
  assert_prints(body,
                "for (cthread.s: int32, 0, 16) {\n"
                "  out: Buffer(out_1: Pointer(global int32), int32, [16], "
                "[])[cthread.s] = 7\n"
                "}");
}

static void threads_nest(void **state) {
  (void)state;
  const IterVar *outer = thread_axis("cthread"),
                *inner = thread_axis("cthread");
  Buffer *out = flat_buffer_of("out", INT32, 4);
  const Stmt *body =
      store_at(out, add(mul(outer->var, 2), &inner->var->e), num(7));
  body = run(INJECT, threads(outer, 2, threads(inner, 2, body)));
  assert_prints(body,
                " {\n"
                "   {\n"
                "    out: Buffer(out_1: Pointer(global int32), int32, [4], "
                "[])[((0*2) + 0)] = 7\n"
                "    out[((1*2) + 0)] = 7\n"
                "  }\n"
                "   {\n"
                "    out[((0*2) + 1)] = 7\n"
                "    out[((1*2) + 1)] = 7\n"
                "  }\n"
                "}");
}

static void a_copied_buffer_has_no_single_address(void **state) {
  (void)state;
  Buffer *temp = flat_buffer_of("temp", INT32, 64);
  const Stmt *body =
      make_evaluate(A, make_call(A, INT32, OP_CALL_EXTERN,
                                 EXPRS(make_string(A, "f"), &temp->data->e)));
  body = threads(thread_axis("cthread"), 2, allocate(temp, body));
  assert_fails(
      INJECT, body, D_VIRTUAL_THREAD,
      "buffer 'temp' is allocated inside virtual thread 'cthread' and "
      "has one copy a thread, but its address is passed on as a whole");
}

static void no_thread_is_no_change(void **state) {
  (void)state;
  Buffer *out = flat_buffer_of("out", INT32, 4);
  assert_unchanged(INJECT, store_at(out, num(0), num(7)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(scopes_are_unrolled_or_looped),
      TEST(stores_are_repeated_in_place),
      TEST(vthreads_share_what_does_not_differ),
      TEST(what_is_written_on_conditions_differs),
      TEST(what_follows_a_condition_is_shared),
      TEST(ordered_threads_are_not_marked),
      TEST(marked_nests_stay_whole),
      TEST(many_threads_make_a_loop),
      TEST(threads_nest),
      TEST(a_copied_buffer_has_no_single_address),
      TEST(no_thread_is_no_change),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
