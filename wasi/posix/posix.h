/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A host for WASI in an ordinary process, for tests: openat-based file systems that behave as a
 * FUSE server does, and the process's own streams and clocks. Needs /proc. */
#ifndef WASI_POSIX_POSIX_H
#define WASI_POSIX_POSIX_H

#include "wasi/host.h"
#include <poll.h>
#include <sys/types.h>

/* What a file system handed out and did not get back: all zero when WASI balances its books. */
struct wasi_posix_left {
  size_t nodes, files, directories;
};

/* Takes `directory` (any descriptor of one) over. NULL: no memory. */
struct wasi_fs *wasi_posix_fs_new(int directory, bool read_only);
struct wasi_posix_left wasi_posix_fs_left(const struct wasi_fs *fs);
/* Closes everything, also what is left. */
void wasi_posix_fs_delete(struct wasi_fs *fs);

#define WASI_POSIX_SOCKETS 64u

struct wasi_posix_host {
  struct wasi_host host;
  int stdio[3]; /* borrowed; -1: closed */
  bool nowait[3];
  long allocations_left;           /* so many more succeed; negative: no limit */
  size_t bytes_held;               /* by WASI */
  int sockets[WASI_POSIX_SOCKETS]; /* by number; -1: free. The test puts its listeners at the
                                      front; WASI closes them */
};
/* No sockets yet. */
void wasi_posix_host_init(struct wasi_posix_host *host, const int stdio[3]);

/* Between the files of this folder: attributes, and the sockets' operations. */
struct stat;
void wasi_posix_set_attr(struct wasi_attr *attr, const struct stat *status);
int wasi_posix_accept(struct wasi_host *host, uint32_t listener, uint32_t flags,
                      uint32_t *connection);
int wasi_posix_receive(struct wasi_host *host, uint32_t socket, uint32_t flags,
                       const struct wasi_slice *slices, size_t slice_count, size_t *count);
int wasi_posix_send(struct wasi_host *host, uint32_t socket, uint32_t flags,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count);
int wasi_posix_shutdown(struct wasi_host *host, uint32_t socket, uint32_t directions);
int wasi_posix_close(struct wasi_host *host, uint32_t socket);
void wasi_posix_watch_sockets(const struct wasi_posix_host *host, const struct wasi_watch *watches,
                              size_t count, struct pollfd *polls);
void wasi_posix_sockets_ready(struct wasi_watch *watches, size_t count, const struct pollfd *polls);

#endif
