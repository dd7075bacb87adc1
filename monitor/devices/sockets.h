/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the sockets device and the console offer to the wait that covers both (wait.c). */
#ifndef MONITOR_DEVICES_SOCKETS_H
#define MONITOR_DEVICES_SOCKETS_H

#include "abi/sockets.h"
#include "monitor/devices/device.h"
#include <poll.h>

#define CONSOLE_STREAMS 3u

/* What ppoll shall look at for one watched socket. False: it is not open. `device` may be NULL. */
bool sockets_watch(struct device *device, const struct abi_wait_socket *watched,
                   struct pollfd *poll);
/* Says in `watched` what ppoll found. */
void sockets_ready(const struct pollfd *poll, struct abi_wait_socket *watched);

/* The same for the streams in `watch` (ABI_WAIT_STREAM*); those not watched get no descriptor.
 * Returns those that are ready without a look: the closed ones. */
uint32_t console_watch(struct device *console, uint32_t watch,
                       struct pollfd polls[CONSOLE_STREAMS]);
/* Bytes that stdin would give at once; 0 at its end, 1 where the host cannot say. */
uint64_t console_readable(struct device *console);

#endif
