/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instantiation (core spec 4.5.4): allocate, link, evaluate, run segments and the start function.
 */
#include "engine/store.h"
#include "engine/types.h"

/* What an instance that fails has allocated stays with the store: parts of it may be known to
 * others already, and the store is the unit that goes away. */
static enum wasm_status fail_memory(struct wasm_error *error, const char *what) {
  return wasm_error_set(error, WASM_NO_MEMORY, 0, "no memory for the instance's %s", what);
}

/* The instance and its index spaces, still empty. */
static struct wasm_instance *allocate_instance(struct wasm_store *store,
                                               struct wasm_module *module) {
  struct wasm_arena *arena = &store->arena;
  uint32_t own_globals = module->global_count - module->global_import_count;
  struct wasm_instance *instance =
      wasm_arena_array(arena, 1, sizeof *instance + own_globals * sizeof *instance->own_globals);
  if (instance == NULL)
    return NULL;
  instance->memories = wasm_arena_array(arena, module->memory_count, sizeof *instance->memories);
  instance->tables = wasm_arena_array(arena, module->table_count, sizeof *instance->tables);
  instance->globals = wasm_arena_array(arena, module->global_count, sizeof *instance->globals);
  instance->funcs = wasm_arena_array(arena, module->func_count, sizeof *instance->funcs);
  instance->tags = wasm_arena_array(arena, module->tag_count, sizeof *instance->tags);
  /* Without a data count section no instruction can name a data segment. */
  uint32_t data_count = module->has_data_count ? module->data_count : 0;
  instance->datas = wasm_arena_array(arena, data_count, sizeof *instance->datas);
  instance->elems = wasm_arena_array(arena, module->elem_count, sizeof *instance->elems);
  if (instance->memories == NULL || instance->tables == NULL || instance->globals == NULL ||
      instance->funcs == NULL || instance->tags == NULL || instance->datas == NULL ||
      instance->elems == NULL)
    return NULL;
  instance->stack_limit = store->stack_limit;
  instance->helpers = &wasm_helpers;
  instance->types = module->type_numbers;
  instance->module = module;
  instance->store = store;
  return instance;
}

/* Imports were checked against the module by wasm_instance_check_imports. */
static void place_imports(struct wasm_instance *instance, const struct wasm_extern *imports) {
  const struct wasm_module *module = instance->module;
  for (uint32_t i = 0; i < module->import_count; i++) {
    uint32_t index = module->imports[i].index;
    switch (module->imports[i].kind) {
    case WASM_EXTERN_FUNC:
      instance->funcs[index] = imports[i].func;
      break;
    case WASM_EXTERN_TABLE:
      instance->tables[index] = imports[i].table;
      break;
    case WASM_EXTERN_MEMORY:
      instance->memories[index] = imports[i].memory;
      break;
    case WASM_EXTERN_GLOBAL:
      instance->globals[index] = imports[i].global;
      break;
    case WASM_EXTERN_TAG:
      instance->tags[index] = imports[i].tag;
      break;
    }
  }
}

/* Every function gets its struct wasm_func at once: exports, tables and ref.func may name any. */
static enum wasm_status make_functions(struct wasm_instance *instance, struct wasm_error *error) {
  const struct wasm_module *module = instance->module;
  uint32_t defined = module->func_count - module->func_import_count;
  if (defined > 0 && module->entries == NULL)
    return wasm_error_set(error, WASM_UNSUPPORTED, 0, "the module was loaded without making code");
  struct wasm_func *funcs = wasm_arena_array(&instance->store->arena, defined, sizeof *funcs);
  if (funcs == NULL)
    return fail_memory(error, "functions");
  for (uint32_t i = 0; i < defined; i++) {
    uint32_t index = module->func_import_count + i;
    funcs[i] = (struct wasm_func){module->entries[i], instance,
                                  module->type_numbers[module->func_types[index]], index};
    instance->funcs[index] = &funcs[i];
  }
  return WASM_OK;
}

/* Each instance has tags of its own, so exceptions of one are not mistaken for another's. */
static enum wasm_status make_tags(struct wasm_instance *instance, struct wasm_error *error) {
  const struct wasm_module *module = instance->module;
  uint32_t defined = module->tag_count - module->tag_import_count;
  struct wasm_tag *tags = wasm_arena_array(&instance->store->arena, defined, sizeof *tags);
  if (tags == NULL)
    return fail_memory(error, "tags");
  for (uint32_t i = 0; i < defined; i++) {
    uint32_t index = module->tag_import_count + i;
    tags[i] = (struct wasm_tag){module->type_numbers[module->tag_types[index]], instance->store};
    instance->tags[index] = &tags[i];
  }
  return WASM_OK;
}

static enum wasm_status fail_limit(struct wasm_error *error, uint64_t count,
                                   enum wasm_limit limit) {
  return wasm_error_set(error, WASM_UNSUPPORTED, 0, "%llu %s; the limit is %u",
                        (unsigned long long)count, wasm_limits[limit].text,
                        wasm_limits[limit].value);
}

/* A table too large is named by its limit; other failures can only be a lack of memory. */
static enum wasm_status make_tables(struct wasm_instance *instance, struct wasm_error *error) {
  const struct wasm_module *module = instance->module;
  for (uint32_t i = module->table_import_count; i < module->table_count; i++) {
    const struct wasm_table_entry *entry = &module->tables[i];
    if (entry->limits.min > WASM_LIMIT_TABLE_ELEMENTS)
      return fail_limit(error, entry->limits.min, WASM_LIMITED_TABLE_ELEMENTS);
    instance->tables[i] = wasm_table_new(instance->store, entry->type, &entry->limits, 0);
    if (instance->tables[i] == NULL)
      return fail_memory(error, "tables");
  }
  if (module->table_count > 0)
    instance->first_table = instance->tables[0];
  return WASM_OK;
}

/* Hosts look for an exported memory of this name, as WASI wants; else the first one. */
static struct wasm_memory *find_host_memory(const struct wasm_instance *instance) {
  const struct wasm_export_entry *entry =
      wasm_module_find_export(instance->module, (struct wasm_name){"memory", 6});
  bool is_memory = entry != NULL && entry->kind == WASM_EXTERN_MEMORY;
  return instance->memories[is_memory ? entry->index : 0];
}

static enum wasm_status make_memories(struct wasm_instance *instance, struct wasm_error *error) {
  const struct wasm_module *module = instance->module;
  for (uint32_t i = module->memory_import_count; i < module->memory_count; i++) {
    const struct wasm_limits *limits = &module->memories[i];
    if (limits->is_64 && limits->min > WASM_LIMIT_MEMORY64_PAGES)
      return fail_limit(error, limits->min, WASM_LIMITED_MEMORY64_PAGES);
    instance->memories[i] = wasm_memory_new(instance->store, limits);
    if (instance->memories[i] == NULL)
      return wasm_error_set(error, WASM_NO_MEMORY, 0, "no memory for a linear memory of %llu pages",
                            (unsigned long long)limits->min);
  }
  if (module->memory_count > 0) {
    instance->memory_base = instance->memories[0]->base;
    instance->memory_bytes = instance->memories[0]->bytes;
    instance->host_memory = find_host_memory(instance);
  }
  return WASM_OK;
}

static uint64_t function_reference(const struct wasm_instance *instance, uint32_t index) {
  return (uint64_t)(uintptr_t)instance->funcs[index];
}

/* In 64 bits: the low half does not depend on the high halves of the operands. */
static union wasm_value calculate(const struct wasm_const *step, union wasm_value a,
                                  union wasm_value b) {
  uint64_t result = step->kind == WASM_CONST_ADD   ? a.i64 + b.i64
                    : step->kind == WASM_CONST_SUB ? a.i64 - b.i64
                                                   : a.i64 * b.i64;
  return (union wasm_value){.i64 = step->type == WASM_I32 ? (uint32_t)result : result};
}

static union wasm_value evaluate_sequence(const struct wasm_instance *instance,
                                          const uint8_t *bytes);

/* The value of a constant expression (core spec 4.4.11); the decoder has checked it. */
static union wasm_value evaluate(const struct wasm_instance *instance,
                                 const struct wasm_const *expression) {
  switch (expression->kind) {
  case WASM_CONST_GLOBAL:
    return instance->globals[expression->index]->value;
  case WASM_CONST_FUNC:
    return (union wasm_value){.ref = function_reference(instance, expression->index)};
  case WASM_CONST_SEQUENCE:
    return evaluate_sequence(instance, expression->bytes);
  default:
    return expression->value; /* zero, that is null, for WASM_CONST_NULL */
  }
}

/* Reads the instructions again; the decoder has also seen that these values are enough. */
static union wasm_value evaluate_sequence(const struct wasm_instance *instance,
                                          const uint8_t *bytes) {
  const struct wasm_module *module = instance->module;
  struct wasm_error error;
  wasm_error_clear(&error);
  struct wasm_reader reader = wasm_reader_make(
      module->bytes, bytes, (size_t)(module->bytes + module->length - bytes), &error);
  union wasm_value values[WASM_LIMIT_CONST_OPERANDS];
  uint32_t height = 0;
  struct wasm_const step;
  while (wasm_read_const_step(&reader, module, &step)) {
    if (wasm_const_is_operator(step.kind)) {
      height -= 2;
      values[height] = calculate(&step, values[height], values[height + 1]);
    } else {
      values[height] = evaluate(instance, &step);
    }
    height++;
  }
  return values[0];
}

/* An active segment's place. */
static uint64_t evaluate_offset(const struct wasm_instance *instance,
                                const struct wasm_const *offset) {
  union wasm_value value = evaluate(instance, offset);
  return offset->type == WASM_I64 ? value.i64 : value.i32;
}

/* In order: a global's expression may name those before it. */
static void make_globals(struct wasm_instance *instance) {
  const struct wasm_module *module = instance->module;
  uint32_t defined = module->global_count - module->global_import_count;
  struct wasm_global *globals = instance->own_globals;
  for (uint32_t i = 0; i < defined; i++) {
    const struct wasm_global_entry *entry = &module->globals[module->global_import_count + i];
    globals[i].type = entry->type;
    globals[i].is_mutable = entry->is_mutable;
    globals[i].value = evaluate(instance, &entry->init);
    instance->globals[module->global_import_count + i] = &globals[i];
  }
}

/* ---- Segments ------------------------------------------------------------------------------ */

/* Reads a segment's entries again, which the decoder has checked, and evaluates them. */
static void evaluate_elems(const struct wasm_instance *instance,
                           const struct wasm_elem_entry *entry, uint64_t *values) {
  struct wasm_error error;
  wasm_error_clear(&error);
  struct wasm_reader reader =
      wasm_reader_make(instance->module->bytes, entry->bytes, entry->length, &error);
  for (uint32_t i = 0; i < entry->count; i++) {
    if (!entry->is_expressions) {
      values[i] = function_reference(instance, wasm_read_u32(&reader));
      continue;
    }
    struct wasm_const expression;
    wasm_read_const(&reader, instance->module, entry->type, &expression);
    values[i] = evaluate(instance, &expression).ref;
  }
}

/* A cursor over the module's data segments, for wasm_read_data. */
static struct wasm_reader data_reader(const struct wasm_module *module, struct wasm_error *error) {
  wasm_error_clear(error);
  return wasm_reader_make(module->bytes, module->data_bytes, module->data_bytes_length, error);
}

/* Active segments stay empty here: they are dropped once applied, and nobody looks before. */
static void make_passive_datas(struct wasm_instance *instance) {
  const struct wasm_module *module = instance->module;
  struct wasm_error error;
  struct wasm_reader reader = data_reader(module, &error);
  for (uint32_t i = 0; i < module->data_count && module->has_data_count; i++) {
    struct wasm_data_entry entry;
    wasm_read_data(&reader, module, &entry);
    if (entry.mode == WASM_SEGMENT_PASSIVE)
      instance->datas[i] = (struct wasm_data){entry.bytes, entry.length};
  }
}

/* Passive element segments are evaluated now, even if never used (core spec 4.5.4). */
static enum wasm_status make_passive_elems(struct wasm_instance *instance,
                                           struct wasm_error *error) {
  const struct wasm_module *module = instance->module;
  for (uint32_t i = 0; i < module->elem_count; i++) {
    const struct wasm_elem_entry *entry = &module->elems[i];
    if (entry->mode != WASM_SEGMENT_PASSIVE)
      continue;
    uint64_t *values = wasm_arena_array(&instance->store->arena, entry->count, sizeof *values);
    if (values == NULL)
      return fail_memory(error, "element segments");
    evaluate_elems(instance, entry, values);
    instance->elems[i] = (struct wasm_elem){values, entry->count};
  }
  return WASM_OK;
}

/* Active segments act like table.init and memory.init followed by a drop, one after the other:
 * what comes before the first that does not fit has its effect. */
static uint32_t run_active_elems(struct wasm_instance *instance) {
  const struct wasm_module *module = instance->module;
  for (uint32_t i = 0; i < module->elem_count; i++) {
    const struct wasm_elem_entry *entry = &module->elems[i];
    if (entry->mode != WASM_SEGMENT_ACTIVE)
      continue;
    struct wasm_table *table = instance->tables[entry->table];
    uint64_t offset = evaluate_offset(instance, &entry->offset);
    if (!wasm_range_fits(offset, entry->count, table->size))
      return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
    evaluate_elems(instance, entry, table->elements + offset);
  }
  return WASM_TRAP_NONE;
}

static uint32_t run_active_datas(struct wasm_instance *instance) {
  const struct wasm_module *module = instance->module;
  struct wasm_error error;
  struct wasm_reader reader = data_reader(module, &error);
  uint32_t kind = WASM_TRAP_NONE;
  for (uint32_t i = 0; i < module->data_count && kind == WASM_TRAP_NONE; i++) {
    struct wasm_data_entry entry;
    wasm_read_data(&reader, module, &entry);
    if (entry.mode == WASM_SEGMENT_ACTIVE)
      kind = wasm_memory_init(instance->memories[entry.memory],
                              evaluate_offset(instance, &entry.offset), entry.bytes, entry.length,
                              0, entry.length);
  }
  return kind;
}

/* Runs the part that may trap; the instance is in the store's list by then, because functions of
 * it may already stand in others' tables. */
static enum wasm_status run_instance(struct wasm_instance *instance, struct wasm_trap *trap) {
  struct wasm_store *store = instance->store;
  uint32_t kind = run_active_elems(instance);
  if (kind == WASM_TRAP_NONE)
    kind = run_active_datas(instance);
  if (kind != WASM_TRAP_NONE) {
    memset(trap, 0, sizeof *trap);
    trap->kind = (enum wasm_trap_kind)kind;
    return WASM_TRAPPED;
  }
  if (!instance->module->has_start)
    return WASM_OK;
  union wasm_value none;
  return wasm_func_call(store, instance->funcs[instance->module->start], &none, &none, trap);
}

/* What can fail for lack of memory comes before what has effects on others. */
enum wasm_status wasm_instance_new(struct wasm_store *store, struct wasm_module *module,
                                   const struct wasm_extern *imports, struct wasm_instance **result,
                                   struct wasm_trap *trap, struct wasm_error *error) {
  *result = NULL;
  wasm_error_clear(error);
  enum wasm_status status = wasm_instance_check_imports(module, imports, error);
  if (status != WASM_OK)
    return status;
  struct wasm_instance *instance = allocate_instance(store, module);
  if (instance == NULL)
    return fail_memory(error, "index spaces");
  place_imports(instance, imports);
  if ((status = make_functions(instance, error)) != WASM_OK ||
      (status = make_tags(instance, error)) != WASM_OK ||
      (status = make_tables(instance, error)) != WASM_OK ||
      (status = make_memories(instance, error)) != WASM_OK)
    return status;
  make_globals(instance);
  if ((status = make_passive_elems(instance, error)) != WASM_OK)
    return status;
  make_passive_datas(instance);
  instance->next = store->instances;
  store->instances = instance;

  status = run_instance(instance, trap);
  if (status == WASM_TRAPPED)
    return wasm_error_set(error, status, 0, "%s", wasm_trap_text(trap->kind));
  *result = instance;
  return WASM_OK;
}

/* ---- What an instance offers --------------------------------------------------------------- */

struct wasm_extern wasm_instance_export(struct wasm_instance *instance, struct wasm_name name) {
  struct wasm_extern external = {.any = NULL};
  const struct wasm_export_entry *entry = wasm_module_find_export(instance->module, name);
  if (entry == NULL)
    return external;
  external.kind = entry->kind;
  switch (entry->kind) {
  case WASM_EXTERN_FUNC:
    external.func = instance->funcs[entry->index];
    break;
  case WASM_EXTERN_TABLE:
    external.table = instance->tables[entry->index];
    break;
  case WASM_EXTERN_MEMORY:
    external.memory = instance->memories[entry->index];
    break;
  case WASM_EXTERN_GLOBAL:
    external.global = instance->globals[entry->index];
    break;
  case WASM_EXTERN_TAG:
    external.tag = instance->tags[entry->index];
    break;
  }
  return external;
}

struct wasm_module *wasm_instance_module(struct wasm_instance *instance) {
  return instance->module;
}

struct wasm_memory *wasm_instance_memory(struct wasm_instance *instance) {
  return instance->host_memory;
}
