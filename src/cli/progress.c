/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line, drawn by an interval timer: the work itself is not asked
 * to report and loses no time.  The handler calls nothing but write. */
#include "cli/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { PERIOD_MS = 250, FIRST_TICK = 2, TICKS_A_SECOND = 1000 / PERIOD_MS };

static const char *volatile doing;
static volatile sig_atomic_t ticks; /* since the last progress_show */
static volatile sig_atomic_t shown;
static bool open;

static const char clear_line[] = "\r\033[K";

static void put(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

static void draw(int signal) {
  (void)signal;
  char seconds[12], *at = seconds + sizeof seconds - 1;
  if (++ticks < FIRST_TICK || !doing) return;
  *at = '\0';
  int rest = ticks / TICKS_A_SECOND;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  shown = 1;
  put(clear_line);
  put("vtac: ");
  put(doing);
  put(", ");
  put(at);
  put(" s");
}

static void set_timer(int period_ms) {
  const struct timeval period = {0, period_ms * 1000};
  const struct itimerval timer = {period, period};
  setitimer(ITIMER_REAL, &timer, NULL);
}

void progress_open(void) {
  struct sigaction action = {.sa_handler = draw, .sa_flags = SA_RESTART};
  if (!isatty(STDERR_FILENO) || sigaction(SIGALRM, &action, NULL)) return;
  open = true;
  set_timer(PERIOD_MS);
}

void progress_show(const char *what) {
  ticks = 0;
  doing = what;
}

void progress_close(void) {
  if (!open) return;
  open = false;
  set_timer(0);
  doing = NULL;
  if (shown) put(clear_line);
  shown = 0;
}
