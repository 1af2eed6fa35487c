/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading the code generator. */
#ifndef RUNTIME_GENERATOR_H
#define RUNTIME_GENERATOR_H

#include "codegen/codegen.h"

/* The code generator, which stays loaded; or NULL with D_NO_CODEGEN. */
const CodegenApi *generator_load(Diag *diag);
/* The target of that name ("host" for NULL), or NULL with a diagnostic. */
const CodegenTarget *generator_target(const CodegenApi *api, const char *name,
                                      Diag *diag);

#endif
