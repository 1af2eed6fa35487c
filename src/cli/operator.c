/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an operator command: declare, print the stages asked for,
 * build, run on the simulator, compare with the plain computation, count. */
#include "cli/operator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/dump.h"
#include "cli/explain.h"
#include "cli/pictures.h"
#include "cli/progress.h"
#include "cli/remote.h"

enum { MOST_ARGS = 4 };

/* All that one command holds; freed in one place. */
typedef struct Session {
  const OperatorCommand *command;
  const CommonOptions *options;
  const void *params;
  Dump dump;
  vtac_config *config;
  vtac_context *context;
  vtac_op *op;
  vtac_module *module;
  vtac_device *device;
  TestData *data;
  vtac_array *array[MOST_ARGS];
  void *result;
  vtac_recorder *recorder;
  vtac_profile *profile; /* for the recorder, or NULL */
  FILE *insns;           /* where the instructions go, or NULL */
  bool remotely;
  Remote *remote; /* in the place of device and arrays */
} Session;

/* What a run cost, where that is counted. */
typedef struct Counts {
  bool counted;
  uint64_t counters[VTAC_COUNTERS], cycles;
} Counts;

static void close_session(Session *s) {
  for (int i = 0; i < MOST_ARGS; i++) vtac_array_free(s->array[i]);
  remote_close(s->remote);
  vtac_device_close(s->device);
  vtac_module_free(s->module);
  vtac_profile_free(s->profile);
  vtac_context_free(s->context);
  vtac_config_free(s->config);
  test_data_free(s->data);
  free(s->result);
  if (s->insns) fclose(s->insns);
}

static int no_memory(void) {
  complain("no memory left");
  return EXIT_ENVIRONMENT;
}

/* Each step returns -1 to go on, or the exit status to end with. */

/* A loaded module runs on what it was built for, unless told otherwise. */
static vtac_config *find_config(const Session *s, vtac_error *error) {
  const char *file = s->options->config_file;
  if (file) return vtac_config_load(file, error);
  vtac_config *own = s->module ? vtac_module_config(s->module, error) : NULL;
  return own ? own : vtac_config_default(error);
}

/* What runs elsewhere may be for another processor. */
static int load(Session *s) {
  vtac_error error;
  const char *file = s->options->load, *name = s->options->function;
  s->module = remote_wanted(s->options, NULL)
                  ? vtac_module_describe(file, &error)
                  : vtac_module_load(file, &error);
  if (!s->module) return report(&error);
  if (!name) return -1;
  vtac_module *function = vtac_module_function(s->module, name, &error);
  if (!function) return report(&error);
  vtac_module_free(s->module);
  s->module = function;
  return -1;
}

static int declare(Session *s) {
  vtac_error error;
  int status = s->options->load ? load(s) : -1;
  if (status >= 0) return status;
  s->config = find_config(s, &error);
  if (!s->config) return report(&error);
  s->context = vtac_context_new(s->config, &error);
  if (!s->context) return report(&error);
  s->op = s->command->declare(s->context, s->params);
  return s->op ? -1 : report(vtac_context_error(s->context));
}

/* ---- Showing ------------------------------------------------------------ */

static int emit_stage(Session *s, unsigned bit, vtac_op_stage stage,
                      const char *name) {
  if (!(s->options->emit & bit)) return -1;
  vtac_lower_options options = {.accelerator = stage == VTAC_OP_VTA};
  const vtac_tensor *args;
  int n = vtac_op_args(s->op, &args);
  dump_watch(&s->dump, name, &options);
  vtac_op_schedule_to(s->context, s->op, stage);
  const char *text = vtac_lower_text(s->context, vtac_op_schedule(s->op), n,
                                     args, "main", &options);
  if (!text) return report(vtac_context_error(s->context));
  fputs(text, stdout);
  return s->dump.failure;
}

static int emit_stages(Session *s) {
  int status = emit_stage(s, EMIT_DEFAULT, VTAC_OP_DEFAULT, "default");
  if (status < 0) status = emit_stage(s, EMIT_TILED, VTAC_OP_TILED, "tiled");
  if (status < 0) status = emit_stage(s, EMIT_VTA, VTAC_OP_VTA, "vta");
  return status;
}

static void print_listing(void *user, const char *text, size_t length) {
  (void)user;
  fwrite(text, 1, length, stdout);
}

static void write_insns(void *user, const void *insns, size_t count) {
  const Session *s = user;
  fwrite(insns, VTAC_INSN_BYTES, count, s->insns);
}

static int complain_of_output(const Session *s) {
  complain("cannot write '%s': %s", s->options->output, strerror(errno));
  return EXIT_ENVIRONMENT;
}

static int open_insns(Session *s) {
  s->insns = fopen(s->options->output, "wb");
  return s->insns ? -1 : complain_of_output(s);
}

/* What was written must have arrived. */
static int close_insns(Session *s) {
  bool good = !ferror(s->insns);
  if (fclose(s->insns)) good = false;
  s->insns = NULL;
  return good ? -1 : complain_of_output(s);
}

/* ---- Running ------------------------------------------------------------ */

static int build_module(Session *s) {
  static const char *const cse[] = {"CommonSubexprElim"};
  vtac_lower_options options = {.accelerator = 1};
  if (s->command->keep_expressions && !s->options->explain) {
    options.disabled = cse;
    options.disabled_count = 1;
  }
  const vtac_tensor *args;
  int n = vtac_op_args(s->op, &args);
  dump_watch(&s->dump, "build", &options);
  vtac_op_schedule_to(s->context, s->op, VTAC_OP_VTA);
  s->module =
      vtac_build(s->context, vtac_op_schedule(s->op), n, args,
                 s->options->explain ? "main" : s->command->function, &options);
  if (!s->module) return report(vtac_context_error(s->context));
  return s->dump.failure;
}

static int compile_module(Session *s) {
  vtac_error error;
  vtac_module *compiled = vtac_module_compile(s->module, &error);
  if (!compiled) return report(&error);
  vtac_module_free(s->module);
  s->module = compiled;
  return -1;
}

static int print_source(Session *s) {
  vtac_error error;
  const vtac_save_options options = {NULL, s->options->origin};
  char *text = vtac_module_c_source(s->module, &options, &error);
  if (!text) return report(&error);
  fputs(text, stdout);
  free(text);
  return -1;
}

/* Pictures show the lines that instructions come from.  What keeps a module
 * from being profiled is told when it runs. */
static void profile_module(Session *s) {
  if (s->options->pictures.trace || s->options->pictures.report)
    s->profile = vtac_profile_module(s->module, NULL);
}

static int build(Session *s) {
  int status = s->module ? -1 : build_module(s);
  if (status < 0 && !s->options->no_run) profile_module(s);
  if (status < 0 && s->options->emit & EMIT_C) status = print_source(s);
  if (status < 0 && s->options->native && !s->options->load && !s->remotely)
    status = compile_module(s);
  return status;
}

/* The function as --emit vta shows it. */
static int explain_operator(Session *s) {
  vtac_error error;
  const CommonOptions *options = s->options;
  progress_show("timing");
  vtac_profile *profile = vtac_profile_module(s->module, &error);
  if (!profile) return report(&error);
  return explain(profile, options->stats == STATS_JSON, options->insns);
}

static int save_module(Session *s) {
  vtac_error error;
  const CommonOptions *common = s->options;
  const vtac_save_options options = {common->target, common->origin};
  if (vtac_module_save(s->module, common->output, &options, &error))
    return report(&error);
  return EXIT_RIGHT;
}

static int open_device(Session *s) {
  vtac_error error;
  char title[sizeof s->options->origin + 8];
  snprintf(title, sizeof title, "vtac %s", s->options->origin);
  int opened = pictures_open(s->config, &s->options->pictures, title,
                             s->profile, &s->recorder);
  if (opened >= 0) return opened;
  vtac_device_options options = {.sim_path = s->options->sim_path,
                                 .simulator = s->options->simulator,
                                 .recorder = s->recorder};
  if (s->options->emit & EMIT_INSNS) options.on_listing = print_listing;
  if (s->options->emit & EMIT_INSNS_BIN) {
    int status = open_insns(s);
    if (status >= 0) return status;
    options.on_insns = write_insns;
    options.user = s;
  }
  vtac_board *board = NULL;
  if (s->options->board) {
    board = vtac_board_load(s->options->board, &error);
    if (!board) return report(&error);
    options.board = board;
  }
  s->device = vtac_device_open(s->config, &options, &error);
  vtac_board_free(board);
  return s->device ? -1 : report(&error);
}

static int allocate_arrays(Session *s) {
  vtac_error error;
  const vtac_tensor *args;
  int n = vtac_op_args(s->op, &args);
  for (int i = 0; i < n; i++) {
    s->array[i] = vtac_array_like(s->device, args[i], &error);
    if (!s->array[i]) return report(&error);
  }
  return -1;
}

static int make_data(Session *s) {
  progress_show("computing the reference");
  s->data = s->command->make_data(s->config, s->params, s->options->seed);
  return s->data ? -1 : no_memory();
}

static int write_inputs(Session *s) {
  vtac_error error;
  for (int i = 0; i < s->data->inputs; i++)
    if (vtac_array_write(s->array[i], s->data->input[i], &error))
      return report(&error);
  return -1;
}

static int run_module(Session *s) {
  vtac_error error;
  const vtac_tensor *args;
  int n = vtac_op_args(s->op, &args);
  vtac_device_clear_counters(s->device);
  if (vtac_module_run(s->module, s->device, n, s->array, &error))
    return report(&error);
  return -1;
}

static int run_here(Session *s, bool with_data) {
  int status = open_device(s);
  if (status < 0) status = allocate_arrays(s);
  if (status < 0 && with_data) status = make_data(s);
  if (status < 0 && with_data) status = write_inputs(s);
  progress_show(s->options->board ? "running" : "simulating");
  if (status < 0) status = run_module(s);
  if (status < 0 && s->insns) status = close_insns(s);
  return status;
}

/* ---- Running elsewhere -------------------------------------------------- */

static int send_arrays(Session *s) {
  const vtac_tensor *args;
  int n = vtac_op_args(s->op, &args), status = -1;
  for (int i = 0; i < n && status < 0; i++)
    status = remote_add(s->remote, args[i],
                        i < s->data->inputs ? s->data->input[i] : NULL);
  return status;
}

static int run_there(Session *s) {
  if (s->options->emit & (EMIT_INSNS | EMIT_INSNS_BIN)) {
    complain("--emit insns needs a run on this machine, not over RPC");
    return EXIT_USAGE;
  }
  progress_show("connecting");
  int status = remote_open(s->options, s->config, &s->remote);
  if (status < 0) status = remote_load(s->remote, s->module);
  if (status < 0) status = make_data(s);
  progress_show("running");
  if (status < 0) status = send_arrays(s);
  if (status < 0) status = remote_run(s->remote);
  return status;
}

/* ---- Judging ------------------------------------------------------------ */

/* The matrix unit starts at most one micro-op a cycle. */
static void print_cycles(uint64_t cycles, uint64_t micro_ops) {
  printf("        %-16s: %16llu\n", "cycle_count", (unsigned long long)cycles);
  printf("        %-16s: %14.1f %%\n", "gemm_utilisation",
         100 * (double)micro_ops / (double)cycles);
}

static Counts count(const Session *s) {
  Counts counts = {.counted = true};
  if (s->remote) {
    counts.counted =
        remote_counters(s->remote, counts.counters, &counts.cycles);
  } else {
    vtac_device_counters(s->device, counts.counters);
    counts.cycles = vtac_device_cycles(s->device);
  }
  return counts;
}

static void print_stats(const Counts *counts) {
  if (!counts->counted) return;
  uint64_t micro_ops = 0;
  puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS; i++) {
    if (!strcmp(vtac_counter_name(i), "gemm_counter"))
      micro_ops = counts->counters[i];
    printf("        %-16s: %16llu\n", vtac_counter_name(i),
           (unsigned long long)counts->counters[i]);
  }
  if (counts->cycles) print_cycles(counts->cycles, micro_ops);
}

/* On what the cycles were spent, where statistics are asked for and cycles were
 * counted; a module that cannot say has no account. */
static void print_account(const Session *s, const Counts *counts, bool json) {
  if (!s->options->stats_given || !counts->cycles) return;
  vtac_profile *profile = vtac_profile_module(s->module, NULL);
  if (!profile) return;
  if (json) printf(" \"account\": {");
  (json ? account_json : account_text)(profile);
  if (json) printf("},\n");
  vtac_profile_free(profile);
}

static void print_json(const Session *s, const Counts *counts, bool right) {
  printf("{\"function\": \"%s\", \"right\": %s, \"seed\": %llu,",
         s->command->function, right ? "true" : "false",
         (unsigned long long)s->options->seed);
  print_account(s, counts, true);
  printf(" \"stats\": {");
  for (int i = 0; i < VTAC_COUNTERS && counts->counted; i++)
    printf("%s\"%s\": %llu", i ? ", " : "", vtac_counter_name(i),
           (unsigned long long)counts->counters[i]);
  if (counts->counted && counts->cycles)
    printf(", \"cycles\": %llu", (unsigned long long)counts->cycles);
  puts("}}");
}

static void print_verdict(const Session *s, bool right) {
  const CommonOptions *options = s->options;
  const Counts counts = count(s);
  if (options->stats == STATS_JSON) {
    print_json(s, &counts, right);
    return;
  }
  if (!options->quiet || options->stats_given) print_stats(&counts);
  print_account(s, &counts, false);
  if (right && !options->quiet) puts(s->command->success);
}

static int read_output(Session *s, int index, size_t size) {
  vtac_error error;
  s->result = malloc(size);
  if (!s->result) return no_memory();
  if (s->remote) return remote_read(s->remote, index, s->result);
  if (vtac_array_read(s->array[index], s->result, &error))
    return report(&error);
  return -1;
}

static int judge(Session *s) {
  const int output = s->data->inputs;
  size_t size = s->remote ? remote_size(s->remote, output)
                          : vtac_array_size(s->array[output]);
  int status = read_output(s, output, size);
  if (status >= 0) return status;
  bool right = !memcmp(s->result, s->data->expected, size);
  print_verdict(s, right);
  if (right) return EXIT_RIGHT;
  complain("the result differs from the reference computation");
  return EXIT_DIFFERS;
}

static int run_steps(Session *s) {
  int status = declare(s);
  if (status < 0) status = emit_stages(s);
  unsigned emit = s->options->emit;
  bool save = s->options->output && !(emit & EMIT_INSNS_BIN);
  bool run = !s->options->no_run && !save;
  bool stream = run || emit & (EMIT_INSNS | EMIT_INSNS_BIN);
  if (status < 0 && emit && !(emit & EMIT_C) && !save && !stream)
    return EXIT_RIGHT;
  s->remotely = status < 0 && run && remote_wanted(s->options, s->config);
  progress_open();
  progress_show("building");
  if (status < 0) status = build(s);
  if (status < 0 && s->options->explain) return explain_operator(s);
  if (status < 0 && save) return save_module(s);
  if (status < 0 && !stream) return EXIT_RIGHT;
  if (status < 0) status = s->remotely ? run_there(s) : run_here(s, run);
  progress_close();
  if (status < 0 && !run) return EXIT_RIGHT;
  return status < 0 ? judge(s) : status;
}

int run_operator(const OperatorCommand *command, const CommonOptions *options,
                 const void *params) {
  Session session = {.command = command, .options = options, .params = params};
  int status = dump_open(&session.dump, options);
  if (status < 0) {
    status = run_steps(&session);
    status = pictures_close(session.recorder, status);
    progress_close();
    dump_close(&session.dump);
  }
  close_session(&session);
  return status;
}

int operator_main(const OperatorCommand *command, void *params, int argc,
                  char **argv) {
  CommonOptions common = {0};
  const OptionParser parser = {command->name,    command->synopsis,
                               command->options, command->take,
                               params,           &common};
  int status = parse_options(&parser, argc, argv);
  return status < 0 ? run_operator(command, &common, params) : status;
}
