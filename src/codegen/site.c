/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-op scopes.
 *
 * A scope becomes `status = PUSH(&slot, record, closure, nbytes)`: the runtime
 * knows the recorded kernel by the slot and the bytes of the closure, and calls
 * record(closure) only when it has none yet.  The closure is a struct of the
 * captured variables on the stack, in order of first use, padding zeroed so
 * that equal values are equal bytes; nbytes is the size of it or of its key. */
#include <llvm-c/Target.h>
#include <string.h>

#include "codegen/emit.h"

/* The field of the first captured variable: behind the key. */
static int first_captured(const Site *site) { return site->key != NULL; }

static LLVMTypeRef closure_type(Emitter *em, const Site *site) {
  int first = first_captured(site);
  LLVMTypeRef *field = ARENA_ARRAY(em->arena, LLVMTypeRef, first + site->n);
  if (site->key) field[0] = em->i32;
  for (int i = 0; i < site->n; i++)
    field[first + i] = plan_is_pointer(site->captured[i])
                           ? em->pointer
                           : memory_type(em, site->captured[i]->e.type);
  return LLVMStructTypeInContext(em->context, field,
                                 (unsigned)(first + site->n), 0);
}

/* Variables narrower than their field are widened as in memory. */
static LLVMValueRef to_field(Emitter *em, const Var *var) {
  LLVMValueRef value = emit_expr(em, &var->e);
  DType type = var->e.type;
  if (plan_is_pointer(var) || !is_integer(type)) return value;
  return LLVMBuildIntCast2(em->builder, value, memory_type(em, type),
                           type.code == TYPE_INT, "");
}

static LLVMValueRef fill_closure(Emitter *em, const Site *site,
                                 LLVMTypeRef type) {
  LLVMValueRef closure = entry_alloca(em, type, 0);
  LLVMBuildStore(em->builder, LLVMConstNull(type), closure);
  if (site->key)
    LLVMBuildStore(em->builder, emit_expr(em, site->key),
                   LLVMBuildStructGEP2(em->builder, type, closure, 0, ""));
  unsigned field = (unsigned)first_captured(site);
  for (int i = 0; i < site->n; i++)
    LLVMBuildStore(
        em->builder, to_field(em, site->captured[i]),
        LLVMBuildStructGEP2(em->builder, type, closure, field++, ""));
  return closure;
}

static void load_captured(Emitter *em, const Site *site, LLVMTypeRef type,
                          LLVMValueRef closure) {
  for (int i = 0; i < site->n; i++) {
    const Var *var = site->captured[i];
    unsigned at = (unsigned)(first_captured(site) + i);
    LLVMTypeRef field = LLVMStructGetTypeAtIndex(type, at);
    LLVMValueRef value = LLVMBuildLoad2(
        em->builder, field,
        LLVMBuildStructGEP2(em->builder, type, closure, at, ""), "");
    if (!plan_is_pointer(var) && is_integer(var->e.type))
      value = LLVMBuildIntCast2(em->builder, value, value_type(em, var->e.type),
                                0, "");
    emit_bind(em, var, value);
  }
}

/* int record(void *closure) */
static LLVMValueRef define_record(Emitter *em, const Site *site,
                                  LLVMTypeRef closure) {
  LLVMTypeRef type = LLVMFunctionType(em->i32, &em->pointer, 1, 0);
  LLVMValueRef function = LLVMAddFunction(em->module, "record", type);
  LLVMSetLinkage(function, LLVMPrivateLinkage);
  const Emitter outer = *em;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(em->builder);
  begin_function(em, function);
  load_captured(em, site, closure, LLVMGetParam(function, 0));
  emit_stmt(em, site->body);
  LLVMBuildRet(em->builder, const_i32(em, 0));
  end_function(em);
  *em = outer;
  enter_block(em, here);
  return function;
}

static LLVMValueRef define_slot(Emitter *em) {
  LLVMValueRef slot = LLVMAddGlobal(em->module, em->pointer, "slot");
  LLVMSetLinkage(slot, LLVMPrivateLinkage);
  LLVMSetInitializer(slot, LLVMConstNull(em->pointer));
  return slot;
}

void emit_site(Emitter *em, const Site *site) {
  LLVMTypeRef type = closure_type(em, site);
  uint64_t bytes = site->n ? LLVMABISizeOfType(em->layout, type) : 0;
  if (site->key) bytes = sizeof(int32_t);
  LLVMValueRef arg[] = {
      define_slot(em), define_record(em, site, type),
      site->n ? fill_closure(em, site, type) : LLVMConstNull(em->pointer),
      const_i32(em, (int64_t)bytes)};
  emit_require_ok(em, call_extern(em, site->push, em->i32, 4, arg));
}
