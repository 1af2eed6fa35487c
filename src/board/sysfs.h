/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of the kernel's objects: small files of one line of text. */
#ifndef BOARD_SYSFS_H
#define BOARD_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYSFS_PATH_MAX = 640, SYSFS_TEXT_MAX = 128 };

/* The line without its end; false, with errno set, if it cannot be read. */
bool sysfs_read(const char *path, char ret[SYSFS_TEXT_MAX]);
bool sysfs_read_number(const char *path, int base, uint64_t *ret);
/* Writes `text` in one call; false with errno set. */
bool sysfs_write(const char *path, const char *text);

#endif
