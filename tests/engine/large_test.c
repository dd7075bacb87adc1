/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Modules at and beyond the engine's limits (engine/limits.def): right, or refused by the limit's
 * name. Each module is written here, byte for byte. */
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A module being written. Counts and sizes are LEB128 of five bytes, so that they can be filled in
 * when what they count is known. */
struct writer {
  uint8_t *at;
  size_t length, capacity;
};

static void put(struct writer *w, uint8_t byte) {
  if (w->length == w->capacity) {
    w->capacity = w->capacity ? w->capacity * 2 : 4096;
    w->at = realloc(w->at, w->capacity);
    if (!w->at)
      abort();
  }
  w->at[w->length++] = byte;
}

static void put_all(struct writer *w, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    put(w, (uint8_t)bytes[i]);
}
#define PUT(w, literal) put_all(w, literal, sizeof(literal) - 1)

static void set_u32(struct writer *w, size_t at, uint32_t value) {
  for (int i = 0; i < 5; i++)
    w->at[at + (size_t)i] = (uint8_t)((value >> 7 * i & 0x7f) | (i < 4 ? 0x80 : 0));
}

static void put_u32(struct writer *w, uint32_t value) {
  PUT(w, "\0\0\0\0\0");
  set_u32(w, w->length - 5, value);
}

/* Leaves room for a size; `end` fills it in with what came behind. */
static size_t begin(struct writer *w) {
  put_u32(w, 0);
  return w->length;
}

static void end(struct writer *w, size_t start) {
  set_u32(w, start - 5, (uint32_t)(w->length - start));
}

static size_t begin_section(struct writer *w, uint8_t id) {
  put(w, id);
  return begin(w);
}

#define MANY_RESULTS 1000u

/* The header and two types: 0: () -> i32, 1: () -> as many i32 as a type may have. */
static struct writer begin_module(void) {
  struct writer w = {0};
  PUT(&w, "\0asm\1\0\0\0");
  size_t section = begin_section(&w, 1);
  PUT(&w, "\x02\x60\x00\x01\x7f\x60\x00");
  put_u32(&w, MANY_RESULTS);
  for (uint32_t i = 0; i < MANY_RESULTS; i++)
    put(&w, WASM_I32);
  end(&w, section);
  return w;
}

/* `count` functions of type 0, the last one exported as "f", and a memory. */
static void put_functions(struct writer *w, uint32_t count, uint32_t pages) {
  size_t section = begin_section(w, 3);
  put_u32(w, count);
  for (uint32_t i = 0; i < count; i++)
    put(w, 0);
  end(w, section);
  section = begin_section(w, 5);
  PUT(w, "\x01\x00");
  put_u32(w, pages);
  end(w, section);
  section = begin_section(w, 7);
  PUT(w, "\x01\x01"
         "f"
         "\x00");
  put_u32(w, count - 1);
  end(w, section);
}

/* A module with one function; the caller writes its locals and code before end_single. */
struct single {
  struct writer w;
  size_t section, body;
};

static struct single begin_single(uint32_t pages) {
  struct single s = {.w = begin_module()};
  put_functions(&s.w, 1, pages);
  s.section = begin_section(&s.w, 10);
  put(&s.w, 1);
  s.body = begin(&s.w);
  return s;
}

static struct bytes end_single(struct single *s) {
  put(&s->w, 0x0b);
  end(&s->w, s->body);
  end(&s->w, s->section);
  return (struct bytes){s->w.at, s->w.length};
}

/* ---- Checking ---- */

/* Loads and calls "f"; frees the module. */
static void gives(struct bytes module, uint32_t wanted, const char *name) {
  struct world world;
  union wasm_value result = {0};
  bool ok = world_open(&world, 0);
  enum wasm_status status = ok ? world_load(&world, module, true) : WASM_NO_MEMORY;
  if (status == WASM_OK)
    status = world_instantiate(&world);
  if (status == WASM_OK)
    status = world_call(&world, "f", NULL, &result);
  if (status != WASM_OK)
    printf("# status %d: %s\n", status, world.error.text);
  else if (result.i32 != wanted)
    printf("# %u instead of %u\n", result.i32, wanted);
  ok = status == WASM_OK && result.i32 == wanted;
  check(world_close(&world) && ok, name);
  free(module.at);
}

/* Wants UNSUPPORTED, or what `status` says, with a text that holds `word`. */
static void refused(struct bytes module, enum wasm_status status, const char *word,
                    const char *name) {
  struct world world;
  bool ok = world_open(&world, 0);
  enum wasm_status got = world_load(&world, module, true);
  ok = ok && got == status && strstr(world.error.text, word);
  if (!ok)
    printf("# status %d: %s\n", got, world.error.text);
  check(world_close(&world) && ok, name);
  free(module.at);
}

/* ---- The modules ---- */

/* Each function adds one to what the one before gives. */
static struct bytes chain_of_functions(uint32_t count) {
  struct writer w = begin_module();
  put_functions(&w, count, 1);
  size_t section = begin_section(&w, 10);
  put_u32(&w, count);
  for (uint32_t i = 0; i < count; i++) {
    size_t body = begin(&w);
    put(&w, 0);
    PUT(&w, "\x41\x01"); /* i32.const 1 */
    if (i) {
      put(&w, 0x10); /* call */
      put_u32(&w, i - 1);
      put(&w, 0x6a);
    }
    put(&w, 0x0b);
    end(&w, body);
  }
  end(&w, section);
  return (struct bytes){w.at, w.length};
}

/* Sets every local to its number and adds them all up. */
static struct bytes many_locals(uint32_t count) {
  struct single s = begin_single(1);
  put(&s.w, 1);
  put_u32(&s.w, count);
  put(&s.w, WASM_I32);
  for (uint32_t i = 0; i < count; i++) {
    put(&s.w, 0x41), put_u32(&s.w, i & 0xfffffff);
    put(&s.w, 0x21), put_u32(&s.w, i);
  }
  PUT(&s.w, "\x41\x00");
  for (uint32_t i = 0; i < count; i++) {
    put(&s.w, 0x20), put_u32(&s.w, i);
    put(&s.w, 0x6a);
  }
  return end_single(&s);
}

/* Blocks in blocks, each with a branch out of all of them that is not taken. */
static struct bytes nested_blocks(uint32_t depth) {
  struct single s = begin_single(1);
  put(&s.w, 0);
  for (uint32_t i = 0; i < depth; i++)
    PUT(&s.w, "\x02\x40");
  for (uint32_t i = 0; i < depth; i++) {
    PUT(&s.w, "\x41\x00\x0d");
    put_u32(&s.w, depth - 1 - i);
    put(&s.w, 0x0b);
  }
  PUT(&s.w, "\x41\x2a");
  return end_single(&s);
}

/* A br_table over `count` entries in eight blocks; taken with an index in the middle. */
static struct bytes giant_table(uint32_t count) {
  struct single s = begin_single(1);
  put(&s.w, 0);
  for (int i = 0; i < 8; i++)
    PUT(&s.w, "\x02\x40");
  put(&s.w, 0x41), put_u32(&s.w, count / 2);
  put(&s.w, 0x0e), put_u32(&s.w, count);
  for (uint32_t i = 0; i < count; i++)
    put(&s.w, i % 8);
  put(&s.w, 0);
  for (int i = 0; i < 8; i++) {
    put(&s.w, 0x0b);
    put(&s.w, 0x41), put(&s.w, (uint8_t)(10 + i)), put(&s.w, 0x0f); /* return 10 + block */
  }
  PUT(&s.w, "\x00");
  return end_single(&s);
}

/* `count` operands on the stack before the first is used. */
static struct bytes deep_operands(uint32_t count) {
  struct single s = begin_single(1);
  put(&s.w, 0);
  for (uint32_t i = 0; i < count; i++)
    PUT(&s.w, "\x41\x01");
  for (uint32_t i = 1; i < count; i++)
    put(&s.w, 0x6a);
  return end_single(&s);
}

/* Many branches in few bytes that each move all results of their block. */
static struct bytes wide_branches(uint32_t branches) {
  struct single s = begin_single(1);
  put(&s.w, 0);
  PUT(&s.w, "\x02\x01");
  for (uint32_t i = 0; i < MANY_RESULTS; i++)
    PUT(&s.w, "\x41\x01");
  for (uint32_t i = 0; i < branches; i++)
    PUT(&s.w, "\x41\x00\x0d\x00");
  put(&s.w, 0x0b);
  for (uint32_t i = 1; i < MANY_RESULTS; i++)
    put(&s.w, 0x6a);
  return end_single(&s);
}

/* Reads of all locals wait below `constants` ones while all locals are set: the reads' values are
 * the old ones, 0. The sum of what is left on the stack. */
static struct bytes reads_far_below(uint32_t locals, uint32_t constants) {
  struct single s = begin_single(1);
  put(&s.w, 1);
  put_u32(&s.w, locals);
  put(&s.w, WASM_I32);
  for (uint32_t i = 0; i < locals; i++)
    put(&s.w, 0x20), put_u32(&s.w, i);
  for (uint32_t i = 0; i < constants; i++)
    PUT(&s.w, "\x41\x01");
  for (uint32_t i = 0; i < locals; i++)
    put(&s.w, 0x21), put_u32(&s.w, i);
  for (uint32_t i = 1; i < constants; i++)
    put(&s.w, 0x6a);
  return end_single(&s);
}

/* A body of exactly `size` bytes: a constant and nops. */
static struct bytes long_body(uint32_t size) {
  struct single s = begin_single(1);
  put(&s.w, 0);
  for (uint32_t i = 0; i < size - 4; i++)
    put(&s.w, 0x01);
  PUT(&s.w, "\x41\x07");
  return end_single(&s);
}

/* Stores at the last byte of a memory of 65,536 pages and loads it again. */
static struct bytes four_gigabytes(void) {
  struct single s = begin_single(65536);
  put(&s.w, 0);
  PUT(&s.w, "\x41\x7f\x41\x2a\x3a\x00\x00"); /* i32.store8 at -1 */
  PUT(&s.w, "\x41\x7f\x2d\x00\x00");
  return end_single(&s);
}

/* Grows a memory of no pages by one until that fails; gives the size. */
static struct bytes growing_memory(void) {
  struct single s = begin_single(0);
  put(&s.w, 0);
  PUT(&s.w, "\x03\x40\x41\x01\x40\x00\x41\x7f\x47\x0d\x00\x0b\x3f\x00");
  return end_single(&s);
}

/* A type with as many parameters and results; a function of it gives its first parameter. */
static struct bytes many_parameters(uint32_t count) {
  struct writer w = {0};
  PUT(&w, "\0asm\1\0\0\0");
  size_t section = begin_section(&w, 1);
  PUT(&w, "\x01\x60");
  put_u32(&w, count);
  for (uint32_t i = 0; i < count; i++)
    put(&w, WASM_I64);
  put_u32(&w, 0);
  end(&w, section);
  return (struct bytes){w.at, w.length};
}

int main(void) {
  gives(chain_of_functions(10000), 10000, "10,000 functions, each calling the one before");
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 50000; i++)
    sum += i;
  gives(many_locals(50000), sum, "50,000 locals, all used");
  refused(many_locals(50001), WASM_UNSUPPORTED, "locals", "50,001 locals are refused by name");
  gives(nested_blocks(10000), 42, "10,000 blocks within each other");
  refused(nested_blocks(100001), WASM_UNSUPPORTED, "blocks within blocks",
          "100,001 blocks within each other are refused by name");
  gives(giant_table(65520), 10 + 65520 / 2 % 8, "br_table with 65,520 labels");
  gives(giant_table(1000000), 10 + 1000000 / 2 % 8, "br_table with 1,000,000 labels");
  gives(deep_operands(1000000), 1000000, "1,000,000 operands at once");
  refused(deep_operands(1000001), WASM_UNSUPPORTED, "operands",
          "1,000,001 operands are refused by name");
  gives(wide_branches(200), MANY_RESULTS, "200 branches with 1,000 values each");
  gives(reads_far_below(20000, 60000), 40000, "20,000 locals set while their old values wait");
  gives(long_body(7654321), 7, "a body of 7,654,321 bytes");
  refused(long_body(7654322), WASM_UNSUPPORTED, "bytes in a function body",
          "a body of one byte more is refused by name");
  refused(many_parameters(1001), WASM_UNSUPPORTED, "parameters",
          "1,001 parameters are refused by name");
  gives(four_gigabytes(), 42, "a memory of 4 GiB, to its last byte");
  gives(growing_memory(), 65536, "65,536 pages, one at a time");
  return finish();
}
