/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: of the accelerator's runtime (its C ABI is listed in
 * include/vtac/kernel.h) and of C functions that a program names itself. */
#include <string.h>

#include "base/trap.h"
#include "codegen/emit.h"
#include "ir/eval.h"

enum { MOST_CALL_ARGS = 24 };

LLVMValueRef emit_handle(Emitter *em) {
  if (!em->handle)
    em->handle = call_extern(em, "VTATLSCommandHandle", em->pointer, 0, NULL);
  return em->handle;
}

/* The runtime's own functions take integers of 32 bits; any other function
 * gets what C makes of the argument. */
static LLVMValueRef call_arg(Emitter *em, const Expr *arg, bool runtime) {
  LLVMValueRef value = emit_expr(em, arg);
  DType type = arg->type;
  bool narrow = is_integer(type) && (runtime || type.bits < 32);
  if (!narrow) return value;
  return LLVMBuildIntCast2(em->builder, value, em->i32, type.code == TYPE_INT,
                           "");
}

static LLVMTypeRef result_type(Emitter *em, DType type) {
  return is_bool(type) ? em->i32 : value_type(em, type);
}

static LLVMValueRef call_named(Emitter *em, const Call *call) {
  LLVMValueRef arg[MOST_CALL_ARGS];
  const char *name = AS(StringImm, call->arg[0])->value;
  bool runtime = !strncmp(name, "VTA", 3);
  if (call->n > MOST_CALL_ARGS)
    fail(em->arena, D_CODEGEN, "%s has %d arguments, the most is %d", name,
         call->n - 1, MOST_CALL_ARGS - 1);
  for (int i = 1; i < call->n; i++)
    arg[i - 1] = call_arg(em, call->arg[i], runtime);
  return call_extern(em, name, result_type(em, call->e.type), call->n - 1, arg);
}

/* A function of the runtime whose first argument is the command handle. */
static LLVMValueRef call_queue(Emitter *em, const char *name,
                               const Call *call) {
  LLVMValueRef arg[MOST_CALL_ARGS] = {emit_handle(em)};
  for (int i = 0; i < call->n; i++)
    arg[i + 1] = call_arg(em, call->arg[i], true);
  return call_extern(em, name, em->i32, call->n + 1, arg);
}

static LLVMValueRef call_synchronize(Emitter *em) {
  LLVMValueRef arg[2] = {emit_handle(em),
                         LLVMConstInt(em->i32, 0x80000000u, 0)};
  return call_extern(em, "VTASynchronize", em->i32, 2, arg);
}

static LLVMValueRef call_uop_push(Emitter *em, const Call *call) {
  LLVMValueRef arg[MOST_CALL_ARGS];
  for (int i = 0; i < call->n; i++) arg[i] = call_arg(em, call->arg[i], true);
  return call_extern(em, "VTAUopPush", em->i32, call->n, arg);
}

/* tvm_access_ptr(type, data, offset, extent, mask) in host memory. */
static LLVMValueRef access_pointer(Emitter *em, const Call *call) {
  DType type = call->arg[0]->type;
  if (is_packed(type))
    fail(em->arena, D_CODEGEN, "elements of type %s have no address",
         dtype_name(em->arena, type));
  LLVMValueRef data = emit_expr(em, call->arg[1]);
  LLVMValueRef offset = emit_expr(em, call->arg[2]);
  return LLVMBuildGEP2(em->builder, memory_type(em, type), data, &offset, 1,
                       "");
}

LLVMValueRef emit_call(Emitter *em, const Call *call) {
  const Load *load;
  switch (call->op) {
    case OP_CALL_PURE_EXTERN:
    case OP_CALL_EXTERN: return call_named(em, call);
    case OP_COMMAND_HANDLE:
    case OP_THREAD_CONTEXT: return emit_handle(em);
    case OP_COPROC_SYNC: return call_synchronize(em);
    case OP_COPROC_DEP_PUSH: return call_queue(em, "VTADepPush", call);
    case OP_COPROC_DEP_POP: return call_queue(em, "VTADepPop", call);
    case OP_COPROC_READ_BARRIER: return call_queue(em, "VTAReadBarrier", call);
    case OP_COPROC_WRITE_BARRIER:
      return call_queue(em, "VTAWriteBarrier", call);
    case OP_UOP_PUSH: return call_uop_push(em, call);
    case OP_ACCESS_PTR: return access_pointer(em, call);
    case OP_ADDRESS_OF:
      load = as_load(call->arg[0]);
      if (load && load->n == 1)
        return element_pointer(em, load->buffer, load->index[0]);
      break;
    default: break;
  }
  fail(em->arena, D_CODEGEN, "there is no native code for %s",
       op_name(call->op));
}
