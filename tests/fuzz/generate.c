/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The generator's modules: everything around the functions, and the calls to try. */
#include "tests/fuzz/generate.h"
#include "tests/fuzz/plan.h"

#include <stdio.h>

enum { SECTIONS = 13, FUEL = 60 };

/* Functions behind the random ones: one shows the tables' state, one sets the fuel. */
static const struct signature observer_type = {.result_count = 1, .results = {WASM_I32}};
static const struct signature refuel_type = {.param_count = 1, .params = {WASM_I32}};

/* ---- Plans -------------------------------------------------------------------------------------
 */

static uint8_t random_types(struct plan *p, uint8_t *types, uint32_t usual) {
  uint32_t way = random_below(p, 100);
  uint32_t count = random_below(p, (way < 85 ? usual : way < 97 ? 10 : MAX_ARITY) + 1);
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

static void make_plan(struct plan *p) {
  struct signature nothing = {0};
  type_number(p, &nothing);
  p->import_count = random_below(p, 4);
  p->func_count = p->import_count + 1 + random_below(p, 5);
  for (uint32_t i = 0; i < p->func_count; i++)
    p->func_types[i] = chance(p, 5) ? 0 : random_signature(p);
  for (uint32_t i = 0; i < p->import_count; i++)
    if (chance(p, 60)) /* to be provided by another instance */
      p->func_types[i] =
          p->func_types[p->import_count + random_below(p, p->func_count - p->import_count)];
  p->sharing = chance(p, 50) ? 0 : (uint8_t)random_below(p, 8);
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

static void put_limits(struct buffer *out, uint32_t min, uint32_t max) {
  put_byte(out, 1);
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

static void put_table_type(struct buffer *out, uint32_t table) {
  put_byte(out, table == 0 ? WASM_FUNCREF : WASM_EXTERNREF);
  put_limits(out, TABLE_MIN, TABLE_MAX);
}

static void put_shared_imports(const struct plan *p, struct buffer *out) {
  static const char *const names[] = {"t0", "t1"};
  for (uint32_t i = 0; i < TABLES && (p->sharing & SHARING_TABLES); i++) {
    put_name(out, "h");
    put_name(out, names[i]);
    put_byte(out, 1);
    put_table_type(out, i);
  }
  if (p->sharing & SHARING_MEMORY) {
    put_name(out, "h");
    put_name(out, "m");
    put_byte(out, 2);
    put_limits(out, MEMORY_MIN, MEMORY_MAX);
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

static void put_global_section(struct plan *p, struct buffer *out) {
  put_unsigned(out, p->global_count);
  for (uint32_t i = 0; i < p->global_count; i++) {
    put_byte(out, p->globals[i]);
    put_byte(out, p->global_mutable[i]);
    put_constant(out, p->globals[i], i == 0 ? FUEL : random_constant(p, p->globals[i]));
    put_byte(out, 0x0b);
  }
}

static void put_export(struct buffer *out, const char *prefix, uint32_t number, uint8_t kind) {
  char name[16];
  snprintf(name, sizeof name, "%s%u", prefix, number);
  put_name(out, name);
  put_byte(out, kind);
  put_unsigned(out, number);
}

static void put_export_section(const struct plan *p, struct buffer *out) {
  uint32_t funcs = p->func_count + 2 - p->import_count;
  put_unsigned(out, funcs + p->global_count + 1);
  for (uint32_t i = 0; i < funcs; i++)
    put_export(out, "f", p->import_count + i, 0);
  for (uint32_t i = 0; i < p->global_count; i++)
    put_export(out, "g", i, 3);
  put_name(out, "m");
  put_byte(out, 2);
  put_byte(out, 0);
}

static void put_elem_section(const struct plan *p, struct buffer *out) {
  static const uint8_t no_externrefs[] = {5, WASM_EXTERNREF, 0};
  put_unsigned(out, ELEMS + 1);
  put_bytes(out, (const uint8_t[]){0, 0x41, 1, 0x0b}, 4); /* active, from element 1 on */
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
    put_byte(out, i < 2);
    if (i == 2)
      put_bytes(out, (const uint8_t[]){0x41, 0x10, 0x0b}, 3);
    put_unsigned(out, DATA_LENGTH);
    for (uint32_t k = 0; k < DATA_LENGTH; k++)
      put_byte(out, (uint8_t)random_bits(p));
  }
}

/* Adds up which elements of a table are null, in local 1; local 0 counts. */
static void put_table_loop(struct buffer *out, uint8_t table) {
  const uint8_t code[] = {
      0x41, 0,    0x21, 0,                                    /* i = 0 */
      0x02, 0x40, 0x03, 0x40,                                 /* block loop */
      0x20, 0,    0xfc, 0x10, table, 0x4f, 0x0d, 1,           /* i >= table.size: out */
      0x20, 1,    0x41, 31,   0x6c,  0x20, 0,    0x25, table, /* h * 31 */
      0xd1, 0x6a, 0x21, 1,                                    /* + is_null */
      0x20, 0,    0x41, 1,    0x6a,  0x21, 0,    0x0c, 0,     /* i++ */
      0x0b, 0x0b,
  };
  put_bytes(out, code, sizeof code);
}

static void put_own_functions(struct buffer *out) {
  static const uint8_t refuel[] = {0, 0x20, 0, 0x24, 0, 0x0b};
  static const uint8_t locals[] = {1, 2, WASM_I32}, end[] = {0x20, 1, 0x0b};
  struct buffer body = {0};
  put_bytes(&body, locals, sizeof locals);
  put_table_loop(&body, 0);
  put_table_loop(&body, 1);
  put_bytes(&body, end, sizeof end);
  put_sized(out, &body);
  put_bytes(&body, refuel, sizeof refuel);
  put_sized(out, &body);
  free(body.at);
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
  put_own_functions(out);
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
  put_type_section(p, &sections[1]);
  if (!(p->sharing & SHARING_TABLES)) {
    put_unsigned(&sections[4], TABLES);
    for (uint32_t i = 0; i < TABLES; i++)
      put_table_type(&sections[4], i);
  }
  if (!(p->sharing & SHARING_MEMORY)) {
    put_byte(&sections[5], 1);
    put_limits(&sections[5], MEMORY_MIN, MEMORY_MAX);
  }
  put_global_section(p, &sections[6]);
  put_export_section(p, &sections[7]);
  put_start_section(p, &sections[8]);
  put_elem_section(p, &sections[9]);
  put_unsigned(&sections[12], DATAS);
  put_data_section(p, &sections[11]);
  static const uint8_t order[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11};
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

static void make_calls(struct plan *p, struct buffer *out, uint32_t fuel) {
  uint32_t defined = p->func_count - p->import_count, rounds = 3;
  put_byte(out, p->sharing);
  put_byte(out, (uint8_t)p->import_count);
  for (uint32_t i = 0; i < p->import_count; i++) {
    const struct signature *type = &p->types[p->func_types[i]];
    put_byte(out, provider(p, i));
    put_short_types(out, type->params, type->param_count);
    put_short_types(out, type->results, type->result_count);
  }
  put_short_types(out, p->globals, (uint8_t)p->global_count);
  put_byte(out, (uint8_t)(2 * rounds * defined + 1));
  for (uint32_t i = 0; i < rounds * defined; i++) {
    uint32_t func = p->import_count + i % defined;
    put_call(p, out, p->func_count + 1, &refuel_type, fuel + random_below(p, FUEL));
    put_call(p, out, func, &p->types[p->func_types[func]], 0);
  }
  put_call(p, out, p->func_count, &observer_type, 0);
}

void generate(const struct recipe *recipe, struct generated *out) {
  static struct plan plan; /* large; nothing of it outlives this function */
  struct plan *p = &plan;
  memset(p, 0, offsetof(struct plan, types));
  p->type_count = 0;
  p->recipe = recipe;
  p->rng = recipe->seed;
  out->module.length = out->calls.length = out->exhausting.length = 0;
  out->statements.length = 0;
  p->statements = &out->statements;
  make_plan(p);
  make_module(p, &out->module);
  make_calls(p, &out->calls, 10);
  make_calls(p, &out->exhausting, 5000);
  free(p->code.at);
  p->code = (struct buffer){0};
}

void generated_free(struct generated *generated) {
  free(generated->module.at);
  free(generated->calls.at);
  free(generated->exhausting.at);
  free(generated->statements.at);
  *generated = (struct generated){0};
}
