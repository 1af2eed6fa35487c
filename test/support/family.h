/* SPDX-License-Identifier: Apache-2.0 */
/* Families of tensor programs that tests build, run and verify: each has
 * parameters, a graph, a schedule in steps, and an expectation computed on
 * plain tensors.  test/golden/README.md describes them. */
#ifndef TEST_SUPPORT_FAMILY_H
#define TEST_SUPPORT_FAMILY_H

#include <stdbool.h>

#include "cli/plain.h"
#include "support/outcome.h"
#include "vtac/vtac.h"

enum { CHAIN_MAX = 8, FAMILY_ARGS = 3 };

typedef enum FamilyKind {
  FAMILY_MATMUL,
  FAMILY_CONV2D,
  FAMILY_ELTWISE,
  FAMILY_GEMM_FREE
} FamilyKind;

/* One operation of an element-wise chain. */
typedef struct ChainOp {
  char op; /* 'a'dd, 's'hr, 'x' max, 'n' min */
  int64_t value;
} ChainOp;

typedef struct EltwiseParams {
  int64_t m, n;
  bool add;
  int chain;
  ChainOp at[CHAIN_MAX];
} EltwiseParams;

typedef struct GemmFreeParams {
  int64_t m, n, o;
  char order[4]; /* a permutation of "omk" */
  int a_at, b_at;
  int64_t tile_k, tile_m, tile_o; /* the last two 0: the output is untiled */
  bool swap;
} GemmFreeParams;

typedef struct FamilyCase {
  FamilyKind kind;
  union {
    vtac_gemm_params matmul;
    vtac_conv2d_params conv2d;
    EltwiseParams eltwise;
    GemmFreeParams gemm_free;
  };
} FamilyCase;

/* A declared program.  `op` is set for families of the operator library,
 * else `schedule` is used as it is. */
typedef struct Program {
  const FamilyCase *family;
  vtac_op *op;
  vtac_schedule schedule;
  int n;
  vtac_tensor args[FAMILY_ARGS];
  vtac_tensor stage[CHAIN_MAX + 4]; /* what mapping needs */
  int stages;
  vtac_iter reduce[2];
} Program;

bool family_has_tiling(const FamilyCase *family);
/* Declares the program with its untouched schedule; the context holds errors
 * of this and the following calls. */
void program_declare(vtac_context *context, const FamilyCase *family,
                     Program *ret);
void program_tile(vtac_context *context, Program *program);
void program_map(vtac_context *context, Program *program);

/* Inputs and expected output; NULL when memory is short. */
TestData *family_data(const vtac_config *config, const FamilyCase *family,
                      uint64_t seed);

/* A module that was built from a program, and the seed of its data. */
typedef struct ProgramRun {
  const vtac_config *config;
  const Program *program;
  const vtac_module *module;
  uint64_t seed;
} ProgramRun;

/* Runs it on a device and compares the result.  Unless all is right,
 * `ret_why` says what is not. */
Outcome run_and_verify(const ProgramRun *run, vtac_device *device,
                       char ret_why[WHY_SIZE]);
/* The same on a device of its own. */
Outcome run_alone(const ProgramRun *run, const vtac_device_options *options,
                  uint64_t ret_counters[VTAC_COUNTERS], char ret_why[WHY_SIZE]);

#endif
