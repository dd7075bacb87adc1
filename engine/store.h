/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The store: owner of everything, and what the runtime's files share. Internal to the engine. */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "engine/arena.h"
#include "engine/compile.h"
#include "engine/error.h"
#include "engine/module.h"
#include "engine/vm.h"

#include <string.h>

/* ---- The store ----------------------------------------------------------------------------- */

struct wasm_type_table {
  struct wasm_functype *types; /* by store-wide number */
  uint32_t *slots;             /* hash table of number + 1; 0: free */
  uint32_t count;
  uint32_t capacity; /* of types; slots has twice as many, both powers of two */
};

/* The exceptions that exist; see exception.c. */
struct wasm_exception;
struct wasm_exceptions {
  struct wasm_exception **items; /* by number; NULL: the number is free */
  uint32_t capacity;
  uint32_t live;
  uint32_t next; /* where to look for a free number first */
};

/* Whether this store's 32-bit memories are guarded, so that their code needs no checks. */
enum wasm_guards { WASM_GUARDS_UNKNOWN, WASM_GUARDS_ON, WASM_GUARDS_OFF };

struct wasm_store {
  /* First: engine/arch/<a>/enter.S reaches the innermost activation through instance->store. */
  struct wasm_activation *activation;

  struct wasm_platform platform;
  struct wasm_arena arena;
  struct wasm_type_table types;

  struct wasm_trap *trap; /* where the innermost wasm_func_call wants its trap */
  uint32_t exit_status;   /* of the last wasm_trap_exit */
  uintptr_t stack_limit;  /* of the outermost wasm_func_call; kept by nested ones */
  enum wasm_guards guards;
  void *spare; /* a guarded memory's reservation that no memory has yet; or NULL */

  struct wasm_exceptions exceptions;
  struct wasm_exception *exception; /* that has left the last wasm_func_call uncaught */

  struct wasm_module *modules; /* newest first, like the lists below */
  struct wasm_instance *instances;
  struct wasm_memory *memories;
  struct wasm_table *tables;
};

_Static_assert(offsetof(struct wasm_store, activation) == 0, "known to engine/arch/<a>/enter.S");

/* The store-wide number of a type, the same exactly for equal types. The arrays of a new type are
 * borrowed for as long as the store lives. False: no memory. */
bool wasm_store_type_number(struct wasm_store *store, const struct wasm_functype *type,
                            uint32_t *number);

/* The same for a host's type, which is copied. Also false: it is above a limit. */
bool wasm_store_keep_type(struct wasm_store *store, const struct wasm_functype *type,
                          uint32_t *number);

/* ---- Between the runtime's files ----------------------------------------------------------- */

/* decode.c: reads all sections into *module, whose bytes and store are set. */
enum wasm_status wasm_module_decode(struct wasm_module *module, struct wasm_error *error);

/* module.c: finds an export; NULL: there is none of that name. */
const struct wasm_export_entry *wasm_module_find_export(const struct wasm_module *module,
                                                        struct wasm_name name);

/* module.c: compares as the export table is sorted: by length, then bytes. */
int wasm_name_compare(struct wasm_name a, struct wasm_name b);

/* link.c: whether every import is there and has the type the module wants. */
enum wasm_status wasm_instance_check_imports(const struct wasm_module *module,
                                             const struct wasm_extern *imports,
                                             struct wasm_error *error);

/* memory.c: whether 32-bit memories of this store are guarded; the first question decides. */
bool wasm_store_is_guarded(struct wasm_store *store);

/* memory.c: copies [from, from + count) of `length` bytes to `to`. Returns a trap kind. */
uint32_t wasm_memory_init(struct wasm_memory *memory, uint64_t to, const uint8_t *bytes,
                          uint64_t length, uint64_t from, uint64_t count);
/* Whether [at, at + count) lies within `size`, for any numbers. */
static inline bool wasm_range_fits(uint64_t at, uint64_t count, uint64_t size) {
  return at <= size && count <= size - at;
}

/* table.c */
/* The old size, or UINT64_MAX. */
uint64_t wasm_table_grow(struct wasm_table *table, uint64_t value, uint64_t count);
/* Bytes of address space behind a table of these limits. */
size_t wasm_table_reservation(const struct wasm_store *store, const struct wasm_limits *limits);

/* func.c: calls a host function on `values`, which hold the arguments and take the results. */
uint32_t wasm_host_call(struct wasm_instance *host, struct wasm_instance *caller,
                        union wasm_value *values);

/* exception.c */
void wasm_exception_throw_tag(struct wasm_instance *instance, uint32_t tag, const uint64_t *values,
                              uintptr_t fp);
void wasm_exception_throw_ref(struct wasm_instance *instance, uint64_t exception, uintptr_t fp);
/* Throws store->exception in the frame `fp`, which executes the call before `pc`. */
_Noreturn void wasm_exception_throw_again(struct wasm_store *store, uintptr_t fp, uintptr_t pc);
/* The host has seen this exnref: it stays good. */
void wasm_exception_keep(struct wasm_store *store, uint64_t reference);
void wasm_exceptions_release(struct wasm_store *store);

/* helpers.c: the table that every instance points at. */
extern const struct wasm_helpers wasm_helpers;

/* trap.c: starts *store->trap and, where a frame is known (pc not 0), walks the stack from it. */
void wasm_trap_record(struct wasm_store *store, uint32_t kind, uintptr_t fp, uintptr_t pc);

#endif
