/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A virtio device of our monitor, served synchronously on the vCPU's thread. */
#ifndef MONITOR_DEVICES_DEVICE_H
#define MONITOR_DEVICES_DEVICE_H

#include "abi/boot.h"
#include "abi/sockets.h"
#include "monitor/guest_memory.h"
#include <signal.h>

/* Why a VM has to end: the guest broke a rule. Printable, one line. */
struct guest_fault {
  char text[256];
};

enum device_result {
  DEVICE_OK,          /* served */
  DEVICE_GUEST_FAULT, /* the guest broke a rule, *fault says which: the VM must end */
  DEVICE_INTERRUPTED, /* a signal that must be looked at came while blocked; nothing is lost: call
                         notify again to go on */
};

/* Writes the reason, cut to fit, and returns DEVICE_GUEST_FAULT. */
enum device_result device_fault(struct guest_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What every device knows of its surroundings. */
struct device_host {
  const struct guest_memory *memory;
  sigset_t wait_mask; /* signal mask for ppoll while blocked: lets SIGALRM, SIGINT, SIGTERM in;
                         they are blocked at all other times */
};

struct device {
  const struct device_ops *ops;
  const struct device_host *host;
  struct abi_device abi; /* as told to the guest: type, queue_count, rings, features, flags */
  uint16_t last_avail[ABI_CONSOLE_QUEUES]; /* per queue: next avail entry to look at */
  uint32_t polled; /* a bit for each queue whose buffers may wait for the next exit */
  uint32_t quick;  /* a bit for each queue whose buffers are served in no time, or interruptibly */
  bool polling;    /* the guest was told that we look by ourselves */
  bool hurried;    /* the VM is ending: nothing may wait for somebody else any more */
};

/* The device's kind as messages call it: "virtio-fs", ... */
const char *device_name(const struct device *device);

/* True when a signal waits that must be looked at (host->wait_mask lets it in). Long work asks
 * between its steps and returns DEVICE_INTERRUPTED. */
bool device_interrupted(const struct device_host *host);

/* Serves what waits in the polled queues; *any: there was something. */
enum device_result device_poll(struct device *device, bool *any, struct guest_fault *fault);
/* Tells the guest whether its polled queues are looked at without a notification (abi/virtqueue.h:
 * ABI_VIRTQ_NO_NOTIFY); whoever says so polls them. */
enum device_result device_set_polling(struct device *device, bool polling,
                                      struct guest_fault *fault);

/* Sleeps until the descriptor has one of poll's `events`, or an error. False: a signal waits. */
bool device_wait_ready(const struct device_host *host, int fd, short events);

struct device_ops {
  /* Serves all available buffers of a queue. `queue` is already checked against queue_count. */
  enum device_result (*notify)(struct device *device, uint32_t queue, struct guest_fault *fault);
  void (*destroy)(struct device *device);
};

/* The devices there are. Each create returns NULL and sets *error (static or errno text) when the
 * host cannot provide it; all host resources are opened here, before the jail closes. */

/* Streams: descriptors of the host for stdin, stdout, stderr; borrowed. -1: closed. */
struct device *console_create(const struct device_host *host, const int stdio[3],
                              const char **error);
struct device *rng_create(const struct device_host *host, const char **error);
/* How long the guest may rely on what it was told of files, in virtiofsd's words: not at all, for a
 * second, for a day. */
enum fs_cache { FS_CACHE_NONE, FS_CACHE_AUTO, FS_CACHE_ALWAYS };

/* A directory, already opened with O_PATH or O_RDONLY | O_DIRECTORY; owned from here on. */
struct device *fs_create(const struct device_host *host, int directory, bool read_only,
                         enum fs_cache cache, const char **error);
/* Listening TCP sockets, non-blocking; owned from here on, unless NULL is returned. */
struct device *sockets_create(const struct device_host *host, const int *listeners, uint32_t count,
                              const char **error);

/* What doorbell WAIT waits for, and what came of it. */
struct device_wait {
  uint64_t deadline_ns; /* in: device_deadline's */
  uint32_t streams;     /* in: ABI_WAIT_STREAM* */
  uint32_t ready;       /* out: of these */
  uint64_t bytes;       /* out: as abi_control.wait_bytes */
  uint32_t socket_count;
  struct abi_wait_socket sockets[ABI_SOCKETS_MAX]; /* in and out */
};

/* The deadline that lies so far from now; ABI_WAIT_FOREVER: none. A wait that was interrupted goes
 * on with the same deadline. */
uint64_t device_deadline(uint64_t timeout_ns);
/* `sockets` is NULL where there is no such device. */
enum device_result device_wait(struct device *console, struct device *sockets,
                               struct device_wait *wait, struct guest_fault *fault);

#endif
