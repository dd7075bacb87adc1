/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-console (virtio 1.2, section 5.3): the standard streams. Under our monitor each has a
 * queue that is always there; under QEMU they are ports, which come and go (ports.h).
 *
 * Small writes to stdout are posted where the device looks at its queue by itself: they go out with
 * the next exit, whatever it is for, so before anything that the program may wait for, and within
 * ABI_POLL_MS. Not so to terminals, and never on stderr. An error meets the next write. */
#include "abi/streams.h"
#include "guest/drivers/errors.h"
#include "guest/drivers/ports.h"
#include <string.h>

#define STDOUT 1u
/* One request. The device moves it piece by piece, so it may be as long as descriptors go. */
#define BYTES_MAX ((size_t)ABI_CONSOLE_LENGTH)
#define POST_LENGTH_MAX 4096u
#define POST_BYTES (64u << 10)
#define POSTS_MAX 96u
/* Descriptors that one of them may take. */
#define POST_ROOM 4u

/* A write on its way. */
struct post {
  uint16_t place; /* of its used entry */
  uint16_t length;
};

struct console {
  struct ports *ports;          /* NULL under our monitor */
  struct virtqueue queues[3];   /* of the streams, or, under QEMU, of stdout, stderr and console */
  struct virtqueue *streams[3]; /* NULL: there is no such stream; of stdin the host's alone */
  uint32_t stream_ports[3];
  struct virtqueue report; /* under QEMU */

  struct virtqueue control; /* under our monitor */
  struct abi_stream_request request;
  struct abi_stream_reply reply;
  bool nowait[3];

  bool posts_stdout;
  int error; /* of a posted write; nobody was told yet */
  uint32_t post_count, post_used;
  struct post posts[POSTS_MAX]; /* from here on not cleared at the start */
  uint8_t bytes[POST_BYTES];
};

/* Under our monitor. */
static void open_streams(struct console *console, const struct driver_machine *machine,
                         const struct abi_boot *boot, uint32_t device, void *rings) {
  static const uint32_t queues[3] = {ABI_CONSOLE_STDIN_QUEUE, ABI_CONSOLE_STDOUT_QUEUE,
                                     ABI_CONSOLE_STDERR_QUEUE};
  for (uint32_t i = 0; i < 3; i++) {
    virtqueue_open(&console->queues[i], machine, boot, rings, device, queues[i]);
    console->streams[i] = &console->queues[i];
  }
  virtqueue_open(&console->control, machine, boot, rings, device, ABI_CONSOLE_CONTROL_QUEUE);
}

/* Under QEMU: a stream's own port, or the console, which then they share. */
static bool open_ports(struct console *console, const struct driver_machine *machine,
                       const struct abi_boot *boot, uint32_t device, void *rings) {
  struct ports *ports = ports_open(machine, boot, device, rings);
  console->ports = ports;
  if (!ports)
    return false;
  struct virtqueue *shared = &console->queues[2];
  virtqueue_open(shared, machine, boot, rings, device, port_output_queue(ABI_VIRT_PORT_CONSOLE));
  for (uint32_t i = 1; i < 3; i++) {
    uint32_t port = ABI_VIRT_PORT_STDIN + i;
    struct virtqueue *own = &console->queues[i - 1];
    virtqueue_open(own, machine, boot, rings, device, port_output_queue(port));
    console->stream_ports[i] = ports->exists[port] ? port : ABI_VIRT_PORT_CONSOLE;
    if (ports->exists[console->stream_ports[i]])
      console->streams[i] = ports->exists[port] ? own : shared;
  }
  if (ports->exists[ports->input_port])
    console->streams[0] = &ports->input;
  virtqueue_open(&console->report, machine, boot, rings, device,
                 port_output_queue(ABI_VIRT_PORT_REPORT));
  return true;
}

struct console *console_open(const struct driver_machine *machine, const struct abi_boot *boot,
                             uint32_t device) {
  void *rings = virtqueue_map(machine, boot, device, ABI_DEVICE_CONSOLE, ABI_CONSOLE_QUEUES);
  if (!rings)
    return NULL;
  struct console *console = machine->allocate(machine->context, sizeof *console);
  if (!console)
    return NULL;
  memset(console, 0, offsetof(struct console, posts));
  uint32_t kind = boot->devices[device].flags >> (8 * STDOUT) & 0xff;
  console->posts_stdout = boot->monitor != ABI_MONITOR_VIRT && kind != ABI_STREAM_TERMINAL;
  if (boot->monitor != ABI_MONITOR_VIRT)
    open_streams(console, machine, boot, device, rings);
  else if (!open_ports(console, machine, boot, device, rings))
    return NULL;
  return console;
}

bool console_has(const struct console *console, uint32_t stream) {
  return stream < 3 && console->streams[stream];
}

int console_read(struct console *console, const struct wasi_slice *slices, size_t slice_count,
                 size_t *count) {
  struct virtqueue *queue = console->streams[0];
  *count = 0;
  if (!queue)
    return LINUX_EBADF;
  if (slices_length(slices, slice_count) == 0)
    return 0;
  uint64_t bytes;
  if (console->ports && console->nowait[0] && !ports_can_read(console->ports, &bytes))
    return LINUX_EAGAIN;
  if (console->ports)
    return ports_read(console->ports, slices, slice_count, count);
  virtqueue_begin(queue, 0);
  size_t added = virtqueue_add_slices(queue, slices, slice_count, 0, BYTES_MAX, true, 0);
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

/* ---- Posted writes --------------------------------------------------------------------------- */

/* What a used entry says of a write: 0 or an errno. One that went out in part is followed by the
 * reason, if there is another. */
static int posted_error(const struct console *console, const struct post *post) {
  const struct virtqueue *queue = console->streams[STDOUT];
  uint32_t used = queue->used->ring[post->place].length;
  if (used & ABI_CONSOLE_ERROR)
    return (int)(used & ABI_CONSOLE_LENGTH);
  return used & ABI_CONSOLE_SHORT && (used & ABI_CONSOLE_LENGTH) < post->length ? LINUX_EIO : 0;
}

static void settle(struct console *console) {
  if (console->post_count == 0 || !virtqueue_idle(console->streams[STDOUT]))
    return;
  for (uint32_t i = 0; i < console->post_count; i++) {
    int error = posted_error(console, &console->posts[i]);
    if (error && (!console->error || console->error == LINUX_EIO))
      console->error = error;
  }
  console->post_count = console->post_used = 0;
}

static int take_error(struct console *console) {
  int error = console->error;
  console->error = 0;
  return error;
}

int console_flush(struct console *console) {
  if (console->post_count > 0)
    virtqueue_flush(console->streams[STDOUT]);
  settle(console);
  return take_error(console);
}

static void copy_slices(uint8_t *to, const struct wasi_slice *slices, size_t slice_count) {
  for (size_t i = 0; i < slice_count; i++) {
    if (slices[i].length > 0)
      memcpy(to, slices[i].bytes, slices[i].length);
    to += slices[i].length;
  }
}

/* False: to be written in the ordinary way, behind those that were posted. */
static bool post_write(struct console *console, const struct wasi_slice *slices, size_t slice_count,
                       size_t total) {
  struct virtqueue *queue = console->streams[STDOUT];
  if (!console->posts_stdout || console->nowait[STDOUT] || total == 0 || total > POST_LENGTH_MAX ||
      !virtqueue_polled(queue))
    return false;
  if (console->post_count == POSTS_MAX || total > POST_BYTES - console->post_used)
    virtqueue_flush(queue);
  virtqueue_begin(queue, POST_ROOM);
  settle(console);
  uint8_t *bytes = console->bytes + console->post_used;
  copy_slices(bytes, slices, slice_count);
  if (virtqueue_add(queue, bytes, total, false, 0) < total)
    return false;
  console->post_used += (uint32_t)total;
  console->posts[console->post_count++] =
      (struct post){queue->submitted % queue->size, (uint16_t)total};
  virtqueue_post(queue);
  return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* One request with the bytes from `skip` on. *moved: how many went out. */
static int write_once(struct console *console, uint32_t stream, const struct wasi_slice *slices,
                      size_t slice_count, size_t skip, size_t *added, size_t *moved) {
  struct virtqueue *queue = console->streams[stream];
  *moved = 0;
  virtqueue_begin(queue, 0);
  *added = virtqueue_add_slices(queue, slices, slice_count, skip, BYTES_MAX, false, 0);
  if (*added == 0)
    return LINUX_EFAULT;
  if (console->ports) {
    virtqueue_send(queue);
    *moved = *added;
    return ports_wait_output(console->ports, console->stream_ports[stream], queue) ? 0
                                                                                   : LINUX_EPIPE;
  }
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
  if (!console->streams[stream])
    return LINUX_EBADF;
  size_t total = slices_length(slices, slice_count);
  if (stream == STDOUT) {
    settle(console);
    int error = take_error(console);
    if (error)
      return error;
    if (post_write(console, slices, slice_count, total)) {
      *count = total;
      return 0;
    }
  }
  while (*count < total) {
    size_t added, moved;
    /* What is sent to a port without another end, the device drops. */
    if (console->ports && !ports_is_open(console->ports, console->stream_ports[stream]))
      return *count > 0 ? 0 : LINUX_EPIPE;
    int error = write_once(console, stream, slices, slice_count, *count, &added, &moved);
    /* What went out counts; its successor meets the error again. */
    if (error)
      return *count > 0 ? 0 : error;
    *count += moved;
    if (moved < added)
      break;
  }
  return 0;
}

/* ---- Beyond reading and writing -------------------------------------------------------------- */

/* Data beside a request. */
struct beside {
  const struct wasi_slice *slices;
  size_t slice_count;
  size_t skip;  /* bytes dealt with already */
  size_t added; /* out: bytes offered */
};

/* Sends console->request with data beside, if there is any, and takes the reply. What was posted
 * goes out before: it belongs to the past. */
static int control(struct console *console, struct beside *data) {
  struct virtqueue *queue = &console->control;
  bool write = console->request.operation == ABI_STREAM_WRITE_AT;
  if (console->ports || console->request.stream > 2)
    return LINUX_ESPIPE;
  if (console->post_count > 0)
    virtqueue_flush(console->streams[STDOUT]);
  settle(console);
  virtqueue_begin(queue, 0);
  virtqueue_add(queue, &console->request, sizeof console->request, false, 0);
  /* A reply that crosses pages which do not follow each other takes two descriptors. */
  if (data && write)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       VIRTQUEUE_BYTES_MAX, false, 2);
  virtqueue_add(queue, &console->reply, sizeof console->reply, true, 0);
  if (data && !write)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       VIRTQUEUE_BYTES_MAX, true, 0);
  if (data && data->added == 0)
    return LINUX_EFAULT;
  virtqueue_submit(queue);
  if (console->reply.error)
    return (int)console->reply.error;
  return data && console->reply.value > data->added ? LINUX_EIO : 0;
}

int console_set_nowait(struct console *console, uint32_t stream, bool nowait) {
  if (stream > 2 || console->nowait[stream] == nowait)
    return 0;
  console->request = (struct abi_stream_request){
      .operation = ABI_STREAM_NOWAIT, .stream = stream, .argument = nowait};
  int error = console->ports ? 0 : control(console, NULL);
  if (!error)
    console->nowait[stream] = nowait;
  return error;
}

int console_seek(struct console *console, uint32_t stream, int64_t offset, uint32_t whence,
                 uint64_t *place) {
  console->request = (struct abi_stream_request){.operation = ABI_STREAM_SEEK,
                                                 .stream = stream,
                                                 .offset = (uint64_t)offset,
                                                 .argument = whence};
  int error = control(console, NULL);
  *place = console->reply.value;
  return error;
}

int console_stat(struct console *console, uint32_t stream, struct wasi_attr *attr) {
  console->request = (struct abi_stream_request){.operation = ABI_STREAM_STAT, .stream = stream};
  int error = control(console, NULL);
  const struct abi_stream_attributes *from = &console->reply.attributes;
  *attr = (struct wasi_attr){.ino = from->ino,
                             .dev = from->dev,
                             .size = from->size,
                             .nlink = from->nlink,
                             .atime_ns = from->atime_ns,
                             .mtime_ns = from->mtime_ns,
                             .ctime_ns = from->ctime_ns,
                             .mode = from->mode};
  return error;
}

int console_sync(struct console *console, uint32_t stream, bool data_only) {
  console->request = (struct abi_stream_request){
      .operation = ABI_STREAM_SYNC, .stream = stream, .argument = data_only};
  int error = control(console, NULL);
  int posted = stream == STDOUT ? take_error(console) : 0;
  return error ? error : posted;
}

int console_set_size(struct console *console, uint32_t stream, uint64_t size) {
  console->request = (struct abi_stream_request){
      .operation = ABI_STREAM_SET_SIZE, .stream = stream, .offset = size};
  return control(console, NULL);
}

/* Everything, or up to the end of the file, or to an error that the next call meets again. */
static int move_at(struct console *console, uint32_t operation, uint32_t stream, uint64_t offset,
                   const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  size_t total = slices_length(slices, slice_count);
  *count = 0;
  while (*count < total) {
    struct beside data = {slices, slice_count, .skip = *count};
    console->request = (struct abi_stream_request){
        .operation = operation, .stream = stream, .offset = offset + *count};
    int error = control(console, &data);
    if (error)
      return *count > 0 ? 0 : error;
    *count += (size_t)console->reply.value;
    if (console->reply.value < data.added)
      break;
  }
  return 0;
}

int console_read_at(struct console *console, uint32_t stream, uint64_t offset,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  return move_at(console, ABI_STREAM_READ_AT, stream, offset, slices, slice_count, count);
}

int console_write_at(struct console *console, uint32_t stream, uint64_t offset,
                     const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  return move_at(console, ABI_STREAM_WRITE_AT, stream, offset, slices, slice_count, count);
}

/* ---- Waiting under QEMU ---------------------------------------------------------------------- */

uint32_t console_ready(struct console *console, uint32_t watch, uint64_t *bytes) {
  /* Output is taken at once, or the write waits; what there is not, says so when it is used. */
  uint32_t ready = watch & (ABI_WAIT_STREAM1 | ABI_WAIT_STREAM2);
  *bytes = 0;
  if (watch & ABI_WAIT_STREAM0 &&
      (!console->ports || !console->streams[0] || ports_can_read(console->ports, bytes)))
    ready |= ABI_WAIT_STREAM0;
  return ready;
}

void console_report(struct console *console, const struct abi_virt_report *report) {
  if (!console->ports || !console->ports->exists[ABI_VIRT_PORT_REPORT])
    return;
  virtqueue_begin(&console->report, 0);
  if (virtqueue_add(&console->report, report, sizeof *report, false, 0) == sizeof *report)
    virtqueue_submit(&console->report);
}
