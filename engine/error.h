/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filling struct wasm_error without a C library. Internal to the engine. */
#ifndef ENGINE_ERROR_H
#define ENGINE_ERROR_H

#include "engine/engine.h"

#include <stdarg.h>

static inline void wasm_error_clear(struct wasm_error *error) {
  error->status = WASM_OK;
  error->offset = 0;
  error->text[0] = 0;
}

/* Sets *error and returns `status`. The format knows %s, %u, %x, %llu, %llx and %.*s; bytes that
 * would break the line or the terminal (names come from modules) are shown as '?', and what does
 * not fit is cut. */
__attribute__((format(printf, 4, 5))) enum wasm_status wasm_error_set(struct wasm_error *error,
                                                                      enum wasm_status status,
                                                                      uint64_t offset,
                                                                      const char *format, ...);
enum wasm_status wasm_error_set_va(struct wasm_error *error, enum wasm_status status,
                                   uint64_t offset, const char *format, va_list args);

#endif
