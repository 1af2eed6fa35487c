/* SPDX-License-Identifier: Apache-2.0 */
/* vtac conv2d, group_conv2d, depthwise_conv2d: 2D convolutions. */
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
  CONV_BIAS,
  CONV_GROUPS,
  CONV_WORKLOAD,
};

/* The last rows are the plain convolution's alone. */
#define CONV_OPTIONS(sizes, tile, threads)                               \
  [CONV_BATCH] = {"batch", "N", "images; default 1"},                    \
  [CONV_IN] = {"in-channels", "N", "input channels; default " sizes},    \
  [CONV_OUT] = {"out-channels", "N", "output channels; default " sizes}, \
  [CONV_SIZE] = {"size", "HxW", "size of the input; default 14x14"},     \
  [CONV_KERNEL] = {"kernel", "HxW", "size of the kernel; default 3x3"},  \
  [CONV_PAD] = {"pad", "HxW", "zeros around the input; default 1x1"},    \
  [CONV_STRIDE] = {"stride", "HxW", "steps of the kernel; default 1x1"}, \
  [CONV_TILE] = {"tile", "oc=,ic=,h=,w=[,b=]",                           \
                 "tile of the output, or auto; default " tile},          \
  [CONV_VTHREADS] =                                                      \
      {"vthreads", "N",                                                  \
       "virtual threads, 0 with auto: chosen; default " threads},        \
  [CONV_SHIFT] = {"shift", "N", "right shift of the sums; default 8"},   \
  [CONV_BIAS] = {"bias", NULL, "add a bias to each output channel"}

static const Option options[] = {
    CONV_OPTIONS("256", "oc=128,ic=16,h=7,w=14", "2"),
    [CONV_GROUPS] = {"groups", "N", "groups of channels; default 1"},
    [CONV_WORKLOAD] = {"workload", "NAME",
                       "a layer of a network with chosen tiles, or 'list'; "
                       "other options change it"},
    {NULL, NULL, NULL}};

static const Option group_options[] = {
    CONV_OPTIONS("256", "auto", "0"),
    [CONV_GROUPS] = {"groups", "N", "groups of channels; default 4"},
    {NULL, NULL, NULL}};

static const Option depthwise_options[] = {CONV_OPTIONS("256", "auto", "0"),
                                           {NULL, NULL, NULL}};

/* The parameters, and whether the workloads shall be listed instead. */
typedef struct ConvOptions {
  vtac_conv2d_params params;
  bool list;
} ConvOptions;

/* The convolutions of ResNet-18 (He et al., 2016) by their usual names. */
static const struct {
  const char *name;
  int size, in, out, kernel, pad, stride;
} workloads[] = {
    {"resnet18.C2", 56, 64, 64, 3, 1, 1},
    {"resnet18.C3", 56, 64, 128, 3, 1, 2},
    {"resnet18.C4", 56, 64, 128, 1, 0, 2},
    {"resnet18.C5", 28, 128, 128, 3, 1, 1},
    {"resnet18.C6", 28, 128, 256, 3, 1, 2},
    {"resnet18.C7", 28, 128, 256, 1, 0, 2},
    {"resnet18.C8", 14, 256, 256, 3, 1, 1},
    {"resnet18.C9", 14, 256, 512, 3, 1, 2},
    {"resnet18.C10", 14, 256, 512, 1, 0, 2},
    {"resnet18.C11", 7, 512, 512, 3, 1, 1},
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
                              .shift = 8};
}

/* The tile that a layer is given on the built-in accelerator. */
static bool workload_tiles(const vtac_config *config, int i,
                           vtac_op_tiling *ret) {
  vtac_error error;
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) return false;
  const vtac_conv2d_params params = workload_params(i);
  bool good = vtac_op_tiles(vtac_conv2d(context, &params), ret);
  vtac_context_free(context);
  return good;
}

static int list_workloads(void) {
  vtac_error error;
  vtac_op_tiling t;
  vtac_config *config = vtac_config_default(&error);
  if (!config) return report(&error);
  printf("%-13s %-7s %4s %4s %-6s %-3s %-6s %s\n", "name", "size", "in", "out",
         "kernel", "pad", "stride", "tile");
  for (int i = 0; i < WORKLOADS && workload_tiles(config, i, &t); i++)
    printf(
        "%-13s %2dx%-4d %4d %4d %dx%-4d %-3d %-6d oc=%d,ic=%d,h=%d,w=%d, "
        "%d threads over %s\n",
        workloads[i].name, workloads[i].size, workloads[i].size,
        workloads[i].in, workloads[i].out, workloads[i].kernel,
        workloads[i].kernel, workloads[i].pad, workloads[i].stride, (int)t.out,
        (int)t.in, (int)t.height, (int)t.width, t.vthreads, t.over);
  vtac_config_free(config);
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
  if (!strcmp(text, "auto")) {
    for (size_t i = 0; i < 5; i++) *parts[i].value = 0;
    return true;
  }
  snprintf(copy, sizeof copy, "%s", text);
  for (char *part; (part = strsep(&rest, ","));) {
    char *value = strchr(part, '=');
    if (value) *value++ = '\0';
    size_t i = 0;
    while (i < 5 && strcmp(parts[i].name, part)) i++;
    if (!value || !*value || i == 5) {
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
    case CONV_SIZE: return parse_size("--size", text, &p->height, &p->width);
    case CONV_KERNEL:
      return parse_size("--kernel", text, &p->kernel_height, &p->kernel_width);
    case CONV_PAD:
      return parse_size("--pad", text, &p->pad_height, &p->pad_width);
    case CONV_STRIDE:
      return parse_size("--stride", text, &p->stride_height, &p->stride_width);
    case CONV_TILE: return take_tile(p, text);
    case CONV_VTHREADS: return parse_small("--vthreads", text, &p->vthreads);
    case CONV_SHIFT: return parse_small("--shift", text, &p->shift);
    case CONV_BIAS: p->bias = 1; return true;
    case CONV_GROUPS: return parse_small("--groups", text, &p->groups);
    default: return take_workload(conv, text);
  }
}

OPERATOR_FUNCTIONS(conv, vtac_conv2d, conv2d_data)
OPERATOR_FUNCTIONS(group, vtac_group_conv2d, conv2d_data)
OPERATOR_FUNCTIONS(depthwise, vtac_depthwise_conv2d, depthwise_data)

static int run(const OperatorCommand *command, ConvOptions *conv, int argc,
               char **argv) {
  CommonOptions common = {0};
  const OptionParser parser = {
      command->name, command->synopsis, command->options, command->take, conv,
      &common};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  if (conv->list) return list_workloads();
  return run_operator(command, &common, &conv->params);
}

enum { SEED_WORKLOAD = 6 }; /* C8 */

int command_conv2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "conv2d",
      .synopsis =
          "Convolves data with kernels, shifts and clips the sums, "
          "runs it on the simulator\nand verifies the result.",
      .options = options,
      .take = take,
      .function = "my_conv",
      .success = "Successful 2D convolution test!",
      .keep_expressions = true,
      .declare = declare_conv,
      .make_data = conv_test};
  ConvOptions conv = {.params = workload_params(SEED_WORKLOAD)};
  conv.params.tile_batch = 1;
  conv.params.tile_out_channels = 128;
  conv.params.tile_in_channels = 16;
  conv.params.tile_height = 7;
  conv.params.tile_width = 14;
  conv.params.vthreads = 2;
  return run(&command, &conv, argc, argv);
}

int command_group_conv2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "group_conv2d",
      .synopsis =
          "Convolves each group of channels with kernels of its own, "
          "runs it on the\nsimulator and verifies the result.",
      .options = group_options,
      .take = take,
      .function = "my_group_conv",
      .success = "Successful grouped 2D convolution test!",
      .declare = declare_group,
      .make_data = group_test};
  ConvOptions conv = {.params = workload_params(SEED_WORKLOAD)};
  conv.params.groups = 4;
  return run(&command, &conv, argc, argv);
}

int command_depthwise_conv2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "depthwise_conv2d",
      .synopsis =
          "Convolves each channel with kernels of its own, runs it on "
          "the simulator and\nverifies the result.",
      .options = depthwise_options,
      .take = take,
      .function = "my_depthwise_conv",
      .success = "Successful depthwise 2D convolution test!",
      .declare = declare_depthwise,
      .make_data = depthwise_test};
  ConvOptions conv = {.params = workload_params(SEED_WORKLOAD)};
  return run(&command, &conv, argc, argv);
}
