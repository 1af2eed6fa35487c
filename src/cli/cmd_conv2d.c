/* SPDX-License-Identifier: Apache-2.0 */
/* vtac conv2d: the 2D convolution with virtual threads. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/operator.h"

enum {
  CONV_BATCH,
  CONV_IN,
  CONV_OUT,
  CONV_SIZE,
  CONV_KERNEL,
  CONV_PAD,
  CONV_STRIDE,
  CONV_TILE,
  CONV_VTHREADS,
  CONV_SHIFT,
  CONV_WORKLOAD,
};

static const Option options[] = {
    [CONV_BATCH] = {"batch", "N", "images; default 1"},
    [CONV_IN] = {"in-channels", "N", "input channels; default 256"},
    [CONV_OUT] = {"out-channels", "N", "output channels; default 256"},
    [CONV_SIZE] = {"size", "HxW", "size of the input; default 14x14"},
    [CONV_KERNEL] = {"kernel", "HxW", "size of the kernel; default 3x3"},
    [CONV_PAD] = {"pad", "HxW", "zeros around the input; default 1x1"},
    [CONV_STRIDE] = {"stride", "HxW", "steps of the kernel; default 1x1"},
    [CONV_TILE] = {"tile", "oc=,ic=,h=,w=[,b=]",
                   "tile of the output; default oc=128,ic=16,h=7,w=14"},
    [CONV_VTHREADS] = {"vthreads", "N", "virtual threads; default 2"},
    [CONV_SHIFT] = {"shift", "N", "right shift of the sums; default 8"},
    [CONV_WORKLOAD] = {"workload", "NAME",
                       "a layer of a network, or 'list'; other options "
                       "change it"},
    {NULL, NULL, NULL}};

/* The parameters, and whether the workloads shall be listed instead. */
typedef struct ConvOptions {
  vtac_conv2d_params params;
  bool list;
} ConvOptions;

/* The convolutions of ResNet-18 (He et al., 2016) by their usual names, each
 * with a tile that fits the memories of the built-in configuration twice, so
 * that two virtual threads may share them. */
static const struct {
  const char *name;
  int size, in, out, kernel, pad, stride;
  int tile_oc, tile_ic, tile_h, tile_w;
} workloads[] = {
    {"resnet18.C2", 56, 64, 64, 3, 1, 1, 32, 16, 7, 56},
    {"resnet18.C3", 56, 64, 128, 3, 1, 2, 64, 16, 7, 28},
    {"resnet18.C4", 56, 64, 128, 1, 0, 2, 64, 16, 7, 28},
    {"resnet18.C5", 28, 128, 128, 3, 1, 1, 64, 16, 7, 28},
    {"resnet18.C6", 28, 128, 256, 3, 1, 2, 128, 16, 7, 14},
    {"resnet18.C7", 28, 128, 256, 1, 0, 2, 128, 16, 7, 14},
    {"resnet18.C8", 14, 256, 256, 3, 1, 1, 128, 16, 7, 14},
    {"resnet18.C9", 14, 256, 512, 3, 1, 2, 128, 16, 7, 7},
    {"resnet18.C10", 14, 256, 512, 1, 0, 2, 128, 16, 7, 7},
    {"resnet18.C11", 7, 512, 512, 3, 1, 1, 128, 16, 7, 7},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static vtac_conv2d_params workload_params(int i) {
  return (vtac_conv2d_params){.batch = 1,
                              .in_channels = workloads[i].in,
                              .out_channels = workloads[i].out,
                              .height = workloads[i].size,
                              .width = workloads[i].size,
                              .kernel_height = workloads[i].kernel,
                              .kernel_width = workloads[i].kernel,
                              .pad_height = workloads[i].pad,
                              .pad_width = workloads[i].pad,
                              .stride_height = workloads[i].stride,
                              .stride_width = workloads[i].stride,
                              .tile_batch = 1,
                              .tile_out_channels = workloads[i].tile_oc,
                              .tile_in_channels = workloads[i].tile_ic,
                              .tile_height = workloads[i].tile_h,
                              .tile_width = workloads[i].tile_w,
                              .vthreads = 2,
                              .shift = 8};
}

static int list_workloads(void) {
  printf("%-13s %-7s %4s %4s %-6s %-3s %-6s %s\n", "name", "size", "in", "out",
         "kernel", "pad", "stride", "tile");
  for (int i = 0; i < WORKLOADS; i++)
    printf("%-13s %2dx%-4d %4d %4d %dx%-4d %-3d %-6d oc=%d,ic=%d,h=%d,w=%d\n",
           workloads[i].name, workloads[i].size, workloads[i].size,
           workloads[i].in, workloads[i].out, workloads[i].kernel,
           workloads[i].kernel, workloads[i].pad, workloads[i].stride,
           workloads[i].tile_oc, workloads[i].tile_ic, workloads[i].tile_h,
           workloads[i].tile_w);
  return EXIT_RIGHT;
}

static bool take_workload(ConvOptions *conv, const char *name) {
  if (!strcmp(name, "list")) return conv->list = true;
  for (int i = 0; i < WORKLOADS; i++)
    if (!strcmp(name, workloads[i].name)) {
      conv->params = workload_params(i);
      return true;
    }
  complain("--workload: there is no '%s'; 'list' shows them", name);
  return false;
}

static bool take_pair(const char *what, const char *text, int64_t *height,
                      int64_t *width) {
  int64_t pair[2];
  if (!parse_pair(what, text, pair)) return false;
  *height = pair[0];
  *width = pair[1];
  return true;
}

static bool take_tile(vtac_conv2d_params *p, const char *text) {
  const struct {
    const char *name;
    int64_t *value;
  } parts[] = {{"oc", &p->tile_out_channels},
               {"ic", &p->tile_in_channels},
               {"h", &p->tile_height},
               {"w", &p->tile_width},
               {"b", &p->tile_batch}};
  char copy[128], *rest = copy;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *part; (part = strsep(&rest, ","));) {
    char *value = strchr(part, '=');
    if (value) *value++ = '\0';
    size_t i = 0;
    while (i < 5 && strcmp(parts[i].name, part)) i++;
    if (!value || i == 5) {
      complain("--tile: '%s' is not oc=N,ic=N,h=N,w=N[,b=N]", text);
      return false;
    }
    if (!parse_int("--tile", value, parts[i].value)) return false;
  }
  return true;
}

static bool take(void *self, int index, const char *text) {
  ConvOptions *conv = self;
  vtac_conv2d_params *p = &conv->params;
  switch (index) {
    case CONV_BATCH: return parse_int("--batch", text, &p->batch);
    case CONV_IN: return parse_int("--in-channels", text, &p->in_channels);
    case CONV_OUT: return parse_int("--out-channels", text, &p->out_channels);
    case CONV_SIZE: return take_pair("--size", text, &p->height, &p->width);
    case CONV_KERNEL:
      return take_pair("--kernel", text, &p->kernel_height, &p->kernel_width);
    case CONV_PAD:
      return take_pair("--pad", text, &p->pad_height, &p->pad_width);
    case CONV_STRIDE:
      return take_pair("--stride", text, &p->stride_height, &p->stride_width);
    case CONV_TILE: return take_tile(p, text);
    case CONV_VTHREADS: return parse_small("--vthreads", text, &p->vthreads);
    case CONV_SHIFT: return parse_small("--shift", text, &p->shift);
    default: return take_workload(conv, text);
  }
}

static vtac_op *declare(vtac_context *context, const void *params) {
  return vtac_conv2d(context, params);
}

static TestData *make_data(const vtac_config *config, const void *params,
                           uint64_t seed) {
  return conv2d_data(config, params, seed);
}

int command_conv2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_conv",
      .success = "Successful 2D convolution test!",
      .keep_expressions = true,
      .declare = declare,
      .make_data = make_data};
  enum { SEED_WORKLOAD = 6 }; /* C8 */
  ConvOptions conv = {.params = workload_params(SEED_WORKLOAD)};
  CommonOptions common = {0};
  const OptionParser parser = {
      "conv2d",
      "Convolves data with kernels, shifts and clips the sums, runs it on the "
      "simulator\nand verifies the result.",
      options,
      take,
      &conv,
      &common};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  if (conv.list) return list_workloads();
  return run_operator(&command, &common, &conv.params);
}
