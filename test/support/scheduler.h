/* SPDX-License-Identifier: Apache-2.0 */
/* Random legal schedules for any computation of the accelerator's kind. */
#ifndef TEST_SUPPORT_SCHEDULER_H
#define TEST_SUPPORT_SCHEDULER_H

#include "support/script.h"

/* Maps an untouched schedule to the accelerator: results in tiles or whole,
 * loops in any order, stages and loads at any loop around all their readers,
 * virtual threads, transfers and vector work in one piece or several.  What
 * each stage is for is read from the graph. */
void schedule_randomly(Script *script, Choices *choices);

#endif
