/* SPDX-License-Identifier: Apache-2.0 */
/* 2D convolution: a layer of ResNet-18 with zero padding, blocking and two
 * virtual threads, from expressions to a verified run, one step after another.
 *
 * Prints the function untouched, tiled and mapped to the accelerator, then the
 * counters and a last line; exit status 0 says that the result is right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vtac/vtac.h>

enum { N = 1, IC = 256, OC = 256, SIZE = 14, KERNEL = 3, PAD = 1, STRIDE = 1 };
enum { SIDE = (SIZE + 2 * PAD - KERNEL) / STRIDE + 1, AREA = SIDE * SIDE };
enum { IMAGE = IC * SIZE * SIZE, WEIGHTS = IC * KERNEL * KERNEL, MOST = 127 };
enum { TILE_OC = 128, TILE_IC = 16, TILE_H = 7, TILE_W = 14, SHIFT = 8 };

static int8_t data_plain[N * IMAGE], kernel_plain[OC * WEIGHTS];
static int8_t res_plain[N * OC * AREA];
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
  for (int i = 0; i < N * IMAGE; i++) data_plain[i] = (int8_t)rand();
  for (int i = 0; i < OC * WEIGHTS; i++) kernel_plain[i] = (int8_t)rand();
  for (int i = 0; i < N * OC * AREA; i++) {
    const int8_t *image = data_plain + i / (OC * AREA) * IMAGE;
    const int8_t *weight = kernel_plain + i / AREA % OC * WEIGHTS;
    int32_t sum = 0;
    for (int k = 0; k < WEIGHTS; k++) {
      int y = i / SIDE % SIDE * STRIDE + k / KERNEL % KERNEL - PAD;
      int x = i % SIDE * STRIDE + k % KERNEL - PAD;
      if (y >= 0 && y < SIZE && x >= 0 && x < SIZE)
        sum += image[(k / (KERNEL * KERNEL) * SIZE + y) * SIZE + x] * weight[k];
    }
    sum >>= SHIFT;
    res_plain[i] = (int8_t)(sum < 0 ? 0 : sum > MOST ? MOST : sum);
  }
}

/* (rows, columns, area) in tiles of r x k: (rows/r, columns/k, area, r, k) */
static void pack(int8_t *to, const int8_t *from, const int size[3], int64_t r,
                 int64_t k) {
  for (int64_t row = 0; row < size[0]; row += r)
    for (int64_t col = 0; col < size[1]; col += k)
      for (int at = 0; at < size[2]; at++)
        for (int64_t i = 0; i < r * k; i++)
          *to++ = from[((row + i / k) * size[1] + col + i % k) * size[2] + at];
}

/* Runs the module and compares every element; prints the counters. */
static int run(const vtac_module *module, const vtac_config *config,
               const vtac_tensor *args) {
  static int8_t data[sizeof data_plain], kernel[sizeof kernel_plain];
  static int8_t res[sizeof res_plain], expected[sizeof res_plain];
  int8_t *const values[] = {data, kernel, res};
  uint64_t counters[VTAC_COUNTERS];
  vtac_array *arrays[3];
  vtac_error error;
  vtac_device *device = need(vtac_device_open(config, NULL, &error), &error);
  make_data();
  pack(data, data_plain, (int[]){N, IC, SIZE * SIZE}, batch, in);
  pack(kernel, kernel_plain, (int[]){OC, IC, KERNEL * KERNEL}, out, in);
  pack(expected, res_plain, (int[]){N, OC, AREA}, batch, out);
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

/* The output's shape, and a stage that works on each element x of another. */
#define OUTPUT VTAC_DIMS(N / batch, OC / out, SIDE, SIDE, batch, out)
#define STAGE(name, before, expression)                         \
  (vtac_axes(c, OUTPUT, NULL, i), x = vtac_at(c, before, 6, i), \
   vtac_compute(c, name, 6, i, expression))
/* An axis as an expression; where a kernel's row or column meets the data. */
#define AT(axis) vtac_iter_expr(c, axis)
#define MEET(axis, k) \
  vtac_add(c, vtac_mul(c, AT(axis), vtac_int(c, STRIDE)), AT(k))

int main(void) {
  vtac_error error;
  vtac_config *config = need(vtac_config_default(&error), &error);
  vtac_context *c = need(vtac_context_new(config, &error), &error);
  batch = vtac_config_get(config, "BATCH");
  in = vtac_config_get(config, "BLOCK_IN");
  out = vtac_config_get(config, "BLOCK_OUT");

  /* Step 1: what is computed.  Tensors are packed in the hardware's tiles. */
  vtac_iter i[6], dy = vtac_reduce_axis(c, 0, KERNEL, "dy");
  vtac_iter dx = vtac_reduce_axis(c, 0, KERNEL, "dx");
  vtac_iter ic = vtac_reduce_axis(c, 0, IC / in, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, in, "ic_tns");
  vtac_tensor data = vtac_placeholder(
      c, "data", "int8", VTAC_DIMS(N / batch, IC / in, SIZE, SIZE, batch, in));
  vtac_tensor kernel =
      vtac_placeholder(c, "kernel", "int8",
                       VTAC_DIMS(OC / out, IC / in, KERNEL, KERNEL, out, in));
  vtac_tensor data_buf =
      vtac_pad(c, data, (int64_t[]){0, 0, PAD, PAD, 0, 0}, NULL, "data_buf");
  vtac_tensor weights = vtac_copy(c, kernel, "kernel_buf");
  vtac_axes(c, OUTPUT, (const char *[]){"bo", "co", "i", "j", "bi", "ci"}, i);
  vtac_expr d = vtac_read(c, data_buf,
                          VTAC_INDICES(AT(i[0]), AT(ic), MEET(i[2], dy),
                                       MEET(i[3], dx), AT(i[4]), AT(ic_tns)));
  vtac_expr k = vtac_at(c, weights, VTAC_ITERS(i[1], ic, dy, dx, i[5], ic_tns));
  vtac_expr x = vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", k));
  vtac_tensor conv = vtac_compute(
      c, "res_conv", 6, i, vtac_sum(c, x, VTAC_ITERS(ic, dy, dx, ic_tns)));
  vtac_tensor shr =
      STAGE("res_shr", conv, vtac_shift_right(c, x, vtac_int(c, SHIFT)));
  vtac_tensor max = STAGE("res_max", shr, vtac_max(c, x, vtac_int(c, 0)));
  vtac_tensor min = STAGE("res_min", max, vtac_min(c, x, vtac_int(c, MOST)));
  vtac_tensor res = STAGE("res", min, vtac_cast(c, "int8", x));

  /* Step 2: the untouched schedule. */
  const vtac_tensor args[] = {data, kernel, res};
  const vtac_tensor inside[] = {conv, shr, max, min};
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(res));
  show(c, s, args, NULL);

  /* Step 3: tile the output and the input channels; two virtual threads. */
  vtac_stage out_stage = vtac_stage_of(c, s, res);
  vtac_stage conv_stage = vtac_stage_of(c, s, conv);
  const int64_t tile[] = {1 / batch, TILE_OC / out, TILE_H, TILE_W};
  vtac_iter o[4], n[4], ic_out, ic_inn, thread;
  for (int j = 0; j < 4; j++)
    vtac_split(c, out_stage, vtac_axis(res, j), tile[j], &o[j], &n[j]);
  vtac_reorder(c, out_stage,
               VTAC_ITERS(o[0], o[1], o[2], o[3], n[0], n[1], n[2], n[3]));
  for (int j = 0; j < 4; j++)
    vtac_compute_at(c, vtac_stage_of(c, s, inside[j]), out_stage, o[3]);
  vtac_split(c, conv_stage, ic, TILE_IC / in, &ic_out, &ic_inn);
  vtac_reorder(
      c, conv_stage,
      VTAC_ITERS(ic_out, vtac_axis(conv, 0), vtac_axis(conv, 1),
                 vtac_axis(conv, 2), ic_inn, dy, dx, vtac_axis(conv, 3),
                 vtac_axis(conv, 4), vtac_axis(conv, 5), ic_tns));
  vtac_split(c, out_stage, o[1], 2, NULL, &thread);
  vtac_reorder(c, out_stage, VTAC_ITERS(thread, o[0]));
  vtac_bind(c, out_stage, thread, vtac_thread_axis(c, "cthread"));
  show(c, s, args, NULL);

  /* Step 4: memories, transfers, matrix and vector instructions. */
  vtac_lower_options vta = {.accelerator = 1};
  map(c, s, data_buf, "local.inp_buffer", "dma_copy");
  map(c, s, weights, "local.wgt_buffer", "dma_copy");
  for (int j = 1; j < 4; j++) map(c, s, inside[j], "local.acc_buffer", "alu");
  vtac_compute_at(c, vtac_stage_of(c, s, data_buf), conv_stage, ic_out);
  vtac_compute_at(c, vtac_stage_of(c, s, weights), conv_stage, ic_out);
  vtac_set_scope(c, conv_stage, "local.acc_buffer");
  vtac_tensorize_gemm(c, conv_stage, vtac_axis(conv, 4));
  vtac_pragma(c, out_stage, vtac_axis(res, 4), "dma_copy");
  show(c, s, args, &vta);

  /* Step 5: build (expressions stay where they are), run, verify. */
  vta.disabled = (const char *[]){"CommonSubexprElim"};
  vta.disabled_count = 1;
  vtac_module *module = vtac_build(c, s, 3, args, "my_conv", &vta);
  need(module, vtac_context_error(c));
  int right = run(module, config, args);
  puts(right ? "Successful 2D convolution test!"
             : "The result differs from the reference computation.");
  vtac_module_free(module);
  vtac_context_free(c);
  vtac_config_free(config);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
