/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Doorbell WAIT: one ppoll over the streams and sockets that the guest watches. */
#include "abi/doorbell.h"
#include "monitor/devices/sockets.h"
#include <errno.h>
#include <time.h>

#define NS_PER_S 1000000000ull

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t device_deadline(uint64_t timeout_ns) {
  uint64_t deadline;
  if (timeout_ns == 0)
    return 0; /* passed, whatever the time is */
  return __builtin_add_overflow(monotonic_ns(), timeout_ns, &deadline) ? ABI_WAIT_FOREVER
                                                                       : deadline;
}

/* What ppoll shall wait; NULL: for ever. */
static const struct timespec *time_left(uint64_t deadline_ns, struct timespec *left) {
  if (deadline_ns == ABI_WAIT_FOREVER)
    return NULL;
  uint64_t now = deadline_ns ? monotonic_ns() : 0;
  uint64_t rest = deadline_ns > now ? deadline_ns - now : 0;
  *left = (struct timespec){(time_t)(rest / NS_PER_S), (long)(rest % NS_PER_S)};
  return left;
}

enum device_result device_wait(struct device *console, struct device *sockets,
                               struct device_wait *wait, struct guest_fault *fault) {
  struct pollfd polls[CONSOLE_STREAMS + ABI_SOCKETS_MAX];
  struct pollfd *socket_polls = polls + CONSOLE_STREAMS;
  struct timespec left;
  for (uint32_t i = 0; i < wait->socket_count; i++)
    if (!sockets_watch(sockets, &wait->sockets[i], &socket_polls[i]))
      return device_fault(fault, "the guest waits for socket %u, which is not open",
                          wait->sockets[i].socket);
  wait->ready = console_watch(console, wait->streams, polls);
  wait->bytes = 0;
  uint64_t deadline = wait->ready ? 0 : wait->deadline_ns;
  if (ppoll(polls, CONSOLE_STREAMS + wait->socket_count, time_left(deadline, &left),
            &console->host->wait_mask) < 0)
    return DEVICE_INTERRUPTED;
  for (uint32_t i = 0; i < CONSOLE_STREAMS; i++)
    if (polls[i].fd >= 0 && polls[i].revents)
      wait->ready |= ABI_WAIT_STREAM0 << i;
  if (polls[0].fd >= 0 && polls[0].revents)
    wait->bytes = console_readable(console);
  for (uint32_t i = 0; i < wait->socket_count; i++)
    sockets_ready(&socket_polls[i], &wait->sockets[i]);
  return DEVICE_OK;
}
