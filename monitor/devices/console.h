/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The console's state, for its two files: moving bytes (console.c), and what streams can do beside
 * (console_control.c). */
#ifndef MONITOR_DEVICES_CONSOLE_H
#define MONITOR_DEVICES_CONSOLE_H

#include "monitor/devices/sockets.h"
#include "monitor/devices/virtqueue.h"

struct stream {
  int fd; /* -1: closed */
  bool is_file;
  bool is_own;     /* opened here, non-blocking: others do not see its modes */
  bool has_nowait; /* RWF_NOWAIT works, as far as is known */
  bool nowait;     /* the guest wants EAGAIN instead of waiting */
  uint32_t sent;   /* bytes of the current buffer that went out before an interruption */
};

struct console {
  struct device device; /* first: a struct device * is the console */
  struct stream streams[CONSOLE_STREAMS];
};

/* Serves one request of the control transmit queue (abi/streams.h). */
enum device_result console_control(struct device *device, uint32_t queue,
                                   const struct virtqueue_chain *chain, uint32_t *used,
                                   struct guest_fault *fault);

#endif
