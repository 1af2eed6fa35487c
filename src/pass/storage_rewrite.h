/* SPDX-License-Identifier: Apache-2.0 */
/* StorageRewrite in its three steps: when each buffer lives
 * (storage_rewrite_liveness.c), where it lives (storage_rewrite_plan.c), and
 * the program that says so (storage_rewrite.c). */
#ifndef PASS_STORAGE_REWRITE_H
#define PASS_STORAGE_REWRITE_H

#include "base/vec.h"
#include "pass/pass.h"

typedef VEC(const Var *) VarVec;

/* One piece of memory, which buffers share one after the other. */
typedef struct StorageEntry {
  const Stmt *attach; /* the scope that owns it; NULL: the function */
  const char *scope;
  bool tagged; /* a memory of the accelerator: "local.acc_buffer" */
  DType type;
  int64_t bits;   /* its size; 0: not constant */
  int64_t copies; /* threads that have one each */
  int64_t offset; /* bits in front of it in a merged allocation */
  bool merged;    /* into an earlier entry of its scope */
  bool named;     /* of a variable that is named; for it alone */
  VEC(const Allocate *) allocs;
  const Var *var;       /* whose name the memory gets */
  const Stmt *allocate; /* the new allocation; NULL if merged */
} StorageEntry;

/* What is known of one allocated variable. */
typedef struct StorageVar {
  const Allocate *allocate;
  int level; /* scopes open around the allocation */
  bool taken_in_place;
  bool named; /* by external calls, whose work may outlive the statement */
  StorageEntry *entry; /* NULL while not planned */
} StorageVar;

/* A point of the linearised program: a leaf statement, or the begin or end of
 * a scope. */
typedef struct StorageEvent {
  const Stmt *stmt;
  int pair;       /* distance to the matching end (> 0) or begin (< 0) */
  VarVec touched; /* at leaves and ends, in order of access */
  VarVec gen;     /* at leaves and begins: lives from here */
  VarVec kill;    /* at leaves and ends: dies here */
} StorageEvent;

typedef struct StorageEvents {
  VEC(StorageEvent) seq;
  PtrMap vars; /* Var -> StorageVar */
} StorageEvents;

/* Linearises the statement and finds when its buffers live. */
void storage_liveness(Arena *arena, const Stmt *stmt, StorageEvents *ret);

typedef struct StoragePlan {
  VEC(StorageEntry *) entries; /* in order of creation */
} StoragePlan;

/* Decides where the buffers live.  Fails where a memory is too small or the
 * size of a buffer in it is not known. */
void storage_plan(const PassContext *context, StorageEvents *events,
                  StoragePlan *ret);

#endif
