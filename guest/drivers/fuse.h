/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The FUSE client over virtio-fs: how a request is made, sent and answered. The operations on top
 * are in fuse_names.c and fuse_files.c. */
#ifndef GUEST_DRIVERS_FUSE_H
#define GUEST_DRIVERS_FUSE_H

#include "guest/drivers/errors.h"
#include "guest/drivers/virtqueue.h"
#include <linux/fuse.h>

#define FUSE_NAME_BYTES_MAX 255u
#define FUSE_TARGET_BYTES_MAX 4095u
#define FUSE_FORGETS_MAX 64u
/* READDIR's portion; also READLINK's answer. */
#define FUSE_DATA_BYTES 32768u

/* The longest request: SYMLINK. The longest fixed answer: CREATE. */
#define FUSE_REQUEST_BYTES                                                                         \
  (sizeof(struct fuse_in_header) + FUSE_NAME_BYTES_MAX + 1 + FUSE_TARGET_BYTES_MAX + 1)
#define FUSE_REPLY_BYTES                                                                           \
  (sizeof(struct fuse_out_header) + sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out))

struct fuse {
  struct wasi_fs base; /* first: a struct wasi_fs * is the fuse */
  const struct driver_machine *machine;
  struct virtqueue hiprio;
  struct virtqueue requests;
  uint64_t dev;              /* st_dev of everything here: FUSE does not tell the host's */
  uint64_t unique;           /* of the latest request */
  bool started;              /* INIT has been tried */
  int failed;                /* errno for everything when it failed */
  bool server_truncates;     /* FUSE_ATOMIC_O_TRUNC */
  bool flush_before_release; /* the server did not say FOPEN_NOFLUSH */
  uint32_t io_max;           /* bytes of one READ or WRITE */

  /* Nodes given back, not yet told to the server. */
  struct {
    struct fuse_in_header header;
    struct fuse_batch_forget_in batch;
    struct fuse_forget_one nodes[FUSE_FORGETS_MAX];
  } forget;

  _Alignas(8) uint8_t request[FUSE_REQUEST_BYTES]; /* header, body, names */
  _Alignas(8) uint8_t reply[FUSE_REPLY_BYTES];     /* header, fixed body */
  _Alignas(8) uint8_t data[FUSE_DATA_BYTES];
};

/* Data that travels beside a request's or reply's fixed part, straight from or to its place. */
struct fuse_data {
  const struct wasi_slice *slices;
  size_t slice_count;
  size_t skip;    /* bytes of the slices dealt with already */
  bool to_guest;  /* READ and its like; else WRITE */
  uint32_t *size; /* the field of the body that says how many bytes; set when sent. NULL: none */
  size_t added;   /* out: bytes asked or given */
  size_t moved;   /* out, to_guest: bytes that came */
};

/* Starts a request: returns its body, zeroed. The first one sends INIT before. */
void *fuse_begin(struct fuse *fuse, uint32_t opcode, wasi_node node, size_t body_size);
/* Adds a name. 0, ENOENT when it is empty, ENAMETOOLONG. */
int fuse_add_name(struct fuse *fuse, const char *name, size_t length);
/* Adds any string with its NUL; there must be room. */
void fuse_add_string(struct fuse *fuse, const char *string, size_t length);
/* Sends it; the reply's fixed part must have reply_size bytes. 0 or a Linux errno. */
int fuse_call(struct fuse *fuse, size_t reply_size);
int fuse_call_data(struct fuse *fuse, size_t reply_size, struct fuse_data *data);
/* The reply's fixed part. */
const void *fuse_reply(const struct fuse *fuse);
/* Gives back one lookup of a node, sooner or later. */
void fuse_forget(struct fuse *fuse, wasi_node node);

/* A wasi_handle is the server's number plus one: 0 means none to WASI, but not to FUSE. */
static inline wasi_handle handle_of(uint64_t fh) {
  return fh + 1;
}
static inline uint64_t fh_of(wasi_handle handle) {
  return handle - 1;
}

void fuse_fill_attr(const struct fuse *fuse, const struct fuse_attr *from, struct wasi_attr *to);

/* ---- fuse_names.c ---- */
int fuse_lookup(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, wasi_node *node,
                struct wasi_attr *attr);
int fuse_getattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle, struct wasi_attr *attr);
int fuse_setattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle,
                 const struct wasi_setattr *set);
int fuse_readlink(struct wasi_fs *fs, wasi_node node, char *buffer, size_t size, size_t *length);
int fuse_symlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                 const char *target, size_t target_length);
int fuse_mkdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t mode);
int fuse_unlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length);
int fuse_rmdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length);
int fuse_rename(struct wasi_fs *fs, wasi_node from_dir, const char *from, size_t from_length,
                wasi_node to_dir, const char *to, size_t to_length);
int fuse_link(struct wasi_fs *fs, wasi_node node, wasi_node dir, const char *name, size_t length);

/* ---- fuse_files.c ---- */
int fuse_open_file(struct wasi_fs *fs, wasi_node node, uint32_t flags, wasi_handle *handle);
int fuse_create(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t flags,
                uint32_t mode, wasi_node *node, wasi_handle *handle, struct wasi_attr *attr);
int fuse_release(struct wasi_fs *fs, wasi_node node, wasi_handle handle);
int fuse_read(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
              const struct wasi_slice *slices, size_t slice_count, size_t *count);
int fuse_write(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
               const struct wasi_slice *slices, size_t slice_count, size_t *count);
int fuse_fsync(struct wasi_fs *fs, wasi_node node, wasi_handle handle, bool data_only, bool is_dir);
int fuse_allocate(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                  uint64_t length);
int fuse_opendir(struct wasi_fs *fs, wasi_node node, wasi_handle *handle);
int fuse_releasedir(struct wasi_fs *fs, wasi_node node, wasi_handle handle);
int fuse_readdir(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                 wasi_dirent_callback *callback, void *context);

#endif
