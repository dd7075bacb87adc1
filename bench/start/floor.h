/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The architecture's part of the floor: the smallest guest there is. */
#ifndef BENCH_START_FLOOR_H
#define BENCH_START_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/* Writes one instruction that exits to the monitor, and what the processor needs to reach it, to
 * guest memory (physical 0 on), and points the vCPU at it. 0, or -1 with errno. */
int floor_prepare(int vcpu, uint8_t *memory, size_t size);

#endif
