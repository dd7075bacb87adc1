/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The user-mode program of the guest: runs one WebAssembly module, or describes it. */
#include "guest/runtime/program.h"

#include <string.h>

#define ERRNO_EPIPE 32

/* ---- The report's times: raw counter readings, turned into nanoseconds at the end ---- */

struct timeline {
  uint64_t entry;
  uint64_t booted;
  uint64_t compiled;
  uint64_t instantiated;
};

static uint64_t elapsed_ns(uint64_t from, uint64_t to, uint64_t hz) {
  return hz ? (uint64_t)((unsigned __int128)(to - from) * 1000000000u / hz) : 0;
}

static void report_fill(struct program *program, const struct timeline *times) {
  struct machine *machine = program->machine;
  if (!(machine->boot->flags & ABI_FLAG_STATS))
    return;
  uint64_t end = machine_counter();
  machine_monotonic_ns(machine); /* makes the counter's rate known */
  uint64_t hz = machine->control->clock_counter_hz;
  struct wasm_module_sizes sizes = wasm_module_sizes(program->module);
  struct abi_report *report = &machine->control->report;
  report->boot_ns = elapsed_ns(times->entry, times->booted, hz);
  report->compile_ns = elapsed_ns(times->booted, times->compiled, hz);
  report->instantiate_ns = elapsed_ns(times->compiled, times->instantiated, hz);
  report->run_ns = elapsed_ns(times->instantiated, end, hz);
  report->module_bytes = program->module_length;
  report->code_section_bytes = sizes.code_section_bytes;
  report->code_bytes = sizes.code_bytes;
}

/* ---- Loading and linking ---- */

static const char *status_text(enum wasm_status status) {
  switch (status) {
  case WASM_MALFORMED:
    return "not a WebAssembly module: ";
  case WASM_INVALID:
    return "invalid module: ";
  case WASM_UNSUPPORTED:
    return "not supported: ";
  case WASM_UNLINKABLE:
    return "cannot be linked: ";
  case WASM_NO_MEMORY:
    return "out of memory (see --memory): ";
  default:
    return "";
  }
}

static _Noreturn void refuse(struct program *program, const char *what,
                             const struct wasm_error *error) {
  struct printer *printer = program_message(program, what);
  print_text(printer, status_text(error->status));
  print_name(printer, (struct wasm_name){error->text, (uint32_t)strlen(error->text)});
  if (error->offset) {
    print_text(printer, " (at byte ");
    print_hex(printer, error->offset);
    print_text(printer, ")");
  }
  print_text(printer, "\n");
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

static void load(struct program *program) {
  const struct abi_boot *boot = program->machine->boot;
  struct wasm_error error = {0};
  program->store = wasm_store_new(&program->platform);
  if (!program->store)
    machine_panic(program->machine, "out of memory while starting the engine");
  machine_set_store(program->machine, program->store);
  enum wasm_status status =
      wasm_module_load(program->store, program->module_bytes, program->module_length,
                       boot->mode == ABI_MODE_RUN, &program->module, &error);
  if (status != WASM_OK)
    refuse(program, "loading", &error);
}

static void open_wasi(struct program *program) {
  const struct abi_boot *boot = program->machine->boot;
  struct wasi_config config = {
      .host = &program->host,
      .args = boot_text(boot, boot->args),
      .args_size = boot->args.length,
      .arg_count = boot->arg_count,
      .env = boot_text(boot, boot->env),
      .env_size = boot->env.length,
      .env_count = boot->env_count,
      .listener_count = program->sockets ? sockets_listeners(program->sockets) : 0,
      .preopens = program->preopens,
      .preopen_count = program->preopen_count,
  };
  program->wasi = wasi_new(program->store, &config);
  if (!program->wasi)
    machine_panic(program->machine, "out of memory while starting WASI");
}

/* ---- Running ---- */

static _Noreturn void refuse_loss(struct program *program, const char *what, const char *loss,
                                  int error) {
  struct printer *printer = program_message(program, what);
  print_text(printer, "the host could not write everything (errno ");
  print_u64(printer, (uint64_t)error);
  print_text(printer, "); ");
  print_text(printer, loss);
  print_text(printer, "\n");
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

/* Writes back what is still open; a write lost here must not look like success. */
static void close_files(struct program *program) {
  int error = wasi_delete(program->wasi);
  if (error)
    refuse_loss(program, "closing files of", "what was not synced may be lost", error);
}

/* Who closes a pipe early wants no more. */
static void flush_output(struct program *program) {
  int error = program->console ? console_flush(program->console) : 0;
  if (error && error != ERRNO_EPIPE)
    refuse_loss(program, "writing the output of", "some of it is lost", error);
}

/* Our own words must not get lost where the program did not want to wait. */
static void block_output(struct program *program) {
  for (uint32_t stream = 1; program->console && stream < 3; stream++)
    console_set_nowait(program->console, stream, false);
}

static _Noreturn void finish(struct program *program, enum wasm_status status,
                             const struct timeline *times) {
  uint32_t exit_status = 0;
  enum abi_outcome outcome = ABI_OUTCOME_EXIT;
  block_output(program);
  if (status == WASM_TRAPPED && program->trap.kind == WASM_TRAP_EXIT) {
    exit_status = program->trap.exit_status & 0xff;
  } else if (status == WASM_TRAPPED) {
    program_print_trap(program);
    outcome = ABI_OUTCOME_TRAP;
  }
  close_files(program);
  flush_output(program);
  report_fill(program, times);
  program_end(program, outcome, exit_status);
}

static struct wasm_func *find_function(struct program *program, struct wasm_instance *instance,
                                       struct wasm_name name) {
  struct wasm_extern found = wasm_instance_export(instance, name);
  if (found.any && found.kind == WASM_EXTERN_FUNC)
    return found.func;
  struct printer *printer = program_message(program, "running");
  print_text(printer, "it exports no function \"");
  print_name(printer, name);
  print_text(printer, "\"; see `hermit-wasm inspect` and --invoke\n");
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

static struct wasm_name literal(const char *text) {
  return (struct wasm_name){text, (uint32_t)strlen(text)};
}

static _Noreturn void refuse_arguments(struct program *program, const struct wasm_functype *type,
                                       const char *why) {
  struct printer *printer = program_message(program, "invoking a function of");
  struct wasm_externtype external = {.kind = WASM_EXTERN_FUNC, .func = *type};
  print_text(printer, why);
  print_text(printer, " ");
  print_externtype(printer, &external);
  print_text(printer, "\n");
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

#define INVOKE_MAX_VALUES 1000

static void parse_arguments(struct program *program, const struct wasm_functype *type,
                            union wasm_value *values) {
  const struct abi_boot *boot = program->machine->boot;
  const char *text = boot_text(boot, boot->args);
  if (type->param_count != boot->arg_count - 1)
    refuse_arguments(program, type, "as many arguments are needed as there are parameters:");
  if (type->param_count > INVOKE_MAX_VALUES || type->result_count > INVOKE_MAX_VALUES)
    refuse_arguments(program, type, "too many parameters or results for --invoke:");
  for (uint32_t i = 0; i < type->param_count; i++) {
    text += strlen(text) + 1;
    if (!parse_value(text, type->params[i], &values[i]))
      refuse_arguments(program, type, "an argument is no number of the parameter's type:");
  }
}

/* --invoke: arguments are numbers as the function's type says; results are printed, one a line. */
static enum wasm_status invoke(struct program *program, struct wasm_instance *instance,
                               struct wasm_name name) {
  static union wasm_value values[INVOKE_MAX_VALUES], results[INVOKE_MAX_VALUES];
  struct wasm_extern initialize = wasm_instance_export(instance, literal("_initialize"));
  enum wasm_status status = WASM_OK;
  struct wasm_func *func = find_function(program, instance, name);
  struct wasm_functype type = wasm_func_type(func);
  bool is_start = type.param_count == 0 && type.result_count == 0;
  if (!is_start)
    parse_arguments(program, &type, values);
  if (initialize.any && initialize.kind == WASM_EXTERN_FUNC) {
    struct wasm_functype none = wasm_func_type(initialize.func);
    if (none.param_count || none.result_count)
      refuse_arguments(program, &none, "its _initialize has the wrong type:");
    status = wasm_func_call(program->store, initialize.func, NULL, NULL, &program->trap);
  }
  if (status == WASM_OK)
    status = wasm_func_call(program->store, func, values, results, &program->trap);
  for (uint32_t i = 0; status == WASM_OK && i < type.result_count; i++) {
    print_value(&program->out, type.results[i], results[i]);
    print_text(&program->out, "\n");
  }
  return status;
}

static enum wasm_status run_start(struct program *program, struct wasm_instance *instance) {
  struct wasm_func *start = find_function(program, instance, literal("_start"));
  struct wasm_functype type = wasm_func_type(start);
  if (type.param_count || type.result_count)
    refuse_arguments(program, &type, "its _start has the wrong type:");
  return wasm_func_call(program->store, start, NULL, NULL, &program->trap);
}

static _Noreturn void run(struct program *program, struct timeline *times) {
  const struct abi_boot *boot = program->machine->boot;
  struct wasm_error error = {0};
  struct wasm_instance *instance;
  struct wasm_extern *imports = program_link(program);
  enum wasm_status status = wasm_instance_new(program->store, program->module, imports, &instance,
                                              &program->trap, &error);
  times->instantiated = machine_counter();
  if (status == WASM_TRAPPED)
    finish(program, status, times);
  if (status != WASM_OK)
    refuse(program, "instantiating", &error);
  if (boot->invoke.length)
    status = invoke(program, instance,
                    (struct wasm_name){boot_text(boot, boot->invoke), boot->invoke.length});
  else
    status = run_start(program, instance);
  finish(program, status, times);
}

_Noreturn void guest_main(struct machine *machine) {
  /* One program per VM, and too large for the stack's first page. */
  static struct program the_program;
  struct program *program = &the_program;
  struct timeline times = {.entry = machine_counter()};
  program_open_devices(program, machine);
  program->module_bytes = (const uint8_t *)(uintptr_t)machine->boot->module;
  program->module_length = machine->boot->module_length;
  if (machine->boot->monitor == ABI_MONITOR_VIRT && program->module_length == 0)
    program_fetch_module(program);
  times.booted = machine_counter();
  load(program);
  open_wasi(program);
  times.compiled = machine_counter();
  if (machine->boot->mode == ABI_MODE_INSPECT) {
    program_inspect(program);
    program_end(program, ABI_OUTCOME_EXIT, 0);
  }
  run(program, &times);
}
