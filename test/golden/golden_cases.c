/* SPDX-License-Identifier: Apache-2.0 */
/* Compares vtac with captured cases of the reference system, byte for byte.
 *
 *   golden_cases ROOT FOLDER...
 *
 * Each folder below ROOT holds cases (README.md there); a vta_config.json
 * beside it is the accelerator.  A case that the reference refused is compiled
 * and run all the same and must be right or be refused with a diagnostic.
 * Prints a line for each failure and ends with "N passed, N failed". */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/family.h"

typedef struct Tally {
  int passed, failed;
  int lifted, refused; /* of the cases that the reference refused */
  bool verbose;
} Tally;

/* folder/name in `ret`; a path that is too long ends the program. */
enum { PATH_SIZE = 4096 };
static void join(char ret[PATH_SIZE], const char *folder, const char *name) {
  if (snprintf(ret, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE) return;
  printf("path too long: %s\n", folder);
  exit(1);
}

/* ---- Reading cases ------------------------------------------------------ */

static int64_t number(const json_t *params, const char *key) {
  return json_integer_value(json_object_get(params, key));
}

static int64_t number_or(const json_t *params, const char *key, int64_t other) {
  const json_t *value = json_object_get(params, key);
  return value ? json_integer_value(value) : other;
}

static void read_matmul(const json_t *p, FamilyCase *ret) {
  ret->kind = FAMILY_MATMUL;
  ret->matmul = (vtac_gemm_params){number(p, "batch"),
                                   number(p, "ic"),
                                   number(p, "oc"),
                                   number(p, "b_block"),
                                   number(p, "i_block"),
                                   number(p, "o_block"),
                                   (int)number(p, "shift"),
                                   1,
                                   0};
}

static void read_conv2d(const json_t *p, FamilyCase *ret) {
  ret->kind = FAMILY_CONV2D;
  ret->conv2d = (vtac_conv2d_params){.batch = number(p, "batch"),
                                     .in_channels = number(p, "ic"),
                                     .out_channels = number(p, "oc"),
                                     .height = number(p, "h"),
                                     .width = number(p, "w"),
                                     .kernel_height = number(p, "kh"),
                                     .kernel_width = number(p, "kw"),
                                     .pad_height = number(p, "ph"),
                                     .pad_width = number(p, "pw"),
                                     .stride_height = number(p, "sh"),
                                     .stride_width = number(p, "sw"),
                                     .tile_batch = number_or(p, "b_block", 1),
                                     .tile_out_channels = number(p, "oc_block"),
                                     .tile_in_channels = number(p, "ic_block"),
                                     .tile_height = number(p, "h_block"),
                                     .tile_width = number(p, "w_block"),
                                     .vthreads = (int)number(p, "vthreads"),
                                     .shift = (int)number(p, "shift")};
}

static void read_eltwise(const json_t *p, FamilyCase *ret) {
  const json_t *chain = json_object_get(p, "chain");
  ret->kind = FAMILY_ELTWISE;
  ret->eltwise = (EltwiseParams){.m = number(p, "m"),
                                 .n = number(p, "n"),
                                 .add = json_is_true(json_object_get(p, "add")),
                                 .chain = (int)json_array_size(chain)};
  for (int i = 0; i < ret->eltwise.chain && i < CHAIN_MAX; i++) {
    const json_t *pair = json_array_get(chain, (size_t)i);
    const char *op = json_string_value(json_array_get(pair, 0));
    ret->eltwise.at[i] =
        (ChainOp){op[0] == 'm' ? op[2] == 'x' ? 'x' : 'n' : op[0],
                  json_integer_value(json_array_get(pair, 1))};
  }
}

static void read_gemm_free(const json_t *p, FamilyCase *ret) {
  ret->kind = FAMILY_GEMM_FREE;
  GemmFreeParams *params = &ret->gemm_free;
  *params = (GemmFreeParams){.m = number(p, "m"),
                             .n = number(p, "n"),
                             .o = number(p, "o"),
                             .a_at = (int)number(p, "a_at"),
                             .b_at = (int)number(p, "b_at"),
                             .tile_k = number(p, "tile_k"),
                             .tile_m = number_or(p, "tile_m", 0),
                             .tile_o = number_or(p, "tile_o", 0),
                             .swap = json_is_true(json_object_get(p, "swap"))};
  snprintf(params->order, sizeof params->order, "%s",
           json_string_value(json_object_get(p, "order")));
}

static bool read_family(const json_t *file, FamilyCase *ret) {
  static const struct {
    const char *name;
    void (*read)(const json_t *params, FamilyCase *ret);
  } families[] = {{"matmul", read_matmul},
                  {"conv2d", read_conv2d},
                  {"eltwise", read_eltwise},
                  {"gemm_free", read_gemm_free}};
  const char *name = json_string_value(json_object_get(file, "family"));
  for (size_t i = 0; name && i < 4; i++)
    if (!strcmp(name, families[i].name)) {
      families[i].read(json_object_get(file, "params"), ret);
      return true;
    }
  return false;
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  char *text = NULL;
  if (!file) return NULL;
  if (!fseek(file, 0, SEEK_END)) {
    size_t size = (size_t)ftell(file);
    rewind(file);
    text = calloc(size + 1, 1);
    if (fread(text, 1, size, file) != size) text[0] = '\0';
  }
  fclose(file);
  return text;
}

/* ---- One case ----------------------------------------------------------- */

typedef struct GoldenCase {
  const char *path;
  const json_t *file;
  bool reference_ok;
  FamilyCase family;
  const vtac_config *config;
  char why[1400]; /* what failed, or "" */
} GoldenCase;

static void wrong(GoldenCase *g, const char *what, const char *detail) {
  if (!*g->why) snprintf(g->why, sizeof g->why, "%s: %s", what, detail);
}

/* "line 12: have X want Y" of two texts that differ. */
static void describe_difference(GoldenCase *g, const char *name,
                                const char *have, const char *want) {
  int line = 1;
  const char *h = have, *w = want;
  while (*have && *have == *want) {
    if (*have == '\n') {
      line++;
      h = have + 1;
      w = want + 1;
    }
    have++;
    want++;
  }
  char detail[1000];
  snprintf(detail, sizeof detail, "line %d\n    have %.*s\n    want %.*s", line,
           (int)strcspn(h, "\n"), h, (int)strcspn(w, "\n"), w);
  wrong(g, name, detail);
}

static void compare_dump(GoldenCase *g, vtac_context *c, const Program *p,
                         const char *name, bool accelerator) {
  char path[PATH_SIZE], file[64];
  const vtac_lower_options options = {.accelerator = accelerator, .verify = 1};
  if (!g->reference_ok) return;
  snprintf(file, sizeof file, "%s.tir", name);
  join(path, g->path, file);
  char *want = read_file(path);
  const char *have =
      vtac_lower_text(c, p->schedule, p->n, p->args, "main", &options);
  if (!have)
    wrong(g, name, vtac_context_error(c)->message);
  else if (!want)
    wrong(g, path, "cannot be read");
  else if (strcmp(have, want))
    describe_difference(g, name, have, want);
  free(want);
}

static void compare_counters(GoldenCase *g,
                             const uint64_t counters[VTAC_COUNTERS]) {
  const json_t *stats = json_object_get(g->file, "stats");
  for (int i = 0; i < VTAC_COUNTERS && g->reference_ok; i++) {
    const char *name = vtac_counter_name(i);
    char detail[64];
    snprintf(detail, sizeof detail, "have %llu, want %lld",
             (unsigned long long)counters[i], (long long)number(stats, name));
    if ((int64_t)counters[i] != number(stats, name)) wrong(g, name, detail);
  }
}

/* True if the case was refused with a diagnostic.  Without its pass, common
 * subexpressions keep their copies. */
static bool build_and_run(GoldenCase *g, vtac_context *c, const Program *p,
                          bool keep_common) {
  static const char *const cse[] = {"CommonSubexprElim"};
  enum { SEED = 20220711 };
  const vtac_lower_options options = {.accelerator = 1,
                                      .verify = 1,
                                      .disabled = cse,
                                      .disabled_count = keep_common ? 1 : 0};
  const vtac_device_options device = {.verify = 1};
  uint64_t counters[VTAC_COUNTERS] = {0};
  vtac_module *module =
      vtac_build(c, p->schedule, p->n, p->args, "kernel", &options);
  if (!module) {
    const vtac_error *error = vtac_context_error(c);
    if (g->reference_ok) wrong(g, "build", error->message);
    return error->status == VTAC_REFUSED;
  }
  const ProgramRun run = {g->config, p, module, SEED};
  char why[WHY_SIZE];
  if (run_alone(&run, &device, counters, why) != RIGHT) wrong(g, "run", why);
  compare_counters(g, counters);
  vtac_module_free(module);
  return false;
}

static bool check(GoldenCase *g) {
  vtac_context *c = vtac_context_new(g->config, NULL);
  Program program;
  program_declare(c, &g->family, &program);
  compare_dump(g, c, &program, "default", false);
  program_tile(c, &program);
  if (family_has_tiling(&g->family))
    compare_dump(g, c, &program, "tiled", false);
  program_map(c, &program);
  compare_dump(g, c, &program, "vta", true);
  bool refused = build_and_run(g, c, &program, false);
  if (!refused) build_and_run(g, c, &program, true);
  if (refused && !g->reference_ok)
    snprintf(g->why, sizeof g->why, "%s", vtac_context_error(c)->message);
  vtac_context_free(c);
  return refused;
}

static void count(Tally *tally, const GoldenCase *g, bool refused) {
  bool good = !*g->why || (refused && !g->reference_ok);
  tally->passed += good;
  tally->failed += !good;
  if (!good) printf("FAIL %s: %s\n", g->path, g->why);
  if (g->reference_ok) return;
  tally->refused += refused;
  tally->lifted += !refused && good;
  if (refused && tally->verbose) printf("refused %s: %s\n", g->path, g->why);
}

static void run_case(Tally *tally, const vtac_config *config,
                     const char *path) {
  char name[PATH_SIZE];
  json_error_t error;
  join(name, path, "case.json");
  json_t *file = json_load_file(name, 0, &error);
  GoldenCase g = {.path = path, .file = file, .config = config};
  g.reference_ok = json_is_true(json_object_get(file, "reference_ok"));
  if (!file || !read_family(file, &g.family)) {
    printf("FAIL %s: cannot be read\n", name);
    tally->failed++;
  } else {
    bool refused = check(&g);
    count(tally, &g, refused);
  }
  json_decref(file);
}

/* ---- Folders ------------------------------------------------------------ */

/* The accelerator of a folder: the vta_config.json beside it, if any. */
static vtac_config *config_of(const char *folder) {
  char path[PATH_SIZE];
  join(path, folder, "../vta_config.json");
  FILE *file = fopen(path, "r");
  if (!file) return vtac_config_default(NULL);
  fclose(file);
  return vtac_config_load(path, NULL);
}

static void run_folder(Tally *tally, const char *folder) {
  struct dirent **entries;
  vtac_config *config = config_of(folder);
  int n = config ? scandir(folder, &entries, NULL, alphasort) : -1;
  if (n < 0) {
    printf("FAIL %s: cannot be read\n", folder);
    tally->failed++;
  }
  for (int i = 0; i < n; i++) {
    char path[PATH_SIZE];
    join(path, folder, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.') run_case(tally, config, path);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
  vtac_config_free(config);
}

int main(int argc, char **argv) {
  Tally tally = {.verbose = getenv("VERBOSE") != NULL};
  for (int i = 2; i < argc; i++) {
    char folder[PATH_SIZE];
    join(folder, argv[1], argv[i]);
    run_folder(&tally, folder);
  }
  printf("refused by the reference: %d right here, %d refused here\n",
         tally.lifted, tally.refused);
  printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed || !tally.passed;
}
