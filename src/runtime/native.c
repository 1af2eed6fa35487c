/* SPDX-License-Identifier: Apache-2.0 */
/* Loading compiled functions and calling them by the packed convention. */
#include "runtime/native.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "base/trap.h"
#include "runtime/abi.h"
#include "runtime/objects.h"

enum { MOST_ARGS = 32, MOST_NAME = 256 };

/* ---- Loading ------------------------------------------------------------ */

/* The text at __tvm_main__, if it is data and the name of a function. */
static const char *main_name(Arena *arena, const ElfFile *file) {
  size_t size;
  const ElfSymbol *symbol = elf_find(file, "__tvm_main__");
  const char *text = symbol && symbol->type == STT_OBJECT
                         ? (const char *)elf_contents(file, symbol, &size)
                         : NULL;
  size_t length = text ? strnlen(text, size) : 0;
  if (!length || length == size || length > MOST_NAME) return NULL;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)text[i]) && text[i] != '_') return NULL;
  return arena_strdup(arena, text);
}

/* Objects of other compilers say no more than their function's name. */
static ModuleInfo read_info(Arena *arena, const ElfFile *file) {
  size_t size;
  const ElfSymbol *symbol = elf_find(file, RECORD_SYMBOL);
  const char *text =
      symbol ? (const char *)elf_contents(file, symbol, &size) : NULL;
  if (text) return record_parse(arena, text, size, file->name);
  const char *name = main_name(arena, file);
  if (!name)
    fail(arena, D_MODULE_FILE,
         "'%s' is no module: it has neither %s nor __tvm_main__", file->name,
         RECORD_SYMBOL);
  return (ModuleInfo){.name = name, .accelerator = true, .origin = ""};
}

static void fill_services(const Image *image) {
  void *function;
  const char *name;
  for (int i = 0; (name = abi_service(i, &function)); i++) {
    void **at = image_pointer(image, name);
    if (at) *at = function;
  }
  void **context = image_pointer(image, "__tvm_module_ctx");
  if (context) *context = (void *)(uintptr_t)image;
}

static void check(Arena *arena, vtac_status status, const Diag *diag) {
  if (status) fail(arena, diag->id, "%s", diag->message);
}

NativeCode *native_load(Arena *arena, const void *bytes, size_t size,
                        const char *name, ModuleInfo *ret_info) {
  ElfFile file;
  Diag diag;
  NativeCode *native = ARENA_NEW(arena, NativeCode);
  check(arena, elf_open(arena, bytes, size, name, &file, &diag), &diag);
  ModuleInfo info = read_info(arena, &file);
  const ElfSymbol *symbol = elf_find(&file, info.name);
  if (!symbol || symbol->type != STT_FUNC)
    fail(arena, D_MODULE_FILE, "'%s' does not define its function '%s'", name,
         info.name);
  check(arena, image_open(arena, &file, &native->image, &diag), &diag);
  void *entry = image_function(native->image, info.name);
  if (!entry) {
    image_close(native->image);
    fail(arena, D_MODULE_FILE, "'%s' does not define its function '%s'", name,
         info.name);
  }
  memcpy(&native->entry, &entry, sizeof entry);
  fill_services(native->image);
  *ret_info = info;
  return native;
}

void native_unload(NativeCode *native) {
  if (native) image_close(native->image);
}

/* ---- Calling ------------------------------------------------------------ */

/* The arguments of one call. */
typedef struct Packed {
  vtac_kernel_value value[MOST_ARGS], result;
  int32_t code[MOST_ARGS], result_code;
  vtac_kernel_tensor tensor[MOST_ARGS];
} Packed;

static vtac_status host_memory(vtac_device *device, const vtac_array *array,
                               void **ret, Diag *diag) {
  vtac_status status = queue_buffer_host(device->queue, array->buffer, ret);
  if (status) *diag = *queue_diag(device->queue);
  return status;
}

/* Buffers of the accelerator go by handles, the host's by address. */
static vtac_status pack(Packed *packed, int i, const ModuleInfo *info,
                        vtac_device *device, vtac_array *array, Diag *diag) {
  vtac_kernel_tensor *tensor = &packed->tensor[i];
  *tensor = (vtac_kernel_tensor){
      .device_type = info->accelerator ? VTAC_KERNEL_VTA : VTAC_KERNEL_CPU,
      .ndim = array->ndim,
      .type_code = array->type.code,
      .type_bits = array->type.bits,
      .type_lanes = array->type.lanes,
      .shape = array->shape};
  packed->value[i].v_handle = tensor;
  packed->code[i] = VTAC_KERNEL_TENSOR;
  if (!info->accelerator)
    return host_memory(device, array, &tensor->data, diag);
  tensor->data = abi_handle(device->abi, array->buffer);
  return tensor->data ? VTAC_OK
                      : diag_set(diag, D_INTERNAL_LIMIT, "too many buffers");
}

static vtac_status call(const NativeCode *native, const ModuleInfo *info,
                        vtac_device *device, int n, vtac_array *const *args,
                        Diag *diag) {
  Packed packed;
  packed.result_code = VTAC_KERNEL_NULL;
  for (int i = 0; i < n; i++) {
    vtac_status status = pack(&packed, i, info, device, args[i], diag);
    if (status) return status;
  }
  int32_t code = native->entry(packed.value, packed.code, n, &packed.result,
                               &packed.result_code, NULL);
  return abi_end(device->abi, code, diag);
}

vtac_status native_run(const NativeCode *native, const ModuleInfo *info,
                       vtac_device *device, int n, vtac_array *const *args,
                       Diag *diag) {
  if (n > MOST_ARGS)
    return diag_set(diag, D_INTERNAL_LIMIT,
                    "'%s' has %d arguments; compiled functions have at most %d",
                    info->name, n, MOST_ARGS);
  if (!device->abi) device->abi = abi_new(device->queue);
  if (!device->abi)
    return diag_set(diag, D_NO_MEMORY, "cannot allocate the state of a run");
  Abi *before = abi_enter(device->abi);
  abi_begin(device->abi);
  vtac_status status = call(native, info, device, n, args, diag);
  abi_enter(before);
  if (status) queue_reset(device->queue);
  return status;
}
