/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Guests that break the rules: raw rings and raw FUSE requests. Each must end its VM with a reason
 * that names what was wrong, or get an errno where FUSE says so. */
#include "tests/devices/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where raw requests and replies lie in physical memory. */
#define REQUEST_AT HEAP_AT
#define REPLY_AT (HEAP_AT + (2u << 20))

static char share[64];

/* The devices of one guest. */
enum { CONSOLE, RNG, FS };
struct guest {
  struct harness h;
  struct guest_fault fault;
};

static void guest_open(struct guest *g) {
  const char *error;
  int stdio[3] = {-1, -1, -1};
  harness_open(&g->h);
  g->fault.text[0] = 0;
  harness_add(&g->h, console_create(&g->h.host, stdio, &error));
  harness_add(&g->h, rng_create(&g->h.host, &error));
  int fd = open(share, O_PATH | O_DIRECTORY | O_CLOEXEC);
  harness_add(&g->h, fs_create(&g->h.host, fd, false, FS_CACHE_AUTO, &error));
}

static void guest_close(struct guest *g) {
  harness_close(&g->h);
}

static void expect_text(const struct guest *g, const char *want, int line) {
  if (!strstr(g->fault.text, want))
    printf("# line %d: the reason is: %s\n", line, g->fault.text);
  expect(strstr(g->fault.text, want) != NULL, __FILE__, line, want);
}

/* ---- Rings -------------------------------------------------------------------------------------
 */

#define NEXT ABI_VIRTQ_NEXT
#define WRITE ABI_VIRTQ_WRITE

/* Up to three descriptors, offered from 0. */
struct ring_case {
  const char *name;
  uint32_t device, queue;
  struct abi_virtq_desc desc[3];
  const char *reason;
};

static const struct ring_case ring_cases[] = {
    {"a descriptor outside memory", RNG, 0, {{MEMORY_BYTES, 1, WRITE, 0}}, "outside memory"},
    {"a descriptor that ends outside memory",
     RNG,
     0,
     {{MEMORY_BYTES - 10, 11, WRITE, 0}},
     "outside memory"},
    {"a descriptor whose address wraps",
     RNG,
     0,
     {{UINT64_MAX - 5, 100, WRITE, 0}},
     "outside memory"},
    {"a descriptor at the top of the address space",
     RNG,
     0,
     {{1ull << 63, UINT32_MAX, WRITE, 0}},
     "outside memory"},
    {"a descriptor of length 0", RNG, 0, {{HEAP_AT, 0, WRITE, 0}}, "length 0"},
    {"a chain that is its own successor", RNG, 0, {{HEAP_AT, 1, WRITE | NEXT, 0}}, "is a loop"},
    {"a chain that comes back",
     RNG,
     0,
     {{HEAP_AT, 1, WRITE | NEXT, 1}, {HEAP_AT, 1, WRITE | NEXT, 2}, {HEAP_AT, 1, WRITE | NEXT, 0}},
     "is a loop"},
    {"a successor outside the table", RNG, 0, {{HEAP_AT, 1, WRITE | NEXT, 128}}, "out of range"},
    {"a chain longer than 4 GiB",
     RNG,
     0,
     {{0, MEMORY_BYTES, WRITE | NEXT, 1}, {0, UINT32_MAX, WRITE, 0}},
     "2^32"},
    {"an indirect descriptor", RNG, 0, {{HEAP_AT, 16, 4, 0}}, "indirect"},
    {"unknown flags", RNG, 0, {{HEAP_AT, 16, 0x8000 | WRITE, 0}}, "unknown flags"},
    {"readable after writable",
     FS,
     1,
     {{HEAP_AT, 16, WRITE | NEXT, 1}, {HEAP_AT, 16, 0, 0}},
     "readable after a writable"},
    {"an entropy buffer that cannot be written", RNG, 0, {{HEAP_AT, 16, 0, 0}}, "not writable"},
    {"a receive buffer that cannot be written", CONSOLE, 0, {{HEAP_AT, 16, 0, 0}}, "not writable"},
    {"a transmit buffer to be written", CONSOLE, 5, {{HEAP_AT, 16, WRITE, 0}}, "is writable"},
    {"a control queue of the console", CONSOLE, 2, {{HEAP_AT, 16, WRITE, 0}}, "not in use"},
    {"stdin's transmit queue", CONSOLE, 1, {{HEAP_AT, 16, 0, 0}}, "not in use"},
    {"a FUSE request without a byte to read", FS, 1, {{HEAP_AT, 16, WRITE, 0}}, "no FUSE header"},
    {"a FUSE request shorter than its header", FS, 1, {{HEAP_AT, 39, 0, 0}}, "no FUSE header"},
};

static void test_rings(void) {
  for (size_t i = 0; i < sizeof ring_cases / sizeof ring_cases[0]; i++) {
    const struct ring_case *c = &ring_cases[i];
    struct guest g;
    test(c->name);
    guest_open(&g);
    for (uint16_t d = 0; d < 3; d++)
      raw_desc(&g.h, c->device, c->queue)[d] = c->desc[d];
    raw_offer(&g.h, c->device, c->queue, 0);
    EXPECT_EQUAL(raw_notify(&g.h, c->device, c->queue, &g.fault), DEVICE_GUEST_FAULT);
    expect_text(&g, c->reason, __LINE__);
    EXPECT_EQUAL(raw_used(&g.h, c->device, c->queue)->index, 0);
    guest_close(&g);
  }
}

static void test_indexes(void) {
  struct guest g;
  guest_open(&g);
  test("a head outside the table");
  raw_offer(&g.h, RNG, 0, 128);
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "out of range", __LINE__);
  test("an available index that jumps");
  raw_avail(&g.h, RNG, 0)->index = 129;
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "jumped", __LINE__);
  test("an available index that goes back");
  raw_avail(&g.h, RNG, 0)->index = 0;
  raw_set(&g.h, RNG, 0, 0, HEAP_AT, 4, WRITE, 0);
  raw_offer(&g.h, RNG, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_OK);
  raw_avail(&g.h, RNG, 0)->index = 0;
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_GUEST_FAULT);
  test("notifications without buffers do nothing");
  for (int i = 0; i < 1000; i++)
    EXPECT_EQUAL(raw_notify(&g.h, FS, 1, &g.fault), DEVICE_OK);
  EXPECT_EQUAL(raw_used(&g.h, FS, 1)->index, 0);
  test("the guest's used index does not matter");
  raw_used(&g.h, FS, 1)->index = 77;
  raw_set(&g.h, FS, 1, 9, HEAP_AT, 39, 0, 0);
  raw_offer(&g.h, FS, 1, 9);
  EXPECT_EQUAL(raw_notify(&g.h, FS, 1, &g.fault), DEVICE_GUEST_FAULT);
  guest_close(&g);

  test("65540 buffers: indexes wrap");
  guest_open(&g);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 65540; i++) {
    raw_set(&g.h, RNG, 0, i % 128, HEAP_AT, 1, WRITE, 0);
    raw_offer(&g.h, RNG, 0, i % 128);
    wrong += raw_notify(&g.h, RNG, 0, &g.fault) != DEVICE_OK;
    wrong += raw_used(&g.h, RNG, 0)->index != (uint16_t)(i + 1);
    wrong += raw_used(&g.h, RNG, 0)->ring[i % 128].id != i % 128;
  }
  EXPECT_EQUAL(wrong, 0);
  guest_close(&g);

  test("128 descriptors that all cross the border between slots");
  guest_open(&g);
  for (uint16_t i = 0; i < 128; i++)
    raw_set(&g.h, RNG, 0, i, SLOT_BORDER - 1, 2, i < 127 ? WRITE | NEXT : WRITE, i + 1);
  raw_offer(&g.h, RNG, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "too many pieces", __LINE__);
  guest_close(&g);

  test("memory that user mode may not write: read by devices, never written");
  guest_open(&g);
  g.h.memory.protected[0] = (struct guest_memory_span){HEAP_AT + PAGE, HEAP_AT + 2 * PAGE};
  g.h.memory.protected_count = 1;
  raw_set(&g.h, RNG, 0, 0, HEAP_AT, PAGE, WRITE, 0);
  raw_offer(&g.h, RNG, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_OK);
  raw_set(&g.h, CONSOLE, 5, 0, HEAP_AT + PAGE, PAGE, 0, 0);
  raw_offer(&g.h, CONSOLE, 5, 0);
  EXPECT_EQUAL(raw_notify(&g.h, CONSOLE, 5, &g.fault), DEVICE_OK);
  raw_set(&g.h, RNG, 0, 0, HEAP_AT, PAGE + 1, WRITE, 0);
  raw_offer(&g.h, RNG, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, RNG, 0, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "not the guest's to be written", __LINE__);
  guest_close(&g);

  test("a transmit buffer longer than may be");
  guest_open(&g);
  for (uint16_t i = 0; i < 127; i++)
    raw_set(&g.h, CONSOLE, 5, i, SLOT_BORDER, MEMORY_BYTES - SLOT_BORDER, i < 126 ? NEXT : 0,
            i + 1);
  raw_offer(&g.h, CONSOLE, 5, 0);
  EXPECT_EQUAL(raw_notify(&g.h, CONSOLE, 5, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "too long", __LINE__);
  guest_close(&g);
}

/* ---- FUSE requests ------------------------------------------------------------------------------
 */

struct request {
  struct fuse_in_header header;
  uint8_t bytes[12000]; /* body and strings */
};

/* A request with a right header. */
static void build(struct request *r, uint32_t opcode, uint64_t node, const void *body,
                  size_t body_size, const char *strings, size_t strings_size) {
  memset(r, 0, sizeof *r);
  r->header =
      (struct fuse_in_header){.len = (uint32_t)(sizeof r->header + body_size + strings_size),
                              .opcode = opcode,
                              .unique = 4711,
                              .nodeid = node};
  if (body)
    memcpy(r->bytes, body, body_size);
  if (strings)
    memcpy(r->bytes + body_size, strings, strings_size);
}

/* Sends `length` bytes of it, with `room` bytes for the answer. */
static enum device_result send_bytes(struct guest *g, const struct request *r, size_t length,
                                     uint32_t room) {
  memcpy(physical_bytes(&g->h, REQUEST_AT, length), r, length);
  raw_set(&g->h, FS, 1, 0, REQUEST_AT, (uint32_t)length, room ? NEXT : 0, 1);
  raw_set(&g->h, FS, 1, 1, REPLY_AT, room, WRITE, 0);
  raw_offer(&g->h, FS, 1, 0);
  return raw_notify(&g->h, FS, 1, &g->fault);
}

static enum device_result send_request(struct guest *g, const struct request *r) {
  return send_bytes(g, r, r->header.len, 65536);
}

static const struct fuse_out_header *answer(struct guest *g) {
  return (const void *)physical_bytes(&g->h, REPLY_AT, 65536);
}

static const void *answer_body(struct guest *g) {
  return answer(g) + 1;
}

/* Sends what must be served, and returns the errno of the answer. */
static int ask(struct guest *g, const struct request *r) {
  memset(physical_bytes(&g->h, REPLY_AT, 64), 0xee, 64);
  if (send_request(g, r) != DEVICE_OK) {
    printf("# fault: %s\n", g->fault.text);
    return -1;
  }
  return answer(g)->unique == 4711 ? -answer(g)->error : -2;
}

static int start(struct guest *g) {
  struct fuse_init_in in = {.major = 7, .minor = 31};
  struct request r;
  build(&r, FUSE_INIT, 0, &in, sizeof in, NULL, 0);
  return ask(g, &r);
}

static uint64_t look_up(struct guest *g, const char *name) {
  struct request r;
  build(&r, FUSE_LOOKUP, FUSE_ROOT_ID, NULL, 0, name, strlen(name) + 1);
  EXPECT_EQUAL(ask(g, &r), 0);
  return ((const struct fuse_entry_out *)answer_body(g))->nodeid;
}

static uint64_t open_node(struct guest *g, uint32_t opcode, uint64_t node) {
  struct fuse_open_in in = {.flags = opcode == FUSE_OPEN ? O_RDWR : 0};
  struct request r;
  build(&r, opcode, node, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(g, &r), 0);
  return ((const struct fuse_open_out *)answer_body(g))->fh;
}

/* Every request the server knows, from its own table. */
struct kind {
  const char *name;
  uint32_t opcode, body, reply;
  const char *strings;
  uint32_t flags;
};

#define FS_NO_NODE 1u
#define FS_NO_REPLY 2u
#define FS_CHANGES 0u
#define FS_FILE 4u
#define FS_DIRECTORY 8u
#define FS_ROOM 0u
#define FS_DATA 0u
#define FS_LONGER 16u
#define FS_INIT_IN_MIN 16u
static const struct kind kinds[] = {
#define FUSE_REQUEST(opcode, handler, body, strings, reply, flags)                                 \
  {#opcode, FUSE_##opcode, body, reply, strings, flags},
#include "monitor/devices/fuse_requests.def"
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* A request of a kind that is right as far as its framing goes; "x" for every string. */
static void build_kind(struct request *r, const struct kind *kind, uint64_t node) {
  build(r, kind->opcode, node, NULL, 0, NULL, 0);
  r->header.len += kind->body + 2 * (uint32_t)strlen(kind->strings);
  for (size_t i = 0; kind->strings[i]; i++)
    r->bytes[kind->body + 2 * i] = 'x';
}

static void expect_fault(struct guest *g, const struct request *r, size_t length, uint32_t room,
                         const char *name, const char *reason) {
  bool right =
      send_bytes(g, r, length, room) == DEVICE_GUEST_FAULT && strstr(g->fault.text, reason) != NULL;
  if (!right)
    printf("# %s: the reason is: %s\n", name, g->fault.text);
  EXPECT(right);
}

/* One guest per fault: a fault ends the VM. */
static void each_kind(const char *name, uint32_t skip_flags,
                      void (*attack)(struct guest *g, const struct kind *kind)) {
  test(name);
  for (size_t i = 0; i < KINDS; i++) {
    if (kinds[i].flags & skip_flags)
      continue;
    struct guest g;
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    attack(&g, &kinds[i]);
    guest_close(&g);
  }
}

static void attack_short_body(struct guest *g, const struct kind *kind) {
  struct request r;
  if (kind->body == 0)
    return;
  build(&r, kind->opcode, FUSE_ROOT_ID, NULL, kind->body - 1, NULL, 0);
  expect_fault(g, &r, r.header.len, 65536, kind->name, "behind the header");
}

static void attack_long_body(struct guest *g, const struct kind *kind) {
  struct request r;
  build_kind(&r, kind, FUSE_ROOT_ID);
  r.header.len += 1;
  if (kind->opcode == FUSE_WRITE)
    expect_fault(g, &r, r.header.len, 65536, kind->name, "unknown handle");
  else
    expect_fault(g, &r, r.header.len, 65536, kind->name, "bytes too many");
}

static void attack_length(struct guest *g, const struct kind *kind) {
  struct request r;
  build_kind(&r, kind, FUSE_ROOT_ID);
  r.header.len += 8;
  expect_fault(g, &r, r.header.len - 8, 65536, kind->name, "FUSE header says");
}

static void attack_room(struct guest *g, const struct kind *kind) {
  struct request r;
  build_kind(&r, kind, FUSE_ROOT_ID);
  expect_fault(g, &r, r.header.len, (uint32_t)sizeof(struct fuse_out_header) + kind->reply - 1,
               kind->name, "the reply needs");
}

static void attack_node(struct guest *g, const struct kind *kind) {
  struct request r;
  build_kind(&r, kind, 0x123456789);
  expect_fault(g, &r, r.header.len, 65536, kind->name, "unknown node");
}

static void attack_handle(struct guest *g, const struct kind *kind) {
  struct request r;
  if (!(kind->flags & (FS_FILE | FS_DIRECTORY)))
    return;
  build_kind(&r, kind, FUSE_ROOT_ID);
  expect_fault(g, &r, r.header.len, 65536, kind->name, "unknown handle");
}

/* A directory's handle where a file's is due, and the other way round. */
static void attack_handle_kind(struct guest *g, const struct kind *kind) {
  struct request r;
  if (!(kind->flags & (FS_FILE | FS_DIRECTORY)))
    return;
  bool file = kind->flags & FS_FILE;
  uint64_t node = file ? FUSE_ROOT_ID : look_up(g, "file");
  uint64_t handle = open_node(g, file ? FUSE_OPENDIR : FUSE_OPEN, node);
  build_kind(&r, kind, node);
  memcpy(r.bytes, &handle, sizeof handle);
  expect_fault(g, &r, r.header.len, 65536, kind->name, "not one of this node's");
}

static void attack_strings(struct guest *g, const struct kind *kind) {
  struct request r;
  size_t count = strlen(kind->strings);
  if (count == 0)
    return;
  build_kind(&r, kind, FUSE_ROOT_ID);
  r.header.len -= 1; /* the last NUL */
  expect_fault(g, &r, r.header.len, 65536, kind->name, "has no end");
}

static void test_kinds(void) {
  each_kind("a body cut short, for every request", 0, attack_short_body);
  each_kind("a byte too many, for every request", FS_LONGER, attack_long_body);
  each_kind("a length that lies, for every request", 0, attack_length);
  each_kind("no room for the answer, for every request", FS_NO_REPLY, attack_room);
  each_kind("an unknown node, for every request", FS_NO_NODE, attack_node);
  each_kind("an unknown handle, for every request", 0, attack_handle);
  each_kind("a handle of the wrong kind, for every request", 0, attack_handle_kind);
  each_kind("a string without end, for every request", 0, attack_strings);
}

/* ---- Names -------------------------------------------------------------------------------------
 */

static void attack_name(struct guest *g, uint32_t opcode, const void *body, size_t body_size,
                        const char *strings, size_t size, const char *reason) {
  struct request r;
  build(&r, opcode, FUSE_ROOT_ID, body, body_size, strings, size);
  expect_fault(g, &r, r.header.len, 65536, strings, reason);
}

static void test_names(void) {
  static const struct {
    const char *name;
    const char *reason;
  } names[] = {{"..", "'..' is not allowed"},
               {".", "'.' is not allowed"},
               {"", "is empty"},
               {"/", "has a '/'"},
               {"a/b", "has a '/'"},
               {"../x", "has a '/'"},
               {"/etc/passwd", "has a '/'"},
               {"x/..", "has a '/'"}};
  struct fuse_rename_in to_root = {FUSE_ROOT_ID};
  struct fuse_mkdir_in mkdir_in = {0777, 0};
  struct fuse_create_in create_in = {.flags = O_RDWR | O_CREAT, .mode = 0666};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *name = names[i].name;
    size_t size = strlen(name) + 1;
    char title[64], pair[64];
    snprintf(title, sizeof title, "the name '%s'", name);
    memcpy(pair, "file", 5);
    memcpy(pair + 5, name, size);
    test(title);
    struct guest g;
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    attack_name(&g, FUSE_LOOKUP, NULL, 0, name, size, names[i].reason);
    guest_close(&g);
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    attack_name(&g, FUSE_MKDIR, &mkdir_in, sizeof mkdir_in, name, size, names[i].reason);
    guest_close(&g);
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    attack_name(&g, FUSE_CREATE, &create_in, sizeof create_in, name, size, names[i].reason);
    guest_close(&g);
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    attack_name(&g, FUSE_RENAME, &to_root, sizeof to_root, pair, size + 5, names[i].reason);
    guest_close(&g);
  }
  struct stat status;
  test("none of those names had an effect");
  char path[96];
  snprintf(path, sizeof path, "%s/file", share);
  EXPECT_EQUAL(stat(path, &status), 0);

  test("a NUL inside a name ends the request early");
  struct guest g;
  guest_open(&g);
  EXPECT_EQUAL(start(&g), 0);
  attack_name(&g, FUSE_LOOKUP, NULL, 0, "fi\0le", 6, "bytes too many");
  guest_close(&g);

  test("a name that is too long is only an error");
  char name[300];
  memset(name, 'n', sizeof name);
  name[256] = 0;
  guest_open(&g);
  EXPECT_EQUAL(start(&g), 0);
  struct request r;
  build(&r, FUSE_LOOKUP, FUSE_ROOT_ID, NULL, 0, name, 257);
  EXPECT_EQUAL(ask(&g, &r), ENAMETOOLONG);
  guest_close(&g);
}

/* ---- Numbers -----------------------------------------------------------------------------------
 */

struct number_case {
  const char *name;
  const char *reason;
  void (*build)(struct guest *g, struct request *r);
};

static void stale_node(struct guest *g, struct request *r) {
  uint64_t node = look_up(g, "file");
  struct fuse_forget_in forget = {1};
  build(r, FUSE_FORGET, node, &forget, sizeof forget, NULL, 0);
  EXPECT_EQUAL(send_request(g, r), DEVICE_OK);
  EXPECT(look_up(g, "other") != node); /* takes the place, not the number */
  struct fuse_getattr_in in = {0};
  build(r, FUSE_GETATTR, node, &in, sizeof in, NULL, 0);
}

static void stale_handle(struct guest *g, struct request *r) {
  uint64_t node = look_up(g, "file");
  struct fuse_release_in in = {.fh = open_node(g, FUSE_OPEN, node)};
  build(r, FUSE_RELEASE, node, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(g, r), 0);
  open_node(g, FUSE_OPEN, node);
}

static void others_handle(struct guest *g, struct request *r) {
  struct fuse_fsync_in in = {.fh = open_node(g, FUSE_OPEN, look_up(g, "file"))};
  build(r, FUSE_FSYNC, look_up(g, "other"), &in, sizeof in, NULL, 0);
}

static void getattr_handle(struct guest *g, struct request *r) {
  (void)g;
  struct fuse_getattr_in in = {.getattr_flags = FUSE_GETATTR_FH, .fh = 1};
  build(r, FUSE_GETATTR, FUSE_ROOT_ID, &in, sizeof in, NULL, 0);
}

static void forget_too_often(struct guest *g, struct request *r) {
  struct fuse_forget_in in = {2};
  build(r, FUSE_FORGET, look_up(g, "file"), &in, sizeof in, NULL, 0);
}

static void forget_all(struct guest *g, struct request *r) {
  struct fuse_forget_in in = {UINT64_MAX};
  build(r, FUSE_FORGET, look_up(g, "file"), &in, sizeof in, NULL, 0);
}

static void batch_count(struct guest *g, struct request *r) {
  (void)g;
  struct fuse_batch_forget_in in = {.count = UINT32_MAX};
  build(r, FUSE_BATCH_FORGET, 0, &in, sizeof in, "0123456789abcdef", 16);
}

static void batch_unknown(struct guest *g, struct request *r) {
  (void)g;
  struct {
    struct fuse_batch_forget_in in;
    struct fuse_forget_one one;
  } body = {{.count = 1}, {99, 1}};
  build(r, FUSE_BATCH_FORGET, 0, &body, sizeof body, NULL, 0);
}

static void rename_unknown(struct guest *g, struct request *r) {
  (void)g;
  struct fuse_rename_in in = {1000};
  build(r, FUSE_RENAME, FUSE_ROOT_ID, &in, sizeof in, "file\0x", 7);
}

static void link_unknown(struct guest *g, struct request *r) {
  (void)g;
  struct fuse_link_in in = {UINT64_MAX};
  build(r, FUSE_LINK, FUSE_ROOT_ID, &in, sizeof in, "x", 2);
}

static void write_too_little(struct guest *g, struct request *r) {
  uint64_t node = look_up(g, "file");
  struct fuse_write_in in = {.fh = open_node(g, FUSE_OPEN, node), .size = 100};
  build(r, FUSE_WRITE, node, &in, sizeof in, "only this", 9);
}

static void write_too_much(struct guest *g, struct request *r) {
  uint64_t node = look_up(g, "file");
  struct fuse_write_in in = {.fh = open_node(g, FUSE_OPEN, node), .size = 5};
  build(r, FUSE_WRITE, node, &in, sizeof in, "more than 5", 11);
}

static void read_past_room(struct guest *g, struct request *r) {
  uint64_t node = look_up(g, "file");
  struct fuse_read_in in = {.fh = open_node(g, FUSE_OPEN, node), .size = 65536};
  build(r, FUSE_READ, node, &in, sizeof in, NULL, 0);
}

static void readdir_past_room(struct guest *g, struct request *r) {
  struct fuse_read_in in = {.fh = open_node(g, FUSE_OPENDIR, FUSE_ROOT_ID), .size = UINT32_MAX};
  build(r, FUSE_READDIR, FUSE_ROOT_ID, &in, sizeof in, NULL, 0);
}

static void too_long(struct guest *g, struct request *r) {
  (void)g;
  build(r, FUSE_LOOKUP, FUSE_ROOT_ID, NULL, 0, NULL, 0);
  memset(r->bytes, 'n', 9000);
  r->header.len += 9001;
}

static void extension(struct guest *g, struct request *r) {
  (void)g;
  build(r, FUSE_LOOKUP, FUSE_ROOT_ID, NULL, 0, "file", 5);
  r->header.total_extlen = 1;
}

static const struct number_case number_cases[] = {
    {"a node that was forgotten", "unknown node", stale_node},
    {"a handle that was released", "unknown handle", stale_handle},
    {"a handle of another node", "not one of this node's", others_handle},
    {"an unknown handle in GETATTR", "not one of this node's", getattr_handle},
    {"a node forgotten more often than looked up", "taken back", forget_too_often},
    {"a node forgotten 2^64 - 1 times", "taken back", forget_all},
    {"a batch of forgets with a false count", "nodes in", batch_count},
    {"a batch of forgets with an unknown node", "unknown node", batch_unknown},
    {"a rename to an unknown directory", "unknown node", rename_unknown},
    {"a link to an unknown node", "unknown node", link_unknown},
    {"a write with less data than it says", "announced", write_too_little},
    {"a write with more data than it says", "announced", write_too_much},
    {"a read larger than its room", "wanted", read_past_room},
    {"a listing larger than its room", "wanted", readdir_past_room},
    {"a request of 9 KB", "too long", too_long},
    {"an extension nobody offered", "extensions", extension},
};

static void test_numbers(void) {
  for (size_t i = 0; i < sizeof number_cases / sizeof number_cases[0]; i++) {
    struct guest g;
    struct request r;
    test(number_cases[i].name);
    guest_open(&g);
    EXPECT_EQUAL(start(&g), 0);
    number_cases[i].build(&g, &r);
    EXPECT_EQUAL(send_request(&g, &r), DEVICE_GUEST_FAULT);
    expect_text(&g, number_cases[i].reason, __LINE__);
    guest_close(&g);
  }
}

/* ---- What is answered with an errno
 * -------------------------------------------------------------- */

static void test_session(void) {
  struct guest g;
  struct request r;
  struct fuse_getattr_in getattr = {0};
  struct fuse_init_in in = {.major = 6, .minor = 31};
  guest_open(&g);
  test("nothing before INIT");
  build(&r, FUSE_GETATTR, FUSE_ROOT_ID, &getattr, sizeof getattr, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EIO);
  test("INIT agrees on a version");
  build(&r, FUSE_INIT, 0, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EPROTO);
  in = (struct fuse_init_in){.major = 7, .minor = 30};
  build(&r, FUSE_INIT, 0, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EPROTO);
  in = (struct fuse_init_in){.major = 8};
  build(&r, FUSE_INIT, 0, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  EXPECT_EQUAL(((const struct fuse_init_out *)answer_body(&g))->major, 7);
  in = (struct fuse_init_in){.major = 7, .minor = 31, .flags = UINT32_MAX};
  build(&r, FUSE_INIT, 0, &in, 16, NULL, 0); /* as short as 7.31 sent it */
  EXPECT_EQUAL(ask(&g, &r), 0);
  const struct fuse_init_out *out = answer_body(&g);
  EXPECT_EQUAL(out->minor, 31);
  EXPECT_EQUAL(out->max_write, 1u << 20);
  EXPECT_EQUAL(out->flags,
               FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS);
  EXPECT_EQUAL(start(&g), EIO);
  test("DESTROY forgets all");
  look_up(&g, "file");
  open_node(&g, FUSE_OPENDIR, FUSE_ROOT_ID);
  unsigned before = count_descriptors();
  build(&r, FUSE_DESTROY, 0, NULL, 0, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  EXPECT_EQUAL(count_descriptors(), before - 2);
  build(&r, FUSE_GETATTR, FUSE_ROOT_ID, &getattr, sizeof getattr, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EIO);
  EXPECT_EQUAL(start(&g), 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  guest_close(&g);
}

static void expect_setattr(struct guest *g, struct fuse_setattr_in in, int error) {
  struct request r;
  build(&r, FUSE_SETATTR, FUSE_ROOT_ID, &in, sizeof in, NULL, 0);
  EXPECT_EQUAL(ask(g, &r), error);
}

static void test_errors(void) {
  static const uint32_t unknown[] = {0,          FUSE_MKNOD, FUSE_GETXATTR, FUSE_SETLK, FUSE_IOCTL,
                                     FUSE_LSEEK, 52,         4096,          UINT32_MAX};
  struct guest g;
  struct request r;
  guest_open(&g);
  EXPECT_EQUAL(start(&g), 0);
  test("requests that are not served: ENOSYS");
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    build(&r, unknown[i], FUSE_ROOT_ID, NULL, 50, NULL, 0);
    EXPECT_EQUAL(ask(&g, &r), ENOSYS);
    EXPECT_EQUAL(answer(&g)->len, sizeof(struct fuse_out_header));
  }
  test("attributes that are not the guest's to set");
  expect_setattr(&g, (struct fuse_setattr_in){.valid = FATTR_MODE, .mode = 0777}, EPERM);
  expect_setattr(&g, (struct fuse_setattr_in){.valid = FATTR_UID}, EPERM);
  expect_setattr(&g, (struct fuse_setattr_in){.valid = 1u << 31}, EINVAL);
  /* UTIME_NOW and UTIME_OMIT are no nanoseconds. */
  expect_setattr(&g, (struct fuse_setattr_in){.valid = FATTR_ATIME, .atimensec = 0x3fffffff},
                 EINVAL);
  expect_setattr(&g, (struct fuse_setattr_in){.valid = FATTR_MTIME, .mtimensec = 1000000000},
                 EINVAL);

  test("RENAME2 without flags only");
  struct fuse_rename2_in rename2 = {.newdir = FUSE_ROOT_ID, .flags = 2};
  build(&r, FUSE_RENAME2, FUSE_ROOT_ID, &rename2, sizeof rename2, "file\0other", 11);
  EXPECT_EQUAL(ask(&g, &r), EINVAL);
  rename2.flags = 0;
  build(&r, FUSE_RENAME2, FUSE_ROOT_ID, &rename2, sizeof rename2, "file\0file", 10);
  EXPECT_EQUAL(ask(&g, &r), 0);

  test("STATFS, FLUSH, FALLOCATE with a mode");
  build(&r, FUSE_STATFS, FUSE_ROOT_ID, NULL, 0, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  EXPECT(((const struct fuse_statfs_out *)answer_body(&g))->st.bsize > 0);
  uint64_t node = look_up(&g, "file");
  uint64_t handle = open_node(&g, FUSE_OPEN, node);
  struct fuse_flush_in flush = {.fh = handle};
  build(&r, FUSE_FLUSH, node, &flush, sizeof flush, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  struct fuse_fallocate_in allocate = {.fh = handle, .length = 10, .mode = 3};
  build(&r, FUSE_FALLOCATE, node, &allocate, sizeof allocate, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EOPNOTSUPP);

  test("offsets beyond all files, cookies nobody gave, portions too small");
  struct fuse_write_in put = {.fh = handle, .offset = UINT64_MAX, .size = 1};
  build(&r, FUSE_WRITE, node, &put, sizeof put, "x", 1);
  EXPECT_EQUAL(ask(&g, &r), EINVAL);
  struct fuse_read_in list = {.fh = open_node(&g, FUSE_OPENDIR, FUSE_ROOT_ID), .size = 40};
  build(&r, FUSE_READDIR, FUSE_ROOT_ID, &list, sizeof list, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), 0);
  list.size = 20;
  build(&r, FUSE_READDIR, FUSE_ROOT_ID, &list, sizeof list, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EINVAL);
  list.size = 4096, list.offset = UINT64_MAX;
  build(&r, FUSE_READDIR, FUSE_ROOT_ID, &list, sizeof list, NULL, 0);
  EXPECT_EQUAL(ask(&g, &r), EINVAL);
  guest_close(&g);

  test("a request in one-byte descriptors is served all the same");
  guest_open(&g);
  struct fuse_init_in in = {.major = 7, .minor = 31};
  build(&r, FUSE_INIT, 0, &in, 16, NULL, 0);
  memcpy(physical_bytes(&g.h, REQUEST_AT, r.header.len), &r, r.header.len);
  for (uint16_t i = 0; i < r.header.len; i++)
    raw_set(&g.h, FS, 0, i, REQUEST_AT + i, 1, NEXT, i + 1);
  raw_set(&g.h, FS, 0, (uint16_t)r.header.len, REPLY_AT, 7, WRITE | NEXT,
          (uint16_t)(r.header.len + 1));
  raw_set(&g.h, FS, 0, (uint16_t)(r.header.len + 1), REPLY_AT + 7, 500, WRITE, 0);
  raw_offer(&g.h, FS, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, FS, 0, &g.fault), DEVICE_OK);
  EXPECT_EQUAL(answer(&g)->error, 0);
  EXPECT_EQUAL(raw_used(&g.h, FS, 0)->ring[0].length,
               sizeof(struct fuse_out_header) + sizeof(struct fuse_init_out));
  guest_close(&g);
}

/* ---- Polled queues -----------------------------------------------------------------------------
 */

/* What is put into a queue without a notification passes the same checks. */
static void test_polled(void) {
  struct guest g;
  bool any = false;
  guest_open(&g);
  struct device *fs = g.h.devices[FS];
  test("a polled queue: told to the guest, and nothing is served that is not there");
  EXPECT_EQUAL(device_set_polling(fs, true, &g.fault), DEVICE_OK);
  EXPECT_EQUAL(raw_used(&g.h, FS, 0)->flags, ABI_VIRTQ_NO_NOTIFY);
  EXPECT_EQUAL(raw_used(&g.h, FS, 1)->flags, ABI_VIRTQ_NO_NOTIFY);
  EXPECT_EQUAL(device_poll(fs, &any, &g.fault), DEVICE_OK);
  EXPECT(!any);
  /* The flag is the guest's memory; what it says there does not matter. */
  raw_used(&g.h, FS, 1)->flags = 0xffff;
  EXPECT_EQUAL(device_poll(fs, &any, &g.fault), DEVICE_OK);
  EXPECT(!any);

  test("a polled queue with nonsense in it is a fault");
  raw_set(&g.h, FS, 1, 0, MEMORY_BYTES, 16, 0, 0);
  raw_offer(&g.h, FS, 1, 0);
  EXPECT_EQUAL(device_poll(fs, &any, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "outside memory", __LINE__);
  guest_close(&g);
  guest_open(&g);
  EXPECT_EQUAL(device_set_polling(g.h.devices[FS], true, &g.fault), DEVICE_OK);
  raw_avail(&g.h, FS, 0)->index = 500;
  EXPECT_EQUAL(device_poll(g.h.devices[FS], &any, &g.fault), DEVICE_GUEST_FAULT);
  expect_text(&g, "available index jumped", __LINE__);
  guest_close(&g);

  test("a polled queue whose rings are not in memory is a fault");
  guest_open(&g);
  g.h.devices[FS]->abi.rings = MEMORY_BYTES;
  EXPECT_EQUAL(device_set_polling(g.h.devices[FS], true, &g.fault), DEVICE_GUEST_FAULT);
  EXPECT_EQUAL(device_poll(g.h.devices[FS], &any, &g.fault), DEVICE_GUEST_FAULT);
  guest_close(&g);

  test("queues that are not polled are left alone");
  guest_open(&g);
  EXPECT_EQUAL(device_set_polling(g.h.devices[CONSOLE], true, &g.fault), DEVICE_OK);
  raw_set(&g.h, CONSOLE, 7, 0, MEMORY_BYTES, 16, 0, 0);
  raw_offer(&g.h, CONSOLE, 7, 0);
  any = false;
  EXPECT_EQUAL(device_poll(g.h.devices[CONSOLE], &any, &g.fault), DEVICE_OK);
  EXPECT(!any);
  guest_close(&g);
}

static void make_file(const char *name) {
  char path[96];
  snprintf(path, sizeof path, "%s/%s", share, name);
  close(open(path, O_WRONLY | O_CREAT, 0666));
}

int main(void) {
  unsigned descriptors = count_descriptors();
  make_tree(share);
  make_file("file");
  make_file("other");
  test_rings();
  test_indexes();
  test_kinds();
  test_names();
  test_numbers();
  test_session();
  test_errors();
  test_polled();
  test("nothing stays open");
  EXPECT_EQUAL(count_descriptors(), descriptors);
  remove_tree(share);
  return finish();
}
