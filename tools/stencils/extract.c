/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Build tool: reads the stencils' object files (x86_64 ELF) and writes the table the compiler
 * copies from (engine/stencils/table.h says how it is laid out).
 *
 *     extract OUTPUT OBJECT...
 *
 * Every variant of every family of families.def must be there and have an expected form; else the
 * build fails with the symbol's name. Variants over registers of one encoding class usually differ
 * only in the fields that hold register numbers. That is not assumed but found out: a template is
 * kept only if it reproduces all the variants it stands for, byte for byte. */
#include "engine/stencils/table.h"

#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_HOLES 12
#define MAX_FIELDS 15
#define MAX_CODE 256

struct hole {
  uint8_t at, kind;
};

/* One stencil as the object file has it, without the jump to what follows. */
struct variant {
  bool present;
  char name[64];
  uint32_t length, hole_count;
  uint8_t code[MAX_CODE];
  struct hole holes[MAX_HOLES];
};

/* The positions of a register's number in a template: bits shift .. shift+2 of byte `at`. */
struct fields {
  uint32_t count;
  struct {
    uint8_t at, shift;
  } list[MAX_FIELDS];
};

static const char *const family_names[] = {
#define FAMILY(name, shape) #name,
#include "engine/stencils/families.def"
#undef FAMILY
};
static const uint8_t family_shapes[] = {
#define FAMILY(name, shape) STENCIL_SHAPE_##shape,
#include "engine/stencils/families.def"
#undef FAMILY
};
#define FAMILY_COUNT (sizeof family_names / sizeof family_names[0])

/* variants[family][8 * a + b] */
static struct variant (*variants)[64];

static _Noreturn void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("extract: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}

/* ---- Reading object files ------------------------------------------------------------------ */

static struct variant *find_variant(const char *symbol) {
  const char *suffix = strstr(symbol, "__");
  size_t length = suffix ? (size_t)(suffix - symbol) : strlen(symbol);
  for (size_t family = 0; family < FAMILY_COUNT; family++) {
    if (strlen(family_names[family]) != length || memcmp(family_names[family], symbol, length))
      continue;
    unsigned digits = stencil_shape_operands(family_shapes[family]);
    if ((suffix ? strlen(suffix + 2) : 0) != digits)
      die("%s: the family's shape wants %u registers", symbol, digits);
    unsigned a = digits > 0 ? (unsigned)(suffix[2] - '0') : 0;
    unsigned b = digits > 1 ? (unsigned)(suffix[3] - '0') : 0;
    if (a > 7 || b > 7)
      die("%s: no such register", symbol);
    return &variants[family][8 * a + b];
  }
  die("s_%s is in no family of families.def", symbol);
}

static const struct {
  const char *name;
  uint8_t kind;
} hole_symbols[] = {
    {"hole_a", STENCIL_HOLE_A},      {"hole_b", STENCIL_HOLE_B},
    {"hole_c", STENCIL_HOLE_C},      {"hole_d", STENCIL_HOLE_D},
    {"hole_e", STENCIL_HOLE_E},      {"target", STENCIL_HOLE_TARGET},
    {"trap_a", STENCIL_HOLE_TRAP_A}, {"trap_b", STENCIL_HOLE_TRAP_B},
    {"trap_c", STENCIL_HOLE_TRAP_C}, {"data_a", STENCIL_HOLE_DATA_A},
    {"data_b", STENCIL_HOLE_DATA_B},
};

static void add_hole(struct variant *variant, uint32_t at, uint8_t kind) {
  if (variant->hole_count == MAX_HOLES)
    die("%s: too many holes", variant->name);
  uint32_t i = variant->hole_count++;
  for (; i > 0 && variant->holes[i - 1].at > at; i--)
    variant->holes[i] = variant->holes[i - 1];
  variant->holes[i] = (struct hole){(uint8_t)at, kind};
}

/* Records a relocation inside a stencil. Returns true for a jump to `next`. */
static bool read_relocation(struct variant *variant, uint32_t at, uint32_t type, int64_t addend,
                            const char *symbol) {
  bool is_jump = type == R_X86_64_PLT32 || type == R_X86_64_PC32;
  if (addend != (is_jump ? -4 : 0))
    die("%s: unexpected addend %lld to %s", variant->name, (long long)addend, symbol);
  if (is_jump && strcmp(symbol, "next") == 0)
    return true;
  for (size_t i = 0; i < sizeof hole_symbols / sizeof hole_symbols[0]; i++) {
    if (strcmp(symbol, hole_symbols[i].name) != 0)
      continue;
    uint8_t kind = hole_symbols[i].kind;
    bool is_index = kind == STENCIL_HOLE_D || kind == STENCIL_HOLE_E;
    if (is_jump != (kind >= STENCIL_HOLE_TARGET) ||
        (!is_jump && type != R_X86_64_32S && !(is_index && type == R_X86_64_32)))
      die("%s: relocation type %u for %s", variant->name, type, symbol);
    add_hole(variant, at, kind);
    return false;
  }
  die("%s: refers to %s", variant->name, symbol);
}

/* Jumps to `next` lead to the stencil's end; one that is the last instruction is dropped. */
static void resolve_next(struct variant *variant, const uint32_t *jumps, uint32_t count) {
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

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

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

/* Whether two operands are in one register, a third one (see families.def) taken in. */
static bool is_folded(uint8_t shape, uint32_t a, uint32_t b) {
  bool one_pool =
      shape == STENCIL_SHAPE_II || shape == STENCIL_SHAPE_FF || shape == STENCIL_SHAPE_FFX;
  return (one_pool && a == b) || (shape == STENCIL_SHAPE_FFX && (a == 7 || b == 7));
}

/* A lane's number is an instruction's last byte, in one of the forms that the machine has. Variants
 * that nobody asks for may come out as anything. */
static void find_lane(struct variant *variant) {
  static const struct {
    uint8_t literal, kind;
  } forms[] = {{STENCIL_LANE, STENCIL_HOLE_LANE},
               {STENCIL_LANE * 0x55, STENCIL_HOLE_LANE_ALL},
               {STENCIL_LANE << 4, STENCIL_HOLE_LANE_TARGET}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (variant->code[variant->length - 1] != forms[i].literal)
      continue;
    add_hole(variant, variant->length - 1, forms[i].kind);
    return;
  }
  size_t place = (size_t)(variant - &variants[0][0]);
  if (!is_folded(family_shapes[place / 64], place % 64 / 8, place % 8))
    die("%s: its lane is not at its end", variant->name);
}

static void read_literals(struct variant *variant, const char *family) {
  bool constant = strstr(family, "const") && !strstr(family, "zero") && !ends_with(family, "v");
  if (ends_with(family, "_lane"))
    find_lane(variant);
  if (!ends_with(family, "_ri") && !ends_with(family, "_i") && !ends_with(family, "_ci") &&
      strcmp(family, "br_table") != 0 && strcmp(family, "epilogue_pop") != 0 && !constant)
    return;
  if (strstr(family, "x") && strstr(family, "_sh"))
    find_last_literal(variant, STENCIL_IMM_VECTOR_SHIFT, 1, STENCIL_HOLE_IMM8);
  else if (strstr(family, "_sh") || strstr(family, "_rot"))
    find_last_literal(variant, STENCIL_IMM_SHIFT, 1, STENCIL_HOLE_IMM8);
  else if (strncmp(family, "store8", 6) == 0)
    find_last_literal(variant, STENCIL_IMM8, 1, STENCIL_HOLE_IMM8);
  else if (strncmp(family, "store16", 7) == 0 || strcmp(family, "epilogue_pop") == 0)
    find_last_literal(variant, STENCIL_IMM16, 2, STENCIL_HOLE_IMM16);
  else if (!find_literal(variant, STENCIL_IMM64, 8, STENCIL_HOLE_IMM64) &&
           !find_literal(variant, STENCIL_IMM32, 4, STENCIL_HOLE_IMM32) &&
           !find_literal(variant, STENCIL_IMM32 - 1, 4, STENCIL_HOLE_IMM32_LESS) &&
           !find_literal(variant, STENCIL_IMM32 + 1, 4, STENCIL_HOLE_IMM32_MORE))
    die("%s: its literal is nowhere", variant->name);
}

/* A stencil that saves registers has run out of them: more scratch than the scheme allows. Those
 * that call helpers align the stack; the frame's own stencils are written that way. */
static void check_no_push(const struct variant *variant, const char *family) {
  static const char *const exempt[] = {"memory_", "table_", "data_", "elem_", "prologue"};
  for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
    if (strncmp(family, exempt[i], strlen(exempt[i])) == 0)
      return;
  uint8_t first = variant->code[0] == 0x41 ? variant->code[1] : variant->code[0];
  if (first >= 0x50 && first <= 0x57)
    die("%s: saves a register", variant->name);
}

struct object {
  const uint8_t *bytes;
  const Elf64_Shdr *sections;
  uint32_t section_count;
  const Elf64_Sym *symbols;
  uint32_t symbol_count;
  const char *strings;
};

static void read_relocations(const struct object *object, const Elf64_Sym *symbol,
                             struct variant *variant) {
  uint32_t jumps[MAX_HOLES], jump_count = 0;
  for (uint32_t s = 0; s < object->section_count; s++) {
    const Elf64_Shdr *section = &object->sections[s];
    if (section->sh_type != SHT_RELA || section->sh_info != symbol->st_shndx)
      continue;
    const Elf64_Rela *relas = (const void *)(object->bytes + section->sh_offset);
    for (uint64_t i = 0; i < section->sh_size / sizeof *relas; i++) {
      const Elf64_Rela *rela = &relas[i];
      if (rela->r_offset < symbol->st_value || rela->r_offset >= symbol->st_value + symbol->st_size)
        continue;
      uint32_t at = (uint32_t)(rela->r_offset - symbol->st_value);
      const Elf64_Sym *to = &object->symbols[ELF64_R_SYM(rela->r_info)];
      if (!read_relocation(variant, at, (uint32_t)ELF64_R_TYPE(rela->r_info), rela->r_addend,
                           object->strings + to->st_name))
        continue;
      if (jump_count == MAX_HOLES)
        die("%s: too many jumps", variant->name);
      jumps[jump_count++] = at;
    }
  }
  if (!join_jumps(variant, jumps, jump_count))
    resolve_next(variant, jumps, jump_count);
}

static void read_stencil(const struct object *object, const Elf64_Sym *symbol) {
  const char *name = object->strings + symbol->st_name;
  struct variant *variant = find_variant(name + 2);
  if (variant->present || symbol->st_size == 0 || symbol->st_size > MAX_CODE)
    die("%s: twice, empty or too long", name);
  variant->present = true;
  snprintf(variant->name, sizeof variant->name, "%s", name);
  variant->length = (uint32_t)symbol->st_size;
  memcpy(variant->code,
         object->bytes + object->sections[symbol->st_shndx].sh_offset + symbol->st_value,
         variant->length);
  read_relocations(object, symbol, variant);
  const char *family = family_names[(size_t)(variant - &variants[0][0]) / 64];
  read_literals(variant, family);
  check_no_push(variant, family);
}

static void read_object(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) != 0)
    die("cannot open %s", path);
  struct object object = {.bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0)};
  close(fd);
  const Elf64_Ehdr *header = (const void *)object.bytes;
  if (object.bytes == MAP_FAILED || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_machine != EM_X86_64 || header->e_type != ET_REL)
    die("%s is no x86_64 object file", path);
  object.sections = (const void *)(object.bytes + header->e_shoff);
  object.section_count = header->e_shnum;
  for (uint32_t i = 0; i < object.section_count; i++) {
    if (object.sections[i].sh_type != SHT_SYMTAB)
      continue;
    object.symbols = (const void *)(object.bytes + object.sections[i].sh_offset);
    object.symbol_count = (uint32_t)(object.sections[i].sh_size / sizeof(Elf64_Sym));
    object.strings =
        (const char *)object.bytes + object.sections[object.sections[i].sh_link].sh_offset;
  }
  for (uint32_t i = 0; i < object.symbol_count; i++) {
    const Elf64_Sym *symbol = &object.symbols[i];
    if (symbol->st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL &&
        strncmp(object.strings + symbol->st_name, "s_", 2) == 0)
      read_stencil(&object, symbol);
  }
}

/* ---- Templates ----------------------------------------------------------------------------- */

/* A group: the variants whose registers are of the same encoding class. Where two operands are in
 * the same register clang folds (x ^ x), so such members do not count for a template: it serves
 * them where it writes nothing before it has read all, and the compiler never asks for others. */
struct group {
  struct variant *members[64];
  uint8_t a[64], b[64];
  uint32_t count;  /* of members */
  uint32_t folded; /* of these, how many at the end have two operands in one register */
};

static bool same_form(const struct variant *x, const struct variant *y) {
  return x->length == y->length && x->hole_count == y->hole_count &&
         memcmp(x->holes, y->holes, sizeof x->holes[0] * x->hole_count) == 0;
}

static uint8_t number_change(uint8_t shape, unsigned operand, uint32_t from, uint32_t to) {
  return stencil_number(shape, operand, from) ^ stencil_number(shape, operand, to);
}

/* What `fields` make of byte `at` when the register's number changes by XOR with delta. */
static uint8_t field_change(const struct fields *fields, uint32_t at, uint8_t delta) {
  uint8_t change = 0;
  for (uint32_t i = 0; i < fields->count; i++)
    if (fields->list[i].at == at)
      change ^= (uint8_t)(delta << fields->list[i].shift);
  return change;
}

/* Where x86_64 has a register's number in a byte: the low and middle fields of ModRM, the inverted
 * one of VEX, the high half of an immediate. */
#define FIELD_SHIFTS 3
static const uint8_t field_shifts[FIELD_SHIFTS] = {0, 3, 4};

/* Whether the byte changes between two members that differ in one operand alone as the fields at
 * these shifts would. */
static bool changes_so(const struct group *group, uint32_t m, uint32_t n, bool of_b, uint8_t shape,
                       uint32_t at, unsigned shifts) {
  uint8_t delta = of_b ? number_change(shape, 1, group->b[m], group->b[n])
                       : number_change(shape, 0, group->a[m], group->a[n]);
  uint8_t change = 0;
  for (unsigned i = 0; i < FIELD_SHIFTS; i++)
    change ^= (uint8_t)(shifts >> i & 1 ? delta << field_shifts[i] : 0);
  return group->members[n]->code[at] == (group->members[m]->code[at] ^ change);
}

/* Each member is compared with the next one that has the same other operand. */
static bool all_change_so(const struct group *group, bool of_b, uint8_t shape, uint32_t at,
                          unsigned shifts) {
  const uint8_t *other = of_b ? group->a : group->b;
  uint32_t count = group->count - group->folded;
  for (uint32_t m = 0; m < count; m++)
    for (uint32_t n = m + 1; n < count; n++) {
      if (other[m] != other[n])
        continue;
      if (!changes_so(group, m, n, of_b, shape, at, shifts))
        return false;
      break;
    }
  return true;
}

/* Finds the fields of operand a (or b) by the members that differ in it alone. */
static bool find_fields(const struct group *group, bool of_b, uint8_t shape,
                        struct fields *fields) {
  const struct variant *first = group->members[0];
  fields->count = 0;
  for (uint32_t at = 0; at < first->length; at++) {
    for (unsigned shifts = 0;; shifts++) { /* bit i: at field_shifts[i] */
      if (shifts == 1u << FIELD_SHIFTS)
        return false;
      if (!all_change_so(group, of_b, shape, at, shifts))
        continue;
      for (unsigned bit = 0; bit < FIELD_SHIFTS; bit++) {
        if (!(shifts >> bit & 1))
          continue;
        if (fields->count == MAX_FIELDS)
          return false;
        fields->list[fields->count].at = (uint8_t)at;
        fields->list[fields->count++].shift = field_shifts[bit];
      }
      break;
    }
  }
  return true;
}

/* Whether the first member with its fields gives all others. */
static bool find_template(const struct group *group, uint8_t shape, struct fields *a,
                          struct fields *b) {
  const struct variant *first = group->members[0];
  a->count = b->count = 0;
  for (uint32_t m = 1; m < group->count - group->folded; m++)
    if (!same_form(first, group->members[m]))
      return false;
  if (!find_fields(group, false, shape, a) ||
      (stencil_shape_operands(shape) > 1 && !find_fields(group, true, shape, b)))
    return false;
  for (uint32_t m = 1; m < group->count - group->folded; m++) {
    uint8_t delta_a = number_change(shape, 0, group->a[0], group->a[m]);
    uint8_t delta_b = number_change(shape, 1, group->b[0], group->b[m]);
    for (uint32_t at = 0; at < first->length; at++)
      if (group->members[m]->code[at] !=
          (first->code[at] ^ field_change(a, at, delta_a) ^ field_change(b, at, delta_b)))
        return false;
  }
  return true;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static struct stencil_template templates[1 << 14];
static uint32_t template_count;
static uint8_t records[1 << 20];
static uint32_t record_bytes;
static uint32_t record_offsets[1 << 14];
static uint32_t record_count;
static uint32_t groups[1 << 14], group_count;
static uint32_t ordered[1 << 14], ordered_count;
static uint32_t explicit_count, longest;

static void put(uint8_t byte) {
  records[record_bytes++] = byte;
}

static void put_record(const struct variant *variant, const struct fields *a,
                       const struct fields *b) {
  record_offsets[record_count++] = record_bytes;
  put((uint8_t)variant->length);
  put((uint8_t)variant->hole_count);
  put((uint8_t)(a->count | b->count << 4));
  for (uint32_t i = 0; i < variant->hole_count; i++) {
    put(variant->holes[i].at);
    put(variant->holes[i].kind);
  }
  for (int operand = 0; operand < 2; operand++) {
    const struct fields *fields = operand ? b : a;
    for (uint32_t i = 0; i < fields->count; i++) {
      put(fields->list[i].at);
      put(fields->list[i].shift);
    }
  }
  for (uint32_t i = 0; i < variant->length; i++)
    put(variant->code[i]);
}

/* A register's number times this puts it into all fields at once. */
static bool make_factor(const struct fields *fields, uint64_t *factor) {
  *factor = 0;
  for (uint32_t i = 0; i < fields->count; i++) {
    uint32_t bit = 8u * fields->list[i].at + fields->list[i].shift;
    bool overlaps = bit < 64 && (*factor & 0x1full << bit >> 2) != 0;
    if (bit > 61 || overlaps)
      return false;
    *factor |= 1ull << bit;
  }
  return true;
}

/* Shorter constants are templates' holes where nothing stands behind them that 32 bits would hit.
 */
static bool make_hole(const struct variant *variant, struct hole hole,
                      struct stencil_template *template) {
  if (hole.kind >= STENCIL_HOLE_TARGET) {
    if (template->jump_at != 0)
      return false;
    template->jump_at = hole.at;
    template->jump = hole.kind;
    return true;
  }
  bool is_last = ((hole.kind == STENCIL_HOLE_IMM8 || hole.kind == STENCIL_HOLE_LANE) &&
                  hole.at + 1u == variant->length) ||
                 (hole.kind == STENCIL_HOLE_IMM16 && hole.at + 2u == variant->length);
  if (template->hole_at != STENCIL_TEMPLATE_CODE || (hole.kind > STENCIL_HOLE_IMM32 && !is_last))
    return false;
  template->hole_at = hole.at;
  template->hole = is_last &&hole.kind != STENCIL_HOLE_LANE ? STENCIL_HOLE_IMM32 : hole.kind;
  return true;
}

/* The compact form, if the stencil has room in it. */
static bool make_template(const struct variant *variant, const struct fields *a,
                          const struct fields *b, struct stencil_template *template) {
  *template = (struct stencil_template){.length = (uint8_t)variant->length,
                                        .hole_at = STENCIL_TEMPLATE_CODE};
  if (variant->length > STENCIL_TEMPLATE_CODE || !make_factor(a, &template->a) ||
      !make_factor(b, &template->b))
    return false;
  for (uint32_t i = 0; i < variant->hole_count; i++)
    if (!make_hole(variant, variant->holes[i], template))
      return false;
  memcpy(template->code, variant->code, variant->length);
  return true;
}

/* With the fields at number 0. */
static uint32_t put_template(const struct group *group, uint8_t shape, const struct fields *a,
                             const struct fields *b) {
  struct variant zero = *group->members[0];
  for (uint32_t at = 0; at < zero.length; at++)
    zero.code[at] ^= field_change(a, at, stencil_number(shape, 0, group->a[0])) ^
                     field_change(b, at, stencil_number(shape, 1, group->b[0]));
  if (make_template(&zero, a, b, &templates[template_count]))
    return template_count++;
  put_record(&zero, a, b);
  return (record_count - 1) | STENCIL_RECORD;
}

static uint32_t put_members(const struct group *group, uint8_t shape) {
  static const struct fields none;
  uint32_t base = record_count;
  for (uint32_t m = 0; m < group->count; m++) {
    record_count = base + stencil_member(shape, group->a[m], group->b[m]);
    put_record(group->members[m], &none, &none);
  }
  record_count = base + group->count;
  explicit_count += group->count;
  return base | STENCIL_RECORD | STENCIL_EXPLICIT;
}

/* clang orders the operands of a commutative instruction by their places among the arguments: such
 * families have a template for either order. False: this is none. */
static bool put_ordered(const struct group *group, uint8_t shape, uint32_t number) {
  static struct group halves[2];
  struct fields a[2], b[2];
  memset(halves, 0, sizeof halves);
  for (uint32_t m = 0; m < group->count - group->folded; m++) {
    struct group *half = &halves[group->a[m] > group->b[m]];
    half->a[half->count] = group->a[m];
    half->b[half->count] = group->b[m];
    half->members[half->count++] = group->members[m];
  }
  for (int i = 0; i < 2; i++)
    if (halves[i].count == 0 || !find_template(&halves[i], shape, &a[i], &b[i]))
      return false;
  groups[number] = ordered_count | STENCIL_RECORD | STENCIL_ORDERED;
  for (int i = 0; i < 2; i++)
    ordered[ordered_count++] = put_template(&halves[i], shape, &a[i], &b[i]);
  return true;
}

/* One template, two, or all members. */
static void put_group(const struct group *group, uint8_t shape) {
  struct fields a, b;
  uint32_t number = group_count++;
  for (uint32_t m = 0; m < group->count; m++)
    if (group->members[m]->length > longest)
      longest = group->members[m]->length;
  if (find_template(group, shape, &a, &b))
    groups[number] = put_template(group, shape, &a, &b);
  else if (stencil_shape_operands(shape) < 2 || !put_ordered(group, shape, number))
    groups[number] = put_members(group, shape);
}

static void add_member(struct group *group, size_t family, uint32_t a, uint32_t b) {
  if (!variants[family][8 * a + b].present)
    die("s_%s: registers %u %u are missing", family_names[family], a, b);
  group->a[group->count] = (uint8_t)a;
  group->b[group->count] = (uint8_t)b;
  group->members[group->count++] = &variants[family][8 * a + b];
}

/* The members of group number g of a family, the folded ones last. */
static void gather_group(size_t family, uint32_t g, struct group *group) {
  uint8_t shape = family_shapes[family];
  unsigned operands = stencil_shape_operands(shape);
  group->count = group->folded = 0;
  for (int folded = 0; folded < 2; folded++) {
    for (uint32_t a = 0; a < (operands > 0 ? 8 : 1); a++) {
      for (uint32_t b = 0; b < (operands > 1 ? 8 : 1); b++) {
        if (stencil_group(shape, a, b) != g || is_folded(shape, a, b) != (folded != 0))
          continue;
        add_member(group, family, a, b);
        group->folded += (uint32_t)folded;
      }
    }
  }
}

static void write_numbers(FILE *out, const char *declaration, const uint32_t *numbers,
                          uint32_t count) {
  fprintf(out, "%s = {", declaration);
  for (uint32_t i = 0; i < count; i++)
    fprintf(out, "%s%u,", i % 16 ? "" : "\n", numbers[i]);
  fprintf(out, "\n};\n");
}

static void write_templates(FILE *out) {
  fprintf(out, "static const struct stencil_template stencil_templates[] = {\n");
  for (uint32_t i = 0; i < template_count; i++) {
    const struct stencil_template *t = &templates[i];
    fprintf(out, "{%u, %u, %u, %u, %u, {0}, 0x%llx, 0x%llx, {", t->length, t->hole_at, t->hole,
            t->jump_at, t->jump, (unsigned long long)t->a, (unsigned long long)t->b);
    for (uint32_t k = 0; k < STENCIL_TEMPLATE_CODE; k++)
      fprintf(out, "%u,", t->code[k]);
    fprintf(out, "}},\n");
  }
  fprintf(out, "};\n");
}

static void write_table(const char *path) {
  static uint32_t firsts[FAMILY_COUNT], bytes[1 << 20];
  for (size_t family = 0; family < FAMILY_COUNT; family++) {
    firsts[family] = group_count;
    for (uint32_t g = 0; g < stencil_group_count(family_shapes[family]); g++) {
      struct group group;
      gather_group(family, g, &group);
      put_group(&group, family_shapes[family]);
    }
  }
  for (int i = 0; i < 16; i++) /* copies go on in whole words */
    put(0);
  if (record_count >= STENCIL_ORDERED || record_bytes > 0xffff || template_count >= STENCIL_ORDERED)
    die("the table outgrew its 16-bit indices: %u records, %u bytes", record_count, record_bytes);
  FILE *out = fopen(path, "w");
  if (!out)
    die("cannot write %s", path);
  fprintf(out,
          "/* Made by tools/stencils/extract.c: %u templates, %u records of %u bytes, %u of them "
          "explicit variants; the longest stencil has %u. */\n",
          template_count, record_count, record_bytes, explicit_count, longest);
  fprintf(out, "#define STENCIL_LONGEST %u\n", longest);
  write_templates(out);
  write_numbers(out, "static const uint16_t stencil_firsts[]", firsts, FAMILY_COUNT);
  write_numbers(out, "static const uint16_t stencil_groups[]", groups, group_count);
  write_numbers(out, "static const uint16_t stencil_ordered[]", ordered, ordered_count);
  write_numbers(out, "static const uint16_t stencil_offsets[]", record_offsets, record_count);
  for (uint32_t i = 0; i < record_bytes; i++)
    bytes[i] = records[i];
  write_numbers(out, "static const uint8_t stencil_records[]", bytes, record_bytes);
  if (fclose(out) != 0)
    die("cannot write %s", path);
}

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: extract OUTPUT OBJECT...");
  variants = calloc(FAMILY_COUNT, sizeof *variants);
  if (!variants)
    die("no memory");
  for (int i = 2; i < argc; i++)
    read_object(argv[i]);
  write_table(argv[1]);
  return 0;
}
