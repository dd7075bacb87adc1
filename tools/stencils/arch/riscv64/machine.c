/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the extraction tool knows of riscv64: relocations, and where registers stand in
 * instructions. */
#include "tools/stencils/extract.h"

#include <elf.h>

const uint16_t machine_elf = EM_RISCV;
const bool machine_folds = true;

/* rd, rs1, rs2, rs3 */
const struct machine_fields machine_fields = {4, 4, {7, 15, 20, 27}};

#define NOP 0x00000013u

static uint32_t word_at(const struct variant *variant, uint32_t at) {
  uint32_t word;
  memcpy(&word, variant->code + at, sizeof word);
  return word;
}

/* ---- Relocations --------------------------------------------------------------------------- */

static uint8_t form_of(const struct variant *variant, uint32_t type, const char *symbol) {
  switch (type) {
  case R_RISCV_CALL:
  case R_RISCV_CALL_PLT:
  case R_RISCV_PCREL_HI20:
    return ENCODING_FORM_JUMP;
  case R_RISCV_HI20:
    return ENCODING_FORM_HIGH;
  case R_RISCV_LO12_I:
    return ENCODING_FORM_LOW;
  case R_RISCV_LO12_S:
    return ENCODING_FORM_LOW_STORE;
  default:
    die("%s: relocation type %u for %s", variant->name, type, symbol);
  }
}

/* The second instruction of an address, whose hole begins at the first one. */
static void check_address(const struct variant *variant, uint32_t at) {
  const struct hole *last = &variant->holes[variant->hole_count - 1];
  if (variant->hole_count == 0 || last->at + 4u != at ||
      STENCIL_HOLE_VALUE(last->kind) < STENCIL_HOLE_DATA_A)
    die("%s: the lower part of an address is not behind the upper one", variant->name);
}

bool machine_read_relocation(struct variant *variant, uint32_t at, uint32_t type, int64_t addend,
                             const char *symbol) {
  if (type == R_RISCV_PCREL_LO12_I) {
    check_address(variant, at);
    return false;
  }
  uint8_t form = form_of(variant, type, symbol);
  if (addend != 0)
    die("%s: unexpected addend %lld to %s", variant->name, (long long)addend, symbol);
  if (form == ENCODING_FORM_JUMP && strcmp(symbol, "next") == 0)
    return true;
  bool is_upper = strcmp(symbol, "imm_upper") == 0;
  uint8_t kind = hole_of_symbol(variant, is_upper ? "imm" : symbol);
  if ((form == ENCODING_FORM_JUMP) != (kind >= STENCIL_HOLE_TARGET) ||
      (is_upper && form == ENCODING_FORM_LOW_STORE))
    die("%s: relocation type %u for %s", variant->name, type, symbol);
  if (is_upper)
    form = (uint8_t)(form + ENCODING_FORM_UPPER_HIGH - ENCODING_FORM_HIGH);
  add_hole(variant, at, (uint8_t)(kind | form << 4));
  return false;
}

/* A jump is two instructions. One that stays is near: jal does it. */
void machine_resolve_next(struct variant *variant, const uint32_t *jumps, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (jumps[i] == variant->length - 8)
      variant->length -= 8;
  for (uint32_t i = 0; i < count; i++) {
    if (jumps[i] >= variant->length)
      continue;
    uint32_t distance = variant->length - jumps[i];
    uint32_t jal = 0x6fu | (distance >> 12 & 0xff) << 12 | (distance >> 11 & 1) << 20 |
                   (distance >> 1 & 0x3ff) << 21;
    uint32_t nop = NOP;
    memcpy(variant->code + jumps[i], &jal, 4);
    memcpy(variant->code + jumps[i] + 4, &nop, 4);
  }
}

/* All constants are symbols. */
void machine_find_literals(struct variant *variant) {
  (void)variant;
}

/* ---- Checks -------------------------------------------------------------------------------- */

/* A stencil that saves registers has run out of them: more scratch than the scheme allows. Those
 * that call helpers save the return address; the frame's own stencils are written that way. */
void machine_check(const struct variant *variant) {
  static const char *const exempt[] = {"memory_", "table_", "data_", "elem_", "prologue"};
  for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
    if (strncmp(variant->family, exempt[i], strlen(exempt[i])) == 0)
      return;
  for (uint32_t at = 0; at < variant->length; at += 4) {
    uint32_t word = word_at(variant, at);
    if ((word & 0x800fffff) == 0x80010113) /* addi sp, sp, negative */
      die("%s: saves a register", variant->name);
    if ((word & 3) != 3)
      die("%s: has compressed instructions", variant->name);
  }
}

/* Stencils of vectors that access more than linear memory, or its two halves, of which the lower
 * one cannot fault behind the upper one: the first access is it. */
static bool has_more_accesses(const struct variant *variant) {
  static const char *const names[] = {"loadv", "storev", "load8x8_", "load16x4_", "load32x2_"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strncmp(variant->family, names[i], strlen(names[i])) == 0)
      return true;
  return false;
}

/* LOAD, LOAD-FP, STORE, STORE-FP */
uint32_t machine_find_access(const struct variant *variant) {
  uint32_t found = 0, place = 0;
  for (uint32_t at = 0; at < variant->length; at += 4)
    if ((word_at(variant, at) & 0x5b) == 0x03 && found++ == 0)
      place = at;
  if (found != 1 && !(found > 1 && has_more_accesses(variant)))
    die("%s: accesses memory in %u places", variant->name, found);
  return variant->length - place;
}

/* I-type but shifts, and S-type instructions, whose constants have 12 bits with a sign. */
bool machine_find_small(uint32_t instruction, int32_t constant, bool is_signed,
                        struct small_operand *operand) {
  uint32_t opcode = instruction & 0x7f, function = instruction >> 12 & 7;
  bool is_load = opcode == 0x03 || opcode == 0x07, is_store = opcode == 0x23 || opcode == 0x27;
  bool is_arithmetic = opcode == 0x13 || opcode == 0x1b;
  if (is_store) {
    int32_t upper = (int32_t)(instruction & 0xfe000000) >> 20;
    *operand = (struct small_operand){ENCODING_FORM_LOW_STORE, instruction & 0x01fff07f};
    return is_signed && (upper | (int32_t)(instruction >> 7 & 31)) == constant;
  }
  *operand = (struct small_operand){is_signed ? ENCODING_FORM_LOW : ENCODING_FORM_LOW_POSITIVE,
                                    instruction & 0x000fffff};
  return (is_load || (is_arithmetic && (function & 3) != 1)) &&
         (int32_t)instruction >> 20 == constant;
}

/* All instructions have one size. */
bool machine_shorten(const struct variant *variant, const struct variant *proof,
                     struct variant *result) {
  (void)variant, (void)proof, (void)result;
  return false;
}

/* A template has one constant, in up to two instructions, and one jump. */
bool machine_put_hole(const struct variant *variant, struct hole hole,
                      struct stencil_template *template) {
  (void)variant;
  if (STENCIL_HOLE_VALUE(hole.kind) >= STENCIL_HOLE_TARGET) {
    if (template->jump_at != 0 || hole.at == 0)
      return false;
    template->jump_at = hole.at;
    template->jump = hole.kind;
  } else if (template->hole_at == STENCIL_TEMPLATE_CODE) {
    template->hole_at = hole.at;
    template->hole = hole.kind;
  } else if (template->hole2_at == STENCIL_TEMPLATE_CODE) {
    template->hole2_at = hole.at;
    template->hole2 = hole.kind;
  } else {
    return false;
  }
  return true;
}
