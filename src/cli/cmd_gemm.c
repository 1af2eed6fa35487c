/* SPDX-License-Identifier: Apache-2.0 */
/* vtac gemm and dense: the blocked matrix multiply. */
#include <string.h>

#include "cli/commands.h"
#include "cli/operator.h"

#define GEMM_OPTIONS(tile, threads)                                           \
  {"batch", "N", "rows of the data; default 1"},                              \
      {"in", "N", "input size; default 1024"},                                \
      {"out", "N", "output size; default 1024"},                              \
      {"tile", "B,I,O",                                                       \
       "tile of batch, input, output, or auto; default " tile},               \
      {"shift", "N", "right shift of the sums; default 8"}, {                 \
    "vthreads", "N", "virtual threads, 0 with auto: chosen; default " threads \
  }

static const Option options[] = {GEMM_OPTIONS("1,256,256", "1"),
                                 {"bias", NULL, "add a bias to each output"},
                                 {NULL, NULL, NULL}};
static const Option dense_options[] = {GEMM_OPTIONS("auto", "0"),
                                       {NULL, NULL, NULL}};

static bool take_tile(vtac_gemm_params *params, const char *text) {
  int64_t tile[3] = {0, 0, 0};
  if (strcmp(text, "auto") != 0 && !parse_list("--tile", text, 3, tile))
    return false;
  params->tile_batch = tile[0];
  params->tile_in = tile[1];
  params->tile_out = tile[2];
  return true;
}

static bool take(void *self, int index, const char *text) {
  vtac_gemm_params *params = self;
  switch (index) {
    case 0: return parse_int("--batch", text, &params->batch);
    case 1: return parse_int("--in", text, &params->in);
    case 2: return parse_int("--out", text, &params->out);
    case 3: return take_tile(params, text);
    case 4: return parse_small("--shift", text, &params->shift);
    case 5: return parse_small("--vthreads", text, &params->vthreads);
    default: params->bias = 1; return true;
  }
}

OPERATOR_FUNCTIONS(gemm, vtac_gemm, gemm_data)
OPERATOR_FUNCTIONS(dense, vtac_dense, dense_data)

int command_gemm(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "gemm",
      .synopsis =
          "Multiplies data (batch x in) by weights (out x in), shifts and "
          "clips the sums,\nruns it on the simulator and verifies the result.",
      .options = options,
      .take = take,
      .function = "my_gemm",
      .success = "Successful blocked matrix multiply test!",
      .declare = declare_gemm,
      .make_data = gemm_test};
  vtac_gemm_params params = {.batch = 1,
                             .in = 1024,
                             .out = 1024,
                             .tile_batch = 1,
                             .tile_in = 256,
                             .tile_out = 256,
                             .shift = 8,
                             .vthreads = 1};
  return operator_main(&command, &params, argc, argv);
}

int command_dense(int argc, char **argv) {
  static const OperatorCommand command = {
      .name = "dense",
      .synopsis =
          "Multiplies data (batch x in) by weights (out x in), adds a bias, "
          "shifts and clips\nthe sums, runs it on the simulator and verifies "
          "the result.",
      .options = dense_options,
      .take = take,
      .function = "my_dense",
      .success = "Successful dense layer test!",
      .declare = declare_dense,
      .make_data = dense_test};
  vtac_gemm_params params = {.batch = 1, .in = 1024, .out = 1024, .shift = 8};
  return operator_main(&command, &params, argc, argv);
}
