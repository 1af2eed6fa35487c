/* SPDX-License-Identifier: Apache-2.0 */
/* The address sanitizer is told which memory may be touched, so that it sees
 * uses after a rewind and beyond the end of an allocation. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(POISON_ASAN)
#include <sanitizer/asan_interface.h>
#define POISON_FORBID(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define POISON_ALLOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define POISON_FORBID(at, size) ((void)(at), (void)(size))
#define POISON_ALLOW(at, size) ((void)(at), (void)(size))
#endif

#endif
