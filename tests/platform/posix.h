/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's platform in an ordinary process: mmap, mprotect and signals. For tests. */
#ifndef TESTS_PLATFORM_POSIX_H
#define TESTS_PLATFORM_POSIX_H

#include "engine/engine.h"

struct posix_platform {
  struct wasm_platform hooks; /* give this to the engine */
  uint64_t calls;             /* of hooks that may fail */
  uint64_t fail_at;           /* number of the call that fails, counted from 1; 0: none */
  uint64_t largest;           /* bytes above which no reservation is given; 0: no limit */
  uint64_t refused;           /* bytes of the last reservation that was not given */
  uint64_t reserved;          /* bytes of address space not yet released */
  uint64_t allocated;         /* bytes not yet freed */
};

void posix_platform_init(struct posix_platform *platform);

/* Turns SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP into the traps of `store`; other faults go to whoever
 * handled them before. One store at a time; NULL: none. */
void posix_guard_store(struct wasm_store *store);

#endif
