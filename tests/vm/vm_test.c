/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs the guests of this folder through the library. TAP on stdout; skipped without KVM. */
#include "include/hermit_wasm.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct vm_case {
  const char *name;
  const char *guest; /* VM_GUESTS/<guest>.elf is the image, and the module too */
  const char *args[4];
  uint64_t memory_mib;
  uint64_t timeout_ms;
  int signal; /* pending when the VM starts */
  enum hermit_wasm_outcome outcome;
  int status;
  const char *error; /* FAILED: part of the text */
};

static const struct vm_case cases[] = {
    {.name = "status 0", .guest = "exit", .args = {"0"}},
    {.name = "status 1", .guest = "exit", .args = {"1"}, .status = 1},
    {.name = "status 255", .guest = "exit", .args = {"255"}, .status = 255},
    {.name = "status 256 is none",
     .guest = "exit",
     .args = {"256"},
     .outcome = HERMIT_WASM_FAILED,
     .error = "status 256"},
    {.name = "faults and privileged instructions", .guest = "faults", .status = 42},
    {.name = "a fault of the runtime's own ends the VM",
     .guest = "faults",
     .args = {"1"},
     .outcome = HERMIT_WASM_FAILED,
     .error = " in the guest's runtime at pc 0x"},
    {.name = "memory, 256 MiB", .guest = "memory", .memory_mib = 256, .status = 42},
    {.name = "memory, an odd 301 MiB", .guest = "memory", .memory_mib = 301, .status = 42},
    {.name = "clocks agree", .guest = "clocks", .status = 42},
    {.name = "too little memory is refused",
     .guest = "exit",
     .memory_mib = 8,
     .outcome = HERMIT_WASM_FAILED,
     .error = "at least"},
    {.name = "absurd memory is refused",
     .guest = "exit",
     .memory_mib = 1ull << 40,
     .outcome = HERMIT_WASM_FAILED,
     .error = "too much"},
    {.name = "the least memory suffices",
     .guest = "exit",
     .memory_mib = 30,
     .args = {"3"},
     .status = 3},
    {.name = "the most memory suffices", .guest = "exit", .memory_mib = 62 << 10, .status = 0},
    {.name = "the deadline ends an endless guest",
     .guest = "spin",
     .timeout_ms = 30,
     .outcome = HERMIT_WASM_TIMED_OUT},
    {.name = "SIGTERM ends the VM",
     .guest = "spin",
     .signal = SIGTERM,
     .outcome = HERMIT_WASM_SIGNALLED,
     .status = SIGTERM},
    {.name = "SIGINT ends the VM",
     .guest = "spin",
     .signal = SIGINT,
     .outcome = HERMIT_WASM_SIGNALLED,
     .status = SIGINT},
};

static void print_result(bool ok, unsigned number, const char *name,
                         const struct hermit_wasm_result *result) {
  printf("%sok %u - %s\n", ok ? "" : "not ", number, name);
  if (!ok)
    printf("# outcome %d, status %d, error: %s\n", result->outcome, result->status, result->error);
  fflush(stdout);
}

static void fill_config(struct hermit_wasm_config *config, const struct vm_case *test,
                        char path[256]) {
  snprintf(path, 256, "%s/%s.elf", VM_GUESTS, test->guest);
  *config = (struct hermit_wasm_config){.module = path,
                                        .guest_image = path,
                                        .args = test->args,
                                        .memory_bytes = test->memory_mib << 20,
                                        .timeout_ms = test->timeout_ms};
  while (config->arg_count < 4 && test->args[config->arg_count])
    config->arg_count++;
}

/* In a process of its own: an interrupted one must not be this one. */
static void run_case(const struct vm_case *test, struct hermit_wasm_result *result) {
  struct hermit_wasm_result *shared =
      mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    char path[256];
    struct hermit_wasm_config config;
    fill_config(&config, test, path);
    if (test->signal) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, test->signal);
      sigprocmask(SIG_BLOCK, &set, NULL);
      raise(test->signal);
      config.in_process = true; /* a pending signal is not inherited */
    }
    hermit_wasm_run(&config, shared);
    _exit(hermit_wasm_exit_status(shared));
  }
  int status = 0;
  waitpid(child, &status, 0);
  *result = *shared;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != hermit_wasm_exit_status(result))
    result->outcome = -1;
  munmap(shared, sizeof(*shared));
}

static bool case_holds(const struct vm_case *test, const struct hermit_wasm_result *result) {
  return result->outcome == test->outcome && result->status == test->status &&
         (!test->error || strstr(result->error, test->error));
}

/* Everything that the boot block carries. */
static bool boot_holds(struct hermit_wasm_result *result) {
  static const char *const args[] = {"one", "", "two words"};
  static const char *const env[] = {"A=1", "B="};
  static const struct hermit_wasm_dir dir = {.host = "/", .guest = "/guest", .read_only = true};
  struct hermit_wasm_config config = {.action = HERMIT_WASM_INSPECT,
                                      .module = VM_GUESTS "/boot.elf",
                                      .guest_image = VM_GUESTS "/boot.elf",
                                      .args = args,
                                      .arg_count = 3,
                                      .env = env,
                                      .env_count = 2,
                                      .dirs = &dir,
                                      .dir_count = 1,
                                      .invoke = "f",
                                      .unknown_imports_trap = true,
                                      .stats = true};
  hermit_wasm_run(&config, result);
  return result->outcome == HERMIT_WASM_EXITED && result->status == 42 &&
         result->stats.pages_touched > 10 && result->stats.setup_us > 0 &&
         result->stats.exits[HERMIT_WASM_EXIT_END] == 1;
}

/* Refusals before there is a VM. */
static bool refusal_holds(const struct hermit_wasm_config *config, const char *text,
                          struct hermit_wasm_result *result) {
  hermit_wasm_run(config, result);
  return result->outcome == HERMIT_WASM_FAILED && strstr(result->error, text);
}

int main(void) {
  struct hermit_wasm_host host;
  hermit_wasm_probe_host(&host);
  if (!host.kvm_usable) {
    printf("1..0 # SKIP KVM: %s\n", host.kvm_error);
    return 0;
  }
  unsigned count = sizeof(cases) / sizeof(cases[0]);
  printf("1..%u\n", count + 6);
  struct hermit_wasm_result result;
  for (unsigned i = 0; i < count; i++) {
    run_case(&cases[i], &result);
    print_result(case_holds(&cases[i], &result), i + 1, cases[i].name, &result);
  }
  bool ok = boot_holds(&result);
  print_result(ok, ++count, "the boot block and the CPU's state", &result);
  struct hermit_wasm_config config = {.module = "/nonexistent/x.wasm"};
  ok = refusal_holds(&config, "cannot open /nonexistent/x.wasm: No such file", &result);
  print_result(ok, ++count, "a missing module", &result);
  config.module = "/";
  ok = refusal_holds(&config, "it is a directory", &result);
  print_result(ok, ++count, "a directory for a module", &result);
  config.module = VM_GUESTS "/boot.elf";
  config.guest_image = "/dev/null";
  ok = refusal_holds(&config, "guest image: it is no ELF file", &result);
  print_result(ok, ++count, "a guest image that is none", &result);
  config.guest_image = NULL;
  config.arch = "pdp11";
  ok = refusal_holds(&config, "no VMs of architecture pdp11", &result);
  print_result(ok, ++count, "an architecture that there is not", &result);
  config.arch = NULL;
  config.monitor = HERMIT_WASM_MONITOR_KVM;
  config.dirs = &(struct hermit_wasm_dir){.host = "/nonexistent", .guest = "."};
  config.dir_count = 1;
  ok = refusal_holds(&config, "cannot share the directory /nonexistent: No such file", &result);
  print_result(ok, ++count, "a missing directory", &result);
  return 0;
}
