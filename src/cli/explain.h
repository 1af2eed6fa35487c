/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining where the cycles of a run go. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/cli.h"

/* Prints the profile's account, the largest losses and what would help, and
 * with `insns` every instruction; frees the profile.  Returns the exit
 * status. */
int explain(vtac_profile *profile, bool json, bool insns);

#endif
