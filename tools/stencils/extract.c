/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Build tool: reads the stencils' object files (ELF) and writes the table the compiler copies from
 * (engine/stencils/table.h says how it is laid out).
 *
 *     extract OUTPUT OBJECT... -- SMALL...
 *
 * Every variant of every family of families.def must be there and have an expected form; else the
 * build fails with the symbol's name. SMALL are objects of the same stencils made with small
 * constants in place of holes. */
#include "tools/stencils/extract.h"

#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("extract: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}

void add_hole(struct variant *variant, uint32_t at, uint8_t kind) {
  if (variant->hole_count == MAX_HOLES)
    die("%s: too many holes", variant->name);
  uint32_t i = variant->hole_count++;
  for (; i > 0 && variant->holes[i - 1].at > at; i--)
    variant->holes[i] = variant->holes[i - 1];
  variant->holes[i] = (struct hole){(uint8_t)at, kind};
}

uint8_t hole_of_symbol(const struct variant *variant, const char *symbol) {
  static const struct {
    const char *name;
    uint8_t kind;
  } symbols[] = {
      {"hole_a", STENCIL_HOLE_A},      {"hole_b", STENCIL_HOLE_B},
      {"hole_c", STENCIL_HOLE_C},      {"hole_d", STENCIL_HOLE_D},
      {"hole_e", STENCIL_HOLE_E},      {"imm", STENCIL_HOLE_IMM32},
      {"target", STENCIL_HOLE_TARGET}, {"trap_a", STENCIL_HOLE_TRAP_A},
      {"trap_b", STENCIL_HOLE_TRAP_B}, {"trap_c", STENCIL_HOLE_TRAP_C},
      {"data_a", STENCIL_HOLE_DATA_A}, {"data_b", STENCIL_HOLE_DATA_B},
      {"lane", STENCIL_HOLE_LANE},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
    if (strcmp(symbol, symbols[i].name) == 0)
      return symbols[i].kind;
  die("%s: refers to %s", variant->name, symbol);
}

bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static struct variant *find_variant(family_variants *variants, const char *symbol) {
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
    struct variant *variant = &variants[family][8 * a + b];
    variant->family = family_names[family];
    variant->is_folded = is_folded(family_shapes[family], a, b);
    return variant;
  }
  die("s_%s is in no family of families.def", symbol);
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
      if (!machine_read_relocation(variant, at, (uint32_t)ELF64_R_TYPE(rela->r_info),
                                   rela->r_addend, object->strings + to->st_name))
        continue;
      if (jump_count == MAX_HOLES)
        die("%s: too many jumps", variant->name);
      jumps[jump_count++] = at;
    }
  }
  machine_resolve_next(variant, jumps, jump_count);
}

static void read_stencil(const struct object *object, const Elf64_Sym *symbol,
                         family_variants *variants, bool is_small) {
  const char *name = object->strings + symbol->st_name;
  struct variant *variant = find_variant(variants, name + 2);
  if (variant->present || symbol->st_size == 0 || symbol->st_size > MAX_CODE)
    die("%s: twice, empty or too long", name);
  variant->present = true;
  snprintf(variant->name, sizeof variant->name, "%s", name);
  variant->length = (uint32_t)symbol->st_size;
  memcpy(variant->code,
         object->bytes + object->sections[symbol->st_shndx].sh_offset + symbol->st_value,
         variant->length);
  read_relocations(object, symbol, variant);
  if (is_small)
    return;
  machine_find_literals(variant);
  machine_check(variant);
}

static void read_object(const char *path, family_variants *variants, bool is_small) {
  int fd = open(path, O_RDONLY);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) != 0)
    die("cannot open %s", path);
  struct object object = {.bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0)};
  close(fd);
  const Elf64_Ehdr *header = (const void *)object.bytes;
  if (object.bytes == MAP_FAILED || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_machine != machine_elf || header->e_type != ET_REL)
    die("%s is no object file of the machine", path);
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
      read_stencil(&object, symbol, variants, is_small);
  }
}

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: extract OUTPUT OBJECT... [-- SMALL...]...");
  family_variants *sets[1 + PROOF_COUNT];
  for (int i = 0; i <= PROOF_COUNT; i++)
    if (!(sets[i] = calloc(FAMILY_COUNT, sizeof **sets)))
      die("no memory");
  int set = 0;
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--") != 0)
      read_object(argv[i], sets[set], set != 0);
    else if (set++ == PROOF_COUNT)
      die("too many sets of objects");
  }
  write_table(argv[1], sets[0], sets + 1);
  return 0;
}
