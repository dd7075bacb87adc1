/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The module's linear memory as WASI sees it: the one gate through which its addresses pass. */
#ifndef WASI_MEMORY_H
#define WASI_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As it is during one call; nothing grows it meanwhile. No memory at all: base NULL. */
struct wasi_memory {
  uint8_t *base;
  uint64_t bytes;
};

/* Host pointer to [at, at+length), or NULL when a byte of it is outside (EFAULT). Both come from
 * the module as 32 bits, `length` perhaps multiplied: neither sum nor product can wrap in 64.
 * An empty range must still begin inside the memory or at its end. */
static inline uint8_t *wasi_memory_range(const struct wasi_memory *memory, uint32_t at,
                                         uint64_t length) {
  if (!memory->base || at > memory->bytes || length > memory->bytes - at)
    return NULL;
  return memory->base + at;
}

/* Fields of structures behind a checked pointer. All our targets are little-endian, as WebAssembly
 * is; alignment is not promised by the module. */
static inline uint16_t wasi_get16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t wasi_get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint64_t wasi_get64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline void wasi_put16(uint8_t *at, uint16_t value) {
  memcpy(at, &value, sizeof value);
}

static inline void wasi_put32(uint8_t *at, uint32_t value) {
  memcpy(at, &value, sizeof value);
}

static inline void wasi_put64(uint8_t *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
}

#endif
