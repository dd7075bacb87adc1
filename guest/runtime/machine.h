/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The machine under the runtime: notifying, waiting, clocks, memory, the end. Two implementations:
 * our monitor's doorbells (doorbells.c) and QEMU's boards (virt.c). */
#ifndef GUEST_RUNTIME_MACHINE_H
#define GUEST_RUNTIME_MACHINE_H

#include "abi/boot.h"
#include "abi/doorbell.h"
#include "engine/engine.h"

struct machine;

/* What differs. `control` carries arguments and answers as with doorbells (abi/doorbell.h). */
struct machine_ops {
  void (*notify)(struct machine *machine, uint32_t device, uint32_t queue);
  void (*wait)(struct machine *machine); /* NULL: the machine knows nothing of streams */
  void (*read_clocks)(struct machine *machine);
  /* More physical memory: [*base, *end) goes on where the last range ended, or begins anew. False:
   * there is none. */
  bool (*more_memory)(struct machine *machine, uint64_t want, uint64_t *base, uint64_t *end);
  /* Maps pages of data behind the last ones that the kernel mapped. False, or NULL: it did not. */
  bool (*grow)(struct machine *machine, uint64_t address, uint64_t physical, uint32_t pages);
  void (*idle)(struct machine *machine, uint64_t most_ns);
  void (*end)(struct machine *machine, uint32_t status);
  void (*panic)(struct machine *machine, uint32_t length); /* control->text */
};
extern const struct machine_ops machine_doorbells;
extern const struct machine_ops machine_virt;

struct machine {
  const struct machine_ops *ops;
  const struct abi_boot *boot;
  struct abi_control *control;
  struct memory *memory;       /* guest/runtime/memory.h */
  struct machine_parts *parts; /* guest/runtime/machine_parts.h */
};

/* Tells the host that queue `queue` of boot->devices[device] has buffers. Under our monitor they
 * have been served on return. */
void machine_notify(struct machine *machine, uint32_t device, uint32_t queue);
/* As doorbell WAIT. Returns the ready streams; *bytes as wait_bytes. The caller has filled the
 * first `socket_count` of control->wait_sockets and finds there which are ready. Only where
 * machine_can_wait: elsewhere the console's driver knows what is ready, and machine_idle passes the
 * time. */
bool machine_can_wait(const struct machine *machine);
uint32_t machine_wait(struct machine *machine, uint64_t timeout_ns, uint32_t watch,
                      uint32_t socket_count, uint64_t *bytes);
/* Does nothing for at most so long, and for less when it pleases. */
void machine_idle(struct machine *machine, uint64_t most_ns);
/* Clocks, in nanoseconds, without an exit after the first call: counter based. */
uint64_t machine_realtime_ns(struct machine *machine);
uint64_t machine_monotonic_ns(struct machine *machine);
uint64_t machine_cpu_ns(struct machine *machine);
/* The raw counter and its rate, for the report's times; hz 0: not known yet. */
uint64_t machine_counter(void);
_Noreturn void machine_exit(struct machine *machine, enum abi_outcome outcome, uint32_t status);
/* The runtime itself is broken: prints nothing, ends the VM with the text as reason. */
_Noreturn void machine_panic(struct machine *machine, const char *text);

/* Physical address of a mapped byte of the runtime's, the heap's or a linear memory's, and how
 * many bytes from there on are physically contiguous (at most length). UINT64_MAX: not mapped. */
uint64_t machine_physical(struct machine *machine, const void *address, size_t length,
                          size_t *contiguous);
/* A physical range given in boot information, mapped for user mode read-write (device rings). */
void *machine_map_physical(struct machine *machine, uint64_t physical, size_t length);

/* The engine's platform on this machine. */
void machine_platform(struct machine *machine, struct wasm_platform *platform);
/* Faults of user mode that are the given store's are offered to wasm_store_fault. */
void machine_set_store(struct machine *machine, struct wasm_store *store);

/* What the image does once the machine is up: guest/runtime/main.c runs a module, other images
 * (spec driver, hostile guests) bring their own. Does not return. */
_Noreturn void guest_main(struct machine *machine);

#endif
