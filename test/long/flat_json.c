/* SPDX-License-Identifier: Apache-2.0 */
/* As much of jansson as reads one flat object of texts and integers, which is
 * what a configuration is: for servers that are built for machines whose
 * jansson this one does not have. */
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, TEXT = 128 };

/* The first member is jansson's own: its macros look at it. */
typedef struct Value {
  json_t base;
  char text[TEXT];
  json_int_t number;
} Value;

typedef struct Object {
  json_t base;
  int n;
  char key[MOST][TEXT];
  Value value[MOST];
} Object;

static const char *skip(const char *at) {
  while (isspace((unsigned char)*at)) at++;
  return at;
}

static const char *read_text(const char *at, char ret[TEXT]) {
  size_t n = 0;
  if (*at++ != '"') return NULL;
  while (*at && *at != '"' && n < TEXT - 1) ret[n++] = *at++;
  ret[n] = '\0';
  return *at == '"' ? at + 1 : NULL;
}

static const char *read_value(const char *at, Value *ret) {
  char *end;
  ret->base = (json_t){JSON_STRING, (size_t)-1};
  if (*at == '"') return read_text(at, ret->text);
  ret->base.type = JSON_INTEGER;
  ret->number = strtoll(at, &end, 10);
  return end > at ? end : NULL;
}

static const char *read_member(const char *at, Object *object) {
  if (object->n == MOST) return NULL;
  at = read_text(skip(at), object->key[object->n]);
  at = at ? skip(at) : NULL;
  if (!at || *at++ != ':') return NULL;
  at = read_value(skip(at), &object->value[object->n++]);
  return at ? skip(at) : NULL;
}

static const char *read_object(const char *at, Object *object) {
  if (*at++ != '{') return NULL;
  do at = read_member(at, object);
  while (at && *at == ',' && at++);
  return at && *at == '}' ? at + 1 : NULL;
}

json_t *json_loadb(const char *bytes, size_t n, size_t flags,
                   json_error_t *error) {
  char *text = calloc(1, n + 1);
  Object *object = calloc(1, sizeof *object);
  (void)flags;
  memcpy(text, bytes, n);
  object->base = (json_t){JSON_OBJECT, 1};
  const char *end = read_object(skip(text), object);
  const bool good = end && !*skip(end);
  free(text);
  if (good) return &object->base;
  free(object);
  if (error) snprintf(error->text, sizeof error->text, "no flat object");
  return NULL;
}

void json_delete(json_t *json) { free(json); }

json_t *json_object_get(const json_t *json, const char *key) {
  Object *object = (Object *)json;
  for (int i = 0; object && i < object->n; i++)
    if (!strcmp(object->key[i], key)) return &object->value[i].base;
  return NULL;
}

const char *json_string_value(const json_t *json) {
  return json && json->type == JSON_STRING ? ((const Value *)json)->text : NULL;
}

size_t json_string_length(const json_t *json) {
  const char *text = json_string_value(json);
  return text ? strlen(text) : 0;
}

json_int_t json_integer_value(const json_t *json) {
  return json && json->type == JSON_INTEGER ? ((const Value *)json)->number : 0;
}
