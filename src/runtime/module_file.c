/* SPDX-License-Identifier: Apache-2.0 */
/* Modules as machine code and as files (vtac/module.h). */
#include "vtac/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "csource/csource.h"
#include "runtime/compiler.h"
#include "runtime/generator.h"
#include "runtime/module.h"
#include "runtime/objects.h"

/* ---- Questions ---------------------------------------------------------- */

int vtac_module_param(const vtac_module *module, int index,
                      vtac_param *ret_param) {
  if (!module || !ret_param || index < 0 || index >= module->info.n) return 0;
  const ModuleParam *param = &module->info.param[index];
  *ret_param = (vtac_param){param->name, param->type_name, param->n,
                            param->shape, param->written};
  return 1;
}

const char *vtac_module_origin(const vtac_module *module) {
  return module ? module->info.origin : "";
}

vtac_config *vtac_module_config(const vtac_module *module, vtac_error *error) {
  Diag diag;
  if (is_missing(module, "vtac_module_config", "module", error)) return NULL;
  vtac_config *config = module->info.has_config ? malloc(sizeof *config) : NULL;
  if (config) {
    config->hw = module->info.config;
    return config;
  }
  if (module->info.has_config)
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a configuration");
  else
    diag_set(&diag, D_ARGUMENT,
             "module '%s' does not say what it was built for",
             module->info.name);
  report_error(error, &diag);
  return NULL;
}

const char *vtac_module_target(int index) {
  Diag diag;
  const CodegenApi *api = generator_load(&diag);
  if (!api || index < 0) return NULL;
  for (int i = 0; api->targets[i].name; i++)
    if (i == index) return api->targets[i].name;
  return NULL;
}

/* ---- Generating --------------------------------------------------------- */

/* A public call that makes something of a module's function. */
typedef struct Generation {
  Trap trap;
  Arena arena;
  const vtac_module *module;
  const vtac_save_options *options;
} Generation;

static const HostPlan *make_plan(Generation *g) {
  const vtac_module *module = g->module;
  if (!module->func)
    fail(&g->arena, D_ARGUMENT,
         "module '%s' was loaded from a file and cannot be written again",
         module->info.name);
  HostPlan *plan = plan_host(&g->arena, module->func, module->info.accelerator);
  plan->record = record_text(&g->arena, &module->info, plan,
                             g->options ? g->options->origin : NULL);
  return plan;
}

static FileBytes generate_object(Generation *g, bool this_cpu) {
  FileBytes object;
  Diag diag;
  const CodegenApi *api = generator_load(&diag);
  const CodegenTarget *target =
      api ? generator_target(api, g->options ? g->options->target : NULL, &diag)
          : NULL;
  if (!target) fail(&g->arena, diag.id, "%s", diag.message);
  const CodegenRequest request = {make_plan(g), target, this_cpu};
  if (api->emit(&request, &object.bytes, &object.size, &diag))
    fail(&g->arena, diag.id, "%s", diag.message);
  return object;
}

static FileBytes generate_library(Generation *g) {
  FileBytes library;
  Diag diag;
  const char *target = g->options ? g->options->target : NULL;
  if (target && strcmp(target, "host"))
    fail(&g->arena, D_ARGUMENT,
         "a shared library is linked for this machine only; save a .o file for "
         "target '%s' and link it there",
         target);
  FileBytes object = generate_object(g, false);
  vtac_status status = compiler_link(object.bytes, object.size,
                                     g->module->info.name, &library, &diag);
  free(object.bytes);
  if (status) fail(&g->arena, diag.id, "%s", diag.message);
  return library;
}

static FileBytes generate_source(Generation *g) {
  const char *text = csource_text(&g->arena, make_plan(g));
  size_t size = strlen(text);
  unsigned char *copy = malloc(size + 1);
  if (!copy) fail(&g->arena, D_NO_MEMORY, "cannot allocate a text");
  memcpy(copy, text, size + 1);
  return (FileBytes){copy, size};
}

/* What a file of that name holds. */
static FileBytes generate(Generation *g, const char *path) {
  const char *suffix = strrchr(path, '.');
  if (suffix && !strcmp(suffix, ".o")) return generate_object(g, false);
  if (suffix && !strcmp(suffix, ".so")) return generate_library(g);
  if (suffix && !strcmp(suffix, ".c")) return generate_source(g);
  fail(&g->arena, D_ARGUMENT,
       "'%s': the suffix says what to write: .o, .so or .c", path);
}

static vtac_status end(Generation *g, vtac_status status) {
  arena_clear(&g->arena);
  return status;
}

static vtac_status fail_with(Generation *g, vtac_error *error) {
  report_error(error, &g->trap.diag);
  return end(g, g->trap.diag.status);
}

vtac_status vtac_module_save(const vtac_module *module, const char *path,
                             const vtac_save_options *options,
                             vtac_error *error) {
  static const char call[] = "vtac_module_save";
  Generation g = {.module = module, .options = options};
  Diag diag;
  if (is_missing(module, call, "module", error) ||
      is_missing(path, call, "path", error))
    return VTAC_INVALID;
  arena_init(&g.arena, &g.trap);
  if (setjmp(g.trap.here)) return fail_with(&g, error);
  FileBytes file = generate(&g, path);
  vtac_status status = file_write(path, file.bytes, file.size, &diag);
  free(file.bytes);
  if (status) report_error(error, &diag);
  return end(&g, status);
}

void *vtac_module_object(const vtac_module *module,
                         const vtac_save_options *options, size_t *ret_size,
                         vtac_error *error) {
  static const char call[] = "vtac_module_object";
  Generation g = {.module = module, .options = options};
  if (is_missing(module, call, "module", error) ||
      is_missing(ret_size, call, "ret_size", error))
    return NULL;
  arena_init(&g.arena, &g.trap);
  if (setjmp(g.trap.here)) {
    fail_with(&g, error);
    return NULL;
  }
  FileBytes file = generate_object(&g, false);
  end(&g, VTAC_OK);
  *ret_size = file.size;
  return file.bytes;
}

char *vtac_module_c_source(const vtac_module *module,
                           const vtac_save_options *options,
                           vtac_error *error) {
  Generation g = {.module = module, .options = options};
  if (is_missing(module, "vtac_module_c_source", "module", error)) return NULL;
  arena_init(&g.arena, &g.trap);
  if (setjmp(g.trap.here)) {
    fail_with(&g, error);
    return NULL;
  }
  FileBytes file = generate_source(&g);
  end(&g, VTAC_OK);
  return (char *)file.bytes;
}

/* ---- Loading ------------------------------------------------------------ */

/* Makes the function, or none, the one that runs. */
static void choose(vtac_module *module, const ModuleInfo *info,
                   const char *file) {
  module->info = info ? *info
                      : (ModuleInfo){.name = arena_strdup(&module->arena, file),
                                     .origin = ""};
  module->entry = info ? native_entry(module->native, info) : NULL;
}

/* With `code`, else only what it says of itself. */
static bool load_into(vtac_module *module, const FileBytes *file,
                      const char *name, bool code, Diag *diag) {
  Trap trap;
  arena_init(&module->arena, &trap);
  if (setjmp(trap.here)) {
    *diag = trap.diag;
    return false;
  }
  module->native = (code ? native_load : native_describe)(
      &module->arena, file->bytes, file->size, name);
  choose(module, functions_find(&module->native->functions, "__tvm_main__"),
         name);
  module->arena.trap = NULL;
  return true;
}

static vtac_module *module_of(const FileBytes *file, const char *name,
                              bool code, Diag *diag) {
  vtac_module *module = calloc(1, sizeof *module);
  if (!module) {
    diag_set(diag, D_NO_MEMORY, "cannot allocate a module");
    return NULL;
  }
  module->references = 1;
  if (load_into(module, file, name, code, diag)) return module;
  vtac_module_free(module);
  return NULL;
}

vtac_module *vtac_module_load_bytes(const void *bytes, size_t size,
                                    const char *name, vtac_error *error) {
  static const char call[] = "vtac_module_load_bytes";
  const FileBytes file = {(unsigned char *)(uintptr_t)bytes, size};
  Diag diag;
  if (is_missing(bytes, call, "bytes", error) ||
      is_missing(name, call, "name", error))
    return NULL;
  vtac_module *module = module_of(&file, name, true, &diag);
  if (!module) report_error(error, &diag);
  return module;
}

/* C files are compiled first; anything else says itself what it is. */
static vtac_status read_code(const char *path, FileBytes *ret, Diag *diag) {
  const char *suffix = strrchr(path, '.');
  FileBytes file;
  vtac_status status = file_read(path, &file, diag);
  if (status || !suffix || strcmp(suffix, ".c")) {
    *ret = file;
    return status;
  }
  status = compiler_compile(file.bytes, file.size, path, ret, diag);
  free(file.bytes);
  return status;
}

vtac_module *vtac_module_load(const char *path, vtac_error *error) {
  FileBytes file;
  Diag diag;
  if (is_missing(path, "vtac_module_load", "path", error)) return NULL;
  if (read_code(path, &file, &diag)) {
    report_error(error, &diag);
    return NULL;
  }
  vtac_module *module = module_of(&file, path, true, &diag);
  free(file.bytes);
  if (!module) report_error(error, &diag);
  return module;
}

vtac_module *vtac_module_describe(const char *path, vtac_error *error) {
  FileBytes file;
  Diag diag;
  vtac_module *module = NULL;
  if (is_missing(path, "vtac_module_describe", "path", error)) return NULL;
  if (!read_code(path, &file, &diag)) {
    module = module_of(&file, path, false, &diag);
    free(file.bytes);
  }
  if (!module) report_error(error, &diag);
  return module;
}

/* ---- One of several functions ------------------------------------------- */

const char *vtac_module_function_name(const vtac_module *module, int index) {
  if (!module || index < 0) return NULL;
  if (!module->native) return index ? NULL : module->info.name;
  const FunctionList *list = &module->native->functions;
  return index < list->n ? list->at[index].name : NULL;
}

static void no_function(const vtac_module *module, const char *name,
                        Diag *diag) {
  Trap trap;
  Arena arena;
  arena_init(&arena, &trap);
  if (setjmp(trap.here))
    *diag = trap.diag;
  else
    diag_set(diag, D_ARGUMENT, "'%s' has no function '%s'; it has %s",
             module->info.name, name,
             module->native ? functions_text(&arena, &module->native->functions)
                            : module->info.name);
  arena_clear(&arena);
}

vtac_module *vtac_module_function(vtac_module *module, const char *name,
                                  vtac_error *error) {
  static const char call[] = "vtac_module_function";
  Diag diag;
  if (is_missing(module, call, "module", error) ||
      is_missing(name, call, "name", error))
    return NULL;
  bool own = !strcmp(name, module->info.name);
  const ModuleInfo *info =
      module->native ? functions_find(&module->native->functions, name) : NULL;
  vtac_module *function = info && !own ? calloc(1, sizeof *function) : module;
  if (!info && !own) {
    no_function(module, name, &diag);
    report_error(error, &diag);
    return NULL;
  }
  if (!function) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a module");
    report_error(error, &diag);
    return NULL;
  }
  module_retain(module);
  if (function == module) return module;
  *function = (vtac_module){.info = *info,
                            .native = module->native,
                            .entry = native_entry(module->native, info),
                            .whole = module,
                            .references = 1};
  return function;
}

/* ---- Compiling in the process ------------------------------------------- */

vtac_module *vtac_module_compile(const vtac_module *module, vtac_error *error) {
  Generation g = {.module = module};
  Diag diag;
  if (is_missing(module, "vtac_module_compile", "module", error)) return NULL;
  arena_init(&g.arena, &g.trap);
  if (setjmp(g.trap.here)) {
    fail_with(&g, error);
    return NULL;
  }
  FileBytes object = generate_object(&g, true);
  end(&g, VTAC_OK);
  vtac_module *compiled = module_of(&object, module->info.name, true, &diag);
  free(object.bytes);
  if (!compiled) report_error(error, &diag);
  return compiled;
}

/* ---- Direct use of the C ABI -------------------------------------------- */

static vtac_status end_use(vtac_error *error) {
  Diag diag;
  Abi *abi = abi_enter(NULL);
  vtac_status status = abi ? abi_end(abi, 0, &diag) : VTAC_OK;
  return status ? report_error(error, &diag) : VTAC_OK;
}

vtac_status vtac_device_use(vtac_device *device, vtac_error *error) {
  vtac_status status = end_use(error);
  if (status || !device) return status;
  if (!device->direct) device->direct = abi_new(device->queue);
  if (!device->direct) {
    Diag diag;
    diag_set(&diag, D_NO_MEMORY, "cannot allocate the state of a device");
    return report_error(error, &diag);
  }
  abi_enter(device->direct);
  abi_begin(device->direct);
  return VTAC_OK;
}
