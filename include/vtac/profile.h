/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: where every cycle of a kernel or of a stream goes, and what would
 * make it faster (docs/timing.md).
 *
 * A profile holds the instructions of one run and the account that the timing
 * simulator gives of them: for each unit, every cycle of the run is spent on
 * exactly one cause and on behalf of one instruction.  No datum is computed,
 * for time does not depend on any.  A profile is immutable: any thread may read
 * it.  `error` may be NULL everywhere. */
#ifndef VTAC_PROFILE_H
#define VTAC_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_profile vtac_profile;

/* ---- Units and causes --------------------------------------------------- */

typedef enum vtac_unit {
  VTAC_UNIT_FETCH,
  VTAC_UNIT_LOAD,
  VTAC_UNIT_COMPUTE,
  VTAC_UNIT_STORE,
  VTAC_UNIT_MEMORY /* its read side */
} vtac_unit;
#define VTAC_UNITS 5

typedef enum vtac_cause {
  VTAC_CAUSE_WORK,
  VTAC_CAUSE_TOKEN_LOAD,
  VTAC_CAUSE_TOKEN_COMPUTE,
  VTAC_CAUSE_TOKEN_STORE,
  VTAC_CAUSE_LATENCY,
  VTAC_CAUSE_BUS_FETCH,
  VTAC_CAUSE_BUS_LOAD,
  VTAC_CAUSE_BUS_COMPUTE,
  VTAC_CAUSE_QUEUE_LOAD,
  VTAC_CAUSE_QUEUE_COMPUTE,
  VTAC_CAUSE_QUEUE_STORE,
  VTAC_CAUSE_NO_INSN,
  VTAC_CAUSE_START,
  VTAC_CAUSE_DRAIN
} vtac_cause;
#define VTAC_CAUSES 14

/* "load"; "token from load", "waiting for a token that load posts".  NULL past
 * the last; ret_meaning may be NULL. */
VTAC_API const char *vtac_unit_name(int unit);
VTAC_API const char *vtac_cause_name(int cause, const char **ret_meaning);

/* ---- Life --------------------------------------------------------------- */

/* The profile of one run of a module, with arrays of its parameters' shapes, on
 * the configuration that it was built for.  A module that vtac_build made says
 * for each instruction which of its lines it comes from; others do not.  NULL
 * on failure: VTAC_INVALID for a module that runs nothing on an accelerator,
 * and what running it may give.  The profile does not need the module. */
VTAC_API vtac_profile *vtac_profile_module(const vtac_module *module,
                                           vtac_error *error);
/* The profile of `count` instructions of 16 bytes each, little-endian, up to
 * the first FINISH; fails as vtac_stream_cycles. */
VTAC_API vtac_profile *vtac_profile_stream(const vtac_config *config,
                                           const void *stream, size_t count,
                                           vtac_error *error);
VTAC_API void vtac_profile_free(vtac_profile *profile); /* NULL is fine */

/* ---- Where instructions come from --------------------------------------- */

/* All instructions, one stream behind the other, of 16 bytes each. */
VTAC_API const void *vtac_profile_insns(const vtac_profile *profile,
                                        size_t *ret_count);
/* A stream of instructions that runs in one go: its first instruction, their
 * number, and the cycle of the run in which it begins. */
typedef struct vtac_profile_stream_part {
  size_t first, count;
  uint64_t begin, cycles;
} vtac_profile_stream_part;
/* Returns 0 past the last one. */
VTAC_API int vtac_profile_part(const vtac_profile *profile, int index,
                               vtac_profile_stream_part *ret);

/* The function that ran, as `--emit vta` shows it; "" for a stream. */
VTAC_API const char *vtac_profile_text(const vtac_profile *profile);

/* A site: a call of the accelerator's runtime, or a micro-op kernel as a whole.
 * Loads of micro-ops and carriers of tokens belong to the call that needed
 * them. */
typedef struct vtac_site {
  int line;               /* of the text, from 1 */
  int loop;               /* the innermost loop around it, or -1 */
  int stage;              /* whose work it is, or -1: tokens, synchronisation */
  uint64_t insns;         /* that came of it */
  const char *stage_name; /* "data_buf"; "" for -1 */
} vtac_site;
/* Site number `site`, from 1, in the order of the text; returns 0 past the last
 * one.  Texts belong to the profile. */
VTAC_API int vtac_profile_site(const vtac_profile *profile, int site,
                               vtac_site *ret_site);
/* The site of an instruction; 0 if it is not known. */
VTAC_API int vtac_profile_insn_site(const vtac_profile *profile, size_t insn);

/* A loop of the function with sites inside it or not. */
typedef struct vtac_site_loop {
  int line;
  int parent;       /* the loop around it, which has a lower number, or -1 */
  const char *name; /* of its variable, as the text shows it */
} vtac_site_loop;
/* Loop number `loop`, from 0; returns 0 past the last one. */
VTAC_API int vtac_profile_loop(const vtac_profile *profile, int loop,
                               vtac_site_loop *ret_loop);
/* The name of stage number `stage`, from 0; NULL past the last one. */
VTAC_API const char *vtac_profile_stage(const vtac_profile *profile, int stage);

/* ---- The account -------------------------------------------------------- */

/* The cycles of the run, from launch to the end. */
VTAC_API uint64_t vtac_profile_cycles(const vtac_profile *profile);

typedef enum vtac_scope {
  VTAC_SCOPE_RUN,   /* all: the sum of SITE and REST */
  VTAC_SCOPE_SITE,  /* one site; 0: instructions whose site is not known */
  VTAC_SCOPE_LOOP,  /* all sites in a loop */
  VTAC_SCOPE_STAGE, /* all sites of a stage, or -1: of none */
  VTAC_SCOPE_REST   /* on no instruction: none comes any more */
} vtac_scope;
/* The cycles that a unit spends on a cause on behalf of the instructions in
 * `scope`; `index` counts as above and does not matter for RUN and REST. */
VTAC_API uint64_t vtac_profile_spent(const vtac_profile *profile,
                                     vtac_scope scope, int index,
                                     vtac_unit unit, vtac_cause cause);

/* ---- What happens when -------------------------------------------------- */

/* Cycles begin <= cycle < end of a unit; `insn` is SIZE_MAX if it waits for
 * none any more.  Fetch spends cycles on the instruction that it dispatches
 * next, the memory on that whose data it reads next. */
typedef struct vtac_profile_span {
  vtac_unit unit;
  vtac_cause cause;
  size_t insn;
  uint64_t begin, end;
} vtac_profile_span;

/* An instruction that load, compute or store ran to its end. */
typedef struct vtac_profile_insn {
  size_t insn;
  vtac_unit unit;
  uint64_t visible; /* at the head of its queue, or behind others, from here */
  uint64_t start, done;
} vtac_profile_insn;

/* An instruction posts a token or takes one; `queue` counts as in
 * vtac_token_name. */
typedef struct vtac_profile_token {
  int queue, taken;
  size_t insn;
  uint64_t cycle;
} vtac_profile_token;
/* "l2g", "g2l", "g2s", "s2g"; NULL past the last. */
VTAC_API const char *vtac_token_name(int queue);

/* Any member may be NULL. */
typedef struct vtac_profile_events {
  void *user;
  void (*span)(void *user, const vtac_profile_span *span);
  void (*insn)(void *user, const vtac_profile_insn *insn);
  void (*token)(void *user, const vtac_profile_token *token);
} vtac_profile_events;
/* Goes through the run once more and tells what happens.  The spans of a unit
 * come in order, without gaps or overlaps, and cover the run; its instructions
 * come in order. */
VTAC_API vtac_status vtac_profile_replay(const vtac_profile *profile,
                                         const vtac_profile_events *events,
                                         vtac_error *error);

/* ---- What would help ---------------------------------------------------- */

/* A run in which one thing is other than it is; texts in static storage. */
typedef struct vtac_what_if {
  const char *name;    /* "wide-bus" */
  const char *premise; /* "on a bus twice as wide" */
  const char *means;   /* what a person can do to come closer to that */
} vtac_what_if;
/* Experiment number `index`, from 0; returns 0 past the last one. */
VTAC_API int vtac_what_if_at(int index, vtac_what_if *ret);
/* The profile of the same run under that premise, whose sites are the same; the
 * caller frees it.  Its instructions serve the time only: they need not compute
 * what the run does. */
VTAC_API vtac_profile *vtac_profile_what_if(const vtac_profile *profile,
                                            int index, vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
