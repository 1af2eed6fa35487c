/* SPDX-License-Identifier: Apache-2.0 */
/* Texts after passes go to standard error or to files, times to standard
 * error, so that standard output holds only what --emit asks for. */
#include "cli/dump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Is `name` one of the names that commas separate in `list`? */
static bool listed(const char *list, const char *name) {
  size_t length = strlen(name);
  while (list) {
    if (!strncmp(list, name, length) && (list[length] == ',' || !list[length]))
      return true;
    list = strchr(list, ',');
    if (list) list++;
  }
  return false;
}

static bool is_pass(const char *name, size_t length) {
  const char *pass;
  for (int i = 0; (pass = vtac_pass_name(i, NULL, NULL, NULL)); i++)
    if (strlen(pass) == length && !strncmp(pass, name, length)) return true;
  return false;
}

static int check_names(const char *list) {
  while (list) {
    size_t length = strcspn(list, ",");
    if (!is_pass(list, length)) {
      complain("--dump-after: there is no pass '%.*s'; see 'vtac passes'",
               (int)length, list);
      return EXIT_USAGE;
    }
    list = list[length] ? list + length + 1 : NULL;
  }
  return -1;
}

static int make_directory(const char *path) {
  if (!mkdir(path, 0777) || errno == EEXIST) return -1;
  complain("cannot make directory '%s': %s", path, strerror(errno));
  return EXIT_ENVIRONMENT;
}

int dump_open(Dump *dump, const CommonOptions *options) {
  *dump = (Dump){.options = options, .failure = -1};
  int status = check_names(options->dump_after);
  if (status < 0 && options->dump_dir)
    status = make_directory(options->dump_dir);
  return status;
}

static void write_file(Dump *dump, const vtac_pass_event *event) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dump->options->dump_dir, dump->stage);
  int status = make_directory(path);
  snprintf(path, sizeof path, "%s/%s/%02d-%s.%s", dump->options->dump_dir,
           dump->stage, event->index, event->pass,
           event->changed ? "tir" : "same");
  FILE *file = status < 0 ? fopen(path, "w") : NULL;
  bool good = file && (!event->changed || fputs(event->text, file) >= 0);
  if (file && fclose(file)) good = false;
  if (good) return;
  if (status < 0) complain("cannot write '%s': %s", path, strerror(errno));
  dump->failure = EXIT_ENVIRONMENT;
}

static void add_time(Dump *dump, const vtac_pass_event *event) {
  int i = 0;
  while (i < dump->n && strcmp(dump->time[i].name, event->pass)) i++;
  if (i == MOST_PASSES) return;
  if (i == dump->n) {
    dump->n++;
    snprintf(dump->time[i].name, sizeof dump->time[i].name, "%s", event->pass);
  }
  dump->time[i].seconds += event->seconds;
}

static void on_pass(void *user, const vtac_pass_event *event) {
  Dump *dump = user;
  const CommonOptions *options = dump->options;
  if (options->time_passes) add_time(dump, event);
  if (options->dump_dir && dump->failure < 0) write_file(dump, event);
  if (options->dump_after && listed(options->dump_after, event->pass))
    fprintf(stderr, "-- %s: after pass %d, %s%s\n%s", dump->stage, event->index,
            event->pass, event->changed ? "" : " (unchanged)", event->text);
}

void dump_watch(Dump *dump, const char *stage, vtac_lower_options *options) {
  const CommonOptions *common = dump->options;
  dump->stage = stage;
  options->want_text = common->dump_after || common->dump_dir;
  if (!options->want_text && !common->time_passes) return;
  options->on_pass = on_pass;
  options->user = dump;
}

void dump_close(Dump *dump) {
  double total = 0;
  if (!dump->options->time_passes) return;
  for (int i = 0; i < dump->n; i++) total += dump->time[i].seconds;
  fprintf(stderr, "%-26s %10s %6s\n", "pass", "time", "share");
  for (int i = 0; i < dump->n; i++)
    fprintf(stderr, "%-26s %7.1f us %5.1f%%\n", dump->time[i].name,
            1e6 * dump->time[i].seconds,
            total > 0 ? 100 * dump->time[i].seconds / total : 0);
  fprintf(stderr, "%-26s %7.1f us\n", "total", 1e6 * total);
}
