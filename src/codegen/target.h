/* SPDX-License-Identifier: Apache-2.0 */
/* The machines that code is generated for. */
#ifndef CODEGEN_TARGET_H
#define CODEGEN_TARGET_H

#include <llvm-c/TargetMachine.h>

#include "codegen/codegen.h"

extern const CodegenTarget codegen_targets[];

/* Fails with a diagnostic if this LLVM has no such target. */
LLVMTargetMachineRef target_machine(Arena *arena,
                                    const CodegenRequest *request);

#endif
