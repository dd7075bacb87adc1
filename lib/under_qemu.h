/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* QEMU in place of our own monitor: what of it this host has. Internal to the library. */
#ifndef LIB_UNDER_QEMU_H
#define LIB_UNDER_QEMU_H

#include "include/hermit_wasm.h"
#include "monitor/qemu/qemu.h"
#include <limits.h>

struct under_qemu {
  struct hermit_wasm_host host; /* paths of programs */
  struct qemu_config qemu;      /* board, programs, directories; the rest is the caller's */
  struct qemu_directory directories[QEMU_MAX_DIRECTORIES];
  char image[PATH_MAX]; /* of the guest; empty: the one inside this program */
  char note[512];       /* for the user, when QEMU was not asked for */
};

/* Finds the board and the programs for a run. `kvm_problem`: why KVM does not do it, or "". False:
 * `error` says what is missing and how to get it. */
bool under_qemu_choose(struct under_qemu *chosen, const struct hermit_wasm_config *config,
                       const char *kvm_problem, char *error, size_t error_size);

#endif
