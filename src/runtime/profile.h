/* SPDX-License-Identifier: Apache-2.0 */
/* vtac_profile as its own files see it. */
#ifndef RUNTIME_PROFILE_H
#define RUNTIME_PROFILE_H

#include "runtime/objects.h"
#include "runtime/sites.h"
#include "tsim/model.h"
#include "vtac/profile.h"

/* A stream of the run. */
typedef struct ProfileStream {
  uint32_t first, count;
  uint64_t tokens[HW_TOKENS]; /* in the queues at its start */
  uint64_t begin, cycles;
} ProfileStream;

/* Cycles by unit and cause. */
typedef struct SpentCycles {
  uint64_t cycles[TSIM_UNITS][TSIM_CAUSES];
} SpentCycles;

struct vtac_profile {
  HwConfig config;
  SiteTable *sites; /* shared by profiles of one run; NULL: no function */
  int rows;         /* sites, at least the unknown one */

  Insn *insns;
  uint32_t *site; /* of the instructions */
  uint8_t *bytes; /* the instructions as memory holds them */
  uint32_t count, capacity;
  ProfileStream *streams;
  uint32_t stream_count;

  TsimResult sums;
  SpentCycles *spent; /* by site; one more row: on no instruction */
  uint64_t *made;     /* instructions by site */
};

/* profile_record.c: fills in config, sites, instructions and streams. */
vtac_status profile_record_module(vtac_profile *profile,
                                  const vtac_module *module, vtac_error *error);
vtac_status profile_record_stream(vtac_profile *profile, const void *stream,
                                  size_t count, Diag *diag);

/* Another profile with what has been recorded, not yet accounted for. */
vtac_status profile_copy(const vtac_profile *profile, vtac_profile **ret,
                         Diag *diag);
/* Closes gaps behind streams that have become shorter and encodes what the
 * instructions have become. */
vtac_status profile_seal(vtac_profile *profile, Diag *diag);

/* profile_account.c: times the streams and fills in the rest. */
vtac_status profile_account(vtac_profile *profile, Diag *diag);
#endif
