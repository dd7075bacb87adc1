/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor: what this host offers, and what to do about what it lacks. */
#include "cli/cli.h"
#include <sys/utsname.h>

static void print_line(const char *what, const char *answer) {
  printf("%-10s %s\n", what, answer);
}

static void print_kernel(void) {
  struct utsname host;
  if (uname(&host) == 0)
    printf("%-10s %s %s, %s\n", "kernel", host.sysname, host.release, host.machine);
}

static void print_kvm(const struct hermit_wasm_host *host) {
  if (host->kvm_usable)
    printf("%-10s usable, %s\n", "KVM", host->kvm_kind);
  else
    printf("%-10s not usable: %s\n", "KVM", host->kvm_error);
}

static void print_walls(const struct hermit_wasm_host *host) {
  if (host->landlock_abi > 0)
    printf("%-10s version %d\n", "Landlock", host->landlock_abi);
  else
    print_line("Landlock", "not in this kernel: one wall less around the monitor's files");
  print_line("seccomp", host->seccomp ? "yes" : "not in this kernel: modules are refused");
}

/* Debian's, for hosts of each architecture. */
static const char *const qemu_packages[] = {"qemu-system-x86", "qemu-system-arm",
                                            "qemu-system-misc"};

static void print_qemu(const struct hermit_wasm_host *host) {
  bool any = false;
  for (int i = 0; i < 3; i++) {
    if (host->qemu[i][0] == '\0')
      continue;
    print_line("QEMU", host->qemu[i]);
    any = true;
  }
  if (!any)
    printf("%-10s not installed; what runs VMs where KVM cannot: sudo apt-get install %s\n", "QEMU",
           qemu_packages[host->arch]);
  print_line("virtiofsd", host->virtiofsd[0] ? host->virtiofsd
                                             : "not installed; QEMU shares directories with it");
}

int cli_doctor(void) {
  struct hermit_wasm_host host = {0};
  hermit_wasm_probe_host(&host);
  bool able = host.kvm_usable && host.cpu_ok && host.seccomp;
  bool emulated = !able && host.qemu[host.arch][0];
  print_line("version", HERMIT_WASM_VERSION);
  print_kernel();
  print_line("processor", host.cpu_ok ? "has what generated code needs"
                                      : "too old: generated code needs x86-64-v3 (AVX2, BMI2)");
  print_kvm(&host);
  print_walls(&host);
  print_qemu(&host);
  print_line("verdict", able       ? "modules run here"
                        : emulated ? "modules run here under QEMU's emulation"
                                   : "modules cannot run here");
  return able || emulated ? 0 : CLI_STATUS_FAILED;
}
