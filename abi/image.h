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
  uint32_t marks;       /* its first mark, counted from the table's begin */
};

/* Marks say which WebAssembly instruction a place in text belongs to: the first byte of every
 * instruction that may trap, and every return address. They are bytes, each function's in ascending
 * order of text offset and up to where the next function's begin:
 *   the kind: one byte of engine/traps.def, or ABI_IMAGE_MARK_CALL for a return address;
 *   the distance in text from the mark before, from text_offset for the first: LEB128, unsigned;
 *   the same, signed, of the WebAssembly instructions, from the module's first byte. */
#define ABI_IMAGE_MARK_CALL 0
#define ABI_IMAGE_MARK_MAX 11 /* bytes of the longest */

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
  struct abi_image_table marks;     /* bytes */
  struct abi_image_table handlers;  /* struct abi_image_handler */
};

_Static_assert(sizeof(struct abi_image_function) == 20, "abi_image_function layout");
_Static_assert(sizeof(struct abi_image_handler) == 24, "abi_image_handler layout");
_Static_assert(sizeof(struct abi_image) == 96, "abi_image layout");

#endif
