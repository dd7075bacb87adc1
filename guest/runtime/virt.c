/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The machine under QEMU: devices are notified by stores to their registers, which user mode has
 * mapped; what only the kernel can do is asked of it (abi/kernel.h). */
#include "guest/runtime/arch.h"
#include "guest/runtime/machine.h"
#include "guest/runtime/machine_parts.h"

#include <string.h>

#define NS_PER_S 1000000000ull
#define STATUS_TRAPPED 134u
#define STATUS_REFUSED 125u

static void virt_notify(struct machine *machine, uint32_t device, uint32_t queue) {
  const struct abi_device *abi = &machine->boot->devices[device];
  uintptr_t address = (uintptr_t)(abi->notify + (uint64_t)queue * abi->notify_stride);
  /* What the driver wrote to memory comes before (virtio 1.2, section 2.7.13.4.1). */
  arch_device_barrier();
  if (abi->notify_stride)
    *(volatile uint16_t *)address = (uint16_t)queue;
  else
    *(volatile uint32_t *)address = queue;
}

/* The board has a clock of whole seconds at best; all else is the counter. There is one program and
 * one CPU: the CPU's time is the time since the start. */
static void virt_clocks(struct machine *machine) {
  struct abi_control *control = machine->control;
  const struct abi_boot *boot = machine->boot;
  if (!control->clock_counter_hz)
    control->clock_counter_hz =
        boot->virt.counter_hz ? boot->virt.counter_hz : kernel_call(ABI_KERNEL_COUNTER_HZ, 0, 0, 0);
  uint64_t hz = control->clock_counter_hz;
  uint64_t ticks = arch_counter() - boot->virt.counter;
  uint64_t now = ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
  control->clock_realtime_ns = boot->virt.realtime_ns + now;
  control->clock_monotonic_ns = now;
  control->clock_cpu_ns = now;
}

/* The second range, once. */
static bool virt_memory(struct machine *machine, uint64_t want, uint64_t *base, uint64_t *end) {
  (void)want; /* there is nobody to ask: what there is, was there from the start */
  const struct abi_boot *boot = machine->boot;
  if (*end >= boot->virt.second_end)
    return false;
  *base = boot->virt.second_base;
  *end = boot->virt.second_end;
  return true;
}

static void virt_idle(struct machine *machine, uint64_t most_ns) {
  (void)machine;
  kernel_call(ABI_KERNEL_IDLE, most_ns < ABI_IDLE_MAX ? most_ns : ABI_IDLE_MAX, 0, 0);
}

static void virt_end(struct machine *machine, uint32_t status) {
  switch (machine->control->report.outcome) {
  case ABI_OUTCOME_TRAP:
    status = STATUS_TRAPPED;
    break;
  case ABI_OUTCOME_REFUSED:
    status = STATUS_REFUSED;
    break;
  default:
    break;
  }
  kernel_call(ABI_KERNEL_END, status, 0, 0);
}

static void print_bytes(const char *text, size_t length) {
  for (size_t done = 0; done < length; done += 8) {
    uint64_t characters = 0;
    size_t count = length - done < 8 ? length - done : 8;
    memcpy(&characters, text + done, count);
    kernel_call(ABI_KERNEL_PRINT, characters, 0, count);
  }
}

static void virt_panic(struct machine *machine, uint32_t length) {
  static const char prefix[] = "hermit-wasm: the guest broke down: ";
  print_bytes(prefix, sizeof(prefix) - 1);
  print_bytes(machine->control->text, length);
  print_bytes("\n", 1);
  kernel_call(ABI_KERNEL_END, STATUS_REFUSED, 0, 0);
}

const struct machine_ops machine_virt = {
    .notify = virt_notify,
    .read_clocks = virt_clocks,
    .more_memory = virt_memory,
    .idle = virt_idle,
    .end = virt_end,
    .panic = virt_panic,
};
