/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of loads and stores (core spec 4.4.7). In guarded memories, what lies outside faults:
 * the reservation takes in every 32-bit address plus an offset below 2^31 (larger ones are added by
 * the compiler). The trap table names the access's address, which the extraction tool finds out.
 * Accesses to checked memories, and to others than memory 0, are the same behind one of the
 * stencils at the end. */
#include "engine/stencils/stencil.h"

#define LOAD(b, a, name, type, w)                                                                  \
  STENCIL(name##__##a##b) {                                                                        \
    r##a = (w)AT(type, r##b);                                                                      \
    NEXT;                                                                                          \
  }
#define LOAD_CONST(a, name, type, w)                                                               \
  STENCIL(name##_c__##a) {                                                                         \
    r##a = (w)AT(type, 0);                                                                         \
    NEXT;                                                                                          \
  }
#define LOADS(name, type, w) PAIRS(LOAD, name, type, w) EACH(LOAD_CONST, name, type, w)
LOADS(load32, u32, u32)
LOADS(load64, u64, u64)
LOADS(load8_u, u8, u32)
LOADS(load16_u, u16, u32)

/* Sign extended to 32 bits, zeros above. */
#define LOAD_S32(b, a, name, type)                                                                 \
  STENCIL(name##__##a##b) {                                                                        \
    LOAD_SIGNED_##type(r##a, r##b);                                                                \
    NEXT;                                                                                          \
  }
#define LOAD_S32_CONST(a, name, type)                                                              \
  STENCIL(name##_c__##a) {                                                                         \
    LOAD_SIGNED_##type(r##a, 0);                                                                   \
    NEXT;                                                                                          \
  }
PAIRS(LOAD_S32, load8_s32, i8)
PAIRS(LOAD_S32, load16_s32, i16)
EACH(LOAD_S32_CONST, load8_s32, i8)
EACH(LOAD_S32_CONST, load16_s32, i16)

LOADS(load8_s64, i8, u64)
LOADS(load16_s64, i16, u64)
LOADS(load32_s64, i32, u64)

#define LOADF(b, a, w)                                                                             \
  STENCIL_F(w, load##w##__##a##b) {                                                                \
    x##a = vec_##w(AT(w, r##b));                                                                   \
    NEXT_F(w);                                                                                     \
  }
#define LOADF_CONST(a, w)                                                                          \
  STENCIL_F(w, load##w##_c__##a) {                                                                 \
    x##a = vec_##w(AT(w, 0));                                                                      \
    NEXT_F(w);                                                                                     \
  }
PAIRS(LOADF, f32)
PAIRS(LOADF, f64)
EACH(LOADF_CONST, f32)
EACH(LOADF_CONST, f64)

/* a: address, b: value */
#define STORE(b, a, name, type)                                                                    \
  STENCIL(name##__##a##b) {                                                                        \
    AT(type, r##a) = (type)r##b;                                                                   \
    NEXT;                                                                                          \
  }
#define STORE_SINGLE(a, name, type, imm)                                                           \
  STENCIL(name##_c__##a) {                                                                         \
    AT(type, 0) = (type)r##a;                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(name##_i__##a) {                                                                         \
    AT(type, r##a) = (type)imm;                                                                    \
    NEXT;                                                                                          \
  }
#define STORES(name, type, imm)                                                                    \
  PAIRS(STORE, name, type)                                                                         \
  EACH(STORE_SINGLE, name, type, imm)                                                              \
  STENCIL(name##_ci) {                                                                             \
    AT(type, 0) = (type)imm;                                                                       \
    NEXT;                                                                                          \
  }
STORES(store8, u8, IMM8)
STORES(store16, u16, IMM16)
STORES(store32, u32, IMM32)
STORES(store64, u64, IMM32)

#define STOREF(b, a, w)                                                                            \
  STENCIL_F(w, store##w##__##a##b) {                                                               \
    AT(w, r##a) = GET_##w(x##b);                                                                   \
    NEXT_F(w);                                                                                     \
  }
#define STOREF_CONST(a, w)                                                                         \
  STENCIL_F(w, store##w##_c__##a) {                                                                \
    AT(w, 0) = GET_##w(x##a);                                                                      \
    NEXT_F(w);                                                                                     \
  }
PAIRS(STOREF, f32)
PAIRS(STOREF, f64)
EACH(STOREF_CONST, f32)
EACH(STOREF_CONST, f64)

/* Whether [address + offset, + size) is outside a memory; hole_a: offset + size */
#define OUTSIDE(address, bytes)                                                                    \
  __builtin_expect(__builtin_add_overflow(address, HOLE_A, &end) || end > (bytes), 0)
#define MEMORY(hole) (*(struct wasm_memory **)((u64)INSTANCE->memories + (hole)))

#define ADDRESSES(a, _)                                                                            \
  /* checks an address in memory 0 */                                                              \
  STENCIL(memory_check__##a) {                                                                     \
    u64 end;                                                                                       \
    if (OUTSIDE(r##a, INSTANCE->memory_bytes))                                                     \
      GO(trap_a);                                                                                  \
    NEXT;                                                                                          \
  }                                                                                                \
  /* makes an address in the memory hole_b one for accesses to memory 0; then also checks it */    \
  STENCIL(memory_rebase__##a) {                                                                    \
    r##a += (u64)MEMORY(HOLE_B)->base - mem;                                                       \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(memory_check_rebase__##a) {                                                              \
    u64 end;                                                                                       \
    struct wasm_memory *memory = MEMORY(HOLE_B);                                                   \
    if (OUTSIDE(r##a, memory->bytes))                                                              \
      GO(trap_a);                                                                                  \
    r##a += (u64)memory->base - mem;                                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(memory_size__##a) {                                                                      \
    r##a = INSTANCE->memory_bytes / WASM_PAGE_SIZE;                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(memory_size_at__##a) {                                                                   \
    r##a = MEMORY(HOLE_B)->pages;                                                                  \
    NEXT;                                                                                          \
  }
EACH(ADDRESSES, 0)

STENCIL(memory_check_c) {
  if (__builtin_expect(HOLE_A > INSTANCE->memory_bytes, 0))
    GO(trap_a);
  NEXT;
}

/* a: address, b: offset; trap_a: the sum is beyond 64 bits */
#define ADD(b, a, _)                                                                               \
  STENCIL(address_add__##a##b) {                                                                   \
    if (__builtin_expect(__builtin_add_overflow(r##a, r##b, &r##a), 0))                            \
      GO(trap_a);                                                                                  \
    NEXT;                                                                                          \
  }
PAIRS(ADD, 0)
