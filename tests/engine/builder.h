/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Modules made byte by byte. */
#ifndef TESTS_ENGINE_BUILDER_H
#define TESTS_ENGINE_BUILDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct builder {
  uint8_t at[1 << 18];
  size_t length;
};

static inline void put(struct builder *b, const char *bytes, size_t length) {
  memcpy(b->at + b->length, bytes, length);
  b->length += length;
}
#define PUT(b, bytes) put(b, bytes, sizeof(bytes) - 1)

static inline void put_byte(struct builder *b, uint32_t byte) {
  b->at[b->length++] = (uint8_t)byte;
}

static inline void put_unsigned(struct builder *b, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    put_byte(b, (uint8_t)value | 0x80);
  put_byte(b, (uint8_t)value);
}

static inline void put_signed(struct builder *b, int64_t value) {
  for (; value < -64 || value > 63; value >>= 7)
    put_byte(b, (value & 0x7f) | 0x80);
  put_byte(b, value & 0x7f);
}

/* A section, or a body, of a length of five bytes. */
static inline size_t begin(struct builder *b) {
  PUT(b, "\x80\x80\x80\x80\x00");
  return b->length;
}
static inline void end(struct builder *b, size_t start) {
  size_t length = b->length - start;
  for (int i = 1; i <= 5; i++, length >>= 7)
    b->at[start - 6 + (size_t)i] = (uint8_t)((length & 0x7f) | (i < 5 ? 0x80 : 0));
}

#endif
