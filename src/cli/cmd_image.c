/* SPDX-License-Identifier: Apache-2.0 */
/* vtac add, relu, requantize and the poolings: operators on the vector unit. */
#include "cli/commands.h"
#include "cli/operator.h"

/* ---- Options ------------------------------------------------------------ */

#define IMAGE_OPTIONS(size)                                         \
  {"batch", "N", "images; default 1"},                              \
      {"channels", "N", "channels; default 64"},                    \
      {"size", "HxW", "size of the input; default " size},          \
      {"vthreads", "N", "virtual threads, 0: chosen; default 0"}, { \
    "wide", NULL, "data in the accumulators' type"                  \
  }

static const Option eltwise_options[] = {
    IMAGE_OPTIONS("56x56"),
    {"shift", "N", "right shift; default 0"},
    {NULL, NULL, NULL}};

static const Option pool_options[] = {
    IMAGE_OPTIONS("56x56"),
    {"window", "HxW", "size of the window; default 2x2"},
    {"pad", "HxW", "padding around the input; default 0x0"},
    {"stride", "HxW", "steps of the window; default 2x2"},
    {NULL, NULL, NULL}};

static const Option global_options[] = {IMAGE_OPTIONS("7x7"),
                                        {NULL, NULL, NULL}};

static bool take_eltwise(void *self, int index, const char *text) {
  vtac_eltwise_params *p = self;
  switch (index) {
    case 0: return parse_int("--batch", text, &p->batch);
    case 1: return parse_int("--channels", text, &p->channels);
    case 2: return parse_size("--size", text, &p->height, &p->width);
    case 3: return parse_small("--vthreads", text, &p->vthreads);
    case 4: p->wide = 1; return true;
    default: return parse_small("--shift", text, &p->shift);
  }
}

static bool take_pool(void *self, int index, const char *text) {
  vtac_pool2d_params *p = self;
  switch (index) {
    case 0: return parse_int("--batch", text, &p->batch);
    case 1: return parse_int("--channels", text, &p->channels);
    case 2: return parse_size("--size", text, &p->height, &p->width);
    case 3: return parse_small("--vthreads", text, &p->vthreads);
    case 4: p->wide = 1; return true;
    case 5:
      return parse_size("--window", text, &p->window_height, &p->window_width);
    case 6: return parse_size("--pad", text, &p->pad_height, &p->pad_width);
    default:
      return parse_size("--stride", text, &p->stride_height, &p->stride_width);
  }
}

/* Its options are the first of a pooling's. */
static bool take_global(void *self, int index, const char *text) {
  return take_pool(self, index, text);
}

/* ---- The commands ------------------------------------------------------- */

OPERATOR_FUNCTIONS(add, vtac_add_op, add_data)
OPERATOR_FUNCTIONS(relu, vtac_relu, relu_data)
OPERATOR_FUNCTIONS(requantize, vtac_requantize, requantize_data)
OPERATOR_FUNCTIONS(max_pool2d, vtac_max_pool2d, max_pool2d_data)
OPERATOR_FUNCTIONS(avg_pool2d, vtac_avg_pool2d, avg_pool2d_data)
OPERATOR_FUNCTIONS(global_avg_pool2d, vtac_global_avg_pool2d,
                   global_avg_pool2d_data)

static int run_eltwise(const OperatorCommand *command, int argc, char **argv) {
  vtac_eltwise_params params = {
      .batch = 1, .channels = 64, .height = 56, .width = 56};
  return operator_main(command, &params, argc, argv);
}

static int run_pool(const OperatorCommand *command, int argc, char **argv) {
  vtac_pool2d_params params = {.batch = 1,
                               .channels = 64,
                               .height = 56,
                               .width = 56,
                               .window_height = 2,
                               .window_width = 2,
                               .stride_height = 2,
                               .stride_width = 2};
  return operator_main(command, &params, argc, argv);
}

static int run_global(const OperatorCommand *command, int argc, char **argv) {
  vtac_pool2d_params params = {
      .batch = 1, .channels = 64, .height = 7, .width = 7};
  return operator_main(command, &params, argc, argv);
}

/* command_NAME, of the operators whose options are KIND's. */
#define IMAGE_COMMAND(op, kind, title, what)                             \
  int command_##op(int argc, char **argv) {                              \
    static const OperatorCommand command = {                             \
        .name = #op,                                                     \
        .synopsis =                                                      \
            what ", runs it\non the simulator and verifies the result.", \
        .options = kind##_options,                                       \
        .take = take_##kind,                                             \
        .function = "my_" #op,                                           \
        .success = "Successful " title " test!",                         \
        .declare = declare_##op,                                         \
        .make_data = op##_test};                                         \
    return run_##kind(&command, argc, argv);                             \
  }

IMAGE_COMMAND(add, eltwise, "addition",
              "Adds two tensors, shifts and clips the sums")
IMAGE_COMMAND(relu, eltwise, "relu",
              "Shifts a tensor and clips it to the non-negative activations")
IMAGE_COMMAND(requantize, eltwise, "requantize",
              "Shifts sums and clips them to activations")
IMAGE_COMMAND(max_pool2d, pool, "2D maximum pooling",
              "Takes the largest element of each window")
IMAGE_COMMAND(avg_pool2d, pool, "2D average pooling",
              "Takes the average of each window")
IMAGE_COMMAND(global_avg_pool2d, global, "global average pooling",
              "Takes the average of each channel")
