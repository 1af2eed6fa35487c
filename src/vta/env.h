/* SPDX-License-Identifier: Apache-2.0 */
/* VtaEnv: the accelerator as the compiler sees it.
 *
 * One VtaEnv serves one program, from the declaration of its tensor
 * intrinsics to the last pass: scopes are merged when they hang on the same
 * iteration variable and name the same string object.  PassContext.config of
 * every accelerator pass points to it. */
#ifndef VTA_ENV_H
#define VTA_ENV_H

#include "hw/config.h"
#include "hw/insn.h"
#include "ir/ir.h"
#include "pass/pass.h"

#define VTA_INP_SCOPE "local.inp_buffer"
#define VTA_WGT_SCOPE "local.wgt_buffer"
#define VTA_ACC_SCOPE "local.acc_buffer"

#define VTA_PUSH_GEMM "VTAPushGEMMOp"
#define VTA_PUSH_ALU "VTAPushALUOp"

enum { VTA_SCOPES = 3 };

typedef struct VtaEnv {
  HwConfig hw;
  DType inp_type, wgt_type, acc_type, out_type;
  const IterVar *axis;   /* "vta": what every accelerator scope hangs on */
  const Expr *push_gemm; /* the one string VTA_PUSH_GEMM */
  ScopeInfo scope[VTA_SCOPES];
} VtaEnv;

VtaEnv *vta_env_new(Arena *arena, const HwConfig *hw);

/* Fills the table of on-chip scopes from a configuration. */
void vta_scopes(const HwConfig *hw, ScopeInfo ret_scope[VTA_SCOPES]);

/* Lanes of one on-chip element: a tile of activations or accumulators, a
 * block of weights. */
int vta_inp_lanes(const VtaEnv *env);
int vta_wgt_lanes(const VtaEnv *env);
int vta_acc_lanes(const VtaEnv *env);

static inline const VtaEnv *vta_env(const PassContext *context) {
  return context->config;
}

#endif
