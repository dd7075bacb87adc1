/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64 under QEMU: what PVH and the board say, and the last steps to user mode. */
#include "abi/arch/x86_64/kernel.h"
#include "guest/kernel/arch/x86_64/virt.h"
#include "guest/kernel/boot/boot.h"

/* ---- PVH (xen/include/public/arch-x86/hvm/start_info.h describes the layout) ---- */

#define PVH_MAGIC 0x336ec578u
#define PVH_MEMORY_RAM 1u

struct pvh_start {
  uint32_t magic;
  uint32_t version;
  uint32_t flags;
  uint32_t module_count;
  uint64_t modules;
  uint64_t command_line;
  uint64_t rsdp;
  uint64_t memory_map; /* version 1 */
  uint32_t memory_map_count;
  uint32_t reserved;
};

struct pvh_module {
  uint64_t address;
  uint64_t size;
  uint64_t command_line;
  uint64_t reserved;
};

struct pvh_memory {
  uint64_t address;
  uint64_t size;
  uint32_t type;
  uint32_t reserved;
};

/* pvh.S */
_Noreturn void enter_user(uint64_t root, uint64_t entry, uint64_t stack, uint64_t boot,
                          uint64_t cr4);
extern const char vector_timer[];
_Noreturn void pvh_start(const struct pvh_start *start);

void arch_boot_put(char character) {
  virt_put(character);
}

void arch_boot_end(uint32_t status) {
  virt_end(status);
}

/* ---- The processor ---- */

#define CR4_PAE (1u << 5)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)
#define CR4_FSGSBASE (1u << 16)
#define CR4_OSXSAVE (1u << 18)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
/* FMA, SSE4.1, SSE4.2, MOVBE, POPCNT, XSAVE, AVX */
#define LEAF1_ECX (1u << 12 | 1u << 19 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 26 | 1u << 28)
/* FSGSBASE, BMI1, AVX2, BMI2 */
#define LEAF7_EBX (1u << 0 | 1u << 3 | 1u << 5 | 1u << 8)
#define LEAF7_EBX_SMEP (1u << 7)
#define LEAF7_EBX_SMAP (1u << 20)
#define LEAF7_ECX_UMIP (1u << 2)
#define XCR0_X87_SSE_AVX 7u

/* Bits of CPUID (AMD64 manual, volume 3, appendix E). */
struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};

static struct cpuid read_cpuid(uint32_t leaf) {
  struct cpuid id;
  __asm__("cpuid" : "=a"(id.eax), "=b"(id.ebx), "=c"(id.ecx), "=d"(id.edx) : "a"(leaf), "c"(0));
  return id;
}

static uint64_t control_bits(void) {
  struct cpuid id = read_cpuid(7);
  return CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE |
         (id.ebx & LEAF7_EBX_SMEP ? CR4_SMEP : 0) | (id.ebx & LEAF7_EBX_SMAP ? CR4_SMAP : 0) |
         (id.ecx & LEAF7_ECX_UMIP ? CR4_UMIP : 0);
}

/* x86-64-v3 with FSGSBASE: what the runtime and generated code use. AVX is switched on now. */
static void start_processor(void) {
  if (read_cpuid(0).eax < 7 || (read_cpuid(1).ecx & LEAF1_ECX) != LEAF1_ECX ||
      (read_cpuid(7).ebx & LEAF7_EBX) != LEAF7_EBX)
    boot_fail("the processor is older than x86-64-v3", "; use -cpu max");
  __asm__ volatile("mov %0, %%cr4"
                   :
                   : "r"((uint64_t)(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE)));
  __asm__ volatile("xsetbv" : : "c"(0), "a"(XCR0_X87_SSE_AVX), "d"(0));
}

/* The old interrupt controllers keep quiet; their mask registers are at + 1. */
static void silence_interrupts(void) {
  port_write8(0x21, 0xff);
  port_write8(0xa1, 0xff);
}

/* ---- The board ---- */

/* The real-time clock (Motorola MC146818): seconds, minutes, hours, day, month, year, century. */
static uint32_t read_rtc(uint8_t index) {
  port_write8(0x70, index);
  return port_read8(0x71);
}

static uint32_t from_bcd(uint32_t value, bool binary) {
  return binary ? value : (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar; years count from March. */
static uint64_t days_since_1970(uint64_t year, uint64_t month, uint64_t day) {
  if (month <= 2) {
    year--;
    month += 12;
  }
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
         719469;
}

static uint64_t rtc_seconds(void) {
  bool binary = read_rtc(0x0b) & 4;
  while (read_rtc(0x0a) & 0x80) { /* it is being counted up */
  }
  uint64_t second = from_bcd(read_rtc(0), binary), minute = from_bcd(read_rtc(2), binary);
  uint64_t hour = from_bcd(read_rtc(4), binary), day = from_bcd(read_rtc(7), binary);
  uint64_t month = from_bcd(read_rtc(8), binary), year = from_bcd(read_rtc(9), binary);
  return ((days_since_1970(2000 + year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

/* Boards without the clock read as all bits set: then time starts in 1970. Read twice, for the
 * seconds may have moved on between the registers. */
static uint64_t read_realtime(void) {
  if (read_rtc(0x0b) == 0xff)
    return 0;
  uint64_t seconds, again = rtc_seconds();
  do {
    seconds = again;
    again = rtc_seconds();
  } while (seconds != again);
  return seconds * 1000000000ull;
}

uint32_t arch_pci_read(const struct boot_board *board, uint32_t function, uint32_t offset) {
  (void)board;
  port_write32(0xcf8, 1u << 31 | function << 8 | (offset & 0xfc));
  return port_read32(0xcfc);
}

void arch_pci_write(const struct boot_board *board, uint32_t function, uint32_t offset,
                    uint32_t value) {
  (void)board;
  port_write32(0xcf8, 1u << 31 | function << 8 | (offset & 0xfc));
  port_write32(0xcfc, value);
}

/* The microvm board has its transports at fixed places (QEMU, docs/system/i386/microvm.rst);
 * boards with PCI have other things there. */
#define MICROVM_MMIO 0xfeb00000u
#define MICROVM_MMIO_SIZE 0x200u
#define MICROVM_MMIO_COUNT 24u

static void find_transports(struct boot_board *board) {
  board->has_pci = arch_pci_read(board, 0, 0) != UINT32_MAX;
  if (board->has_pci)
    return;
  for (uint32_t i = 0; i < MICROVM_MMIO_COUNT; i++)
    board->mmio[board->mmio_count++] = MICROVM_MMIO + i * MICROVM_MMIO_SIZE;
}

/* The range that the image is in, and the largest one above. */
static void find_memory(struct boot_board *board, const struct pvh_start *start) {
  const struct pvh_memory *map = (const struct pvh_memory *)start->memory_map;
  for (uint32_t i = 0; i < start->memory_map_count; i++) {
    if (map[i].type != PVH_MEMORY_RAM)
      continue;
    if (map[i].address <= ABI_KERNEL_BASE && map[i].size > ABI_KERNEL_BASE - map[i].address)
      board->memory = (struct boot_range){map[i].address, map[i].size};
    else if (map[i].address >= 1ull << 32 && map[i].size > board->second.size)
      board->second = (struct boot_range){map[i].address, map[i].size};
  }
}

static void read_start(struct boot_board *board, const struct pvh_start *start) {
  if (start->magic != PVH_MAGIC || start->version < 1 || !start->memory_map)
    boot_fail("it was not started by PVH", "");
  find_memory(board, start);
  if (start->module_count) {
    const struct pvh_module *module = (const struct pvh_module *)start->modules;
    board->initrd = (struct boot_range){module->address, module->size};
  }
  board->words = start->command_line ? (const char *)start->command_line : "";
}

/* ---- To user mode ---- */

/* Gates for the two interrupts, and a task that is not busy yet: ltr wants that. */
static void finish_descriptors(uint8_t *page) {
  uint64_t target = (uint64_t)vector_timer;
  uint64_t gate[2] = {(target & 0xffff) | ABI_SELECTOR_KERNEL_CODE << 16 | 0x8eull << 40 |
                          (target >> 16 & 0xffff) << 48,
                      target >> 32};
  uint64_t *idt = (uint64_t *)(page + IDT_OFFSET);
  idt[2 * VIRT_VECTOR_TIMER] = idt[2 * VIRT_VECTOR_SPURIOUS] = gate[0];
  idt[2 * VIRT_VECTOR_TIMER + 1] = idt[2 * VIRT_VECTOR_SPURIOUS + 1] = gate[1];
  page[GDT_OFFSET + ABI_SELECTOR_TSS + 5] &= (uint8_t)~2u;
}

void arch_enter_user(struct abi_tables *tables, const struct abi_layout *layout,
                     const struct abi_boot *boot) {
  const struct abi_kernel_header *header = (const struct abi_kernel_header *)ABI_KERNEL_BASE;
  abi_map(tables, VIRT_APIC, VIRT_APIC_PHYSICAL, ABI_PAGE_SIZE, ABI_MAP_WRITE | ABI_MAP_DEVICE);
  struct abi_kernel_state *state = (struct abi_kernel_state *)layout->kernel;
  state->next_table = tables->next;
  state->is_virt = 1;
  finish_descriptors((uint8_t *)(layout->kernel + ABI_KERNEL_DESCRIPTORS - ABI_KERNEL_WINDOW));
  enter_user(tables->root, header->user_entry, ABI_USER_WINDOW + layout->stack + layout->stack_size,
             ABI_USER_WINDOW + ((uint64_t)boot), control_bits());
}

void pvh_start(const struct pvh_start *start) {
  start_processor();
  silence_interrupts();
  virt_start_timer(VIRT_APIC_PHYSICAL);
  struct boot_board board = {.counter = read_counter()};
  board.realtime_ns = read_realtime();
  read_start(&board, start);
  find_transports(&board);
  boot_start(&board);
}
