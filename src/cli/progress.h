/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at a terminal sees while a command takes long. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/* From now on, whatever takes longer than half a second is shown with its
 * time in the last line of the terminal.  Nothing is shown where standard
 * error is no terminal. */
void progress_open(void);
/* What is being done, as in "simulating"; a constant text. */
void progress_show(const char *what);
/* Takes the line away, as must be done before anything is printed. */
void progress_close(void);

#endif
