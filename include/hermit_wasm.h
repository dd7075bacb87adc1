/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* hermit_wasm: run an untrusted WebAssembly program in a micro-VM of its own.
 *
 * The library returns; it never prints and never exits. Strings given to it are copied.
 */
#ifndef HERMIT_WASM_H
#define HERMIT_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HERMIT_WASM_VERSION "0.1.0"

enum hermit_wasm_monitor {
  HERMIT_WASM_MONITOR_AUTO = 0,
  HERMIT_WASM_MONITOR_KVM,
  HERMIT_WASM_MONITOR_QEMU,
};

enum hermit_wasm_action {
  HERMIT_WASM_RUN = 0,
  HERMIT_WASM_INSPECT, /* describe the module on stdout; nothing of it is run */
};

/* How long the VM may rely on what it knows of a directory's files, in virtiofsd's words; README.md
 * has what follows from it. */
enum hermit_wasm_cache {
  HERMIT_WASM_CACHE_AUTO = 0, /* for a second: names, attributes, data read ahead */
  HERMIT_WASM_CACHE_NONE,     /* not at all: every operation asks the host */
  HERMIT_WASM_CACHE_ALWAYS,   /* for a day: nobody else changes the files */
};

/* A directory of the host, shown to the module. */
struct hermit_wasm_dir {
  const char *host;  /* path on the host */
  const char *guest; /* path the module sees */
  bool read_only;
  enum hermit_wasm_cache cache;
};

struct hermit_wasm_config {
  enum hermit_wasm_action action;
  enum hermit_wasm_monitor monitor; /* AUTO: our own where KVM can be used, else QEMU */
  const char *arch;             /* of the VM, as uname -m says it; NULL: the host's */
  const char *module;           /* path of the .wasm */
  const char *const *args;      /* what the module gets behind argv[0]; argv[0] is its base name */
  size_t arg_count;
  const char *const *env;       /* NAME=VALUE */
  size_t env_count;
  const struct hermit_wasm_dir *dirs;
  size_t dir_count;
  const char *const *listen;    /* "ADDR:PORT", numeric; port 0: the host chooses, see `note` */
  size_t listen_count;          /* descriptors 3, 4, ... of the module, before the directories */
  const char *invoke;           /* export to call instead of _start, or NULL */
  uint64_t memory_bytes;        /* upper bound of the VM's memory; 0: 4 GiB */
  uint64_t timeout_ms;          /* 0: none */
  bool unknown_imports_trap;
  bool stats;                   /* fill those statistics that cost time: the guest's own account,
                                   pages_touched */
  bool verbose;                 /* notes through `note` */
  const char *guest_image;      /* another guest ELF, for development; NULL: the built-in one */
  void (*note)(void *context, const char *line); /* may be NULL */
  void *note_context;
  int stdio[3];                 /* descriptors for the module's streams; all 0: 0, 1, 2 */
  bool in_process;              /* host the VM in the calling process, which is jailed for good:
                                   for commands. false: in a child process */
};

/* Reasons for exits from the guest to the monitor; see abi/doorbell.h. */
enum hermit_wasm_exit {
  HERMIT_WASM_EXIT_NOTIFY,
  HERMIT_WASM_EXIT_WAIT,
  HERMIT_WASM_EXIT_MEMORY,
  HERMIT_WASM_EXIT_CLOCK,
  HERMIT_WASM_EXIT_END,
  HERMIT_WASM_EXIT_INTERRUPTED, /* a signal: the deadline, SIGINT, the tick that
                                   looks at queues */
  HERMIT_WASM_EXIT_OTHER,
  HERMIT_WASM_EXIT_COUNT
};

/* Times in microseconds. Those marked * are the guest's own account. */
struct hermit_wasm_stats {
  uint64_t setup_us;       /* call to first guest instruction */
  uint64_t boot_us;        /* first guest instruction to the module's first byte read * */
  uint64_t compile_us;     /* decode + validate + compile * */
  uint64_t instantiate_us; /* * */
  uint64_t run_us;         /* start function and _start * */
  uint64_t teardown_us;    /* guest's end to return */
  uint64_t total_us;
  uint64_t module_bytes;
  uint64_t code_section_bytes; /* * */
  uint64_t code_bytes;         /* machine code made * */
  uint64_t exits[HERMIT_WASM_EXIT_COUNT];
  uint64_t pages_touched; /* 4 KiB pages of guest memory that were populated */
};

enum hermit_wasm_outcome {
  HERMIT_WASM_EXITED,    /* status: 0 to 255, from proc_exit */
  HERMIT_WASM_TRAPPED,   /* reason and backtrace went to the module's stderr */
  HERMIT_WASM_TIMED_OUT,
  HERMIT_WASM_SIGNALLED, /* SIGINT or SIGTERM arrived: status is the signal's number */
  HERMIT_WASM_FAILED,    /* see error; empty: the guest has already printed the reason */
};

struct hermit_wasm_result {
  enum hermit_wasm_outcome outcome;
  int status;
  char error[512]; /* FAILED: one line, NUL terminated */
  struct hermit_wasm_stats stats;
};

/* The exit status a command should end with: 0 to 255, 134 trap, 124 timed out, 125 failed,
 * 128 + signal. */
int hermit_wasm_exit_status(const struct hermit_wasm_result *result);

/* Runs; blocks until the VM has ended. Always fills *result. */
void hermit_wasm_run(const struct hermit_wasm_config *config, struct hermit_wasm_result *result);

/* What this host offers. */
struct hermit_wasm_host {
  bool kvm_present, kvm_usable;
  char kvm_kind[32];    /* "hardware", "pvm (software)", "nested", "none" */
  char kvm_error[160];  /* why it is not usable, and what to do */
  int landlock_abi;     /* 0: the kernel has none */
  bool seccomp;
  char qemu[3][160];    /* path of qemu-system-{x86_64,aarch64,riscv64}, or empty */
  char virtiofsd[160];
  bool cpu_ok;          /* has what generated code needs; of x86_64, x86-64-v3 */
  int arch;             /* which of qemu[] is the host's own architecture's */
};
void hermit_wasm_probe_host(struct hermit_wasm_host *host);

#endif
