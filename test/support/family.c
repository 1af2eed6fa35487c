/* SPDX-License-Identifier: Apache-2.0 */
/* Declaring, scheduling, running and verifying a program of any family. */
#include "support/family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/context.h"
#include "support/programs.h"

uint64_t test_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

static const char *type_name(int log_width) {
  static const char *const names[] = {"int1", "int2",  "int4",
                                      "int8", "int16", "int32"};
  return names[log_width];
}

static ProgramTarget target_of(const vtac_config *config) {
  return (ProgramTarget){
      vtac_config_get(config, "BATCH"),
      vtac_config_get(config, "BLOCK_IN"),
      vtac_config_get(config, "BLOCK_OUT"),
      type_name((int)vtac_config_get(config, "LOG_INP_WIDTH")),
      type_name((int)vtac_config_get(config, "LOG_WGT_WIDTH")),
      type_name((int)vtac_config_get(config, "LOG_ACC_WIDTH"))};
}

static ProgramTarget target_of_context(const vtac_context *context) {
  const HwConfig *hw = &context->config;
  return (ProgramTarget){hw->batch,
                         hw->block_in,
                         hw->block_out,
                         type_name(hw->log_inp_width),
                         type_name(hw->log_wgt_width),
                         type_name(hw->log_acc_width)};
}

bool family_has_tiling(const FamilyCase *family) {
  return family->kind == FAMILY_MATMUL || family->kind == FAMILY_CONV2D;
}

static void adopt(vtac_op *op, Program *p) {
  const vtac_tensor *args;
  p->op = op;
  p->schedule = vtac_op_schedule(op);
  p->n = vtac_op_args(op, &args);
  for (int i = 0; i < p->n; i++) p->args[i] = args[i];
}

void program_declare(vtac_context *c, const FamilyCase *family, Program *ret) {
  ProgramTarget target = target_of_context(c);
  *ret = (Program){.family = family};
  switch (family->kind) {
    case FAMILY_MATMUL: adopt(vtac_gemm(c, &family->matmul), ret); break;
    case FAMILY_CONV2D: adopt(vtac_conv2d(c, &family->conv2d), ret); break;
    case FAMILY_ELTWISE: eltwise_declare(c, &target, ret); break;
    case FAMILY_GEMM_FREE: gemm_free_declare(c, &target, ret); break;
  }
}

void program_tile(vtac_context *c, Program *p) {
  if (p->op) vtac_op_schedule_to(c, p->op, VTAC_OP_TILED);
}

void program_map(vtac_context *c, Program *p) {
  switch (p->family->kind) {
    case FAMILY_MATMUL:
    case FAMILY_CONV2D: vtac_op_schedule_to(c, p->op, VTAC_OP_VTA); break;
    case FAMILY_ELTWISE: eltwise_map(c, p); break;
    case FAMILY_GEMM_FREE: gemm_free_map(c, p); break;
  }
}

TestData *family_data(const vtac_config *config, const FamilyCase *family,
                      uint64_t seed) {
  ProgramTarget target = target_of(config);
  switch (family->kind) {
    case FAMILY_MATMUL: return gemm_data(config, &family->matmul, seed);
    case FAMILY_CONV2D: return conv2d_data(config, &family->conv2d, seed);
    case FAMILY_ELTWISE: return eltwise_data(&target, &family->eltwise, seed);
    case FAMILY_GEMM_FREE:
      return gemm_free_data(&target, &family->gemm_free, seed);
  }
  return NULL;
}

/* ---- Running ------------------------------------------------------------ */

static Outcome failed(const vtac_error *error, char ret_why[WHY_SIZE]) {
  snprintf(ret_why, WHY_SIZE, "%s", error->message);
  return error->status == VTAC_REFUSED && *error->message ? REFUSED : WRONG;
}

static Outcome compare(const vtac_array *array, const void *expected,
                       char ret_why[WHY_SIZE]) {
  vtac_error error;
  size_t size = vtac_array_size(array);
  void *result = malloc(size);
  Outcome outcome = RIGHT;
  if (vtac_array_read(array, result, &error)) {
    outcome = failed(&error, ret_why);
  } else if (memcmp(result, expected, size)) {
    outcome = WRONG;
    snprintf(ret_why, WHY_SIZE, "it differs from the plain computation");
  }
  free(result);
  return outcome;
}

static Outcome make_arrays(const ProgramRun *run, const TestData *data,
                           vtac_device *device, vtac_array **array,
                           char ret_why[WHY_SIZE]) {
  const Program *program = run->program;
  vtac_error error;
  for (int i = 0; i < program->n; i++) {
    array[i] = vtac_array_like(device, program->args[i], &error);
    if (!array[i] || (i < data->inputs &&
                      vtac_array_write(array[i], data->input[i], &error)))
      return failed(&error, ret_why);
  }
  return RIGHT;
}

Outcome run_and_verify(const ProgramRun *run, vtac_device *device,
                       char ret_why[WHY_SIZE]) {
  const Program *program = run->program;
  vtac_array *array[FAMILY_ARGS] = {0};
  vtac_error error;
  TestData *data = family_data(run->config, program->family, run->seed);
  if (!data) abort();
  Outcome outcome = make_arrays(run, data, device, array, ret_why);
  if (outcome == RIGHT &&
      vtac_module_run(run->module, device, program->n, array, &error))
    outcome = failed(&error, ret_why);
  if (outcome == RIGHT)
    outcome = compare(array[program->n - 1], data->expected, ret_why);
  for (int i = 0; i < program->n; i++) vtac_array_free(array[i]);
  test_data_free(data);
  return outcome;
}

Outcome run_alone(const ProgramRun *run, const vtac_device_options *options,
                  uint64_t ret_counters[VTAC_COUNTERS],
                  char ret_why[WHY_SIZE]) {
  vtac_error error;
  vtac_device *device = vtac_device_open(run->config, options, &error);
  if (!device) return failed(&error, ret_why);
  Outcome outcome = run_and_verify(run, device, ret_why);
  vtac_device_counters(device, ret_counters);
  vtac_device_close(device);
  return outcome;
}
