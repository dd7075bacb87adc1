/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's platform in an ordinary process. */
#include "tests/platform/posix.h"
#include "tests/platform/context.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)1 << 20)
#define SIGNAL_STACK_SIZE ((size_t)64 << 10)

/* ---- Memory -------------------------------------------------------------------------------- */

static bool may_go_on(struct posix_platform *platform) {
  return ++platform->calls != platform->fail_at;
}

static void *reserve(void *context, size_t size) {
  struct posix_platform *platform = context;
  bool is_too_large = platform->largest != 0 && size > platform->largest;
  if (!may_go_on(platform) || is_too_large) {
    platform->refused = size;
    return NULL;
  }
  void *address = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    return NULL;
  platform->reserved += size;
  return address;
}

static bool commit(void *context, void *address, size_t size) {
  return may_go_on(context) && mprotect(address, size, PROT_READ | PROT_WRITE) == 0;
}

static void release(void *context, void *address, size_t size) {
  struct posix_platform *platform = context;
  platform->reserved -= size;
  munmap(address, size);
}

static bool publish(void *context, void *address, size_t size) {
  __builtin___clear_cache(address, (char *)address + size);
  return may_go_on(context) && mprotect(address, size, PROT_READ | PROT_EXEC) == 0;
}

static void *allocate(void *context, size_t size) {
  struct posix_platform *platform = context;
  if (!may_go_on(platform))
    return NULL;
  void *address = malloc(size);
  if (address != NULL)
    platform->allocated += size;
  return address;
}

static void deallocate(void *context, void *address, size_t size) {
  struct posix_platform *platform = context;
  platform->allocated -= size;
  free(address);
}

void posix_platform_init(struct posix_platform *platform) {
  *platform = (struct posix_platform){
      .hooks =
          {
              .context = platform,
              .page_size = (size_t)sysconf(_SC_PAGESIZE),
              .reserve = reserve,
              .commit = commit,
              .release = release,
              .code_reserve = reserve,
              .code_commit = commit,
              .publish = publish,
              .allocate = allocate,
              .free = deallocate,
              .stack_size = STACK_SIZE,
          },
  };
}

/* ---- Faults -------------------------------------------------------------------------------- */

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
enum { FAULT_SIGNALS = sizeof fault_signals / sizeof fault_signals[0] };

/* A signal handler has no context but the process: this is the one place with global state. */
static struct wasm_store *guarded;
static struct sigaction previous[FAULT_SIGNALS];
static _Alignas(16) unsigned char signal_stack[SIGNAL_STACK_SIZE];

static void handle_fault(int number, siginfo_t *info, void *context) {
  struct wasm_fault fault, resume;
  context_get(context, &fault);
  bool has_address = number == SIGSEGV || number == SIGBUS;
  fault.address = has_address ? (uintptr_t)info->si_addr : 0;
  if (guarded != NULL && wasm_store_fault(guarded, &fault, &resume)) {
    context_set(context, &resume);
    return;
  }
  /* Not WebAssembly's: the instruction faults again under the previous handler. */
  for (int i = 0; i < FAULT_SIGNALS; i++)
    if (fault_signals[i] == number)
      sigaction(number, &previous[i], NULL);
}

void posix_guard_store(struct wasm_store *store) {
  static bool installed;
  guarded = store;
  if (installed)
    return;
  installed = true;
  sigaltstack(&(stack_t){.ss_sp = signal_stack, .ss_size = sizeof signal_stack}, NULL);
  struct sigaction action = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < FAULT_SIGNALS; i++)
    sigaction(fault_signals[i], &action, &previous[i]);
}
