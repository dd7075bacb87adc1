/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ports of QEMU's virtio-console (virtio 1.2, section 5.3.6): which there are, which are open
 * on the host's side, and input that arrives when it pleases. Internal to the drivers. */
#ifndef GUEST_DRIVERS_PORTS_H
#define GUEST_DRIVERS_PORTS_H

#include "guest/drivers/virtqueue.h"

#define PORT_MESSAGES 32u /* QEMU's control queues have as many entries */
#define PORT_MESSAGE_BYTES 64u
#define PORT_INPUT_BYTES 4096u

/* Section 5.3.6.2. */
struct port_message {
  uint32_t port;
  uint16_t event;
  uint16_t value;
};

struct ports {
  const struct driver_machine *machine;
  struct virtqueue control_in;
  struct virtqueue control_out;
  uint16_t messages_seen;
  bool exists[ABI_VIRT_PORTS];
  bool open[ABI_VIRT_PORTS]; /* the host's side is there */
  bool lost[ABI_VIRT_PORTS]; /* see ports_wait_output */

  /* Input: a request for some bytes is under way for as long as it takes; what came and was not
   * asked for yet waits here. The device never gets the module's own buffers. */
  struct virtqueue input;
  uint32_t input_port;
  bool input_asked;
  uint32_t input_start;
  uint32_t input_end;

  struct port_message message;
  uint8_t input_bytes[PORT_INPUT_BYTES];
  uint8_t messages[PORT_MESSAGES][PORT_MESSAGE_BYTES];
};

/* NULL: no memory. */
struct ports *ports_open(const struct driver_machine *machine, const struct abi_boot *boot,
                         uint32_t device, void *rings);
/* The queues of a port. */
uint32_t port_input_queue(uint32_t port);
uint32_t port_output_queue(uint32_t port);
/* Hears what the host has to say; true: the port is open. */
bool ports_is_open(struct ports *ports, uint32_t port);
/* Waits for what was sent to a port's output queue. False: its other end went meanwhile; then the
 * device has dropped the request without an answer, and the port is of no use any more. */
bool ports_wait_output(struct ports *ports, uint32_t port, const struct virtqueue *queue);
/* As console_read, at most PORT_INPUT_BYTES. */
int ports_read(struct ports *ports, const struct wasi_slice *slices, size_t slice_count,
               size_t *count);
/* Would a read return at once? *bytes: how many are there. */
bool ports_can_read(struct ports *ports, uint64_t *bytes);

#endif
