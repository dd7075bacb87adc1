/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the extraction tool knows of x86_64: relocations, where constants and registers stand in
 * instructions, and the forms of jumps. */
#include "tools/stencils/extract.h"

#include <elf.h>

const uint16_t machine_elf = EM_X86_64;
const bool machine_folds = false;

/* The low and middle fields of ModRM, the inverted one of VEX, the high half of an immediate. */
const struct machine_fields machine_fields = {1, 3, {0, 3, 4}};

/* ---- Relocations --------------------------------------------------------------------------- */

bool machine_read_relocation(struct variant *variant, uint32_t at, uint32_t type, int64_t addend,
                             const char *symbol) {
  bool is_jump = type == R_X86_64_PLT32 || type == R_X86_64_PC32;
  if (addend != (is_jump ? -4 : 0))
    die("%s: unexpected addend %lld to %s", variant->name, (long long)addend, symbol);
  if (is_jump && strcmp(symbol, "next") == 0)
    return true;
  uint8_t kind = hole_of_symbol(variant, symbol);
  bool is_index = kind == STENCIL_HOLE_D || kind == STENCIL_HOLE_E;
  if (is_jump != (kind >= STENCIL_HOLE_TARGET) ||
      (!is_jump && type != R_X86_64_32S && !(is_index && type == R_X86_64_32)))
    die("%s: relocation type %u for %s", variant->name, type, symbol);
  add_hole(variant, at, kind);
  return false;
}

/* clang ends a conditional jump with "jump to next unless; jump to target" (or to a trap); the
 * processor has the direct form. Returns true if it was rewritten so. */
static bool join_jumps(struct variant *variant, const uint32_t *jumps, uint32_t count) {
  uint32_t length = variant->length;
  if (length < 11 || count != 1 || variant->hole_count == 0)
    return false;
  uint8_t *tail = variant->code + length - 11;
  struct hole *last = &variant->holes[variant->hole_count - 1];
  if (tail[0] != 0x0f || (tail[1] & 0xf0) != 0x80 || tail[6] != 0xe9 || jumps[0] != length - 9 ||
      last->at != length - 4 || last->kind < STENCIL_HOLE_TARGET)
    return false;
  tail[1] ^= 1;
  last->at = (uint8_t)(length - 9);
  variant->length -= 5;
  return true;
}

void machine_resolve_next(struct variant *variant, const uint32_t *jumps, uint32_t count) {
  if (join_jumps(variant, jumps, count))
    return;
  uint32_t last = variant->length - 4;
  for (uint32_t i = 0; i < count; i++)
    if (jumps[i] == last && variant->code[last - 1] == 0xe9)
      variant->length -= 5;
  for (uint32_t i = 0; i < count; i++) {
    if (jumps[i] >= variant->length)
      continue;
    int32_t distance = (int32_t)(variant->length - (jumps[i] + 4));
    memcpy(variant->code + jumps[i], &distance, 4);
  }
}

/* ---- Literals ------------------------------------------------------------------------------ */

/* Finds the one place where a literal stands. */
static bool find_literal(struct variant *variant, uint64_t value, uint32_t size, uint8_t kind) {
  uint32_t found = 0, at = 0;
  for (uint32_t i = 0; i + size <= variant->length; i++)
    if (memcmp(variant->code + i, &value, size) == 0)
      at = i, found++;
  if (found > 1)
    die("%s: its literal stands in %u places", variant->name, found);
  if (found)
    add_hole(variant, at, kind);
  return found != 0;
}

/* A literal shorter than 32 bits is the last thing in its instruction. */
static void find_last_literal(struct variant *variant, uint64_t value, uint32_t size,
                              uint8_t kind) {
  if (memcmp(variant->code + variant->length - size, &value, size) != 0)
    die("%s: its literal is not at its end", variant->name);
  add_hole(variant, variant->length - size, kind);
}

/* A lane's number is an instruction's last byte, in one of the forms that the machine has. Variants
 * that nobody asks for may come out as anything. */
static void find_lane(struct variant *variant) {
  static const struct {
    uint8_t literal, kind;
  } forms[] = {{STENCIL_LANE, ENCODING_HOLE_LANE},
               {STENCIL_LANE * 0x55, ENCODING_HOLE_LANE_ALL},
               {STENCIL_LANE << 4, ENCODING_HOLE_LANE_TARGET}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (variant->code[variant->length - 1] != forms[i].literal)
      continue;
    add_hole(variant, variant->length - 1, forms[i].kind);
    return;
  }
  if (!variant->is_folded)
    die("%s: its lane is not at its end", variant->name);
}

void machine_find_literals(struct variant *variant) {
  const char *family = variant->family;
  bool constant = strstr(family, "const") && !strstr(family, "zero") && !ends_with(family, "v");
  if (ends_with(family, "_lane"))
    find_lane(variant);
  if (!ends_with(family, "_ri") && !ends_with(family, "_i") && !ends_with(family, "_ci") &&
      strcmp(family, "br_table") != 0 && strcmp(family, "epilogue_pop") != 0 && !constant)
    return;
  if (strstr(family, "x") && strstr(family, "_sh"))
    find_last_literal(variant, STENCIL_IMM_VECTOR_SHIFT, 1, ENCODING_HOLE_IMM8);
  else if (strstr(family, "_sh") || strstr(family, "_rot"))
    find_last_literal(variant, STENCIL_IMM_SHIFT, 1, ENCODING_HOLE_IMM8);
  else if (strncmp(family, "store8", 6) == 0)
    find_last_literal(variant, STENCIL_IMM8, 1, ENCODING_HOLE_IMM8);
  else if (strncmp(family, "store16", 7) == 0 || strcmp(family, "epilogue_pop") == 0)
    find_last_literal(variant, STENCIL_IMM16, 2, ENCODING_HOLE_IMM16);
  else if (!find_literal(variant, STENCIL_IMM64, 8, ENCODING_HOLE_IMM64) &&
           !find_literal(variant, STENCIL_IMM32, 4, STENCIL_HOLE_IMM32) &&
           !find_literal(variant, STENCIL_IMM32 - 1, 4, ENCODING_HOLE_IMM32_LESS) &&
           !find_literal(variant, STENCIL_IMM32 + 1, 4, ENCODING_HOLE_IMM32_MORE))
    die("%s: its literal is nowhere", variant->name);
}

/* ---- Checks -------------------------------------------------------------------------------- */

/* A stencil that saves registers has run out of them: more scratch than the scheme allows. Those
 * that call helpers align the stack; the frame's own stencils are written that way. */
void machine_check(const struct variant *variant) {
  static const char *const exempt[] = {"memory_", "table_", "data_", "elem_", "prologue"};
  for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
    if (strncmp(variant->family, exempt[i], strlen(exempt[i])) == 0)
      return;
  uint8_t first = variant->code[0] == 0x41 ? variant->code[1] : variant->code[0];
  if (first >= 0x50 && first <= 0x57)
    die("%s: saves a register", variant->name);
}

/* Its operand's address is computed by the instruction itself. */
uint32_t machine_find_access(const struct variant *variant) {
  (void)variant;
  return 0;
}

/* ---- Short forms --------------------------------------------------------------------------- */

/* What an instruction has before a hole of 32 bits, and what it has to be changed to for one of 8,
 * which is sign extended as well (Intel SDM vol. 2, 2.1.5 and the instructions' pages). */
static const struct rule {
  uint8_t back, mask, is, change;
} rules[] = {
    {2, 0xc7, 0x84, 0xc0}, /* a displacement behind ModRM, of mode 2, and SIB */
    {1, 0xc0, 0x80, 0xc0}, /* behind ModRM alone */
    {2, 0xff, 0x81, 0x02}, /* a constant behind opcode and ModRM: add, or, and, sub, cmp */
    {2, 0xff, 0x69, 0x02}, /* imul */
};

static void apply_rule(const struct rule *rule, struct variant *variant, uint32_t hole) {
  uint32_t at = variant->holes[hole].at;
  variant->code[at - rule->back] ^= rule->change;
  variant->length -= 3;
  memmove(variant->code + at + 1, variant->code + at + 4, variant->length - at - 1);
  variant->holes[hole].kind |= ENCODING_FORM_8 << 4;
  for (uint32_t i = hole + 1; i < variant->hole_count; i++)
    variant->holes[i].at -= 3;
}

/* Whether this is the proof, once the small constants are put in. What is no hole in the proof is
 * one of these, or a literal that both have. */
static bool equals_proof(const struct variant *variant, uint32_t shortened,
                         const struct variant *proof) {
  struct variant filled = *variant;
  uint32_t same = 0;
  for (uint32_t i = 0; i < variant->hole_count; i++) {
    struct hole hole = variant->holes[i];
    uint32_t constant =
        STENCIL_HOLE_VALUE(hole.kind) == STENCIL_HOLE_A ? STENCIL_SMALL_A : STENCIL_SMALL_IMM;
    if (same < proof->hole_count && memcmp(&proof->holes[same], &hole, sizeof hole) == 0)
      same++;
    else if (i == shortened || hole.kind == STENCIL_HOLE_A || hole.kind == STENCIL_HOLE_IMM32)
      memcpy(filled.code + hole.at, &constant, i == shortened ? 1 : 4);
  }
  return same == proof->hole_count && filled.length == proof->length &&
         memcmp(filled.code, proof->code, proof->length) == 0;
}

bool machine_shorten(const struct variant *variant, const struct variant *proof,
                     struct variant *result) {
  uint32_t hole = 0; /* the first one with a constant: that is asked whether the short form does */
  while (hole < variant->hole_count &&
         STENCIL_HOLE_VALUE(variant->holes[hole].kind) >= STENCIL_HOLE_TARGET)
    hole++;
  if (!proof->present || hole == variant->hole_count ||
      (variant->holes[hole].kind != STENCIL_HOLE_A &&
       variant->holes[hole].kind != STENCIL_HOLE_IMM32))
    return false;
  const uint8_t *at = variant->code + variant->holes[hole].at;
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    if (at - variant->code < rules[i].back || (at[-rules[i].back] & rules[i].mask) != rules[i].is)
      continue;
    *result = *variant;
    apply_rule(&rules[i], result, hole);
    if (equals_proof(result, hole, proof))
      return true;
  }
  return false;
}

/* ---- Templates ----------------------------------------------------------------------------- */

/* Whether a 32-bit word may be written into the hole: it is one, or what it hits beyond the hole is
 * not the template's, or another hole's that is written later. */
static bool takes_word(const struct variant *variant, struct hole hole) {
  static const uint8_t sizes[] = {4, 0, 0, 0, 2, 1, 0, 0};
  uint32_t size = sizes[STENCIL_HOLE_FORM(hole.kind)], end = hole.at + size;
  if (size == 0 || size == 4 || end == variant->length)
    return size != 0;
  for (uint32_t i = 0; i < variant->hole_count; i++)
    if (variant->holes[i].at == end && variant->holes[i].kind == STENCIL_HOLE_IMM32)
      return true;
  return false;
}

/* A template has up to two constants and one jump. */
bool machine_put_hole(const struct variant *variant, struct hole hole,
                      struct stencil_template *template) {
  uint8_t value = STENCIL_HOLE_VALUE(hole.kind);
  if (value >= STENCIL_HOLE_TARGET) {
    if (template->jump_at != 0)
      return false;
    template->jump_at = hole.at;
    template->jump = hole.kind;
    return true;
  }
  if (!takes_word(variant, hole) || template->hole2_at != STENCIL_TEMPLATE_CODE)
    return false;
  if (template->hole_at == STENCIL_TEMPLATE_CODE) {
    template->hole_at = hole.at;
    template->hole = value;
  } else {
    template->hole2_at = hole.at;
    template->hole2 = value;
  }
  return true;
}

/* Short forms of instructions do it. */
bool machine_find_small(uint32_t instruction, int32_t constant, bool is_signed,
                        struct small_operand *operand) {
  (void)instruction, (void)constant, (void)is_signed, (void)operand;
  return false;
}
