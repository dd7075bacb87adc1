/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64 under QEMU: what the device tree says, and the last steps to user mode. */
#include "abi/arch/aarch64/pages.h"
#include "abi/arch/aarch64/registers.h"
#include "guest/kernel/arch/aarch64/virt.h"
#include "guest/kernel/boot/boot.h"
#include "guest/kernel/boot/fdt.h"

/* boot.S */
_Noreturn void enter_user(uint64_t root, uint64_t entry, uint64_t stack, uint64_t boot,
                          uint64_t tcr, uint64_t mair, uint64_t sctlr);
_Noreturn void board_start(uint64_t tree);

/* QEMU's `virt` has its first serial port here whatever else is on the board; before the device
 * tree is read there is no other way to say what is wrong. */
#define SERIAL_PHYSICAL 0x09000000u

void arch_boot_put(char character) {
  virt_put(SERIAL_PHYSICAL, character);
}

void arch_boot_end(uint32_t status) {
  virt_end(status);
}

/* ---- The board ---- */

struct found {
  struct boot_board *board;
  uint64_t gic_distributor, gic_cpu;
};

static void see_node(void *context, const struct fdt_node *node) {
  struct found *found = context;
  if (fdt_is(node, "arm,cortex-a15-gic")) {
    found->gic_distributor = node->reg[0].base;
    found->gic_cpu = node->reg[1].base;
  } else if (fdt_is(node, "arm,pl031")) { /* seconds since 1970 (Arm DDI 0224, RTCDR) */
    found->board->realtime_ns = *(volatile uint32_t *)node->reg[0].base * 1000000000ull;
  }
}

/* GICv2 (Arm IHI 0048), as far as it takes for the virtual timer's interrupt, a private one with
 * number 27, to reach the CPU and wake it. It is never taken. */
static void start_gic(const struct found *found) {
  if (!found->gic_distributor || !found->gic_cpu)
    return; /* then IDLE returns at once: a loop, not a halt */
  *(volatile uint32_t *)(found->gic_distributor + 0x100) = 1u << 27; /* GICD_ISENABLER0 */
  *(volatile uint32_t *)found->gic_distributor = 1;                  /* GICD_CTLR */
  *(volatile uint32_t *)(found->gic_cpu + 4) = 0xff;                 /* GICC_PMR */
  *(volatile uint32_t *)found->gic_cpu = 1;                          /* GICC_CTLR */
}

/* ---- To user mode ---- */

static uint64_t translation_control(void) {
  uint64_t features;
  __asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(features));
  return abi_tcr(features);
}

void arch_enter_user(struct abi_tables *tables, const struct abi_layout *layout,
                     const struct abi_boot *boot) {
  const struct abi_kernel_header *header = (const struct abi_kernel_header *)ABI_KERNEL_BASE;
  abi_map(tables, ABI_KERNEL_REGISTERS, SERIAL_PHYSICAL, ABI_PAGE_SIZE,
          ABI_MAP_WRITE | ABI_MAP_DEVICE);
  struct abi_kernel_state *state = (struct abi_kernel_state *)layout->kernel;
  state->next_table = tables->next;
  state->is_virt = 1;
  enter_user(tables->root, header->user_entry, ABI_USER_WINDOW + layout->stack + layout->stack_size,
             ABI_USER_WINDOW + (uint64_t)boot, translation_control(), ABI_MAIR, ABI_SCTLR);
}

void board_start(uint64_t tree) {
  struct boot_board board = {0};
  struct found found = {.board = &board};
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(board.counter));
  __asm__("mrs %0, cntfrq_el0" : "=r"(board.counter_hz));
  fdt_read(&board, tree, see_node, &found);
  start_gic(&found);
  boot_start(&board);
}
