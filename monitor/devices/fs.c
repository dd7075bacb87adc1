/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-fs (virtio 1.2, section 5.11): takes FUSE requests from the queues, checks their framing
 * against fuse_requests.def, lets the handler act and writes the reply.
 *
 * Two kinds of failure. A request that a correct client would never send (wrong lengths, a name
 * with '/', an unknown node) is a fault and ends the VM. Everything that depends on the files is
 * answered with an errno, as FUSE does. */
#include "monitor/devices/fs.h"
#include "abi/virtqueue.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors for nodes and handles. More are not asked for even where the hard limit allows them:
 * each pins kernel memory on behalf of a hostile guest. */
#define FS_DESCRIPTORS_MAX 65536u

struct request_kind {
  const char *name; /* NULL: not served */
  fs_handler *handler;
  const char *strings;
  uint32_t body;
  uint32_t reply;
  uint32_t flags;
};

static const struct request_kind request_kinds[] = {
#define FUSE_REQUEST(opcode, handler, body, strings, reply, flags)                                 \
  [FUSE_##opcode] = {#opcode, fs_##handler, strings, body, reply, flags},
#include "monitor/devices/fuse_requests.def"
};

/* Opcodes are sparse: places without a name are requests that nobody serves. */
static const struct request_kind *find_kind(uint32_t opcode) {
  if (opcode >= sizeof request_kinds / sizeof request_kinds[0] || !request_kinds[opcode].name)
    return NULL;
  return &request_kinds[opcode];
}

/* The reason reads "FUSE LOOKUP: a name has a '/'". The guest's own bytes are never part of it. */
int fs_fault(struct fs_request *request, const char *format, ...) {
  const struct request_kind *kind = find_kind(request->header.opcode);
  char text[sizeof request->fault->text - 32];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  device_fault(request->fault, "FUSE %s: %s", kind ? kind->name : "request", text);
  return FS_FAULT;
}

/* ---- Framing --------------------------------------------------------------------------------- */

/* A name has one component and moves neither here nor up. */
static int check_name(struct fs_request *request, const char *name) {
  if (name[0] == 0)
    return fs_fault(request, "a name is empty");
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return fs_fault(request, "the name '%s' is not allowed", name);
  if (strchr(name, '/'))
    return fs_fault(request, "a name has a '/'");
  return strlen(name) > NAME_MAX ? ENAMETOOLONG : 0;
}

/* Splits the bytes behind the body into the strings there must be. A name that is too long is the
 * only thing that a correct client may do wrong here. */
static int split_strings(struct fs_request *request, const char *kinds, const char *bytes,
                         size_t length) {
  int result = 0;
  for (size_t i = 0; kinds[i]; i++) {
    const char *end = memchr(bytes, 0, length);
    if (!end)
      return fs_fault(request, "a string has no end");
    request->strings[i] = bytes;
    length -= (size_t)(end + 1 - bytes);
    bytes = end + 1;
    int checked = kinds[i] == 'n' ? check_name(request, request->strings[i]) : 0;
    if (checked == FS_FAULT)
      return FS_FAULT;
    if (checked)
      result = checked;
  }
  return length ? fs_fault(request, "%zu bytes too many", length) : result;
}

/* A handle is good for the node and the kind of request it was opened for. Ours and every correct
 * client keep them together, so anything else is a guest that guesses numbers. */
static int find_handle(struct fs *fs, struct fs_request *request, bool directory) {
  uint64_t id;
  memcpy(&id, request->body, sizeof id); /* `fh` comes first in all these bodies */
  struct fs_handle *handle = (struct fs_handle *)fs_table_find(&fs->handles, id);
  if (!handle)
    return fs_fault(request, "unknown handle 0x%llx", (unsigned long long)id);
  if (handle->node != request->header.nodeid || handle->directory != directory)
    return fs_fault(request, "handle 0x%llx is not one of this node's", (unsigned long long)id);
  request->handle = handle;
  return 0;
}

/* Copies in and checks all but what only the handler knows. 0, an errno to answer, or FS_FAULT. */
static int check_request(struct fs *fs, struct fs_request *request,
                         const struct request_kind *kind) {
  const struct virtqueue_chain *chain = request->chain;
  /* The header has been copied already; WRITE's data is never copied here. */
  size_t left = chain->readable_bytes - sizeof request->header;
  if (left < kind->body)
    return fs_fault(request, "%zu bytes behind the header, %u needed", left, kind->body);
  size_t want = kind->flags & FS_DATA ? kind->body : left;
  if (want > FS_REQUEST_MAX)
    return fs_fault(request, "%zu bytes are too long", left);
  virtqueue_copy_in(chain, sizeof request->header, fs->request, want);
  request->body = fs->request;
  request->body_size = kind->flags & FS_LONGER ? want : kind->body;

  int result = split_strings(request, kind->strings, (const char *)fs->request + request->body_size,
                             want - request->body_size);
  if (result == FS_FAULT)
    return FS_FAULT;
  /* Numbers come before EROFS and ENAMETOOLONG: a bad one is a fault whatever else is wrong. */
  if (!(kind->flags & FS_NO_NODE)) {
    request->node = (struct fs_node *)fs_table_find(&fs->nodes, request->header.nodeid);
    if (!request->node)
      return fs_fault(request, "unknown node 0x%llx", (unsigned long long)request->header.nodeid);
  }
  if ((kind->flags & (FS_FILE | FS_DIRECTORY)) &&
      find_handle(fs, request, kind->flags & FS_DIRECTORY) == FS_FAULT)
    return FS_FAULT;
  if (result == 0 && fs->read_only && (kind->flags & FS_CHANGES))
    return EROFS;
  return result;
}

/* Makes sure that whatever is done can also be answered. */
static int check_room(struct fs_request *request, const struct request_kind *kind) {
  if (kind && (kind->flags & FS_NO_REPLY))
    return 0;
  uint64_t least = sizeof(struct fuse_out_header) + (kind ? kind->reply : 0);
  if (request->chain->writable_bytes < least)
    return fs_fault(request, "the reply needs %llu bytes, %llu are writable",
                    (unsigned long long)least, (unsigned long long)request->chain->writable_bytes);
  request->room = request->chain->writable_bytes - sizeof(struct fuse_out_header);
  return 0;
}

/* ---- Serving --------------------------------------------------------------------------------- */

/* All checks, then the act. What is answered with an errno here has changed nothing. */
static int dispatch(struct fs *fs, struct fs_request *request, const struct request_kind *kind) {
  if (check_room(request, kind) == FS_FAULT)
    return FS_FAULT;
  if (!kind)
    return ENOSYS;
  int result = check_request(fs, request, kind);
  if (result)
    return result;
  if (!fs->initialised && kind->handler != fs_init)
    return EIO;
  /* Padding and reserved fields go out as zeros, not as what an earlier reply left. */
  request->reply_size = kind->reply;
  memset(fs->reply, 0, kind->reply);
  return kind->handler(fs, request);
}

/* A failed request is answered with the header alone (linux/fuse.h: error < 0). Returns the bytes
 * written, for the used ring. */
static uint32_t write_reply(struct fs *fs, const struct fs_request *request, int error) {
  size_t body = error ? 0 : request->reply_size;
  struct fuse_out_header header = {
      .len = (uint32_t)(sizeof header + body), .error = -error, .unique = request->header.unique};
  virtqueue_copy_out(request->chain, 0, &header, sizeof header);
  if (!request->reply_in_place)
    virtqueue_copy_out(request->chain, sizeof header, fs->reply, body);
  return header.len;
}

/* The framing that does not depend on the opcode: a whole header whose length is the truth. Both
 * queues serve all requests; keeping FORGETs to the first one is the client's duty. */
static enum device_result serve_request(struct device *device, uint32_t queue,
                                        const struct virtqueue_chain *chain, uint32_t *used,
                                        struct guest_fault *fault) {
  struct fs *fs = (struct fs *)device;
  struct fs_request request = {.chain = chain, .fault = fault};
  struct fuse_in_header *header = &request.header;
  if (virtqueue_copy_in(chain, 0, header, sizeof *header) < sizeof *header)
    return device_fault(fault, "virtio-fs queue %u: %llu bytes are no FUSE header", queue,
                        (unsigned long long)chain->readable_bytes);
  if (header->len != chain->readable_bytes)
    return device_fault(fault, "virtio-fs queue %u: FUSE header says %u bytes, there are %llu",
                        queue, header->len, (unsigned long long)chain->readable_bytes);
  if (header->total_extlen)
    return device_fault(fault, "virtio-fs queue %u: FUSE extensions were not offered", queue);

  const struct request_kind *kind = find_kind(header->opcode);
  int error = dispatch(fs, &request, kind);
  if (error == FS_FAULT)
    return DEVICE_GUEST_FAULT;
  if (!kind || !(kind->flags & FS_NO_REPLY))
    *used = write_reply(fs, &request, error);
  return DEVICE_OK;
}

static enum device_result notify_fs(struct device *device, uint32_t queue,
                                    struct guest_fault *fault) {
  return virtqueue_serve(device, queue, serve_request, fault);
}

/* ---- Session --------------------------------------------------------------------------------- */

/* Versions as linux/fuse.h says: the smaller minor of both; from 7.31 on all that is served here
 * has the form it has today. Of the features only those are granted that the server has and the
 * client asked for. A second INIT is refused: nodes of the first session are still there. */
int fs_init(struct fs *fs, struct fs_request *request) {
  const struct fuse_init_in *in = request->body; /* its first FS_INIT_IN_MIN bytes */
  struct fuse_init_out *out = (struct fuse_init_out *)fs->reply;
  if (fs->initialised)
    return EIO;
  out->major = FUSE_KERNEL_VERSION;
  out->minor = FUSE_KERNEL_MINOR_VERSION;
  if (in->major > FUSE_KERNEL_VERSION)
    return 0; /* linux/fuse.h: the client tries again with this major version */
  if (in->major < FUSE_KERNEL_VERSION || in->minor < 31)
    return EPROTO;
  if (in->minor < out->minor)
    out->minor = in->minor;
  out->max_readahead = in->max_readahead;
  out->flags =
      in->flags & (FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS);
  out->max_background = ABI_QUEUE_SIZE;
  out->congestion_threshold = ABI_QUEUE_SIZE;
  out->max_write = FS_IO_MAX;
  out->max_pages = FS_IO_MAX / 4096;
  out->time_gran = 1; /* nanoseconds */
  fs->initialised = true;
  return 0;
}

/* Ends the session: all nodes but the root and all handles go. INIT may start another. */
int fs_destroy(struct fs *fs, struct fs_request *request) {
  (void)request;
  fs_clear(fs);
  fs->initialised = false;
  return 0;
}

static void destroy_fs(struct device *device) {
  struct fs *fs = (struct fs *)device;
  fs_clear(fs);
  if (fs->root) {
    close(fs->root->fd);
    free(fs->root);
  }
  if (fs->descriptors >= 0)
    close(fs->descriptors);
  free(fs->nodes.entries);
  free(fs->handles.entries);
  free(fs);
}

static const struct device_ops fs_ops = {notify_fs, destroy_fs};

/* The soft limit is often 1024, too few for a program that keeps many files open. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
    return;
  rlim_t want = limit.rlim_max < FS_DESCRIPTORS_MAX ? limit.rlim_max : FS_DESCRIPTORS_MAX;
  if (limit.rlim_cur >= want)
    return;
  limit.rlim_cur = want;
  setrlimit(RLIMIT_NOFILE, &limit);
}

struct device *fs_create(const struct device_host *host, int directory, bool read_only,
                         enum fs_cache cache, const char **error) {
  struct fs *fs = calloc(1, sizeof *fs);
  if (!fs) {
    close(directory);
    *error = "no memory";
    return NULL;
  }
  fs->device.ops = &fs_ops;
  fs->device.host = host;
  fs->device.abi = (struct abi_device){.type = ABI_DEVICE_FS,
                                       .queue_count = ABI_FS_QUEUES,
                                       .features = ABI_FEATURE_VERSION_1 | ABI_FEATURE_IN_ORDER,
                                       .flags = read_only ? ABI_DEVICE_READ_ONLY : 0};
  fs->device.polled = 1u << ABI_FS_HIPRIO_QUEUE | 1u << ABI_FS_REQUEST_QUEUE;
  fs->read_only = read_only;
  fs->cache = cache;
  struct stat status;
  struct fs_node *root;
  int failed = fs_node_adopt(fs, directory, &root, &status);
  if (!failed && !S_ISDIR(status.st_mode))
    failed = ENOTDIR;
  fs->descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (failed)
    *error = strerror(failed);
  else if (fs->descriptors < 0)
    *error = "cannot open /proc/self/fd, which the file server needs";
  if (failed || fs->descriptors < 0) {
    destroy_fs(&fs->device);
    return NULL;
  }
  raise_descriptor_limit();
  return &fs->device;
}
