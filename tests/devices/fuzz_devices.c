/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libFuzzer target: a guest whose every move comes from the input. It writes descriptors, notifies
 * queues, and sends FUSE requests that are right often enough to get deep. What must hold: no
 * sanitizer speaks, a fault has a reason, nothing outside the share changes.
 *
 * Usage: fuzz_devices [libFuzzer options]; works in a directory of its own under /tmp, which
 * stays (libFuzzer ends without atexit). */
#include "tests/devices/harness.h"
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_AT HEAP_AT
#define REPLY_AT (SLOT_BORDER - 1000) /* replies cross the border between slots */
#define KNOWN_MAX 16
#define STEPS_MAX 64

enum { CONSOLE, RNG, FS };

struct input {
  const uint8_t *bytes;
  size_t left;
};

/* What the guest has learned: ids it may use again. */
struct guest {
  struct input in;
  uint64_t nodes[KNOWN_MAX], handles[KNOWN_MAX];
  unsigned node_count, handle_count;
};

static struct harness h;
static char base[64], share[80], outside[80];
static struct stat outside_status;
static unsigned runs;
static int null;

/* ---- Input -------------------------------------------------------------------------------------
 */

static void take(struct input *in, void *bytes, size_t size) {
  size_t given = size < in->left ? size : in->left;
  memset(bytes, 0, size);
  memcpy(bytes, in->bytes, given);
  in->bytes += given;
  in->left -= given;
}

static uint8_t take_byte(struct input *in) {
  uint8_t byte;
  take(in, &byte, 1);
  return byte;
}

/* ---- The share ---------------------------------------------------------------------------------
 */

static void make_file(const char *directory, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int fd = open(path, O_WRONLY | O_CREAT, 0666);
  if (fd < 0 || write(fd, "content", 7) != 7)
    abort();
  close(fd);
}

static void fill_share(void) {
  char path[128];
  remove_tree(share);
  mkdir(share, 0777);
  make_file(share, "a");
  make_file(share, "b");
  snprintf(path, sizeof path, "%s/d", share);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/l", share);
  if (symlink("../outside", path) < 0)
    abort();
  snprintf(path, sizeof path, "%s/p", share);
  mkfifo(path, 0666);
}

static void check_outside(void) {
  struct stat status;
  if (stat(outside, &status) < 0 || status.st_size != outside_status.st_size ||
      status.st_mtim.tv_nsec != outside_status.st_mtim.tv_nsec || status.st_nlink != 1)
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  struct rlimit limit = {1 << 20, 1 << 20};
  signal(SIGPIPE, SIG_IGN);
  make_tree(base);
  snprintf(share, sizeof share, "%s/share", base);
  snprintf(outside, sizeof outside, "%s/outside", base);
  make_file(base, "outside");
  stat(outside, &outside_status);
  fill_share();
  null = open("/dev/null", O_RDWR | O_CLOEXEC);
  harness_open(&h);
  setrlimit(RLIMIT_FSIZE, &limit); /* files of the share stay small */
  return 0;
}

/* ---- The guest's moves -------------------------------------------------------------------------
 */

static void know(uint64_t *list, unsigned *count, uint64_t id) {
  list[(*count)++ % KNOWN_MAX] = id;
}

static uint64_t pick(const uint64_t *list, unsigned count, uint8_t choice) {
  unsigned have = count < KNOWN_MAX ? count : KNOWN_MAX;
  return have ? list[choice % have] : choice;
}

static void learn(struct guest *g, uint32_t opcode) {
  const uint8_t *reply = physical_bytes(&h, REPLY_AT, 1000);
  const struct fuse_out_header *header = (const void *)reply;
  const struct fuse_entry_out *entry = (const void *)(header + 1);
  const struct fuse_open_out *open = (const void *)(header + 1);
  if (header->error)
    return;
  switch (opcode) {
  case FUSE_CREATE:
    know(g->handles, &g->handle_count, ((const struct fuse_open_out *)(entry + 1))->fh);
    /* fall through */
  case FUSE_LOOKUP:
  case FUSE_MKDIR:
  case FUSE_SYMLINK:
  case FUSE_LINK:
    know(g->nodes, &g->node_count, entry->nodeid);
    break;
  case FUSE_OPEN:
  case FUSE_OPENDIR:
    know(g->handles, &g->handle_count, open->fh);
    break;
  }
}

/* The requests the server knows. */
struct kind {
  uint32_t opcode, body;
  const char *strings;
  bool handle;
};
/* Of the flags only those that say "the body starts with a handle" matter here. */
enum { FS_FILE = 1, FS_DIRECTORY = 1, FS_INIT_IN_MIN = 16 };
enum { FS_NO_NODE = 0, FS_NO_REPLY = 0, FS_CHANGES = 0, FS_ROOM = 0, FS_DATA = 0, FS_LONGER = 0 };
static const struct kind kinds[] = {
#define FUSE_REQUEST(opcode, handler, body, strings, reply, flags)                                 \
  {FUSE_##opcode, body, strings, (flags)&1},
#include "monitor/devices/fuse_requests.def"
};

struct request {
  struct fuse_in_header header;
  uint8_t bytes[1200]; /* body, strings, data */
};

/* Adds one of a few names, most of them right. */
static void add_name(struct guest *g, struct request *r) {
  static const char *const names[] = {"a", "b", "d", "l", "p", "n1", "n2", "n3",
                                      "a", "b", "d", "l", "p", "n1", "..", "x/y"};
  const char *name = names[take_byte(&g->in) % 16];
  size_t size = strlen(name) + 1;
  memcpy((uint8_t *)r + r->header.len, name, size);
  r->header.len += (uint32_t)size;
}

/* A request of a kind: its body from the input, with known numbers where the input says so, so
 * that some requests are right and others nearly. */
static void build_request(struct guest *g, struct request *r, uint8_t how) {
  const struct kind *kind = &kinds[take_byte(&g->in) % (sizeof kinds / sizeof kinds[0])];
  memset(r, 0, sizeof *r);
  r->header.opcode = how == 7 ? take_byte(&g->in) : kind->opcode;
  r->header.nodeid = pick(g->nodes, g->node_count, take_byte(&g->in));
  r->header.len = (uint32_t)sizeof r->header + kind->body;
  /* Bodies are mostly small numbers: a byte gives the length of what is not zero. */
  size_t given = take_byte(&g->in) % (kind->body + 1);
  take(&g->in, r->bytes, given);
  uint64_t handle = pick(g->handles, g->handle_count, take_byte(&g->in));
  uint64_t node = pick(g->nodes, g->node_count, take_byte(&g->in));
  if (kind->handle && how % 8 != 6)
    memcpy(r->bytes, &handle, sizeof handle);
  if (kind->opcode == FUSE_LINK || kind->opcode == FUSE_RENAME || kind->opcode == FUSE_RENAME2)
    memcpy(r->bytes, &node, sizeof node);
  for (const char *string = kind->strings; *string; string++)
    add_name(g, r);
  if (kind->opcode == FUSE_WRITE) {
    uint32_t size = take_byte(&g->in);
    memcpy(r->bytes + offsetof(struct fuse_write_in, size), &size, sizeof size);
    r->header.len += size;
  }
  if (how % 32 == 31)
    r->header.len += take_byte(&g->in) % 20;
}

/* Sends a request, in two readable pieces and with little room when the input says so. */
static bool send_request(struct guest *g, uint8_t how) {
  struct request request;
  build_request(g, &request, how);
  memcpy(physical_bytes(&h, REQUEST_AT, sizeof request), &request, sizeof request);
  uint32_t length = request.header.len;
  uint32_t room = how % 64 == 62 ? take_byte(&g->in) + 1u : 70000;
  uint32_t first = how & 0x80 ? 1 + take_byte(&g->in) % (length - 1) : length;
  raw_set(&h, FS, 1, 0, REQUEST_AT, first, ABI_VIRTQ_NEXT, first < length ? 1 : 2);
  raw_set(&h, FS, 1, 1, REQUEST_AT + first, length - first, ABI_VIRTQ_NEXT, 2);
  raw_set(&h, FS, 1, 2, REPLY_AT, room, ABI_VIRTQ_WRITE, 0);
  raw_offer(&h, FS, 1, 0);
  struct guest_fault fault = {""};
  if (raw_notify(&h, FS, 1, &fault) != DEVICE_OK) {
    if (!fault.text[0])
      abort();
    return false;
  }
  learn(g, request.header.opcode);
  return true;
}

/* Any bytes as descriptors, any head, any queue. */
static bool ring_queue(struct guest *g) {
  uint8_t choice = take_byte(&g->in);
  uint32_t device = choice % 3;
  uint32_t queue = (choice >> 2) % h.boot.devices[device].queue_count;
  unsigned count = take_byte(&g->in) % 8;
  for (unsigned i = 0; i < count; i++) {
    struct abi_virtq_desc desc;
    take(&g->in, &desc, sizeof desc);
    desc.next %= 10;
    if (choice & 0x40)
      desc.address %= MEMORY_BYTES;
    if (choice & 0x80)
      desc.length %= 5000;
    raw_desc(&h, device, queue)[i] = desc;
  }
  raw_offer(&h, device, queue, take_byte(&g->in));
  struct guest_fault fault = {""};
  enum device_result result = raw_notify(&h, device, queue, &fault);
  if (result == DEVICE_GUEST_FAULT && !fault.text[0])
    abort();
  return result == DEVICE_OK;
}

static void open_devices(void) {
  const char *error;
  int stdio[3] = {null, null, null};
  memset(physical_bytes(&h, RINGS_AT, 3 * RINGS_PER_DEVICE), 0, 3 * RINGS_PER_DEVICE);
  h.boot.device_count = 0;
  harness_add(&h, console_create(&h.host, stdio, &error));
  harness_add(&h, rng_create(&h.host, &error));
  int fd = open(share, O_PATH | O_DIRECTORY | O_CLOEXEC);
  harness_add(&h, fs_create(&h.host, fd, runs % 8 == 7, FS_CACHE_AUTO, &error));
}

/* Most guests start the session first; the others show what happens without. */
static void start_session(void) {
  struct {
    struct fuse_in_header header;
    struct fuse_init_in in;
  } request = {{.len = sizeof request, .opcode = FUSE_INIT}, {.major = 7, .minor = 31}};
  struct guest_fault fault;
  memcpy(physical_bytes(&h, REQUEST_AT, sizeof request), &request, sizeof request);
  raw_set(&h, FS, 1, 0, REQUEST_AT, sizeof request, ABI_VIRTQ_NEXT, 1);
  raw_set(&h, FS, 1, 1, REPLY_AT, 4096, ABI_VIRTQ_WRITE, 0);
  raw_offer(&h, FS, 1, 0);
  if (raw_notify(&h, FS, 1, &fault) != DEVICE_OK)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct guest g = {.in = {bytes, size}, .nodes = {FUSE_ROOT_ID}, .node_count = 1};
  signal(SIGXFSZ, SIG_IGN); /* libFuzzer has set its own handler after the start */
  open_devices();
  if (size % 16)
    start_session();
  for (unsigned step = 0; step < STEPS_MAX && g.in.left > 0; step++) {
    uint8_t how = take_byte(&g.in);
    if (!(how % 16 ? send_request(&g, how) : ring_queue(&g)))
      break;
  }
  for (uint32_t i = 0; i < h.boot.device_count; i++)
    h.devices[i]->ops->destroy(h.devices[i]);
  if (++runs % 256 == 0) {
    check_outside();
    fill_share();
  }
  return 0;
}
