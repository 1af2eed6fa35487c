/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, names and types of C text, and the file as a whole. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/trap.h"
#include "csource/csource.h"
#include "csource/writer.h"
#include "ir/eval.h"
#include "vtac/vtac.h"

/* ---- Lines -------------------------------------------------------------- */

static void start_line(Writer *w) {
  for (int i = 0; i < w->indent; i++) strbuf_add(&w->text, "  ");
}

static void add_formatted(Writer *w, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = arena_alloc(w->arena, (size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, args);
  strbuf_add(&w->text, text);
}

void c_line(Writer *w, const char *format, ...) {
  va_list args;
  va_start(args, format);
  start_line(w);
  add_formatted(w, format, args);
  strbuf_char(&w->text, '\n');
  va_end(args);
}

void c_open(Writer *w, const char *format, ...) {
  va_list args;
  va_start(args, format);
  start_line(w);
  add_formatted(w, format, args);
  strbuf_add(&w->text, " {\n");
  va_end(args);
  w->indent++;
}

void c_open_block(Writer *w) {
  c_line(w, "{");
  w->indent++;
}

void c_close(Writer *w) {
  w->indent--;
  c_line(w, "}");
}

const char *c_quoted(Writer *w, const char *text) {
  Strbuf out;
  strbuf_init(&out, w->arena);
  strbuf_char(&out, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') strbuf_char(&out, '\\');
    if (*text == '\n')
      strbuf_add(&out, "\\n");
    else
      strbuf_char(&out, *text);
  }
  strbuf_char(&out, '"');
  return out.text;
}

/* ---- Names and types ---------------------------------------------------- */

/* A hint as an identifier that collides with nothing C or this file names:
 * it ends in an underscore where it would. */
static const char *identifier(Writer *w, const char *hint) {
  static const char *const taken[] = {
      "auto",     "break",    "case",     "char",   "const",   "continue",
      "default",  "do",       "double",   "else",   "enum",    "extern",
      "float",    "for",      "goto",     "if",     "inline",  "int",
      "long",     "register", "restrict", "return", "short",   "signed",
      "sizeof",   "static",   "struct",   "switch", "typedef", "union",
      "unsigned", "void",     "volatile", "while",  "queue",   "lane",
      "closure",  "key",      "status",   "args",   "refuse",  "slot",
      "NULL",     "int8_t",   "main"};
  char *name = arena_printf(w->arena, "%s%s",
                            isalpha((unsigned char)*hint) ? "" : "v", hint);
  for (char *c = name; *c; c++)
    if (!isalnum((unsigned char)*c)) *c = '_';
  bool reserved = !strncmp(name, "vtac_", 5) || !strncmp(name, "VTA", 3) ||
                  !strncmp(name, "record_", 7) ||
                  !strcmp(name, w->plan->func->name);
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    reserved = reserved || !strcmp(name, taken[i]);
  return reserved ? arena_printf(w->arena, "%s_", name) : name;
}

const char *c_var(Writer *w, const Var *var) {
  bool first;
  return names_of(&w->names, var, identifier(w, var->hint), &first);
}

const char *c_param(Writer *w, int i) {
  return c_var(w, w->plan->param[i].data);
}

const char *c_type(Writer *w, DType type) {
  if (is_bool(type)) return "uint8_t";
  if (type.code == TYPE_HANDLE) return "void *";
  if (type.code == TYPE_FLOAT && type.bits == 32) return "float";
  if (type.code == TYPE_FLOAT && type.bits == 64) return "double";
  bool whole =
      type.bits == 8 || type.bits == 16 || type.bits == 32 || type.bits == 64;
  if (!is_integer(type) || !whole)
    fail(w->arena, D_CODEGEN, "there is no C type for %s",
         dtype_name(w->arena, type));
  return arena_printf(w->arena, "%sint%d_t", type.code == TYPE_UINT ? "u" : "",
                      type.bits);
}

const char *c_declared(Writer *w, const char *type, const char *name) {
  bool pointer = type[strlen(type) - 1] == '*';
  return arena_printf(w->arena, "%s%s%s", type, pointer ? "" : " ", name);
}

/* ---- The file ----------------------------------------------------------- */

static const char *shape_text(Writer *w, const PlanParam *param) {
  Strbuf text;
  strbuf_init(&text, w->arena);
  for (int i = 0; i < param->n; i++)
    strbuf_printf(&text, "%s%lld", i ? ", " : "", (long long)param->shape[i]);
  return text.text;
}

static void write_head(Writer *w) {
  const HostPlan *plan = w->plan;
  c_line(w, "/* %s, written by vtac %d.%d.%d.", plan->func->name,
         VTAC_VERSION_MAJOR, VTAC_VERSION_MINOR, VTAC_VERSION_PATCH);
  c_line(w, " *");
  for (int i = 0; i < plan->n_params; i++)
    c_line(w, " *   %-8s %-6s [%s]%s", plan->param[i].name,
           dtype_name(w->arena, plan->param[i].type),
           shape_text(w, &plan->param[i]),
           plan->param[i].written ? ", written" : "");
  c_line(w, " */");
  c_line(w, "#include \"vtac/kernel.h\"");
  c_line(w, "%s", "");
}

/* A text of several lines, one constant a line. */
static void write_record(Writer *w) {
  c_line(w, "/* What a loader reads about this file. */");
  c_line(w, "VTAC_KERNEL_SHARED const char __tvm_main__[] = \"%s\";",
         w->plan->func->name);
  c_line(w, "VTAC_KERNEL_SHARED const char __vtac_module_%s[] =",
         w->plan->func->name);
  char *rest = arena_strdup(w->arena, w->plan->record), *row;
  while ((row = strsep(&rest, "\n")) && (*row || rest))
    c_line(w, "    %s", c_quoted(w, arena_printf(w->arena, "%s\n", row)));
  c_line(w, "    \"\";");
  c_line(w, "%s", "");
}

static void write_services(Writer *w) {
  c_line(w,
         "/* Services of the runtime; a loader sets them, a program may. */");
  static const char *const names[] = {
      "TVMAPISetLastError", "TVMFuncCall", "TVMBackendGetFuncFromEnv",
      "TVMBackendAllocWorkspace", "TVMBackendFreeWorkspace"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    c_line(w, "VTAC_KERNEL_SHARED vtac_%s __%s;", names[i], names[i]);
  c_line(w, "VTAC_KERNEL_SHARED void *__tvm_module_ctx;");
  c_line(w, "%s", "");
  c_open(w, "static int32_t refuse(const char *message)");
  c_line(w, "if (__TVMAPISetLastError) __TVMAPISetLastError(message);");
  c_line(w, "return -1;");
  c_close(w);
  c_line(w, "%s", "");
}

/* ---- Micro-op kernels --------------------------------------------------- */

static const char *field_type(Writer *w, const Var *var) {
  return plan_is_pointer(var) ? "void *" : c_type(w, var->e.type);
}

static void write_closure(Writer *w, const Site *site, int number) {
  c_open(w, "struct closure_%d", number);
  if (site->key) c_line(w, "int32_t key;");
  for (int i = 0; i < site->n; i++)
    c_line(w, "%s;",
           c_declared(w, field_type(w, site->captured[i]),
                      c_var(w, site->captured[i])));
  w->indent--;
  c_line(w, "};");
  c_line(w, "%s", "");
}

static void write_site(Writer *w, int number) {
  const Site *site = &w->plan->site[number];
  if (site->n) write_closure(w, site, number);
  c_open(w, "static int record_%d(void *closure)", number);
  if (site->n)
    c_line(w, "const struct closure_%d *captured = closure;", number);
  else
    c_line(w, "(void)closure;");
  for (int i = 0; i < site->n; i++) {
    const char *name = c_var(w, site->captured[i]);
    c_line(w, "%s = captured->%s;",
           c_declared(w, field_type(w, site->captured[i]), name), name);
  }
  if (site->uses_handle) c_line(w, "void *queue = VTATLSCommandHandle();");
  c_stmt(w, site->body);
  c_line(w, "return 0;");
  c_close(w);
  c_line(w, "%s", "");
}

static void write_sites(Writer *w) {
  int n = w->plan->n_sites;
  if (!n) return;
  c_line(w,
         "/* Micro-op kernels.  The runtime keeps a recorded one by its slot "
         "and the values");
  c_line(w, " * that it captures. */");
  c_line(w, "static void *slot[%d];", n);
  c_line(w, "%s", "");
  for (int i = 0; i < n; i++) write_site(w, i);
}

/* ---- The body ----------------------------------------------------------- */

/* "int8_t *data", or a buffer's handle. */
static const char *param_text(Writer *w, int i) {
  const PlanParam *param = &w->plan->param[i];
  if (w->plan->device_type != DEVICE_CPU)
    return arena_printf(w->arena, "void *%s", c_param(w, i));
  return arena_printf(w->arena, "%s *%s", c_type(w, param->type),
                      c_param(w, i));
}

static const char *params_text(Writer *w, bool types) {
  Strbuf text;
  strbuf_init(&text, w->arena);
  for (int i = 0; i < w->plan->n_params; i++)
    strbuf_printf(&text, "%s%s", i ? ", " : "",
                  types ? param_text(w, i) : c_param(w, i));
  return text.text;
}

static void write_body(Writer *w) {
  const HostPlan *plan = w->plan;
  const char *name = plan->func->name;
  const char *params = params_text(w, true);
  c_line(w, "int32_t %s_run(%s);", name, *params ? params : "void");
  c_line(w, "%s", "");
  c_line(w, "/* The function on %s. */",
         plan->device_type == DEVICE_CPU ? "memory" : "buffers of the device");
  c_open(w, "int32_t %s_run(%s)", name, *params ? params : "void");
  if (plan->uses_vta) c_line(w, "void *queue = VTATLSCommandHandle();");
  for (int i = 0; i < plan->n_params; i++)
    c_line(w, "(void)%s;", c_param(w, i));
  c_stmt(w, plan->func->body);
  c_line(w, "return 0;");
  c_close(w);
  c_line(w, "%s", "");
}

const char *csource_text(Arena *arena, const HostPlan *plan) {
  Writer w = {.arena = arena, .plan = plan};
  strbuf_init(&w.text, arena);
  names_init(&w.names, arena);
  write_head(&w);
  write_record(&w);
  write_services(&w);
  write_sites(&w);
  write_body(&w);
  c_entry(&w);
  return w.text.text;
}
