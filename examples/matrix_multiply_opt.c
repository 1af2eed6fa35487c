/* SPDX-License-Identifier: Apache-2.0 */
/* Blocked matrix multiply: a fully connected layer with fixed-point output,
 * from expressions to a verified run, one step after another.
 *
 * Prints the function untouched, tiled and mapped to the accelerator, then the
 * counters and a last line; exit status 0 says that the result is right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vtac/vtac.h>

enum { BATCH = 1, IN = 1024, OUT = 1024, TILE = 256, SHIFT = 8, MOST = 127 };

static int8_t data_plain[BATCH * IN], weight_plain[OUT * IN];
static int8_t res_plain[BATCH * OUT];
static int64_t batch, in, out; /* the accelerator's block sizes */

/* The object, or the end of the program. */
static void *need(const void *object, const vtac_error *error) {
  if (object) return (void *)object;
  fprintf(stderr, "%s\n", error->message);
  exit(EXIT_FAILURE);
}

static void show(vtac_context *c, vtac_schedule s, const vtac_tensor *args,
                 const vtac_lower_options *options) {
  const char *text = vtac_lower_text(c, s, 3, args, "main", options);
  fputs(need(text, vtac_context_error(c)), stdout);
}

/* Random inputs, and the result computed plainly. */
static void make_data(void) {
  for (int i = 0; i < BATCH * IN; i++) data_plain[i] = (int8_t)rand();
  for (int i = 0; i < OUT * IN; i++) weight_plain[i] = (int8_t)rand();
  for (int i = 0; i < BATCH * OUT; i++) {
    const int8_t *d = data_plain + i / OUT * IN;
    const int8_t *w = weight_plain + i % OUT * IN;
    int32_t sum = 0;
    for (int k = 0; k < IN; k++) sum += d[k] * w[k];
    sum >>= SHIFT;
    res_plain[i] = (int8_t)(sum < 0 ? 0 : sum > MOST ? MOST : sum);
  }
}

/* (rows, columns) in tiles of (r, k) -> (rows/r, columns/k, r, k) */
static void pack(int8_t *to, const int8_t *from, int rows, int columns,
                 int64_t r, int64_t k) {
  for (int row = 0; row < rows; row += (int)r)
    for (int column = 0; column < columns; column += (int)k)
      for (int i = 0; i < r; i++, to += k)
        memcpy(to, from + (row + i) * columns + column, (size_t)k);
}

/* Runs the module and compares every element; prints the counters. */
static int run(const vtac_module *module, const vtac_config *config,
               const vtac_tensor *args) {
  static int8_t data[sizeof data_plain], weight[sizeof weight_plain];
  static int8_t res[sizeof res_plain], expected[sizeof res_plain];
  int8_t *const values[] = {data, weight, res};
  uint64_t counters[VTAC_COUNTERS];
  vtac_array *arrays[3];
  vtac_error error;
  vtac_device *device = need(vtac_device_open(config, NULL, &error), &error);
  make_data();
  pack(data, data_plain, BATCH, IN, batch, in);
  pack(weight, weight_plain, OUT, IN, out, in);
  pack(expected, res_plain, BATCH, OUT, batch, out);
  for (int i = 0; i < 3; i++) {
    arrays[i] = need(vtac_array_like(device, args[i], &error), &error);
    if (vtac_array_write(arrays[i], values[i], &error)) need(NULL, &error);
  }
  vtac_device_clear_counters(device);
  if (vtac_module_run(module, device, 3, arrays, &error) ||
      vtac_array_read(arrays[2], res, &error))
    need(NULL, &error);
  vtac_device_counters(device, counters);
  puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("        %-16s: %16llu\n", vtac_counter_name(i),
           (unsigned long long)counters[i]);
  for (int i = 0; i < 3; i++) vtac_array_free(arrays[i]);
  vtac_device_close(device);
  return !memcmp(res, expected, sizeof res);
}

/* Puts a tensor into a memory of the accelerator, filled by that unit. */
static void map(vtac_context *c, vtac_schedule s, vtac_tensor tensor,
                const char *scope, const char *unit) {
  vtac_set_scope(c, vtac_stage_of(c, s, tensor), scope);
  vtac_pragma(c, vtac_stage_of(c, s, tensor), vtac_axis(tensor, 0), unit);
}

/* A stage that works on each element x of the one before it. */
#define STAGE(name, before, expression)                                    \
  (vtac_axes(c, VTAC_DIMS(BATCH / batch, OUT / out, batch, out), NULL, i), \
   x = vtac_at(c, before, 4, i), vtac_compute(c, name, 4, i, expression))

int main(void) {
  vtac_error error;
  vtac_config *config = need(vtac_config_default(&error), &error);
  vtac_context *c = need(vtac_context_new(config, &error), &error);
  batch = vtac_config_get(config, "BATCH");
  in = vtac_config_get(config, "BLOCK_IN");
  out = vtac_config_get(config, "BLOCK_OUT");

  /* Step 1: what is computed.  Tensors are packed in the hardware's tiles. */
  vtac_iter i[4], ic = vtac_reduce_axis(c, 0, IN / in, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, in, "ic_tns");
  vtac_tensor data = vtac_placeholder(
      c, "data", "int8", VTAC_DIMS(BATCH / batch, IN / in, batch, in));
  vtac_tensor weight = vtac_placeholder(c, "weight", "int8",
                                        VTAC_DIMS(OUT / out, IN / in, out, in));
  vtac_tensor data_buf = vtac_copy(c, data, "data_buf");
  vtac_tensor weight_buf = vtac_copy(c, weight, "weight_buf");
  vtac_axes(c, VTAC_DIMS(BATCH / batch, OUT / out, batch, out),
            (const char *[]){"bo", "co", "bi", "ci"}, i);
  vtac_expr d = vtac_at(c, data_buf, VTAC_ITERS(i[0], ic, i[2], ic_tns));
  vtac_expr w = vtac_at(c, weight_buf, VTAC_ITERS(i[1], ic, i[3], ic_tns));
  vtac_expr x = vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
  vtac_tensor gemm =
      vtac_compute(c, "res_gem", 4, i, vtac_sum(c, x, VTAC_ITERS(ic, ic_tns)));
  vtac_tensor shr =
      STAGE("res_shr", gemm, vtac_shift_right(c, x, vtac_int(c, SHIFT)));
  vtac_tensor max = STAGE("res_max", shr, vtac_max(c, x, vtac_int(c, 0)));
  vtac_tensor min = STAGE("res_min", max, vtac_min(c, x, vtac_int(c, MOST)));
  vtac_tensor res = STAGE("res", min, vtac_cast(c, "int8", x));

  /* Step 2: the untouched schedule. */
  const vtac_tensor args[] = {data, weight, res};
  const vtac_tensor inside[] = {gemm, shr, max, min};
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(res));
  show(c, s, args, NULL);

  /* Step 3: tile the output, and the reduction inside a tile. */
  vtac_stage out_stage = vtac_stage_of(c, s, res);
  vtac_stage gemm_stage = vtac_stage_of(c, s, gemm);
  vtac_iter b_out, b_inn, oc_out, oc_inn, ic_out, ic_inn;
  vtac_split(c, out_stage, vtac_axis(res, 0), 1 / batch, &b_out, &b_inn);
  vtac_split(c, out_stage, vtac_axis(res, 1), TILE / out, &oc_out, &oc_inn);
  vtac_reorder(c, out_stage, VTAC_ITERS(b_out, oc_out, b_inn, oc_inn));
  for (int k = 0; k < 4; k++)
    vtac_compute_at(c, vtac_stage_of(c, s, inside[k]), out_stage, oc_out);
  vtac_split(c, gemm_stage, ic, TILE / in, &ic_out, &ic_inn);
  vtac_reorder(
      c, gemm_stage,
      VTAC_ITERS(ic_out, vtac_axis(gemm, 0), vtac_axis(gemm, 1), ic_inn,
                 vtac_axis(gemm, 2), vtac_axis(gemm, 3), ic_tns));
  show(c, s, args, NULL);

  /* Step 4: memories, transfers, matrix and vector instructions. */
  const vtac_lower_options vta = {.accelerator = 1};
  map(c, s, data_buf, "local.inp_buffer", "dma_copy");
  map(c, s, weight_buf, "local.wgt_buffer", "dma_copy");
  for (int k = 1; k < 4; k++) map(c, s, inside[k], "local.acc_buffer", "alu");
  vtac_compute_at(c, vtac_stage_of(c, s, data_buf), gemm_stage, ic_out);
  vtac_compute_at(c, vtac_stage_of(c, s, weight_buf), gemm_stage, ic_out);
  vtac_set_scope(c, gemm_stage, "local.acc_buffer");
  vtac_tensorize_gemm(c, gemm_stage, vtac_axis(gemm, 2));
  vtac_pragma(c, out_stage, vtac_axis(res, 2), "dma_copy");
  show(c, s, args, &vta);

  /* Step 5: build, run, verify. */
  vtac_module *module = vtac_build(c, s, 3, args, "my_gemm", &vta);
  need(module, vtac_context_error(c));
  int right = run(module, config, args);
  puts(right ? "Successful blocked matrix multiply test!"
             : "The result differs from the reference computation.");
  vtac_module_free(module);
  vtac_context_free(c);
  vtac_config_free(config);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
