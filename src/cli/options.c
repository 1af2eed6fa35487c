/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing command lines, and the help that derives from the same tables. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/pictures.h"
#include "cli/remote.h"

enum { MOST_OPTIONS = 64 };

/* The common options; the order is that of `take_common`. */
enum {
  OPT_CONFIG,
  OPT_EMIT,
  OPT_NO_RUN,
  OPT_SEED,
  OPT_STATS,
  OPT_QUIET,
  OPT_DUMP_AFTER,
  OPT_DUMP_DIR,
  OPT_TIME_PASSES,
  OPT_SIM_PATH,
  OPT_SIM,
  OPT_BOARD,
  OPT_TRACE,
  OPT_REPORT,
  OPT_PLOT,
  OPT_PLOT_CYCLES,
  OPT_EXEC,
  OPT_EXPLAIN,
  OPT_INSNS,
  OPT_OUTPUT,
  OPT_TARGET,
  OPT_LOAD,
  OPT_FUNCTION,
  OPT_RPC,
  OPT_RPC_KEY,
  OPT_RPC_TRACKER,
  OPT_RPC_SECRET_FILE,
};

static const Option common_options[] = {
    [OPT_CONFIG] = {"config", "FILE",
                    "accelerator (a vta_config.json); "
                    "default: built in"},
    [OPT_EMIT] = {"emit", "STAGE",
                  "print default, tiled, vta, insns or c, "
                  "or write insns-bin to --output; may be repeated"},
    [OPT_NO_RUN] = {"no-run", NULL, "do not run the kernel"},
    [OPT_SEED] = {"seed", "N", "seed of the input data; default 0"},
    [OPT_STATS] = {"stats", "FORMAT", "counters as text (default) or json"},
    [OPT_QUIET] = {"quiet", NULL, "print only what is asked for"},
    [OPT_DUMP_AFTER] = {"dump-after", "PASS[,PASS]",
                        "print the function after these passes"},
    [OPT_DUMP_DIR] = {"dump-dir", "DIR",
                      "write the function after every pass to files in DIR"},
    [OPT_TIME_PASSES] = {"time-passes", NULL, "print how long passes take"},
    [OPT_SIM_PATH] = {"sim-path", "PATH",
                      "simulate on the fast (default), plain or portable "
                      "path, or on that of avx2, avx512vnni or neondot"},
    [OPT_SIM] = {"sim", "NAME",
                 "fsim, or tsim, which counts cycles, too; default: "
                 "as TARGET says"},
    [OPT_BOARD] = {"board", "NAME",
                   "run on the board of that preset or description; "
                   "see 'vtac board'"},
    [OPT_TRACE] = {"trace", "FILE",
                   "write what happens in which cycle, for Perfetto"},
    [OPT_REPORT] = {"report", "FILE",
                    "write an HTML page about the cycles of the run"},
    [OPT_PLOT] = {"plot", "FILE", "draw them as an SVG figure"},
    [OPT_PLOT_CYCLES] = {"plot-cycles", "BEGIN-END",
                         "draw these cycles over time; default: all"},
    [OPT_EXEC] = {"exec", "NAME",
                  "run by the evaluator (default) or as native code"},
    [OPT_EXPLAIN] = {"explain", NULL,
                     "do not run it but say where its cycles go"},
    [OPT_INSNS] = {"insns", NULL, "with explain: list every instruction"},
    [OPT_OUTPUT] = {"output", "FILE",
                    "write the module to a .o, .so or .c file (also -o)"},
    [OPT_TARGET] = {"target", "NAME",
                    "generate code for host (default), armv7, aarch64 or "
                    "riscv64, or the board pynq, de10nano or ultra96"},
    [OPT_LOAD] = {"load", "FILE", "run the module of that file"},
    [OPT_FUNCTION] = {"function", "NAME",
                      "of the file's functions run that one; default: its "
                      "main one"},
    [OPT_RPC] = {"rpc", "HOST:PORT",
                 "run on that RPC server's device; port 9091 unless given"},
    [OPT_RPC_KEY] = {"rpc-key", "KEY", "the server's key; default: none"},
    [OPT_RPC_TRACKER] = {"rpc-tracker", "HOST:PORT",
                         "run on a server that this tracker names for the key"},
    [OPT_RPC_SECRET_FILE] = {"rpc-secret-file", "FILE",
                             "the server's secret is that file's first line; "
                             "default: $VTAC_RPC_SECRET"},
    {NULL, NULL, NULL}};

static const Option general_options[] = {
    {"help", NULL, "show this help and exit"},
    {"version", NULL, "show the version and exit"},
    {NULL, NULL, NULL}};

/* ---- Messages ----------------------------------------------------------- */

void complain(const char *format, ...) {
  bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
  va_list args;
  va_start(args, format);
  fputs(colour ? "vtac: \033[1;31merror:\033[0m " : "vtac: error: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
}

int report(const vtac_error *error) {
  complain("%s [%s]", error->message, error->id);
  if (*error->cure) fprintf(stderr, "vtac: help: %s\n", error->cure);
  switch (error->status) {
    case VTAC_OK:
    case VTAC_INVALID:
    case VTAC_REFUSED: return EXIT_REFUSED;
    case VTAC_NOMEM:
    case VTAC_IO:
    case VTAC_DEVICE: break;
  }
  return EXIT_ENVIRONMENT;
}

int bad_usage(const char *command) {
  fprintf(stderr, "vtac: help: try 'vtac %s%s--help'\n", command,
          *command ? " " : "");
  return EXIT_USAGE;
}

/* ---- Help --------------------------------------------------------------- */

static void print_options(const char *title, const Option *options) {
  printf("\n%s:\n", title);
  for (; options->name; options++) {
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", options->name,
             options->arg ? " " : "", options->arg ? options->arg : "");
    printf("  %-26s %s\n", left, options->help);
  }
}

static int print_help(const OptionParser *parser, bool takes_file) {
  printf("usage: vtac %s%s [options]\n%s\n", parser->command,
         takes_file ? " FILE" : "", parser->synopsis);
  if (parser->own->name) print_options("Options", parser->own);
  if (parser->common) print_options("Common options", common_options);
  print_options("General options", general_options);
  if (parser->common)
    printf(
        "\nExit status: 0 right result, 1 result differs, 2 usage, "
        "3 refused\n(schedule, shape or configuration), 4 environment "
        "(files, memory).\n");
  return EXIT_RIGHT;
}

/* ---- Values ------------------------------------------------------------- */

bool parse_int(const char *what, const char *text, int64_t *ret) {
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  bool starts = isdigit((unsigned char)text[*text == '-']);
  if (!starts || *end || errno) {
    complain("%s: '%s' is no number%s", what, text,
             errno ? " that fits 64 bits" : "");
    return false;
  }
  *ret = value;
  return true;
}

bool parse_small(const char *what, const char *text, int *ret) {
  int64_t value;
  if (!parse_int(what, text, &value)) return false;
  if (value < INT_MIN || value > INT_MAX) {
    complain("%s: %s is out of range", what, text);
    return false;
  }
  *ret = (int)value;
  return true;
}

static bool parse_separated(const char *what, const char *text, char separator,
                            int n, int64_t *ret) {
  char copy[128];
  snprintf(copy, sizeof copy, "%s", text);
  char *at = copy;
  for (int i = 0; i < n; i++) {
    char *end = strchr(at, separator);
    bool last = i == n - 1;
    if (end) *end = '\0';
    if (!end != last || !*at) {
      complain("%s: '%s' is not %d numbers with '%c' between them", what, text,
               n, separator);
      return false;
    }
    if (!parse_int(what, at, &ret[i])) return false;
    at = end ? end + 1 : at;
  }
  return true;
}

bool parse_pair(const char *what, const char *text, int64_t ret[2]) {
  return parse_separated(what, text, 'x', 2, ret);
}

bool parse_size(const char *what, const char *text, int64_t *height,
                int64_t *width) {
  int64_t pair[2];
  if (!parse_pair(what, text, pair)) return false;
  *height = pair[0];
  *width = pair[1];
  return true;
}

bool parse_list(const char *what, const char *text, int n, int64_t *ret) {
  return parse_separated(what, text, ',', n, ret);
}

int parse_choice(const char *what, const char *text, int n,
                 const char *const *names) {
  char list[128];
  int length = 0;
  for (int i = 0; i < n; i++) {
    if (!strcmp(names[i], text)) return i;
    length += snprintf(list + length, sizeof list - (size_t)length, "%s%s",
                       i == 0       ? ""
                       : i == n - 1 ? " or "
                                    : ", ",
                       names[i]);
  }
  complain("%s: '%s' is not %s", what, text, list);
  return -1;
}

/* ---- Common options ----------------------------------------------------- */

static bool take_emit(CommonOptions *common, const char *text) {
  static const char *const names[] = {"default", "tiled", "vta",
                                      "insns",   "c",     "insns-bin"};
  int stage = parse_choice("--emit", text, 6, names);
  if (stage >= 0) common->emit |= 1u << stage;
  return stage >= 0;
}

static bool take_stats(CommonOptions *common, const char *text) {
  static const char *const names[] = {"text", "json"};
  int format = parse_choice("--stats", text, 2, names);
  if (format < 0) return false;
  common->stats = (StatsFormat)format;
  common->stats_given = true;
  return true;
}

bool parse_sim_path(const char *what, const char *text, vtac_sim_path *ret) {
  enum { MOST_PATHS = 16 };
  const char *names[MOST_PATHS];
  int n = 0;
  while (n < MOST_PATHS && vtac_sim_path_name(n)) {
    names[n] = vtac_sim_path_name(n);
    n++;
  }
  int path = parse_choice(what, text, n, names);
  if (path >= 0) *ret = (vtac_sim_path)path;
  return path >= 0;
}

bool environment_sim_path(vtac_sim_path *ret) {
  const char *isa = getenv("VTAC_SIM_ISA");
  if (isa && *isa && !parse_sim_path("VTAC_SIM_ISA", isa, ret)) return false;
  unsetenv("VTAC_SIM_ISA");
  return true;
}

static bool take_sim(CommonOptions *common, const char *text) {
  static const char *const names[] = {"fsim", "tsim"};
  static const vtac_simulator simulators[] = {VTAC_SIMULATOR_FUNCTIONAL,
                                              VTAC_SIMULATOR_TIMING};
  int index = parse_choice("--sim", text, 2, names);
  if (index >= 0) common->simulator = simulators[index];
  return index >= 0;
}

static bool take_exec(CommonOptions *common, const char *text) {
  static const char *const names[] = {"evaluator", "native"};
  int index = parse_choice("--exec", text, 2, names);
  common->native = index == 1;
  return index >= 0;
}

static bool take_seed(CommonOptions *common, const char *text) {
  int64_t seed;
  if (!parse_int("--seed", text, &seed)) return false;
  if (seed < 0) {
    complain("--seed: %s is out of range", text);
    return false;
  }
  common->seed = (uint64_t)seed;
  return true;
}

/* A board's name stands for its processor. */
static bool take_target(CommonOptions *common, const char *text) {
  const char *processor = board_processor(text);
  common->target = processor ? processor : text;
  return true;
}

static bool take_common(CommonOptions *common, int option, const char *text) {
  switch (option) {
    case OPT_CONFIG: common->config_file = text; return true;
    case OPT_EMIT: return take_emit(common, text);
    case OPT_NO_RUN: return common->no_run = true;
    case OPT_SEED: return take_seed(common, text);
    case OPT_STATS: return take_stats(common, text);
    case OPT_QUIET: return common->quiet = true;
    case OPT_DUMP_AFTER: common->dump_after = text; return true;
    case OPT_DUMP_DIR: common->dump_dir = text; return true;
    case OPT_TIME_PASSES: return common->time_passes = true;
    case OPT_SIM_PATH:
      return parse_sim_path("--sim-path", text, &common->sim_path);
    case OPT_SIM: return take_sim(common, text);
    case OPT_BOARD: common->board = text; return true;
    case OPT_TRACE: common->pictures.trace = text; return true;
    case OPT_REPORT: common->pictures.report = text; return true;
    case OPT_PLOT: common->pictures.plot = text; return true;
    case OPT_PLOT_CYCLES: return pictures_take_cycles(&common->pictures, text);
    case OPT_EXEC: return take_exec(common, text);
    case OPT_EXPLAIN: return common->explain = true;
    case OPT_INSNS: return common->insns = true;
    case OPT_OUTPUT: common->output = text; return true;
    case OPT_TARGET: return take_target(common, text);
    case OPT_LOAD: common->load = text; return true;
    case OPT_FUNCTION: common->function = text; return true;
    case OPT_RPC: common->rpc = text; return true;
    case OPT_RPC_KEY: common->rpc_key = text; return true;
    case OPT_RPC_TRACKER: common->rpc_tracker = text; return true;
    case OPT_RPC_SECRET_FILE: common->rpc_secret_file = text; return true;
  }
  return false;
}

/* ---- Walking the command line ------------------------------------------- */

/* Appends a table of options as getopt_long wants them. */
static int add_options(struct option *all, int n, const Option *options) {
  for (; options->name; options++)
    all[n++] = (struct option){
        options->name, options->arg ? required_argument : no_argument, NULL, 0};
  return n;
}

static int print_version(void) {
  printf("vtac %s\n", vtac_version());
  return EXIT_RIGHT;
}

/* Keeps the command's own options for the module that may come of them. */
static void note_origin(const OptionParser *parser, const char *name,
                        const char *value) {
  char *origin = parser->common ? parser->common->origin : NULL;
  const size_t size = sizeof parser->common->origin;
  if (!origin) return;
  size_t used = strlen(origin);
  snprintf(origin + used, size - used, name ? " --%s%s%s" : "%s",
           name ? name : parser->command, value ? " " : "", value ? value : "");
}

/* A run has one place. */
static bool check_place(const CommonOptions *common) {
  const bool remote = common->rpc || common->rpc_tracker;
  if (common->board && common->simulator)
    complain("--board and --sim exclude each other");
  else if (common->rpc && common->rpc_tracker)
    complain("--rpc and --rpc-tracker exclude each other");
  else if (remote && (common->board || common->simulator))
    complain("--board and --sim are for this machine, --rpc is for another");
  else
    return true;
  return false;
}

/* Pictures are of runs on the timing simulator. */
static bool check_pictures(CommonOptions *common) {
  if (pictures_wanted(&common->pictures)) {
    if (common->board || common->rpc || common->rpc_tracker) {
      complain("--trace, --report and --plot need the timing simulator");
      return false;
    }
    bool saves = common->output && !(common->emit & EMIT_INSNS_BIN);
    if (common->no_run || common->explain || saves) {
      complain(
          "--trace, --report and --plot need a run, which --no-run, --explain "
          "and --output leave out");
      return false;
    }
  }
  return pictures_check(&common->pictures, &common->simulator);
}

/* Bytes do not go to a terminal. */
static bool check_common(CommonOptions *common) {
  if (common->function && !common->load) {
    complain("--function needs --load FILE");
    return false;
  }
  if (!check_place(common)) return false;
  if (common->emit & EMIT_INSNS_BIN && !common->output) {
    complain("--emit insns-bin needs --output FILE");
    return false;
  }
  return check_pictures(common);
}

/* The option that -o stands for, or -1. */
static int find_output(const struct option *all) {
  for (int i = 0; all[i].name; i++)
    if (!strcmp(all[i].name, "output")) return i;
  return -1;
}

/* What stands on the command line beside options. */
static int take_operands(const OptionParser *parser, int n, char **operands,
                         const char **ret_file) {
  const int wanted = ret_file != NULL;
  if (n < wanted) {
    complain("'%s' needs a file", parser->command);
    return bad_usage(parser->command);
  }
  if (n > wanted) {
    complain("unexpected argument '%s'", operands[wanted]);
    return bad_usage(parser->command);
  }
  if (ret_file) *ret_file = operands[0];
  return -1;
}

int parse_file_options(const OptionParser *parser, int argc, char **argv,
                       const char **ret_file) {
  struct option all[MOST_OPTIONS] = {{0}};
  int own = add_options(all, 0, parser->own);
  int common = parser->common ? add_options(all, own, common_options) : own;
  add_options(all, common, general_options);
  const int output = find_output(all);
  int index, c;
  opterr = 0;
  optind = 1;
  note_origin(parser, NULL, NULL);
  if (parser->common && !environment_sim_path(&parser->common->sim_path))
    return bad_usage(parser->command);
  while ((c = getopt_long(argc, argv, output < 0 ? ":" : ":o:", all, &index)) !=
         -1) {
    if (c == 'o') index = output;
    if (c == '?' || c == ':') {
      complain(
          c == ':' ? "option '%s' needs an argument" : "unknown option '%s'",
          argv[optind - 1]);
      return bad_usage(parser->command);
    }
    if (index == common) return print_help(parser, ret_file);
    if (index == common + 1) return print_version();
    if (index < own) note_origin(parser, all[index].name, optarg);
    bool good = index < own ? parser->take(parser->self, index, optarg)
                            : take_common(parser->common, index - own, optarg);
    if (!good) return bad_usage(parser->command);
  }
  if (parser->common && !check_common(parser->common))
    return bad_usage(parser->command);
  return take_operands(parser, argc - optind, argv + optind, ret_file);
}

int parse_options(const OptionParser *parser, int argc, char **argv) {
  return parse_file_options(parser, argc, argv, NULL);
}
