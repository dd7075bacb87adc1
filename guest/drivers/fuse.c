/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The FUSE client's transport (linux/fuse.h, virtio 1.2 section 5.11): INIT, requests, forgets. */
#include "guest/drivers/fuse.h"
#include <string.h>

/* What we speak: 7.31 has all we use, and every server of today has it. */
#define FUSE_CLIENT_MINOR 31u
/* Descriptors that a request with data shall find free, as long as others are on their way. */
#define LEAST_ROOM 32u
/* Servers that do not say FUSE_MAX_PAGES take 32 pages a request. */
#define FUSE_DEFAULT_IO (32u * 4096)

static struct fuse_in_header *request_header(struct fuse *fuse) {
  return (struct fuse_in_header *)fuse->request;
}

const void *fuse_reply(const struct fuse *fuse) {
  return fuse->reply + sizeof(struct fuse_out_header);
}

/* ---- Building -------------------------------------------------------------------------------- */

/* The request's buffer holds header, body and strings in a row. uid, gid and pid stay 0: the server
 * acts as itself. Later parts are added at header->len. */
static void *begin_request(struct fuse *fuse, uint32_t opcode, wasi_node node, size_t body_size) {
  struct fuse_in_header *header = request_header(fuse);
  memset(fuse->request, 0, sizeof *header + body_size);
  header->len = (uint32_t)(sizeof *header + body_size);
  header->opcode = opcode;
  header->nodeid = node;
  return header + 1;
}

void fuse_add_string(struct fuse *fuse, const char *string, size_t length) {
  struct fuse_in_header *header = request_header(fuse);
  memcpy(fuse->request + header->len, string, length);
  fuse->request[header->len + length] = 0;
  header->len += (uint32_t)length + 1;
}

int fuse_add_name(struct fuse *fuse, const char *name, size_t length) {
  if (length == 0)
    return LINUX_ENOENT;
  if (length > FUSE_NAME_BYTES_MAX)
    return LINUX_ENAMETOOLONG;
  fuse_add_string(fuse, name, length);
  return 0;
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Puts request, reply and data into the queue, in the order that virtio demands: what the device
 * reads, then what it writes. False: some of it is not mapped. */
static bool build_chain(struct fuse *fuse, size_t reply_length, struct fuse_data *data) {
  struct virtqueue *queue = &fuse->requests;
  struct fuse_in_header *header = request_header(fuse);
  size_t fixed = header->len;
  virtqueue_begin(queue, LEAST_ROOM);
  if (virtqueue_add(queue, fuse->request, fixed, false, 0) < fixed)
    return false;
  /* The reply's fixed part lies in two pages at most. */
  if (data && !data->to_guest)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       fuse->io_max, false, 2);
  if (virtqueue_add(queue, fuse->reply, reply_length, true, 0) < reply_length)
    return false;
  if (data && data->to_guest)
    data->added = virtqueue_add_slices(queue, data->slices, data->slice_count, data->skip,
                                       fuse->io_max, true, 0);
  return !data || data->added > 0;
}

/* Sends the request once and checks the answer's form. 0, or the errno that the server says. */
static int exchange(struct fuse *fuse, size_t reply_size, struct fuse_data *data) {
  struct fuse_in_header *header = request_header(fuse);
  const struct fuse_out_header *out = (const struct fuse_out_header *)fuse->reply;
  uint32_t fixed = header->len;
  if (!build_chain(fuse, sizeof *out + reply_size, data))
    return LINUX_EFAULT;
  header->unique = ++fuse->unique;
  /* How much data there is room for is known only now; the device has seen nothing yet. */
  if (data && !data->to_guest)
    header->len = fixed + (uint32_t)data->added;
  if (data && data->size)
    *data->size = (uint32_t)data->added;
  fuse_post_forgets(fuse);
  uint32_t used = virtqueue_submit(&fuse->requests);
  header->len = fixed;
  fuse_settle(fuse);

  if (used < sizeof *out || out->unique != header->unique)
    return LINUX_EIO;
  if (out->error)
    return out->error < 0 && out->error > -4096 ? -out->error : LINUX_EIO;
  size_t least = sizeof *out + reply_size;
  size_t most = least + (data && data->to_guest ? data->added : 0);
  if (out->len < least || out->len > most)
    return LINUX_EIO;
  if (data)
    data->moved = out->len - least;
  return 0;
}

/* FORGETs have no answer and go to the queue of their own (virtio 1.2, 5.11.6.2), posted where the
 * device looks by itself. When they cannot be sent the server keeps the nodes until the VM ends. */
static void send_forgets(struct fuse *fuse) {
  struct virtqueue *queue = &fuse->hiprio;
  virtqueue_flush(&fuse->requests); /* what names the nodes and is on its way comes first */
  virtqueue_flush(queue);           /* so does the message before */
  size_t length = sizeof fuse->forget.header + sizeof fuse->forget.batch +
                  fuse->forgotten_count * sizeof fuse->forget.nodes[0];
  fuse->forget.header = (struct fuse_in_header){
      .len = (uint32_t)length, .opcode = FUSE_BATCH_FORGET, .unique = ++fuse->unique};
  fuse->forget.batch.count = fuse->forgotten_count;
  memcpy(fuse->forget.nodes, fuse->forgotten, fuse->forgotten_count * sizeof fuse->forgotten[0]);
  virtqueue_begin(queue, 0);
  if (virtqueue_add(queue, &fuse->forget, length, false, 0) == length)
    virtqueue_post(queue);
  fuse->forgotten_count = 0;
}

void fuse_forget(struct fuse *fuse, wasi_node node, uint64_t lookups) {
  fuse->forgotten[fuse->forgotten_count++] =
      (struct fuse_forget_one){.nodeid = node, .nlookup = lookups};
  if (fuse->forgotten_count == FUSE_FORGETS_MAX)
    send_forgets(fuse);
}

void fuse_post_forgets(struct fuse *fuse) {
  if (fuse->forgotten_count > 0 && virtqueue_polled(&fuse->hiprio) &&
      virtqueue_idle(&fuse->hiprio) && virtqueue_idle(&fuse->requests))
    send_forgets(fuse);
}

static bool is_shortage(int error) {
  return error == LINUX_EMFILE || error == LINUX_ENFILE || error == LINUX_ENOSPC ||
         error == LINUX_EDQUOT;
}

bool fuse_give_back(struct fuse *fuse, int error) {
  bool any = false;
  struct fuse *each = fuse;
  if (!is_shortage(error))
    return false;
  do {
    if (each->started && !each->failed && fuse_cache_purge(each)) {
      any = true;
      if (each->forgotten_count > 0)
        send_forgets(each);
      virtqueue_flush(&each->hiprio);
    }
    each = each->sibling;
  } while (each != fuse);
  return any;
}

/* A shortage may be of our own making: then what is owed is given back and the request sent once
 * more. Nothing was done the first time. */
int fuse_call_data(struct fuse *fuse, size_t reply_size, struct fuse_data *data) {
  if (fuse->failed)
    return fuse->failed;
  int error = exchange(fuse, reply_size, data);
  if (fuse_give_back(fuse, error))
    error = exchange(fuse, reply_size, data);
  return error;
}

int fuse_call(struct fuse *fuse, size_t reply_size) {
  return fuse_call_data(fuse, reply_size, NULL);
}

/* ---- Session --------------------------------------------------------------------------------- */

/* INIT. Only features that are used here are asked for; the server's limits bound every READ and
 * WRITE from now on. */
static int start_session(struct fuse *fuse) {
  struct fuse_init_in *in = begin_request(fuse, FUSE_INIT, 0, sizeof *in);
  in->major = FUSE_KERNEL_VERSION;
  in->minor = FUSE_CLIENT_MINOR;
  in->max_readahead = VIRTQUEUE_BYTES_MAX;
  in->flags = FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS;
  int error = fuse_call(fuse, sizeof(struct fuse_init_out));
  if (error)
    return error;
  const struct fuse_init_out *out = fuse_reply(fuse);
  if (out->major != FUSE_KERNEL_VERSION || out->minor < FUSE_CLIENT_MINOR)
    return LINUX_EPROTO;
  uint32_t io_max = out->flags & FUSE_MAX_PAGES ? out->max_pages * 4096u : FUSE_DEFAULT_IO;
  if (io_max > out->max_write)
    io_max = out->max_write;
  if (io_max > VIRTQUEUE_BYTES_MAX)
    io_max = VIRTQUEUE_BYTES_MAX;
  if (io_max == 0)
    return LINUX_EPROTO;
  fuse->io_max = io_max;
  fuse->can_plus = out->flags & FUSE_DO_READDIRPLUS;
  fuse->server_truncates = out->flags & FUSE_ATOMIC_O_TRUNC;
  return 0;
}

/* INIT is sent with the first operation, not while opening: programs without files never notify.
 * When it failed, the request is built all the same and fuse_call says why. */
void *fuse_begin(struct fuse *fuse, uint32_t opcode, wasi_node node, size_t body_size) {
  fuse_start(fuse);
  return begin_request(fuse, opcode, node, body_size);
}

int fuse_start(struct fuse *fuse) {
  if (!fuse->started) {
    fuse->started = true;
    fuse->failed = fuse_cache_start(fuse);
    if (!fuse->failed)
      fuse->failed = start_session(fuse);
  }
  return fuse->failed;
}

/* Nanoseconds since 1970; what does not fit is cut to the nearest that does. */
static uint64_t to_ns(uint64_t seconds, uint32_t nanoseconds) {
  if ((int64_t)seconds < 0)
    return 0;
  if (seconds >= UINT64_MAX / 1000000000u)
    return UINT64_MAX;
  return seconds * 1000000000u + nanoseconds;
}

void fuse_fill_attr(const struct fuse *fuse, const struct fuse_attr *from, struct wasi_attr *to) {
  *to = (struct wasi_attr){.ino = from->ino,
                           .dev = fuse->dev,
                           .size = from->size,
                           .nlink = from->nlink,
                           .atime_ns = to_ns(from->atime, from->atimensec),
                           .mtime_ns = to_ns(from->mtime, from->mtimensec),
                           .ctime_ns = to_ns(from->ctime, from->ctimensec),
                           .mode = from->mode};
}

static void forget_op(struct wasi_fs *fs, wasi_node node) {
  fuse_node_drop(to_fuse(fs), fuse_node_find(to_fuse(fs), node));
}

static const struct wasi_fs_ops fuse_ops = {
    .lookup = fuse_lookup,
    .forget = forget_op,
    .getattr = fuse_getattr,
    .size = fuse_size,
    .setattr = fuse_setattr,
    .readlink = fuse_readlink,
    .symlink = fuse_symlink,
    .mkdir = fuse_mkdir,
    .unlink = fuse_unlink,
    .rmdir = fuse_rmdir,
    .rename = fuse_rename,
    .link = fuse_link,
    .open = fuse_open_file,
    .create = fuse_create,
    .release = fuse_release,
    .read = fuse_read,
    .write = fuse_write,
    .fsync = fuse_fsync,
    .allocate = fuse_allocate,
    .opendir = fuse_opendir,
    .releasedir = fuse_releasedir,
    .readdir = fuse_readdir,
};

struct wasi_fs *fuse_open(const struct driver_machine *machine, const struct abi_boot *boot,
                          uint32_t device, struct wasi_fs *sibling) {
  void *rings = virtqueue_map(machine, boot, device, ABI_DEVICE_FS, ABI_FS_QUEUES);
  if (!rings)
    return NULL;
  struct fuse *fuse = machine->allocate(machine->context, sizeof *fuse);
  if (!fuse)
    return NULL;
  /* The buffers at its end stay untouched: pages that are not used are never populated. */
  memset(fuse, 0, offsetof(struct fuse, posts));
  fuse->base.ops = &fuse_ops;
  fuse->base.read_only = boot->devices[device].flags & ABI_DEVICE_READ_ONLY;
  fuse->machine = machine;
  fuse->dev = device + 1;
  fuse->root.id = WASI_ROOT_NODE;
  fuse->root.users = 1; /* for ever */
  fuse->sibling = sibling ? to_fuse(sibling)->sibling : fuse;
  if (sibling)
    to_fuse(sibling)->sibling = fuse;
  virtqueue_open(&fuse->hiprio, machine, boot, rings, device, ABI_FS_HIPRIO_QUEUE);
  virtqueue_open(&fuse->requests, machine, boot, rings, device, ABI_FS_REQUEST_QUEUE);
  return &fuse->base;
}
