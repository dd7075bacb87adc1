/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One program in this VM: engine, WASI and drivers wired together. */
#ifndef GUEST_RUNTIME_PROGRAM_H
#define GUEST_RUNTIME_PROGRAM_H

#include "guest/drivers/drivers.h"
#include "guest/runtime/machine.h"
#include "guest/runtime/print.h"
#include "wasi/wasi.h"

/* An import that WASI does not have, made to trap. */
struct unknown_import {
  struct program *program;
  struct wasm_name space, name;
};

struct program {
  struct machine *machine;
  struct driver_machine driver_machine;
  struct wasm_platform platform;
  struct wasi_host host; /* first-class member: program_of() finds the program from it */
  struct console *console;
  uint32_t console_flags; /* abi_device.flags of the console */
  struct rng *rng;
  struct sockets *sockets; /* NULL: none were given, so WASI names none */
  struct wasi_preopen preopens[ABI_MAX_DEVICES];
  uint32_t preopen_count;
  struct printer out;     /* stdout */
  struct printer message; /* stderr */
  const uint8_t *module_bytes;
  uint64_t module_length;
  struct wasm_store *store;
  struct wasm_module *module;
  struct wasi *wasi;
  const struct unknown_import *unknown_import; /* the one that was called, if one was */
  struct wasm_trap trap; /* the last one; large, so it lives here and not on a stack */
};

/* Opens the devices and fills host, console, rng and preopens. */
void program_open_devices(struct program *program, struct machine *machine);

/* Sets module_bytes and module_length from the share's file that the module's name says. Ends the VM
 * with a message when that does not work. (guest/runtime/fetch.c) */
void program_fetch_module(struct program *program);

/* The bytes of a span of boot information. */
const char *boot_text(const struct abi_boot *boot, struct abi_span span);

/* Ends the VM: the outcome, with everything printed so far written out. */
_Noreturn void program_end(struct program *program, enum abi_outcome outcome, uint32_t status);
/* Starts a message: "hermit-wasm: <what> <module's name>: ". */
struct printer *program_message(struct program *program, const char *what);

/* Resolves every import of the module: WASI's, or, where the user wants it, functions that trap.
 * Ends the VM with a message naming the first import that cannot be had. */
struct wasm_extern *program_link(struct program *program);

/* Prints what a module imports, exports and needs. (guest/runtime/inspect.c) */
void program_inspect(struct program *program);
/* "func (i32, i64) -> f32", "memory 2..16 pages", ... */
void print_externtype(struct printer *printer, const struct wasm_externtype *type);

/* Reason and WebAssembly backtrace of program->trap, on stderr. (guest/runtime/report.c) */
void program_print_trap(struct program *program);

#endif
