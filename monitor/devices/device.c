/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What all devices share: naming faults, looking out for signals. */
#include "monitor/devices/device.h"
#include "monitor/devices/virtqueue.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum device_result device_fault(struct guest_fault *fault, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fault->text, sizeof fault->text, format, arguments);
  va_end(arguments);
  return DEVICE_GUEST_FAULT;
}

const char *device_name(const struct device *device) {
  switch (device->abi.type) {
  case ABI_DEVICE_CONSOLE:
    return "virtio-console";
  case ABI_DEVICE_RNG:
    return "virtio-rng";
  case ABI_DEVICE_FS:
    return "virtio-fs";
  case ABI_DEVICE_SOCKETS:
    return "sockets";
  }
  return "device";
}

bool device_interrupted(const struct device_host *host) {
  /* The signals are blocked; a ppoll over nothing that does not wait opens them for a moment and
   * fails with EINTR exactly when one was delivered. */
  struct timespec none = {0, 0};
  return ppoll(NULL, 0, &none, &host->wait_mask) < 0;
}

/* ppoll lets no signal in when something is ready at once. Whoever finds that it cannot go on all
 * the same, a listener that was shut down for one, waits again and again: signals must get through
 * even then. */
bool device_wait_ready(const struct device_host *host, int fd, short events) {
  struct pollfd poll = {.fd = fd, .events = events};
  if (ppoll(&poll, 1, NULL, &host->wait_mask) < 0 && errno == EINTR)
    return false;
  return !device_interrupted(host);
}

enum device_result device_poll(struct device *device, bool *any, struct guest_fault *fault) {
  enum device_result result = DEVICE_OK;
  for (uint32_t queue = 0; device->polled >> queue && result == DEVICE_OK; queue++) {
    bool waits = false;
    if (device->polled >> queue & 1)
      result = virtqueue_look(device, queue, &waits, fault);
    if (waits && result == DEVICE_OK) {
      *any = true;
      result = device->ops->notify(device, queue, fault);
    }
  }
  return result;
}

enum device_result device_set_polling(struct device *device, bool polling,
                                      struct guest_fault *fault) {
  enum device_result result = DEVICE_OK;
  for (uint32_t queue = 0; device->polled >> queue && result == DEVICE_OK; queue++)
    if (device->polled >> queue & 1)
      result = virtqueue_set_polling(device, queue, polling, fault);
  device->polling = polling;
  return result;
}
