/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the LLVM emitter share. */
#ifndef CODEGEN_EMIT_H
#define CODEGEN_EMIT_H

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "codegen/codegen.h"

/* Byte offsets of a DLTensor's fields for one pointer size. */
typedef struct TensorLayout {
  int data, device_type, device_id, ndim, dtype, shape, strides, byte_offset;
} TensorLayout;

typedef struct Emitter {
  Arena *arena;
  const HostPlan *plan;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMTypeRef i1, i8, i16, i32, i64, pointer;
  int pointer_bytes;
  LLVMTargetDataRef layout;
  const TensorLayout *tensor;

  /* The function being emitted. */
  LLVMValueRef function;
  PtrMap vars;              /* Var -> LLVMValueRef */
  LLVMValueRef handle;      /* the command handle, NULL until it is needed */
  LLVMValueRef lane;        /* of a vector statement, int32; NULL outside */
  LLVMBasicBlockRef failed; /* stores the message and returns -1 */
  LLVMValueRef message;     /* its phi */
} Emitter;

/* ---- Small helpers (helpers.c) ------------------------------------------ */

LLVMTypeRef value_type(Emitter *em, DType type);  /* in registers */
LLVMTypeRef memory_type(Emitter *em, DType type); /* one element */
LLVMValueRef const_i32(Emitter *em, int64_t value);
LLVMValueRef const_text(Emitter *em, const char *text);
LLVMBasicBlockRef new_block(Emitter *em, const char *name);
void enter_block(Emitter *em, LLVMBasicBlockRef block);
/* `base` moved by a constant number of bytes. */
LLVMValueRef offset_pointer(Emitter *em, LLVMValueRef base, int bytes);
LLVMValueRef load_at(Emitter *em, LLVMTypeRef type, LLVMValueRef base,
                     int bytes);
void store_at(Emitter *em, LLVMValueRef value, LLVMValueRef base, int bytes);
LLVMValueRef entry_alloca(Emitter *em, LLVMTypeRef type, int align);
/* Calls a C function that another library defines. */
LLVMValueRef call_extern(Emitter *em, const char *name, LLVMTypeRef result,
                         int n, LLVMValueRef *arg);
/* Calls a service of the runtime through its context pointer "__NAME". */
LLVMValueRef call_service(Emitter *em, const char *name, LLVMTypeRef result,
                          int n, LLVMValueRef *arg);
/* Begins a function with its failure block; ends it. */
void begin_function(Emitter *em, LLVMValueRef function);
void end_function(Emitter *em);
/* Goes on only if `condition`; else the function stores `message`, returns -1.
 */
void emit_require(Emitter *em, LLVMValueRef condition, const char *message);
/* Goes on only if the int32 `status` is 0; else the function returns it. */
void emit_require_ok(Emitter *em, LLVMValueRef status);
/* The variable's value in the current function. */
void emit_bind(Emitter *em, const Var *var, LLVMValueRef value);

/* ---- The parts ---------------------------------------------------------- */

LLVMValueRef emit_expr(Emitter *em, const Expr *expr);
void emit_stmt(Emitter *em, const Stmt *stmt);
LLVMValueRef emit_handle(Emitter *em);
LLVMValueRef element_pointer(Emitter *em, const Buffer *buffer,
                             const Expr *index);
/* An element of less than a byte: the byte, and the element's lowest bit. */
typedef struct PackedPlace {
  LLVMValueRef byte, shift;
} PackedPlace;
PackedPlace packed_place(Emitter *em, const Buffer *buffer, const Expr *index);
/* Calls of the accelerator's runtime and of other C functions. */
LLVMValueRef emit_call(Emitter *em, const Call *call);
/* Pushes a micro-op scope and defines the function that replays it. */
void emit_site(Emitter *em, const Site *site);
/* The packed entry point, which calls `compute`. */
void emit_entry(Emitter *em, LLVMValueRef compute);

#endif
