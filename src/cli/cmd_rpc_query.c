/* SPDX-License-Identifier: Apache-2.0 */
/* vtac rpc-query: what a tracker knows. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json.h"

enum { MOST_HOST = 256, TRACKER_PORT = 9190 };

typedef struct QueryOptions {
  const char *tracker;
  bool json;
} QueryOptions;

static const Option options[] = {
    {"tracker", "HOST:PORT", "the tracker; default 127.0.0.1:9190"},
    {"json", NULL, "print one JSON object"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  QueryOptions *query = self;
  if (index == 0)
    query->tracker = text;
  else
    query->json = true;
  return true;
}

/* A text of a stranger's, without what a terminal would obey. */
static const char *clean(const char *text, char ret[MOST_HOST]) {
  snprintf(ret, MOST_HOST, "%s", text);
  for (char *at = ret; *at; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7F) *at = '?';
  return ret;
}

/* The widest of a column's texts. */
static int widest(int have, const char *text) {
  int n = (int)strlen(text);
  return n > have ? n : have;
}

static void print_servers(const vtac_rpc_summary *summary) {
  vtac_rpc_place server;
  int width = 6;
  for (int i = 0; vtac_rpc_summary_server(summary, i, &server); i++)
    width = widest(width, server.key);
  printf("%-*s  ADDRESS\n", width, "SERVER");
  for (int i = 0; vtac_rpc_summary_server(summary, i, &server); i++) {
    char key[MOST_HOST], host[MOST_HOST];
    printf(strchr(server.host, ':') ? "%-*s  [%s]:%d\n" : "%-*s  %s:%d\n",
           width, clean(server.key, key), clean(server.host, host),
           server.port);
  }
}

static void print_queues(const vtac_rpc_summary *summary) {
  vtac_rpc_queue queue;
  int width = 6;
  for (int i = 0; vtac_rpc_summary_queue(summary, i, &queue); i++)
    width = widest(width, queue.key);
  printf("%-*s  %6s  %6s  %7s\n", width, "KEY", "TOTAL", "FREE", "WAITING");
  for (int i = 0; vtac_rpc_summary_queue(summary, i, &queue); i++) {
    vtac_rpc_place server;
    char key[MOST_HOST];
    int total = 0;
    for (int k = 0; vtac_rpc_summary_server(summary, k, &server); k++)
      total += !strcmp(server.key, queue.key);
    printf("%-*s  %6d  %6d  %7d\n", width, clean(queue.key, key), total,
           queue.free, queue.pending);
  }
}

static void print_table(const vtac_rpc_summary *summary) {
  print_servers(summary);
  putchar('\n');
  print_queues(summary);
}

static void print_json(const vtac_rpc_summary *summary) {
  vtac_rpc_place server;
  vtac_rpc_queue queue;
  printf("{\"servers\": [");
  for (int i = 0; vtac_rpc_summary_server(summary, i, &server); i++) {
    printf("%s{\"key\": ", i ? ", " : "");
    json_text(server.key);
    printf(", \"host\": ");
    json_text(server.host);
    printf(", \"port\": %d}", server.port);
  }
  printf("], \"queues\": [");
  for (int i = 0; vtac_rpc_summary_queue(summary, i, &queue); i++) {
    printf("%s{\"key\": ", i ? ", " : "");
    json_text(queue.key);
    printf(", \"free\": %d, \"pending\": %d}", queue.free, queue.pending);
  }
  puts("]}");
}

int command_rpc_query(int argc, char **argv) {
  QueryOptions own = {.tracker = "127.0.0.1"};
  char host[MOST_HOST];
  int port;
  vtac_error error;
  const OptionParser parser = {
      "rpc-query",
      "Shows the servers that a tracker knows, and who waits for them.",
      options,
      take,
      &own,
      NULL};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  if (vtac_rpc_parse_address(own.tracker, TRACKER_PORT, host, sizeof host,
                             &port, &error)) {
    complain("%s", error.message);
    return bad_usage("rpc-query");
  }
  vtac_rpc_summary *summary = vtac_rpc_summary_get(host, port, 0, &error);
  if (!summary) return report(&error);
  (own.json ? print_json : print_table)(summary);
  vtac_rpc_summary_free(summary);
  return EXIT_RIGHT;
}
