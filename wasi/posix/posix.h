/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A host for WASI in an ordinary process, for tests: openat-based file systems that behave as a
 * FUSE server does, and the process's own streams and clocks. Needs /proc. */
#ifndef WASI_POSIX_POSIX_H
#define WASI_POSIX_POSIX_H

#include "wasi/host.h"
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

struct wasi_posix_host {
  struct wasi_host host;
  int stdio[3];          /* borrowed; -1: closed */
  long allocations_left; /* so many more succeed; negative: no limit */
  size_t bytes_held;     /* by WASI */
};
void wasi_posix_host_init(struct wasi_posix_host *host, const int stdio[3]);

#endif
