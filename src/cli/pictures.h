/* SPDX-License-Identifier: Apache-2.0 */
/* The options --trace, --report and --plot of every command that runs. */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include "cli/cli.h"

/* Whether any of the files is asked for. */
bool pictures_wanted(const PictureOptions *options);
/* Checks that the files differ and that a run is timed, which pictures need:
 * lets `simulator` be the timing simulator where nothing else was said. */
bool pictures_check(const PictureOptions *options, vtac_simulator *simulator);

/* "BEGIN-END", as two cycles. */
bool pictures_take_cycles(PictureOptions *options, const char *text);

/* Opens the recorder that is wanted, or leaves *ret NULL.  Returns -1 to go
 * on, or the exit status to end with. */
int pictures_open(const vtac_config *config, const PictureOptions *options,
                  const char *title, const vtac_profile *profile,
                  vtac_recorder **ret);
/* Finishes the files; returns `status`, or that of the first failure. */
int pictures_close(vtac_recorder *recorder, int status);

#endif
