/* SPDX-License-Identifier: Apache-2.0 */
/* EarlyRewrite: shares accelerator memory before virtual threads are expanded.
 *
 * It is StorageRewrite run early, so that the stages of an ALU chain are known
 * to work in place, and so that the buffers of a virtual thread share memory:
 * once threads are interleaved, they may not.
 *
 * (The reference leaves everything as it is where virtual threads nest.) */
#include "pass/pass.h"

const Func *pass_early_rewrite(const PassContext *context, const Func *func) {
  return pass_storage_rewrite(context, func);
}
