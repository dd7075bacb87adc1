/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A guest image that runs one test script in the VM. The script stands in the module's place, the
 * first argument behind its name is what to call it. Prints the script's line on stdout, failures
 * on stderr; ends with status 1 when something failed. */
#include "guest/runtime/program.h"
#include "tests/spec/spec.h"

#include <string.h>

static void guard_store(void *context, struct wasm_store *store) {
  struct program *program = context;
  machine_set_store(program->machine, store);
}

static void report_failure(void *context, uint32_t line, const char *text) {
  struct program *program = context;
  print_text(&program->message, "line ");
  print_u64(&program->message, line);
  print_text(&program->message, ": ");
  print_text(&program->message, text);
  print_text(&program->message, "\n");
}

static const char *script_name(const struct abi_boot *boot) {
  const char *name = boot_text(boot, boot->args);
  return boot->arg_count > 1 ? name + strlen(name) + 1 : "script";
}

_Noreturn void guest_main(struct machine *machine) {
  static struct program program;
  program_open_devices(&program, machine);
  const struct abi_boot *boot = machine->boot;
  struct spec_host host = {&program.platform, &program, guard_store, report_failure};
  struct spec_counts counts;
  char line[SPEC_LINE_MAX];
  spec_run(&host, (const char *)(uintptr_t)boot->module, boot->module_length, &counts);
  spec_format_line(line, script_name(boot), &counts);
  print_text(&program.out, line);
  print_text(&program.out, "\n");
  program_end(&program, ABI_OUTCOME_EXIT, counts.failed != 0);
}
