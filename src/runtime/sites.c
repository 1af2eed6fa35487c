/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the sites of a function: prints it, which tells the lines, and walks
 * it, which tells the loops and stages.  Cost: linear in the function. */
#include "runtime/sites.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/trap.h"
#include "base/vec.h"
#include "ir/print.h"
#include "ir/traverse.h"

typedef struct Finder {
  Walker walker;
  Arena *arena;
  PtrMap places;
  PtrMap *calls;
  VEC(InsnSite) sites;
  VEC(SiteLoop) loops;
  VEC(const char *) stages;
  VEC(int) kernels;
  int loop;        /* around the statement, or -1 */
  int kernel_site; /* of the kernel around it, or 0 */
} Finder;

static const PrintPlace *place_of(const Finder *finder, const Stmt *stmt) {
  return ptrmap_get(&finder->places, stmt);
}

static int find_stage(Finder *finder, const char *name) {
  if (!name) return -1;
  for (int i = 0; i < finder->stages.n; i++)
    if (!strcmp(finder->stages.at[i], name)) return i;
  name = arena_strdup(finder->arena, name); /* the function may go first */
  vec_push(finder->arena, &finder->stages, name);
  return finder->stages.n - 1;
}

static int add_site(Finder *finder, const Stmt *stmt, const char *stage) {
  const InsnSite site = {place_of(finder, stmt)->line, finder->loop,
                         find_stage(finder, stage)};
  vec_push(finder->arena, &finder->sites, site);
  return finder->sites.n - 1;
}

static void meet_loop(Walker *walker, const Stmt *stmt) {
  Finder *finder = (Finder *)walker;
  const PrintPlace *place = place_of(finder, stmt);
  const SiteLoop loop = {place->line, finder->loop, place->name};
  if (finder->kernel_site) { /* its loops make no instructions */
    walk_stmt_children(walker, stmt);
    return;
  }
  vec_push(finder->arena, &finder->loops, loop);
  finder->loop = finder->loops.n - 1;
  walk_stmt_children(walker, stmt);
  finder->loop = loop.parent;
}

static void meet_kernel(Finder *finder, const Stmt *stmt) {
  int around = finder->kernel_site;
  if (!around) finder->kernel_site = add_site(finder, stmt, NULL);
  vec_push(finder->arena, &finder->kernels, finder->kernel_site);
  walk_stmt_children(&finder->walker, stmt);
  finder->kernel_site = around;
}

/* What a unit does in one go: tokens around the work belong to its stage. */
static void meet_unit_scope(Finder *finder, const Stmt *stmt) {
  int first = finder->sites.n, work = first;
  walk_stmt_children(&finder->walker, stmt);
  while (work < finder->sites.n && finder->sites.at[work].stage < 0) work++;
  if (work == finder->sites.n) return;
  for (int i = first; i < finder->sites.n; i++)
    if (finder->sites.at[i].stage < 0)
      finder->sites.at[i].stage = finder->sites.at[work].stage;
}

static void meet_attr(Walker *walker, const Stmt *stmt) {
  Finder *finder = (Finder *)walker;
  const char *key = AS(Attr, stmt)->key;
  if (!strcmp(key, "coproc_uop_scope"))
    meet_kernel(finder, stmt);
  else if (!strcmp(key, "coproc_scope"))
    meet_unit_scope(finder, stmt);
  else
    walk_stmt_children(walker, stmt);
}

/* A kernel works for the stage of its first call that works for one. */
static void meet_evaluate(Walker *walker, const Stmt *stmt) {
  Finder *finder = (Finder *)walker;
  const Call *call = as_call(AS(Evaluate, stmt)->value);
  if (!call) return;
  if (!finder->kernel_site) {
    intptr_t site = add_site(finder, stmt, call->stage);
    ptrmap_set(finder->calls, call, (void *)site);
    return;
  }
  InsnSite *kernel = &finder->sites.at[finder->kernel_site];
  if (kernel->stage < 0) kernel->stage = find_stage(finder, call->stage);
}

static void find_sites(SiteTable *table, const Func *func) {
  static const StmtVisit stmts[STMT_KINDS] = {
      [FOR] = meet_loop, [ATTR] = meet_attr, [EVALUATE] = meet_evaluate};
  Arena *arena = &table->arena;
  Finder finder = {.walker = WALKER(NULL, stmts),
                   .arena = arena,
                   .calls = &table->calls,
                   .loop = -1};
  const InsnSite unknown = {0, -1, -1};
  Strbuf text;
  strbuf_init(&text, arena);
  ptrmap_init(&finder.places, arena);
  ptrmap_init(&table->calls, arena);
  print_func_places(&text, func, &finder.places);
  vec_push(arena, &finder.sites, unknown);
  walk_stmt(&finder.walker, func->body);
  table->text = text.text;
  table->site = finder.sites.at;
  table->loop = finder.loops.at;
  table->stage = finder.stages.at;
  table->kernel = finder.kernels.at;
  table->sites = finder.sites.n;
  table->loops = finder.loops.n;
  table->stages = finder.stages.n;
}

static vtac_status fill(SiteTable *table, const Func *func, Diag *diag) {
  Trap trap;
  arena_init(&table->arena, &trap);
  if (setjmp(trap.here)) {
    *diag = trap.diag;
    return trap.diag.status;
  }
  find_sites(table, func);
  table->arena.trap = NULL;
  return VTAC_OK;
}

vtac_status sites_new(const Func *func, SiteTable **ret, Diag *diag) {
  SiteTable *table = calloc(1, sizeof *table);
  if (!table)
    return diag_set(diag, D_NO_MEMORY, "cannot allocate a table of sites");
  table->references = 1;
  vtac_status status = fill(table, func, diag);
  if (status)
    sites_release(table);
  else
    *ret = table;
  return status;
}

SiteTable *sites_retain(SiteTable *table) {
  if (table) atomic_fetch_add(&table->references, 1);
  return table;
}

void sites_release(SiteTable *table) {
  if (!table || atomic_fetch_sub(&table->references, 1) > 1) return;
  arena_clear(&table->arena);
  free(table);
}

int site_of_call(const SiteTable *table, const Call *call) {
  return (int)(intptr_t)ptrmap_get(&table->calls, call);
}
