/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64 under QEMU: waiting, printing, ending. */
#include "guest/kernel/arch/riscv64/virt.h"
#include "abi/kernel.h"

#define NS_PER_S 1000000000ull

/* Supervisor Binary Interface 1.0: set a timer (chapter 6), print a character (5.2), shut down (9).
 */
#define SBI_TIME 0x54494d45u
#define SBI_CONSOLE_PUT 1u
#define SBI_RESET 0x53525354u

#define SIE_TIMER 0x20u
/* The board's counter runs at this rate; the kernel keeps no copy of the device tree. */
#define COUNTER_HZ 10000000ull

/* QEMU's sifive_test: a status above the code for failure, or the code for success. */
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u

static void call_firmware(uint64_t extension, uint64_t argument) {
  register uint64_t a0 __asm__("a0") = argument;
  register uint64_t a1 __asm__("a1") = 0;
  register uint64_t a6 __asm__("a6") = 0;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}

static uint64_t read_counter(void) {
  uint64_t counter;
  __asm__ volatile("rdtime %0" : "=r"(counter));
  return counter;
}

/* wfi goes on when an interrupt that is enabled in sie is pending, though sstatus lets none in. */
static void idle(uint64_t ns) {
  if (ns > ABI_IDLE_MAX)
    ns = ABI_IDLE_MAX;
  call_firmware(SBI_TIME, read_counter() + ns * COUNTER_HZ / NS_PER_S);
  __asm__ volatile("csrs sie, %0\n\twfi\n\tcsrc sie, %0" : : "r"(SIE_TIMER) : "memory");
  call_firmware(SBI_TIME, UINT64_MAX);
}

void virt_put(char character) {
  call_firmware(SBI_CONSOLE_PUT, (uint8_t)character);
}

static uint64_t print(uint64_t characters, uint64_t count) {
  for (; count && count <= sizeof(characters); count--) {
    virt_put((char)characters);
    characters >>= 8;
  }
  return ABI_KERNEL_OK;
}

void virt_end(uint64_t finisher, uint32_t status) {
  *(volatile uint32_t *)finisher = status ? status << 16 | FINISHER_FAIL : FINISHER_PASS;
  call_firmware(SBI_RESET, 0);
  for (;;)
    __asm__ volatile("wfi");
}

static void print_text(const char *text) {
  for (; *text; text++)
    virt_put(*text);
}

static void print_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4)
    virt_put("0123456789abcdef"[value >> shift & 15]);
}

void virt_panic(uint64_t cause, uint64_t pc, uint64_t address) {
  print_text("hermit-wasm: the guest's kernel broke down: cause ");
  print_hex(cause);
  print_text(" at ");
  print_hex(pc);
  print_text(", address ");
  print_hex(address);
  print_text("\n");
  uint64_t translation;
  __asm__("csrr %0, satp" : "=r"(translation));
  virt_end(translation ? VIRT_FINISHER : VIRT_FINISHER_PHYSICAL, 125);
}

uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count) {
  switch (number) {
  case ABI_KERNEL_IDLE:
    idle(address);
    return ABI_KERNEL_OK;
  case ABI_KERNEL_COUNTER_HZ:
    return COUNTER_HZ;
  case ABI_KERNEL_PRINT:
    return print(address, count);
  case ABI_KERNEL_END:
    virt_end(VIRT_FINISHER, (uint32_t)address & 255);
  default:
    return ABI_KERNEL_BAD_CALL;
  }
}
