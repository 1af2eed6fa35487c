/* SPDX-License-Identifier: Apache-2.0 */
/* Scope annotations: put on, moved outwards, merged; allocations moved to the
 * beginning of their loop. */
#include "vta_fixture.h"

#define UOP pass_lift_uop_scope
#define COPROC pass_lift_coproc_scope

static const Stmt *push_alu(const Stmt *body) {
  return uop_scope(test_env(), A, make_string(A, VTA_PUSH_ALU), body);
}

static void neighbours_of_one_unit_merge(void **state) {
  (void)state;
  const Stmt *body = SEQ_OF(work(1, call("a")), work(1, call("b")),
                            work(2, call("c")), call("d"));
  assert_brief(run(COPROC, body),
               " {\n"
               "  @1 {\n"
               "    @tir.call_extern(\"a\")\n"
               "    @tir.call_extern(\"b\")\n"
               "  }\n"
               "  @2;\n"
               "  @tir.call_extern(\"c\")\n"
               "  @tir.call_extern(\"d\")\n"
               "}");
}

static void a_scope_leaves_loops_and_conditions(void **state) {
  (void)state;
  const Stmt *body =
      nest("i", 4, make_if(A, ex("i < 3"), work(2, call("a")), NULL));
  assert_brief(run(COPROC, body),
               "@2;\n"
               "for (i, 0, 4) {\n"
               "  if (i < 3) {\n"
               "    @tir.call_extern(\"a\")\n"
               "  }\n"
               "}");
}

static void branches_that_differ_keep_their_scopes(void **state) {
  (void)state;
  const Stmt *body =
      make_if(A, ex("i < 3"), work(2, call("a")), work(1, call("b")));
  assert_brief(run(COPROC, body),
               "if (i < 3) {\n"
               "  @2;\n"
               "  @tir.call_extern(\"a\")\n"
               "} else {\n"
               "  @1;\n"
               "  @tir.call_extern(\"b\")\n"
               "}");
  body = make_if(A, ex("i < 3"), work(2, call("a")), work(2, call("b")));
  assert_int_equal(run(COPROC, body)->kind, ATTR);
}

static void a_scope_stays_inside_an_allocation(void **state) {
  (void)state;
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 16);
  const Stmt *lifted = run(COPROC, alloc(a, nest("i", 4, work(2, call("a")))));
  assert_int_equal(lifted->kind, ALLOCATE);
  assert_int_equal(body_of(lifted)->kind, ATTR);
}

/* Sequences inside sequences do not keep neighbours apart. */
static void nested_sequences_are_flat(void **state) {
  (void)state;
  const Stmt *body = SEQ_OF(work(1, call("a")),
                            SEQ_OF(work(1, call("b")), work(2, call("c"))));
  const Seq *seq = as_seq(run(COPROC, body));
  assert_int_equal(seq->n, 2);
  assert_int_equal(as_seq(body_of(seq->at[0]))->n, 2);
}

/* Two GEMM kernels name the same string, two ALU kernels never do. */
static void kernels_merge_by_identity(void **state) {
  (void)state;
  const VtaEnv *env = test_env();
  const Stmt *body = SEQ_OF(uop_scope(env, A, env->push_gemm, call("a")),
                            uop_scope(env, A, env->push_gemm, call("b")),
                            push_alu(call("c")), push_alu(call("d")));
  const Seq *seq = as_seq(run(UOP, body));
  assert_int_equal(seq->n, 3);
  assert_int_equal(as_seq(body_of(seq->at[0]))->n, 2);
}

static void alu_stages_are_annotated(void **state) {
  (void)state;
  const Stmt *stage = alu(call("a"));
  const Stmt *annotated = run(pass_annotate_alu_scope, stage);
  assert_brief(annotated,
               "@2;\n"
               "U[ALU];\n"
               "attr [IterVar(i0, (nullptr), \"DataPar\", \"\")] "
               "\"pragma_alu\" = 1;\n"
               "@tir.call_extern(\"a\")");
  const Stmt *skipped = mark("pragma_skip_alu", "i0", num(1), call("a"));
  assert_true(is_nop(run(pass_annotate_alu_scope, skipped)));
  assert_unchanged(pass_annotate_alu_scope, call("a"));
}

static void nothing_to_lift_is_no_change(void **state) {
  (void)state;
  const Stmt *body = SEQ_OF(call("a"), nest("i", 4, call("b")));
  assert_unchanged(COPROC, body);
  assert_unchanged(UOP, work(2, call("a")));
  assert_unchanged(pass_lift_alloc, body);
}

static void allocations_go_to_the_beginning_of_their_loop(void **state) {
  (void)state;
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 16);
  Buffer *b = in_scope(VTA_ACC_SCOPE, "b", INT32, 16);
  Buffer *c = in_scope(VTA_ACC_SCOPE, "c", INT32, 16);
  const Stmt *inner = nest("k", 4, SEQ_OF(call("f"), alloc(c, call("g"))));
  const Stmt *body = nest("i", 4, alloc(a, SEQ_OF(inner, alloc(b, call("h")))));
  assert_brief(
      run(pass_lift_alloc, virtual_thread("cthread", 2, body)),
      "attr [IterVar(cthread, (nullptr), \"ThreadIndex\", \"cthread\")] "
      "\"virtual_thread\" = 2;\n"
      "for (i, 0, 4) {\n"
      "  allocate(a: Pointer(local.acc_buffer int32), int32, [16]), "
      "storage_scope = local.acc_buffer;\n"
      "  allocate(b: Pointer(local.acc_buffer int32), int32, [16]), "
      "storage_scope = local.acc_buffer {\n"
      "    for (k, 0, 4) {\n"
      "      allocate(c: Pointer(local.acc_buffer int32), int32, [16]), "
      "storage_scope = local.acc_buffer {\n"
      "        @tir.call_extern(\"f\")\n"
      "        @tir.call_extern(\"g\")\n"
      "      }\n"
      "    }\n"
      "    @tir.call_extern(\"h\")\n"
      "  }\n"
      "}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(neighbours_of_one_unit_merge),
      VTA_TEST(a_scope_leaves_loops_and_conditions),
      VTA_TEST(branches_that_differ_keep_their_scopes),
      VTA_TEST(a_scope_stays_inside_an_allocation),
      VTA_TEST(nested_sequences_are_flat),
      VTA_TEST(kernels_merge_by_identity),
      VTA_TEST(alu_stages_are_annotated),
      VTA_TEST(nothing_to_lift_is_no_change),
      VTA_TEST(allocations_go_to_the_beginning_of_their_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
