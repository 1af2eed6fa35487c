/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to an object file: symbols, functions, LLVM's passes, bytes. */
#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "codegen/emit.h"
#include "codegen/target.h"

static const TensorLayout layouts[2] = {
    {0, 4, 8, 12, 16, 20, 24, 32},  /* 32-bit pointers */
    {0, 8, 12, 16, 20, 24, 32, 40}, /* 64-bit pointers */
};

/* ---- Symbols ------------------------------------------------------------ */

static void add_text(Emitter *em, const char *symbol, const char *text) {
  LLVMValueRef value =
      LLVMConstStringInContext(em->context, text, (unsigned)strlen(text), 0);
  LLVMValueRef global = LLVMAddGlobal(em->module, LLVMTypeOf(value), symbol);
  LLVMSetInitializer(global, value);
  LLVMSetGlobalConstant(global, 1);
  LLVMSetLinkage(global, LLVMWeakAnyLinkage);
}

/* f_compute_(handle, data pointers...) */
static LLVMValueRef define_compute(Emitter *em) {
  const HostPlan *plan = em->plan;
  int n = plan->n_params + plan->uses_vta;
  LLVMTypeRef *type = ARENA_ARRAY(em->arena, LLVMTypeRef, n);
  for (int i = 0; i < n; i++) type[i] = em->pointer;
  LLVMValueRef function = LLVMAddFunction(
      em->module, arena_printf(em->arena, "%s_compute_", plan->func->name),
      LLVMFunctionType(em->i32, type, (unsigned)n, 0));
  LLVMSetLinkage(function, LLVMInternalLinkage);
  begin_function(em, function);
  if (plan->uses_vta) em->handle = LLVMGetParam(function, 0);
  for (int i = 0; i < plan->n_params; i++)
    emit_bind(em, plan->param[i].data,
              LLVMGetParam(function, (unsigned)(i + plan->uses_vta)));
  emit_stmt(em, plan->func->body);
  LLVMBuildRet(em->builder, const_i32(em, 0));
  end_function(em);
  return function;
}

static void emit_module(Emitter *em) {
  emit_entry(em, define_compute(em));
  add_text(em, "__tvm_main__", em->plan->func->name);
  add_text(em,
           arena_printf(em->arena, "__vtac_module_%s", em->plan->func->name),
           em->plan->record);
}

/* ---- LLVM's part -------------------------------------------------------- */

/* What must be given back however the emission ends. */
typedef struct Resources {
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMTargetMachineRef machine;
  LLVMTargetDataRef layout;
} Resources;

static void give_back(Resources *r) {
  if (r->builder) LLVMDisposeBuilder(r->builder);
  if (r->module) LLVMDisposeModule(r->module);
  if (r->layout) LLVMDisposeTargetData(r->layout);
  if (r->machine) LLVMDisposeTargetMachine(r->machine);
  if (r->context) LLVMContextDispose(r->context);
}

static void set_abi(Emitter *em, const char *abi) {
  if (!*abi) return;
  LLVMAddModuleFlag(em->module, LLVMModuleFlagBehaviorError, "target-abi", 10,
                    LLVMMDStringInContext2(em->context, abi, strlen(abi)));
}

static Emitter start(Arena *arena, const CodegenRequest *request,
                     Resources *r) {
  r->machine = target_machine(arena, request);
  r->layout = LLVMCreateTargetDataLayout(r->machine);
  r->context = LLVMContextCreate();
  r->module =
      LLVMModuleCreateWithNameInContext(request->plan->func->name, r->context);
  r->builder = LLVMCreateBuilderInContext(r->context);
  char *triple = LLVMGetTargetMachineTriple(r->machine);
  LLVMSetTarget(r->module, triple);
  LLVMDisposeMessage(triple);
  LLVMSetModuleDataLayout(r->module, r->layout);
  int pointer_bytes = (int)LLVMPointerSize(r->layout);
  Emitter em = {.arena = arena,
                .plan = request->plan,
                .context = r->context,
                .module = r->module,
                .builder = r->builder,
                .i1 = LLVMInt1TypeInContext(r->context),
                .i8 = LLVMInt8TypeInContext(r->context),
                .i16 = LLVMInt16TypeInContext(r->context),
                .i32 = LLVMInt32TypeInContext(r->context),
                .i64 = LLVMInt64TypeInContext(r->context),
                .pointer = LLVMPointerTypeInContext(r->context, 0),
                .pointer_bytes = pointer_bytes,
                .layout = r->layout,
                .tensor = &layouts[pointer_bytes == 8]};
  set_abi(&em, request->target->abi);
  return em;
}

static void verify(Emitter *em) {
  char *why = NULL;
  if (LLVMVerifyModule(em->module, LLVMReturnStatusAction, &why))
    BUG("LLVM refuses the module: %s", why);
  LLVMDisposeMessage(why);
}

/* Calls of the runtime leave little to optimise; loops that compute do. */
static void optimise(Emitter *em, LLVMTargetMachineRef machine) {
  const char *passes = em->plan->uses_vta
                           ? "function(sroa,early-cse,instcombine,simplifycfg)"
                             ",globaldce"
                           : "default<O2>";
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error = LLVMRunPasses(em->module, passes, machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (error) BUG("LLVM's passes: %s", LLVMGetErrorMessage(error));
}

static void write_object(Emitter *em, LLVMTargetMachineRef machine,
                         unsigned char **ret_bytes, size_t *ret_size) {
  LLVMMemoryBufferRef buffer;
  char *why;
  if (LLVMTargetMachineEmitToMemoryBuffer(machine, em->module, LLVMObjectFile,
                                          &why, &buffer))
    fail(em->arena, D_CODEGEN, "LLVM cannot write the object: %s", why);
  size_t size = LLVMGetBufferSize(buffer);
  unsigned char *bytes = malloc(size);
  if (bytes) memcpy(bytes, LLVMGetBufferStart(buffer), size);
  LLVMDisposeMemoryBuffer(buffer);
  if (!bytes) fail(em->arena, D_NO_MEMORY, "cannot allocate an object file");
  *ret_bytes = bytes;
  *ret_size = size;
}

/* ---- The interface ------------------------------------------------------ */

static vtac_status emit(const CodegenRequest *request,
                        unsigned char **ret_bytes, size_t *ret_size,
                        Diag *diag) {
  Trap trap;
  Arena arena;
  Resources resources = {0};
  arena_init(&arena, &trap);
  if (setjmp(trap.here)) {
    *diag = trap.diag;
    give_back(&resources);
    arena_clear(&arena);
    return diag->status;
  }
  Emitter em = start(&arena, request, &resources);
  emit_module(&em);
  verify(&em);
  optimise(&em, resources.machine);
  write_object(&em, resources.machine, ret_bytes, ret_size);
  give_back(&resources);
  arena_clear(&arena);
  return VTAC_OK;
}

const CodegenApi *vtac_codegen(void) {
  static const CodegenApi api = {CODEGEN_VERSION, CODEGEN_LLVM, codegen_targets,
                                 emit};
  return &api;
}
