/* SPDX-License-Identifier: Apache-2.0 */
/* The accelerator as the compiler sees it, by configuration. */
#include "vta/env.h"

#include "ir/make.h"

void vta_scopes(const HwConfig *hw, ScopeInfo ret_scope[VTA_SCOPES]) {
  ret_scope[0] = (ScopeInfo){VTA_INP_SCOPE, hw->inp_elem_bits,
                             hw->inp_elem_bits, (int64_t)hw->inp_buff_size * 8};
  ret_scope[1] = (ScopeInfo){VTA_WGT_SCOPE, hw->wgt_elem_bits,
                             hw->wgt_elem_bits, (int64_t)hw->wgt_buff_size * 8};
  ret_scope[2] = (ScopeInfo){VTA_ACC_SCOPE, hw->acc_elem_bits,
                             hw->acc_elem_bits, (int64_t)hw->acc_buff_size * 8};
}

VtaEnv *vta_env_new(Arena *arena, const HwConfig *hw) {
  VtaEnv *env = ARENA_NEW(arena, VtaEnv);
  env->hw = *hw;
  env->inp_type = DTYPE(TYPE_INT, (uint8_t)hw->inp_width);
  env->wgt_type = DTYPE(TYPE_INT, (uint8_t)hw->wgt_width);
  env->acc_type = DTYPE(TYPE_INT, (uint8_t)hw->acc_width);
  env->out_type = DTYPE(TYPE_INT, (uint8_t)hw->out_width);
  env->axis =
      make_iter(arena, (Range){NULL, NULL}, make_var(arena, "vta", INT32),
                ITER_THREAD_INDEX, "vta");
  env->push_gemm = make_string(arena, VTA_PUSH_GEMM);
  vta_scopes(hw, env->scope);
  return env;
}

int vta_inp_lanes(const VtaEnv *env) {
  return env->hw.inp_elem_bits / env->hw.inp_width;
}
int vta_wgt_lanes(const VtaEnv *env) {
  return env->hw.wgt_elem_bits / env->hw.wgt_width;
}
int vta_acc_lanes(const VtaEnv *env) {
  return env->hw.acc_elem_bits / env->hw.acc_width;
}
