/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sockets device (abi/sockets.h): accepts, receives and sends on TCP sockets for the guest.
 *
 * The listeners come ready-made, bound before the jail closed; connections come from them only.
 * Bytes move between guest memory and the host's socket buffers without a stop in between, so
 * nothing here grows: a guest that does not read slows its peer down, and a peer that does not
 * read makes the guest wait. All sockets are non-blocking and ours alone; waiting is done in ppoll,
 * where the signals that must be looked at are let in. */
#include "monitor/devices/sockets.h"
#include "abi/virtqueue.h"
#include "monitor/devices/virtqueue.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Moved by one system call, so that a signal never waits long. */
#define STEP_BYTES (1u << 20)

struct sockets {
  struct device device;     /* first: a struct device * is the sockets */
  int fds[ABI_SOCKETS_MAX]; /* -1: free */
  uint32_t first_free;      /* no free number below */
  uint32_t moved;           /* bytes of the current request that moved before an interruption */
};

/* A request whose framing has been checked. */
struct request {
  struct abi_socket_request said;
  const struct virtqueue_chain *chain;
  int fd;
  uint64_t bytes; /* SEND: to send; RECEIVE: room */
};

static struct sockets *to_sockets(struct device *device) {
  return (struct sockets *)device;
}

static int find_fd(const struct sockets *sockets, uint32_t number) {
  return number < ABI_SOCKETS_MAX ? sockets->fds[number] : -1;
}

/* Sleeps until the socket can be read or written. False: a signal came. Errors of the socket end
 * the wait too; the call that follows names them. */
static bool wait_ready(const struct sockets *sockets, int fd, short events) {
  return device_wait_ready(sockets->device.host, fd, events);
}

/* ---- Accepting, shutting down, closing ------------------------------------------------------- */

/* The lowest free number, or ABI_SOCKETS_MAX. */
static uint32_t find_free(struct sockets *sockets) {
  while (sockets->first_free < ABI_SOCKETS_MAX && sockets->fds[sockets->first_free] >= 0)
    sockets->first_free++;
  return sockets->first_free;
}

/* The number is found first: a connection that could not be named would be lost. */
static enum device_result serve_accept(struct sockets *sockets, const struct request *request,
                                       struct abi_socket_reply *reply) {
  uint32_t number = find_free(sockets);
  if (number == ABI_SOCKETS_MAX) {
    reply->error = EMFILE;
    return DEVICE_OK;
  }
  int fd;
  while ((fd = accept4(request->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
    if (errno != EAGAIN || request->said.flags & ABI_SOCKET_NOWAIT) {
      reply->error = (uint32_t)errno;
      return DEVICE_OK;
    }
    if (!wait_ready(sockets, request->fd, POLLIN))
      return DEVICE_INTERRUPTED;
  }
  sockets->fds[number] = fd;
  reply->value = number;
  return DEVICE_OK;
}

static void serve_shutdown(const struct request *request, struct abi_socket_reply *reply) {
  static const int hows[] = {[ABI_SOCKET_READ] = SHUT_RD,
                             [ABI_SOCKET_WRITE] = SHUT_WR,
                             [ABI_SOCKET_READ | ABI_SOCKET_WRITE] = SHUT_RDWR};
  if (shutdown(request->fd, hows[request->said.flags]) < 0)
    reply->error = (uint32_t)errno;
}

static void close_socket(struct sockets *sockets, uint32_t number) {
  close(sockets->fds[number]);
  sockets->fds[number] = -1;
  if (number < sockets->first_free)
    sockets->first_free = number;
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

/* One attempt that does not wait, `moved` bytes on: bytes, 0 at the peer's end, -1 with errno. Only
 * looking at bytes needs more than reading and writing, which the jail permits anyway. */
static ssize_t move_now(const struct request *request, uint32_t moved) {
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  bool send = request->said.operation == ABI_SOCKET_SEND;
  uint64_t before = send ? sizeof(struct abi_socket_request) : sizeof(struct abi_socket_reply);
  int count = virtqueue_window(request->chain, !send, before + moved, STEP_BYTES, pieces);
  if (count > IOV_MAX)
    count = IOV_MAX;
  if (request->said.flags & ABI_SOCKET_PEEK) {
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
    return recvmsg(request->fd, &message, MSG_PEEK);
  }
  return send ? writev(request->fd, pieces, count) : readv(request->fd, pieces, count);
}

/* Sends everything, receives what there is or, with WAITALL, everything; goes on where an
 * interruption stopped. An error after the first byte is left to be met by the next request. */
static enum device_result serve_bytes(struct sockets *sockets, const struct request *request,
                                      struct abi_socket_reply *reply) {
  bool send = request->said.operation == ABI_SOCKET_SEND;
  uint32_t flags = request->said.flags;
  bool whole = send || (flags & ABI_SOCKET_WAITALL && !(flags & ABI_SOCKET_PEEK));
  while (sockets->moved < request->bytes) {
    ssize_t moved = move_now(request, sockets->moved);
    if (moved < 0 && errno == EAGAIN && !(flags & ABI_SOCKET_NOWAIT)) {
      if (!wait_ready(sockets, request->fd, send ? POLLOUT : POLLIN))
        return DEVICE_INTERRUPTED;
      continue;
    }
    if (moved < 0 && sockets->moved == 0)
      reply->error = (uint32_t)errno;
    if (moved <= 0)
      break;
    sockets->moved += (uint32_t)moved;
    if (!whole)
      break;
    if (sockets->moved < request->bytes && device_interrupted(sockets->device.host))
      return DEVICE_INTERRUPTED;
  }
  reply->value = sockets->moved;
  sockets->moved = 0;
  return DEVICE_OK;
}

/* ---- Requests -------------------------------------------------------------------------------- */

#define FAULT(fault, ...) device_fault(fault, "sockets queue 0: " __VA_ARGS__)

/* Flags that each operation knows. */
static const uint32_t known_flags[ABI_SOCKET_OPERATION_COUNT] = {
    [ABI_SOCKET_ACCEPT] = ABI_SOCKET_NOWAIT,
    [ABI_SOCKET_RECEIVE] = ABI_SOCKET_NOWAIT | ABI_SOCKET_PEEK | ABI_SOCKET_WAITALL,
    [ABI_SOCKET_SEND] = ABI_SOCKET_NOWAIT,
    [ABI_SOCKET_SHUTDOWN] = ABI_SOCKET_READ | ABI_SOCKET_WRITE};

static const char *const operation_names[ABI_SOCKET_OPERATION_COUNT] = {
#define X(number, name) [number] = #name,
    ABI_SOCKET_OPERATIONS(X)
#undef X
};

/* Copies the request out and checks its framing as a whole. */
static enum device_result read_request(const struct sockets *sockets,
                                       const struct virtqueue_chain *chain, struct request *request,
                                       struct guest_fault *fault) {
  struct abi_socket_request *said = &request->said;
  if (virtqueue_copy_in(chain, 0, said, sizeof *said) != sizeof *said)
    return FAULT(fault, "%llu bytes are no request", (unsigned long long)chain->readable_bytes);
  if (said->operation >= ABI_SOCKET_OPERATION_COUNT)
    return FAULT(fault, "operation %u does not exist", said->operation);
  const char *name = operation_names[said->operation];
  if (chain->writable_bytes < sizeof(struct abi_socket_reply))
    return FAULT(fault, "%s: no room for the reply", name);
  if (said->flags & ~known_flags[said->operation] || said->reserved)
    return FAULT(fault, "%s: unknown flags 0x%x, 0x%x", name, said->flags, said->reserved);
  if (said->operation == ABI_SOCKET_SHUTDOWN && !said->flags)
    return FAULT(fault, "%s: of no direction", name);
  uint64_t behind = chain->readable_bytes - sizeof *said;
  uint64_t room = chain->writable_bytes - sizeof(struct abi_socket_reply);
  if ((behind && said->operation != ABI_SOCKET_SEND) ||
      (room && said->operation != ABI_SOCKET_RECEIVE))
    return FAULT(fault, "%s: with %llu bytes to send and room for %llu", name,
                 (unsigned long long)behind, (unsigned long long)room);
  request->chain = chain;
  request->bytes = behind + room;
  request->fd = find_fd(sockets, said->socket);
  if (request->fd < 0)
    return FAULT(fault, "%s: socket %u is not open", name, said->socket);
  return DEVICE_OK;
}

static enum device_result serve_request(struct device *device, uint32_t queue,
                                        const struct virtqueue_chain *chain, uint32_t *used,
                                        struct guest_fault *fault) {
  (void)queue;
  struct sockets *sockets = to_sockets(device);
  struct request request;
  struct abi_socket_reply reply = {0};
  enum device_result result = read_request(sockets, chain, &request, fault);
  if (result != DEVICE_OK)
    return result;
  switch (request.said.operation) {
  case ABI_SOCKET_ACCEPT:
    result = serve_accept(sockets, &request, &reply);
    break;
  case ABI_SOCKET_SHUTDOWN:
    serve_shutdown(&request, &reply);
    break;
  case ABI_SOCKET_CLOSE:
    close_socket(sockets, request.said.socket);
    break;
  default:
    result = serve_bytes(sockets, &request, &reply);
  }
  if (result != DEVICE_OK)
    return result;
  virtqueue_copy_out(chain, 0, &reply, sizeof reply);
  *used = sizeof reply + (request.said.operation == ABI_SOCKET_RECEIVE ? reply.value : 0);
  return DEVICE_OK;
}

static enum device_result notify_sockets(struct device *device, uint32_t queue,
                                         struct guest_fault *fault) {
  return virtqueue_serve(device, queue, serve_request, fault);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

bool sockets_watch(struct device *device, const struct abi_wait_socket *watched,
                   struct pollfd *poll) {
  int fd = device ? find_fd(to_sockets(device), watched->socket) : -1;
  *poll = (struct pollfd){.fd = fd,
                          .events =
                              (short)((watched->events & ABI_SOCKET_READ ? POLLIN | POLLRDHUP : 0) |
                                      (watched->events & ABI_SOCKET_WRITE ? POLLOUT : 0))};
  return fd >= 0;
}

/* Bytes that can be received at once. A listener cannot say: its one connection counts as one. */
static uint32_t count_readable(int fd) {
  int count;
  return ioctl(fd, FIONREAD, &count) < 0 ? 1 : (uint32_t)count;
}

/* A socket in error is ready for whatever was asked: the call that follows names the error. */
void sockets_ready(const struct pollfd *poll, struct abi_wait_socket *watched) {
  const short ended = POLLERR | POLLHUP;
  watched->ready = 0;
  watched->bytes = 0;
  if (poll->events & POLLIN && poll->revents & (POLLIN | POLLRDHUP | ended)) {
    watched->ready |= ABI_SOCKET_READ;
    watched->bytes = count_readable(poll->fd);
    if (!watched->bytes && poll->revents & (POLLRDHUP | ended))
      watched->ready |= ABI_SOCKET_HANGUP;
  }
  if (poll->events & POLLOUT && poll->revents & (POLLOUT | ended)) {
    watched->ready |= ABI_SOCKET_WRITE;
    if (poll->revents & ended && !watched->bytes)
      watched->ready |= ABI_SOCKET_HANGUP;
  }
}

/* ---- The device ------------------------------------------------------------------------------ */

static void destroy_sockets(struct device *device) {
  struct sockets *sockets = to_sockets(device);
  for (uint32_t i = 0; i < ABI_SOCKETS_MAX; i++)
    if (sockets->fds[i] >= 0)
      close(sockets->fds[i]);
  free(sockets);
}

static const struct device_ops sockets_ops = {notify_sockets, destroy_sockets};

struct device *sockets_create(const struct device_host *host, const int *listeners, uint32_t count,
                              const char **error) {
  struct sockets *sockets = calloc(1, sizeof *sockets);
  if (!sockets) {
    *error = "no memory";
    return NULL;
  }
  for (uint32_t i = 0; i < ABI_SOCKETS_MAX; i++)
    sockets->fds[i] = i < count ? listeners[i] : -1;
  sockets->device = (struct device){.ops = &sockets_ops,
                                    .host = host,
                                    .abi = {.type = ABI_DEVICE_SOCKETS,
                                            .queue_count = ABI_SOCKETS_QUEUES,
                                            .features = ABI_FEATURE_VERSION_1,
                                            .flags = count}};
  return &sockets->device;
}
