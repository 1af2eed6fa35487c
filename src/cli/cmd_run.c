/* SPDX-License-Identifier: Apache-2.0 */
/* vtac run: a saved module on the simulator.
 *
 * A module that an operator command wrote remembers its command line; the run
 * is then that command's, with the module of the file in place of a new one,
 * and is verified like it.  Any other module gets random inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/run.h"

enum { MOST_WORDS = 64 };

static const Option options[] = {
    {"list", NULL, "say which functions the file holds, and what they take"},
    {"arg", "TYPE:AxBxC",
     "an argument of a function that does not describe them, as int8:1x64; "
     "repeat for each"},
    {NULL, NULL, NULL}};

/* ---- The command line --------------------------------------------------- */

/* What is left for the operator's command. */
typedef struct Words {
  int n;
  char *at[MOST_WORDS];
} Words;

/* The value of `--name value` or `--name=value` at argv[*i], or NULL. */
static const char *value_of(const char *name, int argc, char **argv, int *i) {
  size_t length = strlen(name);
  const char *word = argv[*i];
  if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, length) != 0)
    return NULL;
  if (word[2 + length] == '=') return word + 2 + length + 1;
  if (word[2 + length] || *i + 1 >= argc) return NULL;
  return argv[++*i];
}

static bool add_word(Words *words, char *word) {
  if (words->n < MOST_WORDS - 1) {
    words->at[words->n++] = word;
    return true;
  }
  complain("the command line is too long");
  return false;
}

static bool take_arg(RunOptions *own, const char *text) {
  if (own->n < RUN_MOST_ARGS) {
    own->arg[own->n++] = text;
    return true;
  }
  complain("--arg: a function takes at most %d arguments here", RUN_MOST_ARGS);
  return false;
}

/* Options that are not the command's own are the operator's to judge. */
static bool take_words(RunOptions *own, Words *rest, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    int first = i;
    const char *arg = value_of("arg", argc, argv, &i);
    if (arg) {
      if (!take_arg(own, arg)) return false;
      continue;
    }
    if (!strcmp(argv[i], "--list")) {
      own->list = true;
      continue;
    }
    const char *text = value_of("function", argc, argv, &i);
    if (text) own->function = text;
    if (!text && (text = value_of("stats", argc, argv, &i)))
      own->json = !strcmp(text, "json");
    if (!text && !own->file && argv[i][0] != '-') {
      own->file = argv[i];
      continue;
    }
    for (; first <= i; first++)
      if (!add_word(rest, argv[first])) return false;
  }
  return true;
}

/* ---- The command that made it ------------------------------------------- */

/* The module's own command line, then --load FILE, then what the user adds. */
static int run_as(const char *origin, const RunOptions *own, Words *rest) {
  char copy[512], load[] = "--load", file[4096], *at = copy, *word;
  Words words = {0};
  snprintf(copy, sizeof copy, "%s", origin);
  snprintf(file, sizeof file, "%s", own->file);
  while ((word = strsep(&at, " ")))
    if (*word && !add_word(&words, word)) return EXIT_REFUSED;
  if (!add_word(&words, load) || !add_word(&words, file)) return EXIT_REFUSED;
  for (int i = 0; i < rest->n; i++)
    if (!add_word(&words, rest->at[i])) return EXIT_USAGE;
  words.at[words.n] = NULL;
  return command_find(operators, words.at[0])->run(words.n, words.at);
}

static bool has_command(const char *origin) {
  char name[32];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(origin, " "), origin);
  return command_find(operators, name) != NULL;
}

/* ---- The command -------------------------------------------------------- */

/* Modules that run elsewhere may be for another processor. */
static bool goes_elsewhere(const Words *words) {
  for (int i = 0; i < words->n; i++)
    if (!strncmp(words->at[i], "--rpc", 5)) return true;
  return false;
}

/* What --function and --stats say is known to run_any, too. */
static const char *foreign_option(const Words *rest) {
  for (int i = 0; i < rest->n; i++) {
    int before = i;
    if (!value_of("function", rest->n, (char **)rest->at, &i) &&
        !value_of("stats", rest->n, (char **)rest->at, &i))
      return rest->at[before];
  }
  return NULL;
}

static int run_module(vtac_module *module, const RunOptions *own, Words *rest) {
  const char *origin = vtac_module_origin(module);
  if (has_command(origin)) return run_as(origin, own, rest);
  const char *other = foreign_option(rest);
  if (!other) return run_any(module, own);
  complain("the module does not say which command '%s' is for", other);
  return EXIT_USAGE;
}

static int run_file(const RunOptions *own, Words *rest) {
  vtac_error error;
  vtac_module *module =
      (goes_elsewhere(rest) ? vtac_module_describe : vtac_module_load)(
          own->file, &error);
  if (!module) return report(&error);
  vtac_module *function = module;
  if (own->function)
    function = vtac_module_function(module, own->function, &error);
  int status = function ? run_module(function, own, rest) : report(&error);
  if (own->function) vtac_module_free(function); /* a reference of its own */
  vtac_module_free(module);
  return status;
}

int command_run(int argc, char **argv) {
  CommonOptions common = {0};
  RunOptions own = {0};
  Words rest = {0};
  const OptionParser parser = {
      "run FILE",
      "Runs a module that was saved by --output.  The common options are those "
      "of the\noperator command that saved it.",
      options,
      NULL,
      NULL,
      &common};
  if (!take_words(&own, &rest, argc, argv)) return bad_usage("run");
  if (own.file) return own.list ? run_list(&own) : run_file(&own, &rest);
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  complain("'run' needs the file of a module");
  return bad_usage("run");
}
