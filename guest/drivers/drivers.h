/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's virtio drivers: console streams, entropy, virtio-fs. They reach the machine through
 * struct driver_machine only, so that they also run in a host process against the monitor's
 * devices (tests/devices). */
#ifndef GUEST_DRIVERS_DRIVERS_H
#define GUEST_DRIVERS_DRIVERS_H

#include "abi/boot.h"
#include "abi/doorbell.h"
#include "abi/sockets.h"
#include "wasi/host.h"

struct driver_machine {
  void *context;
  void (*notify)(void *context, uint32_t device, uint32_t queue);
  /* As machine_physical. */
  uint64_t (*physical)(void *context, const void *address, size_t length, size_t *contiguous);
  /* A physical range given in boot information, mapped for the driver. */
  void *(*map)(void *context, uint64_t physical, size_t length);
  void *(*allocate)(void *context, size_t size);
  void (*free)(void *context, void *address, size_t size);
  /* A device takes its time: passes some, at most so long. NULL: devices never do. */
  void (*idle)(void *context, uint64_t most_ns);
  uint64_t (*now)(void *context); /* nanoseconds, never going back */
};

/* `device` is the index in boot->devices. All return NULL when there is no memory or the device
 * is not of that type. Nothing is notified before it is used. */
struct console *console_open(const struct driver_machine *machine, const struct abi_boot *boot,
                             uint32_t device);
/* 0 or a Linux errno. Reads block; *count 0 is the end of the stream. Writes go out whole. */
int console_read(struct console *console, const struct wasi_slice *slices, size_t slice_count,
                 size_t *count);
int console_write(struct console *console, uint32_t stream, const struct wasi_slice *slices,
                  size_t slice_count, size_t *count);
/* For machines that cannot wait for streams themselves (boot->monitor is VIRT): which of `watch`
 * (ABI_WAIT_STREAM*) are ready now; *bytes as abi_control.wait_bytes. */
uint32_t console_ready(struct console *console, uint32_t watch, uint64_t *bytes);
/* Does the stream exist? Under our monitor abi_device.flags says more. */
bool console_has(const struct console *console, uint32_t stream);
/* Sends the report before the end, where there is a port for it. */
void console_report(struct console *console, const struct abi_virt_report *report);

/* Beyond reading and writing (abi/streams.h). With `nowait`, a read or write that would wait is
 * EAGAIN, or moves what is possible at once. */
int console_set_nowait(struct console *console, uint32_t stream, bool nowait);
/* Streams that are regular files: as the operations of their names in abi/streams.h; ESPIPE for
 * others. */
int console_seek(struct console *console, uint32_t stream, int64_t offset, uint32_t whence,
                 uint64_t *place);
int console_stat(struct console *console, uint32_t stream, struct wasi_attr *attr);
int console_sync(struct console *console, uint32_t stream, bool data_only);
int console_set_size(struct console *console, uint32_t stream, uint64_t size);
int console_read_at(struct console *console, uint32_t stream, uint64_t offset,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count);
int console_write_at(struct console *console, uint32_t stream, uint64_t offset,
                     const struct wasi_slice *slices, size_t slice_count, size_t *count);

/* Waits until everything has gone out on stdout. The error of a write that nobody was told of, or
 * 0. */
int console_flush(struct console *console);

/* Sockets (abi/sockets.h), by number; those below sockets_listeners listen. All return 0 or a Linux
 * errno. flags: ABI_SOCKET_NOWAIT, PEEK, WAITALL. */
struct sockets *sockets_open(const struct driver_machine *machine, const struct abi_boot *boot,
                             uint32_t device);
uint32_t sockets_listeners(const struct sockets *sockets);
int sockets_accept(struct sockets *sockets, uint32_t listener, uint32_t flags,
                   uint32_t *connection);
int sockets_receive(struct sockets *sockets, uint32_t socket, uint32_t flags,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count);
/* Without NOWAIT everything goes out; *count is less only when the connection broke. */
int sockets_send(struct sockets *sockets, uint32_t socket, uint32_t flags,
                 const struct wasi_slice *slices, size_t slice_count, size_t *count);
/* directions: ABI_SOCKET_READ, ABI_SOCKET_WRITE, at least one. */
int sockets_shutdown(struct sockets *sockets, uint32_t socket, uint32_t directions);
int sockets_close(struct sockets *sockets, uint32_t socket);

struct rng *rng_open(const struct driver_machine *machine, const struct abi_boot *boot,
                     uint32_t device);
int rng_read(struct rng *rng, void *bytes, size_t length);

/* A FUSE client (linux/fuse.h, protocol 7.31 or later) behind wasi_fs_ops. FUSE_INIT is sent with
 * the first operation. `sibling`: any other client, or NULL: when the host runs short of
 * descriptors or space, all give back what they keep. */
struct wasi_fs *fuse_open(const struct driver_machine *machine, const struct abi_boot *boot,
                          uint32_t device, struct wasi_fs *sibling);

#endif
