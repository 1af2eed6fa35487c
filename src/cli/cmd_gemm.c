/* SPDX-License-Identifier: Apache-2.0 */
/* vtac gemm: the blocked matrix multiply. */

#include "cli/commands.h"
#include "cli/operator.h"

static const Option options[] = {
    {"batch", "N", "rows of the data; default 1"},
    {"in", "N", "input size; default 1024"},
    {"out", "N", "output size; default 1024"},
    {"tile", "B,I,O", "tile of batch, input, output; default 1,256,256"},
    {"shift", "N", "right shift of the sums; default 8"},
    {NULL, NULL, NULL}};

static bool take_tile(vtac_gemm_params *params, const char *text) {
  int64_t tile[3];
  if (!parse_list("--tile", text, 3, tile)) return false;
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
    default: return parse_small("--shift", text, &params->shift);
  }
}

static vtac_op *declare(vtac_context *context, const void *params) {
  return vtac_gemm(context, params);
}

static TestData *make_data(const vtac_config *config, const void *params,
                           uint64_t seed) {
  return gemm_data(config, params, seed);
}

int command_gemm(int argc, char **argv) {
  static const OperatorCommand command = {
      .function = "my_gemm",
      .success = "Successful blocked matrix multiply test!",
      .declare = declare,
      .make_data = make_data};
  vtac_gemm_params params = {1, 1024, 1024, 1, 256, 256, 8};
  CommonOptions common = {0};
  const OptionParser parser = {
      "gemm",
      "Multiplies data (batch x in) by weights (out x in), shifts and clips "
      "the sums,\nruns it on the simulator and verifies the result.",
      options,
      take,
      &params,
      &common};
  int status = parse_options(&parser, argc, argv);
  return status < 0 ? run_operator(&command, &common, &params) : status;
}
