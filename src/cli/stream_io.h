/* SPDX-License-Identifier: Apache-2.0 */
/* What vtac asm and vtac disasm share: a file in, a file out. */
#ifndef CLI_STREAM_IO_H
#define CLI_STREAM_IO_H

#include "cli/cli.h"

typedef struct TextOptions {
  const char *input, *output, *config_file;
} TextOptions;

/* Parses the command line of asm or disasm and loads the configuration, which
 * the caller frees.  Returns -1 to go on, or the exit status to end with. */
int text_options(const char *command, const char *synopsis, int argc,
                 char **argv, TextOptions *ret, vtac_config **ret_config);

/* A built-in configuration where `file` is NULL; NULL after a report, with
 * the exit status in *ret_status. */
vtac_config *open_config(const char *file, int *ret_status);

/* Reads instructions; NULL after a complaint.  To be freed. */
void *stream_read(const char *path, size_t *ret_count, int *ret_status);

#endif
