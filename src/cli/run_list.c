/* SPDX-License-Identifier: Apache-2.0 */
/* vtac run --list: which functions a module's file holds. */
#include <stdio.h>

#include "cli/json.h"
#include "cli/run.h"

/* ---- As text ------------------------------------------------------------ */

static void print_param(const vtac_param *param) {
  printf("  %-8s %-7s [", param->name, param->dtype);
  for (int i = 0; i < param->ndim; i++)
    printf("%s%lld", i ? ", " : "", (long long)param->shape[i]);
  printf("]%s\n", param->written ? ", written" : "");
}

static void print_function(const vtac_module *function, bool is_main) {
  vtac_param param;
  const char *origin = vtac_module_origin(function);
  printf("%s%s", vtac_module_name(function), is_main ? ", the main one" : "");
  if (*origin) printf(", by 'vtac %s'", origin);
  puts("");
  int n = 0;
  while (vtac_module_param(function, n, &param)) {
    print_param(&param);
    n++;
  }
  if (!n && !*origin) puts("  (says nothing of its parameters)");
}

/* ---- As JSON ------------------------------------------------------------ */

static void print_param_json(const vtac_param *param) {
  printf("{\"name\": ");
  json_text(param->name);
  printf(", \"dtype\": \"%s\", \"shape\": [", param->dtype);
  for (int i = 0; i < param->ndim; i++)
    printf("%s%lld", i ? ", " : "", (long long)param->shape[i]);
  printf("], \"written\": %s}", param->written ? "true" : "false");
}

static void print_function_json(const vtac_module *function, bool is_main) {
  vtac_param param;
  printf("{\"name\": ");
  json_text(vtac_module_name(function));
  printf(", \"main\": %s, \"origin\": ", is_main ? "true" : "false");
  json_text(vtac_module_origin(function));
  printf(", \"params\": [");
  for (int i = 0; vtac_module_param(function, i, &param); i++) {
    if (i) printf(", ");
    print_param_json(&param);
  }
  printf("]}");
}

/* ---- The list ----------------------------------------------------------- */

static int print_one(vtac_module *module, int index, bool json) {
  vtac_error error;
  vtac_module *function = vtac_module_function(
      module, vtac_module_function_name(module, index), &error);
  if (!function) return report(&error);
  bool is_main = function == module;
  if (json && index) printf(", ");
  (json ? print_function_json : print_function)(function, is_main);
  vtac_module_free(function);
  return EXIT_RIGHT;
}

int run_list(const RunOptions *options) {
  vtac_error error;
  int status = EXIT_RIGHT;
  vtac_module *module = vtac_module_describe(options->file, &error);
  if (!module) return report(&error);
  if (options->json) printf("{\"functions\": [");
  for (int i = 0; !status && vtac_module_function_name(module, i); i++)
    status = print_one(module, i, options->json);
  if (options->json) puts("]}");
  vtac_module_free(module);
  return status;
}
