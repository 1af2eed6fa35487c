/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a kernel as C whose first stage the host computes, into a temporary in
 * device memory that the accelerator then reads: res = int8(3 * (a + 1)) for
 * int32 a of 4x16 elements.
 * usage: host_stage FILE */
#include <stdio.h>

#include "vtac/vtac.h"

static vtac_tensor stage(vtac_context *c, vtac_tensor from, const char *name,
                         vtac_expr (*apply)(vtac_context *, vtac_expr,
                                            vtac_expr),
                         int64_t value) {
  vtac_iter i[3];
  vtac_axes(c, VTAC_DIMS(4, 1, 16), NULL, i);
  return vtac_compute(c, name, 3, i,
                      apply(c, vtac_at(c, from, 3, i), vtac_int(c, value)));
}

static void on_chip(vtac_context *c, vtac_schedule s, vtac_tensor tensor,
                    const char *pragma) {
  vtac_stage stage_of = vtac_stage_of(c, s, tensor);
  vtac_set_scope(c, stage_of, "local.acc_buffer");
  vtac_pragma(c, stage_of, vtac_axis(tensor, 0), pragma);
}

static vtac_module *build(vtac_context *c) {
  vtac_iter i[3];
  vtac_tensor a = vtac_placeholder(c, "a", "int32", VTAC_DIMS(4, 1, 16));
  vtac_tensor more = stage(c, a, "more", vtac_add, 1);
  vtac_tensor buf = vtac_copy(c, more, "more_buf");
  vtac_tensor times = stage(c, buf, "times", vtac_mul, 3);
  vtac_axes(c, VTAC_DIMS(4, 1, 16), NULL, i);
  vtac_tensor res = vtac_compute(c, "res", 3, i,
                                 vtac_cast(c, "int8", vtac_at(c, times, 3, i)));
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(res));
  on_chip(c, s, buf, "dma_copy");
  on_chip(c, s, times, "alu");
  vtac_pragma(c, vtac_stage_of(c, s, res), vtac_axis(res, 0), "dma_copy");
  const vtac_lower_options options = {.accelerator = 1};
  return vtac_build(c, s, VTAC_TENSORS(a, res), "host_stage", &options);
}

int main(int argc, char **argv) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  vtac_context *c = vtac_context_new(config, &error);
  vtac_module *module = c && argc == 2 ? build(c) : NULL;
  if (!module) {
    fprintf(stderr, "host_stage: %s\n", vtac_context_error(c)->message);
    return 1;
  }
  int failed = vtac_module_save(module, argv[1], NULL, &error) != VTAC_OK;
  if (failed) fprintf(stderr, "host_stage: %s\n", error.message);
  vtac_module_free(module);
  vtac_context_free(c);
  vtac_config_free(config);
  return failed;
}
