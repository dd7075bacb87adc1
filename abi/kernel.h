/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's kernel: what its user mode may ask of it, and what it refuses whoever asks.
 *
 * The kernel changes page tables, nothing else. Its rules, which hold against a user mode that has
 * been taken over:
 *   - physical memory below abi_boot.free_base (kernel, page tables, text, boot block, module) is
 *     never mapped again;
 *   - every 2 MiB block above is data or code for as long as the VM lives, from its first mapping
 *     on; data is never executable; code is mapped at one address only, first writable, and
 *     executable once it no longer is (W^X without aliases);
 *   - only [arena_base, arena_end) is ever changed.
 */
#ifndef ABI_KERNEL_H
#define ABI_KERNEL_H

#include <stdint.h>

#define ABI_PAGE_SIZE 0x1000ull
#define ABI_BLOCK_SIZE 0x200000ull   /* what one entry of the last but one level maps */
#define ABI_GROUP_SIZE 0x40000000ull /* what one table of blocks covers: no call crosses it */

/* number, name: arguments are a user virtual address, a physical address and a count. Addresses are
 * multiples of what is counted. Pages lie at the same place of their block virtually and
 * physically, where nothing is mapped yet. */
#define ABI_KERNEL_CALLS(X)                                                                        \
  X(0, MAP_PAGES)    /* `count` pages of data, all inside one block, writable */                   \
  X(1, MAP_BLOCKS)   /* `count` blocks of data, writable; replaces pages mapped there */           \
  X(2, MAP_CODE)     /* `count` blocks of code, writable, not executable; also from published */   \
  X(3, PUBLISH_CODE) /* `count` mapped blocks of code become read-only and executable */           \
  X(4, UNMAP)        /* `count` blocks, whatever is mapped there; the physical address is 0 */

/* Under ABI_MONITOR_VIRT only, in place of doorbells; elsewhere there are no such calls. */
#define ABI_KERNEL_VIRT_CALLS(X)                                                                   \
  X(16, IDLE)       /* stops the CPU for at most `address` ns, at most ABI_IDLE_MAX */             \
  X(17, COUNTER_HZ) /* returns the rate of the guest's counter, in place of a result */            \
  X(18, PRINT)      /* `count` (1 to 8) characters, the first in the lowest byte of `address` */   \
  X(19, END)        /* ends the machine with status `address`; does not return */

#define ABI_IDLE_MAX 1000000000ull

enum abi_kernel_call {
#define X(number, name) ABI_KERNEL_##name = number,
  ABI_KERNEL_CALLS(X)
#undef X
      ABI_KERNEL_CALL_COUNT
};

enum abi_kernel_virt_call {
#define X(number, name) ABI_KERNEL_##name = number,
  ABI_KERNEL_VIRT_CALLS(X)
#undef X
};

enum abi_kernel_result {
  ABI_KERNEL_OK = 0,
  ABI_KERNEL_BAD_CALL = 1,    /* no such number */
  ABI_KERNEL_BAD_ADDRESS = 2, /* outside the arena, misaligned, crosses a block or group, count 0 */
  ABI_KERNEL_BAD_MEMORY = 3,  /* physical range that may not be mapped, or not this way */
  ABI_KERNEL_NO_TABLES = 4,   /* the memory for page tables is used up */
};

/* What a block is used for: the kernel's table has a word for each, by physical address /
 * ABI_BLOCK_SIZE. The monitor reads it: devices do not write code. */
#define ABI_BLOCK_FREE 0u
#define ABI_BLOCK_DATA 1u
#define ABI_BLOCK_CODE 2u /* or-ed with the virtual address it is bound to */

/* The kernel's variables, at ABI_KERNEL_WINDOW. Addresses are physical unless said otherwise. */
struct abi_kernel_state {
  uint64_t window_distance; /* virtual minus physical address of the kernel's own memory */
  uint64_t root;            /* the page table of the highest level */
  uint64_t next_table;      /* first unused page for tables; unused ones are zero */
  uint64_t tables_end;
  uint64_t spare_table; /* list of tables given up, linked by their first word; 0: none */
  uint64_t free_base;   /* as in struct abi_boot */
  uint64_t memory_max;
  uint64_t last_group;     /* the directory used last: virtual address / ABI_GROUP_SIZE, */
  uint64_t last_directory; /* and where it is, virtual */
  uint64_t can_fill;       /* not 0: port FILL is served */
  uint64_t fill_table;
  uint64_t fill_value;
  uint64_t tail_page;    /* where the last MAP_PAGES ended: its next entry, virtual, */
  uint64_t tail_address; /* the addresses that would go there, */
  uint64_t tail_physical;
  uint64_t tail_left; /* and how many entries are left in that table; 0: nothing remembered */
  uint64_t is_virt;   /* not 0: ABI_MONITOR_VIRT, with the calls that go with it */
};

_Static_assert(sizeof(struct abi_kernel_state) == 136, "kernel state");

#endif
