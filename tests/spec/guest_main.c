/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs one test script inside the VM: a guest image whose "module" is the script. One line on
 * stdout, failures on stderr; exit status 1: something failed. */
#include "guest/runtime/program.h"
#include "tests/spec/spec.h"

#include <string.h>

static void guard_store(void *context, struct wasm_store *store) {
  machine_set_store(((struct program *)context)->machine, store);
}

static void report_failure(void *context, uint32_t line, const char *text) {
  struct program *program = context;
  const struct abi_boot *boot = program->machine->boot;
  struct printer *printer = &program->message;
  print_name(printer, (struct wasm_name){boot_text(boot, boot->module_name),
                                         boot->module_name.length});
  print_text(printer, ":");
  print_u64(printer, line);
  print_text(printer, ": ");
  print_text(printer, text);
  print_text(printer, "\n");
}

_Noreturn void guest_main(struct machine *machine) {
  static struct program program;
  static char line[SPEC_LINE_MAX];
  struct spec_counts counts = {0};
  const struct abi_boot *boot = machine->boot;
  program_open_devices(&program, machine);
  struct spec_host host = {&program.platform, &program, guard_store, report_failure};
  spec_run(&host, (const char *)(uintptr_t)boot->module, boot->module_length, &counts);
  spec_format_line(line, boot_text(boot, boot->module_name), &counts);
  print_text(&program.out, line);
  print_text(&program.out, "\n");
  program_end(&program, ABI_OUTCOME_EXIT, counts.failed != 0);
}
