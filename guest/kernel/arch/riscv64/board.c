/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64 under QEMU: what the device tree says, and the last steps to user mode. */
#include "abi/arch/riscv64/pages.h"
#include "guest/kernel/arch/riscv64/virt.h"
#include "guest/kernel/boot/boot.h"
#include "guest/kernel/boot/fdt.h"

/* boot.S */
void enter_user(uint64_t satp, uint64_t entry, uint64_t stack, uint64_t boot);
_Noreturn void board_start(uint64_t tree);

#define SATP_SV48 (9ull << 60)

void arch_boot_put(char character) {
  virt_put(character);
}

void arch_boot_end(uint32_t status) {
  virt_end(VIRT_FINISHER_PHYSICAL, status);
}

/* The clock's low word is read first, and latches the high one (QEMU, hw/rtc/goldfish_rtc.c). */
static void see_node(void *context, const struct fdt_node *node) {
  struct boot_board *board = context;
  if (node->timebase_hz)
    board->counter_hz = node->timebase_hz;
  if (!fdt_is(node, "google,goldfish-rtc"))
    return;
  const volatile uint32_t *clock = (const volatile uint32_t *)node->reg[0].base;
  uint64_t low = clock[0];
  board->realtime_ns = (uint64_t)clock[1] << 32 | low;
}

void arch_enter_user(struct abi_tables *tables, const struct abi_layout *layout,
                     const struct abi_boot *boot) {
  const struct abi_kernel_header *header = (const struct abi_kernel_header *)ABI_KERNEL_BASE;
  abi_map(tables, VIRT_FINISHER, VIRT_FINISHER_PHYSICAL, ABI_PAGE_SIZE,
          ABI_MAP_WRITE | ABI_MAP_DEVICE);
  struct abi_kernel_state *state = (struct abi_kernel_state *)layout->kernel;
  state->next_table = tables->next;
  state->is_virt = 1;
  enter_user(SATP_SV48 | tables->root >> 12, header->user_entry,
             ABI_USER_WINDOW + layout->stack + layout->stack_size,
             ABI_USER_WINDOW + (uint64_t)boot);
  boot_fail("the processor has no Sv48", "; use -cpu rv64");
}

void board_start(uint64_t tree) {
  struct boot_board board = {0};
  __asm__ volatile("rdtime %0" : "=r"(board.counter));
  fdt_read(&board, tree, see_node, &board);
  boot_start(&board);
}
