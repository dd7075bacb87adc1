/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* QEMU's command line. docs/qemu.md has what a person would write instead. */
#include "monitor/qemu/qemu.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct qemu_board boards[] = {
#define BOARD(arch, program, package, machine, processor, most, flat, ...)                         \
  {arch, program, package, machine, processor, most, flat, {__VA_ARGS__}},
#include "monitor/qemu/boards.def"
#undef BOARD
};
#define BOARD_COUNT (sizeof boards / sizeof boards[0])

const struct qemu_board *qemu_board(size_t index) {
  return index < BOARD_COUNT ? &boards[index] : NULL;
}

const struct qemu_board *qemu_find_board(const char *arch) {
  for (size_t i = 0; i < BOARD_COUNT; i++)
    if (strcmp(boards[i].arch, arch) == 0)
      return &boards[i];
  return NULL;
}

/* ---- The command line ---- */

#define WORDS_MAX (96 + 4 * QEMU_MAX_DIRECTORIES)

struct command {
  char *words[WORDS_MAX + 1];
  size_t count;
  bool failed; /* no memory */
};

static void add(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct command *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *word = NULL;
  if (command->count == WORDS_MAX || vasprintf(&word, format, arguments) < 0)
    command->failed = true;
  else
    command->words[command->count++] = word;
  va_end(arguments);
}

static void add_machine(struct command *command, const struct qemu_vm *vm) {
  const struct qemu_config *config = vm->config;
  unsigned long long memory = config->program->memory_max >> 20;
  bool shared = config->directory_count > 0;
  add(command, "%s", config->qemu);
  for (const char *const *word =
           (const char *const[]){"-nodefaults", "-no-user-config", "-display", "none", "-monitor",
                                 "none", "-no-reboot", "-sandbox", NULL};
       *word; word++)
    add(command, "%s", *word);
  add(command, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  add(command, "-machine");
  add(command, "%s%s", config->board->machine, shared ? ",memory-backend=memory" : "");
  add(command, "-accel");
  add(command, "%s", config->use_kvm ? "kvm" : "tcg");
  add(command, "-cpu");
  add(command, "%s", config->board->processor);
  add(command, "-m");
  add(command, "%lluM", memory);
  if (shared) { /* virtiofsd reads and writes it, too */
    add(command, "-object");
    add(command, "memory-backend-memfd,id=memory,size=%lluM,share=on", memory);
  }
  add(command, "%s", config->board->end_option[0]);
  add(command, "%s", config->board->end_option[1]);
  add(command, "-kernel");
  add(command, "/dev/fd/%d", vm->image);
  add(command, "-initrd");
  add(command, "/dev/fd/%d", vm->bundle);
}

static void add_socket(struct command *command, const char *name, int fd) {
  add(command, "-chardev");
  add(command, "socket,id=%s,fd=%d", name, fd);
}

static void add_devices(struct command *command, const struct qemu_vm *vm) {
  static const char *const names[] = {[QEMU_STDIN] = "stdin",
                                      [QEMU_STDOUT] = "stdout",
                                      [QEMU_STDERR] = "stderr",
                                      [QEMU_REPORT] = "report"};
  add(command, "-global");
  add(command, "virtio-mmio.force-legacy=false");
  add_socket(command, "serial", vm->ends[QEMU_SERIAL]);
  add(command, "-serial");
  add(command, "chardev:serial");
  add(command, "-device");
  add(command, "virtio-serial-device,id=ports");
  for (int i = QEMU_STDIN; i <= QEMU_REPORT; i++) {
    if (vm->ends[i] < 0)
      continue;
    add_socket(command, names[i], vm->ends[i]);
    add(command, "-device");
    add(command, "virtserialport,bus=ports.0,nr=%d,chardev=%s", ABI_VIRT_PORT_STDIN + i, names[i]);
  }
  add(command, "-device");
  add(command, "virtio-rng-device");
  for (size_t i = 0; i < vm->config->directory_count; i++) {
    add(command, "-chardev");
    add(command, "socket,id=share%zu,fd=%d", i, vm->share_sockets[i]);
    add(command, "-device");
    add(command, "vhost-user-fs-device,chardev=share%zu,tag=%s%zu", i, ABI_BUNDLE_TAG, i);
  }
}

/* ---- Starting ---- */

static size_t list_descriptors(const struct qemu_vm *vm, int *keep) {
  size_t count = 0;
  keep[count++] = vm->image;
  keep[count++] = vm->bundle;
  for (int i = 0; i < QEMU_CHANNELS; i++)
    if (vm->ends[i] >= 0)
      keep[count++] = vm->ends[i];
  for (size_t i = 0; i < vm->config->directory_count; i++)
    keep[count++] = vm->share_sockets[i];
  return count;
}

/* Channels for streams that are open, the report and the serial console. */
static bool make_channels(struct qemu_vm *vm) {
  for (int i = 0; i < QEMU_CHANNELS; i++) {
    int pair[2];
    if (i < 3 && vm->config->stdio[i] < 0)
      continue;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return qemu_fail(vm, "cannot make a channel to QEMU: %s", strerror(errno));
    vm->channels[i] = pair[0];
    vm->ends[i] = pair[1];
  }
  return true;
}

/* Our copies of what is QEMU's alone: an end is only seen when nobody holds it open. Standard
 * input's stays, to see at the end what nobody read. */
static void close_ends(struct qemu_vm *vm) {
  for (int i = 0; i < QEMU_CHANNELS; i++)
    if (i != QEMU_STDIN && vm->ends[i] >= 0) {
      close(vm->ends[i]);
      vm->ends[i] = -1;
    }
  for (size_t i = 0; i < vm->config->directory_count; i++) {
    close(vm->share_sockets[i]);
    vm->share_sockets[i] = -1;
  }
}

bool qemu_start_machine(struct qemu_vm *vm) {
  int keep[2 + QEMU_CHANNELS + QEMU_MAX_DIRECTORIES];
  if (!make_channels(vm))
    return false;
  struct command *command = calloc(1, sizeof *command);
  if (!command)
    return qemu_fail(vm, "no memory for QEMU's command line");
  add_machine(command, vm);
  add_devices(command, vm);
  struct qemu_start start = {.arguments = (const char *const *)command->words,
                             .keep = keep,
                             .keep_count = list_descriptors(vm, keep)};
  bool ok = command->failed ? qemu_fail(vm, "QEMU's command line becomes too long")
                            : qemu_start_child(vm, &vm->qemu, &start);
  for (size_t i = 0; i < command->count; i++)
    free(command->words[i]);
  free(command);
  close_ends(vm);
  return ok;
}
