/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64 under QEMU: waiting, printing, ending. */
#include "guest/kernel/arch/aarch64/virt.h"
#include "abi/kernel.h"
#include <stddef.h>

_Static_assert(offsetof(struct abi_kernel_state, is_virt) == ABI_KERNEL_STATE_IS_VIRT, "traps.S");

#define NS_PER_S 1000000000ull

/* PL011 (Arm DDI 0183): data, flags. */
#define SERIAL_DATA 0x00
#define SERIAL_FLAGS 0x18
#define SERIAL_FULL 0x20

/* Semihosting (Arm, "Semihosting for AArch32 and AArch64", section 7). */
#define SYS_EXIT_EXTENDED 0x20u
#define STOPPED_APPLICATION_EXIT 0x20026u
/* PSCI (Arm DEN 0022, section 5.9). */
#define PSCI_SYSTEM_OFF 0x84000008u

static uint64_t counter_hz(void) {
  uint64_t hz;
  __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
  return hz;
}

/* wfi goes on when an interrupt is pending, be it masked or not; the timer's is pending for as long
 * as it is on and its time has come. */
static void idle(uint64_t ns) {
  if (ns > ABI_IDLE_MAX)
    ns = ABI_IDLE_MAX;
  uint64_t ticks = ns * (counter_hz() / 1000) / (NS_PER_S / 1000);
  __asm__ volatile("msr cntv_tval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb\n\twfi"
                   :
                   : "r"(ticks), "r"(1ull)
                   : "memory");
  __asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb" : : : "memory");
}

void virt_put(uint64_t base, char character) {
  while (*(volatile uint32_t *)(base + SERIAL_FLAGS) & SERIAL_FULL) {
  }
  *(volatile uint32_t *)(base + SERIAL_DATA) = (uint8_t)character;
}

static uint64_t print(uint64_t characters, uint64_t count) {
  for (; count && count <= sizeof(characters); count--) {
    virt_put(ABI_KERNEL_REGISTERS, (char)characters);
    characters >>= 8;
  }
  return ABI_KERNEL_OK;
}

/* Firmware ends the machine without a status; then QEMU's is 0. */
static _Noreturn void power_off(void) {
  register uint64_t call __asm__("x0") = PSCI_SYSTEM_OFF;
  __asm__ volatile("hvc #0" : "+r"(call) : : "memory");
  for (;;)
    __asm__ volatile("wfi");
}

/* Where semihosting is not allowed the instruction is undefined: see virt_panic. */
void virt_end(uint32_t status) {
  uint64_t block[2] = {STOPPED_APPLICATION_EXIT, status};
  register uint64_t operation __asm__("x0") = SYS_EXIT_EXTENDED;
  register uint64_t *argument __asm__("x1") = block;
  __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
  power_off();
}

static void print_text(const char *text) {
  for (; *text; text++)
    virt_put(ABI_KERNEL_REGISTERS, *text);
}

static void print_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4)
    virt_put(ABI_KERNEL_REGISTERS, "0123456789abcdef"[value >> shift & 15]);
}

/* An undefined instruction is the one of virt_end. */
void virt_panic(uint64_t syndrome, uint64_t pc, uint64_t address) {
  if (syndrome >> 26 == 0)
    power_off();
  print_text("hermit-wasm: the guest's kernel broke down: syndrome ");
  print_hex(syndrome);
  print_text(" at ");
  print_hex(pc);
  print_text(", address ");
  print_hex(address);
  print_text("\n");
  virt_end(125);
}

uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count) {
  switch (number) {
  case ABI_KERNEL_IDLE:
    idle(address);
    return ABI_KERNEL_OK;
  case ABI_KERNEL_COUNTER_HZ:
    return counter_hz();
  case ABI_KERNEL_PRINT:
    return print(address, count);
  case ABI_KERNEL_END:
    virt_end((uint32_t)address & 255);
  default:
    return ABI_KERNEL_BAD_CALL;
  }
}
