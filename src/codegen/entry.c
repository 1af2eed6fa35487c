/* SPDX-License-Identifier: Apache-2.0 */
/* The packed entry point: int32 f(args, type codes, number, ret, ret code,
 * resource).  It fetches the command handle, checks the arguments in the order
 * of the plan, selects the device, and calls the body.
 *
 * TVM 0.9 reads the tensors before it has seen their type codes and accepts a
 * null pointer; here a tensor is read only once its code is right and it is
 * there.  Shapes are compared in all 64 bits. */
#include "codegen/emit.h"
#include "ir/eval.h"

/* A tensor argument; its fields are read as the checks come to them. */
typedef struct Argument {
  LLVMValueRef pointer, code;
} Argument;

typedef struct Entry {
  Emitter *em;
  Argument *arg;
  LLVMValueRef args, codes, count; /* parameters of the entry */
} Entry;

enum { ARG_BYTES = 8, CODE_BYTES = 4 };

static LLVMValueRef equals(Emitter *em, LLVMValueRef value, int64_t number) {
  LLVMValueRef want =
      LLVMConstInt(LLVMTypeOf(value), (unsigned long long)number, 1);
  return LLVMBuildICmp(em->builder, LLVMIntEQ, value, want, "");
}

static LLVMValueRef field(const Entry *entry, int i, LLVMTypeRef type,
                          int offset) {
  return load_at(entry->em, type, entry->arg[i].pointer, offset);
}

static void read_arguments(Entry *entry) {
  Emitter *em = entry->em;
  for (int i = 0; i < em->plan->n_params; i++) {
    entry->arg[i].pointer =
        load_at(em, em->pointer, entry->args, i * ARG_BYTES);
    entry->arg[i].code = load_at(em, em->i32, entry->codes, i * CODE_BYTES);
  }
}

/* One of the codes that mean a tensor, and a tensor there. */
static LLVMValueRef is_tensor(const Entry *entry, int i) {
  static const int codes[] = {3, 13, 7};
  Emitter *em = entry->em;
  LLVMValueRef good = equals(em, entry->arg[i].code, 4);
  for (int k = 0; k < 3; k++)
    good = LLVMBuildOr(em->builder, good,
                       equals(em, entry->arg[i].code, codes[k]), "");
  LLVMValueRef there =
      LLVMBuildIsNotNull(em->builder, entry->arg[i].pointer, "");
  return LLVMBuildAnd(em->builder, good, there, "");
}

static LLVMValueRef has_dtype(const Entry *entry, int i) {
  Emitter *em = entry->em;
  DType type = em->plan->param[i].type;
  int at = em->tensor->dtype;
  LLVMValueRef good = equals(em, field(entry, i, em->i8, at), type.code);
  good =
      LLVMBuildAnd(em->builder, good,
                   equals(em, field(entry, i, em->i8, at + 1), type.bits), "");
  return LLVMBuildAnd(em->builder, good,
                      equals(em, field(entry, i, em->i16, at + 2), type.lanes),
                      "");
}

static LLVMValueRef has_dim(const Entry *entry, const Check *check) {
  Emitter *em = entry->em;
  LLVMValueRef shape =
      field(entry, check->param, em->pointer, em->tensor->shape);
  return equals(em, load_at(em, em->i64, shape, 8 * check->dim), check->value);
}

/* No strides at all, or those of a compact array. */
static void check_strides(const Entry *entry, const Check *check) {
  Emitter *em = entry->em;
  const PlanParam *param = &em->plan->param[check->param];
  LLVMValueRef strides =
      field(entry, check->param, em->pointer, em->tensor->strides);
  LLVMBasicBlockRef look = new_block(em, "strides");
  LLVMBasicBlockRef after = new_block(em, "after");
  LLVMBuildCondBr(em->builder, LLVMBuildIsNull(em->builder, strides, ""), after,
                  look);
  enter_block(em, look);
  LLVMValueRef good = LLVMConstInt(em->i1, 1, 0);
  int64_t stride = 1;
  for (int dim = param->n - 1; dim >= 0; dim--) {
    LLVMValueRef have = load_at(em, em->i64, strides, 8 * dim);
    good = LLVMBuildAnd(em->builder, good, equals(em, have, stride), "");
    stride *= param->shape[dim];
  }
  emit_require(em, good, check->message);
  LLVMBuildBr(em->builder, after);
  enter_block(em, after);
}

static LLVMValueRef same_device(const Entry *entry, int i) {
  Emitter *em = entry->em;
  int at = em->tensor->device_id;
  return LLVMBuildICmp(em->builder, LLVMIntEQ, field(entry, 0, em->i32, at),
                       field(entry, i, em->i32, at), "");
}

static LLVMValueRef holds(const Entry *entry, const Check *check) {
  Emitter *em = entry->em;
  const TensorLayout *at = em->tensor;
  int i = check->param;
  switch (check->kind) {
    case CHECK_COUNT: return equals(em, entry->count, check->value);
    case CHECK_POINTER: return is_tensor(entry, i);
    case CHECK_NDIM:
      return equals(em, field(entry, i, em->i32, at->ndim), check->value);
    case CHECK_DTYPE: return has_dtype(entry, i);
    case CHECK_DIM: return has_dim(entry, check);
    case CHECK_BYTE_OFFSET:
      return equals(em, field(entry, i, em->i64, at->byte_offset), 0);
    case CHECK_DEVICE_TYPE:
      return equals(em, field(entry, i, em->i32, at->device_type),
                    check->value);
    case CHECK_DEVICE_ID: return same_device(entry, i);
    case CHECK_STRIDES: break;
  }
  return NULL;
}

static void check_arguments(Entry *entry) {
  const HostPlan *plan = entry->em->plan;
  for (int i = 0; i < plan->n_checks; i++) {
    const Check *check = &plan->check[i];
    if (check->kind == CHECK_STRIDES)
      check_strides(entry, check);
    else
      emit_require(entry->em, holds(entry, check), check->message);
    if (check->kind == CHECK_COUNT) read_arguments(entry);
  }
}

/* ---- Selecting the device ----------------------------------------------- */

static LLVMValueRef zero_pointer(Emitter *em, const char *name,
                                 LLVMLinkage linkage) {
  LLVMValueRef global = LLVMAddGlobal(em->module, em->pointer, name);
  LLVMSetInitializer(global, LLVMConstNull(em->pointer));
  LLVMSetLinkage(global, linkage);
  return global;
}

/* The function of that name, looked up at its first call. */
static LLVMValueRef named_function(Emitter *em, const char *name) {
  LLVMBuilderRef b = em->builder;
  LLVMValueRef cache = zero_pointer(
      em, arena_printf(em->arena, ".tvm_func.%s", name), LLVMInternalLinkage);
  LLVMValueRef context =
      zero_pointer(em, "__tvm_module_ctx", LLVMLinkOnceAnyLinkage);
  LLVMBasicBlockRef look = new_block(em, "look"),
                    found = new_block(em, "found");
  LLVMValueRef have = LLVMBuildLoad2(b, em->pointer, cache, "");
  LLVMBuildCondBr(b, LLVMBuildIsNull(b, have, ""), look, found);
  enter_block(em, look);
  LLVMValueRef out = entry_alloca(em, em->pointer, 0);
  LLVMValueRef arg[] = {LLVMBuildLoad2(b, em->pointer, context, ""),
                        const_text(em, name), out};
  emit_require_ok(
      em, call_service(em, "TVMBackendGetFuncFromEnv", em->i32, 3, arg));
  LLVMBuildStore(b, LLVMBuildLoad2(b, em->pointer, out, ""), cache);
  LLVMBuildBr(b, found);
  enter_block(em, found);
  return LLVMBuildLoad2(b, em->pointer, cache, "");
}

/* __tvm_set_device(device type, device id); the result's slot follows the
 * arguments. */
static void set_device(const Entry *entry) {
  enum { INT_CODE = 0, NULL_CODE = 4 };
  Emitter *em = entry->em;
  LLVMValueRef function = named_function(em, "__tvm_set_device");
  LLVMValueRef values = entry_alloca(em, LLVMArrayType(em->i64, 3), 8);
  LLVMValueRef codes = entry_alloca(em, LLVMArrayType(em->i32, 3), 4);
  LLVMValueRef id = field(entry, 0, em->i32, em->tensor->device_id);
  store_at(em, LLVMConstInt(em->i64, (unsigned)em->plan->device_type, 0),
           values, 0);
  store_at(em, LLVMBuildSExt(em->builder, id, em->i64, ""), values, ARG_BYTES);
  store_at(em, const_i32(em, INT_CODE), codes, 0);
  store_at(em, const_i32(em, INT_CODE), codes, CODE_BYTES);
  store_at(em, const_i32(em, NULL_CODE), codes, 2 * CODE_BYTES);
  LLVMValueRef arg[] = {function,
                        values,
                        codes,
                        const_i32(em, 2),
                        offset_pointer(em, values, 2 * ARG_BYTES),
                        offset_pointer(em, codes, 2 * CODE_BYTES)};
  emit_require_ok(em, call_service(em, "TVMFuncCall", em->i32, 6, arg));
}

/* ---- The whole ---------------------------------------------------------- */

static LLVMValueRef call_compute(const Entry *entry, LLVMValueRef compute) {
  Emitter *em = entry->em;
  const HostPlan *plan = em->plan;
  int n = 0;
  LLVMValueRef *arg = ARENA_ARRAY(em->arena, LLVMValueRef, plan->n_params + 1);
  if (plan->uses_vta) arg[n++] = em->handle;
  for (int i = 0; i < plan->n_params; i++)
    arg[n++] = field(entry, i, em->pointer, em->tensor->data);
  return LLVMBuildCall2(em->builder, LLVMGlobalGetValueType(compute), compute,
                        arg, (unsigned)n, "");
}

void emit_entry(Emitter *em, LLVMValueRef compute) {
  LLVMTypeRef types[] = {em->pointer, em->pointer, em->i32,
                         em->pointer, em->pointer, em->pointer};
  LLVMValueRef function = LLVMAddFunction(
      em->module, em->plan->func->name, LLVMFunctionType(em->i32, types, 6, 0));
  begin_function(em, function);
  Entry entry = {.em = em,
                 .arg = ARENA_ARRAY(em->arena, Argument, em->plan->n_params),
                 .args = LLVMGetParam(function, 0),
                 .codes = LLVMGetParam(function, 1),
                 .count = LLVMGetParam(function, 2)};
  if (em->plan->uses_vta) emit_handle(em);
  check_arguments(&entry);
  if (em->plan->device_type != DEVICE_CPU && em->plan->n_params)
    set_device(&entry);
  LLVMBuildRet(em->builder, call_compute(&entry, compute));
  end_function(em);
}
