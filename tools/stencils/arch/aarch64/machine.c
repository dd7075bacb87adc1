/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the extraction tool knows of aarch64: relocations, and where constants and registers stand
 * in instructions. */
#include "tools/stencils/extract.h"

#include <elf.h>

const uint16_t machine_elf = EM_AARCH64;
const bool machine_folds = true;

/* Rd, Rn, Rm, Ra */
const struct machine_fields machine_fields = {4, 4, {0, 5, 16, 10}};

static uint32_t word_at(const struct variant *variant, uint32_t at) {
  uint32_t word;
  memcpy(&word, variant->code + at, sizeof word);
  return word;
}

/* ---- Relocations --------------------------------------------------------------------------- */

/* A reference to a vector constant is adrp and, right behind it, a load by the page's register. */
static bool read_page(struct variant *variant, uint32_t at, uint32_t type, uint8_t kind) {
  if (type == R_AARCH64_ADR_PREL_PG_HI21) {
    if ((word_at(variant, at) & 31) != (word_at(variant, at + 4) >> 5 & 31))
      die("%s: a page without its load", variant->name);
    add_hole(variant, at, kind);
    return true;
  }
  return type == R_AARCH64_LDST128_ABS_LO12_NC;
}

static uint8_t form_of(uint32_t type) {
  switch (type) {
  case R_AARCH64_MOVW_SABS_G1:
    return ENCODING_FORM_HIGH;
  case R_AARCH64_MOVW_UABS_G0_NC:
    return ENCODING_FORM_16;
  case R_AARCH64_MOVW_UABS_G1_NC:
    return ENCODING_FORM_16_AT_16;
  case R_AARCH64_MOVW_UABS_G2_NC:
    return ENCODING_FORM_16_AT_32;
  case R_AARCH64_MOVW_UABS_G3:
    return ENCODING_FORM_16_AT_48;
  case R_AARCH64_ADD_ABS_LO12_NC:
    return ENCODING_FORM_ADD;
  case R_AARCH64_LDST8_ABS_LO12_NC:
  case R_AARCH64_LDST16_ABS_LO12_NC:
  case R_AARCH64_LDST32_ABS_LO12_NC:
  case R_AARCH64_LDST64_ABS_LO12_NC:
  case R_AARCH64_LDST128_ABS_LO12_NC:
    return ENCODING_FORM_ACCESS;
  default:
    return ENCODING_FORM_JUMP;
  }
}

bool machine_read_relocation(struct variant *variant, uint32_t at, uint32_t type, int64_t addend,
                             const char *symbol) {
  bool is_jump = type == R_AARCH64_JUMP26 || type == R_AARCH64_CALL26;
  if (addend != 0)
    die("%s: unexpected addend %lld to %s", variant->name, (long long)addend, symbol);
  if (is_jump && strcmp(symbol, "next") == 0)
    return true;
  uint8_t kind = hole_of_symbol(variant, symbol);
  if (kind >= STENCIL_HOLE_DATA_A && read_page(variant, at, type, kind))
    return false;
  uint8_t form = form_of(type);
  if (is_jump != (kind >= STENCIL_HOLE_TARGET) || is_jump != (form == ENCODING_FORM_JUMP))
    die("%s: relocation type %u for %s", variant->name, type, symbol);
  add_hole(variant, at, (uint8_t)(kind | form << 4));
  return false;
}

void machine_resolve_next(struct variant *variant, const uint32_t *jumps, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (jumps[i] == variant->length - 4)
      variant->length -= 4;
  for (uint32_t i = 0; i < count; i++) {
    if (jumps[i] >= variant->length)
      continue;
    uint32_t jump = 0x14000000u | (variant->length - jumps[i]) / 4;
    memcpy(variant->code + jumps[i], &jump, 4);
  }
}

/* ---- Literals ------------------------------------------------------------------------------ */

/* An instruction that may have a literal in a form: what it looks like, and whether the literal is
 * the value that stands for the constant. */
struct literal {
  uint32_t mask, bits;
  uint8_t form;
};

_Static_assert(ENCODING_IMM_SHIFT == STENCIL_IMM_SHIFT, "target.h relies on it");

static bool has_value(uint32_t word, uint8_t form) {
  uint32_t width = word >> 31 ? 64 : 32, immr = word >> 16 & 63, imms = word >> 10 & 63,
           immh = word >> 19 & 15;
  uint32_t vector = immh ? 8u << (31 - __builtin_clz(immh)) : 0, shift = word >> 16 & 127;
  switch (form) {
  case ENCODING_FORM_SHIFT_LEFT:
    return immr == width - STENCIL_IMM_SHIFT &&
           (imms == 31 - STENCIL_IMM_SHIFT || imms == 63 - STENCIL_IMM_SHIFT);
  case ENCODING_FORM_SHIFT_RIGHT:
    return immr == STENCIL_IMM_SHIFT && (imms == 31 || imms == 63);
  case ENCODING_FORM_ROTATE:
    return imms == STENCIL_IMM_SHIFT;
  case ENCODING_FORM_VSHIFT_LEFT:
    return shift == vector + STENCIL_IMM_VECTOR_SHIFT;
  case ENCODING_FORM_VSHIFT_RIGHT:
    return shift == 2 * vector - STENCIL_IMM_VECTOR_SHIFT;
  case ENCODING_FORM_LANE:
    return (word >> 16 & 31) >> (__builtin_ctz(word >> 16 & 31) + 1) == STENCIL_LANE;
  default: /* LANE_ACCESS */
    return ((word >> 30 & 1) << 3 | (word >> 10 & 7)) >> (word >> 14 & 3) == STENCIL_LANE;
  }
}

/* Finds the one instruction that has the literal. */
static void find_literal(struct variant *variant, const struct literal *literals, uint32_t count,
                         uint8_t value) {
  uint32_t found = 0;
  for (uint32_t at = 0; at < variant->length; at += 4) {
    uint32_t word = word_at(variant, at);
    for (uint32_t i = 0; i < count; i++) {
      if ((word & literals[i].mask) != literals[i].bits || !has_value(word, literals[i].form))
        continue;
      add_hole(variant, at, (uint8_t)(value | literals[i].form << 4));
      found++;
    }
  }
  if (found != 1 && !variant->is_folded)
    die("%s: its literal stands in %u places", variant->name, found);
}

/* Constants are symbols, but for those of shifts and lanes. */
void machine_find_literals(struct variant *variant) {
  static const struct literal shifts[] = {
      {0x7f800000, 0x53000000, ENCODING_FORM_SHIFT_LEFT},
      {0x7f800000, 0x53000000, ENCODING_FORM_SHIFT_RIGHT},
      {0x7f800000, 0x13000000, ENCODING_FORM_SHIFT_RIGHT},
      {0x7fa00000, 0x13800000, ENCODING_FORM_ROTATE},
      {0xbf80fc00, 0x0f005400, ENCODING_FORM_VSHIFT_LEFT},
      {0x9f80fc00, 0x0f000400, ENCODING_FORM_VSHIFT_RIGHT},
  };
  static const struct literal lanes[] = {
      {0x9fe08400, 0x0e000400, ENCODING_FORM_LANE},
      {0xbfbf2000, 0x0d000000, ENCODING_FORM_LANE_ACCESS},
  };
  const char *family = variant->family;
  if (ends_with(family, "_lane"))
    find_literal(variant, lanes, sizeof lanes / sizeof lanes[0], STENCIL_HOLE_LANE);
  else if (ends_with(family, "_ri") && (strstr(family, "_sh") || strstr(family, "_rot")))
    find_literal(variant, shifts, sizeof shifts / sizeof shifts[0], STENCIL_HOLE_IMM32);
}

/* ---- Checks -------------------------------------------------------------------------------- */

/* Stores that move the stack pointer, and subtractions from it. */
static bool takes_stack(uint32_t word) {
  bool is_pair = (word & 0x3bc003e0) == 0x298003e0, is_one = (word & 0x3fe00fe0) == 0x38000fe0;
  return is_pair || is_one || (word & 0xff8003ff) == 0xd10003ff;
}

/* A stencil that saves registers has run out of them: more scratch than the scheme allows. Those
 * that call helpers save the return address; the frame's own stencils are written that way. */
void machine_check(const struct variant *variant) {
  static const char *const exempt[] = {"memory_", "table_", "data_", "elem_", "prologue"};
  for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
    if (strncmp(variant->family, exempt[i], strlen(exempt[i])) == 0)
      return;
  for (uint32_t at = 0; at < variant->length; at += 4)
    if (takes_stack(word_at(variant, at)))
      die("%s: saves a register", variant->name);
}

/* Loads and stores are a class of encodings (Arm ARM, C4.1). */
uint32_t machine_find_access(const struct variant *variant) {
  uint32_t found = 0, place = 0;
  for (uint32_t at = 0; at < variant->length; at += 4)
    if ((word_at(variant, at) & 0x0a000000) == 0x08000000)
      place = at, found++;
  if (found != 1)
    die("%s: accesses memory in %u places", variant->name, found);
  return variant->length - place;
}

/* ldur, stur; accesses to bytes; sums, differences and compares; movz (Arm ARM, C4.1). */
bool machine_find_small(uint32_t instruction, int32_t constant, bool is_signed,
                        struct small_operand *operand) {
  static const struct {
    uint32_t mask, bits;
    uint8_t form, shift, width;
    bool is_signed;
  } forms[] = {{0x3b200c00, 0x38000000, ENCODING_FORM_NEAR, 12, 9, true},
               {0xff000000, 0x39000000, ENCODING_FORM_ACCESS, 10, 12, false},
               {0x1fc00000, 0x11000000, ENCODING_FORM_ADD, 10, 12, false},
               {0x7fe00000, 0x52800000, ENCODING_FORM_16, 5, 16, false}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    uint32_t field = (1u << forms[i].width) - 1;
    if (forms[i].is_signed != is_signed || (instruction & forms[i].mask) != forms[i].bits ||
        (instruction >> forms[i].shift & field) != ((uint32_t)constant & field))
      continue;
    *operand = (struct small_operand){forms[i].form, instruction & ~(field << forms[i].shift)};
    return true;
  }
  return false;
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
