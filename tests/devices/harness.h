/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's drivers and the monitor's devices in one process, with a guest memory between them
 * that is as awkward as a real one: two slots, and a "linear memory" whose neighbouring pages are
 * scattered over physical memory. */
#ifndef TESTS_DEVICES_HARNESS_H
#define TESTS_DEVICES_HARNESS_H

#include "abi/virtqueue.h"
#include "guest/drivers/drivers.h"
#include "monitor/devices/device.h"
#include <stdio.h>

#define PAGE 4096u
#define MEMORY_BYTES (16u << 20)
#define SLOT_BORDER (5u << 20) /* slot 0 ends here */
#define RINGS_AT 0x1000u       /* physical; a device takes 8 queues' room */
#define RINGS_PER_DEVICE (ABI_CONSOLE_QUEUES * ABI_QUEUE_STRIDE)
#define HEAP_AT (1u << 20)
#define HEAP_BYTES (3u << 20)
#define LINEAR_AT (4u << 20) /* physical pages of the linear memory; they cross SLOT_BORDER */
#define LINEAR_BYTES (8u << 20)
#define LINEAR_PAGES (LINEAR_BYTES / PAGE)
#define DEVICES_MAX 4

struct harness_free {
  struct harness_free *next;
  size_t size;
};

struct harness {
  int memfd;
  struct guest_memory memory;
  struct device_host host;
  struct abi_boot boot;
  struct driver_machine machine;
  struct device *devices[DEVICES_MAX];
  size_t heap_used;
  struct harness_free *freed;
  uint64_t now; /* the machine's clock stands still unless a test moves it */
  unsigned notifications;
  struct wasi_fs *client;         /* the latest of harness_add_fs: the next one's sibling */
  uint8_t *linear;                /* the driver's view */
  uint32_t page_of[LINEAR_PAGES]; /* physical page number of each linear page */
};

void harness_open(struct harness *h);
void harness_close(struct harness *h);
/* Makes the scattered linear memory; without it `linear` is NULL. */
void harness_scatter(struct harness *h);
/* Adds a device; returns its index. */
uint32_t harness_add(struct harness *h, struct device *device);

/* A fresh file server on `directory` with its client. */
struct wasi_fs *harness_add_fs(struct harness *h, const char *directory, bool read_only,
                               enum fs_cache cache);

/* Physical memory as the monitor sees it; [at, at+length) must lie in one slot. */
uint8_t *physical_bytes(struct harness *h, uint64_t at, uint64_t length);

/* Raw ring work for hostile guests. */
struct abi_virtq_desc *raw_desc(struct harness *h, uint32_t device, uint32_t queue);
struct abi_virtq_avail *raw_avail(struct harness *h, uint32_t device, uint32_t queue);
struct abi_virtq_used *raw_used(struct harness *h, uint32_t device, uint32_t queue);
void raw_set(struct harness *h, uint32_t device, uint32_t queue, uint16_t index, uint64_t address,
             uint32_t length, uint16_t flags, uint16_t next);
void raw_offer(struct harness *h, uint32_t device, uint32_t queue, uint16_t head);
enum device_result raw_notify(struct harness *h, uint32_t device, uint32_t queue,
                              struct guest_fault *fault);

/* ---- TAP ---- */

/* Inside a test: when false, the test has failed and the line is shown. */
#define EXPECT(condition) expect((condition), __FILE__, __LINE__, #condition)
#define EXPECT_EQUAL(have, want)                                                                   \
  expect_equal((unsigned long long)(have), (unsigned long long)(want), __FILE__, __LINE__, #have)
bool expect(bool condition, const char *file, int line, const char *text);
bool expect_equal(unsigned long long have, unsigned long long want, const char *file, int line,
                  const char *text);
/* Starts a test; what was expected since the last one becomes its result line. */
void test(const char *name);
/* Marks the running test as skipped. */
void skip(const char *reason);
/* The last result and the plan; main's return value. */
int finish(void);

/* A new directory for one test program, removed with all it holds by remove_tree. */
void make_tree(char path[64]);
void remove_tree(const char *path);
/* Open descriptors of this process. */
unsigned count_descriptors(void);

#endif
