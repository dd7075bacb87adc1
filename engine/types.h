/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading types and constant expressions; implementation limits. Internal to the engine. */
#ifndef ENGINE_TYPES_H
#define ENGINE_TYPES_H

#include "engine/module.h"
#include "engine/reader.h"

/* The limits' values, and their numbers in wasm_limits. */
enum wasm_limit_value {
#define LIMIT(name, value, text) WASM_LIMIT_##name = value,
#include "engine/limits.def"
#undef LIMIT
};
enum wasm_limit {
#define LIMIT(name, value, text) WASM_LIMITED_##name,
#include "engine/limits.def"
#undef LIMIT
};
struct wasm_limit_entry {
  uint32_t value;
  const char *text; /* what is counted */
};
extern const struct wasm_limit_entry wasm_limits[];

/* Fails as UNSUPPORTED when `count` exceeds the limit, which the text names. */
void wasm_check_limit(struct wasm_reader *reader, uint64_t count, enum wasm_limit limit);

static inline bool wasm_is_reference(uint8_t type) {
  return type == WASM_FUNCREF || type == WASM_EXTERNREF || type == WASM_EXNREF;
}

/* Of addresses in a memory, of indices in a table, and of their sizes. */
static inline uint8_t wasm_address_type(const struct wasm_limits *limits) {
  return limits->is_64 ? WASM_I64 : WASM_I32;
}

/* A value type (core spec 5.3.4), one this engine has; types of proposals are UNSUPPORTED by name,
 * other bytes MALFORMED. 0 after a failure. */
uint8_t wasm_read_valtype(struct wasm_reader *reader);
/* The same for a reference type (5.3.3) and for the heap type after ref.null: the valtype. */
uint8_t wasm_read_reftype(struct wasm_reader *reader);
uint8_t wasm_read_heaptype(struct wasm_reader *reader);

/* The number of entries of a vector whose entries take at least one byte each. More than the
 * bytes that are left is MALFORMED, more than `limit` UNSUPPORTED. */
uint32_t wasm_read_count(struct wasm_reader *reader, enum wasm_limit limit);

/* A constant expression of type `type`, with its `end` (core spec 3.3.10 and 5.4.9). Sees the
 * module's functions and the globals counted so far: as in WebAssembly 3.0 every earlier immutable
 * global, not only an imported one. */
void wasm_read_const(struct wasm_reader *reader, const struct wasm_module *module, uint8_t type,
                     struct wasm_const *result);

/* One instruction of a constant expression. False: it was `end`, or reading failed. */
bool wasm_read_const_step(struct wasm_reader *reader, const struct wasm_module *module,
                          struct wasm_const *step);

/* A data segment (core spec 5.5.14). */
void wasm_read_data(struct wasm_reader *reader, const struct wasm_module *module,
                    struct wasm_data_entry *data);

#endif
