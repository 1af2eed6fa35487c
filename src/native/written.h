/* SPDX-License-Identifier: Apache-2.0 */
/* Which parameters a lowered function stores to. */
#ifndef NATIVE_WRITTEN_H
#define NATIVE_WRITTEN_H

#include "ir/ir.h"

/* ret_written has an entry for each parameter; those of parameters that are
 * stored to, by the host or by the accelerator, become true. */
void find_written(Arena *scratch, const Func *func, bool *ret_written);

#endif
