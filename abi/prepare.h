/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What stands in the guest's memory before its first user instruction, as code: our monitor runs it
 * on the host, the kernel's boot path inside the guest where there is no monitor of ours. What
 * differs between architectures is in abi/arch/<a>/.
 *
 * Memory must be zero where the kernel's own part goes. Nothing here fails: abi_kernel_memory has
 * said before how much is needed. */
#ifndef ABI_PREPARE_H
#define ABI_PREPARE_H

#include <stdint.h>

/* Where things lie, by guest-physical address. All parts but the image are whole blocks. */
struct abi_layout {
  uint64_t kernel, kernel_size; /* the kernel's own memory, page tables included */
  uint64_t stack, stack_size;   /* the runtime's */
  uint64_t shared, shared_size; /* control block, boot block, rings: whole pages each */
  uint64_t boot, boot_size;     /* page aligned, inside shared */
  uint64_t rings;
  uint64_t module, module_size;
  uint64_t free_base; /* the first piece of heap: */
  uint64_t heap_end;
  uint32_t data_areas; /* mapped in the arena, behind the heap: see struct abi_boot */
  uint32_t code_blocks;
  uint64_t end;        /* of the memory present */
  uint64_t memory_max; /* end of the memory there may be */
};

/* A loaded part of the image; virtual and physical addresses are the same. */
struct abi_segment {
  uint64_t address; /* page aligned */
  uint64_t size;
  uint32_t writable; /* 0 or 1 */
  uint32_t executable;
};

/* What abi_map works on. */
struct abi_tables {
  uint8_t *memory; /* where physical address 0 is, or would be */
  uint64_t root;   /* physical: the table of the highest level */
  uint64_t next;   /* physical: where the next table goes */
  uint64_t end;
};

/* Rights of a mapping, beside reading. */
#define ABI_MAP_USER 1u
#define ABI_MAP_WRITE 2u
#define ABI_MAP_EXECUTE 4u
#define ABI_MAP_DEVICE 8u /* registers of a device: not cached */

/* Bytes of the kernel's own memory for a VM whose memory ends at memory_max or before; 0: no
 * kernel can hold that much. */
uint64_t abi_kernel_memory(uint64_t memory_max);

/* Writes the kernel's memory: variables, descriptor tables, types of blocks, page tables with all
 * that a guest finds mapped. */
void abi_prepare_kernel(struct abi_tables *tables, const struct abi_layout *layout,
                        const struct abi_segment *segments, uint32_t segment_count);

/* What the processor itself wants beside page tables, in the kernel's memory at `kernel`; `header`:
 * struct abi_kernel_header. */
void abi_prepare_processor(uint8_t *kernel, const void *header);

/* Maps pages on top of that, before the guest starts. */
void abi_map(struct abi_tables *tables, uint64_t address, uint64_t physical, uint64_t size,
             uint32_t rights);

/* Physical address of the table of block types (abi/kernel.h). */
uint64_t abi_block_types(const struct abi_layout *layout);

#endif
