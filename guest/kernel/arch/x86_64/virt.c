/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64 under QEMU: waiting, measuring the counter, printing, ending. */
#include "guest/kernel/arch/x86_64/virt.h"
#include "abi/kernel.h"

/* QEMU's and KVM's local APIC counts nanoseconds before its divider. */
#define APIC_DIVIDE_BY_128 0xau
#define APIC_TICK_NS 128u
#define APIC_MASKED 0x10000u
#define APIC_ENABLED 0x100u
#define APIC_COUNT_MAX UINT32_MAX

#define NS_PER_S 1000000000ull
#define MEASURE_NS 10000000ull

#define SERIAL_PORT 0x3f8 /* 16550: data; status at + 5 */
#define SERIAL_STATUS 5
#define SERIAL_CAN_TAKE 0x20
#define EXIT_PORT 0x501 /* isa-debug-exit, where QEMU puts it: ends with 2 * value + 1 */
#define RESET_PORT 0x64
#define RESET_COMMAND 0xfe

static volatile uint32_t *apic_at(uint64_t base, uint32_t offset) {
  return (volatile uint32_t *)(base + offset);
}

/* Counts down from the top while nobody measures, without interrupting. */
void virt_start_timer(uint64_t apic) {
  *apic_at(apic, APIC_SPURIOUS) = APIC_ENABLED | VIRT_VECTOR_SPURIOUS;
  *apic_at(apic, APIC_LVT_LINT0) = APIC_MASKED;
  *apic_at(apic, APIC_LVT_LINT1) = APIC_MASKED;
  *apic_at(apic, APIC_LVT_TIMER) = APIC_MASKED | VIRT_VECTOR_TIMER;
  *apic_at(apic, APIC_DIVIDE) = APIC_DIVIDE_BY_128;
}

/* The interrupt's gate is open for this one instruction only: sti takes effect behind hlt's start
 * (AMD64 manual, volume 3, STI), so a timer that is early is not missed. */
static void idle(uint64_t ns) {
  if (ns > ABI_IDLE_MAX)
    ns = ABI_IDLE_MAX;
  if (ns < APIC_TICK_NS)
    return;
  *apic_at(VIRT_APIC, APIC_LVT_TIMER) = VIRT_VECTOR_TIMER;
  *apic_at(VIRT_APIC, APIC_INITIAL_COUNT) = (uint32_t)(ns / APIC_TICK_NS);
  __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
  *apic_at(VIRT_APIC, APIC_LVT_TIMER) = APIC_MASKED | VIRT_VECTOR_TIMER;
}

/* Lets both clocks run for a while. */
static uint64_t measure_counter(void) {
  *apic_at(VIRT_APIC, APIC_INITIAL_COUNT) = APIC_COUNT_MAX;
  uint64_t start = read_counter();
  uint64_t ns;
  do
    ns = (uint64_t)(APIC_COUNT_MAX - *apic_at(VIRT_APIC, APIC_CURRENT_COUNT)) * APIC_TICK_NS;
  while (ns < MEASURE_NS);
  return (read_counter() - start) * NS_PER_S / ns;
}

void virt_put(char character) {
  /* Where there is no port, all bits read as set. */
  while (!(port_read8(SERIAL_PORT + SERIAL_STATUS) & SERIAL_CAN_TAKE)) {
  }
  port_write8(SERIAL_PORT, (uint8_t)character);
}

static uint64_t print(uint64_t characters, uint64_t count) {
  for (; count && count <= sizeof(characters); count--) {
    virt_put((char)characters);
    characters >>= 8;
  }
  return ABI_KERNEL_OK;
}

/* Without the exit device a reset is left, at which QEMU ends when it has -no-reboot. */
void virt_end(uint32_t status) {
  port_write8(EXIT_PORT, (uint8_t)status);
  port_write8(RESET_PORT, RESET_COMMAND);
  for (;;)
    __asm__ volatile("cli\n\thlt");
}

uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count) {
  switch (number) {
  case ABI_KERNEL_IDLE:
    idle(address);
    return ABI_KERNEL_OK;
  case ABI_KERNEL_COUNTER_HZ:
    return measure_counter();
  case ABI_KERNEL_PRINT:
    return print(address, count);
  case ABI_KERNEL_END:
    virt_end((uint32_t)address & 255);
  default:
    return ABI_KERNEL_BAD_CALL;
  }
}
