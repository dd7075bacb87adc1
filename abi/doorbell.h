/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Doorbells: how the guest calls our monitor.
 *
 * A doorbell is one exit to the monitor, rung from user mode. On x86_64 it is a 32-bit `out` of
 * the value to port ABI_DOORBELL_PORT + 4 * number (the TSS's I/O bitmap opens these ports); on
 * aarch64 and riscv64 a 32-bit store of the value to ABI_DOORBELL_MMIO + 4 * number. What does not
 * fit in 32 bits is passed in the control block, which both sides share. Every doorbell is
 * served on the vCPU's thread before the guest goes on.
 *
 * The monitor takes nothing on trust: a number, value or field out of range ends the VM with a
 * reason (exit status 125).
 */
#ifndef ABI_DOORBELL_H
#define ABI_DOORBELL_H

#include "abi/sockets.h"
#include <stdint.h>

#define ABI_DOORBELL_PORT 0x500u        /* x86_64: first I/O port */
#define ABI_DOORBELL_MMIO 0x09000000ull /* aarch64, riscv64: physical address of the page */

/* number, name */
#define ABI_DOORBELLS(X)                                                                           \
  X(0, NOTIFY) /* value = device << 16 | queue: buffers are available (virtio 1.2, 2.7.13) */      \
  X(1, WAIT)   /* wait for streams, sockets, a deadline: control.wait_* */                         \
  X(2, EXIT)   /* the guest is done: value = status (0..255); control.report is final */           \
  X(3, MEMORY) /* more memory: at least control.memory_want bytes; answer in control.memory_end */ \
  X(4, CLOCK)  /* read the host's clocks: answer in control.clock_* */                             \
  X(5, PANIC)  /* the guest found itself broken: value = length of text in control.text */          \
  X(6, GROW)   /* `value` pages of data more behind the kernel's last MAP_PAGES: control.grow_* */

enum abi_doorbell {
#define X(number, name) ABI_DOORBELL_##name = number,
  ABI_DOORBELLS(X)
#undef X
      ABI_DOORBELL_COUNT
};

#define ABI_WAIT_STREAM0 0x1u /* stdin has bytes, or is at its end */
#define ABI_WAIT_STREAM1 0x2u /* stdout can take bytes */
#define ABI_WAIT_STREAM2 0x4u
#define ABI_WAIT_FOREVER UINT64_MAX

/* How the guest ended; the monitor turns it into the command's exit status. */
enum abi_outcome {
  ABI_OUTCOME_NONE = 0,   /* the guest has not said anything yet */
  ABI_OUTCOME_EXIT = 1,   /* `_start` returned or proc_exit was called: status counts */
  ABI_OUTCOME_TRAP = 2,   /* a trap; the guest has printed reason and backtrace: status 134 */
  ABI_OUTCOME_REFUSED = 3 /* the module was refused; the guest has printed why: status 125 */
};

/* The guest's own account of the run. Untrusted: shown, never relied on. Times in nanoseconds. */
struct abi_report {
  uint32_t outcome; /* enum abi_outcome */
  uint32_t reserved;
  uint64_t boot_ns;        /* entry to the module's first byte read */
  uint64_t compile_ns;     /* decode + validate + compile */
  uint64_t instantiate_ns; /* link, memories, tables, data */
  uint64_t run_ns;         /* start function and _start */
  uint64_t module_bytes;
  uint64_t code_section_bytes;
  uint64_t code_bytes; /* machine code made */
};

/* VIRT: the same on the console's port REPORT, because not every board passes on a status. */
#define ABI_VIRT_REPORT_MAGIC 0x504552574d524548ull /* "HERMWREP" */
struct abi_virt_report {
  uint64_t magic;
  uint64_t status; /* 0..255, of outcome EXIT */
  struct abi_report report;
};

#define ABI_TEXT_MAX 512u

/* The control block: whole pages, mapped for the guest's user mode. */
struct abi_control {
  struct abi_report report; /* in, with EXIT */

  /* WAIT: sleep until a watched stream or socket is ready or the deadline has passed. */
  uint64_t wait_timeout_ns; /* in: from now; ABI_WAIT_FOREVER: no deadline */
  uint32_t wait_watch;      /* in: ABI_WAIT_STREAM* */
  uint32_t wait_ready;      /* out: those ready now; 0: deadline */
  uint64_t wait_bytes;      /* out: bytes that can be read from stdin now, 0 at its end */

  /* MEMORY */
  uint64_t memory_want; /* in: bytes more */
  uint64_t memory_end;  /* out: physical end of memory now; unchanged: no more to be had */

  /* GROW: as the kernel would do it, without its instructions, which cost much where KVM has no
   * hardware below it. Where the two do not go on where MAP_PAGES ended, or not so far, or the
   * monitor has no such way, nothing happens and the kernel is to be called. */
  uint64_t grow_address;  /* in: virtual */
  uint64_t grow_physical; /* in */
  uint64_t grow_done;     /* out: 1: they are mapped */

  /* CLOCK: three readings taken together. */
  uint64_t clock_realtime_ns;  /* out: since 1970-01-01 UTC */
  uint64_t clock_monotonic_ns; /* out: same clock as wait_timeout_ns, arbitrary origin */
  uint64_t clock_counter_hz;   /* out: rate of the guest's counter (TSC, CNTVCT, time) */
  uint64_t clock_cpu_ns;       /* out: CPU time this VM has used */

  char text[ABI_TEXT_MAX]; /* in, with PANIC: printable text */

  /* WAIT: the watched sockets; each says by itself whether it is ready. */
  uint32_t wait_socket_count; /* in */
  uint32_t reserved;
  struct abi_wait_socket wait_sockets[ABI_SOCKETS_MAX];
};

_Static_assert(sizeof(struct abi_report) == 64, "abi_report layout");
_Static_assert(sizeof(struct abi_control) == 160 + ABI_TEXT_MAX + 8 + 8 * ABI_SOCKETS_MAX,
               "abi_control layout");

#endif
