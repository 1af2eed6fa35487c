/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lines.  libedit is loaded when a person sits there, so that no other
 * command has to find it when it starts. */
#include "cli/prompt.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Prompt {
  const char *text;
  bool terminal;
  char *line;
  size_t capacity;
  void *library; /* libedit, or NULL */
  char *(*read)(const char *text);
  int (*remember)(const char *line);
};

/* Its functions have the types of editline/readline.h. */
static void load_editor(Prompt *prompt) {
  prompt->library = dlopen("libedit.so.2", RTLD_NOW);
  if (!prompt->library) return;
  *(void **)&prompt->read = dlsym(prompt->library, "readline");
  *(void **)&prompt->remember = dlsym(prompt->library, "add_history");
}

Prompt *prompt_open(const char *text) {
  Prompt *prompt = calloc(1, sizeof *prompt);
  if (!prompt) return NULL;
  prompt->text = text;
  prompt->terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (prompt->terminal) load_editor(prompt);
  return prompt;
}

static const char *read_edited(Prompt *prompt) {
  free(prompt->line);
  prompt->line = prompt->read(prompt->text);
  if (prompt->line && *prompt->line) prompt->remember(prompt->line);
  return prompt->line;
}

const char *prompt_line(Prompt *prompt) {
  fflush(stdout);
  if (prompt->read && prompt->remember) return read_edited(prompt);
  if (prompt->terminal) {
    fputs(prompt->text, stdout);
    fflush(stdout);
  }
  ssize_t length = getline(&prompt->line, &prompt->capacity, stdin);
  if (length < 0) return NULL;
  if (length && prompt->line[length - 1] == '\n')
    prompt->line[length - 1] = '\0';
  return prompt->line;
}

bool prompt_is_terminal(const Prompt *prompt) { return prompt->terminal; }

void prompt_close(Prompt *prompt) {
  if (!prompt) return;
  free(prompt->line);
  if (prompt->library) dlclose(prompt->library);
  free(prompt);
}
