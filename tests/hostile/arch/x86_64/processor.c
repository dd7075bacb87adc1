/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks with instructions of x86_64 that user mode must not get away with. */
#include "tests/hostile/hostile.h"

#include "abi/arch/x86_64/kernel.h"

/* ---- Privileged instructions ---- */

/* An attack that is one instruction; what comes after it must never run. */
#define ATTACK_WITH(name, instruction)                                                             \
  void attack_##name(struct machine *m) {                                                          \
    __asm__ volatile(instruction : : "a"(0), "c"(0x277), "d"(0), "D"(buffer) : "memory");          \
    give_up(m, instruction);                                                                       \
  }

ATTACK_WITH(run_cli, "cli")
ATTACK_WITH(run_hlt, "hlt")
ATTACK_WITH(run_lgdt, "lgdt (%%rdi)")
ATTACK_WITH(run_lidt, "lidt (%%rdi)")
ATTACK_WITH(run_ltr, "ltr %%ax")
ATTACK_WITH(run_wrmsr, "wrmsr")
ATTACK_WITH(run_invlpg, "invlpg (%%rdi)")
ATTACK_WITH(load_page_table_root, "mov %%rdi, %%cr3")
ATTACK_WITH(load_kernel_segment, "movl $0x10, %%eax; mov %%eax, %%ss")

/* ---- Other gates ---- */

ATTACK_WITH(run_syscall, "syscall")
ATTACK_WITH(run_sysenter, "sysenter")
ATTACK_WITH(run_int_80, "int $0x80")
ATTACK_WITH(run_stray_int3, "int3")

/* KVM answers hypercalls from user mode with an error or the CPU faults; neither may do harm. Then
 * the end that this attack expects of every host. */
void attack_run_hypercall(struct machine *m) {
  for (uint64_t number = 0; number < 16; number++) {
    uint64_t result = number;
    __asm__ volatile("vmcall" : "+a"(result) : "b"(0), "c"(0), "d"(0), "S"(0) : "memory");
  }
  machine_panic(m, "hypercalls were answered");
}

/* iretq to the kernel's code segment with the kernel's stack segment. */
void attack_return_into_kernel(struct machine *m) {
  __asm__ volatile("mov %%rsp, %%rax\n\t"
                   "pushq %0\n\t"
                   "pushq %%rax\n\t"
                   "pushq $2\n\t"
                   "pushq %1\n\t"
                   "leaq 1f(%%rip), %%rax\n\t"
                   "pushq %%rax\n\t"
                   "iretq\n\t"
                   "1: hlt"
                   :
                   : "i"(ABI_SELECTOR_KERNEL_DATA), "i"(ABI_SELECTOR_KERNEL_CODE)
                   : "rax", "memory");
  give_up(m, "iretq led into the kernel");
}

static uint64_t read_flags(void) {
  uint64_t flags;
  __asm__ volatile("pushfq; popq %0" : "=r"(flags));
  return flags;
}

#define FLAG_INTERRUPTS 0x200u
#define FLAG_IO_PRIVILEGE 0x3000u

/* popf in user mode changes neither the I/O privilege level nor, below it, the interrupt flag. */
void attack_raise_io_privilege(struct machine *m) {
  uint64_t before = read_flags() & (FLAG_INTERRUPTS | FLAG_IO_PRIVILEGE);
  __asm__ volatile("pushq %0; popfq" : : "r"((read_flags() ^ FLAG_INTERRUPTS) | FLAG_IO_PRIVILEGE));
  REQUIRE(m, (read_flags() & (FLAG_INTERRUPTS | FLAG_IO_PRIVILEGE)) == before);
}

/* ---- Ports ---- */

#define ATTACK_WITH_PORT(name, instruction, port)                                                  \
  void attack_##name(struct machine *m) {                                                          \
    __asm__ volatile(instruction : : "a"(0), "d"(port), "S"(buffer), "c"(4) : "memory");           \
    give_up(m, instruction);                                                                       \
  }

static uint16_t port_of(enum abi_doorbell doorbell) {
  return (uint16_t)(ABI_DOORBELL_PORT + 4u * doorbell);
}

ATTACK_WITH_PORT(port_keyboard, "outb %%al, %%dx", 0x64)
ATTACK_WITH_PORT(port_kernel_panic, "outl %%eax, %%dx", ABI_KERNEL_PANIC_PORT)
ATTACK_WITH_PORT(port_doorbell_byte, "outb %%al, %%dx", port_of(ABI_DOORBELL_CLOCK))
ATTACK_WITH_PORT(port_doorbell_word, "outw %%ax, %%dx", port_of(ABI_DOORBELL_CLOCK))
ATTACK_WITH_PORT(port_doorbell_between, "outl %%eax, %%dx", port_of(ABI_DOORBELL_CLOCK) + 2)

/* A string of values, which KVM hands on one by one: four readings of the clock. */
void attack_port_doorbell_string(struct machine *m) {
  const void *from = buffer;
  uint64_t count = 4;
  (void)m;
  __asm__ volatile("rep outsl"
                   : "+S"(from), "+c"(count)
                   : "d"(port_of(ABI_DOORBELL_CLOCK))
                   : "memory");
}

void attack_port_doorbell_read(struct machine *m) {
  uint32_t value;
  __asm__ volatile("inl %%dx, %%eax" : "=a"(value) : "d"(port_of(ABI_DOORBELL_CLOCK)));
  give_up(m, "a doorbell was read");
}

/* ---- The kernel's memory ---- */

/* Wherever the tables are: SGDT says it, or is refused (UMIP). */
void attack_write_descriptor_tables(struct machine *m) {
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) table;
  __asm__ volatile("sgdt %0" : "=m"(table));
  *(volatile uint64_t *)(table.base + ABI_SELECTOR_KERNEL_CODE) = 0;
  give_up(m, "a descriptor was written");
}

void attack_read_kernel_window(struct machine *m) {
  (void)*(volatile uint64_t *)ABI_KERNEL_WINDOW;
  give_up(m, "the kernel's variables were read");
}

static const struct abi_kernel_header *kernel_header(void) {
  return (const struct abi_kernel_header *)ABI_KERNEL_BASE;
}

void attack_write_kernel_text(struct machine *m) {
  *(volatile uint8_t *)(uintptr_t)kernel_header() = 0;
  give_up(m, "the kernel's text was written");
}

/* If user mode may even read the header, its code must not run there. */
void attack_call_kernel_text(struct machine *m) {
  ((void (*)(void))ABI_KERNEL_BASE)();
  give_up(m, "the kernel's text was run");
}

/* ---- Bad states to take a fault in ---- */

void attack_jump_not_canonical(struct machine *m) {
  __asm__ volatile("jmp *%0" : : "r"(0x8000000000000000));
  give_up(m, "not reached");
}

void attack_stack_gone(struct machine *m) {
  __asm__ volatile("xorl %%esp, %%esp; pushq %%rax" : : : "memory");
  give_up(m, "not reached");
}

void attack_stack_not_canonical(struct machine *m) {
  __asm__ volatile("movq %0, %%rsp; pushq %%rax" : : "r"(0x8000000000000000) : "memory");
  give_up(m, "not reached");
}

void attack_single_step(struct machine *m) {
  __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory");
  give_up(m, "the trap flag did nothing");
}

void attack_divide_by_zero(struct machine *m) {
  __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" : : "a"(1), "d"(0) : "ecx");
  give_up(m, "not reached");
}

/* Direction, nested task, alignment check, trap: then a fault. */
void attack_flags_as_bad_as_can_be(struct machine *m) {
  __asm__ volatile("pushq $0x44702; popfq; ud2" : : : "memory");
  give_up(m, "not reached");
}
