/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Boot information: what a monitor tells the guest before its first instruction.
 *
 * Under our own monitor the guest starts unprivileged at the runtime's entry point with the
 * address of a struct abi_boot as its only argument. Under QEMU the kernel's boot path fills the
 * same structure. It is written once, before the start, and never changes afterwards.
 *
 * All integers are little endian. "Physical" is guest-physical. Offsets inside `strings` count
 * from the structure's own first byte, so the block can be mapped anywhere. The guest trusts this
 * structure (it comes from the wall behind it); the monitor never reads it back.
 */
#ifndef ABI_BOOT_H
#define ABI_BOOT_H

#include <stdint.h>

#define ABI_BOOT_MAGIC 0x544f4f42574d5248ull /* "HRMWBOOT" */
#define ABI_BOOT_VERSION 1
#define ABI_MAX_DEVICES 64
#define ABI_DEVICE_QUEUES 16       /* the most queues of one device */
#define ABI_AREA_SIZE 0x2000000ull /* 32 MiB of address space */

/* Who hosts this guest. */
enum abi_monitor {
  ABI_MONITOR_HERMIT = 1, /* our monitor: doorbells, queues prepared before the start */
  ABI_MONITOR_VIRT = 2,   /* QEMU's boards: virtio-mmio or PCI, interrupts */
};

/* What the runtime shall do with the module. */
enum abi_mode {
  ABI_MODE_RUN = 0,     /* instantiate, call `_start` or the function named by `invoke` */
  ABI_MODE_INSPECT = 1, /* print imports, exports and needs to stdout; run nothing */
};

/* Bits of abi_boot.flags. */
#define ABI_FLAG_UNKNOWN_IMPORTS_TRAP 0x1 /* unknown imports become functions that trap */
#define ABI_FLAG_VERBOSE 0x2              /* notes on stderr are welcome */
#define ABI_FLAG_STATS 0x4                /* fill abi_report's times */

/* A run of bytes inside the boot block. */
struct abi_span {
  uint32_t offset; /* from the start of struct abi_boot */
  uint32_t length; /* bytes, without the NUL that always follows */
};

/* virtio device types used here (virtio 1.2, section 5), and one of ours. */
enum abi_device_type {
  ABI_DEVICE_CONSOLE = 3,
  ABI_DEVICE_RNG = 4,
  ABI_DEVICE_FS = 26,
  ABI_DEVICE_SOCKETS = 0x10000, /* sockets.h */
};

/* One device. Its split virtqueues (virtio 1.2, section 2.7) are laid out and enabled before the
 * start; the guest only fills and notifies them (see doorbell.h).
 * Queue q of a device lives at `rings` + q * ABI_QUEUE_STRIDE, with the three parts at the
 * offsets below, and has queue_sizes[q] entries, at most ABI_QUEUE_SIZE; 0 there means
 * ABI_QUEUE_SIZE. */
struct abi_device {
  uint32_t type;        /* enum abi_device_type */
  uint32_t queue_count; /* queues 0 .. queue_count-1 */
  uint64_t rings;       /* physical address of queue 0's rings, page aligned */
  uint64_t features;    /* virtio feature bits in force (VIRTIO_F_VERSION_1 always) */
  struct abi_span name; /* FS: the guest path of the preopen, e.g. "." or "/data" */
  uint32_t flags; /* ABI_DEVICE_READ_ONLY; console: ABI_STREAM_* per port, 8 bits each; sockets:
                     how many listeners */
  /* VIRT: a notification of queue q is a store of q to notify + q * notify_stride (user virtual):
   * 32 bits when the stride is 0 (virtio-mmio, 4.2.2), else 16 (PCI, 4.1.4.4). */
  uint32_t notify_stride;
  uint64_t notify;
  uint16_t queue_sizes[ABI_DEVICE_QUEUES]; /* powers of two */
};

#define ABI_QUEUE_SIZE 128u
#define ABI_QUEUE_DESC 0x000u  /* 128 * 16 bytes */
#define ABI_QUEUE_AVAIL 0x800u /* 6 + 128 * 2 bytes */
#define ABI_QUEUE_USED 0xA00u  /* 6 + 128 * 8 bytes */
#define ABI_QUEUE_STRIDE 0x1000u

#define ABI_DEVICE_READ_ONLY 0x1u

/* What a standard stream is on the host: abi_device.flags >> (8 * port) & 0xff. */
#define ABI_STREAM_CLOSED 0u
#define ABI_STREAM_TERMINAL 1u
#define ABI_STREAM_PIPE 2u /* pipe or socket */
#define ABI_STREAM_FILE 3u
#define ABI_STREAM_OTHER 4u /* other character devices, e.g. /dev/null */

/* Console queues under our monitor: virtio-console with VIRTIO_CONSOLE_F_MULTIPORT numbers its
 * queues rx0 tx0 ctrl-rx ctrl-tx rx1 tx1 rx2 tx2 (virtio 1.2, section 5.3.2). Ports 0, 1, 2 are
 * stdin, stdout, stderr; all are open from the start, so tx0, rx1, rx2 and ctrl-rx stay unused.
 * ctrl-tx takes requests of ours. */
#define ABI_CONSOLE_QUEUES 8u
#define ABI_CONSOLE_STDIN_QUEUE 0u
#define ABI_CONSOLE_CONTROL_QUEUE 3u /* streams.h */
#define ABI_CONSOLE_STDOUT_QUEUE 5u
#define ABI_CONSOLE_STDERR_QUEUE 7u

/* QEMU's virtio-console (virtio 1.2, section 5.3.6): port n has queues 2n + 2 and 2n + 3, port 0
 * the first two. Port 0 is a console for all streams that have no port of their own. REPORT takes
 * one struct abi_virt_report (doorbell.h) before the guest ends. */
enum abi_virt_port {
  ABI_VIRT_PORT_CONSOLE = 0,
  ABI_VIRT_PORT_STDIN = 1,
  ABI_VIRT_PORT_STDOUT = 2,
  ABI_VIRT_PORT_STDERR = 3,
  ABI_VIRT_PORT_REPORT = 4,
  ABI_VIRT_PORTS
};
#define ABI_VIRT_STREAMS_UNKNOWN (ABI_STREAM_PIPE | ABI_STREAM_PIPE << 8 | ABI_STREAM_PIPE << 16)
#define ABI_VIRT_CONTROL_RX 2u
#define ABI_VIRT_CONTROL_TX 3u

/* A program that starts QEMU passes what boot information says, and the module, in the initial RAM
 * disk: a struct abi_boot with its strings, whose memory and virt parts are ignored; then, at the
 * next multiple of ABI_BUNDLE_ALIGN, the module. devices[i], all of type FS, says how the guest
 * shall know the virtio-fs device with the tag ABI_BUNDLE_TAG followed by i in decimal. A RAM disk
 * that does not start so is the module itself, and the kernel's command line says the rest. */
#define ABI_BUNDLE_ALIGN 4096u
#define ABI_BUNDLE_TAG "hermit"

struct abi_boot {
  uint64_t magic;   /* ABI_BOOT_MAGIC */
  uint32_t version; /* ABI_BOOT_VERSION */
  uint32_t size;    /* bytes of this structure and the strings behind it */
  uint32_t monitor; /* enum abi_monitor */
  uint32_t mode;    /* enum abi_mode */
  uint32_t flags;   /* ABI_FLAG_* */
  uint32_t device_count;

  /* Memory. Physical memory is one range from ABI_MEMORY_BASE
   * (abi/arch/<a>/kernel.h) on; the part the guest may use starts at
   * free_base, the mapped part ends at memory_end and may be extended (doorbell MEMORY). */
  uint64_t free_base;  /* physical; first byte that nothing occupies; page aligned */
  uint64_t memory_end; /* physical; end of the memory present now */
  uint64_t memory_max; /* bytes the guest may have in all, as --memory says */

  uint64_t module;             /* user virtual address of the module's bytes, read-only */
  uint64_t module_length;      /* bytes */
  struct abi_span module_name; /* as the user wrote it, for messages */
  struct abi_span invoke;      /* export to call instead of _start; empty: none */

  /* Arguments and environment as the module shall see them. The strings stand one after the
   * other, each ended by a NUL. argv[0] is the module's base name. */
  struct abi_span args;
  struct abi_span env; /* NAME=VALUE */
  uint32_t arg_count;
  uint32_t env_count;

  uint64_t control; /* user virtual address of struct abi_control (doorbell.h), writable */

  /* User address space. What the monitor placed for user mode (this block, the control block,
   * rings, stack, module) and the first piece of heap, [free_base, heap_end), lie at virtual
   * address `window` + physical address; the heap is zero, readable and writable. Mappings that
   * the guest makes itself lie in [arena_base, arena_end). */
  uint64_t window;
  uint64_t heap_end;
  uint64_t arena_base;
  uint64_t arena_end;
  uint64_t stack_size; /* bytes of the stack the guest starts on; below it nothing is mapped */

  /* Mappings that every guest would ask for are there from the start. Areas of ABI_AREA_SIZE begin
   * at arena_base: of each of the first `data_areas` the first block is mapped, zero and writable;
   * of the one behind them the first `code_blocks` blocks are mapped for code, writable. Their
   * physical blocks follow heap_end in this order. */
  uint32_t data_areas;
  uint32_t code_blocks;

  /* VIRT: what is known of time, and memory that does not follow the first range. */
  struct {
    uint64_t realtime_ns; /* since 1970-01-01 UTC, when the counter was at: */
    uint64_t counter;
    uint64_t counter_hz;  /* 0: the kernel can measure it (abi/kernel.h) */
    uint64_t second_base; /* physical, whole blocks; 0: no second range */
    uint64_t second_end;
    uint32_t streams; /* of a bundle: abi_device.flags for the console */
    uint32_t reserved;
  } virt;

  struct abi_device devices[ABI_MAX_DEVICES];
};

_Static_assert(sizeof(struct abi_span) == 8, "abi_span layout");
_Static_assert(sizeof(struct abi_device) == 80, "abi_device layout");
_Static_assert(sizeof(struct abi_boot) == 216 + 80 * ABI_MAX_DEVICES, "abi_boot layout");

#endif
