/* SPDX-License-Identifier: Apache-2.0 */
/* How long Python takes: imports, beyond an interpreter that does nothing, and
 * the convolution tutorial as a whole process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"

/* The first python3 that has numpy, or NULL. */
static const char *find_python(void) {
  static const char *const candidates[] = {"python3", "/usr/bin/python3"};
  for (int i = 0; i < 2; i++) {
    const char *const argv[] = {candidates[i], "-c", "import numpy", NULL};
    if (!try_process(argv)) return candidates[i];
  }
  return NULL;
}

/* ---- The tutorial ------------------------------------------------------- */

/* The page's program: what stands between its fences.  The caller frees it. */
static char *tutorial_program(void) {
  char path[4096], line[1024], *text = NULL;
  size_t size;
  int inside = 0;
  snprintf(path, sizeof path, "%s/docs/tutorials/en/convolution.md",
           source_path());
  FILE *page = fopen(path, "r"), *out = open_memstream(&text, &size);
  if (!page || !out) stop("cannot read %s", path);
  while (fgets(line, sizeof line, page)) {
    const int fence = !strncmp(line, "```", 3);
    if (inside && !fence) fputs(line, out);
    if (fence) inside = !inside && !strcmp(line, "```python\n");
  }
  fclose(page);
  fclose(out);
  return text;
}

/* ---- The group ---------------------------------------------------------- */

typedef struct Program {
  const char *python, *text;
  int less_empty; /* subtract what an empty program takes */
} Program;

static double time_program(void *self) {
  const Program *program = self;
  const char *const argv[] = {program->python, "-c", program->text, NULL};
  const char *const empty[] = {program->python, "-c", "pass", NULL};
  const double took = run_process(argv).ms;
  return program->less_empty ? took - run_process(empty).ms : took;
}

static void set_environment(void) {
  char path[8192];
  snprintf(path, sizeof path, "%s/python:%s/python/compat", source_path(),
           source_path());
  setenv("PYTHONPATH", path, 1);
  setenv("VTAC_LIBRARY", library_path(), 1);
}

void bench_python(Bench *bench) {
  const char *python = find_python();
  if (!python) {
    leave_out(bench, "Python", "no python3 with numpy");
    return;
  }
  set_environment();
  Program vtac = {python, "import vtac", 1};
  add_row(bench, "import vtac", "ms", measure(bench, time_program, &vtac),
          MOST(100));
  Program compat = {python, "import tvm, vta", 1};
  add_row(bench, "import tvm, vta", "ms", measure(bench, time_program, &compat),
          MOST(100));
  char *text = tutorial_program();
  Program tutorial = {python, text, 0};
  add_row(bench, "convolution tutorial, whole process", "ms",
          measure(bench, time_program, &tutorial), MOST(300));
  free(text);
}
