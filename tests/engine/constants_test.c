/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Constants in instructions: around the limits of the fields that machines have for them, each
 * operation gives the same with a constant as with the same number from memory. */
#include "tests/engine/builder.h"
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t constants[] = {
    0,     1,     -1,    2,      127,        128,         -128,      -129, 255,   256,
    -256,  -257,  2047,  2048,   -2048,      -2049,       4095,      4096, -4095, -4096,
    32767, 65535, 65536, -65536, 0x7fffffff, -0x7fffffff, 0xfffff800 /* -2048, of 32 bits */};
enum { COUNT = sizeof constants / sizeof constants[0], LOCALS = 300 };

/* ---- Modules ------------------------------------------------------------------------------- */

/* (func $nothing) and (func (export "f") (param T i32) (result i32) ...), whose body begins here;
 * 64 KiB of memory are there, which begin with the constants. Returns where the section begins. */
static size_t begin_module(struct builder *b, bool is_64, const char *locals, size_t length) {
  b->length = 0;
  PUT(b, "\0asm\1\0\0\0\1\12\2\x60\2");
  put_byte(b, is_64 ? 0x7e : 0x7f);
  PUT(b, "\x7f\1\x7f\x60\0\0\3\3\2\1\0\5\3\1\0\4\7\5\1\1f\0\1\12");
  size_t section = begin(b);
  PUT(b, "\2\2\0\x0b");
  begin(b);
  put(b, locals, length);
  return section;
}

static void end_module(struct builder *b, size_t section) {
  PUT(b, "\x41\x7f\x0b"); /* -1: nothing was wrong */
  end(b, section + 9);
  end(b, section);
  PUT(b, "\x0b");
  section = begin(b);
  PUT(b, "\1\0\x41\0\x0b");
  put_unsigned(b, sizeof constants);
  put(b, (const char *)constants, sizeof constants);
  end(b, section);
}

/* The constant at `index`, and the same from memory, where no compiler sees it. */
static void put_constant(struct builder *b, bool is_64, int64_t value) {
  put_byte(b, is_64 ? 0x42 : 0x41);
  put_signed(b, is_64 ? value : (int32_t)value);
}
static void put_loaded(struct builder *b, bool is_64, uint32_t index) {
  PUT(b, "\x41\0");
  put_byte(b, is_64 ? 0x29 : 0x28);
  PUT(b, "\0");
  put_unsigned(b, 8 * index);
}

/* Returns the index if the top is not 0. */
static void put_verdict(struct builder *b, uint32_t index) {
  PUT(b, "\x04\x40\x41");
  put_signed(b, index);
  PUT(b, "\x0f\x0b");
}

/* Loads it, and calls it with numbers around the constants. Returns what it said, -1 if all was
 * well, or -2. */
static int64_t run(const struct builder *b, bool is_64) {
  struct bytes module = copy_bytes(b->at, b->length);
  struct world world;
  int64_t result = -1;
  world_open(&world, 0);
  bool is_ready =
      world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  if (!is_ready)
    printf("# %s\n", world.error.text);
  for (uint32_t i = 0; i < 3 * COUNT && result == -1; i++) {
    uint64_t x = (uint64_t)constants[i / 3] + i % 3 - 1;
    union wasm_value values[2] = {{.i64 = is_64 ? x : (uint32_t)x}, {.i32 = 16 * i}};
    if (!is_ready || world_call(&world, "f", values, values) != WASM_OK)
      result = -2;
    else
      result = (int32_t)values[0].i32;
  }
  world_close(&world);
  free(module.at);
  return result;
}

/* ---- Tests --------------------------------------------------------------------------------- */

/* local 0 op constant; of compares also the outcome of a branch. */
static void test_operation(bool is_64, uint8_t op, const char *name) {
  static struct builder b;
  char title[64];
  size_t section = begin_module(&b, is_64, "\0", 1);
  bool is_compare = op < 0x67;
  for (uint32_t i = 0; i < COUNT; i++) {
    for (int branch = 0; branch <= is_compare; branch++) {
      PUT(&b, "\x20\0");
      put_constant(&b, is_64, constants[i]);
      put_byte(&b, op);
      if (branch)
        PUT(&b, "\x04\x7f\x41\1\x05\x41\0\x0b");
      PUT(&b, "\x20\0");
      put_loaded(&b, is_64, i);
      put_byte(&b, op);
      put_byte(&b, is_64 && !is_compare ? 0x52 : 0x47);
      put_verdict(&b, i);
    }
  }
  end_module(&b, section);
  int64_t result = run(&b, is_64);
  snprintf(title, sizeof title, "%s.%s with constants", is_64 ? "i64" : "i32", name);
  if (!check(result == -1, title) && result >= 0)
    printf("# %lld\n", (long long)constants[result]);
}

static void test_operations(bool is_64) {
  static const char *const compares[] = {"eq",   "ne",   "lt_s", "lt_u", "gt_s",
                                         "gt_u", "le_s", "le_u", "ge_s", "ge_u"};
  static const struct {
    uint8_t code;
    const char *name;
  } others[] = {{0, "add"}, {1, "sub"},  {2, "mul"},    {7, "and"},    {8, "or"},
                {9, "xor"}, {10, "shl"}, {11, "shr_s"}, {12, "shr_u"}, {13, "rotl"}};
  for (uint8_t i = 0; i < 10; i++) {
    test_operation(is_64, (uint8_t)((is_64 ? 0x51 : 0x46) + i), compares[i]);
    test_operation(is_64, (uint8_t)((is_64 ? 0x7c : 0x6a) + others[i].code), others[i].name);
  }
}

/* Stores with an offset, of local 0 plus the constant's index, at local 1; loads with and without.
 */
static void test_offsets(void) {
  static const struct {
    uint8_t load, store, bytes;
  } accesses[] = {{0x31, 0x3c, 1}, {0x33, 0x3d, 2}, {0x35, 0x3e, 4}, {0x29, 0x37, 8}};
  static struct builder b;
  size_t section = begin_module(&b, true, "\0", 1);
  for (uint32_t i = 0; i < COUNT; i++) {
    for (int k = 0; k < 4; k++) {
      int64_t offset = constants[i];
      if (offset < 256 || offset > 65536)
        continue;
      for (int store = 1; store >= 0; store--) {
        PUT(&b, "\x20\1");
        if (store) {
          PUT(&b, "\x20\0\x42");
          put_signed(&b, i);
          PUT(&b, "\x7c");
        }
        put_byte(&b, store ? accesses[k].store : accesses[k].load);
        put_byte(&b, 0);
        put_unsigned(&b, (uint64_t)offset);
      }
      PUT(&b, "\x20\1");
      put_loaded(&b, false, i);
      put_byte(&b, 0x6a);
      put_byte(&b, accesses[k].load);
      PUT(&b, "\0\0\x52");
      put_verdict(&b, i);
      /* and it is what was stored */
      PUT(&b, "\x20\1");
      put_byte(&b, accesses[k].load);
      put_byte(&b, 0);
      put_unsigned(&b, (uint64_t)offset);
      PUT(&b, "\x20\0\x42");
      put_signed(&b, i);
      PUT(&b, "\x7c\x42");
      put_signed(&b, accesses[k].bytes == 8 ? -1 : (1ll << 8 * accesses[k].bytes) - 1);
      PUT(&b, "\x83\x52");
      put_verdict(&b, i);
    }
  }
  end_module(&b, section);
  check(run(&b, true) == -1, "accesses with offsets");
}

/* Locals far from the frame: each is set to its number by way of local 0, a call makes all go to
 * memory, and each is what it was. */
static void test_locals(uint8_t type) {
  static struct builder b;
  char locals[] = "\1\xac\2\x7f", title[64]; /* 300 */
  locals[3] = (char)type;
  size_t section = begin_module(&b, true, locals, 4);
  for (int check_them = 0; check_them < 2; check_them++) {
    for (uint32_t i = 0; i < LOCALS; i++) {
      PUT(&b, "\x20\0\x42");
      put_signed(&b, i);
      PUT(&b, "\x7c");
      if (type != 0x7e)
        PUT(&b, "\xa7"); /* i32.wrap_i64 */
      if (type == 0x7d)
        PUT(&b, "\xb2"); /* f32.convert_i32_s */
      if (type == 0x7c)
        PUT(&b, "\xb7");
      put_byte(&b, check_them ? 0x20 : 0x21);
      put_unsigned(&b, 2 + i);
      if (check_them) {
        put_byte(&b, type == 0x7f ? 0x47 : type == 0x7e ? 0x52 : type == 0x7d ? 0x5c : 0x62);
        put_verdict(&b, i);
      }
    }
    PUT(&b, "\x10\0");
  }
  end_module(&b, section);
  snprintf(title, sizeof title, "%d locals of type 0x%x", LOCALS, type);
  check(run(&b, true) == -1, title);
}

int main(void) {
  test_operations(false);
  test_operations(true);
  test_offsets();
  for (uint8_t type = 0x7c; type <= 0x7f; type++)
    test_locals(type);
  return finish();
}
