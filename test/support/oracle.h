/* SPDX-License-Identifier: Apache-2.0 */
/* Oracle: checks one program against its expectation at every step of its
 * way through the compiler and on every path of the simulator. */
#ifndef TEST_SUPPORT_ORACLE_H
#define TEST_SUPPORT_ORACLE_H

#include "support/family.h"

/* The steps: the evaluator runs the untouched, then the tiled schedule,
 * before lowering and after every general pass; then the finished one after
 * every pass, the accelerator's calls emulated (lanes narrower than a byte are
 * not evaluated); then a module is built and run on each path of the simulator,
 * streams verified, and in program order. All results are to be equal.  Only
 * the operator, the mapping to the accelerator and the device may refuse.
 * `ret_why` says what was refused or wrong. */
Outcome check_everywhere(const vtac_config *config, const FamilyCase *family,
                         uint64_t seed, char ret_why[WHY_SIZE]);

#endif
