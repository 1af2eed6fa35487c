/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: ways in which a legal schedule, computation, build or run is made
 * illegal for a known reason.  Each says which diagnostics may name it. */
#ifndef TEST_SUPPORT_FAULTS_H
#define TEST_SUPPORT_FAULTS_H

#include "support/net.h"
#include "support/script.h"

enum { FAULT_NUMBERS = 3 };

/* One fault of one case. */
typedef struct FaultRun FaultRun;

typedef struct Fault {
  const char *name; /* for the table */
  const char *ids;  /* of the diagnostics that may name it, with spaces */
  /* A call of a schedule: which ones can be made wrong, and how; false leaves
   * the call out. */
  bool (*suits)(const Script *script, const Call *call);
  bool (*spoil)(FaultRun *run, Script *script, Call *call);
  /* Or a computation; false where it has nothing of the kind. */
  bool (*net)(FaultRun *run, Net *net);
  /* Or the arguments of lowering. */
  void (*build)(FaultRun *run, Subject *subject);
  /* Or a computation of its own, to be scheduled in one piece; false where the
   * accelerator has other limits before. */
  bool (*large)(FaultRun *run, const vtac_config *config, Net *ret);
  const char *word; /* that the message must hold */
  bool product;     /* only where the matrix unit has work */
} Fault;

struct FaultRun {
  const Fault *fault;
  Trial *trial;
  int number[FAULT_NUMBERS]; /* random ones, what for is the fault's matter */
  int calls;                 /* seen so far that suit */
  int at;                    /* the one to spoil, -1: none */
  bool done;
};

/* Tables, each with an end without a name. */
extern const Fault call_faults[], net_faults[], build_faults[], size_faults[];

/* Spoils call number `at` of those that suit, or only counts them. */
void fault_watch(FaultRun *run, Script *script);
/* Is the diagnostic one of those that the fault allows? */
bool fault_named(const Fault *fault, const char *id);

#endif
