/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Broken modules: cut at every byte, mutated, with garbage for names, above every limit. What
 * counts beside the status is that the sanitizers find nothing. */
#include "engine/module.h"
#include "engine/types.h"
#include "tests/engine/support.h"

#include <stdlib.h>
#include <string.h>

static enum wasm_status load_once(const uint8_t *at, size_t length, struct wasm_error *error) {
  struct world world;
  world_open(&world, 0);
  struct bytes module = copy_bytes(at, length);
  enum wasm_status status = world_load(&world, module, true);
  *error = world.error;
  bool clean = world_close(&world);
  free(module.at);
  return clean ? status : (enum wasm_status) - 1;
}

/* Offsets of the sections of a small module, each length a single byte or padded. */
static size_t section_end(const uint8_t *at, size_t offset, size_t *content) {
  size_t length = 0, i = offset + 1;
  for (unsigned shift = 0;; shift += 7) {
    length |= (size_t)(at[i] & 0x7f) << shift;
    if (at[i++] < 0x80)
      break;
  }
  *content = i;
  return i + length;
}

static bool is_boundary(struct bytes module, size_t length) {
  size_t content;
  for (size_t at = 8; at <= module.length; at = section_end(module.at, at, &content)) {
    if (at == length)
      return true;
    if (at == module.length)
      break;
  }
  return false;
}

static void test_truncation(const char *name) {
  struct bytes module = read_module(name);
  struct wasm_error error;
  bool inside = true, between = true, offsets = true;
  for (size_t length = 0; length < module.length; length++) {
    enum wasm_status status = load_once(module.at, length, &error);
    if (is_boundary(module, length))
      between &= status == WASM_OK || status == WASM_MALFORMED;
    else
      inside &= status == WASM_MALFORMED && error.text[0] != 0;
    offsets &= error.offset <= length;
  }
  check(inside, "a module cut inside a section is malformed");
  check(between, "a module cut between sections is a module or malformed");
  check(offsets, "the offset of an error lies in the module");
  check(load_once(module.at, module.length, &error) == WASM_OK, "the whole module loads");
  free(module.at);
}

/* Cuts bytes off the end of one section, with its length made to fit. */
static void test_short_sections(const char *name) {
  struct bytes module = read_module(name);
  struct wasm_error error;
  bool refused = true;
  for (size_t at = 8, next, content; at < module.length; at = next) {
    next = section_end(module.at, at, &content);
    bool is_custom = module.at[at] == 0;
    for (size_t cut = 1; cut <= next - content && !is_custom; cut++) {
      uint8_t buffer[4096];
      size_t left = next - content - cut, out = at;
      memcpy(buffer, module.at, at);
      buffer[out++] = module.at[at];
      buffer[out++] = (uint8_t)(left | 0x80);
      buffer[out++] = (uint8_t)(left >> 7);
      memcpy(buffer + out, module.at + content, left);
      out += left;
      memcpy(buffer + out, module.at + next, module.length - next);
      enum wasm_status status = load_once(buffer, out + module.length - next, &error);
      refused &= status == WASM_MALFORMED || status == WASM_INVALID;
    }
  }
  check(refused, "a section that misses its last bytes is refused");
  free(module.at);
}

/* Loads mutations of a module and, where one is valid and runs nothing by itself, instantiates it.
 */
static void test_mutations(const char *name, unsigned rounds) {
  struct bytes original = read_module(name);
  uint64_t random = 0x9e3779b97f4a7c15ull;
  unsigned valid = 0;
  bool clean = true;
  for (unsigned round = 0; round < rounds; round++) {
    struct bytes module = copy_bytes(original.at, original.length);
    for (uint64_t count = next_random(&random) % 4 + 1; count > 0; count--)
      module.at[8 + next_random(&random) % (module.length - 8)] = (uint8_t)next_random(&random);
    struct world world;
    world_open(&world, 0);
    if (world_load(&world, module, true) == WASM_OK) {
      valid++;
      if (!world.module->has_start)
        world_instantiate(&world);
      for (uint32_t i = 0; i < world.module->func_count; i++)
        wasm_module_function_name(world.module, i);
    }
    clean &= world_close(&world);
    free(module.at);
  }
  check(clean, "stores with mutated modules leave nothing behind");
  check(valid > 0 && valid < rounds, "mutations made valid and invalid modules");
  free(original.at);
}

/* A module of one custom section "name" with the given content. */
static void check_name_section(const uint8_t *content, size_t length, const char *expected,
                               const char *test) {
  uint8_t buffer[256] = "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\5\1\1x\0\0\x0a\4\1\2\0\x0b\0";
  size_t head = 8 + 6 + 4 + 7 + 6 + 1;
  buffer[head] = (uint8_t)(5 + length);
  memcpy(buffer + head + 1, "\4name", 5);
  if (length > 0)
    memcpy(buffer + head + 6, content, length);
  struct bytes module = copy_bytes(buffer, head + 6 + length);
  struct world world;
  world_open(&world, 0);
  enum wasm_status status = world_load(&world, module, false);
  bool ok = status == WASM_OK &&
            names_equal(wasm_module_function_name(world.module, 0), expected) &&
            names_equal(wasm_module_function_name(world.module, 77), "");
  check(world_close(&world) && ok, test);
  free(module.at);
}

#define NAMES(text) (const uint8_t *)(text), sizeof(text) - 1

static void test_name_sections(void) {
  check_name_section(NAMES("\1\6\1\0\3foo"), "foo", "a function's name");
  check_name_section(NAMES("\0\2\1m\1\6\1\0\3foo"), "foo", "a function's name after the module's");
  check_name_section(NAMES(""), "x", "an empty name section: the export's name");
  check_name_section(NAMES("\1\6\1\0\3fo"), "x", "a cut subsection");
  check_name_section(NAMES("\1\6\1\0\x7f"
                           "foo"),
                     "x", "a name longer than its subsection");
  check_name_section(NAMES("\1\6\1\0\3\xff\xfe\xfd"), "x", "a name that is no UTF-8");
  check_name_section(NAMES("\1\6\xff\xff\xff\xff\x0f\1"), "x", "a count of four thousand millions");
  check_name_section(NAMES("\xff\xff\xff\xff\xff\xff"), "x", "a name section of ones");
  uint64_t random = 42;
  for (unsigned round = 0; round < 500; round++) {
    struct wasm_error error;
    uint8_t buffer[64] = "\0asm\1\0\0\0\0";
    buffer[9] = 53;
    memcpy(buffer + 10, "\4name", 5);
    for (size_t i = 15; i < 63; i++)
      buffer[i] = (uint8_t)(next_random(&random) % 9);
    if (load_once(buffer, 63, &error) != WASM_OK)
      check(false, "a name section of small numbers");
  }
}

/* ---- Headers, features and limits ---------------------------------------------------------- */

static void check_refused(const void *bytes, size_t length, enum wasm_status wanted,
                          const char *text) {
  struct wasm_error error;
  enum wasm_status status = load_once(bytes, length, &error);
  check(status == wanted && strstr(error.text, text) != NULL, text);
}

#define MODULE(text) "\0asm\1\0\0\0" text, sizeof(text) - 1 + 8

static void test_refusals(void) {
  check_refused("", 0, WASM_MALFORMED, "magic header not detected");
  check_refused("#!/bin/sh", 9, WASM_MALFORMED, "magic header not detected");
  check_refused("\0asm\2\0\0\0", 8, WASM_MALFORMED, "unknown binary version 2");
  check_refused("\0asm\x0d\0\1\0", 8, WASM_MALFORMED, "component");
  check_refused(MODULE("\x0e\0"), WASM_MALFORMED, "malformed section id 14");
  check_refused(MODULE("\3\1\0\1\1\0"), WASM_MALFORMED, "out of order");
  check_refused(MODULE("\1\4\1\x60\0\0\3\2\1\0"), WASM_MALFORMED, "inconsistent lengths: 1 and 0");
  check_refused(MODULE("\1\4\1\x60\0\0\3\2\1\1"), WASM_INVALID, "unknown type 1");
  check_refused(MODULE("\4\4\1\x7b\0\1"), WASM_MALFORMED, "malformed reference type 0x7b");
  check_refused(MODULE("\1\6\1\x60\1\x64\x70\0"), WASM_UNSUPPORTED, "typed references");
  check_refused(MODULE("\1\5\1\x60\1\x6e\0"), WASM_UNSUPPORTED, "garbage collection");
  check_refused(MODULE("\1\5\1\x60\1\x11\0"), WASM_MALFORMED, "malformed value type 0x11");
  check_refused(MODULE("\5\x09\1\4\x81\x80\x80\x80\x80\x80\x40"), WASM_INVALID,
                "memory size must be at most 281474976710656");
  check_refused(MODULE("\5\4\1\3\1\1"), WASM_MALFORMED, "shared memories are not supported");
  check_refused(MODULE("\5\5\1\0\x81\x80\4"), WASM_INVALID, "memory size must be at most 65536");
  check_refused(MODULE("\5\4\1\1\2\1"), WASM_INVALID, "minimum must not be greater");
  check_refused(MODULE("\x0d\3\1\0\0"), WASM_INVALID, "unknown type 0");
  check_refused(MODULE("\x0d\3\1\1\0"), WASM_MALFORMED, "malformed tag attribute 0x1");
  check_refused(MODULE("\1\5\1\x60\0\1\x7f\x0d\3\1\0\0"), WASM_INVALID,
                "non-empty tag result type");
  check_refused(MODULE("\6\x09\1\x7f\0\x41\1\x42\1\x6a\x0b"), WASM_INVALID, "type mismatch");
  check_refused(MODULE("\6\x07\1\x7f\0\x41\1\x6a\x0b"), WASM_INVALID, "type mismatch");
  check_refused(MODULE("\6\x08\1\x7f\0\x41\1\x41\1\x0b"), WASM_INVALID, "type mismatch");
  check_refused(MODULE("\6\5\1\x7f\0\1\x0b"), WASM_INVALID, "constant expression required");
  check_refused(MODULE("\6\6\1\x7f\0\x42\1\x0b"), WASM_INVALID, "type mismatch");
  check_refused(MODULE("\6\4\1\x7f\0\x0b"), WASM_INVALID, "type mismatch");
  check_refused(MODULE("\6\x16\1\x7b\0\xfd\x0e"
                       "0123456789abcdef"
                       "\x0b"),
                WASM_INVALID, "constant expression required");
  check_refused(MODULE("\6\x0e\1\x7b\0\xfd\x0c"
                       "01234567"
                       "\x0b"),
                WASM_MALFORMED, "unexpected end");
  check_refused(MODULE("\6\6\1\x7f\0\x23\0\x0b"), WASM_INVALID, "unknown global 0");
  check_refused(MODULE("\5\3\1\0\1\7\x0d\2\3mem\2\0\3mem\2\0"), WASM_INVALID,
                "duplicate export name \"mem\"");
}

/* A type section with one type of `count` parameters. */
static void test_parameter_limit(uint32_t count, enum wasm_status wanted, const char *test) {
  uint8_t buffer[1100] = "\0asm\1\0\0\0\1\0\0\1\x60";
  uint32_t section = count + 5; /* count, form, 2 bytes of parameter count, result count */
  buffer[9] = (uint8_t)(section | 0x80);
  buffer[10] = (uint8_t)(section >> 7);
  buffer[13] = (uint8_t)(count | 0x80);
  buffer[14] = (uint8_t)(count >> 7);
  memset(buffer + 15, WASM_I32, count);
  buffer[15 + count] = 0;
  struct wasm_error error;
  check(load_once(buffer, 16 + count, &error) == wanted, test);
}

int main(void) {
  test_refusals();
  test_parameter_limit(WASM_LIMIT_PARAMS, WASM_OK, "as many parameters as the limit allows");
  test_parameter_limit(WASM_LIMIT_PARAMS + 1, WASM_UNSUPPORTED, "one parameter more");
  test_name_sections();
  test_truncation("everything");
  test_truncation("chain");
  test_truncation("memories");
  test_truncation("vector");
  test_short_sections("everything");
  test_short_sections("chain");
  test_mutations("everything", 6000);
  test_mutations("chain", 3000);
  test_mutations("memories", 3000);
  test_mutations("vector", 6000);
  return finish();
}
