/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The runtime's start and its fault handler. */
#include "guest/runtime/arch.h"
#include "guest/runtime/machine.h"
#include "guest/runtime/machine_parts.h"
#include "guest/runtime/memory.h"

#include <string.h>

/* The upcall for faults comes without an argument, so the machine it concerns has a fixed place:
 * the one static object of the runtime. Everything else gets it as a parameter. */
static struct {
  struct memory memory;
  struct machine machine;
  struct machine_parts parts;
} runtime;

void runtime_start(const struct abi_boot *boot) {
  struct abi_control *control = (struct abi_control *)(uintptr_t)boot->control;
  runtime.machine = (struct machine){.ops = boot->monitor == ABI_MONITOR_VIRT ? &machine_virt
                                                                              : &machine_doorbells,
                                     .boot = boot,
                                     .control = control,
                                     .memory = &runtime.memory,
                                     .parts = &runtime.parts};
  memory_start(&runtime.memory, &runtime.machine);
  if (boot->magic != ABI_BOOT_MAGIC || boot->version != ABI_BOOT_VERSION)
    machine_panic(&runtime.machine, "the monitor speaks another version of the boot contract");
  guest_main(&runtime.machine);
}

/* ---- Faults ---- */

static char *append_text(char *at, const char *text) {
  size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *append_hex(char *at, uint64_t value) {
  at = append_text(at, "0x");
  int shift = 60;
  while (shift > 0 && !(value >> shift & 15))
    shift -= 4;
  for (; shift >= 0; shift -= 4)
    *at++ = "0123456789abcdef"[value >> shift & 15];
  return at;
}

/* "page fault at pc 0x..., address 0x..., error 0x..., sp 0x..." */
static _Noreturn void panic_fault(const char *prefix, uint64_t vector, uint64_t error,
                                  uint64_t address, uint64_t pc) {
  char text[ABI_TEXT_MAX];
  char *at = append_text(text, prefix);
  at = append_text(at, arch_fault_name(vector));
  at = append_text(at, " (");
  at = append_hex(at, vector);
  at = append_text(at, ") in the guest's runtime at pc ");
  at = append_hex(at, pc);
  at = append_text(at, ", error ");
  at = append_hex(at, error);
  if (arch_fault_has_address(vector)) {
    at = append_text(at, ", address ");
    at = append_hex(at, address);
  }
  *at = 0;
  machine_panic(&runtime.machine, text);
}

void runtime_fault(uint64_t vector, uint64_t error, uint64_t address, uint64_t pc, uint64_t sp,
                   uint64_t fp) {
  struct wasm_fault fault = {
      .pc = pc, .sp = sp, .fp = fp, .address = arch_fault_has_address(vector) ? address : 0};
  struct wasm_fault resume = fault;
  if (runtime.parts.store && wasm_store_fault(runtime.parts.store, &fault, &resume))
    runtime_resume(resume.pc, resume.sp, resume.fp);
  panic_fault("", vector, error, address, pc);
}

void runtime_fault_nested(uint64_t vector, uint64_t error, uint64_t address, uint64_t pc) {
  panic_fault("while a fault was being handled: ", vector, error, address, pc);
}
