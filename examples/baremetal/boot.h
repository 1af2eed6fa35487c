/* SPDX-License-Identifier: Apache-2.0 */
/* What boot.c offers a program without an operating system. */
#ifndef BOOT_H
#define BOOT_H

/* With SEMIHOSTING: tells a debugger or an emulator, and ends there. */
void tell(const char *text);

#endif
