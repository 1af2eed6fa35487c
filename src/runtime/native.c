/* SPDX-License-Identifier: Apache-2.0 */
/* Loading compiled functions and calling them by the packed convention. */
#include "runtime/native.h"

#include <string.h>

#include "base/trap.h"
#include "runtime/abi.h"
#include "runtime/objects.h"

/* ---- Loading ------------------------------------------------------------ */

static void fill_services(const Image *image) {
  for (const NamedFunction *service = abi_services; service->name; service++) {
    void **at = image_pointer(image, service->name);
    if (at) *at = abi_address(service->function);
  }
  void **context = image_pointer(image, "__tvm_module_ctx");
  if (context) *context = (void *)(uintptr_t)image;
}

/* The address of a function that the module defines. */
static vtac_kernel_function entry_of(const Image *image, const char *name) {
  vtac_kernel_function entry = NULL;
  void *address = image_function(image, name);
  memcpy(&entry, &address, sizeof entry);
  return entry;
}

static void check(Arena *arena, vtac_status status, const Diag *diag) {
  if (status) fail(arena, diag->id, "%s", diag->message);
}

static ElfFile open_file(Arena *arena, const void *bytes, size_t size,
                         const char *name) {
  ElfFile file;
  Diag diag;
  check(arena, elf_open(arena, bytes, size, name, &file, &diag), &diag);
  return file;
}

/* All functions are there, or the file is refused. */
static void find_entries(Arena *arena, NativeCode *native) {
  for (int i = 0; i < native->functions.n; i++) {
    const char *name = native->functions.at[i].name;
    native->entry[i] = entry_of(native->image, name);
    if (native->entry[i]) continue;
    image_close(native->image);
    fail(arena, D_MODULE_FILE, "function '%s' is not code", name);
  }
}

NativeCode *native_load(Arena *arena, const void *bytes, size_t size,
                        const char *name) {
  Diag diag;
  NativeCode *native = ARENA_NEW(arena, NativeCode);
  ElfFile file = open_file(arena, bytes, size, name);
  native->functions = functions_read(arena, &file);
  native->entry = ARENA_ARRAY(arena, vtac_kernel_function, native->functions.n);
  check(arena, image_open(arena, &file, &native->image, &diag), &diag);
  find_entries(arena, native);
  fill_services(native->image);
  return native;
}

NativeCode *native_describe(Arena *arena, const void *bytes, size_t size,
                            const char *name) {
  NativeCode *native = ARENA_NEW(arena, NativeCode);
  ElfFile file = open_file(arena, bytes, size, name);
  native->functions = functions_read(arena, &file);
  return native;
}

void native_unload(NativeCode *native) {
  if (native) image_close(native->image);
}

vtac_kernel_function native_entry(const NativeCode *native,
                                  const ModuleInfo *info) {
  return native->entry ? native->entry[info - native->functions.at] : NULL;
}

/* ---- Calling ------------------------------------------------------------ */

static vtac_status make_handles(vtac_device *device, NativeCall *call,
                                Diag *diag) {
  for (int i = 0; i < call->n; i++) {
    if (!call->buffer[i]) continue;
    call->tensor[i].data = abi_handle(device->abi, call->buffer[i]);
    if (!call->tensor[i].data)
      return diag_set(diag, D_INTERNAL_LIMIT, "too many buffers");
  }
  return VTAC_OK;
}

static vtac_status enter(vtac_kernel_function entry, vtac_device *device,
                         NativeCall *call, Diag *diag) {
  vtac_status status = make_handles(device, call, diag);
  if (status) return status;
  call->result_code = VTAC_KERNEL_NULL;
  int32_t code = entry(call->value, call->code, call->n, &call->result,
                       &call->result_code, NULL);
  return abi_end(device->abi, code, diag);
}

vtac_status native_call(vtac_kernel_function entry, vtac_device *device,
                        NativeCall *call, Diag *diag) {
  if (!device->abi) device->abi = abi_new(device->queue);
  if (!device->abi)
    return diag_set(diag, D_NO_MEMORY, "cannot allocate the state of a run");
  Abi *before = abi_enter(device->abi);
  abi_begin(device->abi);
  vtac_status status = enter(entry, device, call, diag);
  abi_enter(before);
  if (status) queue_reset(device->queue);
  return status;
}

static vtac_status host_memory(vtac_device *device, const vtac_array *array,
                               void **ret, Diag *diag) {
  vtac_status status = queue_buffer_host(device->queue, array->buffer, ret);
  if (status) *diag = *queue_diag(device->queue);
  return status;
}

/* Buffers of the accelerator go by handles, the host's by address. */
static vtac_status pack(NativeCall *call, int i, const ModuleInfo *info,
                        vtac_device *device, vtac_array *array, Diag *diag) {
  vtac_kernel_tensor *tensor = &call->tensor[i];
  *tensor = (vtac_kernel_tensor){
      .device_type = info->accelerator ? VTAC_KERNEL_VTA : VTAC_KERNEL_CPU,
      .ndim = array->ndim,
      .type_code = array->type.code,
      .type_bits = array->type.bits,
      .type_lanes = array->type.lanes,
      .shape = array->shape};
  call->value[i].v_handle = tensor;
  call->code[i] = VTAC_KERNEL_TENSOR;
  call->buffer[i] = info->accelerator ? array->buffer : 0;
  if (info->accelerator) return VTAC_OK;
  return host_memory(device, array, &tensor->data, diag);
}

vtac_status native_run(vtac_kernel_function entry, const ModuleInfo *info,
                       vtac_device *device, int n, vtac_array *const *args,
                       Diag *diag) {
  NativeCall call;
  if (n > NATIVE_MOST_ARGS)
    return diag_set(diag, D_INTERNAL_LIMIT,
                    "'%s' has %d arguments; compiled functions have at most %d",
                    info->name, n, NATIVE_MOST_ARGS);
  call.n = n;
  for (int i = 0; i < n; i++) {
    vtac_status status = pack(&call, i, info, device, args[i], diag);
    if (status) return status;
  }
  return native_call(entry, device, &call, diag);
}
