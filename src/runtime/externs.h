/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that objects may leave undefined. */
#ifndef RUNTIME_EXTERNS_H
#define RUNTIME_EXTERNS_H

/* The address of the function, or NULL: the accelerator's runtime, services of
 * the packed convention under their plain names, and what compilers call by
 * themselves. */
void *extern_function(const char *name);

#endif
