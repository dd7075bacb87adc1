/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the user reads when a program does not end well. */
#include "guest/runtime/program.h"

#include <string.h>

struct printer *program_message(struct program *program, const char *what) {
  const struct abi_boot *boot = program->machine->boot;
  struct printer *printer = &program->message;
  print_flush(&program->out);
  print_text(printer, "hermit-wasm: ");
  print_text(printer, what);
  print_text(printer, " ");
  print_name(printer,
             (struct wasm_name){boot_text(boot, boot->module_name), boot->module_name.length});
  print_text(printer, ": ");
  return printer;
}

static void print_frame(struct printer *printer, uint32_t number, const struct wasm_frame *frame) {
  struct wasm_module *module = wasm_instance_module(frame->instance);
  struct wasm_name name = wasm_module_function_name(module, frame->function);
  print_text(printer, number < 10 ? "   " : "  ");
  print_u64(printer, number);
  print_text(printer, ": ");
  if (name.length)
    print_name(printer, name);
  else
    print_text(printer, "<unnamed>");
  print_text(printer, " (function ");
  print_u64(printer, frame->function);
  if (frame->code_offset) {
    print_text(printer, ", offset ");
    print_hex(printer, frame->code_offset);
  }
  print_text(printer, ")\n");
}

void program_print_trap(struct program *program) {
  const struct wasm_trap *trap = &program->trap;
  struct printer *printer = program_message(program, "running");
  print_text(printer, "trap: ");
  print_text(printer, wasm_trap_text(trap->kind));
  if (trap->kind == WASM_TRAP_UNKNOWN_IMPORT && program->unknown_import) {
    print_text(printer, ": \"");
    print_name(printer, program->unknown_import->space);
    print_text(printer, "\" \"");
    print_name(printer, program->unknown_import->name);
    print_text(printer, "\"");
  }
  print_text(printer, "\n");
  for (uint32_t i = 0; i < trap->frame_count; i++)
    print_frame(printer, i, &trap->frames[i]);
  if (trap->frames_total > trap->frame_count) {
    print_text(printer, "  ... and ");
    print_u64(printer, trap->frames_total - trap->frame_count);
    print_text(printer, " more\n");
  }
}

_Noreturn void program_end(struct program *program, enum abi_outcome outcome, uint32_t status) {
  print_flush(&program->out);
  print_flush(&program->message);
  struct abi_report *report = &program->machine->control->report;
  report->outcome = outcome;
  if (program->console)
    console_report(program->console, &(struct abi_virt_report){.magic = ABI_VIRT_REPORT_MAGIC,
                                                               .status = status,
                                                               .report = *report});
  machine_exit(program->machine, outcome, status);
}
