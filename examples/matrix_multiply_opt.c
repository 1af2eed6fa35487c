/* SPDX-License-Identifier: Apache-2.0 */
/* Blocked matrix multiply: a fully connected layer with fixed-point output,
 * from expressions to a verified run, one step after another.
 *
 * Prints the function three times (untouched, tiled, mapped to the
 * accelerator), the simulator's counters and a last line.  Exit status 0: the
 * result equals the plain computation at the end of this file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vtac/vtac.h>

enum { BATCH_SIZE = 1, IN_CHANNELS = 1024, OUT_CHANNELS = 1024, SHIFT = 8 };

static int8_t data_plain[BATCH_SIZE][IN_CHANNELS];
static int8_t weight_plain[OUT_CHANNELS][IN_CHANNELS];

static void stop(const vtac_error *error) {
  fprintf(stderr, "%s\n", error->message);
  exit(EXIT_FAILURE);
}

static void show(vtac_context *c, vtac_schedule s, const vtac_tensor *args,
                 int accelerator) {
  const vtac_lower_options options = {.accelerator = accelerator};
  const char *text = vtac_lower_text(c, s, 3, args, "main", &options);
  if (!text) stop(vtac_context_error(c));
  fputs(text, stdout);
}

static void fill(void *values, size_t n) {
  int8_t *at = values;
  for (size_t i = 0; i < n; i++) at[i] = (int8_t)(rand() % 256 - 128);
}

/* (rows, columns) in tiles of (r, k) -> (rows/r, columns/k, r, k) */
static void pack(int8_t *to, const int8_t *from, int rows, int columns, int r,
                 int k) {
  for (int row = 0; row < rows; row += r)
    for (int column = 0; column < columns; column += k)
      for (int i = 0; i < r; i++, to += k)
        memcpy(to, from + (row + i) * columns + column, (size_t)k);
}

static int8_t reference(int b, int o) {
  int32_t sum = 0;
  for (int k = 0; k < IN_CHANNELS; k++)
    sum += data_plain[b][k] * weight_plain[o][k];
  sum >>= SHIFT;
  return (int8_t)(sum < 0 ? 0 : sum > 127 ? 127 : sum);
}

/* Builds the schedule's module, runs it and compares every element. */
static int run(vtac_context *c, const vtac_config *config, vtac_schedule s,
               const vtac_tensor *args) {
  static int8_t data[sizeof data_plain], weight[sizeof weight_plain];
  static int8_t res[BATCH_SIZE * OUT_CHANNELS], expected[sizeof res];
  static int8_t plain[BATCH_SIZE][OUT_CHANNELS];
  int batch = (int)vtac_config_get(config, "BATCH");
  int in = (int)vtac_config_get(config, "BLOCK_IN");
  int out = (int)vtac_config_get(config, "BLOCK_OUT");
  const vtac_lower_options options = {.accelerator = 1};
  vtac_error error;
  vtac_module *module = vtac_build(c, s, 3, args, "my_gemm", &options);
  if (!module) stop(vtac_context_error(c));
  vtac_device *device = vtac_device_open(config, NULL, &error);
  if (!device) stop(&error);

  fill(data_plain, sizeof data_plain);
  fill(weight_plain, sizeof weight_plain);
  pack(data, data_plain[0], BATCH_SIZE, IN_CHANNELS, batch, in);
  pack(weight, weight_plain[0], OUT_CHANNELS, IN_CHANNELS, out, in);
  const void *const values[] = {data, weight, res};
  vtac_array *arrays[3];
  for (int i = 0; i < 3; i++) {
    arrays[i] = vtac_array_like(device, args[i], &error);
    if (!arrays[i] || vtac_array_write(arrays[i], values[i], &error))
      stop(&error);
  }
  vtac_device_clear_counters(device);
  if (vtac_module_run(module, device, 3, arrays, &error)) stop(&error);
  if (vtac_array_read(arrays[2], res, &error)) stop(&error);

  for (int b = 0; b < BATCH_SIZE; b++)
    for (int o = 0; o < OUT_CHANNELS; o++) plain[b][o] = reference(b, o);
  pack(expected, plain[0], BATCH_SIZE, OUT_CHANNELS, batch, out);
  int right = !memcmp(res, expected, sizeof res);

  uint64_t counters[VTAC_COUNTERS];
  vtac_device_counters(device, counters);
  puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("        %-16s: %16llu\n", vtac_counter_name(i),
           (unsigned long long)counters[i]);
  for (int i = 0; i < 3; i++) vtac_array_free(arrays[i]);
  vtac_device_close(device);
  vtac_module_free(module);
  return right;
}

/* A stage that works element by element on the one before it. */
#define ELEMENTWISE(name, expression)   \
  (vtac_axes(c, 4, out_shape, NULL, i), \
   vtac_compute(c, name, 4, i, (expression)))

int main(void) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  if (!config) stop(&error);
  vtac_context *c = vtac_context_new(config, &error);
  if (!c) stop(&error);
  int64_t batch = vtac_config_get(config, "BATCH");
  int64_t in = vtac_config_get(config, "BLOCK_IN");
  int64_t out = vtac_config_get(config, "BLOCK_OUT");

  /* Step 1: what is computed.  Tensors are packed in the hardware's tiles. */
  const int64_t data_shape[] = {BATCH_SIZE / batch, IN_CHANNELS / in, batch,
                                in};
  const int64_t weight_shape[] = {OUT_CHANNELS / out, IN_CHANNELS / in, out,
                                  in};
  const int64_t out_shape[] = {BATCH_SIZE / batch, OUT_CHANNELS / out, batch,
                               out};
  vtac_iter i[4];
  vtac_iter ic = vtac_reduce_axis(c, 0, IN_CHANNELS / in, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, in, "ic_tns");
  vtac_tensor data = vtac_placeholder(c, "data", "int8", 4, data_shape);
  vtac_tensor weight = vtac_placeholder(c, "weight", "int8", 4, weight_shape);
  vtac_tensor data_buf = vtac_copy(c, data, "data_buf");
  vtac_tensor weight_buf = vtac_copy(c, weight, "weight_buf");

  vtac_axes(c, 4, out_shape, (const char *[]){"bo", "co", "bi", "ci"}, i);
  vtac_expr d = vtac_at(c, data_buf, VTAC_ITERS(i[0], ic, i[2], ic_tns));
  vtac_expr w = vtac_at(c, weight_buf, VTAC_ITERS(i[1], ic, i[3], ic_tns));
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
  vtac_tensor res_gemm = vtac_compute(
      c, "res_gem", 4, i, vtac_sum(c, product, VTAC_ITERS(ic, ic_tns)));
  vtac_tensor res_shr = ELEMENTWISE(
      "res_shr",
      vtac_shift_right(c, vtac_at(c, res_gemm, 4, i), vtac_int(c, SHIFT)));
  vtac_tensor res_max = ELEMENTWISE(
      "res_max", vtac_max(c, vtac_at(c, res_shr, 4, i), vtac_int(c, 0)));
  vtac_tensor res_min = ELEMENTWISE(
      "res_min", vtac_min(c, vtac_at(c, res_max, 4, i), vtac_int(c, 127)));
  vtac_tensor res =
      ELEMENTWISE("res", vtac_cast(c, "int8", vtac_at(c, res_min, 4, i)));

  /* Step 2: the untouched schedule. */
  const vtac_tensor args[] = {data, weight, res};
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(res));
  show(c, s, args, 0);

  /* Step 3: tile the output, and the reduction inside a tile. */
  vtac_stage out_stage = vtac_stage_of(c, s, res);
  vtac_stage gemm_stage = vtac_stage_of(c, s, res_gemm);
  const vtac_tensor tail[] = {res_shr, res_max, res_min};
  vtac_iter b_out, b_inn, oc_out, oc_inn, ic_out, ic_inn;
  vtac_split(c, out_stage, vtac_axis(res, 0), 1 / batch, &b_out, &b_inn);
  vtac_split(c, out_stage, vtac_axis(res, 1), 256 / out, &oc_out, &oc_inn);
  vtac_reorder(c, out_stage, VTAC_ITERS(b_out, oc_out, b_inn, oc_inn));
  vtac_compute_at(c, gemm_stage, out_stage, oc_out);
  for (int k = 0; k < 3; k++)
    vtac_compute_at(c, vtac_stage_of(c, s, tail[k]), out_stage, oc_out);
  vtac_split(c, gemm_stage, ic, 256 / in, &ic_out, &ic_inn);
  vtac_reorder(
      c, gemm_stage,
      VTAC_ITERS(ic_out, vtac_axis(res_gemm, 0), vtac_axis(res_gemm, 1), ic_inn,
                 vtac_axis(res_gemm, 2), vtac_axis(res_gemm, 3), ic_tns));
  show(c, s, args, 0);

  /* Step 4: memories, transfers, matrix and vector instructions. */
  const vtac_tensor loads[] = {data_buf, weight_buf};
  const char *const scopes[] = {"local.inp_buffer", "local.wgt_buffer"};
  vtac_set_scope(c, gemm_stage, "local.acc_buffer");
  for (int k = 0; k < 2; k++) {
    vtac_stage stage = vtac_stage_of(c, s, loads[k]);
    vtac_set_scope(c, stage, scopes[k]);
    vtac_compute_at(c, stage, gemm_stage, ic_out);
    vtac_pragma(c, stage, vtac_axis(loads[k], 0), "dma_copy");
  }
  vtac_pragma(c, out_stage, vtac_axis(res, 2), "dma_copy");
  vtac_tensorize_gemm(c, gemm_stage, vtac_axis(res_gemm, 2));
  for (int k = 0; k < 3; k++) {
    vtac_stage stage = vtac_stage_of(c, s, tail[k]);
    vtac_set_scope(c, stage, "local.acc_buffer");
    vtac_pragma(c, stage, vtac_axis(tail[k], 0), "alu");
  }
  show(c, s, args, 1);

  /* Step 5: build, run, verify. */
  int right = run(c, config, s, args);
  puts(right ? "Successful blocked matrix multiply test!"
             : "The result differs from the reference computation.");
  vtac_context_free(c);
  vtac_config_free(config);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
