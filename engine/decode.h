/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the decoder's files share. Internal to the decoder.
 *
 * Each section is read by one function through a cursor that ends where the section ends. A
 * function that finds something wrong says so to the cursor; its caller goes on or returns, and
 * the section loop looks at the error once a section. */
#ifndef ENGINE_DECODE_H
#define ENGINE_DECODE_H

#include "engine/store.h"
#include "engine/types.h"

struct wasm_decoder {
  struct wasm_module *module;
  struct wasm_reader reader; /* of the current section's content */
  uint32_t defined_count;    /* entries of the function section */
  uint32_t body_count;       /* entries of the code section */
  uint32_t data_count;       /* what the data count section says */
};

/* An array that lives with the module; NULL after saying that there is no memory. */
void *wasm_decode_array(struct wasm_decoder *decoder, size_t count, size_t size);
/* *array with room for `more` elements behind its first `count`, which are kept. */
bool wasm_decode_extend(struct wasm_decoder *decoder, void *array, uint32_t count, uint32_t more,
                        size_t size);
/* Marks a function as one that ref.func may name (core spec 3.4.10, C.refs). */
void wasm_decode_declare(struct wasm_decoder *decoder, uint32_t function);

/* decode_types.c */
void wasm_decode_types(struct wasm_decoder *decoder);
void wasm_decode_tables(struct wasm_decoder *decoder);
void wasm_decode_memories(struct wasm_decoder *decoder);
void wasm_decode_globals(struct wasm_decoder *decoder);
void wasm_decode_table_type(struct wasm_decoder *decoder, struct wasm_table_entry *entry);
void wasm_decode_memory_type(struct wasm_decoder *decoder, struct wasm_limits *limits);
void wasm_decode_global_type(struct wasm_decoder *decoder, struct wasm_global_entry *entry);
void wasm_decode_tag_type(struct wasm_decoder *decoder, uint32_t *type);

/* decode_imports.c */
void wasm_decode_imports(struct wasm_decoder *decoder);
void wasm_decode_exports(struct wasm_decoder *decoder);

/* decode_segments.c */
void wasm_decode_elems(struct wasm_decoder *decoder);
void wasm_decode_datas(struct wasm_decoder *decoder);

#endif
