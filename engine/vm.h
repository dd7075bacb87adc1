/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The objects generated code touches, and their layout. Internal to the engine.
 *
 * Every access of generated code to the runtime goes through struct wasm_instance, whose address
 * travels in a register: so code is position independent and two instances of a module share it.
 */
#ifndef ENGINE_VM_H
#define ENGINE_VM_H

#include "engine/engine.h"

/* Address space of a guarded memory: a 32-bit one, where there is so much. Every 32-bit address plus
 * 32-bit offset plus 16 bytes lands inside; what is not committed faults. */
#define WASM_MEMORY_RESERVATION ((8ull << 30) + WASM_PAGE_SIZE)
/* Pages that an address can reach; 64-bit memories really have fewer (limits.def). */
#define WASM_MEMORY_MAX_PAGES 65536u
#define WASM_MEMORY64_RANGE (1ull << 48)

/* A function: what a funcref points at, what call_indirect loads, what an import is. */
struct wasm_func {
  const void *code;               /* entry in the engine's calling convention */
  struct wasm_instance *instance; /* passed to the code; for host functions: a fake one */
  uint32_t type;                  /* store-wide number; equal exactly when types are equal */
  uint32_t index;                 /* in its module's function index space */
};

struct wasm_memory {
  uint8_t *base;
  uint64_t bytes; /* current size */
  uint64_t pages;
  uint64_t reserved; /* bytes of address space from base on */
  struct wasm_limits limits;
  struct wasm_store *store;
  struct wasm_memory *next; /* in the store's list */
};

struct wasm_table {
  uint64_t *elements; /* references; see union wasm_value */
  uint64_t size;
  uint64_t capacity;
  struct wasm_limits limits;
  uint8_t type; /* enum wasm_valtype */
  struct wasm_store *store;
  struct wasm_table *next;
};

struct wasm_global {
  union wasm_value value;
  uint8_t type;
  bool is_mutable;
  struct wasm_global *next;
};

/* What an exception is an instance of; two tags of one type are different. */
struct wasm_tag {
  uint32_t type; /* store-wide number; the parameters are what it carries */
  struct wasm_store *store;
};

/* C functions that generated code calls for what is too long to inline. Results of functions that
 * may trap: the kind; generated code raises it. Addresses, indices and numbers of 64 bits come as
 * they lie in the frame: only the low half counts where the memory's or table's addresses have 32
 * bits. Expanded into the table in every instance. */
#define WASM_HELPERS(X)                                                                            \
  /* First, where engine/arch/<a>/stencils.S knows them: throw an exception of the tag, whose       \
   * values are in the frame's slots from `values` on; throw one that was caught. Do not return. */ \
  X(void, throw_tag, (struct wasm_instance *, uint32_t tag, const uint64_t *values, uintptr_t fp)) \
  X(void, throw_ref, (struct wasm_instance *, uint64_t exception, uintptr_t fp))                   \
  X(uint64_t, memory_grow, (struct wasm_instance *, uint32_t memory, uint64_t pages))              \
  X(uint32_t, memory_fill, (struct wasm_instance *, uint32_t memory, uint64_t at, uint32_t byte,   \
                            uint64_t count))                                                       \
  X(uint32_t, memory_copy, (struct wasm_instance *, uint32_t to_memory, uint32_t from_memory,      \
                            uint64_t to, uint64_t from, uint64_t count))                           \
  X(uint32_t, memory_init, (struct wasm_instance *, uint32_t memory, uint32_t segment,             \
                            uint64_t to, uint32_t from, uint32_t count))                           \
  X(void, data_drop, (struct wasm_instance *, uint32_t segment))                                   \
  X(uint64_t, table_grow, (struct wasm_instance *, uint32_t table, uint64_t value,                 \
                           uint64_t count))                                                        \
  X(uint32_t, table_fill, (struct wasm_instance *, uint32_t table, uint64_t at, uint64_t value,    \
                           uint64_t count))                                                        \
  X(uint32_t, table_copy, (struct wasm_instance *, uint32_t to_table, uint32_t from_table,         \
                           uint64_t to, uint64_t from, uint64_t count))                            \
  X(uint32_t, table_init, (struct wasm_instance *, uint32_t table, uint32_t segment, uint64_t to,  \
                           uint32_t from, uint32_t count))                                         \
  X(void, elem_drop, (struct wasm_instance *, uint32_t segment))                                   \
  /* A host function is called: args and results share `values`; see wasm_func_new. */             \
  X(uint32_t, call_host, (struct wasm_instance *host, struct wasm_instance *caller,                \
                          union wasm_value *values))                                               \
  /* Not to be called from C: what the stencils of vector instructions call where the machine has     \
   * none (engine/arch/<a>/vector_arch.h); elsewhere NULL. */                                       \
  X(void, vector_call, (void))                                                                     \
  /* Does not return: unwinds to the innermost wasm_func_call with this trap. */                   \
  X(void, raise, (struct wasm_instance *, uint32_t kind))

struct wasm_helpers {
#define X(type, name, args) type(*name) args;
  WASM_HELPERS(X)
#undef X
};

/* A data or element segment as the instance sees it: dropping empties it. */
struct wasm_data {
  const uint8_t *bytes;
  uint32_t length;
};
struct wasm_elem {
  const uint64_t *values; /* evaluated references */
  uint32_t count;
};

struct wasm_instance {
  /* Hot: read by generated code. */
  uint8_t *memory_base;     /* of memory 0 */
  uint64_t memory_bytes;    /* of memory 0; kept current by memory_grow of any instance */
  uintptr_t stack_limit;    /* lowest stack pointer a function may reach */
  struct wasm_memory **memories;
  struct wasm_table **tables;
  struct wasm_global **globals; /* whole index space; imported ones point into other instances */
  struct wasm_func **funcs;     /* whole index space */
  const struct wasm_helpers *helpers;
  const uint32_t *types; /* module's type index -> store-wide type number */
  struct wasm_table *first_table; /* tables[0], if there is one */

  /* Cold. */
  struct wasm_data *datas;
  struct wasm_elem *elems;
  struct wasm_tag **tags;     /* whole index space */
  struct wasm_module *module; /* NULL: the fake instance of a host function */
  struct wasm_store *store;
  struct wasm_memory *host_memory; /* what wasm_instance_memory says */
  wasm_host_function *host;   /* when module == NULL */
  void *host_context;
  uint32_t host_type;         /* store-wide type number */
  struct wasm_instance *next; /* in the store's list */

  /* The module's own globals, where generated code reaches them with one instruction; the last
   * entries of `globals` point here. */
  struct wasm_global own_globals[];
};

#endif
