/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The string functions of guest/include/string.h. Plain loops: compiled with -fno-builtin, or the
 * compiler would turn them into calls of themselves, and vectorised by it. */
#include <stdint.h>
#include <string.h>

void *(memcpy)(void *restrict to, const void *restrict from, size_t size) {
  uint8_t *restrict out = to;
  const uint8_t *restrict in = from;
  for (size_t i = 0; i < size; i++)
    out[i] = in[i];
  return to;
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t size) {
  while (size >= sizeof(uint64_t)) { /* a word is read whole before it is written */
    uint64_t word;
    size -= sizeof(word);
    __builtin_memcpy_inline(&word, from + size, sizeof(word));
    __builtin_memcpy_inline(to + size, &word, sizeof(word));
  }
  while (size--)
    to[size] = from[size];
}

static void copy_up(uint8_t *to, const uint8_t *from, size_t size) {
  size_t i = 0;
  for (; size - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
    uint64_t word;
    __builtin_memcpy_inline(&word, from + i, sizeof(word));
    __builtin_memcpy_inline(to + i, &word, sizeof(word));
  }
  for (; i < size; i++)
    to[i] = from[i];
}

void *(memmove)(void *to, const void *from, size_t size) {
  uintptr_t distance = (uintptr_t)to - (uintptr_t)from;
  if (distance >= size && -distance >= size)
    return memcpy(to, from, size);
  if (distance < size)
    copy_down(to, from, size);
  else
    copy_up(to, from, size);
  return to;
}

void *(memset)(void *to, int byte, size_t size) {
  uint8_t *out = to;
  for (size_t i = 0; i < size; i++)
    out[i] = (uint8_t)byte;
  return to;
}

int(memcmp)(const void *a, const void *b, size_t size) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (size_t i = 0; i < size; i++)
    if (left[i] != right[i])
      return left[i] - right[i];
  return 0;
}

size_t(strlen)(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}
