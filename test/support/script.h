/* SPDX-License-Identifier: Apache-2.0 */
/* Script: the primitives of a random schedule as they are called, written down
 * for a reader, with a way to spoil one of them. */
#ifndef TEST_SUPPORT_SCRIPT_H
#define TEST_SUPPORT_SCRIPT_H

#include "support/random_test.h"

enum { MOST_AXES = 24 };

typedef enum CallKind {
  CALL_SPLIT,
  CALL_NPARTS,
  CALL_FUSE,
  CALL_REORDER,
  CALL_AT,
  CALL_SCOPE,
  CALL_BIND,
  CALL_PRAGMA,
  CALL_TENSORIZE,
  CALL_CACHE_READ,
  CALL_CACHE_WRITE,
  CALL_UNROLL,
  CALL_VECTORIZE,
  CALL_INLINE,
  CALL_PARALLEL,
  CALL_KINDS
} CallKind;

/* One primitive; which members count is for the kind to say. */
typedef struct Call {
  CallKind kind;
  vtac_stage stage, consumer;
  vtac_tensor tensor; /* of a cache */
  int n;              /* axes; readers */
  vtac_iter axis[MOST_AXES];
  vtac_tensor reader[MOST_AXES];
  vtac_iter thread;
  int64_t number;   /* of a split */
  const char *word; /* a scope or a pragma */
} Call;

typedef struct Script {
  vtac_context *context;
  vtac_schedule schedule;
  Trial *trial;
  /* Of the result's axes: each step is one of so many kinds in turns, and a
   * tile has all of them or one.  NULL: all steps are alike. */
  const int64_t *period;
  /* If not NULL, may change a call before it is made; false leaves it out. */
  bool (*spoil)(struct Script *script, Call *call);
  void *user;
} Script;

/* What a reader sees: "compute_at". */
const char *call_name(CallKind kind);

/* Makes the call and writes it down, unless the context holds an error. */
void script_do(Script *script, Call *call);

void script_split(Script *script, vtac_stage stage, vtac_iter axis,
                  int64_t factor, bool nparts, vtac_iter *ret_outer,
                  vtac_iter *ret_inner);
vtac_iter script_fuse(Script *script, vtac_stage stage, vtac_iter a,
                      vtac_iter b);
void script_reorder(Script *script, vtac_stage stage, int n,
                    const vtac_iter *axes);
void script_compute_at(Script *script, vtac_stage stage, vtac_stage consumer,
                       vtac_iter axis);
void script_set_scope(Script *script, vtac_stage stage, const char *scope);
void script_bind(Script *script, vtac_stage stage, vtac_iter axis,
                 vtac_iter thread);
void script_pragma(Script *script, vtac_stage stage, vtac_iter axis,
                   const char *pragma);
/* `kind` is CALL_UNROLL, CALL_VECTORIZE or CALL_PARALLEL. */
void script_annotate(Script *script, CallKind kind, vtac_stage stage,
                     vtac_iter axis);
void script_tensorize(Script *script, vtac_stage stage, vtac_iter axis);
void script_cache_write(Script *script, vtac_tensor tensor, const char *scope);
void script_cache_read(Script *script, vtac_tensor tensor, const char *scope,
                       int n, const vtac_tensor *readers);

#endif
