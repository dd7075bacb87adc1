/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes that grow, and the numbers of WebAssembly's binary format (core spec 5.2). */
#ifndef TESTS_FUZZ_BUFFER_H
#define TESTS_FUZZ_BUFFER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
  uint8_t *at; /* from malloc */
  size_t length, capacity;
};

static inline void put_bytes(struct buffer *buffer, const void *bytes, size_t length) {
  if (buffer->capacity - buffer->length < length) {
    buffer->capacity = 2 * (buffer->capacity + length) + 64;
    buffer->at = realloc(buffer->at, buffer->capacity);
    if (buffer->at == NULL)
      abort();
  }
  if (length > 0)
    memcpy(buffer->at + buffer->length, bytes, length);
  buffer->length += length;
}

static inline void put_byte(struct buffer *buffer, uint8_t byte) {
  put_bytes(buffer, &byte, 1);
}

static inline void put_unsigned(struct buffer *buffer, uint64_t value) {
  for (; value > 0x7f; value >>= 7)
    put_byte(buffer, (uint8_t)(value | 0x80));
  put_byte(buffer, (uint8_t)value);
}

static inline void put_signed(struct buffer *buffer, int64_t value) {
  for (; value > 63 || value < -64; value >>= 7)
    put_byte(buffer, (uint8_t)((uint8_t)value | 0x80));
  put_byte(buffer, (uint8_t)((uint8_t)value & 0x7f));
}

static inline void put_name(struct buffer *buffer, const char *name) {
  put_unsigned(buffer, strlen(name));
  put_bytes(buffer, name, strlen(name));
}

/* A vector's or section's content behind its length. Empties `content`. */
static inline void put_sized(struct buffer *buffer, struct buffer *content) {
  put_unsigned(buffer, content->length);
  put_bytes(buffer, content->at, content->length);
  content->length = 0;
}

#endif
