/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in a call of a module that is right. */
#ifndef TEST_SUPPORT_FAULTS_RUN_H
#define TEST_SUPPORT_FAULTS_RUN_H

#include "support/faults.h"

int run_faults(void); /* how many there are */
const Fault *run_fault(int number);
/* Builds the subject, which is legal, and calls it with that fault; the run's
 * trial says how it ended.  Results must not have been written. */
void run_spoiled(FaultRun *run, int number, const Subject *subject,
                 vtac_context *context, const vtac_config *config);

#endif
