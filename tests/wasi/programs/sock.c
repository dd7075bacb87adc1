/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* sock_*: nothing here is a socket. */
#include "check.h"

int main(void) {
  __wasi_fd_t fd, file;
  uint8_t byte = 0;
  __wasi_iovec_t in = {&byte, 1};
  __wasi_ciovec_t out = {&byte, 1};
  __wasi_size_t moved;
  __wasi_roflags_t flags;
  CHECK_OK(open_at(SCRATCH, "file", __WASI_OFLAGS_CREAT, READ_WRITE, &file));
  const __wasi_fd_t fds[] = {SCRATCH, file, 77};
  for (int i = 0; i < 3; i++) {
    uint16_t expected = i < 2 ? __WASI_ERRNO_NOTSOCK : __WASI_ERRNO_BADF;
    CHECK_EQUAL(expected, __wasi_sock_accept(fds[i], 0, &fd));
    CHECK_EQUAL(expected, __wasi_sock_recv(fds[i], &in, 1, 0, &moved, &flags));
    CHECK_EQUAL(expected, __wasi_sock_send(fds[i], &out, 1, 0, &moved));
    CHECK_EQUAL(expected, __wasi_sock_shutdown(fds[i], __WASI_SDFLAGS_RD));
  }
  return 0;
}
