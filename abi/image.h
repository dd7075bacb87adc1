/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Code image: compiled WebAssembly, as both compilers make it and the runtime runs it in place.
 *
 * The image is position independent: text refers to itself by relative addresses and to the
 * runtime only through the instance pointer (engine/vm.h), so no relocation is ever applied.
 * In memory it is one block that starts with this header; on disk the same block is the loadable
 * content of an ELF file. Offsets count from the header's first byte.
 */
#ifndef ABI_IMAGE_H
#define ABI_IMAGE_H

#include <stdint.h>

#define ABI_IMAGE_MAGIC 0x45444f434d575248ull /* "HRWMCODE" */
#define ABI_IMAGE_VERSION 2

enum abi_image_arch { ABI_ARCH_X86_64 = 1, ABI_ARCH_AARCH64 = 2, ABI_ARCH_RISCV64 = 3 };
enum abi_image_tier { ABI_TIER_BASELINE = 1, ABI_TIER_OPTIMISED = 2 };

/* One defined function; the table is in ascending order of text_offset. */
struct abi_image_function {
  uint32_t text_offset; /* from the start of text */
  uint32_t text_length; /* bytes */
  uint32_t function;    /* index in the module's function index space */
  uint32_t frame_size;  /* bytes between the frame's base and its saved frame pointer */
};

/* One place that may trap; the table is in ascending order of text_offset. */
struct abi_image_trap {
  uint32_t text_offset; /* of the first byte of the faulting instruction */
  uint32_t kind;        /* engine/traps.def */
  uint32_t code_offset; /* of the WebAssembly instruction, from the module's first byte */
};

/* One call; text_offset is the return address. For backtraces with code offsets. */
struct abi_image_call {
  uint32_t text_offset;
  uint32_t code_offset;
};

/* One clause of one handler of exceptions: what it does with those thrown by calls whose return
 * address minus 1 is in the range. In ascending order of text_end, and of what is tried first. The
 * text is entered at `landing` with the frame as it is in the function's body and the exception's
 * values in 64-bit slots, the first at `slot` and each at the next lower address, then, if wanted,
 * the reference. */
struct abi_image_handler {
  uint32_t text_end; /* first byte behind the range */
  uint32_t text_begin;
  uint32_t landing;
  uint32_t tag;             /* index in the module's tag index space; ABI_IMAGE_ANY_TAG */
  int32_t slot;             /* from the frame's base */
  uint32_t wants_reference; /* 0 or 1 */
};
#define ABI_IMAGE_ANY_TAG 0xffffffffu

struct abi_image_table {
  uint64_t offset; /* of the first entry */
  uint64_t count;  /* entries */
};

struct abi_image {
  uint64_t magic;
  uint32_t version;
  uint32_t arch; /* enum abi_image_arch */
  uint32_t tier; /* enum abi_image_tier */
  uint32_t reserved;
  uint64_t size;        /* bytes of the whole image */
  uint64_t text_offset; /* page aligned */
  uint64_t text_size;
  struct abi_image_table functions; /* struct abi_image_function */
  struct abi_image_table traps;     /* struct abi_image_trap */
  struct abi_image_table calls;     /* struct abi_image_call */
  struct abi_image_table handlers;  /* struct abi_image_handler */
};

_Static_assert(sizeof(struct abi_image_function) == 16, "abi_image_function layout");
_Static_assert(sizeof(struct abi_image_trap) == 12, "abi_image_trap layout");
_Static_assert(sizeof(struct abi_image_handler) == 24, "abi_image_handler layout");
_Static_assert(sizeof(struct abi_image) == 112, "abi_image layout");

#endif
