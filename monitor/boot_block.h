/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The part of the boot block (abi/boot.h) that says what to run: the same for every kind of VM. */
#ifndef MONITOR_BOOT_BLOCK_H
#define MONITOR_BOOT_BLOCK_H

#include "monitor/kvm/vm.h"

/* Appends strings behind struct abi_boot. */
struct boot_writer {
  struct abi_boot *boot;
  uint32_t used; /* bytes; becomes boot->size when all is written */
};

/* Bytes of the block with all strings of the configuration. */
uint64_t boot_block_size(const struct vm_config *config);
/* Writes them; `boot` is zero and has room. */
struct boot_writer boot_block_begin(struct abi_boot *boot, const struct vm_config *config);
/* One string more, for which the caller has made room. */
struct abi_span boot_block_add(struct boot_writer *writer, const char *text);

/* Reads the module to `to`. False: `error` says why. */
bool boot_block_read_module(const struct vm_config *config, uint8_t *to, char *error,
                            size_t error_size);

#endif
