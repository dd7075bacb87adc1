/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sockets of an ordinary process, by WASI's numbers. They are blocking; what must not wait says so
 * call by call, but for accept, which asks poll before. */
#include "wasi/posix/posix.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* WASI only names sockets that are open; anything else is its bug. */
static int *fd_of(const struct wasi_posix_host *host, uint32_t socket) {
  if (socket >= WASI_POSIX_SOCKETS || host->sockets[socket] < 0) {
    fprintf(stderr, "wasi/posix: socket %u is not open\n", socket);
    abort();
  }
  return (int *)&host->sockets[socket];
}

static struct wasi_posix_host *posix_of(struct wasi_host *host) {
  return (struct wasi_posix_host *)host;
}

int wasi_posix_accept(struct wasi_host *host, uint32_t listener, uint32_t flags,
                      uint32_t *connection) {
  struct wasi_posix_host *posix = posix_of(host);
  struct pollfd poll_fd = {.fd = *fd_of(posix, listener), .events = POLLIN};
  uint32_t number = 0;
  while (number < WASI_POSIX_SOCKETS && posix->sockets[number] >= 0)
    number++;
  if (number == WASI_POSIX_SOCKETS)
    return EMFILE;
  if (flags & WASI_SOCKET_NOWAIT && poll(&poll_fd, 1, 0) == 0)
    return EAGAIN;
  int fd = accept4(poll_fd.fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    return errno;
  posix->sockets[number] = fd;
  *connection = number;
  return 0;
}

static struct msghdr message_of(const struct wasi_slice *slices, size_t slice_count) {
  /* struct wasi_slice is struct iovec by another name; see host.c. */
  return (struct msghdr){.msg_iov = (struct iovec *)slices,
                         .msg_iovlen = slice_count < IOV_MAX ? slice_count : IOV_MAX};
}

static int result_of(ssize_t moved, size_t *count) {
  if (moved < 0)
    return errno;
  *count = (size_t)moved;
  return 0;
}

int wasi_posix_receive(struct wasi_host *host, uint32_t socket, uint32_t flags,
                       const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct msghdr message = message_of(slices, slice_count);
  int how =
      (flags & WASI_SOCKET_NOWAIT ? MSG_DONTWAIT : 0) | (flags & WASI_SOCKET_PEEK ? MSG_PEEK : 0);
  if (flags & WASI_SOCKET_WAITALL && !(flags & WASI_SOCKET_PEEK))
    how |= MSG_WAITALL;
  return result_of(recvmsg(*fd_of(posix_of(host), socket), &message, how), count);
}

/* A blocking send moves everything at once. */
int wasi_posix_send(struct wasi_host *host, uint32_t socket, uint32_t flags,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct msghdr message = message_of(slices, slice_count);
  int how = MSG_NOSIGNAL | (flags & WASI_SOCKET_NOWAIT ? MSG_DONTWAIT : 0);
  return result_of(sendmsg(*fd_of(posix_of(host), socket), &message, how), count);
}

int wasi_posix_shutdown(struct wasi_host *host, uint32_t socket, uint32_t directions) {
  int how = directions == WASI_SOCKET_READ    ? SHUT_RD
            : directions == WASI_SOCKET_WRITE ? SHUT_WR
                                              : SHUT_RDWR;
  return shutdown(*fd_of(posix_of(host), socket), how) < 0 ? errno : 0;
}

int wasi_posix_close(struct wasi_host *host, uint32_t socket) {
  int *fd = fd_of(posix_of(host), socket);
  close(*fd);
  *fd = -1;
  return 0;
}

void wasi_posix_watch_sockets(const struct wasi_posix_host *host, const struct wasi_watch *watches,
                              size_t count, struct pollfd *polls) {
  for (size_t i = 0; i < count; i++)
    polls[i] =
        (struct pollfd){.fd = *fd_of(host, watches[i].socket),
                        .events = (short)((watches[i].events & WASI_SOCKET_READ ? POLLIN : 0) |
                                          (watches[i].events & WASI_SOCKET_WRITE ? POLLOUT : 0))};
}

/* As the monitor does it: the end is readable without a byte. A listener cannot say how much. */
void wasi_posix_sockets_ready(struct wasi_watch *watches, size_t count,
                              const struct pollfd *polls) {
  const short ended = POLLHUP | POLLERR;
  for (size_t i = 0; i < count; i++) {
    struct wasi_watch *watch = &watches[i];
    int bytes;
    watch->ready = watch->bytes = 0;
    if (polls[i].events & POLLIN && polls[i].revents & (POLLIN | ended)) {
      watch->ready |= WASI_SOCKET_READ;
      watch->bytes = ioctl(polls[i].fd, FIONREAD, &bytes) ? 1 : (uint32_t)bytes;
      watch->ready |= watch->bytes ? 0 : WASI_SOCKET_HANGUP;
    }
    if (polls[i].events & POLLOUT && polls[i].revents & (POLLOUT | ended))
      watch->ready |= WASI_SOCKET_WRITE | (polls[i].revents & ended ? WASI_SOCKET_HANGUP : 0);
  }
}
