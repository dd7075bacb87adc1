/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The commands of test scripts.
 *
 * A module that the engine refuses as unsupported is remembered with the engine's reason, and every
 * command that depends on it is skipped with that reason. Instantiating such a module could have
 * changed memories and tables of registered instances: where their results differ afterwards, that
 * is no failure, but counts as skipped. */
#include "tests/spec/spec.h"
#include "engine/error.h"
#include "tests/spec/sexpr.h"
#include "tests/spec/spectest.h"
#include "tests/spec/value.h"

#include <string.h>

#define VALUES_MAX 1000

/* A module or an instance of a script. */
struct entry {
  struct entry *next;       /* the one before */
  const struct sexpr *name; /* $id; NULL: none */
  struct wasm_module *module;
  struct wasm_instance *instance;
  const char *skip; /* why it could not be made; NULL: it was made, or failed */
  bool is_registered;
};

/* (register "name" $id) */
struct registration {
  struct registration *next;
  struct wasm_name name;
  const struct entry *entry;
};

struct run {
  const struct spec_host *host;
  struct spec_counts *counts;
  struct wasm_arena arena;
  struct wasm_store *store;
  struct spectest spectest;
  struct entry *definitions; /* newest first */
  struct entry *instances;
  struct registration *registrations;
  union wasm_value args[VALUES_MAX];
  union wasm_value results[VALUES_MAX];
  struct wasm_trap trap;
  struct wasm_error error;

  const char *lost; /* why an instantiation with all its effects was skipped; NULL: none was */

  /* The command at hand. */
  uint32_t line;
  bool decided;       /* it counted already */
  const char *excuse; /* it acts on what a skipped instantiation may have changed */
};

/* ---- Outcomes ------------------------------------------------------------------------------ */

static void pass(struct run *run) {
  run->counts->passed += !run->decided;
  run->decided = true;
}

static void skip(struct run *run, const char *reason) {
  struct spec_counts *counts = run->counts;
  if (run->decided)
    return;
  run->decided = true;
  if (counts->skipped++ == 0) {
    struct wasm_error text;
    wasm_error_set(&text, WASM_OK, 0, "%s", reason);
    memcpy(counts->reason, text.text, sizeof counts->reason);
  }
}

/* Formats as wasm_error_set. */
__attribute__((format(printf, 2, 3))) static void fail(struct run *run, const char *format, ...) {
  struct wasm_error text;
  va_list args;
  va_start(args, format);
  wasm_error_set_va(&text, WASM_OK, 0, format, args);
  va_end(args);
  if (run->excuse != NULL) {
    skip(run, run->excuse);
  } else if (!run->decided) {
    run->counts->failed++;
    run->host->report_failure(run->host->context, run->line, text.text);
  }
  run->decided = true;
}

static const char *keep_text(struct run *run, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = wasm_arena_array(&run->arena, size, 1);
  if (copy != NULL)
    memcpy(copy, text, size);
  return copy != NULL ? copy : "unsupported";
}

static const char *status_text(enum wasm_status status) {
  static const char *const texts[] = {"ok",         "malformed", "invalid", "unsupported",
                                      "unlinkable", "no memory", "trapped"};
  return texts[status];
}

/* Decides a command that wanted `wanted` and got run->error. */
static void expect_status(struct run *run, enum wasm_status wanted, enum wasm_status status,
                          const char *text) {
  if (status == wanted)
    pass(run);
  else if (status == WASM_UNSUPPORTED)
    skip(run, run->error.text);
  else
    fail(run, "expected %s (%s), got %s (%s)", status_text(wanted), text, status_text(status),
         status == WASM_OK ? "" : run->error.text);
}

/* The engine's text of a trap begins as the script's does, or the other way round. */
static void expect_trap(struct run *run, enum wasm_status status, const struct sexpr *text) {
  if (status != WASM_TRAPPED) {
    expect_status(run, WASM_TRAPPED, status, "a trap");
    return;
  }
  const char *got = wasm_trap_text(run->trap.kind);
  size_t common = strlen(got) < text->length ? strlen(got) : text->length;
  if (memcmp(got, text->text, common) == 0)
    pass(run);
  else
    fail(run, "expected the trap \"%.*s\", got \"%s\"", (int)text->length, text->text, got);
}

/* ---- Modules ------------------------------------------------------------------------------- */

static struct entry *find_entry(struct entry *list, const struct sexpr *name) {
  struct entry *entry = list;
  if (name != NULL)
    while (entry != NULL && (entry->name == NULL || !sexpr_same_text(entry->name, name)))
      entry = entry->next;
  return entry;
}

static struct entry *add_entry(struct run *run, struct entry **list, const struct sexpr *name) {
  struct entry *entry = wasm_arena_array(&run->arena, 1, sizeof *entry);
  if (entry == NULL)
    return NULL;
  entry->name = name;
  entry->next = *list;
  *list = entry;
  return entry;
}

static const struct sexpr *take_id(const struct sexpr **at) {
  const struct sexpr *id = *at;
  if (id == NULL || id->kind != SEXPR_ATOM || id->length == 0 || id->text[0] != '$')
    return NULL;
  *at = id->next;
  return id;
}

/* The bytes of `strings`, one after the other, as a block of exactly their length. */
static uint8_t *gather_bytes(struct run *run, const struct sexpr *strings, size_t *length) {
  size_t capacity = 0;
  for (const struct sexpr *s = strings; s != NULL; s = s->next)
    capacity += s->length;
  uint8_t *bytes = wasm_arena_array(&run->arena, capacity, 1);
  *length = 0;
  for (const struct sexpr *s = strings; s != NULL && bytes != NULL; s = s->next) {
    size_t count = s->kind == SEXPR_STRING ? sexpr_string_bytes(s, bytes + *length) : SIZE_MAX;
    if (count == SIZE_MAX)
      return NULL;
    *length += count;
  }
  return bytes;
}

/* Loads the module of (module [definition] [$id] binary "...") into a new definition. */
static enum wasm_status define(struct run *run, const struct sexpr *form) {
  const struct sexpr *at = form->first->next;
  if (sexpr_is(at, "definition"))
    at = at->next;
  struct entry *entry = add_entry(run, &run->definitions, take_id(&at));
  if (entry == NULL || !sexpr_is(at, "binary"))
    return wasm_error_set(&run->error, WASM_NO_MEMORY, 0, "no memory, or no binary module");
  size_t length;
  const uint8_t *bytes = gather_bytes(run, at->next, &length);
  if (bytes == NULL)
    return wasm_error_set(&run->error, WASM_NO_MEMORY, 0, "no memory, or a bad string");
  enum wasm_status status =
      wasm_module_load(run->store, bytes, length, true, &entry->module, &run->error);
  if (status == WASM_UNSUPPORTED)
    entry->skip = keep_text(run, run->error.text);
  return status;
}

static bool names_equal(struct wasm_name a, struct wasm_name b) {
  return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Looks an import up; *skip when it should come from a module that was skipped. */
static struct wasm_extern resolve(struct run *run, struct wasm_name space, struct wasm_name name,
                                  const char **reason) {
  static const struct wasm_name spectest = {"spectest", 8};
  for (const struct registration *r = run->registrations; r != NULL; r = r->next) {
    if (!names_equal(r->name, space))
      continue;
    *reason = r->entry->skip;
    if (r->entry->instance == NULL)
      break;
    return wasm_instance_export(r->entry->instance, name);
  }
  if (names_equal(space, spectest))
    return spectest_find(&run->spectest, name);
  return (struct wasm_extern){.any = NULL};
}

/* Makes an instance of the definition, as the entry `instance`. */
static enum wasm_status instantiate(struct run *run, const struct entry *definition,
                                    struct entry *instance) {
  if (definition == NULL || instance == NULL)
    return wasm_error_set(&run->error, WASM_INVALID, 0, "there is no such module definition");
  instance->skip = definition->skip;
  if (instance->skip != NULL) {
    run->lost = instance->skip;
    return wasm_error_set(&run->error, WASM_UNSUPPORTED, 0, "%s", instance->skip);
  }
  if (definition->module == NULL)
    return wasm_error_set(&run->error, WASM_INVALID, 0, "the definition has failed");
  uint32_t count = wasm_module_import_count(definition->module);
  struct wasm_extern *imports = wasm_arena_array(&run->arena, count, sizeof *imports);
  for (uint32_t i = 0; i < count && imports != NULL; i++) {
    struct wasm_name space, name;
    struct wasm_externtype type;
    wasm_module_import(definition->module, i, &space, &name, &type);
    imports[i] = resolve(run, space, name, &instance->skip);
    if (instance->skip != NULL)
      return wasm_error_set(&run->error, WASM_UNSUPPORTED, 0, "%s", instance->skip);
  }
  if (imports == NULL)
    return wasm_error_set(&run->error, WASM_NO_MEMORY, 0, "no memory for imports");
  enum wasm_status status = wasm_instance_new(run->store, definition->module, imports,
                                              &instance->instance, &run->trap, &run->error);
  if (status == WASM_UNSUPPORTED)
    instance->skip = keep_text(run, run->error.text);
  return status;
}

/* Any module form: `definition` loads, `instance` instantiates, without either: both. */
static enum wasm_status run_module(struct run *run, const struct sexpr *form) {
  const struct sexpr *at = form->first->next;
  if (sexpr_is(at, "instance")) {
    at = at->next;
    const struct sexpr *name = take_id(&at);
    struct entry *definition = find_entry(run->definitions, take_id(&at));
    return instantiate(run, definition, add_entry(run, &run->instances, name));
  }
  enum wasm_status status = define(run, form);
  if (sexpr_is(at, "definition"))
    return status;
  struct entry *instance = add_entry(run, &run->instances, take_id(&at));
  if (status != WASM_OK && status != WASM_UNSUPPORTED)
    return status;
  return instantiate(run, run->definitions, instance);
}

static void run_register(struct run *run, const struct sexpr *form) {
  const struct sexpr *at = form->first->next;
  struct registration *registration = wasm_arena_array(&run->arena, 1, sizeof *registration);
  uint8_t *name = at != NULL ? wasm_arena_array(&run->arena, at->length, 1) : NULL;
  size_t length = name != NULL ? sexpr_string_bytes(at, name) : SIZE_MAX;
  if (registration == NULL || length == SIZE_MAX) {
    fail(run, "no memory, or a bad name");
    return;
  }
  at = at->next;
  registration->name = (struct wasm_name){(const char *)name, (uint32_t)length};
  struct entry *entry = find_entry(run->instances, take_id(&at));
  if (entry == NULL) {
    fail(run, "there is no such instance to register");
    return;
  }
  entry->is_registered = true;
  registration->entry = entry;
  registration->next = run->registrations;
  run->registrations = registration;
  if (registration->entry->skip != NULL)
    skip(run, registration->entry->skip);
  else
    pass(run);
}

/* ---- Actions ------------------------------------------------------------------------------- */

/* The types of an action's results, which are in run->results. */
struct outcome {
  const uint8_t *types;
  uint32_t count;
  uint8_t global_type;
};

static bool read_args(struct run *run, const struct sexpr *at, const struct wasm_functype *type) {
  uint32_t count = 0;
  for (; at != NULL; at = at->next, count++) {
    uint8_t got;
    if (count == type->param_count || !spec_value_read(at, &got, &run->args[count]) ||
        got != type->params[count])
      return false;
  }
  return count == type->param_count;
}

static enum wasm_status invoke(struct run *run, struct wasm_func *func, const struct sexpr *args,
                               struct outcome *outcome) {
  struct wasm_functype type = wasm_func_type(func);
  if (!read_args(run, args, &type))
    return wasm_error_set(&run->error, WASM_INVALID, 0, "arguments do not fit the function");
  outcome->types = type.results;
  outcome->count = type.result_count;
  enum wasm_status status = wasm_func_call(run->store, func, run->args, run->results, &run->trap);
  if (status == WASM_TRAPPED)
    wasm_error_set(&run->error, status, 0, "%s", wasm_trap_text(run->trap.kind));
  return status;
}

static enum wasm_status read_global(struct run *run, const struct wasm_extern *global,
                                    struct outcome *outcome) {
  struct wasm_externtype type;
  wasm_extern_type(global, &type);
  outcome->global_type = type.valtype;
  outcome->types = &outcome->global_type;
  outcome->count = 1;
  run->results[0] = wasm_global_get(global->global);
  return WASM_OK;
}

/* (invoke [$id] "name" value*) and (get [$id] "name"). */
static enum wasm_status run_action(struct run *run, const struct sexpr *form,
                                   struct outcome *outcome) {
  const struct sexpr *at = form->first->next;
  const struct entry *entry = find_entry(run->instances, take_id(&at));
  if (entry != NULL && entry->skip != NULL)
    return wasm_error_set(&run->error, WASM_UNSUPPORTED, 0, "%s", entry->skip);
  if (entry == NULL || entry->instance == NULL || at == NULL)
    return wasm_error_set(&run->error, WASM_INVALID, 0, "there is no instance to act on");
  run->excuse = entry->is_registered ? run->lost : NULL;
  uint8_t *bytes = wasm_arena_array(&run->arena, at->length, 1);
  size_t length = bytes != NULL ? sexpr_string_bytes(at, bytes) : SIZE_MAX;
  if (length == SIZE_MAX)
    return wasm_error_set(&run->error, WASM_NO_MEMORY, 0, "no memory, or a bad name");
  struct wasm_name name = {(const char *)bytes, (uint32_t)length};
  struct wasm_extern external = wasm_instance_export(entry->instance, name);
  bool is_get = sexpr_is_call(form, "get");
  if (external.any == NULL || external.kind != (is_get ? WASM_EXTERN_GLOBAL : WASM_EXTERN_FUNC))
    return wasm_error_set(&run->error, WASM_INVALID, 0, "there is no such export");
  return is_get ? read_global(run, &external, outcome)
                : invoke(run, external.func, at->next, outcome);
}

static enum wasm_status run_action_or_module(struct run *run, const struct sexpr *form) {
  struct outcome outcome;
  return sexpr_is_call(form, "module") ? run_module(run, form) : run_action(run, form, &outcome);
}

/* ---- Assertions ---------------------------------------------------------------------------- */

static void check_results(struct run *run, const struct outcome *outcome,
                          const struct sexpr *expected) {
  uint32_t i = 0;
  for (; expected != NULL && i < outcome->count; expected = expected->next, i++) {
    enum spec_match match = spec_value_match(expected, outcome->types[i], run->results[i]);
    bool is_32 = outcome->types[i] == WASM_I32 || outcome->types[i] == WASM_F32;
    if (match == SPEC_UNKNOWN)
      fail(run, "the form of result %u is not known", i);
    else if (match == SPEC_DIFFERS)
      fail(run, "result %u differs: got 0x%llx", i,
           (unsigned long long)(is_32 ? run->results[i].i32 : run->results[i].i64));
  }
  if (expected != NULL || i < outcome->count)
    fail(run, "another number of results: %u", outcome->count);
  pass(run);
}

static void assert_return(struct run *run, const struct sexpr *form) {
  const struct sexpr *action = form->first->next;
  struct outcome outcome;
  enum wasm_status status = run_action(run, action, &outcome);
  if (status == WASM_OK)
    check_results(run, &outcome, action->next);
  else
    expect_status(run, WASM_OK, status, "results");
}

static void run_command(struct run *run, const struct sexpr *form) {
  static const struct {
    const char *name;
    enum wasm_status status;
    enum wasm_status (*attempt)(struct run *run, const struct sexpr *module);
  } refusals[] = {{"assert_invalid", WASM_INVALID, define},
                  {"assert_malformed", WASM_MALFORMED, define},
                  {"assert_unlinkable", WASM_UNLINKABLE, run_module}};
  struct outcome outcome;
  const struct sexpr *operand = form->kind == SEXPR_LIST && form->first ? form->first->next : NULL;
  const struct sexpr *text = operand != NULL ? operand->next : NULL;
  if (sexpr_is_call(form, "module")) {
    expect_status(run, WASM_OK, run_module(run, form), "module");
  } else if (sexpr_is_call(form, "register")) {
    run_register(run, form);
  } else if (sexpr_is_call(form, "invoke") || sexpr_is_call(form, "get")) {
    expect_status(run, WASM_OK, run_action(run, form, &outcome), "results");
  } else if (sexpr_is_call(form, "assert_return") && operand != NULL) {
    assert_return(run, form);
  } else if ((sexpr_is_call(form, "assert_trap") || sexpr_is_call(form, "assert_exhaustion")) &&
             text != NULL) {
    expect_trap(run, run_action_or_module(run, operand), text);
  } else if (sexpr_is_call(form, "assert_exception") && operand != NULL) {
    enum wasm_status status = run_action(run, operand, &outcome);
    if (status == WASM_TRAPPED && run->trap.kind == WASM_TRAP_UNCAUGHT_EXCEPTION)
      pass(run);
    else
      expect_status(run, WASM_TRAPPED, status == WASM_TRAPPED ? WASM_OK : status, "an exception");
  } else {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
      if (text != NULL && sexpr_is_call(form, refusals[i].name))
        expect_status(run, refusals[i].status, refusals[i].attempt(run, operand), refusals[i].name);
  }
  if (!run->decided)
    fail(run, "a command this driver does not know");
}

/* ---- Scripts ------------------------------------------------------------------------------- */

static void run_commands(struct run *run, const char *script, size_t length) {
  struct sexpr_reader reader = {.at = script, .end = script + length, .line = 1};
  for (;;) {
    const struct sexpr *form = sexpr_read(&reader, &run->arena);
    run->line = reader.form_line;
    run->decided = false;
    run->excuse = NULL;
    if (form == NULL)
      break;
    run_command(run, form);
  }
  if (reader.problem != NULL)
    fail(run, "%s", reader.problem);
}

void spec_run(const struct spec_host *host, const char *script, size_t length,
              struct spec_counts *counts) {
  const struct wasm_platform *platform = host->platform;
  memset(counts, 0, sizeof *counts);
  struct run *run = platform->allocate(platform->context, sizeof *run);
  if (run == NULL) {
    counts->failed++;
    host->report_failure(host->context, 0, "no memory for the run");
    return;
  }
  memset(run, 0, sizeof *run);
  run->host = host;
  run->counts = counts;
  wasm_arena_init(&run->arena, platform);
  run->store = wasm_store_new(platform);
  if (run->store != NULL && spectest_make(&run->spectest, run->store)) {
    host->guard_store(host->context, run->store);
    run_commands(run, script, length);
    host->guard_store(host->context, NULL);
  } else {
    fail(run, "no memory for the store and its spectest module");
  }
  wasm_store_delete(run->store);
  wasm_arena_release(&run->arena);
  platform->free(platform->context, run, sizeof *run);
}

size_t spec_format_line(char *line, const char *name, const struct spec_counts *counts) {
  struct wasm_error head;
  wasm_error_set(&head, WASM_OK, 0, "%s: %u passed, %u failed, %u skipped", name, counts->passed,
                 counts->failed, counts->skipped);
  size_t length = strlen(head.text);
  memcpy(line, head.text, length);
  if (counts->skipped > 0) {
    size_t reason = strlen(counts->reason);
    line[length++] = ' ';
    line[length++] = '(';
    memcpy(line + length, counts->reason, reason);
    length += reason;
    line[length++] = ')';
  }
  line[length] = 0;
  return length;
}
