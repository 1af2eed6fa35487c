/* SPDX-License-Identifier: Apache-2.0 */
/* CoProcSync: tokens between units in the order of their insertion, and waits
 * of the host. The examples are those of the specification. */
#include "vta_fixture.h"

#define SYNC pass_coproc_sync

/* The calls of the result in program order: names of extern calls, "pop21",
 * "push12", "sync", loops in braces. */
typedef struct Trace {
  Walker walker;
  Strbuf text;
} Trace;

static void trace_for(Walker *walker, const Stmt *stmt) {
  Trace *trace = (Trace *)walker;
  strbuf_add(&trace->text, "{ ");
  walk_stmt(walker, AS(For, stmt)->body);
  strbuf_add(&trace->text, "} ");
}

static void trace_evaluate(Walker *walker, const Stmt *stmt) {
  Trace *trace = (Trace *)walker;
  const Call *at = as_call(AS(Evaluate, stmt)->value);
  if (at->op == OP_COPROC_SYNC) {
    strbuf_add(&trace->text, "sync ");
  } else if (at->op == OP_COPROC_DEP_PUSH || at->op == OP_COPROC_DEP_POP) {
    strbuf_add(&trace->text, at->op == OP_COPROC_DEP_PUSH ? "push" : "pop");
    strbuf_int(&trace->text, AS(IntImm, at->arg[0])->value);
    strbuf_int(&trace->text, AS(IntImm, at->arg[1])->value);
    strbuf_char(&trace->text, ' ');
  } else if (at->op == OP_CALL_EXTERN) {
    strbuf_printf(&trace->text, "%s ", AS(StringImm, at->arg[0])->value);
  } else {
    strbuf_printf(&trace->text, "%s ", op_name(at->op));
  }
}

static void trace_store(Walker *walker, const Stmt *stmt) {
  strbuf_printf(&((Trace *)walker)->text, "=%s ",
                AS(Store, stmt)->buffer->name);
}

static void assert_trace(const Stmt *stmt, const char *want) {
  static const StmtVisit stmts[STMT_KINDS] = {
      [FOR] = trace_for, [EVALUATE] = trace_evaluate, [STORE] = trace_store};
  Trace trace = {.walker = WALKER(NULL, stmts)};
  strbuf_init(&trace.text, A);
  walk_stmt(&trace.walker, run(SYNC, stmt));
  assert_string_equal(trace.text.text, want);
}

/* Example A: two units in a line. */
static void example_a(void **state) {
  (void)state;
  assert_trace(
      SEQ_OF(work(2, SEQ_OF(call("LD"), call("add"))), work(3, call("ST"))),
      "LD add push23 pop23 ST sync ");
}

/* Example B: a loop between two scopes.  Its left-over token is given before
 * it and taken behind it, after the push to the store unit. */
static void example_b(void **state) {
  (void)state;
  const Stmt *inner =
      nest("ko", 16, SEQ_OF(work(1, call("LD")), work(2, call("gemm"))));
  const Stmt *body = SEQ_OF(work(2, call("reset")), inner, work(3, call("ST")));
  assert_trace(body,
               "reset push21 "
               "{ pop21 LD push12 pop12 gemm push21 } "
               "push23 pop21 pop23 ST sync ");
}

/* The body of the outer loop of examples C and D. */
static const Stmt *matmul_body(void) {
  const Stmt *inner =
      nest("ic", 4, SEQ_OF(work(1, call("LD")), work(2, call("gemm"))));
  return SEQ_OF(work(2, call("reset")), inner, work(2, call("alu")),
                work(3, nest("i1.inner", 16, call("ST"))));
}

/* Example C: the root is the loop, so the wait comes before the last pop. */
static void example_c(void **state) {
  (void)state;
  assert_trace(nest("i1.outer", 4, matmul_body()),
               "push32 { pop32 reset push21 "
               "{ pop21 LD push12 pop12 gemm push21 } "
               "pop21 alu push23 pop23 { ST } push32 } "
               "sync pop32 ");
}

/* Example D: the root is the virtual thread; its tokens stay inside. */
static void example_d(void **state) {
  (void)state;
  const Stmt *body =
      virtual_thread("cthread", 2, nest("i2.outer", 2, matmul_body()));
  assert_trace(body,
               "push32 { pop32 reset push21 "
               "{ pop21 LD push12 pop12 gemm push21 } "
               "pop21 alu push23 pop23 { ST } push32 } "
               "pop32 sync ");
  const Seq *seq = as_seq(run(SYNC, body));
  assert_int_equal(seq->n, 2);
  assert_int_equal(seq->at[0]->kind, ATTR);
}

/* Example E: two nested tile loops need one token around both. */
static void example_e(void **state) {
  (void)state;
  const Stmt *body = nest(
      "i", 4, nest("j", 4, SEQ_OF(work(2, call("gemm")), work(3, call("ST")))));
  assert_trace(body,
               "push32 { { pop32 gemm push23 pop23 ST push32 } } sync pop32 ");
}

/* What threads that share nothing repeat is closed; what orders them among
 * their neighbours stands outside, once. */
static void threads_are_work_of_their_own(void **state) {
  (void)state;
  const Stmt *inner =
      nest("i", 2, SEQ_OF(work(1, call("LD")), work(2, call("gemm"))));
  const Stmt *threads =
      virtual_thread("cthread", 2, SEQ_OF(work(2, call("reset")), inner));
  const Stmt *body = SEQ_OF(work(1, call("LDW")), threads, work(3, call("ST")));
  assert_trace(body,
               "LDW push12 pop12 reset push21 "
               "{ pop21 LD push12 pop12 gemm push21 } "
               "pop21 push23 pop23 ST sync ");
  const Seq *seq = as_seq(run(SYNC, body));
  assert_int_equal(seq->at[2]->kind, ATTR); /* LDW and push, pop, threads */
}

/* Threads that share run their tokens once: nothing needs closing. */
static void shared_threads_let_tokens_pass(void **state) {
  (void)state;
  const Stmt *threads = virtual_thread(
      "vthread", 2,
      nest("i", 2, SEQ_OF(work(1, call("LD")), work(2, call("gemm")))));
  assert_trace(SEQ_OF(work(2, call("reset")), threads, work(3, call("ST"))),
               "reset push21 { pop21 LD push12 pop12 gemm push21 } "
               "push23 pop21 pop23 ST sync ");
}

/* Between load and store unit there is no queue. */
static void tokens_go_by_way_of_the_compute_unit(void **state) {
  (void)state;
  const Stmt *body = nest(
      "i", 4,
      SEQ_OF(work(1, call("LD")), work(2, call("gemm")), work(3, call("ST"))));
  assert_trace(body,
               "push32 { pop32 push21 pop21 LD push12 pop12 gemm push23 pop23 "
               "ST push32 } sync pop32 push21 pop21 ");
}

/* A condition closes what it leaves open, whichever branch runs. */
static void a_condition_closes_its_branches(void **state) {
  (void)state;
  const Stmt *branch =
      make_if(A, ex("i < 3"), work(1, call("LD")), work(2, call("zero")));
  const Stmt *body = SEQ_OF(branch, work(2, call("gemm")));
  assert_trace(body, "LD zero push12 pop12 gemm sync ");
}

/* Where the condition is false, only the unit that waited for LD knows that it
 * has ended, so the store unit is told by it. */
static void work_that_may_not_run_ends_where_it_begins(void **state) {
  (void)state;
  const Stmt *both = SEQ_OF(work(2, call("gemm")), work(3, call("ST")));
  const Stmt *branch = make_if(A, ex("i < 3"), both, NULL);
  assert_trace(SEQ_OF(work(1, call("LD")), branch, work(3, call("ST2"))),
               "LD push12 pop12 gemm push23 pop23 ST push23 pop23 ST2 sync ");
  const Stmt *loop = make_for(A, FOR_SERIAL, var("k"), num(0), ex("n"), both);
  assert_trace(SEQ_OF(work(1, call("LD")), loop, work(3, call("ST2"))),
               "LD push12 pop12 push32 { pop32 gemm push23 pop23 ST push32 } "
               "push23 pop32 pop23 ST2 sync ");
}

/* A relayed token says all that the two halves of its way could say. */
static void a_relayed_token_goes_alone(void **state) {
  (void)state;
  const Stmt *branch =
      make_if(A, ex("i < 3"), work(2, call("gemm")), work(3, call("ST")));
  assert_trace(SEQ_OF(branch, work(1, call("LD"))),
               "gemm ST push32 pop32 push21 pop21 LD sync ");
}

static void pragmas_are_carried_out(void **state) {
  (void)state;
  const Stmt *body =
      mark("pragma_coproc_sync", "i0", num(1),
           mark("pragma_scope", "i0", make_string(A, "trim_loop"),
                nest("i", 100, call("f"))));
  const Seq *seq = as_seq(run(SYNC, body));
  assert_true(is_const(as_for(seq->at[0])->extent, 2));
  assert_int_equal(as_call(as_evaluate(seq->at[1])->value)->op, OP_COPROC_SYNC);
}

static void no_accelerator_is_no_change(void **state) {
  (void)state;
  assert_unchanged(SYNC, nest("i", 4, call("f")));
}

/* ---- What host and accelerator share ------------------------------------ */

static const Stmt *transfer(const char *name, const Buffer *dram) {
  const Expr *arg[] = {command_handle(A), &dram->data->e};
  return make_evaluate(A, make_extern(A, INT32, name, 2, arg));
}
static const Stmt *st(const Buffer *dram) {
  return work(3, transfer("VTAStoreBuffer2D", dram));
}
static const Stmt *ld(const Buffer *dram) {
  return work(1, transfer("VTALoadBuffer2D", dram));
}
static const Stmt *copy(const Buffer *to, const Buffer *from) {
  return nest("h", 16, store_at(to, ex("h"), load_at(from, ex("h"))));
}

static void the_host_waits_for_what_it_reads(void **state) {
  (void)state;
  Buffer *t = flat_buffer_of("T", INT8, 16), *u = flat_buffer_of("U", INT8, 16);
  assert_trace(SEQ_OF(st(t), copy(u, t)), "VTAStoreBuffer2D sync { =U } sync ");
  assert_trace(SEQ_OF(copy(u, t), ld(u)), "{ =U } VTALoadBuffer2D sync ");
  assert_trace(SEQ_OF(ld(u), copy(u, t)), "VTALoadBuffer2D sync { =U } sync ");
  assert_trace(SEQ_OF(ld(t), copy(u, t)), "VTALoadBuffer2D { =U } sync ");
}

static void a_loop_waits_for_its_last_iteration(void **state) {
  (void)state;
  Buffer *t = flat_buffer_of("T", INT8, 16), *u = flat_buffer_of("U", INT8, 16);
  assert_trace(nest("i", 4, SEQ_OF(copy(u, t), ld(u))),
               "{ { =U } VTALoadBuffer2D sync } sync ");
}

static void one_branch_that_waits_is_not_enough(void **state) {
  (void)state;
  Buffer *t = flat_buffer_of("T", INT8, 16), *u = flat_buffer_of("U", INT8, 16);
  const Stmt *waits =
      make_evaluate(A, make_call(A, INT32, OP_COPROC_SYNC, 0, NULL));
  const Stmt *branch = make_if(A, ex("i < 3"), waits, NULL);
  assert_trace(SEQ_OF(st(t), branch, copy(u, t)),
               "VTAStoreBuffer2D sync sync { =U } sync ");
  assert_trace(SEQ_OF(st(t), waits, copy(u, t)),
               "VTAStoreBuffer2D sync { =U } sync ");
}

/* What a scope accesses element by element gets barriers for its range. */
static void barriers_cover_what_is_shared(void **state) {
  (void)state;
  Buffer *t = flat_buffer_of("T", INT32, 64);
  Buffer *u = flat_buffer_of("U", INT32, 64);
  const Stmt *writes = work(2, nest("k", 16, store_at(t, ex("k + 8"), num(1))));
  const Stmt *body = run(SYNC, SEQ_OF(writes, copy(u, t)));
  const Seq *seq = as_seq(body);
  assert_int_equal(seq->n, 5);
  assert_brief(SEQ_OF(seq->at[1], seq->at[2]),
               " {\n"
               "  sync()\n"
               "  @tir.vta.coproc_write_barrier(T: Pointer(global int32), 32, "
               "8, 16)\n"
               "}");
  const Stmt *reads =
      work(2, nest("k", 16, store_at(u, ex("k"), load_at(t, ex("k*2")))));
  seq = as_seq(run(SYNC, SEQ_OF(copy(t, t), reads)));
  assert_int_equal(seq->n, 3);
  assert_brief(as_seq(body_of(seq->at[1]))->at[0],
               "@tir.vta.coproc_read_barrier(T: Pointer(global int32), 32, 0, "
               "31)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(example_a),
      VTA_TEST(example_b),
      VTA_TEST(example_c),
      VTA_TEST(example_d),
      VTA_TEST(example_e),
      VTA_TEST(threads_are_work_of_their_own),
      VTA_TEST(shared_threads_let_tokens_pass),
      VTA_TEST(tokens_go_by_way_of_the_compute_unit),
      VTA_TEST(a_condition_closes_its_branches),
      VTA_TEST(work_that_may_not_run_ends_where_it_begins),
      VTA_TEST(a_relayed_token_goes_alone),
      VTA_TEST(pragmas_are_carried_out),
      VTA_TEST(no_accelerator_is_no_change),
      VTA_TEST(the_host_waits_for_what_it_reads),
      VTA_TEST(a_loop_waits_for_its_last_iteration),
      VTA_TEST(one_branch_that_waits_is_not_enough),
      VTA_TEST(barriers_cover_what_is_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
