/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-rng (virtio 1.2, section 5.4): fills buffers with the host's random bytes. */
#include "abi/virtqueue.h"
#include "monitor/devices/virtqueue.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A buffer may be filled in part (5.4.6.1). The bound keeps one notification short, however large
 * the buffers are. */
#define RNG_BYTES_MAX 65536u

static enum device_result fill_buffer(struct device *device, uint32_t queue,
                                      const struct virtqueue_chain *chain, uint32_t *used,
                                      struct guest_fault *fault) {
  if (chain->readable_count > 0)
    return device_fault(fault, "virtio-rng queue %u: a buffer is not writable", queue);
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(chain, true, 0, RNG_BYTES_MAX, pieces);
  for (int i = 0; i < count; i++) {
    /* getrandom gives at least 256 bytes at once; larger requests may be cut by a signal. */
    ssize_t got = getrandom(pieces[i].iov_base, pieces[i].iov_len, 0);
    if (got > 0)
      *used += (uint32_t)got;
    if (got != (ssize_t)pieces[i].iov_len)
      break;
  }
  return *used == 0 && device_interrupted(device->host) ? DEVICE_INTERRUPTED : DEVICE_OK;
}

static enum device_result notify_rng(struct device *device, uint32_t queue,
                                     struct guest_fault *fault) {
  return virtqueue_serve(device, queue, fill_buffer, fault);
}

static void destroy_rng(struct device *device) {
  free(device);
}

static const struct device_ops rng_ops = {notify_rng, destroy_rng};

struct device *rng_create(const struct device_host *host, const char **error) {
  uint8_t probe;
  if (getrandom(&probe, 1, 0) != 1) {
    *error = strerror(errno);
    return NULL;
  }
  struct device *device = calloc(1, sizeof *device);
  if (!device) {
    *error = "no memory";
    return NULL;
  }
  device->ops = &rng_ops;
  device->host = host;
  device->abi = (struct abi_device){
      .type = ABI_DEVICE_RNG, .queue_count = ABI_RNG_QUEUES, .features = ABI_FEATURE_VERSION_1};
  return device;
}
