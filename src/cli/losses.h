/* SPDX-License-Identifier: Apache-2.0 */
/* Losses: the cycles in which compute does not work, by cause and stage, what
 * goes on meanwhile, and what would make them fewer. */
#ifndef CLI_LOSSES_H
#define CLI_LOSSES_H

#include "cli/cli.h"

enum { MOST_LOSSES = 3, MOST_EXPERIMENTS = 16, MOST_MEANWHILE = 3 };

/* What another unit does during a loss. */
typedef struct Meanwhile {
  vtac_unit unit;
  vtac_cause cause;
  int stage;
  uint64_t cycles;
} Meanwhile;

typedef struct Loss {
  vtac_cause cause;
  int stage; /* or -1 */
  int line;  /* of the site that loses most, or 0 */
  uint64_t cycles, insns;
  int n;
  Meanwhile meanwhile[MOST_MEANWHILE]; /* the largest first */
} Loss;

/* The run with one thing changed. */
typedef struct Trial {
  vtac_what_if what_if;
  uint64_t cycles;
  uint64_t loss[MOST_LOSSES]; /* what the losses are then */
} Trial;

typedef struct Losses {
  const vtac_profile *profile;
  int n;
  Loss loss[MOST_LOSSES]; /* the largest first */
  int trials;
  Trial trial[MOST_EXPERIMENTS]; /* the fastest first */
} Losses;

/* Returns VTAC_OK, or the status of an experiment that failed. */
vtac_status losses_find(const vtac_profile *profile, Losses *ret,
                        vtac_error *error);
void losses_text(const Losses *losses);
/* Two members, with a comma before the first: "losses" and "what_if". */
void losses_json(const Losses *losses);

#endif
