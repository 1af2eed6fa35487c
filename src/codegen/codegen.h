/* SPDX-License-Identifier: Apache-2.0 */
/* The code generator as libvtac sees it: one function of libvtac-codegen.so,
 * which is loaded when first needed, because LLVM takes longer to load than
 * most programs run.  Nothing but this header is shared: the two are built
 * together, and `version` makes sure that they were. */
#ifndef CODEGEN_CODEGEN_H
#define CODEGEN_CODEGEN_H

#include "base/diag.h"
#include "native/plan.h"
#include "vtac/vtac.h"

#define CODEGEN_TEXT_(x) #x
#define CODEGEN_TEXT(x) CODEGEN_TEXT_(x)
#define CODEGEN_VERSION            \
  CODEGEN_TEXT(VTAC_VERSION_MAJOR) \
  "." CODEGEN_TEXT(VTAC_VERSION_MINOR) "." CODEGEN_TEXT(VTAC_VERSION_PATCH)

typedef struct CodegenTarget {
  const char *name;   /* "host", "armv7", "aarch64", "riscv64" */
  const char *triple; /* "" for the host's */
  const char *cpu, *features, *abi;
} CodegenTarget;

typedef struct CodegenRequest {
  const HostPlan *plan;
  const CodegenTarget *target;
  bool this_cpu; /* may use all that this very processor has */
} CodegenRequest;

typedef struct CodegenApi {
  const char *version;          /* of vtac */
  const char *llvm;             /* major version of LLVM */
  const CodegenTarget *targets; /* ends with a NULL name */
  /* An ELF relocatable object, malloc'ed. */
  vtac_status (*emit)(const CodegenRequest *request, unsigned char **ret_bytes,
                      size_t *ret_size, Diag *diag);
} CodegenApi;

/* The only symbol that the shared object exports. */
VTAC_API const CodegenApi *vtac_codegen(void);
#define CODEGEN_SYMBOL "vtac_codegen"

#endif
