/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sockets: accepting connections, and moving bytes through them. */
#include "wasi/call.h"

/* The socket in argument 0: NOTSOCK for other kinds, which never have the right and say more. */
static enum wasi_errno use_socket(struct wasi_call *call, uint64_t right,
                                  struct wasi_descriptor **socket) {
  enum wasi_errno status = wasi_use_any(call, 0, 0, socket);
  if (status)
    return status;
  if (!wasi_is_socket(*socket))
    return WASI_ERRNO_NOTSOCK;
  return wasi_use_any(call, 0, right, socket);
}

static uint32_t wait_flag(const struct wasi_descriptor *socket) {
  return socket->flags & WASI_FDFLAG_NONBLOCK ? WASI_SOCKET_NOWAIT : 0;
}

/* ---- Accepting ------------------------------------------------------------------------------- */

/* The new descriptor's rights are what the listener passes on. Its number is reserved first: a
 * connection that could not be given one would be lost. */
enum wasi_errno wasi_sock_accept(struct wasi_call *call) {
  uint32_t flags = wasi_arg32(call, 1);
  uint8_t *out = wasi_out(call, 2, 4);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *listener;
  enum wasi_errno status = use_socket(call, 0, &listener);
  if (status)
    return status;
  if (listener->kind != WASI_KIND_LISTENER || flags & ~WASI_FDFLAG_NONBLOCK)
    return WASI_ERRNO_INVAL;
  if (!(listener->rights & WASI_RIGHT_SOCK_ACCEPT))
    return WASI_ERRNO_NOTCAPABLE;
  struct wasi_host *host = call->wasi->host;
  struct wasi_descriptor connection = {.kind = WASI_KIND_CONNECTION,
                                       .filetype = WASI_FILETYPE_SOCKET_STREAM,
                                       .flags = flags,
                                       .rights = listener->inheriting & WASI_RIGHTS_CONNECTION};
  uint32_t socket = listener->socket, wait = wait_flag(listener), fd;
  status = wasi_table_reserve(&call->wasi->table, 0, &fd); /* may move `listener` */
  if (status)
    return status;
  int error = host->ops->socket_accept(host, socket, wait, &connection.socket);
  if (error)
    return wasi_errno_of(error);
  call->wasi->table.entries[fd] = connection;
  wasi_put32(out, fd);
  return WASI_ERRNO_SUCCESS;
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

enum wasi_errno wasi_transfer_socket(struct wasi_call *call, const struct wasi_transfer *transfer,
                                     bool write, uint32_t flags, size_t *moved) {
  const struct wasi_descriptor *socket = transfer->descriptor;
  struct wasi_host *host = call->wasi->host;
  *moved = 0;
  if (socket->kind != WASI_KIND_CONNECTION)
    return WASI_ERRNO_NOTCONN;
  /* Nothing to move must not block, nor look like the end of the input. */
  if (!transfer->total)
    return WASI_ERRNO_SUCCESS;
  return wasi_errno_of((write ? host->ops->socket_send : host->ops->socket_receive)(
      host, socket->socket, flags | wait_flag(socket), call->wasi->slices, transfer->slice_count,
      moved));
}

/* A stream's bytes are never cut short by receiving them, so the output flags are none. */
enum wasi_errno wasi_sock_recv(struct wasi_call *call) {
  uint32_t flags = wasi_arg32(call, 3);
  uint8_t *flags_out = wasi_out(call, 5, 2);
  struct wasi_transfer transfer;
  size_t moved;
  if (!flags_out)
    return WASI_ERRNO_FAULT;
  enum wasi_errno status = use_socket(call, WASI_RIGHT_FD_READ, &transfer.descriptor);
  if (!status && flags & ~WASI_RIFLAG_ALL)
    status = WASI_ERRNO_INVAL;
  if (!status)
    status = wasi_take_transfer(call, WASI_RIGHT_FD_READ, 4, &transfer);
  if (!status)
    status = wasi_transfer_socket(call, &transfer, false,
                                  (flags & WASI_RIFLAG_PEEK ? WASI_SOCKET_PEEK : 0) |
                                      (flags & WASI_RIFLAG_WAITALL ? WASI_SOCKET_WAITALL : 0),
                                  &moved);
  if (status)
    return status;
  wasi_put32(transfer.out, (uint32_t)moved);
  wasi_put16(flags_out, 0);
  return WASI_ERRNO_SUCCESS;
}

/* No flag is defined for sending. */
enum wasi_errno wasi_sock_send(struct wasi_call *call) {
  struct wasi_transfer transfer;
  size_t moved;
  enum wasi_errno status = use_socket(call, WASI_RIGHT_FD_WRITE, &transfer.descriptor);
  if (status == WASI_ERRNO_NOTCAPABLE && transfer.descriptor->kind == WASI_KIND_LISTENER)
    return WASI_ERRNO_NOTCONN;
  if (!status && wasi_arg32(call, 3))
    status = WASI_ERRNO_INVAL;
  if (!status)
    status = wasi_take_transfer(call, WASI_RIGHT_FD_WRITE, 4, &transfer);
  if (!status)
    status = wasi_transfer_socket(call, &transfer, true, 0, &moved);
  if (!status)
    wasi_put32(transfer.out, (uint32_t)moved);
  return status;
}

enum wasi_errno wasi_sock_shutdown(struct wasi_call *call) {
  uint32_t how = wasi_arg32(call, 1);
  struct wasi_descriptor *socket;
  enum wasi_errno status = use_socket(call, 0, &socket);
  if (status)
    return status;
  if (!how || how & ~WASI_SDFLAG_ALL)
    return WASI_ERRNO_INVAL;
  if (socket->kind != WASI_KIND_CONNECTION)
    return WASI_ERRNO_NOTCONN;
  if (!(socket->rights & WASI_RIGHT_SOCK_SHUTDOWN))
    return WASI_ERRNO_NOTCAPABLE;
  struct wasi_host *host = call->wasi->host;
  return wasi_errno_of(
      host->ops->socket_shutdown(host, socket->socket,
                                 (how & WASI_SDFLAG_RD ? WASI_SOCKET_READ : 0) |
                                     (how & WASI_SDFLAG_WR ? WASI_SOCKET_WRITE : 0)));
}
