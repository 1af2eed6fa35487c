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

/* ---- Running ------------------------------------------------------------ */

static int run_eltwise(int argc, char **argv, const OperatorCommand *command,
                       OptionParser parser) {
  vtac_eltwise_params params = {
      .batch = 1, .channels = 64, .height = 56, .width = 56};
  CommonOptions common = {0};
  parser.own = eltwise_options;
  parser.take = take_eltwise;
  parser.self = &params;
  parser.common = &common;
  int status = parse_options(&parser, argc, argv);
  return status < 0 ? run_operator(command, &common, &params) : status;
}

static int run_pool(int argc, char **argv, const OperatorCommand *command,
                    OptionParser parser) {
  bool global = parser.own == global_options;
  vtac_pool2d_params params = {.batch = 1,
                               .channels = 64,
                               .height = global ? 7 : 56,
                               .width = global ? 7 : 56,
                               .window_height = 2,
                               .window_width = 2,
                               .stride_height = 2,
                               .stride_width = 2};
  CommonOptions common = {0};
  if (!parser.own) parser.own = pool_options;
  parser.take = take_pool;
  parser.self = &params;
  parser.common = &common;
  int status = parse_options(&parser, argc, argv);
  return status < 0 ? run_operator(command, &common, &params) : status;
}

/* ---- The commands ------------------------------------------------------- */

#define DECLARE(name, make)                                                   \
  static vtac_op *declare_##name(vtac_context *context, const void *params) { \
    return make(context, params);                                             \
  }                                                                           \
  static TestData *name##_test(const vtac_config *config, const void *params, \
                               uint64_t seed) {                               \
    return name##_data(config, params, seed);                                 \
  }

DECLARE(add, vtac_add_op)
DECLARE(relu, vtac_relu)
DECLARE(requantize, vtac_requantize)
DECLARE(max_pool2d, vtac_max_pool2d)
DECLARE(avg_pool2d, vtac_avg_pool2d)
DECLARE(global_avg_pool2d, vtac_global_avg_pool2d)

int command_add(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_add",
      .success = "Successful addition test!",
      .declare = declare_add,
      .make_data = add_test};
  const OptionParser parser = {
      .command = "add",
      .synopsis =
          "Adds two tensors, shifts and clips the sums, runs it\n"
          "on the simulator and verifies the result."};
  return run_eltwise(argc, argv, &command, parser);
}

int command_relu(int argc, char **argv) {
  static const OperatorCommand command = {.function = "my_relu",
                                          .success = "Successful relu test!",
                                          .declare = declare_relu,
                                          .make_data = relu_test};
  const OptionParser parser = {.command = "relu",
                               .synopsis =
                                   "Shifts a tensor and clips it to the "
                                   "non-negative activations, runs it\n"
                                   "on the simulator and verifies the result."};
  return run_eltwise(argc, argv, &command, parser);
}

int command_requantize(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_requantize",
      .success = "Successful requantize test!",
      .declare = declare_requantize,
      .make_data = requantize_test};
  const OptionParser parser = {
      .command = "requantize",
      .synopsis =
          "Shifts sums and clips them to activations, runs it\n"
          "on the simulator and verifies the result."};
  return run_eltwise(argc, argv, &command, parser);
}

int command_max_pool2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_max_pool2d",
      .success = "Successful 2D maximum pooling test!",
      .declare = declare_max_pool2d,
      .make_data = max_pool2d_test};
  const OptionParser parser = {
      .command = "max_pool2d",
      .synopsis =
          "Takes the largest element of each window, runs it\n"
          "on the simulator and verifies the result."};
  return run_pool(argc, argv, &command, parser);
}

int command_avg_pool2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_avg_pool2d",
      .success = "Successful 2D average pooling test!",
      .declare = declare_avg_pool2d,
      .make_data = avg_pool2d_test};
  const OptionParser parser = {.command = "avg_pool2d",
                               .synopsis =
                                   "Takes the average of each window, runs it\n"
                                   "on the simulator and verifies the result."};
  return run_pool(argc, argv, &command, parser);
}

int command_global_avg_pool2d(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_global_avg_pool2d",
      .success = "Successful global average pooling test!",
      .declare = declare_global_avg_pool2d,
      .make_data = global_avg_pool2d_test};
  const OptionParser parser = {
      .command = "global_avg_pool2d",
      .own = global_options,
      .synopsis =
          "Takes the average of each channel, runs it\n"
          "on the simulator and verifies the result."};
  return run_pool(argc, argv, &command, parser);
}
