/* SPDX-License-Identifier: Apache-2.0 */
/* vtac conv2d_transpose: the transposed 2D convolution. */
#include "cli/commands.h"
#include "cli/operator.h"

static const Option options[] = {
    {"batch", "N", "images; default 1"},
    {"in-channels", "N", "input channels; default 64"},
    {"out-channels", "N", "output channels; default 32"},
    {"size", "HxW", "size of the input; default 8x8"},
    {"kernel", "HxW", "size of the kernel; default 4x4"},
    {"pad", "HxW", "what is cut off around the output; default 1x1"},
    {"stride", "HxW", "steps of the kernel; default 2x2"},
    {"extra", "HxW", "more rows and columns of output; default 0x0"},
    {"vthreads", "N", "virtual threads, 0: chosen; default 0"},
    {"shift", "N", "right shift of the sums; default 8"},
    {"bias", NULL, "add a bias to each output channel"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  vtac_conv2d_transpose_params *p = self;
  switch (index) {
    case 0: return parse_int("--batch", text, &p->batch);
    case 1: return parse_int("--in-channels", text, &p->in_channels);
    case 2: return parse_int("--out-channels", text, &p->out_channels);
    case 3: return parse_size("--size", text, &p->height, &p->width);
    case 4:
      return parse_size("--kernel", text, &p->kernel_height, &p->kernel_width);
    case 5: return parse_size("--pad", text, &p->pad_height, &p->pad_width);
    case 6:
      return parse_size("--stride", text, &p->stride_height, &p->stride_width);
    case 7:
      return parse_size("--extra", text, &p->extra_height, &p->extra_width);
    case 8: return parse_small("--vthreads", text, &p->vthreads);
    case 9: return parse_small("--shift", text, &p->shift);
    default: p->bias = 1; return true;
  }
}

OPERATOR_FUNCTIONS(transpose, vtac_conv2d_transpose, conv2d_transpose_data)

int command_conv2d_transpose(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "conv2d_transpose",
      .synopsis =
          "Spreads data by kernels over a larger output, shifts and clips the "
          "sums, runs it\non the simulator and verifies the result.",
      .options = options,
      .take = take,
      .function = "my_conv_transpose",
      .success = "Successful transposed 2D convolution test!",
      .declare = declare_transpose,
      .make_data = transpose_test};
  vtac_conv2d_transpose_params params = {.batch = 1,
                                         .in_channels = 64,
                                         .out_channels = 32,
                                         .height = 8,
                                         .width = 8,
                                         .kernel_height = 4,
                                         .kernel_width = 4,
                                         .pad_height = 1,
                                         .pad_width = 1,
                                         .stride_height = 2,
                                         .stride_width = 2,
                                         .shift = 8};
  return operator_main(&command, &params, argc, argv);
}
