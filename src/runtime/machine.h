/* SPDX-License-Identifier: Apache-2.0 */
/* Machine: what the accelerator's calls in a lowered function mean on a
 * command queue, during one run. */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include "runtime/objects.h"
#include "runtime/sites.h"

typedef struct Machine Machine;

/* `sites` are those of the function to be run, to tell the queue; NULL if
 * nobody wants to know.  NULL when memory is short. */
Machine *machine_new(CommandQueue *queue, const SiteTable *sites);
void machine_free(Machine *machine); /* NULL is fine */
const EvalHooks *machine_hooks(Machine *machine);

/* Describes n arrays as memory of the evaluator. */
vtac_status machine_bind(CommandQueue *queue, int n, vtac_array *const *args,
                         EvalMemory *ret_memory, Diag *diag);

#endif
