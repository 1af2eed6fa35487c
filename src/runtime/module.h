/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: a compiled function with the configuration it was compiled for. */
#ifndef RUNTIME_MODULE_H
#define RUNTIME_MODULE_H

#include "hw/config.h"
#include "ir/eval.h"
#include "vtac/runtime.h"

/* Makes a module of a lowered function.  The module takes over the arena, in
 * which the function lives, whether or not this succeeds. */
vtac_module *module_new(Arena *arena, const Func *func, const HwConfig *config,
                        bool accelerator, Diag *diag);

#endif
