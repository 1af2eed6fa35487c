/* SPDX-License-Identifier: Apache-2.0 */
/* C99 text of a function, for people who review, certify or cross-compile what
 * runs.  It needs vtac/kernel.h and nothing else. */
#ifndef CSOURCE_CSOURCE_H
#define CSOURCE_CSOURCE_H

#include "native/plan.h"

/* The text, in the arena, to whose trap errors jump. */
const char *csource_text(Arena *arena, const HostPlan *plan);

#endif
