/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The FUSE client against a server that is not ours: one that offers less, counts handles from 0,
 * wants FLUSH, or talks nonsense. */
#include "monitor/devices/virtqueue.h"
#include "tests/devices/harness.h"
#include <errno.h>
#include <linux/fuse.h>
#include <string.h>

/* How the server behaves, and what it saw. */
struct server {
  struct device device; /* first */
  struct fuse_init_out init;
  uint32_t open_flags;
  uint64_t node;         /* given in every entry */
  uint64_t valid;        /* seconds, said of entries */
  uint64_t unique_error; /* added to the answer's unique */
  int32_t error;         /* answered to everything but INIT */
  uint32_t length_error; /* added to the answer's length */
  uint32_t data;         /* bytes answered to READ and READDIR; all there is room for: ~0 */
  uint32_t name_length;  /* of READDIR's first entry */
  char log[400];         /* opcodes seen, "26 1 14 ..." */
  uint32_t largest;      /* READ or WRITE */
  uint32_t truncations;  /* SETATTRs with FATTR_SIZE */
  uint32_t flags;        /* of the last OPEN or CREATE */
  uint64_t handle;       /* of the last RELEASE */
  uint32_t forgotten;    /* nodes in BATCH_FORGETs */
};

/* The body of an answer; returns its length. */
static size_t fill_answer(struct server *s, const struct fuse_in_header *in, const uint8_t *body,
                          uint8_t *out) {
  const struct fuse_read_in *data = (const void *)body;
  struct fuse_entry_out *entry = (void *)out;
  struct fuse_open_out *open = (void *)out;
  switch (in->opcode) {
  case FUSE_INIT:
    memcpy(out, &s->init, sizeof s->init);
    return sizeof s->init;
  case FUSE_LOOKUP:
  case FUSE_MKDIR:
    entry->nodeid = s->node;
    entry->entry_valid = entry->attr_valid = s->valid;
    return sizeof *entry;
  case FUSE_CREATE:
    entry->nodeid = s->node;
    open = (void *)(entry + 1);
    open->open_flags = s->open_flags;
    s->flags = ((const struct fuse_create_in *)body)->flags;
    return sizeof *entry + sizeof *open;
  case FUSE_OPENDIR:
    return sizeof *open;
  case FUSE_OPEN:
    s->flags = ((const struct fuse_open_in *)body)->flags;
    open->open_flags = s->open_flags;
    return sizeof *open;
  case FUSE_SETATTR:
    s->truncations += (((const struct fuse_setattr_in *)body)->valid & FATTR_SIZE) != 0;
    return sizeof(struct fuse_attr_out);
  case FUSE_RELEASE:
    s->handle = ((const struct fuse_release_in *)body)->fh;
    return 0;
  case FUSE_READ:
  case FUSE_READDIR:
    if (data->size > s->largest)
      s->largest = data->size;
    memcpy(out + offsetof(struct fuse_dirent, namelen), &s->name_length, 4);
    return s->data < data->size ? s->data : data->size;
  case FUSE_WRITE:
    if (data->size > s->largest)
      s->largest = data->size;
    ((struct fuse_write_out *)out)->size = s->data < data->size ? s->data : data->size;
    return sizeof(struct fuse_write_out);
  }
  return 0;
}

static enum device_result answer(struct device *device, uint32_t queue,
                                 const struct virtqueue_chain *chain, uint32_t *used,
                                 struct guest_fault *fault) {
  (void)queue, (void)fault;
  struct server *s = (struct server *)device;
  struct {
    struct fuse_in_header header;
    _Alignas(8) uint8_t body[256];
  } in = {0};
  static _Alignas(8) uint8_t body[2 << 20];
  virtqueue_copy_in(chain, 0, &in, sizeof in);
  size_t at = strlen(s->log);
  snprintf(s->log + at, sizeof s->log - at, "%u ", in.header.opcode);
  if (in.header.opcode == FUSE_BATCH_FORGET) {
    s->forgotten += ((const struct fuse_batch_forget_in *)in.body)->count;
    return DEVICE_OK;
  }
  memset(body, 0, 4096);
  size_t length = fill_answer(s, &in.header, in.body, body);
  struct fuse_out_header out = {.unique = in.header.unique};
  if (in.header.opcode != FUSE_INIT) {
    out.unique += s->unique_error;
    out.error = s->error;
    if (s->error)
      length = 0;
  }
  out.len = (uint32_t)(sizeof out + length);
  if (in.header.opcode != FUSE_INIT)
    out.len += s->length_error;
  virtqueue_copy_out(chain, 0, &out, sizeof out);
  virtqueue_copy_out(chain, sizeof out, body, length);
  *used = (uint32_t)(sizeof out + length);
  return DEVICE_OK;
}

static enum device_result notify(struct device *device, uint32_t queue, struct guest_fault *fault) {
  return virtqueue_serve(device, queue, answer, fault);
}

static void destroy(struct device *device) {
  (void)device;
}

static const struct device_ops server_ops = {notify, destroy};

struct session {
  struct harness h;
  struct server server;
  struct wasi_fs *fs;
  bool in_order; /* the next one promises to be */
};

static void session_open(struct session *s) {
  harness_open(&s->h);
  harness_scatter(&s->h);
  s->server = (struct server){
      .device = {.ops = &server_ops,
                 .host = &s->h.host,
                 .abi = {.type = ABI_DEVICE_FS,
                         .queue_count = ABI_FS_QUEUES,
                         .features = s->in_order ? ABI_FEATURE_IN_ORDER : 0}},
      .init = {.major = 7, .minor = 31, .max_write = 1 << 20, .flags = FUSE_ATOMIC_O_TRUNC},
      .open_flags = FOPEN_NOFLUSH,
      .node = 2,
      .data = UINT32_MAX};
  s->fs = fuse_open(&s->h.machine, &s->h.boot, harness_add(&s->h, &s->server.device), NULL);
}

static int look(struct session *s) {
  wasi_node node;
  struct wasi_attr attr;
  return s->fs->ops->lookup(s->fs, WASI_ROOT_NODE, "x", 1, &node, &attr);
}

/* A file is looked up before it is opened; what that says is not logged. */
static wasi_handle open_file(struct session *s, uint32_t flags) {
  wasi_handle handle = 0;
  EXPECT_EQUAL(look(s), 0);
  s->server.log[0] = 0;
  EXPECT_EQUAL(s->fs->ops->open(s->fs, 2, flags, &handle), 0);
  return handle;
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

static void test_versions(struct session *s) {
  static const uint32_t refused[][2] = {{6, 31}, {8, 0}, {7, 30}, {0, 0}};
  for (size_t i = 0; i < 4; i++) {
    session_open(s);
    if (i == 0)
      test("a server of another version: EPROTO, asked once");
    s->server.init.major = refused[i][0];
    s->server.init.minor = refused[i][1];
    EXPECT_EQUAL(look(s), EPROTO);
    EXPECT_EQUAL(look(s), EPROTO);
    EXPECT_EQUAL(strcmp(s->server.log, "26 "), 0);
    harness_close(&s->h);
  }
  test("a newer minor version is taken; INIT comes first, and once");
  session_open(s);
  s->server.init.minor = 44;
  EXPECT_EQUAL(strcmp(s->server.log, ""), 0);
  EXPECT_EQUAL(look(s), 0);
  EXPECT_EQUAL(look(s), 0);
  EXPECT_EQUAL(strcmp(s->server.log, "26 1 1 "), 0);
  harness_close(&s->h);
}

/* ---- Fewer offers ------------------------------------------------------------------------------
 */

static void test_offers(struct session *s) {
  wasi_node node;
  wasi_handle handle;
  struct wasi_attr attr;
  size_t count;
  session_open(s);
  test("a server's handle 0 is one");
  handle = open_file(s, WASI_O_RDWR | WASI_O_CREAT | WASI_O_TRUNC);
  EXPECT(handle != 0);
  EXPECT_EQUAL(s->server.flags, WASI_O_RDWR | WASI_O_TRUNC);
  s->server.handle = 77;
  EXPECT_EQUAL(s->fs->ops->release(s->fs, 2, handle), 0);
  EXPECT_EQUAL(s->server.handle, 0);
  EXPECT_EQUAL(strcmp(s->server.log, "14 18 "), 0);

  test("FLUSH before RELEASE where the server does not waive it");
  s->server.open_flags = 0;
  s->server.log[0] = 0;
  EXPECT_EQUAL(s->fs->ops->open(s->fs, 2, WASI_O_RDWR, &handle), 0);
  EXPECT_EQUAL(s->fs->ops->release(s->fs, 2, handle), 0);
  EXPECT_EQUAL(strcmp(s->server.log, "14 25 18 "), 0);
  harness_close(&s->h);

  test("truncation is a request of its own where opening does not do it");
  session_open(s);
  s->server.init.flags = 0;
  open_file(s, WASI_O_RDWR | WASI_O_TRUNC);
  EXPECT_EQUAL(s->server.truncations, 1);
  EXPECT_EQUAL(s->server.flags, WASI_O_RDWR);
  harness_close(&s->h);

  test("requests keep to the server's size");
  session_open(s);
  struct wasi_slice slice = {s->h.linear, 1 << 20};
  handle = open_file(s, WASI_O_RDWR);
  EXPECT_EQUAL(s->fs->ops->read(s->fs, 2, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 1 << 20);
  EXPECT_EQUAL(s->server.largest, 32 * 4096); /* without FUSE_MAX_PAGES */
  harness_close(&s->h);
  session_open(s);
  s->server.init.max_write = 5000;
  handle = open_file(s, WASI_O_RDWR);
  EXPECT_EQUAL(s->fs->ops->write(s->fs, 2, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 1 << 20);
  EXPECT_EQUAL(s->server.largest, 5000);
  s->server.data = 100;
  EXPECT_EQUAL(s->fs->ops->write(s->fs, 2, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 100);

  test("an entry without a node is no entry");
  s->server.node = 0;
  EXPECT_EQUAL(look(s), ENOENT);
  EXPECT_EQUAL(s->fs->ops->mkdir(s->fs, WASI_ROOT_NODE, "d", 1, 0777), 0);
  EXPECT_EQUAL(s->fs->ops->create(s->fs, WASI_ROOT_NODE, "f", 1, 0, 0666, &node, &handle, &attr),
               EIO);
  harness_close(&s->h);
}

/* ---- Forgetting --------------------------------------------------------------------------------
 */

static void test_forgets(struct session *s) {
  test("forgets go in batches, or when something runs short");
  session_open(s);
  for (int i = 0; i < 64; i++) {
    EXPECT_EQUAL(look(s), 0);
    EXPECT_EQUAL(s->server.forgotten, 0);
    s->server.log[0] = 0;
    s->fs->ops->forget(s->fs, 2);
  }
  EXPECT_EQUAL(s->server.forgotten, 64);
  EXPECT_EQUAL(strcmp(s->server.log, "42 "), 0);
  EXPECT_EQUAL(s->fs->ops->mkdir(s->fs, WASI_ROOT_NODE, "d", 1, 0777), 0);
  s->server.log[0] = 0;
  s->server.error = -EMFILE;
  EXPECT_EQUAL(look(s), EMFILE);
  EXPECT_EQUAL(s->server.forgotten, 65);
  EXPECT_EQUAL(strcmp(s->server.log, "1 42 1 "), 0);
  EXPECT_EQUAL(look(s), EMFILE); /* nothing left to give back: not tried again */
  EXPECT_EQUAL(strcmp(s->server.log, "1 42 1 1 "), 0);
  harness_close(&s->h);
}

/* ---- Nonsense ----------------------------------------------------------------------------------
 */

static bool count_entry(void *context, const struct wasi_dirent *entry) {
  (void)entry;
  ++*(unsigned *)context;
  return true;
}

static void test_nonsense(struct session *s) {
  size_t count;
  unsigned entries = 0;
  session_open(s);
  test("answers that cannot be");
  s->server.unique_error = 1;
  EXPECT_EQUAL(look(s), EIO);
  s->server.unique_error = 0;
  s->server.error = 5;
  EXPECT_EQUAL(look(s), EIO);
  s->server.error = INT32_MIN;
  EXPECT_EQUAL(look(s), EIO);
  s->server.error = -4095;
  EXPECT_EQUAL(look(s), 4095);
  s->server.error = 0;
  s->server.length_error = 1;
  EXPECT_EQUAL(look(s), EIO);
  s->server.length_error = (uint32_t)-100;
  EXPECT_EQUAL(look(s), EIO);
  struct wasi_slice slice = {s->h.linear, 100};
  s->server.length_error = 0;
  wasi_handle handle = open_file(s, WASI_O_RDONLY);
  s->server.length_error = 1;
  EXPECT_EQUAL(s->fs->ops->read(s->fs, 2, handle, 0, &slice, 1, &count), EIO);
  s->server.length_error = 0;
  EXPECT_EQUAL(look(s), 0);

  test("listings that cannot be");
  EXPECT_EQUAL(s->fs->ops->opendir(s->fs, WASI_ROOT_NODE, &handle), 0);
  s->server.data = 24;
  EXPECT_EQUAL(s->fs->ops->readdir(s->fs, WASI_ROOT_NODE, handle, 0, count_entry, &entries), EIO);
  s->server.name_length = 100;
  EXPECT_EQUAL(s->fs->ops->readdir(s->fs, WASI_ROOT_NODE, handle, 0, count_entry, &entries), EIO);
  s->server.name_length = UINT32_MAX;
  EXPECT_EQUAL(s->fs->ops->readdir(s->fs, WASI_ROOT_NODE, handle, 0, count_entry, &entries), EIO);
  s->server.data = 23;
  EXPECT_EQUAL(s->fs->ops->readdir(s->fs, WASI_ROOT_NODE, handle, 0, count_entry, &entries), EIO);
  EXPECT_EQUAL(entries, 0);
  harness_close(&s->h);
}

/* ---- Requests that nobody waits for ------------------------------------------------------------
 */

/* A server that looks at its queue by itself, and lets everything be remembered. */
static void session_open_polled(struct session *s) {
  struct guest_fault fault;
  session_open(s);
  s->server.device.polled = 3;
  s->server.valid = 1000;
  EXPECT_EQUAL(device_set_polling(&s->server.device, true, &fault), DEVICE_OK);
}

static int write_word(struct session *s, wasi_handle handle) {
  size_t count = 0;
  struct wasi_slice slice = {s->h.linear, 4};
  int error = s->fs->ops->write(s->fs, 2, handle, 0, &slice, 1, &count);
  EXPECT_EQUAL(count, error ? 0 : 4);
  return error;
}

static void test_posted(struct session *s) {
  struct guest_fault fault;
  bool any;
  session_open_polled(s);
  test("a server that does not promise its order is waited for");
  wasi_handle handle = open_file(s, WASI_O_RDWR);
  s->server.log[0] = 0;
  EXPECT_EQUAL(write_word(s, handle), 0);
  EXPECT_EQUAL(strcmp(s->server.log, "16 "), 0);
  harness_close(&s->h);

  s->in_order = true;
  session_open_polled(s);
  test("one that does is not; its answers are checked when they are there");
  handle = open_file(s, WASI_O_RDWR);
  s->server.log[0] = 0;
  EXPECT_EQUAL(write_word(s, handle), 0);
  EXPECT_EQUAL(strcmp(s->server.log, ""), 0);
  s->server.unique_error = 1;
  EXPECT_EQUAL(device_poll(&s->server.device, &any, &fault), DEVICE_OK);
  EXPECT_EQUAL(strcmp(s->server.log, "16 "), 0);
  EXPECT_EQUAL(write_word(s, handle), EIO);
  s->server.unique_error = 0;
  s->server.error = INT32_MIN;
  EXPECT_EQUAL(write_word(s, handle), 0);
  EXPECT_EQUAL(device_poll(&s->server.device, &any, &fault), DEVICE_OK);
  EXPECT_EQUAL(write_word(s, handle), EIO);
  s->server.error = 0;

  test("a server that writes less than it was given, again and again: an error, no loop");
  s->server.data = 1;
  EXPECT_EQUAL(write_word(s, handle), 0);
  EXPECT_EQUAL(device_poll(&s->server.device, &any, &fault), DEVICE_OK);
  s->server.log[0] = 0;
  EXPECT_EQUAL(write_word(s, handle), ENOSPC);
  EXPECT(strlen(s->server.log) <= strlen("42 16 "));
  harness_close(&s->h);
  s->in_order = false;
}

int main(void) {
  static struct session s;
  test_versions(&s);
  test_offers(&s);
  test_forgets(&s);
  test_nonsense(&s);
  test_posted(&s);
  return finish();
}
