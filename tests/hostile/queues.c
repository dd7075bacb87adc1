/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks with virtqueues: rings and descriptors that virtio 1.2, section 2.7, does not allow. */
#include "abi/streams.h"
#include "tests/hostile/hostile.h"

static struct queue fs_queue(struct machine *m) {
  return open_queue(m, ABI_DEVICE_FS, 0, ABI_FS_REQUEST_QUEUE);
}

static struct queue rng_queue(struct machine *m) {
  return open_queue(m, ABI_DEVICE_RNG, 0, 0);
}

static void offer_to_fs(struct machine *m, uint64_t address, uint32_t length, uint16_t flags) {
  struct queue queue = fs_queue(m);
  offer_one(m, &queue, address, length, flags);
}

/* ---- One descriptor ---- */

void attack_descriptor_outside_memory(struct machine *m) {
  offer_to_fs(m, memory_limit(m), 64, 0);
}

void attack_descriptor_past_the_end(struct machine *m) {
  offer_to_fs(m, m->boot->memory_end - 32, 64, 0);
}

void attack_descriptor_wraps(struct machine *m) {
  offer_to_fs(m, UINT64_MAX - 31, 64, 0);
}

void attack_descriptor_of_no_bytes(struct machine *m) {
  offer_to_fs(m, buffer_physical(m), 0, 0);
}

void attack_descriptor_of_4_gib(struct machine *m) {
  offer_to_fs(m, 0, UINT32_MAX, 0);
}

void attack_descriptor_index_out_of_range(struct machine *m) {
  struct queue queue = fs_queue(m);
  queue.desc[0] = (struct abi_virtq_desc){buffer_physical(m), 64, ABI_VIRTQ_NEXT, ABI_QUEUE_SIZE};
  offer(m, &queue, 0);
}

void attack_descriptor_flags_unknown(struct machine *m) {
  offer_to_fs(m, buffer_physical(m), 64, 0x8000);
}

void attack_descriptor_indirect(struct machine *m) {
  offer_to_fs(m, buffer_physical(m), 64, ABI_VIRTQ_INDIRECT);
}

void attack_descriptor_order(struct machine *m) {
  struct queue queue = fs_queue(m);
  queue.desc[0] =
      (struct abi_virtq_desc){buffer_physical(m), 64, ABI_VIRTQ_NEXT | ABI_VIRTQ_WRITE, 1};
  queue.desc[1] = (struct abi_virtq_desc){buffer_physical(m), 64, 0, 0};
  offer(m, &queue, 0);
}

/* ---- Chains ---- */

void attack_chain_loops_on_itself(struct machine *m) {
  struct queue queue = fs_queue(m);
  queue.desc[0] = (struct abi_virtq_desc){buffer_physical(m), 64, ABI_VIRTQ_NEXT, 0};
  offer(m, &queue, 0);
}

/* The whole table, and from its end back into the middle. */
void attack_chain_loops_late(struct machine *m) {
  struct queue queue = fs_queue(m);
  for (uint16_t i = 0; i < ABI_QUEUE_SIZE; i++)
    queue.desc[i] = (struct abi_virtq_desc){buffer_physical(m), 1, ABI_VIRTQ_NEXT, i + 1};
  queue.desc[ABI_QUEUE_SIZE - 1].next = ABI_QUEUE_SIZE / 2;
  offer(m, &queue, 0);
}

/* Each descriptor is in order, together they have more bytes than 32 bits can count. */
void attack_chain_sums_up(struct machine *m) {
  struct queue queue = fs_queue(m);
  m->control->memory_want = 128u << 20;
  arch_ring(ABI_DOORBELL_MEMORY, 0);
  uint64_t from = m->boot->memory_end;
  REQUIRE(m, m->control->memory_end > from);
  uint32_t size = (uint32_t)(m->control->memory_end - from);
  for (uint16_t i = 0; i < ABI_QUEUE_SIZE; i++)
    queue.desc[i] = (struct abi_virtq_desc){from, size, ABI_VIRTQ_NEXT, i + 1};
  queue.desc[ABI_QUEUE_SIZE - 1].flags = 0;
  offer(m, &queue, 0);
}

/* ---- The available ring ---- */

void attack_available_head_out_of_range(struct machine *m) {
  struct queue queue = fs_queue(m);
  offer(m, &queue, 0xffff);
}

void attack_available_index_jumps(struct machine *m) {
  struct queue queue = fs_queue(m);
  queue.avail->index = ABI_QUEUE_SIZE + 1;
  machine_notify(m, queue.device, queue.number);
}

void attack_available_index_goes_back(struct machine *m) {
  struct queue queue = fs_queue(m);
  queue.avail->index = (uint16_t)-1;
  machine_notify(m, queue.device, queue.number);
}

/* ---- Entropy ---- */

/* A device must not do for user mode what user mode may not itself. */
void attack_rng_into_text(struct machine *m) {
  struct queue queue = rng_queue(m);
  offer_one(m, &queue, (uintptr_t)kernel_call, 64, ABI_VIRTQ_WRITE); /* text: physical = virtual */
  give_up(m, "text was overwritten");
}

/* The kernel's own memory ends where our stack begins, which is on its last block now. */
void attack_rng_into_page_tables(struct machine *m) {
  struct queue queue = rng_queue(m);
  uint64_t here = (uintptr_t)__builtin_frame_address(0) - m->boot->window;
  uint64_t stack = (here | (ABI_BLOCK_SIZE - 1)) + 1 - m->boot->stack_size;
  offer_one(m, &queue, stack - ABI_PAGE_SIZE, 64, ABI_VIRTQ_WRITE);
  give_up(m, "the kernel's memory was overwritten");
}

/* It was validated; no byte of it may change afterwards. */
void attack_rng_into_module(struct machine *m) {
  struct queue queue = rng_queue(m);
  offer_one(m, &queue, m->boot->module - m->boot->window, 4, ABI_VIRTQ_WRITE);
  give_up(m, "the module was overwritten");
}

/* The last bytes before it are ours, the first of it are not. */
void attack_rng_across_into_module(struct machine *m) {
  struct queue queue = rng_queue(m);
  offer_one(m, &queue, m->boot->module - m->boot->window - 8, 16, ABI_VIRTQ_WRITE);
  give_up(m, "the module was overwritten");
}

void attack_rng_from_readable(struct machine *m) {
  struct queue queue = rng_queue(m);
  offer_one(m, &queue, buffer_physical(m), 64, 0);
}

void attack_rng_outside_memory(struct machine *m) {
  struct queue queue = rng_queue(m);
  offer_one(m, &queue, 1ull << 52, 64, ABI_VIRTQ_WRITE);
}

/* Memory behind what is mapped from the start. */
static uint64_t unmapped_base(const struct machine *m) {
  return m->boot->heap_end + (m->boot->data_areas + m->boot->code_blocks) * ABI_BLOCK_SIZE;
}

/* As many bytes as one chain can ask for: served in a bounded time or cut short. */
void attack_rng_without_end(struct machine *m) {
  struct queue queue = rng_queue(m);
  uint32_t size = (uint32_t)(m->boot->memory_end - unmapped_base(m));
  offer_one(m, &queue, unmapped_base(m), size, ABI_VIRTQ_WRITE);
  REQUIRE(m, queue.used->index == 1);
  REQUIRE(m, queue.used->ring[0].length <= size);
}

/* All that one notification can ask for, for ever: between two buffers there is time to end. */
void attack_rng_endlessly(struct machine *m) {
  struct queue queue = rng_queue(m);
  uint32_t size = (uint32_t)(m->boot->memory_end - unmapped_base(m));
  queue.desc[0] = (struct abi_virtq_desc){unmapped_base(m), size, ABI_VIRTQ_WRITE, 0};
  memset(queue.avail->ring, 0, sizeof queue.avail->ring);
  for (;;) {
    queue.avail->index += ABI_QUEUE_SIZE;
    machine_notify(m, queue.device, queue.number);
  }
}

/* ---- The console ---- */

void attack_console_reads_outside_memory(struct machine *m) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_STDOUT_QUEUE);
  offer_one(m, &queue, m->boot->memory_end, 4096, 0);
}

void attack_console_writable_transmit(struct machine *m) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_STDOUT_QUEUE);
  offer_one(m, &queue, buffer_physical(m), 16, ABI_VIRTQ_WRITE);
}

void attack_console_readable_receive(struct machine *m) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_STDIN_QUEUE);
  offer_one(m, &queue, buffer_physical(m), 16, 0);
}

/* The used ring is the device's; what the guest writes there must not lead it astray. */
void attack_console_used_ring_changed(struct machine *m) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_STDOUT_QUEUE);
  memset(queue.used, 0xff, sizeof *queue.used);
  buffer[0] = '.';
  for (uint32_t i = 0; i < 3; i++)
    offer_one(m, &queue, buffer_physical(m), 1, 0);
}

/* A request of abi/streams.h with its reply at a physical address; the reply's error, if it lies in
 * our buffer. */
static uint32_t control(struct machine *m, struct abi_stream_request request, uint64_t reply) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_CONTROL_QUEUE);
  struct abi_stream_reply answer = {.error = 0xffffffffu};
  memcpy(buffer, &request, sizeof request);
  queue.desc[0] = (struct abi_virtq_desc){buffer_physical(m), sizeof request, ABI_VIRTQ_NEXT, 1};
  queue.desc[1] = (struct abi_virtq_desc){reply, sizeof answer, ABI_VIRTQ_WRITE, 0};
  offer(m, &queue, 0);
  memcpy(&answer, buffer + 4096, sizeof answer);
  return answer.error;
}

void attack_console_control_without_request(struct machine *m) {
  struct queue queue = open_queue(m, ABI_DEVICE_CONSOLE, 0, ABI_CONSOLE_CONTROL_QUEUE);
  offer_one(m, &queue, buffer_physical(m), 100, ABI_VIRTQ_WRITE);
}

void attack_console_control_unknown(struct machine *m) {
  control(m, (struct abi_stream_request){.operation = 77}, buffer_physical(m) + 4096);
}

void attack_console_control_reply_into_text(struct machine *m) {
  control(m, (struct abi_stream_request){.operation = ABI_STREAM_STAT}, (uintptr_t)machine_exit);
}

/* The output is a file: places and sizes that cannot be are refused by the host. */
void attack_console_control_absurd_places(struct machine *m) {
  uint64_t reply = buffer_physical(m) + 4096;
  for (uint32_t operation = ABI_STREAM_SEEK; operation < ABI_STREAM_OPERATION_COUNT; operation++) {
    if (operation == ABI_STREAM_STAT || operation == ABI_STREAM_SYNC)
      continue;
    struct abi_stream_request request = {.operation = operation, .stream = 1, .offset = 1ull << 63};
    REQUIRE(m, control(m, request, reply) != 0);
  }
}
