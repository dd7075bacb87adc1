/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What hostile guests share. They run without an engine, straight on the machine. */
#ifndef TESTS_HOSTILE_HOSTILE_H
#define TESTS_HOSTILE_HOSTILE_H

#include "abi/virtqueue.h"
#include "guest/runtime/arch.h"
#include "guest/runtime/machine.h"
#include <string.h>

/* Ends the VM with status 1 and the check's text on the host's side when something was granted that
 * must not be, or the attempt could not even be made. */
#define REQUIRE(m, condition)                                                                      \
  do {                                                                                             \
    if (!(condition))                                                                              \
      give_up(m, #condition);                                                                      \
  } while (0)

_Noreturn void give_up(struct machine *m, const char *text);

/* Every attack, by its name in attacks.def. Returning means: it was answered with an error. */
#define ATTACK(name, status, reason) void attack_##name(struct machine *m);
#include "tests/hostile/attacks.def"
#undef ATTACK

/* Memory that devices may read and write, and its physical address. */
#define BUFFER_SIZE 16384u
extern uint8_t buffer[BUFFER_SIZE];
uint64_t buffer_physical(struct machine *m);

/* The physical address where memory ends at the latest. */
uint64_t memory_limit(struct machine *m);

/* Index of the nth device of a type in boot->devices. */
uint32_t find_device(struct machine *m, enum abi_device_type type, uint32_t nth);

/* A queue whose rings the attack fills by hand. */
struct queue {
  uint32_t device;
  uint32_t number;
  struct abi_virtq_desc *desc;
  struct abi_virtq_avail *avail;
  struct abi_virtq_used *used;
};

struct queue open_queue(struct machine *m, enum abi_device_type type, uint32_t nth,
                        uint32_t number);
/* Makes the chain that starts at descriptor `head` available and notifies. */
void offer(struct machine *m, struct queue *queue, uint16_t head);
/* One descriptor, offered. */
void offer_one(struct machine *m, struct queue *queue, uint64_t address, uint32_t length,
               uint16_t flags);

/* What happens on a fault, instead of the panic; NULL: the panic. */
typedef bool fault_handler(const struct wasm_fault *fault, struct wasm_fault *resume);
void on_fault(struct machine *m, fault_handler *handler);

#endif
