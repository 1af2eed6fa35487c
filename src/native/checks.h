/* SPDX-License-Identifier: Apache-2.0 */
/* The packed entry point's argument checks. */
#ifndef NATIVE_CHECKS_H
#define NATIVE_CHECKS_H

#include "native/plan.h"

/* Fills in plan->check; the parameters are known. */
void plan_checks(Arena *arena, HostPlan *plan);

#endif
