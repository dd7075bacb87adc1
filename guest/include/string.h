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

#endif
