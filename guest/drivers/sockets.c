/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver of the sockets device (abi/sockets.h): one request at a time, data where it lies. */
#include "guest/drivers/errors.h"
#include "guest/drivers/virtqueue.h"

struct sockets {
  struct virtqueue queue;
  uint32_t listeners;
  struct abi_socket_request request;
  struct abi_socket_reply reply;
};

struct sockets *sockets_open(const struct driver_machine *machine, const struct abi_boot *boot,
                             uint32_t device) {
  void *rings = virtqueue_map(machine, boot, device, ABI_DEVICE_SOCKETS, ABI_SOCKETS_QUEUES);
  if (!rings)
    return NULL;
  struct sockets *sockets = machine->allocate(machine->context, sizeof *sockets);
  if (!sockets)
    return NULL;
  virtqueue_open(&sockets->queue, machine, boot, rings, device, 0);
  sockets->listeners = boot->devices[device].flags;
  return sockets;
}

uint32_t sockets_listeners(const struct sockets *sockets) {
  return sockets->listeners;
}

/* Data that travels with a request. */
struct data {
  const struct wasi_slice *slices;
  size_t slice_count;
  size_t skip;  /* bytes dealt with already */
  size_t added; /* out: bytes offered */
};

/* Sends one request and takes its answer. *value: the reply's, which for data is checked. */
static int call(struct sockets *sockets, uint32_t operation, uint32_t socket, uint32_t flags,
                struct data *data, uint32_t *value) {
  struct virtqueue *queue = &sockets->queue;
  bool sends = operation == ABI_SOCKET_SEND, receives = operation == ABI_SOCKET_RECEIVE;
  sockets->request =
      (struct abi_socket_request){.operation = operation, .socket = socket, .flags = flags};
  virtqueue_begin(queue, 0);
  virtqueue_add(queue, &sockets->request, sizeof sockets->request, false, 0);
  /* A reply that crosses pages which do not follow each other takes two descriptors. */
  if (sends)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       VIRTQUEUE_BYTES_MAX, false, 2);
  virtqueue_add(queue, &sockets->reply, sizeof sockets->reply, true, 0);
  if (receives)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       VIRTQUEUE_BYTES_MAX, true, 0);
  if (data && data->added == 0)
    return LINUX_EFAULT;
  virtqueue_submit(queue);
  *value = sockets->reply.value;
  if (sockets->reply.error)
    return (int)sockets->reply.error;
  return data && *value > data->added ? LINUX_EIO : 0;
}

int sockets_accept(struct sockets *sockets, uint32_t listener, uint32_t flags,
                   uint32_t *connection) {
  int error = call(sockets, ABI_SOCKET_ACCEPT, listener, flags, NULL, connection);
  return !error && *connection >= ABI_SOCKETS_MAX ? LINUX_EIO : error;
}

int sockets_receive(struct sockets *sockets, uint32_t socket, uint32_t flags,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  size_t total = slices_length(slices, slice_count);
  *count = 0;
  while (*count < total) {
    struct data data = {slices, slice_count, .skip = *count};
    uint32_t value;
    int error = call(sockets, ABI_SOCKET_RECEIVE, socket, flags, &data, &value);
    /* What came counts; the next call meets the error again. */
    if (error)
      return *count > 0 ? 0 : error;
    *count += value;
    /* Only who wants all asks again, for what did not fit into one request. */
    if (!(flags & ABI_SOCKET_WAITALL) || flags & ABI_SOCKET_PEEK || value < data.added)
      break;
  }
  return 0;
}

int sockets_send(struct sockets *sockets, uint32_t socket, uint32_t flags,
                 const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  size_t total = slices_length(slices, slice_count);
  *count = 0;
  while (*count < total) {
    struct data data = {slices, slice_count, .skip = *count};
    uint32_t value;
    int error = call(sockets, ABI_SOCKET_SEND, socket, flags, &data, &value);
    if (error)
      return *count > 0 ? 0 : error;
    *count += value;
    if (value < data.added)
      break;
  }
  return 0;
}

int sockets_shutdown(struct sockets *sockets, uint32_t socket, uint32_t directions) {
  uint32_t value;
  return call(sockets, ABI_SOCKET_SHUTDOWN, socket, directions, NULL, &value);
}

int sockets_close(struct sockets *sockets, uint32_t socket) {
  uint32_t value;
  return call(sockets, ABI_SOCKET_CLOSE, socket, 0, NULL, &value);
}
