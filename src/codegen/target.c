/* SPDX-License-Identifier: Apache-2.0 */
/* Targets by name, and LLVM's machine for one.
 *
 * Saved code is for the oldest processor of its architecture that Linux
 * distributions support, so that a file runs wherever it is carried; code that
 * never leaves the process uses all that this processor has. */
#include "codegen/target.h"

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <string.h>

#include "base/trap.h"

const CodegenTarget codegen_targets[] = {
    {"host", "", "generic", "", ""},
    {"armv7", "armv7-unknown-linux-gnueabihf", "generic",
     "+vfp3d16,-neon,+strict-align", ""},
    {"aarch64", "aarch64-unknown-linux-gnu", "generic", "", ""},
    {"riscv64", "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c",
     "lp64d"},
    {NULL, NULL, NULL, NULL, NULL}};

/* LLVM keeps its targets in a list of its own for the whole process; adding one
 * twice does nothing. */
static void add_targets(void) {
  LLVMInitializeNativeTarget();
  LLVMInitializeNativeAsmPrinter();
#define ADD(name)                                                      \
  (LLVMInitialize##name##TargetInfo(), LLVMInitialize##name##Target(), \
   LLVMInitialize##name##TargetMC(), LLVMInitialize##name##AsmPrinter())
#ifdef CODEGEN_HAS_ARM
  ADD(ARM);
#endif
#ifdef CODEGEN_HAS_AARCH64
  ADD(AArch64);
#endif
#ifdef CODEGEN_HAS_RISCV
  ADD(RISCV);
#endif
#undef ADD
}

/* A text of LLVM's, moved into the arena. */
static const char *take_text(Arena *arena, char *text) {
  const char *copy = arena_strdup(arena, text);
  LLVMDisposeMessage(text);
  return copy;
}

LLVMTargetMachineRef target_machine(Arena *arena,
                                    const CodegenRequest *request) {
  const CodegenTarget *target = request->target;
  const char *triple = target->triple, *cpu = target->cpu;
  const char *features = target->features;
  LLVMTargetRef found;
  char *why;
  add_targets();
  if (!*triple) triple = take_text(arena, LLVMGetDefaultTargetTriple());
  if (request->this_cpu) {
    cpu = take_text(arena, LLVMGetHostCPUName());
    features = take_text(arena, LLVMGetHostCPUFeatures());
  }
  if (LLVMGetTargetFromTriple(triple, &found, &why))
    fail(arena, D_CODEGEN, "target '%s': %s", target->name,
         take_text(arena, why));
  /* calls of the runtime gain nothing by a slow code generator */
  LLVMCodeGenOptLevel level =
      request->plan->uses_vta ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault;
  LLVMTargetMachineRef machine = LLVMCreateTargetMachine(
      found, triple, cpu, features, level, LLVMRelocPIC, LLVMCodeModelSmall);
  if (!machine)
    fail(arena, D_CODEGEN, "LLVM has no machine for target '%s' (%s)",
         target->name, triple);
  return machine;
}
