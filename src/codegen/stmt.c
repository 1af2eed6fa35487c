/* SPDX-License-Identifier: Apache-2.0 */
/* Statements to LLVM IR. */
#include <string.h>

#include "base/trap.h"
#include "codegen/emit.h"
#include "ir/eval.h"

/* ---- Loops -------------------------------------------------------------- */

/* A loop being emitted: between open and close stands its body. */
typedef struct Loop {
  LLVMBasicBlockRef body, after;
  LLVMValueRef index, end;
} Loop;

/* min <= index < min + extent */
static Loop open_loop(Emitter *em, LLVMValueRef min, LLVMValueRef extent) {
  LLVMBuilderRef b = em->builder;
  Loop loop = {.body = new_block(em, "body"), .after = new_block(em, "after")};
  loop.end = LLVMBuildAdd(b, min, extent, "end");
  LLVMBasicBlockRef before = LLVMGetInsertBlock(b);
  LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntSLT, min, loop.end, ""), loop.body,
                  loop.after);
  enter_block(em, loop.body);
  loop.index = LLVMBuildPhi(b, LLVMTypeOf(min), "index");
  LLVMAddIncoming(loop.index, &min, &before, 1);
  return loop;
}

static void close_loop(Emitter *em, const Loop *loop) {
  LLVMBuilderRef b = em->builder;
  LLVMValueRef one = LLVMConstInt(LLVMTypeOf(loop->index), 1, 0);
  LLVMValueRef next = LLVMBuildNSWAdd(b, loop->index, one, "next");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(b);
  LLVMAddIncoming(loop->index, &next, &last, 1);
  LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntSLT, next, loop->end, ""),
                  loop->body, loop->after);
  enter_block(em, loop->after);
}

static void emit_for(Emitter *em, const For *loop) {
  LLVMValueRef min = emit_expr(em, loop->min);
  LLVMValueRef extent = emit_expr(em, loop->extent);
  Loop open = open_loop(em, min, extent);
  emit_bind(em, loop->var, open.index);
  emit_stmt(em, loop->body);
  close_loop(em, &open);
}

/* ---- Stores ------------------------------------------------------------- */

/* The other elements of the byte stay. */
static void emit_packed_store(Emitter *em, const Store *store) {
  LLVMBuilderRef builder = em->builder;
  LLVMValueRef value =
      LLVMBuildZExt(builder, emit_expr(em, store->value), em->i8, "");
  PackedPlace place = packed_place(em, store->buffer, store->index[0]);
  unsigned ones = (1u << store->buffer->type.bits) - 1;
  LLVMValueRef mask =
      LLVMBuildShl(builder, LLVMConstInt(em->i8, ones, 0), place.shift, "");
  LLVMValueRef kept =
      LLVMBuildAnd(builder, LLVMBuildLoad2(builder, em->i8, place.byte, ""),
                   LLVMBuildNot(builder, mask, ""), "");
  LLVMValueRef set = LLVMBuildShl(builder, value, place.shift, "");
  LLVMBuildStore(builder, LLVMBuildOr(builder, kept, set, ""), place.byte);
}

static void emit_scalar_store(Emitter *em, const Store *store) {
  DType type = DTYPE(store->buffer->type.code, store->buffer->type.bits);
  if (is_packed(type)) {
    emit_packed_store(em, store);
    return;
  }
  LLVMValueRef value = emit_expr(em, store->value);
  if (is_integer(type))
    value = LLVMBuildIntCast2(em->builder, value, memory_type(em, type),
                              type.code == TYPE_INT, "");
  LLVMValueRef address = element_pointer(em, store->buffer, store->index[0]);
  LLVMBuildStore(em->builder, value, address);
}

static void emit_store(Emitter *em, const Store *store) {
  int lanes = store->value->type.lanes;
  if (store->n != 1) BUG("an access that was not flattened");
  if (lanes == 1) {
    emit_scalar_store(em, store);
    return;
  }
  Loop loop = open_loop(em, const_i32(em, 0), const_i32(em, lanes));
  em->lane = loop.index;
  emit_scalar_store(em, store);
  em->lane = NULL;
  close_loop(em, &loop);
}

/* ---- Temporaries -------------------------------------------------------- */

static LLVMValueRef workspace(Emitter *em, DType type, uint64_t bytes) {
  LLVMValueRef arg[] = {const_i32(em, em->plan->device_type), const_i32(em, 0),
                        LLVMConstInt(em->i64, bytes, 0),
                        const_i32(em, type.code), const_i32(em, type.bits)};
  LLVMValueRef memory =
      call_service(em, "TVMBackendAllocWorkspace", em->pointer, 5, arg);
  LLVMValueRef missing = LLVMBuildIsNull(em->builder, memory, "");
  emit_require_ok(em, LLVMBuildSExt(em->builder, missing, em->i32, ""));
  return memory;
}

static void release(Emitter *em, LLVMValueRef memory) {
  LLVMValueRef arg[] = {const_i32(em, em->plan->device_type), const_i32(em, 0),
                        memory};
  LLVMValueRef status =
      call_service(em, "TVMBackendFreeWorkspace", em->i32, 3, arg);
  LLVMValueRef zero = const_i32(em, 0);
  LLVMValueRef bad = LLVMBuildICmp(em->builder, LLVMIntNE, status, zero, "");
  emit_require_ok(em, LLVMBuildSExt(em->builder, bad, em->i32, ""));
}

/* Small temporaries of the host live on the stack; a temporary of the
 * accelerator is a buffer of its own. */
static void emit_allocate(Emitter *em, const Allocate *allocation) {
  enum { ALIGNMENT = 64 };
  DType type = DTYPE(allocation->type.code, allocation->type.bits);
  int64_t elements = plan_elements(em->arena, allocation);
  uint64_t bytes = (uint64_t)dtype_array_bytes(type, elements);
  bool on_stack =
      em->plan->device_type == DEVICE_CPU && bytes < STACK_LIMIT_BYTES;
  LLVMValueRef memory =
      on_stack
          ? entry_alloca(em, LLVMArrayType(em->i8, (unsigned)bytes), ALIGNMENT)
          : workspace(em, type, bytes);
  emit_bind(em, allocation->var, memory);
  emit_stmt(em, allocation->body);
  if (!on_stack) release(em, memory);
}

/* ---- Everything else ---------------------------------------------------- */

static void emit_if(Emitter *em, const If *branch) {
  LLVMBasicBlockRef then_part = new_block(em, "then");
  LLVMBasicBlockRef after = new_block(em, "after");
  LLVMBasicBlockRef else_part =
      branch->else_part ? new_block(em, "else") : after;
  LLVMBuildCondBr(em->builder, emit_expr(em, branch->condition), then_part,
                  else_part);
  enter_block(em, then_part);
  emit_stmt(em, branch->then_part);
  LLVMBuildBr(em->builder, after);
  if (branch->else_part) {
    enter_block(em, else_part);
    emit_stmt(em, branch->else_part);
    LLVMBuildBr(em->builder, after);
  }
  enter_block(em, after);
}

static void emit_attr(Emitter *em, const Attr *attr) {
  const Site *site = ptrmap_get(&em->plan->site_of, attr);
  if (site)
    emit_site(em, site);
  else
    emit_stmt(em, attr->body);
}

static void emit_assert(Emitter *em, const Assert *assertion) {
  emit_require(em, emit_expr(em, assertion->condition), assertion->message);
  emit_stmt(em, assertion->body);
}

void emit_stmt(Emitter *em, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT:
      emit_bind(em, AS(LetStmt, stmt)->var,
                emit_expr(em, AS(LetStmt, stmt)->value));
      emit_stmt(em, AS(LetStmt, stmt)->body);
      return;
    case ATTR: emit_attr(em, AS(Attr, stmt)); return;
    case FOR: emit_for(em, AS(For, stmt)); return;
    case ALLOCATE: emit_allocate(em, AS(Allocate, stmt)); return;
    case STORE: emit_store(em, AS(Store, stmt)); return;
    case IF: emit_if(em, AS(If, stmt)); return;
    case SEQ:
      for (int i = 0; i < AS(Seq, stmt)->n; i++)
        emit_stmt(em, AS(Seq, stmt)->at[i]);
      return;
    case EVALUATE: emit_expr(em, AS(Evaluate, stmt)->value); return;
    case ASSERT: emit_assert(em, AS(Assert, stmt)); return;
    case REALIZE:
    case STMT_KINDS: break;
  }
  BUG("a %s has no native form", stmt_kind_name(stmt->kind));
}
