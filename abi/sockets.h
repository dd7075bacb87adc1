/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sockets device: how the guest uses the TCP sockets that the monitor owns.
 *
 * It has one virtqueue, served like every other; it is ours alone, for no virtio device offers what
 * is wanted (docs/architecture.md, "Sockets"). A buffer is a request and its answer: readable, a
 * struct abi_socket_request, then SEND's bytes; writable, a struct abi_socket_reply, then RECEIVE's
 * room. The host's socket buffers are the only ones there are: what does not fit stays where it
 * is, in guest memory or with the peer.
 *
 * A socket is a number below ABI_SOCKETS_MAX. The listeners are 0 to abi_device.flags - 1 and open
 * from the start; ACCEPT gives out the lowest free number. Framing that is wrong, or a number that
 * is not open, ends the VM; what the host refuses is answered with its errno. */
#ifndef ABI_SOCKETS_H
#define ABI_SOCKETS_H

#include <stdint.h>

#define ABI_SOCKETS_QUEUES 1u
#define ABI_SOCKETS_MAX 1024u /* listeners and connections together; EMFILE beyond */

/* number, name */
#define ABI_SOCKET_OPERATIONS(X)                                                                   \
  X(0, ACCEPT)   /* value: the new connection */                                                   \
  X(1, RECEIVE)  /* value: bytes, 0 at the peer's end. Waits for the first one */                  \
  X(2, SEND)     /* value: bytes. Waits until all are with the host's kernel */                    \
  X(3, SHUTDOWN) /* flags: ABI_SOCKET_READ, ABI_SOCKET_WRITE */                                    \
  X(4, CLOSE)

enum abi_socket_operation {
#define X(number, name) ABI_SOCKET_##name = number,
  ABI_SOCKET_OPERATIONS(X)
#undef X
      ABI_SOCKET_OPERATION_COUNT
};

/* Directions, for SHUTDOWN and for WAIT. */
#define ABI_SOCKET_READ 0x1u
#define ABI_SOCKET_WRITE 0x2u
#define ABI_SOCKET_HANGUP 0x4u /* WAIT only: the peer is gone and nothing is left to be read */

/* abi_socket_request.flags of ACCEPT, RECEIVE, SEND */
#define ABI_SOCKET_NOWAIT 0x1u  /* EAGAIN, or what is possible at once, instead of waiting */
#define ABI_SOCKET_PEEK 0x2u    /* RECEIVE: the bytes stay to be received */
#define ABI_SOCKET_WAITALL 0x4u /* RECEIVE: wait until all room is full; PEEK overrides it */

struct abi_socket_request {
  uint32_t operation; /* enum abi_socket_operation */
  uint32_t socket;
  uint32_t flags;
  uint32_t reserved; /* 0 */
};

struct abi_socket_reply {
  uint32_t error; /* 0 or a Linux errno */
  uint32_t value;
};

/* One socket that doorbell WAIT watches. */
struct abi_wait_socket {
  uint16_t socket;
  uint8_t events; /* in: ABI_SOCKET_READ, ABI_SOCKET_WRITE */
  uint8_t ready;  /* out: these, and HANGUP */
  uint32_t bytes; /* out, READ: what can be received at once; 1 for a listener with a connection */
};

_Static_assert(sizeof(struct abi_socket_request) == 16, "abi_socket_request layout");
_Static_assert(sizeof(struct abi_socket_reply) == 8, "abi_socket_reply layout");
_Static_assert(sizeof(struct abi_wait_socket) == 8, "abi_wait_socket layout");

#endif
