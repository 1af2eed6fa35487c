/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that a person types at a terminal, or a script sends. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdbool.h>

typedef struct Prompt Prompt;

/* Reads standard input; at a terminal shows `text` first, and lines can be
 * edited and recalled if the system has libedit.  NULL when memory is short. */
Prompt *prompt_open(const char *text);
/* The next line without its end, valid until the next call; NULL at the end. */
const char *prompt_line(Prompt *prompt);
bool prompt_is_terminal(const Prompt *prompt);
void prompt_close(Prompt *prompt); /* NULL is fine */

#endif
