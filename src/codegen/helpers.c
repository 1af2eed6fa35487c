/* SPDX-License-Identifier: Apache-2.0 */
/* Types, constants, calls and failure paths of emitted functions. */
#include "codegen/emit.h"
#include "ir/eval.h"

#include "base/trap.h"

LLVMTypeRef value_type(Emitter *em, DType type) {
  switch ((TypeCode)type.code) {
    case TYPE_INT:
    case TYPE_UINT: return LLVMIntTypeInContext(em->context, type.bits);
    case TYPE_FLOAT:
      if (type.bits == 32) return LLVMFloatTypeInContext(em->context);
      if (type.bits == 64) return LLVMDoubleTypeInContext(em->context);
      break;
    case TYPE_HANDLE: return em->pointer;
  }
  fail(em->arena, D_CODEGEN, "there is no native code for type %s",
       dtype_name(em->arena, type));
}

LLVMTypeRef memory_type(Emitter *em, DType type) {
  if (!is_integer(type)) return value_type(em, type);
  return LLVMIntTypeInContext(em->context, 8u * (unsigned)dtype_bytes(type));
}

LLVMValueRef const_i32(Emitter *em, int64_t value) {
  return LLVMConstInt(em->i32, (unsigned long long)value, 1);
}

LLVMValueRef const_text(Emitter *em, const char *text) {
  return LLVMBuildGlobalStringPtr(em->builder, text, "text");
}

LLVMBasicBlockRef new_block(Emitter *em, const char *name) {
  return LLVMAppendBasicBlockInContext(em->context, em->function, name);
}

void enter_block(Emitter *em, LLVMBasicBlockRef block) {
  LLVMPositionBuilderAtEnd(em->builder, block);
}

LLVMValueRef offset_pointer(Emitter *em, LLVMValueRef base, int bytes) {
  LLVMValueRef index = const_i32(em, bytes);
  return bytes ? LLVMBuildGEP2(em->builder, em->i8, base, &index, 1, "") : base;
}

LLVMValueRef load_at(Emitter *em, LLVMTypeRef type, LLVMValueRef base,
                     int bytes) {
  LLVMValueRef address = offset_pointer(em, base, bytes);
  return LLVMBuildLoad2(em->builder, type, address, "");
}

void store_at(Emitter *em, LLVMValueRef value, LLVMValueRef base, int bytes) {
  LLVMBuildStore(em->builder, value, offset_pointer(em, base, bytes));
}

LLVMValueRef entry_alloca(Emitter *em, LLVMTypeRef type, int align) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(em->builder);
  LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(em->function);
  LLVMValueRef first = LLVMGetFirstInstruction(entry);
  if (first)
    LLVMPositionBuilderBefore(em->builder, first);
  else
    enter_block(em, entry);
  LLVMValueRef slot = LLVMBuildAlloca(em->builder, type, "");
  if (align) LLVMSetAlignment(slot, (unsigned)align);
  enter_block(em, here);
  return slot;
}

/* ---- Calls -------------------------------------------------------------- */

enum { MOST_ARGS = 32 };

static LLVMTypeRef function_type(Emitter *em, LLVMTypeRef result, int n,
                                 LLVMValueRef *arg) {
  LLVMTypeRef type[MOST_ARGS];
  if (n > MOST_ARGS)
    fail(em->arena, D_CODEGEN, "a call has %d arguments, the most is %d", n,
         MOST_ARGS);
  for (int i = 0; i < n; i++) type[i] = LLVMTypeOf(arg[i]);
  return LLVMFunctionType(result, type, (unsigned)n, 0);
}

LLVMValueRef call_extern(Emitter *em, const char *name, LLVMTypeRef result,
                         int n, LLVMValueRef *arg) {
  LLVMTypeRef type = function_type(em, result, n, arg);
  LLVMValueRef function = LLVMGetNamedFunction(em->module, name);
  if (!function) function = LLVMAddFunction(em->module, name, type);
  return LLVMBuildCall2(em->builder, type, function, arg, (unsigned)n, "");
}

/* Link-once, so that a service which is not used leaves no symbol. */
static LLVMValueRef service_pointer(Emitter *em, const char *name) {
  const char *symbol = arena_printf(em->arena, "__%s", name);
  LLVMValueRef global = LLVMGetNamedGlobal(em->module, symbol);
  if (global) return global;
  global = LLVMAddGlobal(em->module, em->pointer, symbol);
  LLVMSetInitializer(global, LLVMConstNull(em->pointer));
  LLVMSetLinkage(global, LLVMLinkOnceAnyLinkage);
  return global;
}

LLVMValueRef call_service(Emitter *em, const char *name, LLVMTypeRef result,
                          int n, LLVMValueRef *arg) {
  LLVMTypeRef type = function_type(em, result, n, arg);
  LLVMValueRef function =
      LLVMBuildLoad2(em->builder, em->pointer, service_pointer(em, name), "");
  return LLVMBuildCall2(em->builder, type, function, arg, (unsigned)n, "");
}

/* ---- Functions and failures --------------------------------------------- */

static void add_attribute(Emitter *em, LLVMValueRef function,
                          LLVMAttributeIndex where, const char *name,
                          size_t length) {
  unsigned kind = LLVMGetEnumAttributeKindForName(name, length);
  LLVMAddAttributeAtIndex(function, where,
                          LLVMCreateEnumAttribute(em->context, kind, 0));
}

void begin_function(Emitter *em, LLVMValueRef function) {
  em->function = function;
  em->handle = NULL;
  em->lane = NULL;
  ptrmap_init(&em->vars, em->arena);
  add_attribute(em, function, LLVMAttributeFunctionIndex, "nounwind", 8);
  for (unsigned i = 0; i < LLVMCountParams(function); i++)
    if (LLVMTypeOf(LLVMGetParam(function, i)) == em->pointer)
      add_attribute(em, function, i + 1, "noalias", 7);
  LLVMBasicBlockRef entry = new_block(em, "entry");
  em->failed = new_block(em, "failed");
  enter_block(em, em->failed);
  em->message = LLVMBuildPhi(em->builder, em->pointer, "message");
  enter_block(em, entry);
}

void end_function(Emitter *em) {
  if (!LLVMCountIncoming(em->message)) {
    LLVMDeleteBasicBlock(em->failed);
    return;
  }
  enter_block(em, em->failed);
  LLVMTypeRef none = LLVMVoidTypeInContext(em->context);
  call_service(em, "TVMAPISetLastError", none, 1, &em->message);
  LLVMBuildRet(em->builder, const_i32(em, -1));
}

void emit_require(Emitter *em, LLVMValueRef condition, const char *message) {
  LLVMBasicBlockRef good = new_block(em, "good");
  LLVMValueRef text = const_text(em, message);
  LLVMBasicBlockRef here = LLVMGetInsertBlock(em->builder);
  LLVMAddIncoming(em->message, &text, &here, 1);
  LLVMBuildCondBr(em->builder, condition, good, em->failed);
  enter_block(em, good);
}

void emit_require_ok(Emitter *em, LLVMValueRef status) {
  LLVMBasicBlockRef good = new_block(em, "good"), bad = new_block(em, "bad");
  LLVMValueRef zero = const_i32(em, 0);
  LLVMBuildCondBr(em->builder,
                  LLVMBuildICmp(em->builder, LLVMIntEQ, status, zero, ""), good,
                  bad);
  enter_block(em, bad);
  LLVMBuildRet(em->builder, status);
  enter_block(em, good);
}

void emit_bind(Emitter *em, const Var *var, LLVMValueRef value) {
  ptrmap_set(&em->vars, var, value);
}
