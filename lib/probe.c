/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What this host offers: KVM and its kind, Landlock, seccomp, QEMU, the processor. */
#include "include/hermit_wasm.h"
#include "lib/probe_arch.h"
#include "monitor/jail/jail.h"
#include "monitor/kvm/vm.h"
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* PVM needs no virtualisation by the processor and never uses it, so its module decides. */
static const char *name_kvm_kind(struct probe_cpu cpu) {
  if (access("/sys/module/kvm_pvm", F_OK) == 0)
    return "pvm (software)";
  if (!cpu.virtualises)
    return "unknown";
  return cpu.is_virtualised ? "nested" : "hardware";
}

static void probe_kvm(struct hermit_wasm_host *host, struct probe_cpu cpu) {
  snprintf(host->kvm_kind, sizeof host->kvm_kind, "none");
  host->kvm_present = access("/dev/kvm", F_OK) == 0;
  int kvm = vm_open_kvm(host->kvm_error, sizeof host->kvm_error);
  host->kvm_usable = kvm >= 0;
  if (kvm < 0)
    return;
  close(kvm);
  snprintf(host->kvm_kind, sizeof host->kvm_kind, "%s", name_kvm_kind(cpu));
}

/* SECCOMP_GET_ACTION_AVAIL answers only where filters are built in. */
static bool probe_seccomp(void) {
  uint32_t action = SECCOMP_RET_TRAP;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
}

static bool is_program(const char *directory, size_t length, const char *name, char *path,
                       size_t size) {
  int written = snprintf(path, size, "%.*s/%s", (int)length, directory, name);
  return written > 0 && (size_t)written < size && access(path, X_OK) == 0;
}

/* Looks through a list of directories with ':' between them; leaves *path empty when not found. */
static void find_program(const char *directories, const char *name, char *path, size_t size) {
  while (*directories != '\0') {
    size_t length = strcspn(directories, ":");
    if (length > 0 && is_program(directories, length, name, path, size))
      return;
    directories += length + (directories[length] == ':');
  }
  path[0] = '\0';
}

static void probe_qemu(struct hermit_wasm_host *host) {
  static const char *const names[] = {"qemu-system-x86_64", "qemu-system-aarch64",
                                      "qemu-system-riscv64"};
  struct utsname kernel = {0};
  uname(&kernel);
  const char *path = getenv("PATH");
  if (path == NULL)
    path = "/usr/local/bin:/usr/bin:/bin";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    find_program(path, names[i], host->qemu[i], sizeof host->qemu[i]);
    if (strcmp(names[i] + strlen("qemu-system-"), kernel.machine) == 0)
      host->arch = (int)i;
  }
  /* Debian 13 has it in a package of its own (Rust), Debian 12 in QEMU's (C). On no PATH. */
  find_program("/usr/libexec:/usr/lib/qemu", "virtiofsd", host->virtiofsd, sizeof host->virtiofsd);
}

void hermit_wasm_probe_host(struct hermit_wasm_host *host) {
  *host = (struct hermit_wasm_host){0};
  struct probe_cpu cpu = probe_cpu();
  host->cpu_ok = cpu.runs_code;
  probe_kvm(host, cpu);
  host->landlock_abi = jail_landlock_abi();
  host->seccomp = probe_seccomp();
  probe_qemu(host);
}
