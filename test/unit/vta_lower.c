/* SPDX-License-Identifier: Apache-2.0 */
/* The last passes of the accelerator, the GEMM intrinsic, and whole kernels
 * from flat loops to instructions (examples A and C of the specification). */
#include "vta_fixture.h"

#include "vta/gemm_intrin.h"

enum { RW = 3, R = 1 };

static void pointers_become_elements(void **state) {
  (void)state;
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 1024);
  Buffer *w = in_scope(VTA_WGT_SCOPE, "w", INT8, 1 << 16);
  const Stmt *body =
      alloc(a, alloc(w, gemm(pointer(a, "t*256 + co*16", 16, RW), num(0),
                             pointer(w, "co*4096 + ic*256", 256, R))));
  assert_brief(run(pass_lower_device_storage, body),
               "@2;\n"
               "U[GEMM];\n"
               "uop_push(0, 0, ((t*16) + co), 0, ((co*16) + ic), 0, 0, 0)");
}

static const Stmt *kernel(const Stmt *body) {
  return uop_scope(test_env(), A, test_env()->push_gemm, body);
}

static const Stmt *push(const char *dst, const char *src, const char *wgt) {
  UopPush p = {.dst = ex(dst), .src = ex(src), .wgt = ex(wgt), .imm = num(0)};
  return uop_push(A, &p);
}

static void two_loops_fold(void **state) {
  (void)state;
  const Stmt *body = kernel(nest(
      "co", 8,
      nest("i", 7,
           nest("dx", 3,
                nest("j", 14,
                     push("t*784 + co*98 + i*14 + j", "t*144 + i*16 + j + dx",
                          "t*72 + co*9 + dx"))))));
  assert_brief(run(pass_fold_uop_loop, body),
               "U[GEMM] {\n"
               "  Begin(8, 98, 0, 9)\n"
               "  Begin(7, 14, 16, 0)\n"
               "  for (dx, 0, 3) {\n"
               "    for (j, 0, 14) {\n"
               "      uop_push(0, 0, ((t*784) + j), (((t*144) + j) + dx), "
               "((t*72) + dx), 0, 0, 0)\n"
               "    }\n"
               "  }\n"
               "  End()\n"
               "  End()\n"
               "}");
}

/* Loops whose micro-ops differ in step, or that hold anything else, stay. */
static void what_does_not_fold_stays_a_loop(void **state) {
  (void)state;
  assert_unchanged(
      pass_fold_uop_loop,
      kernel(nest("i", 4, SEQ_OF(push("i", "0", "0"), push("i*2", "0", "0")))));
  assert_unchanged(
      pass_fold_uop_loop,
      kernel(nest("i", 4, SEQ_OF(push("i", "0", "0"), call("f")))));
  assert_unchanged(pass_fold_uop_loop,
                   kernel(nest("i", 4, push("i*j", "0", "0"))));
  assert_unchanged(pass_fold_uop_loop,
                   kernel(nest("i", 4, push("i*i", "0", "0"))));
  const Stmt *one =
      kernel(nest("i", 4, nest("j", 4, push("i + j*j", "0", "0"))));
  assert_int_equal(as_seq(body_of(run(pass_fold_uop_loop, one)))->n, 3);
}

static void the_host_gets_pointers_of_its_own(void **state) {
  (void)state;
  Buffer *in = flat_buffer_of("in", INT8, 16);
  Buffer *temp = flat_buffer_of("temp", INT8, 16);
  const Stmt *body =
      nest("i", 16, store_at(temp, ex("i"), load_at(in, ex("i"))));
  assert_brief(
      run(pass_cpu_access_rewrite, alloc(temp, body)),
      "let in_ptr: Pointer(global int8) = "
      "@tir.call_extern(\"VTABufferCPUPtr\", cmd, in: Pointer(global int8), "
      "dtype=handle)\n"
      "allocate(temp: Pointer(global int8), int8, [16]), storage_scope = "
      "global;\n"
      "let temp_ptr: Pointer(global int8) = "
      "@tir.call_extern(\"VTABufferCPUPtr\", cmd, temp, dtype=handle)\n"
      "for (i, 0, 16) {\n"
      "  buffer: Buffer(temp_ptr, int8, [16], [])[i] = buffer_1: "
      "Buffer(in_ptr, int8, [16], [])[i]\n"
      "}");
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 16);
  assert_fails(pass_cpu_access_rewrite, store_at(a, num(0), num(7)),
               D_ONCHIP_ACCESS,
               "the host accesses buffer 'a', which lies in the accelerator's "
               "local.acc_buffer");
}

static void the_gemm_intrinsic(void **state) {
  (void)state;
  const TensorIntrin *intrin = gemm_intrin(test_env(), A);
  assert_string_equal(intrin->name, "GEMM");
  assert_int_equal(intrin->input[1]->offset_factor, 256);
  assert_int_equal(intrin->output->align, 16);
  assert_brief(intrin->update,
               "@2;\n"
               "U[GEMM];\n"
               "uop_push(0, 0, @tir.tvm_access_ptr(@tir.type_annotation(), "
               "local.acc_buffer: Pointer(local.acc_buffer int32), "
               "local.acc_buffer_elem_offset, 16, 3), "
               "@tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), "
               "local.inp_buffer: Pointer(local.inp_buffer int8), "
               "local.inp_buffer_elem_offset, 16, 1), "
               "@tir.tvm_access_ptr(@tir.type_annotation(, dtype=int8), "
               "local.wgt_buffer: Pointer(local.wgt_buffer int8), "
               "local.wgt_buffer_elem_offset, 256, 1), 0, 0, 0)");
  assert_brief(intrin->reset,
               "@2;\n"
               "U[GEMM];\n"
               "uop_push(0, 1, @tir.tvm_access_ptr(@tir.type_annotation(), "
               "local.acc_buffer: Pointer(local.acc_buffer int32), "
               "local.acc_buffer_elem_offset, 16, 3), 0, 0, 0, 0, 0)");
}

/* ---- Sharing memory early ----------------------------------------------- */

static const Stmt *use(const Buffer *buffer) {
  return make_evaluate(A, pointer(buffer, "0", 16, R));
}

/* The message still names every buffer, and counts each thread's. */
static void threads_that_do_not_fit_are_refused(void **state) {
  (void)state;
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 1 << 14);
  Buffer *b = in_scope(VTA_ACC_SCOPE, "b", INT32, 16);
  const Stmt *body = alloc(a, alloc(b, SEQ_OF(use(a), use(b), use(a))));
  run(pass_early_rewrite, virtual_thread("vthread", 2, body));
  assert_fails(pass_early_rewrite, virtual_thread("cthread", 2, body),
               D_BUFFER_OVERFLOW,
               "local.acc_buffer is too small for a, b: 131200 bytes are "
               "needed, there are 131072");
}

/* Buffers share memory in the innermost thread that they belong to. */
static void memory_is_shared_inside_each_thread(void **state) {
  (void)state;
  Buffer *a = in_scope(VTA_ACC_SCOPE, "a", INT32, 64);
  Buffer *b = in_scope(VTA_ACC_SCOPE, "b", INT32, 32);
  Buffer *c = in_scope(VTA_ACC_SCOPE, "c", INT32, 64);
  const Stmt *inner = alloc(a, alloc(b, SEQ_OF(use(a), use(b))));
  inner = virtual_thread("cthread", 2, nest("i", 4, inner));
  const Stmt *body =
      virtual_thread("cthread", 2, SEQ_OF(alloc(c, use(c)), inner));
  body = body_of(run(pass_early_rewrite, body));
  const Allocate *outer = as_allocate(body);
  assert_ptr_equal(outer->var, c->data);
  assert_true(is_const(outer->extent[0], 64));
  body = body_of(as_seq(outer->body)->at[1]);
  assert_ptr_equal(as_allocate(body)->var, a->data);
  assert_true(is_const(as_allocate(body)->extent[0], 64));
  assert_int_equal(body_of(body)->kind, FOR);
}

/* ---- Whole kernels ------------------------------------------------------ */

/* The passes from flat memory on, in the order of the pipeline. */
static const Stmt *lower(const Stmt *body) {
  static const Pass passes[] = {pass_inject_dma,
                                pass_inject_skip_copy,
                                pass_annotate_alu_scope,
                                pass_lift_uop_scope,
                                pass_lift_alloc,
                                pass_lift_coproc_scope,
                                pass_coproc_sync,
                                pass_early_rewrite,
                                pass_inject_virtual_thread,
                                pass_storage_rewrite,
                                pass_inject_alu,
                                pass_simplify,
                                pass_remove_no_op,
                                pass_lower_device_storage,
                                pass_fold_uop_loop,
                                pass_cpu_access_rewrite};
  for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
    body = run(passes[i], body);
  return body;
}

static void example_a(void **state) {
  (void)state;
  Buffer *in[2] = {flat_buffer_of("A", INT32, 1024),
                   flat_buffer_of("B", INT32, 1024)};
  Buffer *out = flat_buffer_of("C", INT8, 1024);
  Buffer *a = in_scope(VTA_ACC_SCOPE, "A_buf", INT32, 1024);
  Buffer *b = in_scope(VTA_ACC_SCOPE, "B_buf", INT32, 1024);
  Buffer *c = in_scope(VTA_ACC_SCOPE, "C_buf", INT32, 1024);
  const Expr *at = ex("i1*16 + i3");
#define TILES(name1, name3, store) nest(name1, 64, nest(name3, 16, store))
  const Stmt *body = SEQ_OF(
      dma(TILES("i1", "i3", store_at(a, at, load_at(in[0], at)))),
      dma(TILES("i1", "i3", store_at(b, at, load_at(in[1], at)))),
      alu(TILES("i1", "i3",
                store_at(c, at, add(load_at(a, at), load_at(b, at))))),
      dma(TILES("i1", "i3",
                store_at(out, at, make_unary(A, CAST, INT8, load_at(c, at))))));
  assert_brief(
      lower(alloc(a, alloc(b, alloc(c, body)))),
      " {\n"
      "  @2 {\n"
      "    LD(A: Pointer(global int32), 0, 64, 1, 64, 0, 0, 0, 0, 0, 3)\n"
      "    LD(B: Pointer(global int32), 0, 64, 1, 64, 0, 0, 0, 0, 64, 3)\n"
      "    U[ALU] {\n"
      "      Begin(64, 1, 1, 0)\n"
      "      uop_push(1, 0, 0, 64, 0, 2, 0, 0)\n"
      "      End()\n"
      "    }\n"
      "    push(2, 3)\n"
      "  }\n"
      "  @3 {\n"
      "    pop(2, 3)\n"
      "    ST(0, 4, C: Pointer(global int8), 0, 64, 1, 64)\n"
      "  }\n"
      "  sync()\n"
      "}");
}

static const Stmt *tile_stage(const char *i, const char *k, const Buffer *to,
                              const Expr *value) {
  const Expr *at = add(mul(named(i), 16), &named(k)->e);
  return alu(nest(i, 16, nest(k, 16, store_at(to, at, value))));
}

static void example_c(void **state) {
  (void)state;
  Buffer *data = flat_buffer_of("data", INT8, 1024);
  Buffer *weight = flat_buffer_of("weight", INT8, 1 << 20);
  Buffer *res = flat_buffer_of("res", INT8, 1024);
  Buffer *gem = in_scope(VTA_ACC_SCOPE, "res_gem", INT32, 256);
  Buffer *shr = in_scope(VTA_ACC_SCOPE, "res_shr", INT32, 256);
  Buffer *max = in_scope(VTA_ACC_SCOPE, "res_max", INT32, 256);
  Buffer *min = in_scope(VTA_ACC_SCOPE, "res_min", INT32, 256);
  Buffer *dbuf = in_scope(VTA_INP_SCOPE, "data_buf", INT8, 256);
  Buffer *wbuf = in_scope(VTA_WGT_SCOPE, "weight_buf", INT8, 65536);
  const Stmt *reset =
      nest("co.init", 16, gemm(pointer(gem, "co.init*16", 16, RW), NULL, NULL));
  const Stmt *load_data =
      dma(nest("a", 16,
               nest("b", 16,
                    store_at(dbuf, ex("a*16 + b"),
                             load_at(data, ex("ic.outer*256 + "
                                              "a*16 + b"))))));
  const Stmt *load_weight = dma(nest(
      "a", 16,
      nest("b", 16,
           nest("c", 16,
                nest("d", 16,
                     store_at(wbuf, ex("a*4096 + b*256 + c*16 + d"),
                              load_at(weight,
                                      ex("i1.outer*262144 + ic.outer*4096 + "
                                         "a*16384 + b*256 + c*16 + d"))))))));
  const Stmt *multiply =
      nest("co", 16,
           nest("ic.inner", 16,
                gemm(pointer(gem, "co*16", 16, RW),
                     pointer(dbuf, "ic.inner*16", 16, R),
                     pointer(wbuf, "co*4096 + ic.inner*256", 256, R))));
  const Stmt *reduce = nest(
      "ic.outer", 4,
      alloc(dbuf,
            SEQ_OF(load_data, alloc(wbuf, SEQ_OF(load_weight, multiply)))));
  const Expr *shift[] = {load_at(gem, ex("p*16 + q")), num(8)};
  const Stmt *shift_stage =
      tile_stage("p", "q", shr, make_call(A, INT32, OP_SHIFT_RIGHT, 2, shift));
  const Stmt *max_stage = tile_stage(
      "r", "s", max, make_binary(A, MAX, load_at(shr, ex("r*16 + s")), num(0)));
  const Stmt *min_stage =
      tile_stage("u", "v", min,
                 make_binary(A, MIN, load_at(max, ex("u*16 + v")), num(127)));
  const Stmt *store = nest(
      "i1.inner", 16,
      dma(nest("i3", 16,
               store_at(res, ex("i1.outer*256 + i1.inner*16 + i3"),
                        make_unary(A, CAST, INT8,
                                   load_at(min, ex("i1.inner*16 + i3")))))));
  const Stmt *tail =
      alloc(max, SEQ_OF(max_stage, alloc(min, SEQ_OF(min_stage, store))));
  const Stmt *body =
      nest("i1.outer", 4,
           alloc(gem, SEQ_OF(SEQ_OF(reset, reduce),
                             alloc(shr, SEQ_OF(shift_stage, tail)))));
  assert_brief(
      lower(body),
      " {\n"
      "  push(3, 2)\n"
      "  for (i1.outer, 0, 4) {\n"
      "    @2 {\n"
      "      pop(3, 2)\n"
      "      U[GEMM] {\n"
      "        Begin(16, 1, 0, 0)\n"
      "        uop_push(0, 1, 0, 0, 0, 0, 0, 0)\n"
      "        End()\n"
      "      }\n"
      "      push(2, 1)\n"
      "    }\n"
      "    for (ic.outer, 0, 4) {\n"
      "      @1 {\n"
      "        pop(2, 1)\n"
      "        LD(data: Pointer(global int8), (ic.outer*16), 16, 1, 16, 0, 0, "
      "0, 0, 0, 2)\n"
      "        LD(weight: Pointer(global int8), ((i1.outer*1024) + "
      "(ic.outer*16)), 16, 16, 64, 0, 0, 0, 0, 0, 1)\n"
      "        push(1, 2)\n"
      "      }\n"
      "      @2 {\n"
      "        pop(1, 2)\n"
      "        U[GEMM] {\n"
      "          Begin(16, 1, 0, 16)\n"
      "          Begin(16, 0, 1, 1)\n"
      "          uop_push(0, 0, 0, 0, 0, 0, 0, 0)\n"
      "          End()\n"
      "          End()\n"
      "        }\n"
      "        push(2, 1)\n"
      "      }\n"
      "    }\n"
      "    pop(2, 1)\n"
      "    @2 {\n"
      "      U[ALU] {\n"
      "        Begin(16, 1, 1, 0)\n"
      "        uop_push(1, 0, 0, 0, 0, 3, 1, 8)\n"
      "        End()\n"
      "      }\n"
      "      U[ALU] {\n"
      "        Begin(16, 1, 1, 0)\n"
      "        uop_push(1, 0, 0, 0, 0, 1, 1, 0)\n"
      "        End()\n"
      "      }\n"
      "      U[ALU] {\n"
      "        Begin(16, 1, 1, 0)\n"
      "        uop_push(1, 0, 0, 0, 0, 0, 1, 127)\n"
      "        End()\n"
      "      }\n"
      "      push(2, 3)\n"
      "    }\n"
      "    @3 {\n"
      "      pop(2, 3)\n"
      "      for (i1.inner, 0, 16) {\n"
      "        ST(i1.inner, 4, res: Pointer(global int8), ((i1.outer*16) + "
      "i1.inner), 1, 1, 1)\n"
      "      }\n"
      "      push(3, 2)\n"
      "    }\n"
      "  }\n"
      "  sync()\n"
      "  pop(3, 2)\n"
      "}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      VTA_TEST(pointers_become_elements),
      VTA_TEST(two_loops_fold),
      VTA_TEST(what_does_not_fold_stays_a_loop),
      VTA_TEST(the_host_gets_pointers_of_its_own),
      VTA_TEST(the_gemm_intrinsic),
      VTA_TEST(threads_that_do_not_fit_are_refused),
      VTA_TEST(memory_is_shared_inside_each_thread),
      VTA_TEST(example_a),
      VTA_TEST(example_c),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
