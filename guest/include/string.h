/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The memory and string functions that freestanding code and the compiler itself call
 * (C17 7.24). */
#ifndef GUEST_INCLUDE_STRING_H
#define GUEST_INCLUDE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

/* Freestanding code's calls mean nothing to clang. By this name it knows them: a copy of a word is
 * two instructions and no call. */
#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(to, byte, size) __builtin_memset(to, byte, size)
#define memcmp(a, b, size) __builtin_memcmp(a, b, size)
#define strlen(text) __builtin_strlen(text)

#endif
