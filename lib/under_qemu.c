/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Chooses QEMU's program and board for a run. */
#include "lib/under_qemu.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Hardware's KVM also serves QEMU; what stands in for hardware is too narrow for its boards. */
static bool kvm_serves_qemu(const struct hermit_wasm_host *host) {
  return host->kvm_usable &&
         (strcmp(host->kvm_kind, "hardware") == 0 || strcmp(host->kvm_kind, "nested") == 0);
}

static const struct qemu_board *find_board(const char *arch, char *error, size_t error_size) {
  const struct qemu_board *board = qemu_find_board(arch);
  if (board)
    return board;
  size_t used =
      (size_t)snprintf(error, error_size, "there are no VMs of architecture %s: only", arch);
  for (size_t i = 0; qemu_board(i) && used < error_size; i++)
    used += (size_t)snprintf(error + used, error_size - used, " %s", qemu_board(i)->arch);
  return NULL;
}

/* The probe lists QEMU's programs in an order of its own. */
static const char *find_program(const struct hermit_wasm_host *host, const char *name) {
  for (size_t i = 0; i < sizeof host->qemu / sizeof host->qemu[0]; i++) {
    const char *base = strrchr(host->qemu[i], '/');
    if (base && strcmp(base + 1, name) == 0)
      return host->qemu[i];
  }
  return NULL;
}

static void copy_directories(struct under_qemu *chosen, const struct hermit_wasm_config *config) {
  static const enum qemu_cache modes[] = {[HERMIT_WASM_CACHE_AUTO] = QEMU_CACHE_AUTO,
                                          [HERMIT_WASM_CACHE_NONE] = QEMU_CACHE_NONE,
                                          [HERMIT_WASM_CACHE_ALWAYS] = QEMU_CACHE_ALWAYS};
  for (size_t i = 0; i < config->dir_count; i++)
    chosen->directories[i] = (struct qemu_directory){.host = config->dirs[i].host,
                                                     .guest = config->dirs[i].guest,
                                                     .read_only = config->dirs[i].read_only,
                                                     .cache = modes[config->dirs[i].cache]};
  chosen->qemu.directories = chosen->directories;
  chosen->qemu.directory_count = config->dir_count;
}

/* Other architectures' images lie beside this program, or where `make install` puts them. */
static bool find_image(struct under_qemu *chosen, const struct hermit_wasm_config *config,
                       const char *arch, bool is_host) {
  static const char *const folders[] = {"", "../lib/hermit-wasm/"};
  char program[PATH_MAX - 64];
  if (config->guest_image)
    snprintf(chosen->image, sizeof chosen->image, "%s", config->guest_image);
  if (config->guest_image || is_host)
    return true;
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0)
    return false;
  program[length] = 0;
  *(strrchr(program, '/') + 1) = 0;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    snprintf(chosen->image, sizeof chosen->image, "%s%shermit-%.16s.elf", program, folders[i],
             arch);
    if (access(chosen->image, R_OK) == 0)
      return true;
  }
  return false;
}

bool under_qemu_choose(struct under_qemu *chosen, const struct hermit_wasm_config *config,
                       const char *kvm_problem, char *error, size_t error_size) {
  struct utsname host;
  *chosen = (struct under_qemu){0};
  uname(&host);
  const char *arch = config->arch ? config->arch : host.machine;
  const struct qemu_board *board = find_board(arch, error, error_size);
  if (!board)
    return false;
  if (config->listen_count > 0) {
    snprintf(error, error_size,
             "%.300s%sQEMU has no listening sockets for the module: they need KVM", kvm_problem,
             *kvm_problem ? "; and " : "");
    return false;
  }
  hermit_wasm_probe_host(&chosen->host);
  const char *program = find_program(&chosen->host, board->program);
  if (!program) {
    snprintf(error, error_size, "%.300s%s%s is not installed: sudo apt-get install %s", kvm_problem,
             *kvm_problem ? "; and " : "", board->program, board->package);
    return false;
  }
  bool is_host = strcmp(arch, host.machine) == 0;
  if (!find_image(chosen, config, arch, is_host)) {
    snprintf(error, error_size,
             "there is no guest image for %s beside this program: make image, or --guest-image",
             arch);
    return false;
  }
  chosen->qemu.board = board;
  chosen->qemu.qemu = program;
  chosen->qemu.virtiofsd = chosen->host.virtiofsd;
  chosen->qemu.use_kvm = is_host && kvm_serves_qemu(&chosen->host);
  copy_directories(chosen, config);
  snprintf(chosen->note, sizeof chosen->note, "%.300s; QEMU emulates the VM, more slowly",
           kvm_problem);
  return true;
}
