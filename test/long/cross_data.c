/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the inputs and the expected result of a seed workload, as the command
 * makes them.  usage: cross_data gemm|conv2d DIR */
#include <stdio.h>
#include <string.h>

#include "cli/plain.h"
#include "support/seeds.h"

static int write_file(const char *dir, const char *name, const void *bytes,
                      size_t size) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *file = fopen(path, "wb");
  if (!file) return 1;
  size_t n = fwrite(bytes, 1, size, file);
  return fclose(file) || n != size;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int is_gemm = !strcmp(argv[1], "gemm");
  vtac_config *config = vtac_config_default(NULL);
  TestData *data = is_gemm ? gemm_data(config, &seed_gemm, 0)
                           : conv2d_data(config, &seed_conv2d, 0);
  size_t input = is_gemm ? 1024 : 256 * 14 * 14;
  size_t kernel = is_gemm ? 1024 * 1024 : 256 * 256 * 9;
  int bad = !data || write_file(argv[2], "input0", data->input[0], input) ||
            write_file(argv[2], "input1", data->input[1], kernel) ||
            write_file(argv[2], "expected", data->expected, input);
  test_data_free(data);
  vtac_config_free(config);
  return bad;
}
