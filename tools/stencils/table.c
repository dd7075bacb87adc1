/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table's making: variants over registers of one encoding class usually differ only in the
 * fields that hold register numbers. That is not assumed but found out: a template is kept only if
 * it reproduces all the variants it stands for, byte for byte. A template gets a short form only if
 * every one of these variants has one. */
#include "tools/stencils/extract.h"

#define MAX_FIELDS 40

/* The positions of a register's number in a template: from bit `shift` of the little-endian word at
 * byte `at` on. */
struct fields {
  uint32_t count;
  struct {
    uint8_t at, shift;
  } list[MAX_FIELDS];
};

const char *const family_names[] = {
#define FAMILY(name, shape) #name,
#include "engine/stencils/families.def"
#undef FAMILY
};
const uint8_t family_shapes[] = {
#define FAMILY(name, shape) STENCIL_SHAPE_##shape,
#include "engine/stencils/families.def"
#undef FAMILY
};

bool is_folded(uint8_t shape, uint32_t a, uint32_t b) {
  bool one_pool =
      shape == STENCIL_SHAPE_II || shape == STENCIL_SHAPE_FF || shape == STENCIL_SHAPE_FFX;
  return (one_pool && a == b) || (shape == STENCIL_SHAPE_FFX && (a == 7 || b == 7));
}

/* Whether its stencils access linear memory. */
static bool is_access(size_t family) {
  return strncmp(family_names[family], "load", 4) == 0 ||
         strncmp(family_names[family], "store", 5) == 0;
}

/* ---- Templates ----------------------------------------------------------------------------- */

/* A group: the variants whose registers are of the same encoding class. Where two operands are in
 * the same register clang folds (x ^ x), so such members do not count for a template: it serves
 * them where it writes nothing before it has read all, and the compiler never asks for others. */
struct group {
  const struct variant *members[64];
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

/* What `fields` make of the unit at `at` when the register's number changes by XOR with delta. */
static uint32_t field_change(const struct fields *fields, uint32_t at, uint8_t delta) {
  uint32_t change = 0;
  for (uint32_t i = 0; i < fields->count; i++)
    if (fields->list[i].at == at)
      change ^= (uint32_t)delta << fields->list[i].shift;
  return change;
}

/* A unit of code: a byte, or an instruction where all have one size. */
static uint32_t unit_at(const struct variant *variant, uint32_t at) {
  uint32_t unit = 0;
  memcpy(&unit, variant->code + at, machine_fields.unit);
  return unit;
}

/* Whether the unit changes between two members that differ in one operand alone as the fields at
 * these shifts would. */
static bool changes_so(const struct group *group, uint32_t m, uint32_t n, bool of_b, uint8_t shape,
                       uint32_t at, unsigned shifts) {
  uint8_t delta = of_b ? number_change(shape, 1, group->b[m], group->b[n])
                       : number_change(shape, 0, group->a[m], group->a[n]);
  uint32_t change = 0;
  for (unsigned i = 0; i < machine_fields.count; i++)
    change ^= shifts >> i & 1 ? (uint32_t)delta << machine_fields.shifts[i] : 0;
  return unit_at(group->members[n], at) == (unit_at(group->members[m], at) ^ change);
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
  for (uint32_t at = 0; at < first->length; at += machine_fields.unit) {
    for (unsigned shifts = 0;; shifts++) { /* bit i: at machine_fields.shifts[i] */
      if (shifts == 1u << machine_fields.count)
        return false;
      if (!all_change_so(group, of_b, shape, at, shifts))
        continue;
      for (unsigned bit = 0; bit < machine_fields.count; bit++) {
        if (!(shifts >> bit & 1))
          continue;
        if (fields->count == MAX_FIELDS)
          return false;
        fields->list[fields->count].at = (uint8_t)at;
        fields->list[fields->count++].shift = machine_fields.shifts[bit];
      }
      break;
    }
  }
  return true;
}

/* Whether the first member with its fields gives another one. */
static bool gives_member(const struct group *group, uint8_t shape, const struct fields *a,
                         const struct fields *b, uint32_t m) {
  const struct variant *first = group->members[0];
  uint8_t delta_a = number_change(shape, 0, group->a[0], group->a[m]);
  uint8_t delta_b = number_change(shape, 1, group->b[0], group->b[m]);
  if (!same_form(first, group->members[m]))
    return false;
  for (uint32_t at = 0; at < first->length; at += machine_fields.unit)
    if (unit_at(group->members[m], at) !=
        (unit_at(first, at) ^ field_change(a, at, delta_a) ^ field_change(b, at, delta_b)))
      return false;
  return true;
}

/* Whether the first member with its fields gives all others, but for the folded ones. */
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
  for (uint32_t m = 1; m < group->count - group->folded; m++)
    if (!gives_member(group, shape, a, b, m))
      return false;
  return true;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static struct stencil_template templates[1 << 14];
static uint32_t template_count;
static uint8_t records[1 << 20];
static uint32_t record_bytes;
static uint32_t record_offsets[1 << 14];
static uint32_t record_count;
static uint32_t groups[1 << 14][2], group_count; /* the form for all constants, for small ones */
static uint32_t ordered[1 << 14], ordered_count;
static uint32_t explicit_count, longest;
static uint32_t small_count;

static void put(uint8_t byte) {
  records[record_bytes++] = byte;
}

static void put_record(const struct variant *variant, const struct fields *a,
                       const struct fields *b) {
  record_offsets[record_count++] = record_bytes;
  put((uint8_t)variant->length);
  put((uint8_t)variant->hole_count);
  put((uint8_t)a->count);
  put((uint8_t)b->count);
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
  const uint64_t ones = (1ull << (2 * ENCODING_NUMBER_BITS - 1)) - 1;
  *factor = 0;
  for (uint32_t i = 0; i < fields->count; i++) {
    uint32_t bit = 8u * fields->list[i].at + fields->list[i].shift;
    if (bit + ENCODING_NUMBER_BITS > 64 ||
        (*factor & ones << bit >> (ENCODING_NUMBER_BITS - 1)) != 0)
      return false;
    *factor |= 1ull << bit;
  }
  return true;
}

/* The compact form, if the stencil has room in it. */
static bool make_template(const struct variant *variant, const struct fields *a,
                          const struct fields *b, struct stencil_template *template) {
  *template = (struct stencil_template){.length = (uint8_t)variant->length,
                                        .hole_at = STENCIL_TEMPLATE_CODE,
                                        .hole2_at = STENCIL_TEMPLATE_CODE};
  if (variant->length > STENCIL_TEMPLATE_CODE || !make_factor(a, &template->a) ||
      !make_factor(b, &template->b))
    return false;
  for (uint32_t i = 0; i < variant->hole_count; i++)
    if (!machine_put_hole(variant, variant->holes[i], template))
      return false;
  memcpy(template->code, variant->code, variant->length);
  return true;
}

/* With the fields at number 0. */
static uint32_t put_template(const struct group *group, uint8_t shape, const struct fields *a,
                             const struct fields *b) {
  struct variant zero = *group->members[0];
  for (uint32_t at = 0; at < zero.length; at += machine_fields.unit) {
    uint32_t unit = unit_at(&zero, at) ^
                    field_change(a, at, stencil_number(shape, 0, group->a[0])) ^
                    field_change(b, at, stencil_number(shape, 1, group->b[0]));
    memcpy(zero.code + at, &unit, machine_fields.unit);
  }
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

/* The members of a pair's group whose operands are in one register, as a group over that register.
 */
static void gather_same(const struct group *group, struct group *same) {
  memset(same, 0, sizeof *same);
  for (uint32_t m = group->count - group->folded; m < group->count; m++) {
    if (group->a[m] != group->b[m])
      continue;
    same->a[same->count] = group->a[m];
    same->members[same->count++] = group->members[m];
  }
}

/* Of three templates, for a < b, a > b and a = b. */
static uint32_t put_three(uint32_t less, uint32_t more, uint32_t same) {
  uint32_t place = ordered_count;
  ordered[ordered_count++] = less;
  ordered[ordered_count++] = more;
  ordered[ordered_count++] = same;
  return place | STENCIL_RECORD | STENCIL_ORDERED;
}

/* Where scratch registers may be the result's, what is right for different registers is wrong where
 * both operands are in one: then clang's own code for that is taken. False: it fits no template. */
static bool put_same(const struct group *group, uint8_t shape, const struct fields *a,
                     const struct fields *b, uint32_t *template) {
  static struct group same;
  struct fields same_a, same_b;
  bool is_needed = false;
  if (shape == STENCIL_SHAPE_FFX || !machine_folds)
    return true;
  for (uint32_t m = group->count - group->folded; m < group->count; m++)
    is_needed |= !gives_member(group, shape, a, b, m);
  gather_same(group, &same);
  if (!is_needed || same.count == 0)
    return true;
  if (!find_template(&same, shape, &same_a, &same_b))
    return false;
  *template = put_template(&same, shape, &same_a, &same_b);
  return true;
}

/* clang orders the operands of a commutative instruction by their places among the arguments: such
 * families have a template for either order. False: this is none. */
static bool put_ordered(const struct group *group, uint8_t shape, uint32_t *number) {
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
  uint32_t more = put_template(&halves[1], shape, &a[1], &b[1]);
  uint32_t less = put_template(&halves[0], shape, &a[0], &b[0]), same = less;
  if (!put_same(group, shape, &a[0], &b[0], &same))
    return false;
  *number = put_three(less, more, same);
  return true;
}

/* One template, three, or all members. */
static uint32_t put_form(const struct group *group, uint8_t shape) {
  struct fields a, b;
  uint32_t number;
  if (find_template(group, shape, &a, &b)) {
    uint32_t same = number = put_template(group, shape, &a, &b);
    if (!put_same(group, shape, &a, &b, &same))
      return put_members(group, shape);
    return same == number ? number : put_three(number, number, same);
  }
  if (stencil_shape_operands(shape) > 1 && put_ordered(group, shape, &number))
    return number;
  return put_members(group, shape);
}

/* The short form of a template with all that it stands for: `form` itself where there is none. */
static uint32_t put_short(const struct group *group, uint8_t shape, uint32_t form,
                          const struct variant *small) {
  static struct variant variants[64];
  struct group result = *group;
  struct fields a, b;
  result.count -= result.folded;
  result.folded = 0;
  for (uint32_t m = 0; m < result.count; m++) {
    const struct variant *proof = &small[8 * group->a[m] + group->b[m]];
    if (!machine_shorten(group->members[m], proof, &variants[m]))
      return form;
    result.members[m] = &variants[m];
  }
  if (!find_template(&result, shape, &a, &b))
    return form;
  return put_template(&result, shape, &a, &b);
}

/* The form of a family for small constants, beside the one for all; see small.c. All members must
 * agree. 0: there is none. */
static uint8_t find_small(const struct group *group, size_t family,
                          family_variants *const proofs[PROOF_COUNT], struct group *result) {
  static struct variant variants[64];
  uint8_t kind = 0;
  *result = *group;
  for (uint32_t m = 0; m < group->count; m++) {
    const struct variant *of_member[PROOF_COUNT];
    for (int i = 0; i < PROOF_COUNT; i++)
      of_member[i] = &proofs[i][family][8 * group->a[m] + group->b[m]];
    uint8_t one = small_form(group->members[m], of_member, &variants[m]);
    if (one == 0 || (m > 0 && one != kind) ||
        (is_access(family) &&
         machine_find_access(&variants[m]) != machine_find_access(group->members[m])))
      return 0;
    kind = one;
    result->members[m] = &variants[m];
  }
  return kind;
}

static void add_member(struct group *group, const family_variants *variants, size_t family,
                       uint32_t a, uint32_t b) {
  if (!variants[family][8 * a + b].present)
    die("s_%s: registers %u %u are missing", family_names[family], a, b);
  group->a[group->count] = (uint8_t)a;
  group->b[group->count] = (uint8_t)b;
  group->members[group->count++] = &variants[family][8 * a + b];
}

/* The members of group number g of a family, the folded ones last. */
static void gather_group(const family_variants *variants, size_t family, uint32_t g,
                         struct group *group) {
  uint8_t shape = family_shapes[family];
  unsigned operands = stencil_shape_operands(shape);
  group->count = group->folded = 0;
  for (int folded = 0; folded < 2; folded++) {
    for (uint32_t a = 0; a < (operands > 0 ? 8 : 1); a++) {
      for (uint32_t b = 0; b < (operands > 1 ? 8 : 1); b++) {
        if (stencil_group(shape, a, b) != g || is_folded(shape, a, b) != (folded != 0))
          continue;
        add_member(group, variants, family, a, b);
        group->folded += (uint32_t)folded;
      }
    }
  }
}

/* Whether the group has a form of its own for small constants; then *hole decides between them. */
static bool put_group(const struct group *group, size_t family,
                      family_variants *const proofs[PROOF_COUNT], uint8_t *hole) {
  static struct group small;
  uint8_t shape = family_shapes[family], kind = find_small(group, family, proofs, &small);
  for (uint32_t m = 0; m < group->count; m++)
    if (group->members[m]->length > longest)
      longest = group->members[m]->length;
  uint32_t form = put_form(group, shape), other = form;
  if (kind != 0) {
    other = put_form(&small, shape);
    *hole = kind;
  } else if (!(form & STENCIL_FLAGS)) {
    other = put_short(group, shape, form, proofs[0][family]);
    *hole = templates[form].hole;
  }
  small_count += other != form;
  groups[group_count][0] = form;
  groups[group_count++][1] = other;
  return other != form;
}

/* Returns the hole that decides for all groups that have two forms. */
static uint8_t put_family(const family_variants *variants, size_t family,
                          family_variants *const proofs[PROOF_COUNT]) {
  uint8_t hole = 0, one = 0;
  bool found = false;
  for (uint32_t g = 0; g < stencil_group_count(family_shapes[family]); g++) {
    struct group group;
    gather_group(variants, family, g, &group);
    if (!put_group(&group, family, proofs, &one))
      continue;
    if (found && one != hole)
      die("s_%s: small constants in several holes", family_names[family]);
    hole = one;
    found = true;
  }
  return hole;
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
    fprintf(out, "{%u, %u, %u, %u, %u, %u, %u, 0, 0x%llx, 0x%llx, {", t->length, t->hole_at,
            t->hole, t->jump_at, t->jump, t->hole2_at, t->hole2, (unsigned long long)t->a,
            (unsigned long long)t->b);
    for (uint32_t k = 0; k < STENCIL_TEMPLATE_CODE; k++)
      fprintf(out, "%u,", t->code[k]);
    fprintf(out, "}},\n");
  }
  fprintf(out, "};\n");
}

/* The same in all variants. */
static uint32_t find_access(const family_variants *variants, size_t family) {
  const struct variant *first = &variants[family][0];
  unsigned operands = stencil_shape_operands(family_shapes[family]);
  if (!is_access(family))
    return 0;
  for (uint32_t i = 0; i < (operands == 0 ? 1 : operands == 1 ? 8 : 64); i++) {
    const struct variant *one = operands == 1 ? &first[8 * i] : &first[i];
    if (machine_find_access(one) != machine_find_access(first))
      die("%s: accesses memory elsewhere than %s", one->name, first->name);
  }
  return machine_find_access(first);
}

void write_table(const char *path, const family_variants *variants,
                 family_variants *const proofs[PROOF_COUNT]) {
  static uint32_t firsts[FAMILY_COUNT], bytes[1 << 20];
  static uint8_t holes[FAMILY_COUNT];
  for (size_t family = 0; family < FAMILY_COUNT; family++) {
    firsts[family] = group_count;
    holes[family] = put_family(variants, family, proofs);
  }
  for (int i = 0; i < 16; i++) /* copies go on in whole words */
    put(0);
  if (record_count >= STENCIL_ORDERED || record_bytes > 0xffff || template_count >= STENCIL_ORDERED)
    die("the table outgrew its 16-bit indices: %u records, %u bytes", record_count, record_bytes);
  FILE *out = fopen(path, "w");
  if (!out)
    die("cannot write %s", path);
  fprintf(out,
          "/* Made by tools/stencils: %u templates, %u records of %u bytes, %u of them explicit "
          "variants, %u forms for small constants; the longest stencil has %u. */\n",
          template_count, record_count, record_bytes, explicit_count, small_count, longest);
  fprintf(out, "#define STENCIL_LONGEST %u\n", longest);
  write_templates(out);
  fprintf(out, "static const struct stencil_family stencil_families[] = {\n");
  for (size_t family = 0; family < FAMILY_COUNT; family++)
    fprintf(out, "{%u, %u, %u, %u},\n", firsts[family], family_shapes[family],
            find_access(variants, family), holes[family]);
  fprintf(out, "};\n");
  write_numbers(out, "static const uint16_t stencil_forms[]", groups[0], 2 * group_count);
  write_numbers(out, "static const uint16_t stencil_ordered[]", ordered, ordered_count);
  write_numbers(out, "static const uint16_t stencil_offsets[]", record_offsets, record_count);
  for (uint32_t i = 0; i < record_bytes; i++)
    bytes[i] = records[i];
  write_numbers(out, "static const uint8_t stencil_records[]", bytes, record_bytes);
  if (fclose(out) != 0)
    die("cannot write %s", path);
}
