/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading what a saved module says about itself. */
#include "runtime/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "base/vec.h"
#include "native/written.h"
#include "vtac/kernel.h"

enum { MOST_RECORD = 1 << 16, MOST_PARAMS = 64, MOST_RANK = 32 };

/* ---- Writing ------------------------------------------------------------ */

static ModuleParam describe_param(Arena *arena, const Param *param) {
  const Buffer *buffer =
      param->preflattened ? param->preflattened : param->buffer;
  int64_t *shape = ARENA_ARRAY(arena, int64_t, buffer->n);
  for (int i = 0; i < buffer->n; i++)
    shape[i] = as_int(buffer->shape[i])->value;
  return (ModuleParam){.name = buffer->name,
                       .type_name = dtype_name(arena, buffer->type),
                       .type = buffer->type,
                       .n = buffer->n,
                       .shape = shape};
}

ModuleInfo info_of_func(Arena *arena, const Func *func, const HwConfig *config,
                        bool accelerator) {
  ModuleParam *param = ARENA_ARRAY(arena, ModuleParam, func->n);
  bool *written = ARENA_ARRAY(arena, bool, func->n);
  find_written(arena, func, written);
  for (int i = 0; i < func->n; i++) {
    param[i] = describe_param(arena, &func->param[i]);
    param[i].written = written[i];
  }
  return (ModuleInfo){.name = func->name,
                      .accelerator = accelerator,
                      .has_config = true,
                      .config = *config,
                      .has_params = true,
                      .n = func->n,
                      .param = param,
                      .origin = ""};
}

static void write_config(Strbuf *text, const HwConfig *config) {
#define HW_KEY_TEXT(KEY, field, preset, meaning) \
  strbuf_printf(text, "config %s %s\n", #KEY, config->field);
#define HW_KEY(KEY, field, least, most, preset, meaning) \
  strbuf_printf(text, "config %s %d\n", #KEY, config->field);
#include "hw/config_keys.def"
}

static void write_param(Strbuf *text, const ModuleParam *param, bool written) {
  strbuf_printf(text, "param %s %s %s", param->name, param->type_name,
                written ? "out" : "in");
  for (int i = 0; i < param->n; i++)
    strbuf_printf(text, " %lld", (long long)param->shape[i]);
  strbuf_char(text, '\n');
}

const char *record_text(Arena *arena, const ModuleInfo *info,
                        const HostPlan *plan, const char *origin) {
  Strbuf text;
  strbuf_init(&text, arena);
  strbuf_printf(&text, "vtac-module 1\nfunction %s\ndevice %d\n", info->name,
                info->accelerator ? DEVICE_VTA : DEVICE_CPU);
  if (info->accelerator) write_config(&text, &info->config);
  for (int i = 0; i < info->n; i++)
    write_param(&text, &info->param[i], plan->param[i].written);
  if (origin && *origin)
    strbuf_printf(&text, "origin %.*s\n", (int)strcspn(origin, "\n"), origin);
  strbuf_add(&text, "end\n");
  return text.text;
}

/* ---- Reading ------------------------------------------------------------ */

typedef struct Parser {
  Arena *arena;
  const char *file;
  ModuleInfo *info;
  bool started, ended;
  VEC(ModuleParam) params;
} Parser;

static noreturn void damaged(const Parser *parser, const char *line) {
  fail(parser->arena, D_MODULE_FILE,
       "'%s': the module's description is damaged at '%.60s'", parser->file,
       line);
}

/* Cuts the next word off. */
static char *next_word(char **rest) {
  char *word = strsep(rest, " ");
  return word && *word ? word : NULL;
}

static int64_t number(const Parser *parser, const char *word, int64_t most) {
  char *end;
  long long value = word ? strtoll(word, &end, 10) : -1;
  if (value < 0 || value > most || *end) damaged(parser, word ? word : "");
  return value;
}

static void parse_config(const Parser *parser, char *key, char *value) {
  HwConfig *config = &parser->info->config;
  if (!key || !value) damaged(parser, "config");
#define HW_KEY_TEXT(KEY, field, preset, meaning)                     \
  if (!strcmp(key, #KEY)) {                                          \
    if (strlen(value) >= sizeof config->field) damaged(parser, key); \
    strcpy(config->field, value);                                    \
  }
#define HW_KEY(KEY, field, least, most, preset, meaning) \
  if (!strcmp(key, #KEY)) config->field = (int)number(parser, value, most);
#include "hw/config_keys.def"
  parser->info->has_config = true;
}

static void parse_param(Parser *parser, char *rest) {
  int64_t shape[MOST_RANK];
  ModuleParam param = {.name = next_word(&rest), .type_name = next_word(&rest)};
  const char *way = next_word(&rest), *word;
  if (!param.name || !param.type_name || !way ||
      !dtype_parse(param.type_name, &param.type))
    damaged(parser, "param");
  param.written = !strcmp(way, "out");
  while ((word = next_word(&rest))) {
    if (param.n == MOST_RANK) damaged(parser, word);
    shape[param.n++] = number(parser, word, INT32_MAX);
  }
  param.shape =
      arena_copy(parser->arena, shape, (size_t)param.n * sizeof *shape);
  if (parser->params.n == MOST_PARAMS) damaged(parser, param.name);
  vec_push(parser->arena, &parser->params, param);
}

static void parse_line(Parser *parser, char *line) {
  char *rest = line;
  char *kind = next_word(&rest);
  ModuleInfo *info = parser->info;
  if (!kind) return;
  if (!parser->started) {
    if (strcmp(kind, "vtac-module")) damaged(parser, kind);
    if (number(parser, next_word(&rest), INT32_MAX) != 1)
      fail(parser->arena, D_MODULE_FILE,
           "'%s' was saved by a newer version of vtac", parser->file);
    parser->started = true;
  } else if (!strcmp(kind, "function")) {
    info->name = next_word(&rest);
  } else if (!strcmp(kind, "device")) {
    info->accelerator =
        number(parser, next_word(&rest), DEVICE_VTA) == DEVICE_VTA;
  } else if (!strcmp(kind, "config")) {
    char *key = next_word(&rest);
    parse_config(parser, key, rest);
  } else if (!strcmp(kind, "param")) {
    parse_param(parser, rest);
  } else if (!strcmp(kind, "origin")) {
    info->origin = rest ? rest : "";
  } else if (!strcmp(kind, "end")) {
    parser->ended = true;
  }
}

static void finish_config(const Parser *parser) {
  Diag why;
  if (!parser->info->has_config) return;
  if (hw_config_finish(&parser->info->config, parser->file, &why))
    fail(parser->arena, D_MODULE_FILE, "%s", why.message);
}

ModuleInfo record_parse(Arena *arena, const char *text, size_t size,
                        const char *file) {
  ModuleInfo info = {.has_params = true, .origin = ""};
  Parser parser = {.arena = arena, .file = file, .info = &info};
  size_t length = strnlen(text, size);
  if (length == size || length > MOST_RECORD) damaged(&parser, "its end");
  hw_config_default(&info.config);
  char *rest = arena_strdup(arena, text), *line;
  while (!parser.ended && (line = strsep(&rest, "\n")))
    parse_line(&parser, line);
  if (!parser.ended || !info.name) damaged(&parser, "its end");
  if (info.accelerator && !info.has_config) damaged(&parser, "config");
  finish_config(&parser);
  info.n = parser.params.n;
  info.param = parser.params.at;
  return info;
}
