/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-console (virtio 1.2, section 5.3): the standard streams. */
#include "guest/drivers/errors.h"
#include "guest/drivers/virtqueue.h"

struct console {
  struct virtqueue streams[3];
};

struct console *console_open(const struct driver_machine *machine, const struct abi_boot *boot,
                             uint32_t device) {
  static const uint32_t queues[3] = {ABI_CONSOLE_STDIN_QUEUE, ABI_CONSOLE_STDOUT_QUEUE,
                                     ABI_CONSOLE_STDERR_QUEUE};
  void *rings = virtqueue_map(machine, boot, device, ABI_DEVICE_CONSOLE, ABI_CONSOLE_QUEUES);
  if (!rings)
    return NULL;
  struct console *console = machine->allocate(machine->context, sizeof *console);
  if (!console)
    return NULL;
  for (uint32_t i = 0; i < 3; i++)
    virtqueue_open(&console->streams[i], machine, boot, rings, device, queues[i]);
  return console;
}

int console_read(struct console *console, const struct wasi_slice *slices, size_t slice_count,
                 size_t *count) {
  struct virtqueue *queue = &console->streams[0];
  *count = 0;
  if (slices_length(slices, slice_count) == 0)
    return 0;
  virtqueue_begin(queue, 0);
  size_t added = virtqueue_add_slices(queue, slices, slice_count, 0, VIRTQUEUE_BYTES_MAX, true, 0);
  if (added == 0)
    return LINUX_EFAULT;
  uint32_t used = virtqueue_submit(queue);
  if (used & ABI_CONSOLE_ERROR)
    return (int)(used & ABI_CONSOLE_LENGTH);
  if (used > added)
    return LINUX_EIO;
  *count = used;
  return 0;
}

/* One request with the bytes from `skip` on. *moved: how many went out. */
static int write_once(struct virtqueue *queue, const struct wasi_slice *slices, size_t slice_count,
                      size_t skip, size_t *added, size_t *moved) {
  *moved = 0;
  virtqueue_begin(queue, 0);
  *added = virtqueue_add_slices(queue, slices, slice_count, skip, VIRTQUEUE_BYTES_MAX, false, 0);
  if (*added == 0)
    return LINUX_EFAULT;
  uint32_t used = virtqueue_submit(queue);
  if (used & ABI_CONSOLE_ERROR)
    return (int)(used & ABI_CONSOLE_LENGTH);
  *moved = used & ABI_CONSOLE_SHORT ? used & ABI_CONSOLE_LENGTH : *added;
  return 0;
}

int console_write(struct console *console, uint32_t stream, const struct wasi_slice *slices,
                  size_t slice_count, size_t *count) {
  *count = 0;
  if (stream < 1 || stream > 2)
    return LINUX_EINVAL;
  size_t total = slices_length(slices, slice_count);
  while (*count < total) {
    size_t added, moved;
    int error = write_once(&console->streams[stream], slices, slice_count, *count, &added, &moved);
    /* What went out counts; its successor meets the error again. */
    if (error)
      return *count > 0 ? 0 : error;
    *count += moved;
    if (moved < added)
      break;
  }
  return 0;
}
