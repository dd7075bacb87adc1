/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What all devices share: naming faults, looking out for signals. */
#include "monitor/devices/device.h"
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
