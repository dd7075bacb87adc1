/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* LEB128 numbers (core spec 5.2.2): each reader against the definition, for all strings of up to
 * six bytes that are at a boundary of something. What follows a number must not matter, though
 * readers look at several bytes at once. */
#include "engine/reader.h"
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 6u
#define BEHIND 9u
#define READINGS 8u /* of each string */

struct number {
  bool valid;
  uint64_t value;
  size_t length;
};

/* Byte by byte. Signed ones are sign extended from their last group, then must be in range. */
static struct number define(const uint8_t *bytes, size_t length, unsigned bits, bool is_signed) {
  __int128 sum = 0;
  for (size_t i = 0; i < length && i < (bits + 6) / 7; i++) {
    sum += (__int128)(bytes[i] & 0x7f) << 7 * i;
    if (bytes[i] >= 0x80)
      continue;
    if (is_signed && (bytes[i] & 0x40))
      sum -= (__int128)1 << 7 * (i + 1);
    __int128 most = ((__int128)1 << (is_signed ? bits - 1 : bits)) - 1;
    __int128 least = is_signed ? -most - 1 : 0;
    return (struct number){sum >= least && sum <= most, (uint64_t)sum, i + 1};
  }
  return (struct number){false, 0, 0};
}

static uint64_t read_u32(struct wasm_reader *reader) {
  return wasm_read_u32(reader);
}
static uint64_t read_u64(struct wasm_reader *reader) {
  return wasm_read_u64(reader);
}
static uint64_t read_s32(struct wasm_reader *reader) {
  return (uint64_t)(int64_t)wasm_read_s32(reader);
}
static uint64_t read_s33(struct wasm_reader *reader) {
  return (uint64_t)wasm_read_s33(reader);
}
static uint64_t read_s64(struct wasm_reader *reader) {
  return (uint64_t)wasm_read_s64(reader);
}

static const struct kind {
  const char *name;
  uint64_t (*read)(struct wasm_reader *reader);
  unsigned bits;
  bool is_signed;
} kinds[] = {
    {"u32", read_u32, 32, false}, {"u64", read_u64, 64, false}, {"s32", read_s32, 32, true},
    {"s33", read_s33, 33, true},  {"s64", read_s64, 64, true},
};

/* The bytes stand at the end of an array, with `behind` more behind them. */
static bool reads_as_defined(const struct kind *kind, const uint8_t *bytes, size_t length,
                             size_t behind) {
  struct number number = define(bytes, length + behind, kind->bits, kind->is_signed);
  struct wasm_error error;
  wasm_error_clear(&error);
  struct wasm_reader reader = wasm_reader_make(bytes, bytes, length + behind, &error);
  uint64_t value = kind->read(&reader);
  if (!number.valid)
    return error.status == WASM_MALFORMED && reader.at == reader.end;
  return error.status == WASM_OK && value == number.value && reader.at == bytes + number.length;
}

/* How many of a string's readings, with different bytes behind it, are wrong. */
static unsigned count_wrong(const struct kind *kind, uint8_t room[LONGEST + BEHIND],
                            size_t length) {
  static const size_t behinds[READINGS / 2] = {0, 1, 2, BEHIND};
  unsigned wrong = 0;
  for (unsigned i = 0; i < READINGS; i++) {
    size_t behind = behinds[i / 2];
    memset(room + length, i % 2 ? 0xff : 0, BEHIND);
    struct bytes exact = copy_bytes(room, length + behind);
    wrong += !reads_as_defined(kind, exact.at, length, behind);
    free(exact.at);
  }
  return wrong;
}

/* String number n of a length: the last two bytes are any of the alphabet, those before them say
 * that more follow. False: there are no more. */
static bool make_string(size_t n, size_t length, uint8_t *bytes) {
  static const uint8_t alphabet[] = {0x00, 0x01, 0x07, 0x08, 0x0f, 0x10, 0x3f, 0x40,
                                     0x70, 0x78, 0x7f, 0x80, 0x8f, 0xc0, 0xff};
  enum { ALL = sizeof alphabet, GO_ON = 4 };
  for (size_t i = 0; i < length; i++) {
    bool is_before = i + 2 < length;
    size_t choices = is_before ? GO_ON : ALL;
    bytes[i] = alphabet[(is_before ? ALL - GO_ON : 0) + n % choices];
    n /= choices;
  }
  return n == 0;
}

int main(void) {
  uint8_t room[LONGEST + BEHIND];
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    uint64_t readings = 0, wrong = 0;
    for (size_t length = 1; length <= LONGEST; length++)
      for (size_t n = 0; make_string(n, length, room); n++, readings += READINGS)
        wrong += count_wrong(&kinds[k], room, length);
    char title[96];
    snprintf(title, sizeof title, "%s: as defined, %llu times", kinds[k].name,
             (unsigned long long)readings);
    check(readings == 613920 && wrong == 0, title);
  }
  return finish();
}
