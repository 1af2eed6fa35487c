/* SPDX-License-Identifier: Apache-2.0 */
/* vtac passes: the lowering passes. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"

static const Option options[] = {{NULL, NULL, NULL}};

int command_passes(int argc, char **argv) {
  const OptionParser parser = {
      "passes", "Lists the lowering passes.", options, NULL, NULL, NULL};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  const char *name, *what;
  for (int i = 0; (name = vtac_pass_name(i, &what, NULL, NULL)); i++)
    printf("%-26s %s\n", name, what);
  return EXIT_RIGHT;
}
