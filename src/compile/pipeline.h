/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering: the order of the passes, and the manager that runs them. */
#ifndef COMPILE_PIPELINE_H
#define COMPILE_PIPELINE_H

#include "pass/pass.h"

typedef enum PassId {
#define PASS(name, function, ...) PASS_##name,
#include "pass/passes.def"
#undef PASS
  PASSES
} PassId;

/* One row of passes.def. */
typedef struct PassInfo {
  const char *name;
  Pass run;
  const char *what, *needs, *establishes;
} PassInfo;

extern const PassInfo pass_table[PASSES];
/* The pass of that name, or -1. */
int pass_by_name(const char *name);

/* Told of each pass as it ends; `before == after` means unchanged. */
typedef struct PassObserver {
  void *self;
  void (*after_pass)(void *self, int index, const PassInfo *pass,
                     const Func *before, const Func *after, double seconds);
} PassObserver;

/* A pass from outside, which maps the function's body. */
typedef struct UserPass {
  const char *name;
  int phase;   /* 0 to LAST_PHASE: see pipeline.c */
  bool before; /* the accelerator's passes of that phase, instead of after */
  void *self;
  const Stmt *(*run)(void *self, const Stmt *body);
} UserPass;
enum { LAST_PHASE = 3 };

typedef struct LowerOptions {
  bool accelerator; /* run the accelerator's passes */
  bool for_build;   /* what is to run rather than to be read: bound checks
                       lose their likely() marks */
  bool verify;      /* check the IR after every pass */
  bool disabled[PASSES];
  int n_user; /* in the order in which those of one place run */
  const UserPass *user;
  const PassObserver *observer; /* may be NULL */
} LowerOptions;

/* Runs the pipeline on what the schedule made (sched_lower). */
const Func *lower_func(const PassContext *context, const LowerOptions *options,
                       const Func *func);

#endif
