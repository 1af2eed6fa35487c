/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of several stages on the vector unit: what it can compute, in how
 * many stages, from which memories, for how many outputs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/programs.h"

enum { ROWS = 6, COLUMNS = 5, LANES = 16, VALUES = ROWS * COLUMNS * LANES };
enum { DIMS = 4, MOST_ARGS = 4 };

static const int64_t shape[DIMS] = {ROWS, COLUMNS, 1, LANES};

typedef struct Vec {
  vtac_config *config;
  vtac_context *c;
  vtac_schedule s;
  int n;
  vtac_tensor args[MOST_ARGS];
  int32_t input[2][VALUES];
  int8_t output[2][VALUES]; /* the last one first */
} Vec;

static int set_up(void **state) {
  Vec *v = calloc(1, sizeof *v);
  uint64_t random = 7;
  v->config = vtac_config_default(NULL);
  v->c = vtac_context_new(v->config, NULL);
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < VALUES; i++)
      v->input[k][i] = (int32_t)(test_random(&random) % 200) - 100;
  *state = v;
  return 0;
}

static int tear_down(void **state) {
  Vec *v = *state;
  vtac_context_free(v->c);
  vtac_config_free(v->config);
  free(v);
  return 0;
}

/* ---- Building ----------------------------------------------------------- */

static vtac_tensor argument(Vec *v, const char *name, const char *type) {
  vtac_tensor tensor = vtac_placeholder(v->c, name, type, DIMS, shape);
  v->args[v->n++] = tensor;
  return tensor;
}

typedef vtac_expr (*Body)(vtac_context *c, const vtac_expr *operand);

/* A stage over up to two tensors. */
static vtac_tensor stage(Vec *v, const char *name, Body body, vtac_tensor a,
                         vtac_tensor b) {
  vtac_iter i[DIMS];
  vtac_axes(v->c, DIMS, shape, NULL, i);
  vtac_expr operand[2] = {vtac_at(v->c, a, DIMS, i),
                          b ? vtac_at(v->c, b, DIMS, i) : NULL};
  return vtac_compute(v->c, name, DIMS, i, body(v->c, operand));
}

static vtac_expr same(vtac_context *c, const vtac_expr *x) {
  (void)c;
  return x[0];
}
static vtac_expr widened(vtac_context *c, const vtac_expr *x) {
  return vtac_cast(c, "int32", x[0]);
}
static vtac_expr narrowed(vtac_context *c, const vtac_expr *x) {
  return vtac_cast(c, "int8", x[0]);
}

static void on_chip(Vec *v, vtac_tensor tensor, const char *pragma) {
  vtac_stage at = vtac_stage_of(v->c, v->s, tensor);
  vtac_set_scope(v->c, at, "local.acc_buffer");
  vtac_pragma(v->c, at, vtac_axis(tensor, 0), pragma);
}

static void store(Vec *v, vtac_tensor tensor) {
  vtac_pragma(v->c, vtac_stage_of(v->c, v->s, tensor), vtac_axis(tensor, 0),
              "dma_copy");
}

/* ---- Running ------------------------------------------------------------ */

static void must(const Vec *v, bool good, const vtac_error *error) {
  const vtac_error *kept = vtac_context_error(v->c);
  if (!good) fail_msg("%s", kept ? kept->message : error->message);
}

static void run(Vec *v, int inputs, uint64_t counters[VTAC_COUNTERS]) {
  const vtac_device_options options = {.verify = 1};
  const vtac_lower_options lower = {.accelerator = 1};
  vtac_error error = {0};
  vtac_array *array[MOST_ARGS] = {0};
  vtac_module *module = vtac_build(v->c, v->s, v->n, v->args, "vector", &lower);
  must(v, module != NULL, &error);
  vtac_device *device = vtac_device_open(v->config, &options, &error);
  for (int i = 0; i < v->n; i++) {
    array[i] = vtac_array_like(device, v->args[i], &error);
    int8_t narrow[VALUES];
    bool wide = !strcmp(vtac_tensor_dtype(v->args[i]), "int32");
    for (int k = 0; i < inputs && k < VALUES; k++)
      narrow[k] = (int8_t)v->input[i][k];
    if (i < inputs)
      must(v,
           !vtac_array_write(
               array[i], wide ? (void *)v->input[i] : (void *)narrow, &error),
           &error);
  }
  must(v, !vtac_module_run(module, device, v->n, array, &error), &error);
  for (int i = inputs; i < v->n; i++)
    if (vtac_array_size(array[i]) == VALUES)
      must(v, !vtac_array_read(array[i], v->output[v->n - 1 - i], &error),
           &error);
  vtac_device_counters(device, counters);
  for (int i = 0; i < v->n; i++) vtac_array_free(array[i]);
  vtac_device_close(device);
  vtac_module_free(module);
}

/* ---- What one stage can compute ----------------------------------------- */

#define BODY(name, value)                                      \
  static vtac_expr name(vtac_context *c, const vtac_expr *x) { \
    const vtac_expr a = x[0], b = x[1];                        \
    (void)b;                                                   \
    return value;                                              \
  }
#define N(value) vtac_int(c, value)
BODY(add_b, vtac_add(c, a, b))
BODY(sub_b, vtac_sub(c, a, b))
BODY(sub_from, vtac_sub(c, N(5), a))
BODY(sub_twice, vtac_sub(c, a, vtac_mul(c, b, N(2))))
BODY(merged, vtac_sub(c, vtac_add(c, a, N(3)), N(10)))
BODY(mul_b, vtac_mul(c, a, b))
BODY(square, vtac_mul(c, a, a))
BODY(min_b, vtac_min(c, a, b))
BODY(max_left, vtac_max(c, N(7), a))
BODY(left, vtac_shift_left(c, a, N(3)))
BODY(divided, vtac_floordiv(c, a, N(4)))
BODY(large_add, vtac_add(c, a, N(40000)))
BODY(large_mul, vtac_mul(c, a, N(3 << 15)))
BODY(wrapped, vtac_cast(c, "int32", vtac_cast(c, "int8", vtac_mul(c, a, N(3)))))
BODY(chain,
     vtac_min(c,
              vtac_max(c, vtac_shift_right(c, vtac_add(c, a, N(9)), N(1)),
                       N(-20)),
              N(30)))
BODY(shift_const, vtac_shift_right(c, a, N(2)))

typedef struct OneStage {
  Body body;
  int32_t (*plain)(int32_t a, int32_t b);
} OneStage;

static int32_t floor_shift(int32_t a, int32_t b) { return a >> b; }
#define PLAIN(name, value)                        \
  static int32_t p_##name(int32_t a, int32_t b) { \
    (void)b;                                      \
    return value;                                 \
  }
PLAIN(add_b, a + b)
PLAIN(sub_b, a - b)
PLAIN(sub_from, 5 - a)
PLAIN(sub_twice, a - 2 * b)
PLAIN(merged, a - 7)
PLAIN(mul_b, a *b)
PLAIN(square, a *a)
PLAIN(min_b, a < b ? a : b)
PLAIN(max_left, a > 7 ? a : 7)
PLAIN(left, a * 8)
PLAIN(divided, floor_shift(a, 2))
PLAIN(large_add, a + 40000)
PLAIN(large_mul, a *(3 << 15))
PLAIN(wrapped, (int8_t)(a * 3))
PLAIN(shift_const, floor_shift(a, 2))
static int32_t p_chain(int32_t a, int32_t b) {
  int32_t value = floor_shift(a + 9, 1);
  (void)b;
  return value < -20 ? -20 : value > 30 ? 30 : value;
}

static const OneStage stages[] = {
    {add_b, p_add_b},         {sub_b, p_sub_b},
    {sub_from, p_sub_from},   {sub_twice, p_sub_twice},
    {merged, p_merged},       {mul_b, p_mul_b},
    {square, p_square},       {min_b, p_min_b},
    {max_left, p_max_left},   {left, p_left},
    {divided, p_divided},     {large_add, p_large_add},
    {large_mul, p_large_mul}, {wrapped, p_wrapped},
    {chain, p_chain},         {shift_const, p_shift_const}};
enum { STAGES = sizeof stages / sizeof *stages };

/* res = narrowed(shifted(body(a, b))); the shift shows high bits, too. */
static void check_stage(const OneStage *one, bool wide, int shift) {
  void *state;
  set_up(&state);
  Vec *v = state;
  uint64_t counters[VTAC_COUNTERS];
  const char *type = wide ? "int32" : "int8";
  vtac_tensor a = argument(v, "A", type), b = argument(v, "B", type);
  vtac_tensor a_buf = stage(v, "A_buf", wide ? same : widened, a, NULL);
  vtac_tensor b_buf = stage(v, "B_buf", wide ? same : widened, b, NULL);
  vtac_tensor both = stage(v, "both", add_b, a_buf, b_buf);
  vtac_tensor out = stage(v, "out", one->body, both, a_buf);
  vtac_tensor high = shift ? stage(v, "high", shift_const, out, NULL) : out;
  vtac_tensor res = stage(v, "res", narrowed, high, NULL);
  v->args[v->n++] = res;
  v->s = vtac_schedule_new(v->c, VTAC_TENSORS(res));
  on_chip(v, a_buf, "dma_copy");
  on_chip(v, b_buf, "dma_copy");
  on_chip(v, both, "alu");
  on_chip(v, out, "alu");
  if (shift) on_chip(v, high, "alu");
  store(v, res);
  run(v, 2, counters);
  for (int i = 0; i < VALUES; i++) {
    int32_t a_value = v->input[0][i], x = a_value + v->input[1][i];
    int32_t value = one->plain(x, a_value);
    assert_int_equal(v->output[0][i], (int8_t)(shift ? value >> 2 : value));
  }
  tear_down(&state);
}

static void every_operation(void **state) {
  (void)state;
  for (int i = 0; i < STAGES; i++) {
    check_stage(&stages[i], true, 0);
    check_stage(&stages[i], true, 2);
    check_stage(&stages[i], false, 0);
  }
}

/* ---- Several outputs and consumers -------------------------------------- */

/* A residual block's end: t = a + b has two consumers, relu(t) and t >> 2,
 * each of them an output. */
static void several_outputs_of_one_stage(void **state) {
  Vec *v = *state;
  uint64_t counters[VTAC_COUNTERS];
  vtac_tensor a = argument(v, "A", "int32"), b = argument(v, "B", "int32");
  vtac_tensor a_buf = stage(v, "A_buf", same, a, NULL);
  vtac_tensor b_buf = stage(v, "B_buf", same, b, NULL);
  vtac_tensor sum = stage(v, "sum", add_b, a_buf, b_buf);
  vtac_tensor relu = stage(v, "relu", max_left, sum, NULL);
  vtac_tensor high = stage(v, "high", shift_const, sum, NULL);
  vtac_tensor first = stage(v, "first", narrowed, relu, NULL);
  vtac_tensor second = stage(v, "second", narrowed, high, NULL);
  v->args[v->n++] = first;
  v->args[v->n++] = second;
  v->s = vtac_schedule_new(v->c, VTAC_TENSORS(first, second));
  on_chip(v, a_buf, "dma_copy");
  on_chip(v, b_buf, "dma_copy");
  on_chip(v, sum, "alu");
  on_chip(v, relu, "alu");
  on_chip(v, high, "alu");
  store(v, first);
  store(v, second);
  run(v, 2, counters);
  for (int i = 0; i < VALUES; i++) {
    int32_t t = v->input[0][i] + v->input[1][i];
    assert_int_equal(v->output[1][i], (int8_t)(t > 7 ? t : 7));
    assert_int_equal(v->output[0][i], (int8_t)(t >> 2));
  }
}

/* Copies made by the schedule, not by the program; inlined stages. */
static void caches_and_inlining(void **state) {
  Vec *v = *state;
  uint64_t counters[VTAC_COUNTERS];
  vtac_tensor a = argument(v, "A", "int32");
  vtac_tensor more = stage(v, "more", large_add, a, NULL);
  vtac_tensor high = stage(v, "high", shift_const, more, NULL);
  vtac_tensor res = stage(v, "res", narrowed, high, NULL);
  v->args[v->n++] = res;
  v->s = vtac_schedule_new(v->c, VTAC_TENSORS(res));
  vtac_tensor copy =
      vtac_cache_read(v->c, v->s, a, "local.acc_buffer", VTAC_TENSORS(more));
  vtac_pragma(v->c, vtac_stage_of(v->c, v->s, copy), vtac_axis(copy, 0),
              "dma_copy");
  vtac_compute_inline(v->c, vtac_stage_of(v->c, v->s, more));
  on_chip(v, high, "alu");
  store(v, res);
  run(v, 1, counters);
  for (int i = 0; i < VALUES; i++)
    assert_int_equal(v->output[0][i], (int8_t)((v->input[0][i] + 40000) >> 2));
}

/* Parts of a tensor, with padding, go into the accumulators tile by tile. */
static void partial_and_padded_loads(void **state) {
  Vec *v = *state;
  uint64_t counters[VTAC_COUNTERS];
  vtac_tensor a = argument(v, "A", "int32");
  const int64_t pad[DIMS] = {1, 1, 0, 0};
  vtac_tensor padded = vtac_pad(v->c, a, pad, NULL, "padded");
  vtac_iter i[DIMS];
  vtac_axes(v->c, DIMS, shape, NULL, i);
  vtac_expr at[DIMS];
  for (int k = 0; k < DIMS; k++) at[k] = vtac_iter_expr(v->c, i[k]);
  vtac_expr corner = vtac_read(v->c, padded, DIMS, at);
  at[0] = vtac_add(v->c, at[0], vtac_int(v->c, 2));
  vtac_expr below = vtac_read(v->c, padded, DIMS, at);
  vtac_tensor sum =
      vtac_compute(v->c, "sum", DIMS, i, vtac_sub(v->c, below, corner));
  vtac_tensor res = stage(v, "res", narrowed, sum, NULL);
  v->args[v->n++] = res;
  v->s = vtac_schedule_new(v->c, VTAC_TENSORS(res));
  vtac_stage out = vtac_stage_of(v->c, v->s, res);
  vtac_iter y, y_in;
  vtac_split(v->c, out, vtac_axis(res, 0), 4, &y, &y_in);
  vtac_compute_at(v->c, vtac_stage_of(v->c, v->s, padded), out, y);
  vtac_compute_at(v->c, vtac_stage_of(v->c, v->s, sum), out, y);
  on_chip(v, padded, "dma_copy");
  on_chip(v, sum, "alu");
  vtac_pragma(v->c, out, y_in, "dma_copy");
  run(v, 1, counters);
  for (int k = 0; k < VALUES; k++) {
    int row = k / LANES / COLUMNS, column = k / LANES % COLUMNS - 1;
    int32_t value[2] = {0, 0};
    for (int t = 0; t < 2; t++) {
      int at_row = row + 2 * t - 1;
      if (column >= 0 && at_row >= 0 && at_row < ROWS)
        value[t] = v->input[0][(at_row * COLUMNS + column) * LANES + k % LANES];
    }
    assert_int_equal(v->output[0][k], (int8_t)(value[1] - value[0]));
  }
}

/* The host runs a stage of its own, an output, before the accelerator's. */
static void host_loops_of_every_kind(void **state) {
  Vec *v = *state;
  uint64_t counters[VTAC_COUNTERS];
  vtac_tensor a = argument(v, "A", "int32");
  vtac_tensor host = stage(v, "host", square, a, NULL);
  vtac_tensor buf = stage(v, "buf", same, host, NULL);
  vtac_tensor out = stage(v, "out", shift_const, buf, NULL);
  vtac_tensor res = stage(v, "res", narrowed, out, NULL);
  v->args[v->n++] = host;
  v->args[v->n++] = res;
  v->s = vtac_schedule_new(v->c, VTAC_TENSORS(host, res));
  vtac_stage at = vtac_stage_of(v->c, v->s, host);
  vtac_parallel(v->c, at, vtac_axis(host, 0));
  vtac_unroll(v->c, at, vtac_axis(host, 1));
  vtac_vectorize(v->c, at, vtac_axis(host, 3));
  on_chip(v, buf, "dma_copy");
  on_chip(v, out, "alu");
  store(v, res);
  run(v, 1, counters);
  for (int i = 0; i < VALUES; i++)
    assert_int_equal(v->output[0][i],
                     (int8_t)(v->input[0][i] * v->input[0][i] >> 2));
}

#define VEC_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation),
      VEC_TEST(several_outputs_of_one_stage),
      VEC_TEST(caches_and_inlining),
      VEC_TEST(partial_and_padded_loads),
      VEC_TEST(host_loops_of_every_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
