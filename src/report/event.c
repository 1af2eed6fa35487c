/* SPDX-License-Identifier: Apache-2.0 */
/* Between which units tokens go. */
#include "report/event.h"

TsimUnit token_from(HwToken token) {
  switch (token) {
    case HW_L2G: return TSIM_LOAD;
    case HW_S2G: return TSIM_STORE;
    default: return TSIM_COMPUTE;
  }
}

TsimUnit token_to(HwToken token) {
  switch (token) {
    case HW_G2L: return TSIM_LOAD;
    case HW_G2S: return TSIM_STORE;
    default: return TSIM_COMPUTE;
  }
}
