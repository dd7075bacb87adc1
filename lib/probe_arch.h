/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What only an architecture can say about the processor; each has its own arch/<name>/probe.c. */
#ifndef LIB_PROBE_ARCH_H
#define LIB_PROBE_ARCH_H

#include <stdbool.h>

struct probe_cpu {
  bool runs_code;      /* has all the instructions that generated code may use, switched on */
  bool virtualises;    /* offers hardware virtualisation to this system */
  bool is_virtualised; /* is itself inside a virtual machine */
};

struct probe_cpu probe_cpu(void);

#endif
