/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel on a device of another machine. */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/cli.h"

typedef struct Remote Remote;

/* The code generator's target for a board, or NULL if there is no such one. */
const char *board_processor(const char *board);

/* Whether the kernel is to run there: --rpc or --rpc-tracker say so, or the
 * environment does for a configuration whose TARGET is a board. */
bool remote_wanted(const CommonOptions *options, const vtac_config *config);

/* Each step returns -1 to go on, or the exit status to end with. */

/* Connects, and makes the accelerator there one of the configuration. */
int remote_open(const CommonOptions *options, const vtac_config *config,
                Remote **ret);
void remote_close(Remote *remote); /* NULL is fine */
/* Sends the module: the file of --load, else code for the target. */
int remote_load(Remote *remote, const vtac_module *module);
/* The next argument; `data` may be NULL for one that is only written. */
int remote_add(Remote *remote, vtac_tensor tensor, const void *data);
int remote_run(Remote *remote);
/* Argument number `index` into `to`. */
int remote_read(Remote *remote, int index, void *to);
size_t remote_size(const Remote *remote, int index); /* in bytes */
/* What the simulator there counted; false where there is none. */
bool remote_counters(Remote *remote, uint64_t ret_counters[VTAC_COUNTERS],
                     uint64_t *ret_cycles);

#endif
