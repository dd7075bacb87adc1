/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs generated modules in our engine and writes down what they do. */
#include "tests/fuzz/run.h"
#include "tests/fuzz/generate.h"
#include "tests/platform/posix.h"

#include <stdarg.h>
#include <stdio.h>

#define SMALL_SPACE (1ull << 30) /* no room for guards around memories */

enum {
  MAX_HOST_FUNCS = 16,
  MAX_VALUES = 64,
  HOST_LINES = 100,
  STACK = 4 << 20,
  SMALL_STACK = 64 << 10
};

struct run;
struct host_func {
  struct run *run;
  uint32_t number;
  struct wasm_functype type;
  uint8_t provider;
};

struct run {
  struct posix_platform platform;
  struct wasm_store *store;
  struct wasm_module *module;
  struct wasm_instance *instance, *first; /* the one that is called; the one it imports from */
  struct wasm_error error;
  struct wasm_trap trap;
  const struct buffer *bytes; /* of the module */
  const uint8_t *calls;       /* what is still to be read */
  struct host_func hosts[MAX_HOST_FUNCS];
  uint32_t host_lines;
  const uint8_t *globals;
  uint32_t global_count;
  struct buffer *text;
};

__attribute__((format(printf, 2, 3))) static void say(struct buffer *text, const char *format,
                                                      ...) {
  char line[400];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  put_bytes(text, line, (size_t)length);
}

/* ---- Values ------------------------------------------------------------------------------------
 */

/* Others are shown by the module itself. */
static bool can_be_shown(uint8_t type) {
  return type != WASM_V128;
}

static bool is_nan(uint8_t type, const union wasm_value *value) {
  return type == WASM_F32 ? value->f32 != value->f32 : value->f64 != value->f64;
}

static void say_value(struct buffer *text, uint8_t type, const union wasm_value *value) {
  bool is_float = type == WASM_F32 || type == WASM_F64;
  if (is_float && is_nan(type, value))
    say(text, " nan");
  else if (type == WASM_I32 || type == WASM_F32)
    say(text, " %08x", value->i32);
  else if (type == WASM_I64 || type == WASM_F64)
    say(text, " %016llx", (unsigned long long)value->i64);
  else
    say(text, value->ref == 0 ? " null" : " ref");
}

/* A word that depends on the value. */
static uint32_t digest(uint8_t type, const union wasm_value *value) {
  if ((type == WASM_F32 || type == WASM_F64) && is_nan(type, value))
    return 0x7fc00000;
  if (type == WASM_I32 || type == WASM_F32)
    return value->i32;
  if (type == WASM_I64 || type == WASM_F64)
    return (uint32_t)value->i64 ^ (uint32_t)(value->i64 >> 32);
  return value->ref != 0;
}

/* A value made from a word. */
static union wasm_value answer(uint8_t type, uint32_t word) {
  union wasm_value value = {.i64 = 0};
  if (type == WASM_I32)
    value.i32 = word;
  else if (type == WASM_I64)
    value.i64 = (uint64_t)(word ^ 0xdeadbeef) << 32 | word;
  else if (type == WASM_F32)
    value.f32 = (float)(word & 0xffff) * 0.25f;
  else if (type == WASM_F64)
    value.f64 = (double)(int32_t)word * 0.5;
  else if (type == WASM_EXTERNREF)
    value.ref = word & 1 ? 0x1234 : 0;
  return value;
}

static enum wasm_trap_kind host_function(void *context, struct wasm_instance *caller,
                                         const union wasm_value *args, union wasm_value *results) {
  (void)caller;
  struct host_func *host = context;
  bool shown = host->run->host_lines++ < HOST_LINES;
  uint32_t word = 0;
  if (shown)
    say(host->run->text, "  h%u", host->number);
  for (uint32_t i = 0; i < host->type.param_count; i++) {
    if (shown)
      say_value(host->run->text, host->type.params[i], &args[i]);
    word = word * 31 + digest(host->type.params[i], &args[i]);
  }
  if (shown)
    say(host->run->text, "\n");
  for (uint32_t i = 0; i < host->type.result_count; i++)
    results[i] = answer(host->type.results[i], word + i);
  return WASM_TRAP_NONE;
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* Kinds that other engines do not tell apart have one name. */
static const char *trap_name(enum wasm_trap_kind kind) {
  switch (kind) {
  case WASM_TRAP_UNREACHABLE:
    return "unreachable";
  case WASM_TRAP_MEMORY_OUT_OF_BOUNDS:
    return "memory";
  case WASM_TRAP_TABLE_OUT_OF_BOUNDS:
  case WASM_TRAP_UNDEFINED_ELEMENT:
    return "table";
  case WASM_TRAP_UNINITIALIZED_ELEMENT:
  case WASM_TRAP_INDIRECT_CALL_TYPE:
    return "signature";
  case WASM_TRAP_INTEGER_DIVIDE_BY_ZERO:
    return "zero";
  case WASM_TRAP_INTEGER_OVERFLOW:
  case WASM_TRAP_INVALID_CONVERSION:
    return "range";
  default:
    return wasm_trap_text(kind);
  }
}

static const uint8_t *read_types(struct run *run, uint32_t *count) {
  *count = *run->calls++;
  const uint8_t *types = run->calls;
  run->calls += *count;
  return types;
}

static bool open_run(struct run *run, const struct buffer *calls, uint64_t fail_at,
                     struct buffer *text) {
  memset(run, 0, sizeof *run);
  run->text = text;
  run->calls = calls->at;
  posix_platform_init(&run->platform);
  run->platform.hooks.stack_size = STACK;
  run->platform.fail_at = fail_at;
  if (calls->length > 0 && calls->at[0] & RUN_CHECKED)
    run->platform.largest = SMALL_SPACE;
  run->store = wasm_store_new(&run->platform.hooks);
  posix_guard_store(run->store);
  return run->store != NULL;
}

static void close_run(struct run *run) {
  posix_guard_store(NULL);
  wasm_store_delete(run->store);
  if (run->platform.reserved != 0 || run->platform.allocated != 0)
    say(run->text, "the store left memory behind\n");
}

static enum wasm_status load(struct run *run, const struct buffer *module, bool compile) {
  run->bytes = module;
  return wasm_module_load(run->store, module->at, module->length, compile, &run->module,
                          &run->error);
}

static struct wasm_extern export_of(const struct run *run, const char *prefix, uint32_t number) {
  char name[16];
  int length = snprintf(name, sizeof name, "%s%u", prefix, number);
  return wasm_instance_export(run->instance, (struct wasm_name){name, (uint32_t)length});
}

/* The host's tables and memory, those of them that are imported. */
static bool make_shared(struct run *run, uint8_t sharing, struct wasm_extern *imports,
                        uint32_t *count) {
  static const uint8_t types[] = {WASM_FUNCREF, WASM_EXTERNREF};
  const struct wasm_limits elements = {.min = TABLE_MIN, .max = TABLE_MAX, .has_max = true};
  const struct wasm_limits pages = {.min = MEMORY_MIN, .max = MEMORY_MAX, .has_max = true};
  for (uint32_t i = 0; i < sizeof types && (sharing & SHARING_TABLES); i++) {
    struct wasm_extern *import = &imports[(*count)++];
    *import = (struct wasm_extern){.kind = WASM_EXTERN_TABLE};
    import->table = wasm_table_new(run->store, types[i], &elements, 0);
    if (import->any == NULL)
      return false;
  }
  if (sharing & SHARING_MEMORY) {
    struct wasm_extern *import = &imports[(*count)++];
    *import = (struct wasm_extern){.kind = WASM_EXTERN_MEMORY};
    import->memory = wasm_memory_new(run->store, &pages);
    return import->any != NULL;
  }
  return true;
}

static bool read_host_funcs(struct run *run, uint32_t count, struct wasm_extern *imports) {
  for (uint32_t i = 0; i < count; i++) {
    struct host_func *host = &run->hosts[i];
    host->run = run;
    host->number = i;
    host->provider = *run->calls++;
    host->type.params = read_types(run, &host->type.param_count);
    host->type.results = read_types(run, &host->type.result_count);
    imports[i] = (struct wasm_extern){.kind = WASM_EXTERN_FUNC};
    imports[i].func = wasm_func_new(run->store, &host->type, host_function, host);
    if (imports[i].func == NULL)
      return false;
  }
  return true;
}

static enum wasm_status instantiate(struct run *run) {
  struct wasm_extern imports[MAX_HOST_FUNCS];
  uint8_t sharing = *run->calls++;
  uint32_t func_count = *run->calls++, shared = 0;
  if (!make_shared(run, sharing, imports, &shared) ||
      !read_host_funcs(run, func_count, imports + shared))
    return WASM_NO_MEMORY;
  run->globals = read_types(run, &run->global_count);
  enum wasm_status status =
      wasm_instance_new(run->store, run->module, imports, &run->instance, &run->trap, &run->error);
  if (status != WASM_OK || !(sharing & SHARING_INSTANCES))
    return status;
  run->first = run->instance;
  for (uint32_t i = 0; i < func_count; i++)
    if (run->hosts[i].provider != PROVIDER_HOST)
      imports[shared + i] = export_of(run, "f", run->hosts[i].provider);
  run->instance = NULL;
  return wasm_instance_new(run->store, run->module, imports, &run->instance, &run->trap,
                           &run->error);
}

/* Whether an instruction can have been the reason of a trap. */
static bool may_trap(uint8_t opcode, enum wasm_trap_kind kind) {
  switch (kind) {
  case WASM_TRAP_UNREACHABLE:
    return opcode == 0x00;
  case WASM_TRAP_MEMORY_OUT_OF_BOUNDS:
    return opcode == 0xfc || opcode == 0xfd || (opcode >= 0x28 && opcode <= 0x3e);
  case WASM_TRAP_TABLE_OUT_OF_BOUNDS:
    return opcode == 0xfc || opcode == 0x25 || opcode == 0x26;
  case WASM_TRAP_UNDEFINED_ELEMENT:
  case WASM_TRAP_UNINITIALIZED_ELEMENT:
  case WASM_TRAP_INDIRECT_CALL_TYPE:
    return opcode == 0x11 || opcode == 0x13;
  case WASM_TRAP_INTEGER_DIVIDE_BY_ZERO:
    return (opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82);
  case WASM_TRAP_INTEGER_OVERFLOW:
    return opcode == 0x6d || opcode == 0x7f || (opcode >= 0xa8 && opcode <= 0xb1);
  case WASM_TRAP_INVALID_CONVERSION:
    return opcode >= 0xa8 && opcode <= 0xb1;
  case WASM_TRAP_UNCAUGHT_EXCEPTION:
    return opcode == 0x08 || opcode == 0x0a;
  case WASM_TRAP_NULL_EXCEPTION:
    return opcode == 0x0a;
  case WASM_TRAP_STACK_EXHAUSTED:
    return true;
  default:
    return false;
  }
}

/* The backtrace names an instruction that can trap so, then calls. */
static void check_trap(struct run *run) {
  const struct wasm_trap *trap = &run->trap;
  if (trap->frame_count == 0 || trap->frames_total < trap->frame_count)
    say(run->text, "a trap without frames\n");
  for (uint32_t i = 0; i < trap->frame_count; i++) {
    const struct wasm_frame *frame = &trap->frames[i];
    uint8_t opcode =
        frame->code_offset < run->bytes->length ? run->bytes->at[frame->code_offset] : 0xff;
    if (i == 0 ? !may_trap(opcode, trap->kind) : opcode != 0x10 && opcode != 0x11)
      say(run->text, "frame %u of the trap is at %u, opcode %x\n", i, frame->code_offset, opcode);
    if (run->instance != NULL && frame->instance != run->instance && frame->instance != run->first)
      say(run->text, "frame %u of the trap is of another instance\n", i);
  }
}

static void do_call(struct run *run) {
  union wasm_value values[MAX_VALUES] = {{.i64 = 0}};
  uint32_t func = *run->calls++, result_count, param_count;
  const uint8_t *results = read_types(run, &result_count);
  read_types(run, &param_count);
  for (uint32_t i = 0; i < param_count; i++, run->calls += 8)
    memcpy(&values[i], run->calls, 8);
  struct wasm_extern external = export_of(run, "f", func);
  if (external.any == NULL) {
    say(run->text, "f%u is not there\n", func);
    return;
  }
  enum wasm_status status = wasm_func_call(run->store, external.func, values, values, &run->trap);
  say(run->text, "f%u", func);
  if (status != WASM_OK) {
    say(run->text, " trap %s", trap_name(run->trap.kind));
    check_trap(run);
  }
  for (uint32_t i = 0; status == WASM_OK && i < result_count; i++)
    say_value(run->text, results[i], &values[i]);
  say(run->text, "\n");
}

static void say_memory(struct run *run, uint32_t number, const struct wasm_memory *memory) {
  const uint8_t *base = wasm_memory_base(memory);
  uint32_t hash = 0x811c9dc5;
  for (uint64_t i = 0; i < wasm_memory_bytes(memory); i += 4) {
    uint32_t word;
    memcpy(&word, base + i, 4);
    hash = (hash ^ word) * 16777619u;
  }
  say(run->text, "m%u %llu %08x\n", number, (unsigned long long)wasm_memory_bytes(memory), hash);
}

static void say_state(struct run *run) {
  for (uint32_t i = 0; i < run->global_count; i++)
    if (can_be_shown(run->globals[i])) {
      union wasm_value value = wasm_global_get(export_of(run, "g", i).global);
      say(run->text, "g%u", i);
      say_value(run->text, run->globals[i], &value);
      say(run->text, "\n");
    }
  struct wasm_extern memory;
  for (uint32_t i = 0; (memory = export_of(run, "m", i)).any != NULL; i++)
    say_memory(run, i, memory.memory);
}

/* ---- Runs --------------------------------------------------------------------------------------
 */

static void run_loaded(struct run *run) {
  enum wasm_status status = instantiate(run);
  if (status == WASM_TRAPPED) {
    say(run->text, "start trap %s\n", trap_name(run->trap.kind));
    check_trap(run);
  } else if (status != WASM_OK)
    say(run->text, "not instantiated: %s\n", run->error.text);
  if (status != WASM_OK)
    return;
  for (uint32_t left = *run->calls++; left > 0; left--)
    do_call(run);
  say_state(run);
  if (run->first != NULL) {
    run->instance = run->first;
    say_state(run);
  }
}

void run_module(const struct buffer *module, const struct buffer *calls, struct buffer *text) {
  static struct run run;
  open_run(&run, calls, 0, text);
  if (load(&run, module, false) != WASM_OK)
    say(text, "not validated: %s at %llu\n", run.error.text, (unsigned long long)run.error.offset);
  else if (load(&run, module, true) != WASM_OK)
    say(text, "not compiled: %s at %llu\n", run.error.text, (unsigned long long)run.error.offset);
  else
    run_loaded(&run);
  close_run(&run);
}

void run_exhausting(const struct buffer *module, const struct buffer *calls, struct buffer *text) {
  static struct run run;
  struct buffer said = {0};
  open_run(&run, calls, 0, &said);
  run.platform.hooks.stack_size = SMALL_STACK;
  wasm_store_delete(run.store);
  run.store = wasm_store_new(&run.platform.hooks);
  posix_guard_store(run.store);
  if (load(&run, module, true) == WASM_OK && instantiate(&run) == WASM_OK)
    for (uint32_t left = *run.calls++; left > 0; left--)
      do_call(&run);
  /* Only complaints count: where the stack ends is each engine's own. */
  static const char complaint[] = "frame";
  if (said.length > 0 && memmem(said.at, said.length, complaint, sizeof complaint - 1) != NULL)
    put_bytes(text, said.at, said.length);
  run.text = text;
  close_run(&run);
  free(said.at);
}

void run_validation(const struct buffer *module, struct buffer *text) {
  static struct run run;
  struct buffer none = {0};
  /* A copy of exactly its length, for the sanitizer. */
  struct buffer copy = {malloc(module->length), module->length, module->length};
  memcpy(copy.at, module->at, module->length);
  open_run(&run, &none, 0, text);
  enum wasm_status status = load(&run, &copy, false);
  struct wasm_error error = run.error;
  if (load(&run, &copy, true) != status ||
      (status != WASM_OK &&
       (error.offset != run.error.offset || strcmp(error.text, run.error.text))))
    say(text, "validated: %s at %llu; compiled: %s at %llu\n", error.text,
        (unsigned long long)error.offset, run.error.text, (unsigned long long)run.error.offset);
  else if (status == WASM_UNSUPPORTED)
    say(text, "unsupported: %s\n", error.text);
  else
    say(text, "%s\n", status == WASM_OK ? "valid" : "invalid");
  close_run(&run);
  free(copy.at);
}

void run_failing(const struct buffer *module, const struct buffer *calls, uint64_t n,
                 struct buffer *text) {
  static struct run run;
  static struct buffer nowhere;
  nowhere.length = 0;
  if (!open_run(&run, calls, n, &nowhere))
    return;
  enum wasm_status status = load(&run, module, true);
  if (status == WASM_OK)
    status = instantiate(&run);
  if (status != WASM_OK && status != WASM_NO_MEMORY && status != WASM_TRAPPED)
    say(text, "with request %llu refused: %s\n", (unsigned long long)n, run.error.text);
  run.text = text;
  close_run(&run);
}
