/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's public interface: load, link and run WebAssembly modules.
 *
 * The engine knows no operating system and no WASI. Memory, faults and code publishing come
 * through struct wasm_platform; the same files run in the guest and in an ordinary process.
 * Source of semantics: WebAssembly Core Specification 2.0 (3.0 where marked).
 *
 * Ownership: everything belongs to a store and lives until wasm_store_delete. Module bytes are
 * borrowed: they must stay readable and unchanged as long as the store lives.
 * Threads: a store is used by one thread at a time. There is no global state.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WASM_PAGE_SIZE 65536u

/* ---- Platform hooks ------------------------------------------------------------------------ */

/* What the engine needs from the machine. All sizes in bytes; addresses and sizes given to the
 * hooks are multiples of `page_size`. Functions returning bool are true on success. */
struct wasm_platform {
  void *context;    /* passed to every hook */
  size_t page_size; /* granule of reserve, commit, publish */

  /* Reserves address space that faults on any access until committed; of reservations up to 32 MiB
   * more than was committed may be accessible. NULL: none to be had. Where 8 GiB at once are not to
   * be had, code checks each access to a linear memory instead. */
  void *(*reserve)(void *context, size_t size);
  /* Makes [address, address+size) of a reservation readable, writable and zero. */
  bool (*commit)(void *context, void *address, size_t size);
  /* Returns a whole reservation, as given by reserve. */
  void (*release)(void *context, void *address, size_t size);
  /* Like reserve + commit, for machine code: writable now, executable after publish. */
  void *(*code_reserve)(void *context, size_t size);
  bool (*code_commit)(void *context, void *address, size_t size);
  /* Turns committed code pages read-only and executable, instruction cache included. */
  bool (*publish)(void *context, void *address, size_t size);

  /* Small allocations, 16-byte aligned, not zeroed. NULL: none to be had. */
  void *(*allocate)(void *context, size_t size);
  void (*free)(void *context, void *address, size_t size);

  size_t stack_size; /* bytes of native stack the engine may use below the current frame when
                        WebAssembly is entered; exhaustion becomes a trap */
};

/* ---- Values and types ---------------------------------------------------------------------- */

/* The byte values of the binary format (core spec 5.3). */
enum wasm_valtype {
  WASM_I32 = 0x7f,
  WASM_I64 = 0x7e,
  WASM_F32 = 0x7d,
  WASM_F64 = 0x7c,
  WASM_V128 = 0x7b,
  WASM_FUNCREF = 0x70,
  WASM_EXTERNREF = 0x6f,
  WASM_EXNREF = 0x69,
};

/* One value. References are 64-bit words: 0 is null; a funcref is a struct wasm_func pointer; an
 * externref is whatever the host put there (never 0); an exnref is a number that only the engine
 * understands. One that a call has passed to the host is good for as long as the store lives; one
 * read from a global, until the next call. i32 and f32 use the low half. */
union wasm_value {
  uint32_t i32;
  uint64_t i64;
  float f32;
  double f64;
  uint64_t ref;
  uint64_t v128[2];
};

/* "i32", "funcref", ... for messages; "unknown type" for a byte that is none. */
const char *wasm_valtype_text(uint8_t type);

struct wasm_functype {
  uint32_t param_count;
  uint32_t result_count;
  const uint8_t *params; /* enum wasm_valtype, owned by the store */
  const uint8_t *results;
};

struct wasm_limits {
  uint64_t min; /* pages or elements */
  uint64_t max; /* valid when has_max */
  bool has_max;
  bool is_64; /* memory64 / table64 */
};

enum wasm_externkind {
  WASM_EXTERN_FUNC = 0,
  WASM_EXTERN_TABLE = 1,
  WASM_EXTERN_MEMORY = 2,
  WASM_EXTERN_GLOBAL = 3,
  WASM_EXTERN_TAG = 4,
};

struct wasm_externtype {
  enum wasm_externkind kind;
  struct wasm_functype func; /* FUNC; TAG: its parameters are what an exception carries */
  uint8_t valtype;           /* TABLE: element type; GLOBAL: value type */
  bool is_mutable;           /* GLOBAL */
  struct wasm_limits limits; /* TABLE, MEMORY */
};

/* A name is bytes of valid UTF-8, not NUL terminated, possibly with NULs inside. */
struct wasm_name {
  const char *bytes;
  uint32_t length;
};

struct wasm_func;
struct wasm_table;
struct wasm_memory;
struct wasm_global;
struct wasm_tag;
struct wasm_instance;
struct wasm_module;
struct wasm_store;

struct wasm_extern {
  enum wasm_externkind kind;
  union {
    struct wasm_func *func;
    struct wasm_table *table;
    struct wasm_memory *memory;
    struct wasm_global *global;
    struct wasm_tag *tag;
    void *any; /* NULL: absent */
  };
};

/* ---- Errors and traps ---------------------------------------------------------------------- */

enum wasm_status {
  WASM_OK = 0,
  WASM_MALFORMED,   /* the bytes are no module (core spec 5) */
  WASM_INVALID,     /* a module that breaks a validation rule (core spec 3) */
  WASM_UNSUPPORTED, /* valid, but needs a feature or exceeds a limit named in the text */
  WASM_UNLINKABLE,  /* an import is missing or has another type */
  WASM_NO_MEMORY,   /* the platform had no memory */
  WASM_TRAPPED,     /* see struct wasm_trap */
};

/* Filled when a call returns something else than WASM_OK. */
struct wasm_error {
  enum wasm_status status;
  uint64_t offset; /* MALFORMED, INVALID, UNSUPPORTED: byte in the module; else 0 */
  char text[256];  /* what was wrong, one line, NUL terminated */
};

enum wasm_trap_kind {
#define TRAP(name, text) WASM_TRAP_##name,
#include "engine/traps.def"
#undef TRAP
  WASM_TRAP_COUNT
};

#define WASM_BACKTRACE_MAX 64

struct wasm_frame {
  struct wasm_instance *instance;
  uint32_t function;    /* index in the module's function index space */
  uint32_t code_offset; /* of the instruction, from the module's first byte; 0: not known */
};

struct wasm_trap {
  enum wasm_trap_kind kind;
  uint32_t exit_status;  /* EXIT: as passed to wasm_trap_exit */
  uint32_t frame_count;  /* innermost first; at most WASM_BACKTRACE_MAX kept */
  uint64_t frames_total; /* how many there were */
  struct wasm_frame frames[WASM_BACKTRACE_MAX];
};

/* "unreachable", "call stack exhausted", ... */
const char *wasm_trap_text(enum wasm_trap_kind kind);

/* To be called from the platform's fault handler (a signal handler, or the guest's upcall), on a
 * stack of its own, with the program counter, frame registers and the faulting address. If the
 * fault is one of WebAssembly's, fills *resume with what the faulting thread must continue with
 * and returns true; else returns false and the fault is somebody's bug. */
struct wasm_fault {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t fp;      /* the register the engine's frames use; see engine/arch */
  uintptr_t address; /* of a memory fault; 0 otherwise */
};
bool wasm_store_fault(struct wasm_store *store, const struct wasm_fault *fault,
                      struct wasm_fault *resume);

/* ---- Store, modules, instances ------------------------------------------------------------- */

struct wasm_store *wasm_store_new(const struct wasm_platform *platform);
void wasm_store_delete(struct wasm_store *store);

/* Decodes and validates; with `compile` also makes machine code. */
enum wasm_status wasm_module_load(struct wasm_store *store, const uint8_t *bytes, size_t length,
                                  bool compile, struct wasm_module **module,
                                  struct wasm_error *error);

/* Introspection, in the module's order; index below the count. */
uint32_t wasm_module_import_count(const struct wasm_module *module);
void wasm_module_import(const struct wasm_module *module, uint32_t index, struct wasm_name *space,
                        struct wasm_name *name, struct wasm_externtype *type);
uint32_t wasm_module_export_count(const struct wasm_module *module);
void wasm_module_export(const struct wasm_module *module, uint32_t index, struct wasm_name *name,
                        struct wasm_externtype *type);
/* From the name section, else the export's name; length 0: nameless. */
struct wasm_name wasm_module_function_name(const struct wasm_module *module, uint32_t function);

struct wasm_module_sizes {
  uint64_t code_section_bytes;
  uint64_t code_bytes; /* machine code and its tables */
  uint32_t functions;  /* defined ones */
};
struct wasm_module_sizes wasm_module_sizes(const struct wasm_module *module);

/* Checks imports against types, allocates, runs segments and the start function. `imports` has
 * one entry per import, in order. On WASM_TRAPPED *trap is filled; effects on imported tables
 * and memories that came before stay, as the specification wants. */
enum wasm_status wasm_instance_new(struct wasm_store *store, struct wasm_module *module,
                                   const struct wasm_extern *imports,
                                   struct wasm_instance **instance, struct wasm_trap *trap,
                                   struct wasm_error *error);
/* any == NULL: there is no such export. */
struct wasm_extern wasm_instance_export(struct wasm_instance *instance, struct wasm_name name);
struct wasm_module *wasm_instance_module(struct wasm_instance *instance);

/* ---- Functions ----------------------------------------------------------------------------- */

/* A function of the host. Called on the native stack in the middle of WebAssembly. `caller` is the
 * instance that called, NULL when the host itself did. `args` and `results` are the same array:
 * read all arguments before writing a result. Returns WASM_TRAP_NONE, or the trap to raise.
 *
 * An exception that nobody has caught ends wasm_func_call like a trap, of kind UNCAUGHT_EXCEPTION.
 * A host function that returns that kind throws it again, to the WebAssembly that called the host:
 * so exceptions pass through hosts that pass traps on, and stop where a host wants them to. */
typedef enum wasm_trap_kind wasm_host_function(void *context, struct wasm_instance *caller,
                                               const union wasm_value *args,
                                               union wasm_value *results);
/* NULL: no memory. `type` is copied. */
struct wasm_func *wasm_func_new(struct wasm_store *store, const struct wasm_functype *type,
                                wasm_host_function *function, void *context);
struct wasm_functype wasm_func_type(const struct wasm_func *func);
/* Calls; args and results as many as the type says, and may be the same array. WASM_OK, or
 * WASM_TRAPPED and *trap filled. Nests: calls from host functions share the outermost one's stack.
 */
enum wasm_status wasm_func_call(struct wasm_store *store, struct wasm_func *func,
                                const union wasm_value *args, union wasm_value *results,
                                struct wasm_trap *trap);
/* For a host function that ends the program: returns the trap kind to return (EXIT). */
enum wasm_trap_kind wasm_trap_exit(struct wasm_store *store, uint32_t status);

/* ---- Memories, tables, globals ------------------------------------------------------------- */

struct wasm_memory *wasm_memory_new(struct wasm_store *store, const struct wasm_limits *limits);
/* Changes with wasm_memory_grow and memory.grow; the base does not. */
uint8_t *wasm_memory_base(const struct wasm_memory *memory);
uint64_t wasm_memory_bytes(const struct wasm_memory *memory);
/* The old size in pages, or UINT64_MAX. */
uint64_t wasm_memory_grow(struct wasm_memory *memory, uint64_t pages);

struct wasm_table *wasm_table_new(struct wasm_store *store, uint8_t type,
                                  const struct wasm_limits *limits, uint64_t init);
uint64_t wasm_table_size(const struct wasm_table *table);

struct wasm_global *wasm_global_new(struct wasm_store *store, uint8_t type, bool is_mutable,
                                    union wasm_value value);
union wasm_value wasm_global_get(const struct wasm_global *global);

/* A tag of exceptions with these parameters; there are no results. NULL: no memory. */
struct wasm_tag *wasm_tag_new(struct wasm_store *store, const struct wasm_functype *type);

void wasm_extern_type(const struct wasm_extern *external, struct wasm_externtype *type);

/* The memory that the instance exports as "memory", else its first one, for host functions; NULL:
 * it has none. */
struct wasm_memory *wasm_instance_memory(struct wasm_instance *instance);

#endif
