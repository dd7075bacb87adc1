/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The module cursor's slow paths: long numbers, names and failures. */
#include "engine/reader.h"

#include <string.h>

void wasm_reader_fail_at(struct wasm_reader *reader, const uint8_t *at, enum wasm_status status,
                         const char *format, ...) {
  if (wasm_reader_ok(reader)) {
    va_list args;
    va_start(args, format);
    wasm_error_set_va(reader->error, status, (uint64_t)(at - reader->module), format, args);
    va_end(args);
  }
  reader->at = reader->end;
}

void wasm_reader_fail(struct wasm_reader *reader, enum wasm_status status, const char *format,
                      ...) {
  if (wasm_reader_ok(reader)) {
    va_list args;
    va_start(args, format);
    wasm_error_set_va(reader->error, status, wasm_reader_offset(reader), format, args);
    va_end(args);
  }
  reader->at = reader->end;
}

void wasm_reader_fail_end(struct wasm_reader *reader) {
  wasm_reader_fail(reader, WASM_MALFORMED, "unexpected end");
}

/* Gathers the groups of seven bits of a number of `bits` bits into *result and returns the last
 * byte, with *shift the bits before it. False: the bytes end early or go on too long. */
static bool gather_groups(struct wasm_reader *reader, unsigned bits, uint64_t *result,
                          unsigned *shift, uint8_t *last) {
  const uint8_t *at = reader->at;
  uint64_t sum = 0;
  for (unsigned before = 0;; before += 7) {
    if (at == reader->end) {
      reader->at = at;
      wasm_reader_fail_end(reader);
      return false;
    }
    uint8_t byte = *at++;
    sum |= (uint64_t)(byte & 0x7f) << before;
    if (byte < 0x80) {
      reader->at = at;
      *result = sum;
      *shift = before;
      *last = byte;
      return true;
    }
    if (before + 7 >= bits) {
      wasm_reader_fail_at(reader, at - 1, WASM_MALFORMED, "integer representation too long");
      return false;
    }
  }
}

/* Numbers of up to five bytes, which linkers leave where they have filled in an index or an
 * address, are gathered at once if eight bytes are there to be looked at. Returns how many bytes
 * the number has; 0: not gathered. Nothing is read yet. */
static inline unsigned gather_five(const struct wasm_reader *reader, uint64_t *result) {
  uint64_t bytes;
  if (reader->end - reader->at < (ptrdiff_t)sizeof bytes)
    return 0;
  memcpy(&bytes, reader->at, sizeof bytes); /* little endian, as all of our machines are */
  uint64_t ends = ~bytes & 0x8080808080;
  if (ends == 0)
    return 0;
  bytes &= ends ^ (ends - 1); /* up to the first end, which is the number's */
  *result = (bytes & 0x7f) | (bytes & 0x7f00) >> 1 | (bytes & 0x7f0000) >> 2 |
            (bytes & 0x7f000000) >> 3 | (bytes & 0x7f00000000) >> 4;
  return (unsigned)__builtin_ctzll(ends) / 8 + 1;
}

/* Reported at the last byte of the number, the one with the surplus bits. */
static void fail_too_large(struct wasm_reader *reader) {
  wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "integer too large");
}

__attribute__((noinline)) static uint64_t read_any_unsigned(struct wasm_reader *reader,
                                                            unsigned bits) {
  uint64_t result;
  unsigned shift;
  uint8_t last;
  if (!gather_groups(reader, bits, &result, &shift, &last))
    return 0;
  /* In the last possible byte only bits - shift bits count; the others must be zero. */
  if (shift + 7 > bits && last >> (bits - shift) != 0) {
    fail_too_large(reader);
    return 0;
  }
  return result;
}

__attribute__((noinline)) static int64_t read_any_signed(struct wasm_reader *reader,
                                                         unsigned bits) {
  uint64_t result;
  unsigned shift;
  uint8_t last;
  if (!gather_groups(reader, bits, &result, &shift, &last))
    return 0;
  if (shift + 7 > bits) {
    /* The unused bits of the last possible byte must repeat the sign, its highest used bit. */
    unsigned used = bits - shift;
    uint8_t upper = (uint8_t)(last >> (used - 1));
    if (upper != 0 && upper != 0x7f >> (used - 1)) {
      fail_too_large(reader);
      return 0;
    }
  }
  if (shift + 7 < 64 && (last & 0x40) != 0)
    result |= ~(uint64_t)0 << (shift + 7);
  return (int64_t)result;
}

/* What does not fit is read again, to be reported. */
uint64_t wasm_read_leb_unsigned(struct wasm_reader *reader, unsigned bits) {
  uint64_t value = 0;
  unsigned length = gather_five(reader, &value);
  if (length == 0 || (bits < 64 && value >> bits != 0))
    return read_any_unsigned(reader, bits);
  reader->at += length;
  return value;
}

static int64_t sign_extend(uint64_t value, unsigned bits) {
  return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

int64_t wasm_read_leb_signed(struct wasm_reader *reader, unsigned bits) {
  uint64_t gathered = 0;
  unsigned length = gather_five(reader, &gathered);
  int64_t value = length ? sign_extend(gathered, 7 * length) : 0;
  if (length == 0 || value != sign_extend((uint64_t)value, bits))
    return read_any_signed(reader, bits);
  reader->at += length;
  return value;
}

uint32_t wasm_read_word32(struct wasm_reader *reader) {
  const uint8_t *b = wasm_read_bytes(reader, 4);
  if (b == NULL)
    return 0;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint64_t wasm_read_word64(struct wasm_reader *reader) {
  uint64_t low = wasm_read_word32(reader);
  return low | (uint64_t)wasm_read_word32(reader) << 32;
}

/* How many bytes the character at `at` takes, 0 if it is not valid UTF-8 (Unicode 15, table 3-7:
 * the second byte's range depends on the first, which excludes over-long forms, surrogates and
 * what lies above U+10FFFF). */
static size_t utf8_length(const uint8_t *at, size_t left) {
  uint8_t first = at[0];
  if (first < 0x80)
    return 1;
  if (first < 0xc2 || first > 0xf4)
    return 0;
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (left < length)
    return 0;
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return length;
}

bool wasm_utf8_valid(const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length;) {
    size_t step = utf8_length(bytes + i, length - i);
    if (step == 0)
      return false;
    i += step;
  }
  return true;
}

/* Names stay where they are, in the module. */
struct wasm_name wasm_read_name(struct wasm_reader *reader) {
  uint32_t length = wasm_read_u32(reader);
  const uint8_t *start = reader->at;
  const uint8_t *bytes = wasm_read_bytes(reader, length);
  if (bytes == NULL)
    return (struct wasm_name){"", 0};
  if (!wasm_utf8_valid(bytes, length)) {
    wasm_reader_fail_at(reader, start, WASM_MALFORMED, "malformed UTF-8 encoding");
    return (struct wasm_name){"", 0};
  }
  return (struct wasm_name){(const char *)bytes, length};
}
