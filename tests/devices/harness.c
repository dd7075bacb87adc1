/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fake machine between drivers and devices, and TAP output. */
#include "tests/devices/harness.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(99);
}

static void *map_file(int fd, void *at, size_t length, off_t offset) {
  void *address =
      mmap(at, length, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd, offset);
  if (address == MAP_FAILED)
    die("mmap");
  return address;
}

/* ---- The machine the drivers see ------------------------------------------------------------- */

static void notify_device(void *context, uint32_t device, uint32_t queue) {
  struct harness *h = context;
  struct guest_fault fault;
  h->notifications++;
  enum device_result result = raw_notify(h, device, queue, &fault);
  if (result == DEVICE_OK)
    return;
  /* The drivers never break a rule, and would wait for an answer for ever. */
  fprintf(stderr, "# device %u queue %u: %s\n", device, queue,
          result == DEVICE_GUEST_FAULT ? fault.text : "interrupted");
  abort();
}

static uint64_t find_physical(void *context, const void *address, size_t length,
                              size_t *contiguous) {
  struct harness *h = context;
  const uint8_t *byte = address;
  size_t left = PAGE - (uintptr_t)byte % PAGE;
  *contiguous = length < left ? length : left;
  if (h->linear && byte >= h->linear && byte < h->linear + LINEAR_BYTES) {
    size_t offset = (size_t)(byte - h->linear);
    return (uint64_t)h->page_of[offset / PAGE] * PAGE + offset % PAGE;
  }
  const uint8_t *heap = h->memory.slots[0].host + HEAP_AT;
  if (byte >= heap && byte < heap + HEAP_BYTES)
    return HEAP_AT + (uint64_t)(byte - heap);
  return UINT64_MAX;
}

static void *map_physical(void *context, uint64_t physical, size_t length) {
  return physical_bytes(context, physical, length);
}

static void *allocate_bytes(void *context, size_t size) {
  struct harness *h = context;
  size = (size + 15) & ~(size_t)15;
  for (struct harness_free **link = &h->freed; *link; link = &(*link)->next) {
    struct harness_free *block = *link;
    if (block->size == size) {
      *link = block->next;
      return memset(block, 0xa5, size);
    }
  }
  if (size > HEAP_BYTES - h->heap_used)
    return NULL;
  void *address = h->memory.slots[0].host + HEAP_AT + h->heap_used;
  h->heap_used += size;
  memset(address, 0xa5, size); /* memory is not zeroed for drivers */
  return address;
}

/* Freed memory is used again, last in first out, by its exact size. */
static void free_bytes(void *context, void *address, size_t size) {
  struct harness *h = context;
  struct harness_free *block = address;
  memset(address, 0x5a, size);
  *block = (struct harness_free){h->freed, (size + 15) & ~(size_t)15};
  h->freed = block;
}

static uint64_t read_clock(void *context) {
  return ((struct harness *)context)->now;
}

/* Pages in an order in which hardly any follows its neighbour: a fixed stride coprime to their
 * number. A few stay together, so that joining segments is seen too. */
void harness_scatter(struct harness *h) {
  h->linear = mmap(NULL, LINEAR_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (h->linear == MAP_FAILED)
    die("mmap");
  for (uint32_t i = 0; i < LINEAR_PAGES; i++) {
    uint32_t place = i < 16 ? i : 16 + (i - 16) * 1193u % (LINEAR_PAGES - 16);
    h->page_of[i] = LINEAR_AT / PAGE + place;
    map_file(h->memfd, h->linear + (size_t)i * PAGE, PAGE, (off_t)h->page_of[i] * PAGE);
  }
}

void harness_open(struct harness *h) {
  memset(h, 0, sizeof *h);
  h->memfd = memfd_create("guest", MFD_CLOEXEC);
  if (h->memfd < 0 || ftruncate(h->memfd, MEMORY_BYTES) < 0)
    die("memfd");
  h->memory.slots[0] =
      (struct guest_memory_slot){0, SLOT_BORDER, map_file(h->memfd, NULL, SLOT_BORDER, 0)};
  h->memory.slots[1] =
      (struct guest_memory_slot){SLOT_BORDER, MEMORY_BYTES - SLOT_BORDER,
                                 map_file(h->memfd, NULL, MEMORY_BYTES - SLOT_BORDER, SLOT_BORDER)};
  h->memory.slot_count = 2;
  h->host.memory = &h->memory;
  sigemptyset(&h->host.wait_mask);
  h->machine = (struct driver_machine){.context = h,
                                       .notify = notify_device,
                                       .physical = find_physical,
                                       .map = map_physical,
                                       .allocate = allocate_bytes,
                                       .free = free_bytes,
                                       .now = read_clock};
}

void harness_close(struct harness *h) {
  for (uint32_t i = 0; i < h->boot.device_count; i++)
    h->devices[i]->ops->destroy(h->devices[i]);
  if (h->linear)
    munmap(h->linear, LINEAR_BYTES);
  for (uint32_t i = 0; i < h->memory.slot_count; i++)
    munmap(h->memory.slots[i].host, h->memory.slots[i].size);
  close(h->memfd);
}

uint32_t harness_add(struct harness *h, struct device *device) {
  uint32_t index = h->boot.device_count++;
  device->abi.rings = RINGS_AT + (uint64_t)index * RINGS_PER_DEVICE;
  h->boot.devices[index] = device->abi;
  h->devices[index] = device;
  return index;
}

struct wasi_fs *harness_add_fs(struct harness *h, const char *directory, bool read_only,
                               enum fs_cache cache) {
  const char *error = "";
  int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct device *device = fs_create(&h->host, fd, read_only, cache, &error);
  if (!device) {
    fprintf(stderr, "fs_create: %s\n", error);
    exit(99);
  }
  return h->client = fuse_open(&h->machine, &h->boot, harness_add(h, device), h->client);
}

uint8_t *physical_bytes(struct harness *h, uint64_t at, uint64_t length) {
  uint8_t *bytes = guest_memory_range(&h->memory, (struct gpa){at}, length);
  if (!bytes)
    die("physical_bytes");
  return bytes;
}

/* ---- Raw rings ------------------------------------------------------------------------------- */

static uint8_t *queue_bytes(struct harness *h, uint32_t device, uint32_t queue) {
  uint64_t at = h->devices[device]->abi.rings + queue * ABI_QUEUE_STRIDE;
  return physical_bytes(h, at, ABI_QUEUE_STRIDE);
}

struct abi_virtq_desc *raw_desc(struct harness *h, uint32_t device, uint32_t queue) {
  return (struct abi_virtq_desc *)(queue_bytes(h, device, queue) + ABI_QUEUE_DESC);
}

struct abi_virtq_avail *raw_avail(struct harness *h, uint32_t device, uint32_t queue) {
  return (struct abi_virtq_avail *)(queue_bytes(h, device, queue) + ABI_QUEUE_AVAIL);
}

struct abi_virtq_used *raw_used(struct harness *h, uint32_t device, uint32_t queue) {
  return (struct abi_virtq_used *)(queue_bytes(h, device, queue) + ABI_QUEUE_USED);
}

void raw_set(struct harness *h, uint32_t device, uint32_t queue, uint16_t index, uint64_t address,
             uint32_t length, uint16_t flags, uint16_t next) {
  raw_desc(h, device, queue)[index] = (struct abi_virtq_desc){address, length, flags, next};
}

void raw_offer(struct harness *h, uint32_t device, uint32_t queue, uint16_t head) {
  struct abi_virtq_avail *avail = raw_avail(h, device, queue);
  avail->ring[avail->index++ % ABI_QUEUE_SIZE] = head;
}

enum device_result raw_notify(struct harness *h, uint32_t device, uint32_t queue,
                              struct guest_fault *fault) {
  return h->devices[device]->ops->notify(h->devices[device], queue, fault);
}

/* ---- TAP ------------------------------------------------------------------------------------- */

static struct {
  unsigned number, failed;
  char name[96];
  const char *skipped;
  bool ok;
} tap;

bool expect(bool condition, const char *file, int line, const char *text) {
  if (!condition) {
    printf("# %s:%d: %s\n", file, line, text);
    tap.ok = false;
  }
  return condition;
}

bool expect_equal(unsigned long long have, unsigned long long want, const char *file, int line,
                  const char *text) {
  if (have != want) {
    printf("# %s:%d: %s is %lld, expected %lld\n", file, line, text, (long long)have,
           (long long)want);
    tap.ok = false;
  }
  return have == want;
}

static void print_result(void) {
  if (!tap.name[0])
    return;
  tap.number++;
  tap.failed += !tap.ok;
  printf("%sok %u - %s", tap.ok ? "" : "not ", tap.number, tap.name);
  printf(tap.skipped ? " # SKIP %s\n" : "\n", tap.skipped);
  fflush(stdout);
}

void test(const char *name) {
  print_result();
  snprintf(tap.name, sizeof tap.name, "%s", name);
  tap.skipped = NULL;
  tap.ok = true;
}

void skip(const char *reason) {
  tap.skipped = reason;
}

int finish(void) {
  print_result();
  printf("1..%u\n", tap.number);
  return tap.failed ? 1 : 0;
}

/* ---- Directories ----------------------------------------------------------------------------- */

void make_tree(char path[64]) {
  snprintf(path, 64, "/tmp/hermit-devices-XXXXXX");
  if (!mkdtemp(path))
    die("mkdtemp");
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status, (void)type, (void)ftw;
  return remove(path);
}

void remove_tree(const char *path) {
  nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

unsigned count_descriptors(void) {
  unsigned count = 0;
  DIR *dir = opendir("/proc/self/fd");
  while (dir && readdir(dir))
    count++;
  if (dir)
    closedir(dir);
  return count;
}
