/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one cursor over module bytes: every byte of a module is read through it (core spec 5).
 *
 * The first failure sticks: it is kept in *error, the cursor jumps to its end, and every later read
 * gives zero without changing the error. So a caller may read several fields and check once; a
 * loop over a count read from the module must check wasm_reader_ok or stop at the end. */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "engine/engine.h"
#include "engine/error.h"

struct wasm_reader {
  const uint8_t *at;
  const uint8_t *end;
  const uint8_t *module;    /* the module's first byte: offsets in errors count from here */
  struct wasm_error *error; /* status WASM_OK until something failed */
};

/* Reads [at, at + length) of a module; *error must be OK (wasm_error_clear) or be meant to stick.
 */
static inline struct wasm_reader wasm_reader_make(const uint8_t *module, const uint8_t *at,
                                                  size_t length, struct wasm_error *error) {
  return (struct wasm_reader){at, at + length, module, error};
}

static inline bool wasm_reader_ok(const struct wasm_reader *reader) {
  return reader->error->status == WASM_OK;
}

static inline size_t wasm_reader_left(const struct wasm_reader *reader) {
  return (size_t)(reader->end - reader->at);
}

/* The next byte's place in the module. */
static inline uint64_t wasm_reader_offset(const struct wasm_reader *reader) {
  return (uint64_t)(reader->at - reader->module);
}

/* Fails at the cursor, or at a place read before. Formats as wasm_error_set. */
__attribute__((format(printf, 3, 4), cold)) void
wasm_reader_fail(struct wasm_reader *reader, enum wasm_status status, const char *format, ...);
__attribute__((format(printf, 4, 5), cold)) void wasm_reader_fail_at(struct wasm_reader *reader,
                                                                     const uint8_t *at,
                                                                     enum wasm_status status,
                                                                     const char *format, ...);

/* The general case behind the inline readers below: LEB128 of at most `bits` bits, core spec 5.2.2.
 * Over-long forms and set unused bits are MALFORMED. The signed form is sign extended. */
uint64_t wasm_read_leb_unsigned(struct wasm_reader *reader, unsigned bits);
int64_t wasm_read_leb_signed(struct wasm_reader *reader, unsigned bits);
/* MALFORMED, "unexpected end": for readers that found too few bytes. */
__attribute__((cold)) void wasm_reader_fail_end(struct wasm_reader *reader);

static inline uint8_t wasm_read_u8(struct wasm_reader *reader) {
  if (__builtin_expect(reader->at == reader->end, 0)) {
    wasm_reader_fail_end(reader);
    return 0;
  }
  return *reader->at++;
}

/* One and two byte forms inline: nearly all indices, offsets and constants of real modules. */
static inline uint32_t wasm_read_u32(struct wasm_reader *reader) {
  const uint8_t *at = reader->at;
  if (__builtin_expect(at < reader->end && at[0] < 0x80, 1)) {
    reader->at = at + 1;
    return at[0];
  }
  if (reader->end - at >= 2 && at[1] < 0x80) {
    reader->at = at + 2;
    return (uint32_t)(at[0] & 0x7f) | (uint32_t)at[1] << 7;
  }
  return (uint32_t)wasm_read_leb_unsigned(reader, 32);
}

static inline uint64_t wasm_read_u64(struct wasm_reader *reader) {
  if (__builtin_expect(reader->at < reader->end && *reader->at < 0x80, 1))
    return *reader->at++;
  return wasm_read_leb_unsigned(reader, 64);
}

/* A number of one byte, below `limit`; else false, and nothing is read. */
static inline bool wasm_read_short_unsigned(struct wasm_reader *reader, uint32_t limit,
                                            uint32_t *value) {
  if (__builtin_expect(reader->at >= reader->end, 0))
    return false;
  *value = *reader->at;
  if (__builtin_expect(*value >= 0x80 || *value >= limit, 0))
    return false;
  reader->at++;
  return true;
}

/* A signed number of one or two bytes: sign is bit 6 of the last byte. Else false. */
static inline bool wasm_read_short_signed(struct wasm_reader *reader, int64_t *value) {
  const uint8_t *at = reader->at;
  if (__builtin_expect(at < reader->end && at[0] < 0x80, 1)) {
    reader->at = at + 1;
    *value = (int64_t)((uint64_t)at[0] << 57) >> 57;
    return true;
  }
  if (reader->end - at >= 2 && at[1] < 0x80) {
    reader->at = at + 2;
    *value = (int64_t)(((uint64_t)at[0] & 0x7f) << 50 | (uint64_t)at[1] << 57) >> 50;
    return true;
  }
  return false;
}

/* Signed LEB128 of `bits` bits. */
static inline int64_t wasm_read_signed(struct wasm_reader *reader, unsigned bits) {
  int64_t value;
  return wasm_read_short_signed(reader, &value) ? value : wasm_read_leb_signed(reader, bits);
}

static inline int32_t wasm_read_s32(struct wasm_reader *reader) {
  return (int32_t)wasm_read_signed(reader, 32);
}

/* Block types and heap types: a type index or a small negative number (core spec 5.3.5, 5.4.1). */
static inline int64_t wasm_read_s33(struct wasm_reader *reader) {
  return wasm_read_signed(reader, 33);
}

static inline int64_t wasm_read_s64(struct wasm_reader *reader) {
  return wasm_read_signed(reader, 64);
}

/* A run of bytes, in place. NULL after a failure. */
static inline const uint8_t *wasm_read_bytes(struct wasm_reader *reader, size_t length) {
  if (__builtin_expect(wasm_reader_left(reader) < length, 0)) {
    wasm_reader_fail_end(reader);
    return NULL;
  }
  const uint8_t *bytes = reader->at;
  reader->at += length;
  return bytes;
}

/* Little-endian words: fixed-width integers and the bits of floats (core spec 5.2.3). */
uint32_t wasm_read_word32(struct wasm_reader *reader);
uint64_t wasm_read_word64(struct wasm_reader *reader);

/* A length and that many bytes of valid UTF-8 (core spec 5.2.4); else MALFORMED. */
struct wasm_name wasm_read_name(struct wasm_reader *reader);

/* Whether [bytes, bytes + length) is UTF-8 without surrogates and over-long forms. */
bool wasm_utf8_valid(const uint8_t *bytes, size_t length);

#endif
