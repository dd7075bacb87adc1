/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copying and patching stencils, and the side tables that go with them. */
#include "engine/compiler.h"

#include "stencils.inc" /* made by tools/stencils */
#include <string.h>

_Static_assert(WASM_TRAP_NONE == ABI_IMAGE_MARK_CALL && WASM_TRAP_COUNT <= 256, "marks' kinds");
_Static_assert(ABI_IMAGE_MARK_MAX >= sizeof(uint32_t), "a short mark is written as a word");
_Static_assert(STENCIL_LONGEST + 16 < TARGET_STENCIL_MAX, "emit's room is too small");

/* The text ran out of its committed part. After a failure the text is of no use any more, but what
 * is still emitted until the error is seen needs a place: its beginning. */
__attribute__((noinline, cold)) static void grow_text(struct compiler *c, size_t size) {
  size_t used = (size_t)(c->at - c->text.base);
  if (!compiler_window_grow(c, &c->text, used + size + TARGET_STENCIL_MAX))
    c->at = c->text.base;
  c->text_limit = c->text.base + c->text.committed - TARGET_STENCIL_MAX;
}

bool emit_reserve(struct compiler *c, size_t size) {
  if ((size_t)(c->text_limit - c->at) < size || c->at > c->text_limit)
    grow_text(c, size);
  return compiler_ok(c);
}

static void patch(struct compiler *c, uint8_t *field, uint8_t kind) {
  target_patch(field, STENCIL_HOLE_FORM(kind), c->hole[STENCIL_HOLE_VALUE(kind)]);
}

/* A jump whose target is not known yet becomes the newest link of its chain. */
static void chain_jump(struct compiler *c, uint8_t *field, uint8_t kind) {
  uint32_t *chain = c->chain[STENCIL_HOLE_VALUE(kind) - STENCIL_HOLE_TARGET];
  target_put_link(field, *chain);
  *chain = (uint32_t)(field - c->text.base);
}

/* Copies whole words: past the end there is room in the text and padding in the table. */
static void copy_code(uint8_t *to, const uint8_t *from, uint32_t length) {
  for (uint32_t i = 0; i < length; i += 16)
    memcpy(to + i, from + i, 16);
}

/* Register numbers are XORed into a template, which has number 0 everywhere. */
static const uint8_t *patch_fields(uint8_t *at, const uint8_t *fields, uint32_t count,
                                   uint8_t number) {
  for (uint32_t i = 0; i < count; i++, fields += 2) {
    uint32_t word;
    memcpy(&word, at + fields[0], sizeof word);
    word ^= (uint32_t)number << fields[1];
    memcpy(at + fields[0], &word, sizeof word);
  }
  return fields;
}

/* The general form of a stencil. */
static void emit_record(struct compiler *c, uint8_t shape, uint32_t form, uint32_t a, uint32_t b) {
  uint32_t index = form & ~STENCIL_FLAGS;
  if (form & STENCIL_EXPLICIT)
    index += stencil_member(shape, a, b);
  const uint8_t *record = stencil_records + stencil_offsets[index];
  uint32_t length = record[0], holes = record[1], fields_a = record[2], fields_b = record[3];
  const uint8_t *list = record + 4, *field = list + 2 * holes;
  uint8_t *at = c->at;
  copy_code(at, field + 2 * (fields_a + fields_b), length);
  field = patch_fields(at, field, fields_a, stencil_number(shape, 0, a));
  patch_fields(at, field, fields_b, stencil_number(shape, 1, b));
  for (uint32_t i = 0; i < holes; i++, list += 2) {
    if (STENCIL_HOLE_VALUE(list[1]) < STENCIL_HOLE_TARGET)
      patch(c, at + list[0], list[1]);
    else
      chain_jump(c, at + list[0], list[1]);
  }
  c->at = at + length;
}

/* a and b are the registers' numbers. Little here depends on the template's form. */
static inline __attribute__((always_inline)) void
emit_template(struct compiler *c, const struct stencil_template *template, uint8_t a, uint8_t b) {
  uint8_t *at = c->at;
  uint64_t code[2];
  memcpy(code, template->code, sizeof code);
  code[0] ^= template->a * a ^ template->b * b;
  memcpy(at, code, sizeof code);
  TARGET_PATCH_TEMPLATE(at, template, c->hole);
  if (template->jump_at)
    chain_jump(c, at + template->jump_at, template->jump);
  c->at = at + template->length;
}

/* What is no template, or one of several. */
__attribute__((noinline)) static void emit_other(struct compiler *c, uint8_t shape, uint32_t form,
                                                 uint32_t a, uint32_t b) {
  if (form & STENCIL_ORDERED)
    form = stencil_ordered[(form & ~STENCIL_FLAGS) + (a > b ? 1 : a == b ? 2 : 0)];
  if (form & STENCIL_RECORD)
    emit_record(c, shape, form, a, b);
  else
    emit_template(c, &stencil_templates[form], stencil_number(shape, 0, a),
                  stencil_number(shape, 1, b));
}

__attribute__((noinline, cold)) static void emit_after_growth(struct compiler *c, size_t family,
                                                              size_t a, size_t b) {
  grow_text(c, 0);
  emit_stencil(c, family, a, b);
}

/* Nearly always a template. What is uncommon is called last, so that nothing has to be saved. */
void emit_stencil(struct compiler *c, size_t family, size_t a, size_t b) {
  if (__builtin_expect(c->at > c->text_limit, 0)) {
    emit_after_growth(c, family, a, b);
    return;
  }
  const struct stencil_family *of = &stencil_families[family];
  const struct stencil_operands *operands = &stencil_operands[of->shape];
  size_t group = (size_t)of->first + operands->group_a[a] + operands->group_b[b];
  size_t form = stencil_forms[2 * group + TARGET_FITS(of->small, c->hole)];
  if (__builtin_expect(form & STENCIL_RECORD, 0))
    emit_other(c, of->shape, (uint32_t)form, (uint32_t)a, (uint32_t)b);
  else
    emit_template(c, &stencil_templates[form], operands->number_a[a], operands->number_b[b]);
}

uint32_t emit_length(uint32_t family) {
  uint32_t form = stencil_forms[2 * stencil_families[family].first];
  return form & STENCIL_RECORD ? stencil_records[stencil_offsets[form & ~STENCIL_FLAGS]]
                               : stencil_templates[form].length;
}

void emit_resolve(struct compiler *c, uint32_t chain, uint32_t to) {
  while (chain != 0 && compiler_ok(c)) {
    uint8_t *field = c->text.base + chain;
    chain = target_get_link(field);
    target_patch_jump(field, c->text.base + to);
  }
}

void emit_trap_target(struct compiler *c, uint32_t hole, enum wasm_trap_kind kind) {
  if (!compiler_window_grow(c, &c->site_window, (c->site_count + 1) * sizeof *c->sites))
    c->site_count = 0;
  struct trap_site *site = &c->sites[c->site_count++];
  *site = (struct trap_site){0, kind, (uint32_t)(c->opcode - c->module->bytes)};
  c->chain[hole - STENCIL_HOLE_TARGET] = &site->chain;
}

/* How many of the newest constants a new one is compared with: many are used again at once. */
#define RECENT_DATAS 8

void emit_data_target(struct compiler *c, uint32_t hole, const uint8_t bytes[16]) {
  struct data_site *data = c->datas + c->data_count;
  for (uint32_t i = 0; i < RECENT_DATAS && data > c->datas; i++)
    if (memcmp((--data)->bytes, bytes, sizeof data->bytes) == 0) {
      c->chain[hole - STENCIL_HOLE_TARGET] = &data->chain;
      return;
    }
  if (!compiler_window_grow(c, &c->data_window, (c->data_count + 1) * sizeof *c->datas))
    c->data_count = 0;
  data = &c->datas[c->data_count++];
  data->chain = 0;
  memcpy(data->bytes, bytes, sizeof data->bytes);
  c->chain[hole - STENCIL_HOLE_TARGET] = &data->chain;
}

static uint8_t *put_unsigned(uint8_t *at, uint32_t value) {
  for (; value >= 0x80; value >>= 7)
    *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

static uint8_t *put_signed(uint8_t *at, int32_t value) {
  for (; value < -64 || value > 63; value >>= 7)
    *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)(value & 0x7f);
  return at;
}

/* A mark with longer numbers, or the first one behind the committed part. */
__attribute__((noinline)) static void put_long_mark(struct compiler *c, uint32_t kind,
                                                    uint32_t text_step, uint32_t code_step) {
  if (!compiler_window_grow(c, &c->marks, c->mark_bytes + ABI_IMAGE_MARK_MAX))
    return;
  uint8_t *at = c->marks.base + c->mark_bytes;
  *at++ = (uint8_t)kind;
  at = put_signed(put_unsigned(at, text_step), (int32_t)code_step);
  c->mark_bytes = (uint32_t)(at - c->marks.base);
}

/* The text at `offset` belongs to the instruction at hand (abi/image.h). Most marks have three
 * bytes: written as one word. */
static inline void put_mark(struct compiler *c, uint32_t kind, uint32_t offset) {
  uint32_t code = (uint32_t)(c->opcode - c->module->bytes);
  uint32_t text_step = offset - c->mark_text, code_step = code - c->mark_code;
  c->mark_text = offset;
  c->mark_code = code;
  bool has_room = c->mark_bytes + ABI_IMAGE_MARK_MAX <= c->marks.committed;
  if (__builtin_expect(!has_room || text_step >= 0x80 || code_step >= 0x40, 0)) {
    put_long_mark(c, kind, text_step, code_step);
    return;
  }
  uint32_t word = kind | text_step << 8 | code_step << 16;
  memcpy(c->marks.base + c->mark_bytes, &word, sizeof word);
  c->mark_bytes += 3;
}

void emit_fault(struct compiler *c, enum wasm_trap_kind kind) {
  put_mark(c, kind, emit_offset(c));
}

void emit_access(struct compiler *c, uint32_t family, uint32_t a, uint32_t b) {
  if (!TARGET_ACCESS_FROM_END)
    put_mark(c, WASM_TRAP_MEMORY_OUT_OF_BOUNDS, emit_offset(c) + stencil_families[family].access);
  emit_stencil(c, family, a, b);
  if (TARGET_ACCESS_FROM_END)
    put_mark(c, WASM_TRAP_MEMORY_OUT_OF_BOUNDS, emit_offset(c) - stencil_families[family].access);
}

void emit_call_site(struct compiler *c, uint32_t tail) {
  put_mark(c, ABI_IMAGE_MARK_CALL, emit_offset(c) - tail);
}

void emit_handler(struct compiler *c, const struct abi_image_handler *handler) {
  size_t size = (c->handler_count + 1) * sizeof *handler;
  if (c->handlers.base == NULL && !compiler_window_reserve(c, &c->handlers, c->marks.reserved))
    return;
  if (c->handlers.committed < size && !compiler_window_grow(c, &c->handlers, size))
    return;
  ((struct abi_image_handler *)c->handlers.base)[c->handler_count++] = *handler;
}

/* ---- Moves --------------------------------------------------------------------------------- */

static uint32_t pool_number(uint32_t reg) {
  return reg % FLOAT_BASE;
}

void emit_load(struct compiler *c, uint8_t type, uint32_t reg, int32_t offset) {
  c->hole[STENCIL_HOLE_A] = offset;
  emit_stencil(c, family_of_type(ST_slot_get32, type), pool_number(reg), 0);
}

void emit_store(struct compiler *c, uint8_t type, uint32_t reg, int32_t offset) {
  c->hole[STENCIL_HOLE_A] = offset;
  emit_stencil(c, family_of_type(ST_slot_set32, type), pool_number(reg), 0);
}

void emit_move(struct compiler *c, uint8_t type, uint32_t to, uint32_t from) {
  uint32_t family = type == WASM_V128     ? ST_movev
                    : is_float_type(type) ? ST_movef
                    : is_wide_type(type)  ? ST_move64
                                          : ST_move32;
  if (to != from)
    emit_stencil(c, family, pool_number(to), pool_number(from));
}

/* The bits of a v128 are the address of its bytes. */
static void emit_vector(struct compiler *c, uint32_t family, uint32_t reg, uint64_t bits) {
  emit_data_target(c, STENCIL_HOLE_DATA_A, (const uint8_t *)(uintptr_t)bits);
  emit_stencil(c, family, reg, 0);
}

/* 32-bit moves zero the upper half, so they do for every constant that has none. */
void emit_const(struct compiler *c, uint8_t type, uint32_t reg, uint64_t bits) {
  c->hole[STENCIL_HOLE_IMM32] = (int64_t)bits;
  bool is_float = is_float_type(type), is_zero = bits == 0;
  if (type == WASM_F32 && TARGET_F32_UPPER != 0)
    is_zero = false;
  if (is_zero)
    emit_stencil(c, is_float ? ST_constf_zero : ST_const_zero, pool_number(reg), 0);
  else if (type == WASM_V128)
    emit_vector(c, ST_constv, pool_number(reg), bits);
  else if (is_float)
    emit_stencil(c, type == WASM_F32 ? ST_constf32 : ST_constf64, pool_number(reg), 0);
  else
    emit_stencil(c, bits <= UINT32_MAX ? ST_const32 : ST_const64, pool_number(reg), 0);
}

void emit_store_const(struct compiler *c, uint8_t type, uint64_t bits, int32_t offset) {
  c->hole[STENCIL_HOLE_A] = offset;
  c->hole[STENCIL_HOLE_IMM32] = (int64_t)bits;
  if (type == WASM_V128 && bits != 0)
    emit_vector(c, ST_slot_constv, 0, bits);
  else
    emit_stencil(c,
                 type == WASM_V128     ? ST_slot_zero2
                 : !is_wide_type(type) ? ST_slot_const32
                 : fits_i32(bits)      ? ST_slot_const64
                                       : ST_slot_constw,
                 0, 0);
}

void emit_copy(struct compiler *c, uint8_t type, int32_t to, int32_t from) {
  if (to == from)
    return;
  c->hole[STENCIL_HOLE_A] = to;
  c->hole[STENCIL_HOLE_B] = from;
  emit_stencil(c, type == WASM_V128 ? ST_slot_copyv : ST_slot_copy, 0, 0);
}
