/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program at every step of its way through the compiler. */
#include "support/oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/context.h"
#include "compile/pipeline.h"
#include "ir/print.h"
#include "runtime/objects.h"
#include "sched/sched.h"
#include "support/emulate.h"

typedef struct Oracle {
  const vtac_config *config;
  const FamilyCase *family;
  vtac_context *context;
  Program program;
  TestData *data;
  Emulator *emulator;
  Arena work, scratch, run; /* of lowering, of a pass, of the evaluator */
  Trap trap;
  const char *stage; /* "default", "tiled" or "vta" */
  bool for_build;
  uint8_t *result;
  Outcome outcome;
  char *why;
} Oracle;

static void found(Oracle *o, Outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first finding stays. */
static void found(Oracle *o, Outcome outcome, const char *format, ...) {
  va_list args;
  if (o->outcome != RIGHT) return;
  va_start(args, format);
  vsnprintf(o->why, WHY_SIZE, format, args);
  va_end(args);
  o->outcome = outcome;
}

static size_t tensor_bytes(vtac_tensor tensor) {
  DType type = TENSOR_OF(tensor)->type;
  size_t size = (size_t)dtype_bytes(type);
  for (int i = 0; i < vtac_tensor_ndim(tensor); i++)
    size *= (size_t)vtac_tensor_dim(tensor, i);
  return size;
}

/* ---- The evaluator ------------------------------------------------------ */

static void compare(Oracle *o, const char *where) {
  size_t size = tensor_bytes(o->program.args[o->program.n - 1]), i = 0;
  const uint8_t *expected = o->data->expected;
  while (i < size && o->result[i] == expected[i]) i++;
  if (i < size)
    found(o, WRONG, "%s, %s: byte %zu is %d instead of %d", o->stage, where, i,
          (int8_t)o->result[i], (int8_t)expected[i]);
}

static void evaluate(Oracle *o, const Func *func, const char *where) {
  EvalMemory args[FAMILY_ARGS] = {{0}};
  int last = o->program.n - 1;
  Diag diag = {.status = VTAC_OK};
  if (o->outcome != RIGHT || !o->emulator) return;
  for (int i = 0; i <= last; i++)
    args[i] = (EvalMemory){.bytes = i < last ? o->data->input[i] : o->result,
                           .size = tensor_bytes(o->program.args[i]),
                           .scope = "global"};
  memset(o->result, 0xa5, args[last].size);
  EvalProgram *program = eval_prepare(&o->run, func);
  if (emulator_run(o->emulator, program, args, &diag))
    found(o, WRONG, "%s, %s: %s", o->stage, where, diag.message);
  else
    compare(o, where);
  arena_clear(&o->run);
}

static void after_pass(void *self, int index, const PassInfo *pass,
                       const Func *before, const Func *after, double seconds) {
  char where[80];
  (void)seconds;
  if (before == after) return;
  snprintf(where, sizeof where, "after pass %d, %s", index, pass->name);
  evaluate(self, after, where);
}

/* ---- Lowering ----------------------------------------------------------- */

static void lower(Oracle *o, bool accelerator) {
  const PassObserver observer = {o, after_pass};
  const LowerOptions options = {.accelerator = accelerator,
                                .for_build = o->for_build,
                                .verify = true,
                                .observer = &observer};
  const VtaEnv *env = context_env(o->context);
  const PassContext context = {&o->work, &o->scratch, env, VTA_SCOPES,
                               env->scope};
  const Func *func =
      sched_lower(&o->work, &o->scratch, (Schedule *)o->program.schedule,
                  o->program.n, (const Tensor *const *)o->program.args, "main");
  arena_clear(&o->scratch);
  /* Views of tensorized buffers get their memory when they are flattened. */
  if (!accelerator) evaluate(o, func, "before all passes");
  lower_func(&context, &options, func);
}

/* Lowers one stage of scheduling; only the last may be refused. */
static void check_stage(Oracle *o, const char *stage, bool accelerator) {
  const vtac_error *error = vtac_context_error(o->context);
  o->stage = stage;
  if (o->outcome != RIGHT) return;
  if (error) {
    bool allowed = accelerator && error->status == VTAC_REFUSED;
    found(o, allowed ? REFUSED : WRONG, "%s", error->message);
    return;
  }
  if (!setjmp(o->trap.here)) {
    lower(o, accelerator);
  } else {
    bool allowed = accelerator && o->trap.diag.status == VTAC_REFUSED;
    found(o, allowed ? REFUSED : WRONG, "%s", o->trap.diag.message);
  }
  arena_clear(&o->work);
  arena_clear(&o->scratch);
  arena_clear(&o->run);
}

/* ---- The simulator ------------------------------------------------------ */

static void check_runs(Oracle *o, const vtac_module *module, uint64_t seed) {
  static const struct {
    const char *path;
    vtac_device_options options;
  } runs[] = {{"fast path", {.verify = 1}},
              {"portable path", {.sim_path = VTAC_SIM_PORTABLE}},
              {"plain path", {.sim_path = VTAC_SIM_PLAIN}},
              {"program order", {.force_serial = 1, .verify = 1}}};
  const ProgramRun run = {o->config, &o->program, module, seed};
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    uint64_t counters[VTAC_COUNTERS];
    char why[WHY_SIZE];
    Outcome outcome = run_alone(&run, &runs[i].options, counters, why);
    if (outcome != RIGHT) found(o, outcome, "%s: %.1200s", runs[i].path, why);
  }
}

/* Building refuses what lowering refused, and nothing else. */
static void check_build(Oracle *o, uint64_t seed) {
  const vtac_lower_options options = {.accelerator = 1};
  if (o->outcome == WRONG || vtac_context_error(o->context)) return;
  vtac_module *module =
      vtac_build(o->context, o->program.schedule, o->program.n, o->program.args,
                 "kernel", &options);
  const vtac_error *error = vtac_context_error(o->context);
  if (module && o->outcome == REFUSED) {
    o->outcome = RIGHT;
    found(o, WRONG, "built although lowering refused it");
  } else if (module) {
    check_runs(o, module, seed);
  } else if (o->outcome == RIGHT) {
    found(o, error->status == VTAC_REFUSED ? REFUSED : WRONG, "build: %s",
          error->message);
  }
  vtac_module_free(module);
}

/* ---- All of it ---------------------------------------------------------- */

static void open_oracle(Oracle *o, uint64_t seed) {
  o->context = vtac_context_new(o->config, NULL);
  o->emulator = emulator_new(&o->config->hw);
  if (!o->context) abort();
  arena_init(&o->work, &o->trap);
  arena_init(&o->scratch, &o->trap);
  arena_init(&o->run, &o->trap);
  o->for_build = seed & 1;
  program_declare(o->context, o->family, &o->program);
}

static void close_oracle(Oracle *o) {
  test_data_free(o->data);
  free(o->result);
  emulator_free(o->emulator);
  vtac_context_free(o->context);
}

static void check_stages(Oracle *o, uint64_t seed) {
  o->data = family_data(o->config, o->family, seed);
  o->result = malloc(tensor_bytes(o->program.args[o->program.n - 1]));
  if (!o->data || !o->result) abort();
  check_stage(o, "default", false);
  program_tile(o->context, &o->program);
  check_stage(o, "tiled", false);
  program_map(o->context, &o->program);
  check_stage(o, "vta", true);
  check_build(o, seed);
}

Outcome check_everywhere(const vtac_config *config, const FamilyCase *family,
                         uint64_t seed, char ret_why[WHY_SIZE]) {
  Oracle o = {.config = config, .family = family, .why = ret_why};
  open_oracle(&o, seed);
  const vtac_error *error = vtac_context_error(o.context);
  if (error)
    found(&o, error->status == VTAC_REFUSED ? REFUSED : WRONG, "%s",
          error->message);
  else
    check_stages(&o, seed);
  close_oracle(&o);
  return o.outcome;
}
