/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A guest that attacks its monitor or its own kernel in the way its first argument names. */
#include "tests/hostile/hostile.h"

uint8_t buffer[BUFFER_SIZE] __attribute__((aligned(4096)));

static const struct {
  const char *name;
  void (*attack)(struct machine *m);
} attacks[] = {
#define ATTACK(name, status, reason) {#name, attack_##name},
#include "tests/hostile/attacks.def"
#undef ATTACK
};

/* Through the console, so that the test's output shows it. */
void give_up(struct machine *m, const char *text) {
  struct queue out = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_STDERR_QUEUE);
  size_t length = strlen(text);
  memcpy(buffer, text, length);
  buffer[length] = '\n';
  offer_one(m, &out, buffer_physical(m), (uint32_t)length + 1, 0);
  machine_exit(m, ABI_OUTCOME_EXIT, 1);
}

uint64_t buffer_physical(struct machine *m) {
  size_t contiguous;
  uint64_t physical = machine_physical(m, buffer, BUFFER_SIZE, &contiguous);
  if (physical == UINT64_MAX || contiguous < BUFFER_SIZE)
    machine_panic(m, "the buffer is not contiguous");
  return physical;
}

/* From the linker script. Images start one block above the beginning of memory. */
extern const char guest_kernel_base[];

uint64_t memory_limit(struct machine *m) {
  return (uint64_t)(uintptr_t)guest_kernel_base - ABI_BLOCK_SIZE + m->boot->memory_max;
}

uint32_t find_device(struct machine *m, enum abi_device_type type, uint32_t nth) {
  for (uint32_t i = 0; i < m->boot->device_count; i++) {
    if (m->boot->devices[i].type == (uint32_t)type && nth-- == 0)
      return i;
  }
  machine_panic(m, "no such device");
}

struct queue open_queue(struct machine *m, enum abi_device_type type, uint32_t nth,
                        uint32_t number) {
  struct queue queue = {.device = find_device(m, type, nth), .number = number};
  uint64_t rings = m->boot->devices[queue.device].rings + number * ABI_QUEUE_STRIDE;
  uint8_t *at = machine_map_physical(m, rings, ABI_QUEUE_STRIDE);
  if (at == NULL)
    machine_panic(m, "the rings cannot be mapped");
  queue.desc = (struct abi_virtq_desc *)(at + ABI_QUEUE_DESC);
  queue.avail = (struct abi_virtq_avail *)(at + ABI_QUEUE_AVAIL);
  queue.used = (struct abi_virtq_used *)(at + ABI_QUEUE_USED);
  return queue;
}

void offer(struct machine *m, struct queue *queue, uint16_t head) {
  queue->avail->ring[queue->avail->index % ABI_QUEUE_SIZE] = head;
  queue->avail->index++;
  machine_notify(m, queue->device, queue->number);
}

void offer_one(struct machine *m, struct queue *queue, uint64_t address, uint32_t length,
               uint16_t flags) {
  queue->desc[0] = (struct abi_virtq_desc){address, length, flags, 0};
  offer(m, queue, 0);
}

/* ---- Faults: this file stands in for the engine ---- */

static fault_handler *current_handler;

void on_fault(struct machine *m, fault_handler *handler) {
  current_handler = handler;
  machine_set_store(m, (struct wasm_store *)&current_handler);
}

bool wasm_store_fault(struct wasm_store *store, const struct wasm_fault *fault,
                      struct wasm_fault *resume) {
  (void)store;
  return current_handler(fault, resume);
}

/* ---- */

static const char *first_argument(const struct abi_boot *boot) {
  const char *text = (const char *)boot + boot->args.offset;
  return boot->arg_count > 1 ? text + strlen(text) + 1 : "";
}

static bool same_text(const char *a, const char *b) {
  size_t length = strlen(a);
  return strlen(b) == length && memcmp(a, b, length) == 0;
}

void guest_main(struct machine *m) {
  const char *name = first_argument(m->boot);
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    if (!same_text(attacks[i].name, name))
      continue;
    attacks[i].attack(m);
    machine_exit(m, ABI_OUTCOME_EXIT, 0);
  }
  machine_panic(m, "no such attack");
}
