/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* QEMU's console ports: the conversation on the control queues, and input. */
#include "guest/drivers/ports.h"
#include "guest/drivers/errors.h"

#include <string.h>

/* Section 5.3.6.2. */
enum port_event {
  EVENT_DEVICE_READY = 0,
  EVENT_PORT_ADD = 1,
  EVENT_PORT_REMOVE = 2,
  EVENT_PORT_READY = 3,
  EVENT_PORT_OPEN = 6,
};

/* How long a first look at the input may take: bytes come from another thread of the host. */
#define LOOK_ROUNDS 20u
#define LOOK_NS 100000u

uint32_t port_input_queue(uint32_t port) {
  return port ? 2 * port + 2 : 0;
}

uint32_t port_output_queue(uint32_t port) {
  return port_input_queue(port) + 1;
}

/* ---- Messages ---- */

/* Buffer i is always described by descriptor i. */
static void offer_buffer(struct virtqueue *queue, uint16_t buffer) {
  queue->avail->ring[queue->submitted % queue->size] = buffer;
  queue->submitted++;
  __atomic_store_n(&queue->avail->index, queue->submitted, __ATOMIC_RELEASE);
}

static void offer_buffers(struct ports *ports) {
  struct virtqueue *queue = &ports->control_in;
  const struct driver_machine *machine = ports->machine;
  for (uint16_t i = 0; i < PORT_MESSAGES && i < queue->size; i++) {
    size_t contiguous;
    uint64_t address =
        machine->physical(machine->context, ports->messages[i], PORT_MESSAGE_BYTES, &contiguous);
    if (address == UINT64_MAX || contiguous < PORT_MESSAGE_BYTES)
      continue; /* the others do */
    queue->desc[i].address = address;
    queue->desc[i].length = PORT_MESSAGE_BYTES;
    queue->desc[i].flags = ABI_VIRTQ_WRITE;
    offer_buffer(queue, i);
  }
  machine->notify(machine->context, queue->device, queue->index);
}

static void hear_message(struct ports *ports, const struct port_message *message) {
  if (message->port >= ABI_VIRT_PORTS)
    return;
  switch (message->event) {
  case EVENT_PORT_ADD:
    ports->exists[message->port] = true;
    break;
  case EVENT_PORT_REMOVE:
    ports->open[message->port] = false;
    break;
  case EVENT_PORT_OPEN:
    ports->open[message->port] = message->value != 0;
    break;
  }
}

static void hear_messages(struct ports *ports) {
  struct virtqueue *queue = &ports->control_in;
  bool any = false;
  while (__atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) != ports->messages_seen) {
    uint32_t buffer = queue->used->ring[ports->messages_seen % queue->size].id;
    ports->messages_seen++;
    if (buffer >= PORT_MESSAGES)
      continue;
    struct port_message message;
    memcpy(&message, ports->messages[buffer], sizeof message);
    hear_message(ports, &message);
    offer_buffer(queue, (uint16_t)buffer);
    any = true;
  }
  if (any)
    ports->machine->notify(ports->machine->context, queue->device, queue->index);
}

/* The device has answered by the time it is done with the message. */
static void say(struct ports *ports, uint32_t port, enum port_event event, uint16_t value) {
  ports->message = (struct port_message){.port = port, .event = (uint16_t)event, .value = value};
  virtqueue_begin(&ports->control_out, 0);
  if (virtqueue_add(&ports->control_out, &ports->message, sizeof ports->message, false, 0) ==
      sizeof ports->message)
    virtqueue_submit(&ports->control_out);
  hear_messages(ports);
}

struct ports *ports_open(const struct driver_machine *machine, const struct abi_boot *boot,
                         uint32_t device, void *rings) {
  struct ports *ports = machine->allocate(machine->context, sizeof *ports);
  if (!ports)
    return NULL;
  memset(ports, 0, sizeof *ports);
  ports->machine = machine;
  virtqueue_open(&ports->control_in, machine, boot, rings, device, ABI_VIRT_CONTROL_RX);
  virtqueue_open(&ports->control_out, machine, boot, rings, device, ABI_VIRT_CONTROL_TX);
  offer_buffers(ports);
  say(ports, 0, EVENT_DEVICE_READY, 1);
  for (uint32_t port = 0; port < ABI_VIRT_PORTS; port++) {
    if (!ports->exists[port])
      continue;
    say(ports, port, EVENT_PORT_READY, 1);
    say(ports, port, EVENT_PORT_OPEN, 1);
  }
  /* Port 0 is a console, which has no other end to be open or closed. */
  ports->open[ABI_VIRT_PORT_CONSOLE] = ports->exists[ABI_VIRT_PORT_CONSOLE];
  ports->input_port =
      ports->exists[ABI_VIRT_PORT_STDIN] ? ABI_VIRT_PORT_STDIN : ABI_VIRT_PORT_CONSOLE;
  virtqueue_open(&ports->input, machine, boot, rings, device, port_input_queue(ports->input_port));
  return ports;
}

bool ports_is_open(struct ports *ports, uint32_t port) {
  hear_messages(ports);
  return ports->open[port] && !ports->lost[port];
}

bool ports_wait_output(struct ports *ports, uint32_t port, const struct virtqueue *queue) {
  for (uint64_t round = 0; !virtqueue_idle(queue); round++) {
    if (!ports_is_open(ports, port) && !virtqueue_idle(queue)) {
      ports->lost[port] = true;
      return false;
    }
    virtqueue_pause(ports->machine, round);
  }
  return true;
}

/* ---- Input ---- */

/* Asks for at most `length` bytes, unless a request is under way. The host takes no more from its
 * source than that. */
static bool ask(struct ports *ports, size_t length) {
  if (ports->input_asked)
    return true;
  size_t most = length < PORT_INPUT_BYTES ? length : PORT_INPUT_BYTES;
  virtqueue_begin(&ports->input, 0);
  if (virtqueue_add(&ports->input, ports->input_bytes, most, true, 0) < most)
    return false;
  virtqueue_send(&ports->input);
  ports->input_asked = true;
  return true;
}

/* True: bytes are there. */
static bool take(struct ports *ports) {
  if (ports->input_asked && virtqueue_idle(&ports->input)) {
    uint32_t used = virtqueue_used(&ports->input);
    ports->input_asked = false;
    ports->input_start = 0;
    ports->input_end = used < PORT_INPUT_BYTES ? used : PORT_INPUT_BYTES;
  }
  return ports->input_start < ports->input_end;
}

/* The end of the input is told on the other queue, behind its last bytes. */
static bool is_at_end(struct ports *ports) {
  return !ports_is_open(ports, ports->input_port) && !take(ports);
}

static void hand_out(struct ports *ports, const struct wasi_slice *slices, size_t slice_count,
                     size_t *count) {
  for (size_t i = 0; i < slice_count && ports->input_start < ports->input_end; i++) {
    size_t length = ports->input_end - ports->input_start;
    if (length > slices[i].length)
      length = slices[i].length;
    memcpy(slices[i].bytes, ports->input_bytes + ports->input_start, length);
    ports->input_start += (uint32_t)length;
    *count += length;
  }
}

int ports_read(struct ports *ports, const struct wasi_slice *slices, size_t slice_count,
               size_t *count) {
  size_t wanted = slices_length(slices, slice_count);
  *count = 0;
  for (uint64_t round = 0; wanted && !take(ports); round++) {
    if (!ask(ports, wanted))
      return LINUX_EFAULT;
    if (is_at_end(ports))
      return 0;
    virtqueue_pause(ports->machine, round);
  }
  hand_out(ports, slices, slice_count, count);
  return 0;
}

bool ports_can_read(struct ports *ports, uint64_t *bytes) {
  bool first = !ports->input_asked;
  bool ready = take(ports) || !ask(ports, 1) || is_at_end(ports);
  for (uint32_t round = 0; first && !ready && round < LOOK_ROUNDS; round++) {
    ports->machine->idle(ports->machine->context, LOOK_NS);
    ready = take(ports) || is_at_end(ports);
  }
  *bytes = ready ? ports->input_end - ports->input_start : 0;
  return ready;
}
