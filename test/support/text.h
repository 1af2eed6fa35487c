/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of files and commands, and comparing them. */
#ifndef TEST_SUPPORT_TEXT_H
#define TEST_SUPPORT_TEXT_H

/* The file's text, to be freed; NULL if it cannot be read. */
char *read_whole_file(const char *path);

/* Runs a shell command; its standard output, to be freed, and its exit
 * status (-1 if it did not exit). */
char *command_output(const char *command, int *ret_status);

/* Overwrites the digits of every address "DRAM: 0x…" in place. */
void mask_addresses(char *text);

/* Fails the running cmocka test with the first line in which they differ. */
void assert_texts_equal(const char *have, const char *want);

#endif
