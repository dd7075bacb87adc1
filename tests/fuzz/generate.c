/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The generator's modules: everything around the functions, and the calls to try. */
#include "tests/fuzz/generate.h"
#include "tests/fuzz/plan.h"
#include "tests/fuzz/run.h"

#include <stdio.h>

enum { SECTIONS = 14, FUEL = 60, TAG_ARITY = 6 };

/* Functions behind the random ones: one shows the tables' state, one sets the fuel. */
static const struct signature observer_type = {.result_count = 1, .results = {WASM_I32}};
static const struct signature refuel_type = {.param_count = 1, .params = {WASM_I32}};

/* ---- Plans -------------------------------------------------------------------------------------
 */

static uint8_t random_types(struct plan *p, uint8_t *types, uint32_t usual) {
  uint32_t way = random_below(p, 100);
  uint32_t count = random_below(p, (way < 82 ? usual : way < 94 ? 12 : MAX_ARITY) + 1);
  for (uint32_t i = 0; i < count; i++)
    types[i] = random_type(p);
  return (uint8_t)count;
}

static uint32_t random_signature(struct plan *p) {
  struct signature type = {0};
  type.param_count = random_types(p, type.params, 4);
  type.result_count = random_types(p, type.results, 2);
  return type_number(p, &type);
}

/* Types that also hosts can pass. */
static uint32_t random_host_signature(struct plan *p) {
  bool vectors = p->vectors, exnrefs = p->exnrefs;
  p->vectors = p->exnrefs = false;
  uint32_t number = random_signature(p);
  p->vectors = vectors;
  p->exnrefs = exnrefs;
  return number;
}

static bool fits_host(const struct signature *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    if (type->params[i] == WASM_V128 || type->params[i] == WASM_EXNREF)
      return false;
  for (uint32_t i = 0; i < type->result_count; i++)
    if (type->results[i] == WASM_V128 || type->results[i] == WASM_EXNREF)
      return false;
  return true;
}

/* What of WebAssembly the module has. */
static void plan_features(struct plan *p) {
  p->own = chance(p, 20);
  p->vectors = chance(p, 50);
  p->exnrefs = p->own && chance(p, 60);
  p->tag_count = p->exnrefs || chance(p, 40) ? 1 + random_below(p, MAX_TAGS) : 0;
  p->sharing = chance(p, 50) ? 0 : (uint8_t)random_below(p, 8);
  p->memory_count = p->own ? 1 + random_below(p, MAX_MEMORIES) : 1;
  if (p->memory_count > 1)
    p->sharing &= (uint8_t)~SHARING_MEMORY;
  for (uint32_t i = 0; i < MAX_MEMORIES; i++)
    p->memory_64[i] = !(p->sharing & SHARING_MEMORY) && chance(p, 25);
  for (uint32_t i = 0; i < TABLES; i++)
    p->table_64[i] = !(p->sharing & SHARING_TABLES) && chance(p, 25);
  for (uint32_t i = 0; i < p->tag_count; i++) {
    p->tags[i].param_count = (uint8_t)random_below(p, TAG_ARITY);
    for (uint32_t k = 0; k < p->tags[i].param_count; k++)
      p->tags[i].params[k] = random_type(p);
  }
}

static void plan_functions(struct plan *p) {
  p->import_count = random_below(p, 4);
  p->func_count = p->import_count + 1 + random_below(p, 5);
  for (uint32_t i = 0; i < p->func_count; i++)
    p->func_types[i] = chance(p, 5)           ? 0
                       : i <= p->import_count ? random_host_signature(p)
                                              : random_signature(p);
  for (uint32_t i = 0; i < p->import_count; i++) {
    uint32_t like = p->import_count + random_below(p, p->func_count - p->import_count);
    if (chance(p, 60) && fits_host(&p->types[p->func_types[like]]))
      p->func_types[i] = p->func_types[like]; /* to be provided by another instance */
  }
}

static void make_plan(struct plan *p) {
  struct signature nothing = {0};
  type_number(p, &nothing);
  plan_features(p);
  plan_functions(p);
  p->global_count = 3 + random_below(p, MAX_GLOBALS - 3);
  p->globals[0] = WASM_I32; /* fuel */
  p->globals[1] = WASM_I64; /* checksum */
  for (uint32_t i = 2; i < p->global_count; i++)
    p->globals[i] = random_type(p);
  for (uint32_t i = 0; i < p->global_count; i++)
    p->global_mutable[i] = i < 2 || chance(p, 75);
  for (uint32_t i = 0; i < TABLE_MIN; i++)
    p->table_funcs[i] = (uint8_t)random_below(p, p->func_count);
}

/* ---- Sections ----------------------------------------------------------------------------------
 */

static void put_types(struct buffer *out, const uint8_t *types, uint32_t count) {
  put_unsigned(out, count);
  put_bytes(out, types, count);
}

static void put_limits(struct buffer *out, bool is_64, uint32_t min, uint32_t max) {
  put_byte(out, is_64 ? 5 : 1);
  put_unsigned(out, min);
  put_unsigned(out, max);
}

static void put_type_section(const struct plan *p, struct buffer *out) {
  put_unsigned(out, p->type_count);
  for (uint32_t i = 0; i < p->type_count; i++) {
    put_byte(out, 0x60);
    put_types(out, p->types[i].params, p->types[i].param_count);
    put_types(out, p->types[i].results, p->types[i].result_count);
  }
}

static void put_table_type(const struct plan *p, struct buffer *out, uint32_t table) {
  put_byte(out, table == 0 ? WASM_FUNCREF : WASM_EXTERNREF);
  put_limits(out, p->table_64[table] && !is_legacy(p), TABLE_MIN, TABLE_MAX);
}

static void put_shared_imports(const struct plan *p, struct buffer *out) {
  static const char *const names[] = {"t0", "t1"};
  for (uint32_t i = 0; i < TABLES && (p->sharing & SHARING_TABLES); i++) {
    put_name(out, "h");
    put_name(out, names[i]);
    put_byte(out, 1);
    put_table_type(p, out, i);
  }
  if (p->sharing & SHARING_MEMORY) {
    put_name(out, "h");
    put_name(out, "m");
    put_byte(out, 2);
    put_limits(out, false, MEMORY_MIN, MEMORY_MAX);
  }
}

static void put_import_section(const struct plan *p, struct buffer *out) {
  put_unsigned(out, p->import_count + (p->sharing & SHARING_TABLES ? TABLES : 0) +
                        (p->sharing & SHARING_MEMORY ? 1 : 0));
  put_shared_imports(p, out);
  for (uint32_t i = 0; i < p->import_count; i++) {
    char name[12];
    snprintf(name, sizeof name, "%u", i);
    put_name(out, "h");
    put_name(out, name);
    put_byte(out, 0);
    put_unsigned(out, p->func_types[i]);
  }
}

/* Two constants and what adds, subtracts or multiplies them (WebAssembly 3.0, 3.4.15), or one. */
static void put_initial_value(struct plan *p, struct buffer *out, uint8_t type) {
  bool is_extended = (type == WASM_I32 || type == WASM_I64) && chance(p, 25);
  put_constant(out, type, random_constant(p, type));
  if (is_extended) {
    put_constant(out, type, random_constant(p, type));
    put_byte(out, (uint8_t)((type == WASM_I32 ? 0x6a : 0x7c) + random_below(p, 3)));
  }
}

static void put_global_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, p->global_count);
  for (uint32_t i = 0; i < p->global_count; i++) {
    put_byte(out, p->globals[i]);
    put_byte(out, p->global_mutable[i]);
    if (i == 0)
      put_constant(out, WASM_I32, FUEL);
    else
      put_initial_value(p, out, p->globals[i]);
    put_byte(out, 0x0b);
  }
}

static void put_export(struct buffer *out, const char *prefix, uint32_t number, uint8_t kind,
                       uint32_t index) {
  char name[16];
  snprintf(name, sizeof name, "%s%u", prefix, number);
  put_name(out, name);
  put_byte(out, kind);
  put_unsigned(out, index);
}

static void put_export_section(const struct plan *p, struct buffer *out) {
  uint32_t funcs = p->func_count + 2 - p->import_count;
  put_unsigned(out, funcs + p->global_count + p->memory_count);
  for (uint32_t i = p->import_count; i < p->import_count + funcs; i++)
    put_export(out, "f", i, 0, i);
  for (uint32_t i = 0; i < p->global_count; i++)
    put_export(out, "g", i, 3, i);
  for (uint32_t i = 0; i < p->memory_count; i++)
    put_export(out, "m", i, 2, memory_number(p, i));
}

static void put_elem_section(const struct plan *p, struct buffer *out) {
  static const uint8_t no_externrefs[] = {5, WASM_EXTERNREF, 0};
  put_unsigned(out, ELEMS + 1);
  bool is_64 = p->table_64[0] && !is_legacy(p);
  put_bytes(out, (const uint8_t[]){0, is_64 ? 0x42 : 0x41, 1, 0x0b}, 4); /* active, from 1 on */
  put_unsigned(out, TABLE_MIN - 2);
  for (uint32_t i = 0; i < TABLE_MIN - 2; i++)
    put_byte(out, p->table_funcs[i + 1]);
  put_bytes(out, (const uint8_t[]){1, 0, 3}, 3); /* passive */
  for (uint32_t i = 0; i < 3; i++)
    put_byte(out, p->table_funcs[i]);
  put_bytes(out, no_externrefs, sizeof no_externrefs);
  put_bytes(out, no_externrefs, sizeof no_externrefs);
  put_bytes(out, (const uint8_t[]){3, 0}, 2); /* declarative: for ref.func */
  put_unsigned(out, p->func_count);
  for (uint32_t i = 0; i < p->func_count; i++)
    put_unsigned(out, i);
}

static void put_data_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, DATAS);
  for (uint32_t i = 0; i < DATAS; i++) {
    put_byte(out, i < 2 ? 1 : 2);
    if (i == 2) { /* active, in memory 0 */
      put_unsigned(out, memory_number(p, 0));
      put_bytes(out, (const uint8_t[]){p->memory_64[0] ? 0x42 : 0x41, 0x10, 0x0b}, 3);
    }
    put_unsigned(out, DATA_LENGTH);
    for (uint32_t k = 0; k < DATA_LENGTH; k++)
      put_byte(out, (uint8_t)random_bits(p));
  }
}

static void put_memory_section(const struct plan *p, struct buffer *out) {
  put_unsigned(out, p->memory_count);
  for (uint32_t i = 0; i < p->memory_count; i++)
    put_limits(out, p->memory_64[memory_number(p, i)], MEMORY_MIN, MEMORY_MAX);
}

static void put_tag_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, p->tag_count);
  for (uint32_t i = 0; i < p->tag_count; i++) {
    put_byte(out, 0);
    put_unsigned(out, type_number(p, &p->tags[i]));
  }
}

/* Adds up which elements of a table are null, in local 1; local 0 counts. */
static void put_table_loop(struct plan *p, uint8_t table) {
  const uint8_t start[] = {0x41, 0, 0x21, 0, 0x02, 0x40, 0x03, 0x40, 0x20, 0, 0xfc, 0x10, table};
  const uint8_t out[] = {0x4f, 0x0d, 1, 0x20, 1, 0x41, 31, 0x6c, 0x20, 0}; /* h * 31, i */
  const uint8_t next[] = {
      0x25, table, 0xd1, 0x6a, 0x21, 1,       /* + is_null(table[i]) */
      0x20, 0,     0x41, 1,    0x6a, 0x21, 0, /* i++ */
      0x0c, 0,     0x0b, 0x0b,
  };
  put_bytes(&p->code, start, sizeof start);
  put_table_size(p, table);
  put_bytes(&p->code, out, sizeof out);
  put_table_index(p, table);
  put_bytes(&p->code, next, sizeof next);
}

/* Hosts do not see the values of such globals. */
static void put_vector_globals(struct plan *p) {
  for (uint32_t i = 0; i < p->global_count; i++)
    for (uint8_t lane = 0; lane < 2 && p->globals[i] == WASM_V128; lane++) {
      const uint8_t code[] = {0x20, 1,    0x41, 31,   0x6c, 0x23, (uint8_t)i, 0xfd, 0x1d,
                              lane, 0x42, 33,   0x89, 0xa7, 0x6a, 0x21,       1};
      put_bytes(&p->code, code, sizeof code); /* h * 31 + wrap(lane rotated) */
    }
}

static void put_own_functions(struct plan *p, struct buffer *out) {
  static const uint8_t refuel[] = {0, 0x20, 0, 0x24, 0, 0x0b};
  static const uint8_t locals[] = {1, 2, WASM_I32}, end[] = {0x20, 1, 0x0b};
  p->code.length = 0;
  put_bytes(&p->code, locals, sizeof locals);
  put_table_loop(p, 0);
  put_table_loop(p, 1);
  put_vector_globals(p);
  put_bytes(&p->code, end, sizeof end);
  put_sized(out, &p->code);
  put_bytes(&p->code, refuel, sizeof refuel);
  put_sized(out, &p->code);
}

static void put_code_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, p->func_count + 2 - p->import_count);
  for (uint32_t i = p->import_count; i < p->func_count; i++) {
    struct signature type = p->types[p->func_types[i]];
    p->scope = p->recipe->seed * 1000 + i;
    p->scope_count = 0;
    p->rng = p->scope;
    random_bits(p);
    p->budget = chance(p, 90) ? 10 + (int32_t)random_below(p, 80) : 400;
    generate_body(p, &type);
    put_sized(out, &p->code);
  }
  put_own_functions(p, out);
}

static void put_section(struct buffer *module, uint8_t id, struct buffer *content) {
  if (content->length == 0)
    return;
  put_byte(module, id);
  put_sized(module, content);
}

static void put_func_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, p->func_count + 2 - p->import_count);
  for (uint32_t i = p->import_count; i < p->func_count; i++)
    put_unsigned(out, p->func_types[i]);
  put_unsigned(out, type_number(p, &observer_type));
  put_unsigned(out, type_number(p, &refuel_type));
}

/* The first function that may be the start function, now and then; or nothing. */
static void put_start_section(const struct plan *p, struct buffer *out) {
  for (uint32_t i = p->import_count; i < p->func_count; i++)
    if (p->func_types[i] == 0) {
      put_unsigned(out, i);
      return;
    }
}

/* The code comes first: it finds out which types there are. */
static void make_module(struct plan *p, struct buffer *module) {
  static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  struct buffer sections[SECTIONS] = {0};
  put_code_section(p, &sections[10]);
  p->rng = p->recipe->seed ^ 0x5eed;
  put_import_section(p, &sections[2]);
  put_func_section(p, &sections[3]);
  if (p->tag_count > 0)
    put_tag_section(p, &sections[13]);
  put_type_section(p, &sections[1]);
  if (!(p->sharing & SHARING_TABLES)) {
    put_unsigned(&sections[4], TABLES);
    for (uint32_t i = 0; i < TABLES; i++)
      put_table_type(p, &sections[4], i);
  }
  if (!(p->sharing & SHARING_MEMORY))
    put_memory_section(p, &sections[5]);
  put_global_section(p, &sections[6]);
  put_export_section(p, &sections[7]);
  put_start_section(p, &sections[8]);
  put_elem_section(p, &sections[9]);
  put_unsigned(&sections[12], DATAS);
  put_data_section(p, &sections[11]);
  static const uint8_t order[] = {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11};
  put_bytes(module, header, sizeof header);
  for (uint32_t i = 0; i < sizeof order; i++)
    put_section(module, order[i], &sections[order[i]]);
  for (uint32_t i = 0; i < SECTIONS; i++)
    free(sections[i].at);
}

/* ---- Calls -------------------------------------------------------------------------------------
 */

static void put_short_types(struct buffer *out, const uint8_t *types, uint8_t count) {
  put_byte(out, count);
  put_bytes(out, types, count);
}

static void put_call(struct plan *p, struct buffer *out, uint32_t func,
                     const struct signature *type, uint32_t first) {
  put_byte(out, (uint8_t)func);
  put_short_types(out, type->results, type->result_count);
  put_short_types(out, type->params, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++) {
    uint64_t bits = func >= p->func_count ? first : random_constant(p, type->params[i]);
    put_bytes(out, &bits, sizeof bits);
  }
}

/* The function of the first instance that the second one imports, if one fits. */
static uint8_t provider(struct plan *p, uint32_t import) {
  for (uint32_t i = p->func_count; i-- > p->import_count;)
    if (p->func_types[i] == p->func_types[import])
      return (uint8_t)i;
  return PROVIDER_HOST;
}

/* Those that the host can call; the first function is one of them. */
static uint32_t callable(const struct plan *p, uint8_t *funcs) {
  uint32_t count = 0;
  for (uint32_t i = p->import_count; i < p->func_count; i++)
    if (fits_host(&p->types[p->func_types[i]]))
      funcs[count++] = (uint8_t)i;
  return count;
}

static void make_calls(struct plan *p, struct buffer *out, uint32_t fuel) {
  uint8_t funcs[MAX_FUNCS];
  uint32_t count = callable(p, funcs), rounds = 3;
  put_byte(out, p->sharing | (chance(p, 30) ? RUN_CHECKED : 0));
  put_byte(out, (uint8_t)p->import_count);
  for (uint32_t i = 0; i < p->import_count; i++) {
    const struct signature *type = &p->types[p->func_types[i]];
    put_byte(out, provider(p, i));
    put_short_types(out, type->params, type->param_count);
    put_short_types(out, type->results, type->result_count);
  }
  put_short_types(out, p->globals, (uint8_t)p->global_count);
  put_byte(out, (uint8_t)(2 * rounds * count + 1));
  for (uint32_t i = 0; i < rounds * count; i++) {
    uint32_t func = funcs[i % count];
    put_call(p, out, p->func_count + 1, &refuel_type, fuel + random_below(p, FUEL));
    put_call(p, out, func, &p->types[p->func_types[func]], 0);
  }
  put_call(p, out, p->func_count, &observer_type, 0);
}

/* Whether the other engine has to get another module. */
static bool has_renditions(const struct plan *p) {
  return p->memory_count > 1 || p->table_64[0] || p->table_64[1] || p->tag_count > 0;
}

/* The same numbers each time: they do not depend on the rendition. */
static void begin_plan(struct plan *p, const struct recipe *recipe, struct buffer *statements) {
  memset(p, 0, offsetof(struct plan, types));
  p->is_other = false;
  p->type_count = 0;
  p->recipe = recipe;
  p->rng = recipe->seed;
  p->statements = statements;
  statements->length = 0;
  make_plan(p);
}

void generate(const struct recipe *recipe, struct generated *out) {
  static struct plan plan; /* large; nothing of it outlives this function */
  struct plan *p = &plan;
  out->module.length = out->other.length = out->calls.length = out->exhausting.length = 0;
  begin_plan(p, recipe, &out->statements);
  make_module(p, &out->module);
  make_calls(p, &out->calls, 10);
  make_calls(p, &out->exhausting, 5000);
  out->own = p->own;
  if (has_renditions(p)) {
    begin_plan(p, recipe, &out->statements);
    p->is_other = true;
    make_module(p, &out->other);
  }
  free(p->code.at);
  p->code = (struct buffer){0};
}

void generated_free(struct generated *generated) {
  free(generated->module.at);
  free(generated->other.at);
  free(generated->calls.at);
  free(generated->exhausting.at);
  free(generated->statements.at);
  *generated = (struct generated){0};
}
