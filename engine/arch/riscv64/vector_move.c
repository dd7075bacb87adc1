/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that move vectors and their lanes on riscv64: as two halves of 64 bits. What
 * engine/stencils/vector_move.c is for machines with vectors. */
#include "engine/stencils/vector.h"

#define LOWER(a) __builtin_bit_cast(u64, x##a)
#define UPPER(a)                                                                                   \
  ({                                                                                               \
    u64 bits_;                                                                                     \
    __asm__ volatile("fmv.x.d %0, " UPPER_##a : "=r"(bits_));                                      \
    bits_;                                                                                         \
  })
#define SET_UPPER(a, bits) __asm__ volatile("fmv.d.x " UPPER_##a ", %z0" : : "rJ"((u64)(bits)))
/* Both are computed before one is set. */
#define SET(a, lower, upper)                                                                       \
  do {                                                                                             \
    u64 lower_ = (lower), upper_ = (upper);                                                        \
    SET_UPPER(a, upper_);                                                                          \
    x##a = __builtin_bit_cast(f64, lower_);                                                        \
  } while (0)

/* ---- Slots and globals ---------------------------------------------------------------------- */

#define GET_AT(a, place)                                                                           \
  const m_u64 *at = (const m_u64 *)(place);                                                        \
  SET(a, at[0], at[1])
#define SET_AT(a, place)                                                                           \
  m_u64 *at = (m_u64 *)(place);                                                                    \
  at[0] = LOWER(a);                                                                                \
  at[1] = UPPER(a)

#define PLACES(a, name, place)                                                                     \
  STENCIL(name##_getv__##a) {                                                                      \
    GET_AT(a, place);                                                                              \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(name##_setv__##a) {                                                                      \
    SET_AT(a, place);                                                                              \
    NEXT;                                                                                          \
  }
EACH(PLACES, slot, fp + HOLE_A)
EACH(PLACES, global, &GLOBAL(u64))
EACH(PLACES, own, &OWN(u64))

STENCIL(slot_copyv) {
  const m_u64 *from = (const m_u64 *)(fp + HOLE_B);
  m_u64 *to = (m_u64 *)(fp + HOLE_A);
  u64 lower = from[0], upper = from[1];
  to[0] = lower;
  to[1] = upper;
  NEXT;
}

/* ---- Linear memory: as in engine/stencils/memory.c ------------------------------------------ */

/* The upper half goes first. If it can be accessed, so can the lower one: a trap has no effects,
 * and comes from one known instruction. */
#define LOAD_WHOLE(a, address)                                                                     \
  u64 upper = AT(u64, (address) + 8), lower = AT(u64, address);                                    \
  SET(a, lower, upper)
#define STORE_WHOLE(address, b)                                                                    \
  AT(u64, (address) + 8) = UPPER(b);                                                               \
  AT(u64, address) = LOWER(b)

/* By the function that extends a register's lower half. */
#define LOAD_EXTENDED(a, address, operation)                                                       \
  f64 loaded = __builtin_bit_cast(f64, AT(u64, address));                                          \
  __asm__ volatile("fmv.d ft0, %[n]\n\t" VECTOR_CALL VECTOR_RESULT(a)                              \
                   : [x] "=f"(x##a)                                                                \
                   : VECTOR_NUMBERS(operation), [n] "f"(loaded)                                    \
                   : VECTOR_CLOBBERS)
#define LOAD_SPLAT(a, address, type)                                                               \
  u64 bits = SPLAT_##type((u64)AT(type, address));                                                 \
  SET(a, bits, bits)
#define LOAD_ZERO(a, address, type) SET(a, AT(type, address), 0)
/* A lane in all places of 64 bits. */
#define SPLAT_u8(lane) ((lane)*0x0101010101010101)
#define SPLAT_u16(lane) ((lane)*0x0001000100010001)
#define SPLAT_u32(lane) ((lane)*0x0000000100000001)
#define SPLAT_u64(lane) (lane)

#define LOAD(b, a, name, HOW, ...)                                                                 \
  STENCIL(name##__##a##b) {                                                                        \
    HOW(a, r##b, ##__VA_ARGS__);                                                                   \
    NEXT;                                                                                          \
  }
#define LOAD_CONST(a, name, HOW, ...)                                                              \
  STENCIL(name##_c__##a) {                                                                         \
    HOW(a, 0, ##__VA_ARGS__);                                                                      \
    NEXT;                                                                                          \
  }
#define LOADS(...) PAIRS(LOAD, __VA_ARGS__) EACH(LOAD_CONST, __VA_ARGS__)
LOADS(loadv, LOAD_WHOLE)
LOADS(load8x8_s, LOAD_EXTENDED, i16x8_extend_low_s)
LOADS(load8x8_u, LOAD_EXTENDED, i16x8_extend_low_u)
LOADS(load16x4_s, LOAD_EXTENDED, i32x4_extend_low_s)
LOADS(load16x4_u, LOAD_EXTENDED, i32x4_extend_low_u)
LOADS(load32x2_s, LOAD_EXTENDED, i64x2_extend_low_s)
LOADS(load32x2_u, LOAD_EXTENDED, i64x2_extend_low_u)
LOADS(load8_splat, LOAD_SPLAT, u8)
LOADS(load16_splat, LOAD_SPLAT, u16)
LOADS(load32_splat, LOAD_SPLAT, u32)
LOADS(load64_splat, LOAD_SPLAT, u64)
LOADS(load32_zero, LOAD_ZERO, u32)
LOADS(load64_zero, LOAD_ZERO, u64)

#define STORE(b, a, _)                                                                             \
  STENCIL(storev__##a##b) {                                                                        \
    STORE_WHOLE(r##a, b);                                                                          \
    NEXT;                                                                                          \
  }
#define STORE_CONST(a, _)                                                                          \
  STENCIL(storev_c__##a) {                                                                         \
    STORE_WHOLE(0, a);                                                                             \
    NEXT;                                                                                          \
  }
PAIRS(STORE, 0)
EACH(STORE_CONST, 0)

/* ---- Lanes ---------------------------------------------------------------------------------- */

/* `lane` is patched in; of two lanes each has its own family. At bit `at` of both halves: */
#define LANE_AT(width) (stencil_lane() * (width))
static inline __attribute__((always_inline)) u64 lane_get(u64 lower, u64 upper, u64 at) {
  return (lower ^ ((lower ^ upper) & -(at >> 6))) >> (at & 63);
}
/* What is to be changed in the half where the lane is, so that it becomes `value`. */
static inline __attribute__((always_inline)) u64 lane_change(u64 half, u64 at, u64 mask,
                                                             u64 value) {
  return ((half >> (at & 63) ^ value) & mask) << (at & 63);
}
#define LANE_SET(a, width, mask, value)                                                            \
  do {                                                                                             \
    u64 place = LANE_AT(width), in_upper = -(place >> 6);                                          \
    u64 half = LOWER(a) ^ ((LOWER(a) ^ UPPER(a)) & in_upper);                                      \
    u64 change = lane_change(half, place, mask, value);                                            \
    SET_UPPER(a, UPPER(a) ^ (change & in_upper));                                                  \
    x##a = __builtin_bit_cast(f64, LOWER(a) ^ (change & ~in_upper));                               \
  } while (0)
/* An f32 in a register is boxed. */
#define SET_F32(a, bits) x##a = __builtin_bit_cast(f64, (u64)(u32)(bits) | 0xffffffff00000000)

#define LANES(b, a, type, lanes, width)                                                            \
  STENCIL(lanes##_splat__##a##b) {                                                                 \
    u64 bits = SPLAT_##type((u64)(type)r##b);                                                      \
    SET(a, bits, bits);                                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(lanes##_extract_lane__##a##b) {                                                          \
    r##a = (type)lane_get(LOWER(b), UPPER(b), LANE_AT(width));                                     \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(lanes##_replace_lane__##a##b) {                                                          \
    LANE_SET(a, width, (type)-1, r##b);                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load##width##_lane__##a##b) {                                                            \
    u64 loaded = AT(type, r##b);                                                                   \
    LANE_SET(a, width, (type)-1, loaded);                                                          \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store##width##_lane__##a##b) {                                                           \
    AT(type, r##a) = (type)lane_get(LOWER(b), UPPER(b), LANE_AT(width));                           \
    NEXT;                                                                                          \
  }
PAIRS(LANES, u8, i8x16, 8)
PAIRS(LANES, u16, i16x8, 16)
PAIRS(LANES, u32, i32x4, 32)

#define OTHER_LANES(b, a, _)                                                                       \
  STENCIL(f32x4_splat__##a##b) {                                                                   \
    u64 bits = SPLAT_u32((u64)(u32)LOWER(b));                                                      \
    SET(a, bits, bits);                                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f32x4_extract_lane__##a##b) {                                                            \
    SET_F32(a, lane_get(LOWER(b), UPPER(b), LANE_AT(32)));                                         \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f32x4_replace_lane__##a##b) {                                                            \
    u64 lane = LOWER(b);                                                                           \
    LANE_SET(a, 32, (u32)-1, lane);                                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_splat__##a##b) {                                                                   \
    SET(a, r##b, r##b);                                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_extract_low__##a##b) {                                                             \
    r##a = LOWER(b);                                                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_extract_high__##a##b) {                                                            \
    r##a = UPPER(b);                                                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_replace_low__##a##b) {                                                             \
    x##a = __builtin_bit_cast(f64, r##b);                                                          \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_replace_high__##a##b) {                                                            \
    SET_UPPER(a, r##b);                                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_splat__##a##b) {                                                                   \
    SET(a, LOWER(b), LOWER(b));                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_extract_low__##a##b) {                                                             \
    x##a = x##b;                                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_extract_high__##a##b) {                                                            \
    x##a = __builtin_bit_cast(f64, UPPER(b));                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_replace_low__##a##b) {                                                             \
    x##a = x##b;                                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_replace_high__##a##b) {                                                            \
    SET_UPPER(a, LOWER(b));                                                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load64_low__##a##b) {                                                                    \
    x##a = __builtin_bit_cast(f64, AT(u64, r##b));                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load64_high__##a##b) {                                                                   \
    SET_UPPER(a, AT(u64, r##b));                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store64_low__##a##b) {                                                                   \
    AT(u64, r##a) = LOWER(b);                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store64_high__##a##b) {                                                                  \
    AT(u64, r##a) = UPPER(b);                                                                      \
    NEXT;                                                                                          \
  }
PAIRS(OTHER_LANES, 0)

/* ---- Constants: data_a and data_b are where they stand --------------------------------------- */

/* auipc and addi, whose fields are those of a jump's auipc and jalr. */
#define DATA_ADDRESS(reg, symbol)                                                                  \
  "1:\n\tauipc " reg ", %%pcrel_hi(" symbol ")\n\taddi " reg ", " reg ", %%pcrel_lo(1b)\n\t"

#define CONSTANT(a, _)                                                                             \
  STENCIL(constv__##a) {                                                                           \
    u64 address;                                                                                   \
    __asm__(DATA_ADDRESS("%0", "data_a") : "=r"(address) :);                                       \
    GET_AT(a, address);                                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  VECTOR_STENCIL(                                                                                  \
      a, shuffle_one,                                                                              \
      VECTOR_X(a) DATA_ADDRESS("t3", "data_a") VECTOR_CALL VECTOR_RESULT(a), [x] "+f"(x##a))
EACH(CONSTANT, 0)

STENCIL(slot_constv) {
  u64 address;
  __asm__(DATA_ADDRESS("%0", "data_a") : "=r"(address) :);
  const m_u64 *from = (const m_u64 *)address;
  m_u64 *to = (m_u64 *)(fp + HOLE_A);
  u64 lower = from[0], upper = from[1];
  to[0] = lower;
  to[1] = upper;
  NEXT;
}

#define SHUFFLE_TWO(b, a, _)                                                                       \
  VECTOR_STENCIL(a##b, shuffle_two,                                                                \
                 VECTOR_X(a) VECTOR_Y(b) DATA_ADDRESS("t3", "data_a") DATA_ADDRESS("t4", "data_b") \
                     VECTOR_CALL VECTOR_RESULT(a),                                                 \
                 [x] "+f"(x##a), [y] "f"(x##b))
PAIRS(SHUFFLE_TWO, 0)
