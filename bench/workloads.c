/* SPDX-License-Identifier: Apache-2.0 */
/* The layers that are measured, and modules of them ready to run. */
#include <stdlib.h>

#include "bench/harness.h"

const Layer layer_gemm = {"gemm", 1, 1024, 1024, 0, 1, 256, 256, 1, 1, 1};
const Layer layer_conv2d = {"conv2d", 14, 256, 256, 3, 1, 128, 16, 7, 14, 2};
const Layer layer_c2 = {"resnet18.C2", 56, 64, 64, 3, 1, 0, 0, 0, 0, 0};

const Layer resnet_layers[] = {
    {"resnet18.C2", 56, 64, 64, 3, 1, 0, 0, 0, 0, 0},
    {"resnet18.C3", 56, 64, 128, 3, 2, 0, 0, 0, 0, 0},
    {"resnet18.C4", 56, 64, 128, 1, 2, 0, 0, 0, 0, 0},
    {"resnet18.C5", 28, 128, 128, 3, 1, 0, 0, 0, 0, 0},
    {"resnet18.C6", 28, 128, 256, 3, 2, 0, 0, 0, 0, 0},
    {"resnet18.C7", 28, 128, 256, 1, 2, 0, 0, 0, 0, 0},
    {"resnet18.C8", 14, 256, 256, 3, 1, 0, 0, 0, 0, 0},
    {"resnet18.C9", 14, 256, 512, 3, 2, 0, 0, 0, 0, 0},
    {"resnet18.C10", 14, 256, 512, 1, 2, 0, 0, 0, 0, 0},
    {"resnet18.C11", 7, 512, 512, 3, 1, 0, 0, 0, 0, 0},
    {0}};

/* ---- Declaring ---------------------------------------------------------- */

static vtac_op *declare_gemm(vtac_context *context, const Layer *layer,
                             int batch) {
  const vtac_gemm_params params = {.batch = batch,
                                   .in = layer->in,
                                   .out = layer->out,
                                   .tile_batch = layer->tile_out ? batch : 0,
                                   .tile_in = layer->tile_in,
                                   .tile_out = layer->tile_out,
                                   .vthreads = layer->vthreads,
                                   .shift = 8};
  return vtac_gemm(context, &params);
}

vtac_op *declare_layer(vtac_context *context, const Layer *layer, int batch) {
  if (!layer->kernel) return declare_gemm(context, layer, batch);
  const vtac_conv2d_params params = {.batch = batch,
                                     .in_channels = layer->in,
                                     .out_channels = layer->out,
                                     .height = layer->size,
                                     .width = layer->size,
                                     .kernel_height = layer->kernel,
                                     .kernel_width = layer->kernel,
                                     .pad_height = layer->kernel / 2,
                                     .pad_width = layer->kernel / 2,
                                     .stride_height = layer->stride,
                                     .stride_width = layer->stride,
                                     .tile_batch = layer->tile_out ? batch : 0,
                                     .tile_out_channels = layer->tile_out,
                                     .tile_in_channels = layer->tile_in,
                                     .tile_height = layer->tile_height,
                                     .tile_width = layer->tile_width,
                                     .vthreads = layer->vthreads,
                                     .shift = 8};
  return vtac_conv2d(context, &params);
}

double layer_macs(const Layer *layer, int batch) {
  const double taps = layer->kernel ? layer->kernel * layer->kernel : 1;
  const double size = (layer->size - 1) / layer->stride + 1;
  return batch * size * size * layer->in * layer->out * taps;
}

/* ---- Modules ------------------------------------------------------------ */

vtac_config *default_config(void) {
  vtac_error error;
  return need(vtac_config_default(&error), &error);
}

void free_kernel(Kernel *kernel) {
  vtac_module_free(kernel->module);
  vtac_context_free(kernel->context);
  vtac_config_free(kernel->config);
  *kernel = (Kernel){0};
}

/* As the command does: convolutions keep their expressions. */
static const char *const cse[] = {"CommonSubexprElim"};

int build_kernel(Kernel *kernel, vtac_config *config, const Layer *layer) {
  const vtac_lower_options options = {
      .accelerator = 1, .disabled = cse, .disabled_count = layer->kernel != 0};
  const int batch = (int)vtac_config_get(config, "BATCH");
  vtac_error error;
  *kernel = (Kernel){.config = config, .macs = layer_macs(layer, batch)};
  vtac_context *context = need(vtac_context_new(config, &error), &error);
  kernel->context = context;
  kernel->op = declare_layer(context, layer, batch);
  if (kernel->op) {
    vtac_op_schedule_to(context, kernel->op, VTAC_OP_VTA);
    kernel->n = vtac_op_args(kernel->op, &kernel->args);
    kernel->module = vtac_build(context, vtac_op_schedule(kernel->op),
                                kernel->n, kernel->args, "kernel", &options);
  }
  if (!kernel->module) free_kernel(kernel);
  return kernel->module != NULL;
}

static void fill(vtac_array *array, unsigned *random) {
  vtac_error error;
  unsigned char *bytes = vtac_array_data(array, &error);
  need(bytes, &error);
  for (size_t i = 0; i < vtac_array_size(array); i++) {
    *random = *random * 1664525 + 1013904223;
    bytes[i] = (unsigned char)(*random >> 24);
  }
}

void open_kernel(Kernel *kernel, const vtac_device_options *options) {
  vtac_error error;
  unsigned random = 1;
  kernel->device =
      need(vtac_device_open(kernel->config, options, &error), &error);
  for (int i = 0; i < kernel->n; i++) {
    kernel->array[i] =
        need(vtac_array_like(kernel->device, kernel->args[i], &error), &error);
    fill(kernel->array[i], &random);
  }
}

void close_kernel(Kernel *kernel) {
  for (int i = 0; i < kernel->n; i++) vtac_array_free(kernel->array[i]);
  vtac_device_close(kernel->device);
  kernel->device = NULL;
}

double run_kernel(void *self) {
  const Kernel *kernel = self;
  vtac_error error;
  const double start = now_ms();
  succeed(vtac_module_run(kernel->module, kernel->device, kernel->n,
                          kernel->array, &error),
          &error);
  return now_ms() - start;
}
