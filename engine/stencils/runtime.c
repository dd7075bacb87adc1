/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that touch tables and functions. */
#include "engine/stencils/stencil.h"

/* Offsets in the instance's arrays of pointers are holes; the indices were validated. */
#define TABLE(hole) (*(struct wasm_table **)((u64)INSTANCE->tables + (hole)))

/* index -> struct wasm_func of the type hole_b, held for the call; trap_a: out of bounds, trap_b:
 * null, trap_c: of another type (core spec 4.4.8, call_indirect) */
#define RESOLVE(name, from, a)                                                                     \
  STENCIL(name##__##a) {                                                                           \
    struct wasm_table *table = from;                                                               \
    if (__builtin_expect(r##a >= table->size, 0))                                                  \
      GO(trap_a);                                                                                  \
    struct wasm_func *func = (struct wasm_func *)table->elements[r##a];                            \
    if (__builtin_expect(!func, 0))                                                                \
      GO(trap_b);                                                                                  \
    if (__builtin_expect(func->type != *(u32 *)((u64)INSTANCE->types + HOLE_B), 0))                \
      GO(trap_c);                                                                                  \
    HOLD_CALLEE((u64)func);                                                                        \
    NEXT;                                                                                          \
  }

#define TABLES(a, _)                                                                               \
  STENCIL(ref_func__##a) {                                                                         \
    r##a = *(u64 *)((u64)INSTANCE->funcs + HOLE_A);                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(table_size__##a) {                                                                       \
    r##a = TABLE(HOLE_A)->size;                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  /* index -> element; trap_a: out of bounds */                                                    \
  STENCIL(table_get__##a) {                                                                        \
    struct wasm_table *table = TABLE(HOLE_A);                                                      \
    if (__builtin_expect(r##a >= table->size, 0))                                                  \
      GO(trap_a);                                                                                  \
    r##a = table->elements[r##a];                                                                  \
    NEXT;                                                                                          \
  }                                                                                                \
  RESOLVE(resolve_indirect, TABLE(HOLE_A), a)                                                      \
  RESOLVE(resolve_first, INSTANCE->first_table, a)
EACH(TABLES, 0)

#define TABLE_SET(b, a, _)                                                                         \
  STENCIL(table_set__##a##b) {                                                                     \
    struct wasm_table *table = TABLE(HOLE_A);                                                      \
    if (__builtin_expect(r##a >= table->size, 0))                                                  \
      GO(trap_a);                                                                                  \
    table->elements[r##a] = r##b;                                                                  \
    NEXT;                                                                                          \
  }
PAIRS(TABLE_SET, 0)
