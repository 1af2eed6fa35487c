/* SPDX-License-Identifier: Apache-2.0 */
/* Printing the account of a profile: on what units spend their cycles, by stage
 * of the schedule and by line of the lowered function. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "cli/cli.h"

/* The whole as text. */
void account_text(const vtac_profile *profile);
/* The members of an object, from "cycles" to "lines". */
void account_json(const vtac_profile *profile);
/* One line an instruction: where it comes from, when it ran, what its unit's
 * cycles since the one before went to.  Returns false after a complaint. */
bool account_insns_text(const vtac_profile *profile);
/* The same as a member "insns", with a comma before it. */
bool account_insns_json(const vtac_profile *profile);

/* The call at a line of a function: "VTALoadBuffer2D", "VTAPushGEMMOp",
 * "coproc_sync"; the result may be cut. */
void account_call(const vtac_profile *profile, int line, char *ret,
                  size_t size);

#endif
