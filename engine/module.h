/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A decoded module. Internal to the engine; filled by decode.c, read by the function compiler,
 * the linker and introspection. All arrays belong to the module's arena. */
#ifndef ENGINE_MODULE_H
#define ENGINE_MODULE_H

#include "abi/image.h"
#include "engine/arena.h"
#include "engine/engine.h"

/* A constant expression (core spec 3.3.7): checked by the decoder, evaluated at instantiation. */
enum wasm_const_kind {
  WASM_CONST_VALUE,
  WASM_CONST_GLOBAL,
  WASM_CONST_FUNC,
  WASM_CONST_NULL,
  WASM_CONST_ADD, /* these three: an instruction on the two values before it */
  WASM_CONST_SUB,
  WASM_CONST_MUL,
  WASM_CONST_SEQUENCE, /* several instructions, of which the last is one of those */
};
struct wasm_const {
  enum wasm_const_kind kind;
  uint8_t type;   /* enum wasm_valtype */
  uint32_t index; /* GLOBAL, FUNC */
  union {
    union wasm_value value; /* VALUE */
    const uint8_t *bytes;   /* SEQUENCE: where it stands in the module, to be read again */
  };
};
static inline bool wasm_const_is_operator(enum wasm_const_kind kind) {
  return kind >= WASM_CONST_ADD && kind <= WASM_CONST_MUL;
}

struct wasm_import_entry {
  struct wasm_name space;
  struct wasm_name name;
  enum wasm_externkind kind;
  uint32_t index; /* in the kind's index space */
};

struct wasm_export_entry {
  struct wasm_name name;
  enum wasm_externkind kind;
  uint32_t index;
};

struct wasm_table_entry {
  uint8_t type;
  struct wasm_limits limits;
};

struct wasm_global_entry {
  uint8_t type;
  bool is_mutable;
  struct wasm_const init; /* defined globals only */
};

enum wasm_segment_mode { WASM_SEGMENT_PASSIVE, WASM_SEGMENT_ACTIVE, WASM_SEGMENT_DECLARATIVE };

struct wasm_elem_entry {
  enum wasm_segment_mode mode;
  uint8_t type;
  uint32_t table;
  struct wasm_const offset;
  uint32_t count;
  bool is_expressions;  /* entries are constant expressions, else function indices */
  const uint8_t *bytes; /* the entries as they stand in the module: checked by the decoder, read
                           again at instantiation, so that big tables cost no memory in between */
  uint32_t length;
};

struct wasm_data_entry {
  enum wasm_segment_mode mode;
  uint32_t memory;
  struct wasm_const offset;
  const uint8_t *bytes;
  uint32_t length;
};

/* A defined function's body: locals and code, as it stands in the code section. */
struct wasm_body {
  const uint8_t *bytes;
  uint32_t length;
};

struct wasm_module {
  struct wasm_store *store;
  struct wasm_arena arena; /* holds the arrays below */
  const uint8_t *bytes;
  size_t length;

  uint32_t type_count;
  struct wasm_functype *types;
  uint32_t *type_numbers; /* type index -> store-wide number */

  /* Index spaces: imported entries first. */
  uint32_t func_count, func_import_count;
  uint32_t *func_types; /* function index -> type index */
  uint8_t
      *func_declared; /* function index -> 1: may be named by ref.func (core spec 3.4.9 C.refs) */
  uint32_t table_count, table_import_count;
  struct wasm_table_entry *tables;
  uint32_t memory_count, memory_import_count;
  struct wasm_limits *memories;
  uint32_t global_count, global_import_count;
  struct wasm_global_entry *globals;
  uint32_t tag_count, tag_import_count;
  uint32_t *tag_types; /* tag index -> type index */

  uint32_t import_count;
  struct wasm_import_entry *imports;
  uint32_t export_count;
  struct wasm_export_entry *exports;
  uint32_t *export_order; /* indices into exports, sorted by wasm_name_compare */
  uint32_t elem_count;
  struct wasm_elem_entry *elems;
  uint32_t data_count; /* segments present */
  bool has_data_count; /* the data count section is there: memory.init is allowed */
  /* The segments as they stand in the module: checked by the decoder and read again, one after the
   * other, at instantiation. Compilers emit up to 100,000 of them. */
  const uint8_t *data_bytes;
  uint32_t data_bytes_length;
  bool has_start;
  uint32_t start;

  struct wasm_body *bodies; /* per defined function */
  uint64_t code_section_bytes;
  struct wasm_name name_section; /* raw bytes of the custom section "name"; read lazily */

  struct abi_image *image; /* NULL: not compiled */
  size_t image_reserved;   /* bytes of address space behind image */
  /* Per defined function its entry address; per type number the C entry thunk lives in the store.
   */
  const void **entries;
  struct wasm_module *next; /* in the store's list */
};

#endif
