/* SPDX-License-Identifier: Apache-2.0 */
/* SiteTable: the places of a lowered function that make instructions, each with
 * its line in the printed function, the loops around it and the stage of the
 * schedule that it works for.
 *
 * A site is a call of the accelerator's runtime or a micro-op kernel as a
 * whole.  Sites are numbered from 1 in the order of the text; 0 means that an
 * instruction's site is not known. */
#ifndef RUNTIME_SITES_H
#define RUNTIME_SITES_H

#include <stdatomic.h>

#include "base/diag.h"
#include "ir/ir.h"

typedef struct InsnSite {
  int line;
  int loop;  /* the innermost around it, or -1 */
  int stage; /* or -1: tokens and synchronisation */
} InsnSite;

typedef struct SiteLoop {
  int line;
  int parent; /* the loop around it, which has a lower number, or -1 */
  const char *name;
} SiteLoop;

typedef struct SiteTable {
  Arena arena;
  atomic_int references;
  const char *text;     /* the function, as `--emit vta` prints it */
  const InsnSite *site; /* [0] is the unknown one */
  const SiteLoop *loop;
  const char *const *stage; /* in the order of their first sites */
  const int *kernel;        /* sites by the evaluator's numbers of kernels */
  PtrMap calls;             /* Call -> its site */
  int sites, loops, stages; /* sites: site 0 included */
} SiteTable;

/* `func` is a module's function: no node stands in it twice.  The table may
 * outlive it, except for `calls`. */
vtac_status sites_new(const Func *func, SiteTable **ret, Diag *diag);
SiteTable *sites_retain(SiteTable *table); /* NULL is fine */
void sites_release(SiteTable *table);      /* NULL is fine */
/* The site of a call; 0 if it belongs to that of the kernel around it. */
int site_of_call(const SiteTable *table, const Call *call);

#endif
