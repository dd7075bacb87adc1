/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The vCPU's loop: enters the guest, serves its doorbells, finds out why it ended. */
#include "abi/virtqueue.h"
#include "monitor/kvm/arch.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

/* What the loop does after an exit. */
enum vm_next {
  VM_CONTINUE,
  VM_AGAIN, /* a device was interrupted: look at the signals, then serve the doorbell again */
  VM_STOP
};

static enum vm_next stop(struct vm_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum vm_next stop(struct vm_result *result, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(result->text, sizeof(result->text), format, arguments);
  va_end(arguments);
  result->end = VM_END_FAILED;
  return VM_STOP;
}

/* ---- Polled queues ----
 *
 * A device that was notified a moment ago is polled: whatever the guest puts into its queues is
 * served at the next exit, and a tick makes sure that there is one. When a tick finds that nothing
 * was, the guest has to notify again. */

static enum vm_next next_of(enum device_result served, const struct guest_fault *fault,
                            uint32_t number, struct vm_result *result) {
  if (served == DEVICE_GUEST_FAULT)
    return stop(result, "the guest broke a rule of device %u: %s", number, fault->text);
  return served == DEVICE_INTERRUPTED ? VM_AGAIN : VM_CONTINUE;
}

/* The streams, which are the first device, come last: what a program says it has done with files,
 * it has done. */
static enum vm_next poll_devices(struct vm *vm, struct vm_result *result) {
  enum vm_next next = VM_CONTINUE;
  for (uint32_t i = vm->device_count; i-- > 0 && next == VM_CONTINUE;) {
    struct device *device = vm->devices[i].device;
    struct guest_fault fault;
    if (device->polling)
      next = next_of(device_poll(device, &vm->polled, &fault), &fault, i, result);
  }
  return next;
}

static enum vm_next set_polling(struct vm *vm, uint32_t number, bool polling,
                                struct vm_result *result) {
  struct device *device = vm->devices[number].device;
  struct guest_fault fault;
  if (device->polling == polling || !device->polled)
    return VM_CONTINUE;
  if (polling && !vm->ticking) {
    vm->ticking = true;
    signals_set_tick(vm->signals, ABI_POLL_MS);
  }
  return next_of(device_set_polling(device, polling, &fault), &fault, number, result);
}

/* After a tick, with all queues served. */
static enum vm_next end_tick(struct vm *vm, struct vm_result *result) {
  enum vm_next next = VM_CONTINUE;
  vm->ticking = vm->polled;
  if (vm->ticking)
    signals_set_tick(vm->signals, ABI_POLL_MS);
  else
    for (uint32_t i = 0; i < vm->device_count && next == VM_CONTINUE; i++)
      next = set_polling(vm, i, false, result);
  vm->polled = false;
  return next;
}

/* A signal ends the VM: what the program has written goes out, as far as nobody has to wait for it.
 */
static void poll_at_the_end(struct vm *vm) {
  for (uint32_t i = vm->device_count; i-- > 0;) {
    struct device *device = vm->devices[i].device;
    struct guest_fault fault;
    bool any;
    device->hurried = true;
    /* One more signal may come between; who keeps sending them is not waited for. */
    for (int attempt = 0; attempt < 3; attempt++)
      if (device->polling && device_poll(device, &any, &fault) != DEVICE_INTERRUPTED)
        break;
  }
}

/* ---- Doorbells ---- */

static enum vm_next serve_notify(struct vm *vm, uint32_t value, struct vm_result *result) {
  uint32_t number = value >> 16;
  uint32_t queue = value & 0xffff;
  if (number >= vm->device_count)
    return stop(result, "the guest notified device %u of %u", number, vm->device_count);
  struct device *device = vm->devices[number].device;
  if (queue >= device->abi.queue_count)
    return stop(result, "the guest notified queue %u of device %u, which has %u", queue, number,
                device->abi.queue_count);
  struct guest_fault fault;
  enum vm_next next = next_of(device->ops->notify(device, queue, &fault), &fault, number, result);
  return next == VM_CONTINUE ? set_polling(vm, number, true, result) : next;
}

/* One copy of everything: the guest's pages may change, our decision may not. */
static enum vm_next read_wait(struct vm *vm, struct device_wait *wait, struct vm_result *result) {
  const volatile struct abi_control *control = vm->control;
  uint64_t timeout = control->wait_timeout_ns;
  wait->streams = control->wait_watch;
  wait->socket_count = control->wait_socket_count;
  const uint32_t all = ABI_WAIT_STREAM0 | ABI_WAIT_STREAM1 | ABI_WAIT_STREAM2;
  if (wait->streams & ~all)
    return stop(result, "the guest waits for streams that do not exist (0x%x)", wait->streams);
  if (wait->socket_count > ABI_SOCKETS_MAX)
    return stop(result, "the guest waits for %u sockets, which are too many", wait->socket_count);
  for (uint32_t i = 0; i < wait->socket_count; i++)
    wait->sockets[i] = (struct abi_wait_socket){.socket = control->wait_sockets[i].socket,
                                                .events = control->wait_sockets[i].events};
  /* Served again after a signal, it is still the same wait. */
  if (!vm->waiting)
    vm->wait_deadline = device_deadline(timeout);
  wait->deadline_ns = vm->wait_deadline;
  return VM_CONTINUE;
}

static enum vm_next serve_wait(struct vm *vm, struct vm_result *result) {
  struct device_wait wait;
  struct guest_fault fault;
  if (!vm->console)
    return stop(result, "the guest waits, but has no console");
  if (read_wait(vm, &wait, result) == VM_STOP)
    return VM_STOP;
  enum device_result done = device_wait(vm->console, vm->sockets, &wait, &fault);
  vm->waiting = done == DEVICE_INTERRUPTED;
  if (done == DEVICE_INTERRUPTED)
    return VM_AGAIN;
  if (done != DEVICE_OK)
    return stop(result, "%s", fault.text);
  vm->control->wait_ready = wait.ready;
  vm->control->wait_bytes = wait.bytes;
  memcpy(vm->control->wait_sockets, wait.sockets, wait.socket_count * sizeof wait.sockets[0]);
  return VM_CONTINUE;
}

static uint64_t read_clock(clockid_t clock) {
  struct timespec now = {0};
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void serve_clock(struct vm *vm) {
  vm->control->clock_cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  vm->control->clock_counter_hz = vm->counter_hz;
  vm->control->clock_realtime_ns = read_clock(CLOCK_REALTIME);
  vm->control->clock_monotonic_ns = read_clock(CLOCK_MONOTONIC);
}

static void serve_memory(struct vm *vm) {
  uint64_t want = *(volatile uint64_t *)&vm->control->memory_want;
  vm_grow_memory(vm, want);
  vm->control->memory_end = vm_memory_end(vm);
}

static enum vm_next serve_exit(struct vm *vm, uint32_t status, struct vm_result *result) {
  memcpy(&result->report, &vm->control->report, sizeof(result->report));
  if (status > 255)
    return stop(result, "the guest ended with status %u, which is none", status);
  result->end = VM_END_EXIT;
  result->status = status;
  return VM_STOP;
}

/* The guest's text is untrusted: only printable ASCII reaches the user's terminal. */
static enum vm_next serve_panic(struct vm *vm, uint32_t length, struct vm_result *result) {
  if (length > ABI_TEXT_MAX)
    return stop(result, "the guest broke down with a text of %u bytes", length);
  char text[ABI_TEXT_MAX + 1];
  memcpy(text, vm->control->text, length);
  text[length] = 0;
  for (uint32_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~')
      text[i] = '?';
  return stop(result, "the guest broke down: %.400s", text);
}

static enum vm_next serve_doorbell(struct vm *vm, uint32_t number, uint32_t value,
                                   struct vm_result *result) {
  switch (number) {
  case ABI_DOORBELL_NOTIFY:
    vm->exits[VM_EXIT_NOTIFY]++;
    return serve_notify(vm, value, result);
  case ABI_DOORBELL_WAIT:
    vm->exits[VM_EXIT_WAIT]++;
    return serve_wait(vm, result);
  case ABI_DOORBELL_EXIT:
    vm->exits[VM_EXIT_END]++;
    return serve_exit(vm, value, result);
  case ABI_DOORBELL_MEMORY:
    vm->exits[VM_EXIT_MEMORY]++;
    serve_memory(vm);
    return VM_CONTINUE;
  case ABI_DOORBELL_GROW:
    vm->exits[VM_EXIT_MEMORY]++;
    vm->control->grow_done =
        arch_grow_tail(vm, vm->control->grow_address, vm->control->grow_physical, value);
    return VM_CONTINUE;
  case ABI_DOORBELL_CLOCK:
    vm->exits[VM_EXIT_CLOCK]++;
    serve_clock(vm);
    return VM_CONTINUE;
  case ABI_DOORBELL_PANIC:
    vm->exits[VM_EXIT_END]++;
    return serve_panic(vm, value, result);
  default:
    return stop(result, "the guest rang doorbell %u, which does not exist", number);
  }
}

/* ---- The loop ---- */

/* True when a signal came that ends the VM. */
static bool ended_by_signal(struct vm *vm, struct vm_result *result) {
  int number = signals_take(vm->signals);
  if (number == 0)
    return false;
  if (number == SIGALRM && !vm->signals->has_timer)
    return false; /* somebody else's */
  poll_at_the_end(vm);
  result->end = number == SIGALRM ? VM_END_TIMED_OUT : VM_END_SIGNALLED;
  result->status = (uint32_t)number;
  return true;
}

static enum vm_next serve_exit_of_vcpu(struct vm *vm, struct vm_result *result) {
  uint32_t number, value;
  char text[VM_ERROR_SIZE];
  switch (arch_classify_exit(vm, &number, &value, text)) {
  case ARCH_EXIT_DOORBELL:
    return serve_doorbell(vm, number, value, result);
  case ARCH_EXIT_SERVED:
    vm->exits[VM_EXIT_OTHER]++;
    return VM_CONTINUE;
  case ARCH_EXIT_KERNEL_PANIC:
    vm->exits[VM_EXIT_END]++;
    return stop(result, "the guest's kernel broke down (exception %u)", value);
  default:
    vm->exits[VM_EXIT_OTHER]++;
    return stop(result, "%s", text);
  }
}

/* What the guest came out for; before it, what it has put into polled queues. */
static enum vm_next serve(struct vm *vm, bool interrupted, struct vm_result *result) {
  enum vm_next next = poll_devices(vm, result);
  return next != VM_CONTINUE || interrupted ? next : serve_exit_of_vcpu(vm, result);
}

/* One stay in the guest. */
static enum vm_next run_once(struct vm *vm, struct vm_result *result) {
  bool interrupted = ioctl(vm->vcpu, KVM_RUN, 0) < 0;
  if (interrupted && errno == EAGAIN)
    return VM_CONTINUE;
  if (interrupted && errno != EINTR)
    return stop(result, "KVM cannot run the guest: %s", strerror(errno));
  vm->exits[VM_EXIT_INTERRUPTED] += interrupted;
  enum vm_next next = interrupted ? VM_AGAIN : serve(vm, false, result);
  while (next == VM_AGAIN) {
    if (ended_by_signal(vm, result))
      return VM_STOP;
    next = serve(vm, interrupted, result);
  }
  return next;
}

void vm_run(struct vm *vm, struct vm_result *result) {
  memset(result, 0, sizeof(*result));
  enum vm_next next;
  do {
    next = run_once(vm, result);
    if (next == VM_CONTINUE && signals_take_tick())
      next = end_tick(vm, result);
  } while (next != VM_STOP);
}
