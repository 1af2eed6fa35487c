/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a kernel of the host as an object for another machine, with inputs and
 * the expected result: divisions and conversions, for which some processors
 * call functions of their compiler's.
 * usage: host_divide DIR TARGET: DIR/divide.o, input0, input1, expected */
#include <stdio.h>
#include <stdlib.h>

#include "vtac/vtac.h"

enum { N = 64 };

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b && (a < 0) != (b < 0));
}

static int64_t expected(int64_t a, int32_t b) {
  uint32_t u = (uint32_t)b;
  int64_t sum = floor_div(a, b) + 3 * (a - floor_div(a, b) * b);
  sum += 1000 / b + 1000 % b;
  sum += (int64_t)(UINT32_C(4000000000) / u) + UINT32_C(4000000000) % u;
  return sum + (int64_t)((double)a * 0.5) + (int64_t)((float)b * 0.25f);
}

static vtac_expr add_all(vtac_context *c, int n, const vtac_expr *term) {
  vtac_expr sum = vtac_cast(c, "int64", term[0]);
  for (int i = 1; i < n; i++)
    sum = vtac_add(c, sum, vtac_cast(c, "int64", term[i]));
  return sum;
}

static vtac_expr formula(vtac_context *c, vtac_expr a, vtac_expr b) {
  vtac_expr wide = vtac_cast(c, "int64", b), u = vtac_cast(c, "uint32", b);
  vtac_expr thousand = vtac_int(c, 1000);
  vtac_expr much = vtac_const(c, "uint32", 4000000000);
  vtac_expr three = vtac_const(c, "int64", 3);
  const vtac_expr term[] = {
      vtac_floordiv(c, a, wide),
      vtac_mul(c, vtac_floormod(c, a, wide), three),
      vtac_truncdiv(c, thousand, b),
      vtac_truncmod(c, thousand, b),
      vtac_truncdiv(c, much, u),
      vtac_truncmod(c, much, u),
      vtac_mul(c, vtac_cast(c, "float64", a), vtac_const(c, "float64", 0.5)),
      vtac_mul(c, vtac_cast(c, "float32", b), vtac_const(c, "float32", 0.25))};
  return add_all(c, sizeof term / sizeof *term, term);
}

static vtac_module *build(vtac_context *c) {
  vtac_iter i;
  vtac_tensor a = vtac_placeholder(c, "a", "int64", VTAC_DIMS(N));
  vtac_tensor b = vtac_placeholder(c, "b", "int32", VTAC_DIMS(N));
  vtac_axes(c, VTAC_DIMS(N), NULL, &i);
  vtac_tensor out = vtac_compute(
      c, "out", 1, &i, formula(c, vtac_at(c, a, 1, &i), vtac_at(c, b, 1, &i)));
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(out));
  return vtac_build(c, s, VTAC_TENSORS(a, b, out), "divide", NULL);
}

static void stop(const char *what) {
  fprintf(stderr, "host_divide: %s\n", what);
  exit(1);
}

static const char *path_of(const char *dir, const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static void save(const char *dir, const char *name, const void *bytes,
                 size_t size) {
  FILE *file = fopen(path_of(dir, name), "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
    stop(path_of(dir, name));
}

static void save_data(const char *dir) {
  int64_t a[N], out[N];
  int32_t b[N];
  for (int i = 0; i < N; i++) {
    a[i] = (i - N / 2) * INT64_C(123456789);
    b[i] = (i % 7 - 3) * 5 + 1;
    out[i] = expected(a[i], b[i]);
  }
  save(dir, "input0", a, sizeof a);
  save(dir, "input1", b, sizeof b);
  save(dir, "expected", out, sizeof out);
}

int main(int argc, char **argv) {
  vtac_error error;
  if (argc != 3) stop("usage: DIR TARGET");
  const vtac_save_options options = {.target = argv[2]};
  vtac_config *config = vtac_config_default(&error);
  vtac_context *c = vtac_context_new(config, &error);
  vtac_module *module = c ? build(c) : NULL;
  if (!module) stop(vtac_context_error(c)->message);
  if (vtac_module_save(module, path_of(argv[1], "divide.o"), &options, &error))
    stop(error.message);
  save_data(argv[1]);
  vtac_module_free(module);
  vtac_context_free(c);
  vtac_config_free(config);
  return 0;
}
