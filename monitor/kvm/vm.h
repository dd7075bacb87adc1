/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One micro-VM on KVM: memory slots, what stands in them at the start, and the loop that serves
 * the guest's doorbells. Order: vm_create, devices, vm_prepare, jail, vm_run, vm_destroy. */
#ifndef MONITOR_KVM_VM_H
#define MONITOR_KVM_VM_H

#include "abi/boot.h"
#include "abi/doorbell.h"
#include "abi/prepare.h"
#include "monitor/devices/device.h"
#include "monitor/guest_memory.h"
#include "monitor/kvm/image.h"
#include "monitor/kvm/signals.h"
#include <linux/kvm.h>

#define VM_ERROR_SIZE 512
#define VM_STACK_SIZE (8ull << 20)

/* Why the guest came out, as counted; EXIT and PANIC are END. */
enum vm_exit {
  VM_EXIT_NOTIFY,
  VM_EXIT_WAIT,
  VM_EXIT_MEMORY,
  VM_EXIT_CLOCK,
  VM_EXIT_END,
  VM_EXIT_INTERRUPTED,
  VM_EXIT_OTHER,
  VM_EXIT_COUNT
};

/* What the guest gets. Everything is borrowed until vm_prepare returns. */
struct vm_config {
  enum abi_mode mode;
  uint32_t flags; /* ABI_FLAG_* */
  int module;     /* descriptor of a regular file */
  uint64_t module_length;
  const char *module_name;
  const char *invoke;      /* or NULL */
  const char *const *args; /* argv[0] included */
  size_t arg_count;
  const char *const *env;
  size_t env_count;
  uint64_t memory_max; /* bytes */
};

/* A device and what the boot block says of it beside device->abi. */
struct vm_device {
  struct device *device;
  const char *name; /* FS: the guest path; else NULL */
};

struct vm {
  int kvm, fd, vcpu; /* descriptors of KVM */
  struct kvm_run *run;
  size_t run_size;
  struct guest_memory memory;
  uint64_t memory_max;         /* end of the memory there may be, guest-physical */
  struct abi_layout layout;    /* of slot 0, by layout.c */
  struct abi_control *control; /* in guest memory: the guest may change it at any time */
  struct vm_device devices[ABI_MAX_DEVICES];
  uint32_t device_count;
  struct device *console; /* that serves WAIT, or NULL */
  struct device *sockets; /* that serves it too, or NULL */
  bool waiting;           /* in a WAIT that a signal interrupted, until: */
  uint64_t wait_deadline;
  struct signals *signals;
  uint64_t counter_hz;
  uint64_t exits[VM_EXIT_COUNT];
  bool ticking; /* a tick will come */
  bool polled;  /* buffers were found in polled queues since the last one */
};

enum vm_end {
  VM_END_EXIT,      /* doorbell EXIT */
  VM_END_TIMED_OUT, /* SIGALRM */
  VM_END_SIGNALLED, /* SIGINT, SIGTERM */
  VM_END_FAILED,    /* the guest broke a rule, or the host failed: text */
};

struct vm_result {
  enum vm_end end;
  uint32_t status;          /* EXIT: the guest's; SIGNALLED: the signal */
  struct abi_report report; /* a copy, taken at the end */
  char text[VM_ERROR_SIZE]; /* FAILED: one printable line */
};

/* /dev/kvm, to be closed; -1: *problem says what is missing, and what to do. */
int vm_open_kvm(char *problem, size_t size);
/* All return false with one line in `error` when the host does not do it. */
bool vm_create(struct vm *vm, struct signals *signals, char *error, size_t error_size);
bool vm_prepare(struct vm *vm, const struct vm_config *config, const struct image *image,
                char *error, size_t error_size);
void vm_run(struct vm *vm, struct vm_result *result);
/* 4 KiB pages of guest memory that the host holds. */
uint64_t vm_pages_touched(const struct vm *vm);
void vm_destroy(struct vm *vm);

/* ---- Between the files of this folder ---- */

/* Adds a slot of `size` bytes at the end of memory. */
bool vm_add_slot(struct vm *vm, uint64_t size);
uint64_t vm_memory_end(const struct vm *vm);
/* Serves doorbell MEMORY: at least `want` bytes more, if the limit allows. */
void vm_grow_memory(struct vm *vm, uint64_t want);

/* Where guest-physical address 0 is, or would be, in the host mapping of slot 0. To this the
 * addresses of vm->layout are added. */
static inline uint8_t *vm_origin(const struct vm *vm) {
  const struct guest_memory_slot *slot = &vm->memory.slots[0];
  return slot->host - slot->base;
}

/* Sets vm->layout for what the configuration needs. */
bool vm_plan(struct vm *vm, const struct vm_config *config, const struct image *image, char *error,
             size_t error_size);
/* Writes the kernel's memory (descriptor tables, page tables) into slot 0, where the image is. */
bool vm_write_kernel(struct vm *vm, const struct image *image, char *error, size_t error_size);
/* Writes boot block, rings and module into slot 0. */
bool vm_write_boot(struct vm *vm, const struct vm_config *config, char *error, size_t error_size);

#endif
