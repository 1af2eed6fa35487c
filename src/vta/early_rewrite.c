/* SPDX-License-Identifier: Apache-2.0 */
/* EarlyRewrite: shares accelerator memory before virtual threads are expanded.
 *
 * It is StorageRewrite run early, so that the stages of an ALU chain are known
 * to work in place.  What does not fit, or lies inside two virtual threads, is
 * left as it is: sizes are judged again after the threads are expanded. */
#include "pass/pass.h"
#include "pass/storage_rewrite.h"

const Func *pass_early_rewrite(const PassContext *context, const Func *func) {
  Diag why;
  const Stmt *body = storage_rewrite(context, func->body, &why);
  return body ? func_with_body(context->arena, func, body) : func;
}
