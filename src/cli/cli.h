/* SPDX-License-Identifier: Apache-2.0 */
/* What the command's parts share: exit statuses, options, messages. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "vtac/vtac.h"

enum {
  EXIT_RIGHT = 0,       /* the result equals the reference computation */
  EXIT_DIFFERS = 1,     /* it does not */
  EXIT_USAGE = 2,       /* the command line makes no sense */
  EXIT_REFUSED = 3,     /* a schedule, shape or configuration is refused */
  EXIT_ENVIRONMENT = 4, /* a file, memory or device failed */
};

/* What --emit can ask for: texts, in the order they are printed, and the
 * instructions as bytes, for --output. */
enum {
  EMIT_DEFAULT = 1,
  EMIT_TILED = 2,
  EMIT_VTA = 4,
  EMIT_INSNS = 8,
  EMIT_C = 16,
  EMIT_INSNS_BIN = 32,
};

typedef enum StatsFormat { STATS_TEXT, STATS_JSON } StatsFormat;

/* Files of pictures of the run; NULL: not wanted. */
typedef struct PictureOptions {
  const char *trace, *report, *plot;
  int64_t plot_cycles[2]; /* what the plot shows: begin, end; 0, 0 for all */
} PictureOptions;

/* Options that every operator command takes. */
typedef struct CommonOptions {
  const char *config_file; /* NULL: built in */
  unsigned emit;           /* EMIT_ bits */
  bool no_run, quiet, time_passes;
  uint64_t seed;
  StatsFormat stats;
  bool stats_given;
  const char *dump_after; /* names separated by commas, or NULL */
  const char *dump_dir;   /* NULL: no files */
  vtac_sim_path sim_path;
  vtac_simulator simulator;
  const char *board;   /* run there: a preset or a file; NULL: a simulator */
  bool explain, insns; /* profile instead of running; list instructions, too */
  bool native;         /* run machine code, not the evaluator */
  const char *output;  /* write the module there and run nothing, or NULL */
  const char *target;  /* of the module that is written; NULL: this machine */
  PictureOptions pictures;
  const char *load;     /* run this file's module instead of building one */
  const char *function; /* of that file; NULL: its main one */
  const char *rpc, *rpc_tracker; /* where to run it, or NULL: here */
  const char *rpc_key, *rpc_secret_file;
  char origin[512]; /* the command with its own options, as given */
} CommonOptions;

/* One command-line option; `arg` NULL means that it takes none. */
typedef struct Option {
  const char *name, *arg, *help;
} Option;

/* One subcommand. */
typedef struct Command {
  const char *name, *summary;
  int (*run)(int argc, char **argv);
} Command;

/* Both end with a NULL name; operators take the common options. */
extern const Command operators[], commands[];
/* The command called `name`, or NULL. */
const Command *command_find(const Command *list, const char *name);

/* ---- Messages (standard error) ------------------------------------------ */

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints an error of the library and says which exit status it means. */
int report(const vtac_error *error);
/* "usage: …" hint after a bad command line; returns EXIT_USAGE. */
int bad_usage(const char *command);

/* ---- Options ------------------------------------------------------------ */

/* Walks argv; calls `take(self, option index, argument)` for each option of
 * `own` and parses the common ones itself (common may be NULL).  Returns
 * -1 to go on, or the exit status to end with (--help, --version, errors). */
typedef struct OptionParser {
  const char *command, *synopsis;
  const Option *own; /* ends with a NULL name */
  bool (*take)(void *self, int index, const char *argument);
  void *self;
  CommonOptions *common;
} OptionParser;
int parse_options(const OptionParser *parser, int argc, char **argv);
/* The same for a command that takes one file beside its options. */
int parse_file_options(const OptionParser *parser, int argc, char **argv,
                       const char **ret_file);

/* Numbers of a command line: the whole text, decimal, in range, or a
 * complaint and false. */
bool parse_int(const char *what, const char *text, int64_t *ret);
bool parse_small(const char *what, const char *text, int *ret);
/* "AxB" and "A,B,C". */
bool parse_pair(const char *what, const char *text, int64_t ret[2]);
bool parse_size(const char *what, const char *text, int64_t *height,
                int64_t *width);
bool parse_list(const char *what, const char *text, int n, int64_t *ret);
/* The index of `text` among n names, or a complaint and -1. */
int parse_choice(const char *what, const char *text, int n,
                 const char *const *names);
/* A name that vtac_sim_path_name gives. */
bool parse_sim_path(const char *what, const char *text, vtac_sim_path *ret);
/* What VTAC_SIM_ISA asks for, if it is there.  It leaves the environment, so
 * that an option overrides it. */
bool environment_sim_path(vtac_sim_path *ret);

#endif
