/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A run under QEMU, from its start to what it meant. */
#include "monitor/qemu/qemu.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool qemu_fail(struct qemu_vm *vm, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(vm->result->text, sizeof(vm->result->text), format, arguments);
  va_end(arguments);
  vm->result->end = VM_END_FAILED;
  return false;
}

/* A server ends when its connection does, and then takes its own child along. */
#define SHARE_PATIENCE_MS 2000

/* ---- How it ended ---- */

/* The first line that says something, with control characters made harmless: it comes from the
 * guest. */
static const char *first_line(char *text, uint32_t length, const char *prefix) {
  text[length] = 0;
  char *line = strstr(text, prefix);
  if (!line)
    return NULL;
  line += strlen(prefix);
  line[strcspn(line, "\r\n")] = 0;
  for (char *at = line; *at; at++)
    if (*at < ' ' || *at > '~')
      *at = '?';
  return *line ? line : NULL;
}

/* QEMU gives up when it cannot talk to a server: then the server's words say more than QEMU's. */
static bool share_failed(struct qemu_vm *vm) {
  for (size_t i = 0; i < vm->config->directory_count; i++) {
    siginfo_t end = {0};
    if (waitid(P_PID, (id_t)vm->shares[i].pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        end.si_pid && end.si_status != 0) {
      qemu_blame_share(vm, i);
      return true;
    }
  }
  return false;
}

/* The guest's report counts when it is whole; else its last words, else QEMU's. */
static void read_end(struct qemu_vm *vm, int status) {
  struct vm_result *result = vm->result;
  const struct abi_virt_report *report = &vm->report;
  const char *words = first_line(vm->serial, vm->serial_bytes, "hermit-wasm: ");
  if (vm->report_bytes == sizeof *report && report->magic == ABI_VIRT_REPORT_MAGIC &&
      report->status <= 255) {
    result->end = VM_END_EXIT;
    result->status = (uint32_t)report->status;
    result->report = report->report;
  } else if (words) {
    qemu_fail(vm, "%.400s", words);
  } else if (share_failed(vm)) {
    return;
  } else if ((words = first_line(vm->said, vm->said_bytes, "qemu-system-"))) {
    qemu_fail(vm, "QEMU cannot run the VM: qemu-system-%.400s", words);
  } else if (WIFSIGNALED(status)) {
    qemu_fail(vm, "QEMU was killed by signal %d", WTERMSIG(status));
  } else {
    qemu_fail(vm, "QEMU ended with status %d before the guest did", WEXITSTATUS(status));
  }
}

/* What was read ahead of a file is given back, as a program leaves what it did not read. */
static void return_input(const struct qemu_vm *vm) {
  struct stat status;
  int unread = 0, fd = vm->config->stdio[0];
  if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || vm->ends[QEMU_STDIN] < 0 ||
      ioctl(vm->ends[QEMU_STDIN], FIONREAD, &unread) < 0)
    return;
  const struct qemu_relay *relay = &vm->relays[QEMU_STDIN];
  lseek(fd, -(off_t)unread - (off_t)(relay->end - relay->start), SEEK_CUR);
}

/* ---- Beginning and end ---- */

static void init_vm(struct qemu_vm *vm, const struct qemu_config *config, struct signals *signals,
                    struct vm_result *result) {
  vm->config = config;
  vm->signals = signals;
  vm->result = result;
  vm->image = vm->bundle = -1;
  vm->qemu.said = -1;
  for (int i = 0; i < QEMU_CHANNELS; i++)
    vm->channels[i] = vm->ends[i] = -1;
  for (size_t i = 0; i < QEMU_MAX_DIRECTORIES; i++) {
    vm->share_sockets[i] = -1;
    vm->shares[i].said = -1;
  }
}

static void close_if_open(int fd) {
  if (fd >= 0)
    close(fd);
}

static void end_vm(struct qemu_vm *vm) {
  for (size_t i = 0; i < QEMU_MAX_DIRECTORIES; i++) {
    close_if_open(vm->share_sockets[i]);
    qemu_end_child(&vm->shares[i], SHARE_PATIENCE_MS);
  }
  for (int i = 0; i < QEMU_CHANNELS; i++) {
    close_if_open(vm->channels[i]);
    close_if_open(vm->ends[i]);
  }
  close_if_open(vm->image);
  close_if_open(vm->bundle);
}

void qemu_run(const struct qemu_config *config, struct signals *signals, struct vm_result *result) {
  memset(result, 0, sizeof *result);
  struct qemu_vm *vm = calloc(1, sizeof *vm);
  if (!vm) {
    result->end = VM_END_FAILED;
    snprintf(result->text, sizeof result->text, "no memory to run QEMU");
    return;
  }
  init_vm(vm, config, signals, result);
  size_t most = config->board->device_max - 2;
  bool ok = config->directory_count <= most && config->directory_count <= QEMU_MAX_DIRECTORIES;
  if (!ok)
    qemu_fail(vm, "%zu directories are too many for QEMU's board: at most %zu",
              config->directory_count, most);
  result->end = VM_END_EXIT;
  ok = ok && qemu_write_bundle(vm) && qemu_start_shares(vm) && qemu_start_machine(vm);
  if (!ok)
    result->end = VM_END_FAILED;
  else
    qemu_relay(vm);
  bool undecided = result->end == VM_END_EXIT;
  int status = qemu_end_child(&vm->qemu, 0);
  if (undecided)
    read_end(vm, status);
  else if (ok)
    qemu_drain(vm);
  return_input(vm);
  end_vm(vm);
  free(vm);
}
