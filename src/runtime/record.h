/* SPDX-License-Identifier: Apache-2.0 */
/* ModuleInfo: what a module says about itself, and the text that carries it in
 * saved files under the symbol __vtac_module_FUNCTION:
 *
 *   vtac-module 1
 *   function my_gemm
 *   device 12
 *   config LOG_BLOCK 4           one line a key; device 12 only
 *   param data int8 in 1 64 1 16
 *   origin gemm --in 1024
 *   end
 *
 * Lines of other kinds are ignored, so that files may say more later. */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include "base/strbuf.h"
#include "hw/config.h"
#include "native/plan.h"

#define RECORD_PREFIX "__vtac_module_"

typedef struct ModuleParam {
  const char *name, *type_name;
  DType type;
  int n;
  const int64_t *shape;
  bool written;
} ModuleParam;

typedef struct ModuleInfo {
  const char *name; /* of the function; the entry point's symbol */
  bool accelerator; /* runs on device type 12, else on the host */
  bool has_config;
  HwConfig config;
  bool has_params; /* false: the object does not describe itself */
  int n;
  const ModuleParam *param;
  const char *origin; /* "" if none */
} ModuleInfo;

/* Described from the function itself. */
ModuleInfo info_of_func(Arena *arena, const Func *func, const HwConfig *config,
                        bool accelerator);
/* The text; `plan` knows which parameters are written. */
const char *record_text(Arena *arena, const ModuleInfo *info,
                        const HostPlan *plan, const char *origin);
/* Reads a text of `size` bytes.  On failure jumps to the arena's trap with
 * D_MODULE_FILE; `file` is for messages. */
ModuleInfo record_parse(Arena *arena, const char *text, size_t size,
                        const char *file);

#endif
