/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* WASI's host services (wasi/host.h) over the virtio drivers and the machine. */
#include "guest/runtime/program.h"

#define ERRNO_EIO 5
#define ERRNO_EBADF 9
#define ERRNO_EINVAL 22

/* Between two looks at a stream that is waited for. */
#define POLL_NS 500000u

static struct program *program_of(struct wasi_host *host) {
  return (struct program *)((char *)host - offsetof(struct program, host));
}

static enum wasi_stream_kind host_stream_kind(struct wasi_host *host, uint32_t stream) {
  struct program *program = program_of(host);
  if (!program->console || !console_has(program->console, stream))
    return WASI_STREAM_CLOSED;
  switch (program->console_flags >> (8 * stream) & 0xff) {
  case ABI_STREAM_TERMINAL:
    return WASI_STREAM_TERMINAL;
  case ABI_STREAM_PIPE:
    return WASI_STREAM_PIPE;
  case ABI_STREAM_FILE:
    return WASI_STREAM_FILE;
  case ABI_STREAM_OTHER:
    return WASI_STREAM_OTHER;
  default:
    return WASI_STREAM_CLOSED;
  }
}

static int host_stream_read(struct wasi_host *host, uint32_t stream,
                            const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct program *program = program_of(host);
  if (stream != 0 || !program->console)
    return ERRNO_EBADF;
  return console_read(program->console, slices, slice_count, count);
}

static int host_stream_write(struct wasi_host *host, uint32_t stream,
                             const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct program *program = program_of(host);
  if (stream < 1 || stream > 2 || !program->console)
    return ERRNO_EBADF;
  return console_write(program->console, stream, slices, slice_count, count);
}

/* Streams without a console have no descriptor, so here is one. */
static int host_stream_nowait(struct wasi_host *host, uint32_t stream, bool nowait) {
  return console_set_nowait(program_of(host)->console, stream, nowait);
}

static int host_stream_seek(struct wasi_host *host, uint32_t stream, int64_t offset,
                            uint32_t whence, uint64_t *place) {
  return console_seek(program_of(host)->console, stream, offset, whence, place);
}

static int host_stream_attr(struct wasi_host *host, uint32_t stream, struct wasi_attr *attr) {
  return console_stat(program_of(host)->console, stream, attr);
}

static int host_stream_sync(struct wasi_host *host, uint32_t stream, bool data_only) {
  return console_sync(program_of(host)->console, stream, data_only);
}

static int host_stream_set_size(struct wasi_host *host, uint32_t stream, uint64_t size) {
  return console_set_size(program_of(host)->console, stream, size);
}

static int host_stream_read_at(struct wasi_host *host, uint32_t stream, uint64_t offset,
                               const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  return console_read_at(program_of(host)->console, stream, offset, slices, slice_count, count);
}

static int host_stream_write_at(struct wasi_host *host, uint32_t stream, uint64_t offset,
                                const struct wasi_slice *slices, size_t slice_count,
                                size_t *count) {
  return console_write_at(program_of(host)->console, stream, offset, slices, slice_count, count);
}

/* The machine knows nothing of streams: the console is asked again and again. There are no sockets
 * then. */
static void wait_polling(struct program *program, uint64_t timeout_ns, uint32_t watch,
                         uint32_t *ready, uint64_t *bytes) {
  struct machine *machine = program->machine;
  uint64_t start = machine_monotonic_ns(machine);
  for (;;) {
    *bytes = 0;
    *ready = watch && program->console ? console_ready(program->console, watch, bytes) : watch;
    uint64_t elapsed = machine_monotonic_ns(machine) - start;
    if (*ready || elapsed >= timeout_ns)
      return;
    uint64_t nap = timeout_ns - elapsed;
    machine_idle(machine, watch && nap > POLL_NS ? POLL_NS : nap);
  }
}

/* One wait of the machine for streams and sockets. */
static int wait_machine(struct machine *machine, uint64_t timeout_ns, uint32_t watch,
                        struct wasi_watch *sockets, size_t socket_count, uint32_t *ready,
                        uint64_t *bytes) {
  struct abi_wait_socket *watched = machine->control->wait_sockets;
  if (socket_count > ABI_SOCKETS_MAX)
    return ERRNO_EINVAL;
  for (size_t i = 0; i < socket_count; i++)
    watched[i] = (struct abi_wait_socket){.socket = (uint16_t)sockets[i].socket,
                                          .events = (uint8_t)sockets[i].events};
  *ready = machine_wait(machine, timeout_ns, watch, (uint32_t)socket_count, bytes);
  for (size_t i = 0; i < socket_count; i++) {
    sockets[i].ready = watched[i].ready;
    sockets[i].bytes = watched[i].bytes;
  }
  return 0;
}

static int host_wait(struct wasi_host *host, uint64_t timeout_ns, uint32_t watch,
                     struct wasi_watch *sockets, size_t socket_count, uint32_t *ready,
                     uint64_t *bytes) {
  struct program *program = program_of(host);
  if (machine_can_wait(program->machine))
    return wait_machine(program->machine, timeout_ns, watch, sockets, socket_count, ready, bytes);
  wait_polling(program, timeout_ns, watch, ready, bytes);
  return 0;
}

/* ---- Sockets: WASI's numbers are the device's ---- */

_Static_assert(WASI_SOCKETS_MAX == ABI_SOCKETS_MAX, "the same numbers");
_Static_assert(WASI_SOCKET_NOWAIT == ABI_SOCKET_NOWAIT && WASI_SOCKET_PEEK == ABI_SOCKET_PEEK &&
                   WASI_SOCKET_WAITALL == ABI_SOCKET_WAITALL,
               "the same flags");
_Static_assert(WASI_SOCKET_READ == ABI_SOCKET_READ && WASI_SOCKET_WRITE == ABI_SOCKET_WRITE &&
                   WASI_SOCKET_HANGUP == ABI_SOCKET_HANGUP,
               "the same directions");

static int host_socket_accept(struct wasi_host *host, uint32_t listener, uint32_t flags,
                              uint32_t *connection) {
  return sockets_accept(program_of(host)->sockets, listener, flags, connection);
}

static int host_socket_receive(struct wasi_host *host, uint32_t socket, uint32_t flags,
                               const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  return sockets_receive(program_of(host)->sockets, socket, flags, slices, slice_count, count);
}

static int host_socket_send(struct wasi_host *host, uint32_t socket, uint32_t flags,
                            const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  return sockets_send(program_of(host)->sockets, socket, flags, slices, slice_count, count);
}

static int host_socket_shutdown(struct wasi_host *host, uint32_t socket, uint32_t directions) {
  return sockets_shutdown(program_of(host)->sockets, socket, directions);
}

static int host_socket_close(struct wasi_host *host, uint32_t socket) {
  return sockets_close(program_of(host)->sockets, socket);
}

static int host_clock(struct wasi_host *host, uint32_t id, uint64_t *now_ns) {
  struct machine *machine = program_of(host)->machine;
  switch (id) {
  case 0:
    *now_ns = machine_realtime_ns(machine);
    return 0;
  case 1:
    *now_ns = machine_monotonic_ns(machine);
    return 0;
  case 2: /* a program is one thread: both CPU clocks are the VM's */
  case 3:
    *now_ns = machine_cpu_ns(machine);
    return 0;
  default:
    return ERRNO_EINVAL;
  }
}

static int host_clock_resolution(struct wasi_host *host, uint32_t id, uint64_t *ns) {
  (void)host;
  if (id > 3)
    return ERRNO_EINVAL;
  *ns = 1;
  return 0;
}

static int host_random(struct wasi_host *host, void *bytes, size_t length) {
  struct program *program = program_of(host);
  return program->rng ? rng_read(program->rng, bytes, length) : ERRNO_EIO;
}

static void *host_allocate(struct wasi_host *host, size_t size) {
  const struct wasm_platform *platform = &program_of(host)->platform;
  return platform->allocate(platform->context, size);
}

static void host_free(struct wasi_host *host, void *address, size_t size) {
  const struct wasm_platform *platform = &program_of(host)->platform;
  platform->free(platform->context, address, size);
}

static const struct wasi_host_ops host_ops = {
    .stream_kind = host_stream_kind,
    .stream_read = host_stream_read,
    .stream_write = host_stream_write,
    .stream_nowait = host_stream_nowait,
    .stream_seek = host_stream_seek,
    .stream_attr = host_stream_attr,
    .stream_sync = host_stream_sync,
    .stream_set_size = host_stream_set_size,
    .stream_read_at = host_stream_read_at,
    .stream_write_at = host_stream_write_at,
    .wait = host_wait,
    .socket_accept = host_socket_accept,
    .socket_receive = host_socket_receive,
    .socket_send = host_socket_send,
    .socket_shutdown = host_socket_shutdown,
    .socket_close = host_socket_close,
    .clock = host_clock,
    .clock_resolution = host_clock_resolution,
    .random = host_random,
    .allocate = host_allocate,
    .free = host_free,
};

/* ---- struct driver_machine over struct machine; context is the program ---- */

static void drivers_notify(void *context, uint32_t device, uint32_t queue) {
  machine_notify(((struct program *)context)->machine, device, queue);
}

static uint64_t drivers_physical(void *context, const void *address, size_t length,
                                 size_t *contiguous) {
  return machine_physical(((struct program *)context)->machine, address, length, contiguous);
}

static void *drivers_map(void *context, uint64_t physical, size_t length) {
  return machine_map_physical(((struct program *)context)->machine, physical, length);
}

static void *drivers_allocate(void *context, size_t size) {
  return host_allocate(&((struct program *)context)->host, size);
}

static void drivers_free(void *context, void *address, size_t size) {
  host_free(&((struct program *)context)->host, address, size);
}

static void drivers_idle(void *context, uint64_t most_ns) {
  machine_idle(((struct program *)context)->machine, most_ns);
}

static uint64_t drivers_now(void *context) {
  return machine_monotonic_ns(((struct program *)context)->machine);
}

const char *boot_text(const struct abi_boot *boot, struct abi_span span) {
  return (const char *)boot + span.offset;
}

static void open_device(struct program *program, const struct abi_boot *boot, uint32_t index) {
  const struct abi_device *device = &boot->devices[index];
  if (device->type == ABI_DEVICE_CONSOLE) {
    program->console = console_open(&program->driver_machine, boot, index);
    program->console_flags = device->flags;
    program->out = (struct printer){.console = program->console, .stream = 1};
    program->message = (struct printer){.console = program->console, .stream = 2};
  } else if (device->type == ABI_DEVICE_RNG) {
    program->rng = rng_open(&program->driver_machine, boot, index);
  } else if (device->type == ABI_DEVICE_SOCKETS) {
    program->sockets = sockets_open(&program->driver_machine, boot, index);
    if (!program->sockets)
      machine_panic(program->machine, "out of memory while opening the sockets");
  } else if (device->type == ABI_DEVICE_FS) {
    struct wasi_fs *other = program->preopen_count ? program->preopens[0].fs : NULL;
    struct wasi_fs *fs = fuse_open(&program->driver_machine, boot, index, other);
    if (!fs)
      machine_panic(program->machine, "out of memory while opening a shared directory");
    fs->read_only = device->flags & ABI_DEVICE_READ_ONLY;
    program->preopens[program->preopen_count++] =
        (struct wasi_preopen){.name = boot_text(boot, device->name), .fs = fs};
  }
}

void program_open_devices(struct program *program, struct machine *machine) {
  program->machine = machine;
  program->host.ops = &host_ops;
  program->driver_machine = (struct driver_machine){
      .context = program,
      .notify = drivers_notify,
      .physical = drivers_physical,
      .map = drivers_map,
      .allocate = drivers_allocate,
      .free = drivers_free,
      .idle = drivers_idle,
      .now = drivers_now,
  };
  machine_platform(machine, &program->platform);
  for (uint32_t i = 0; i < machine->boot->device_count; i++)
    open_device(program, machine->boot, i);
}
