/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Holds our numbers against those of the C library's <wasi/api.h>, when this is compiled. */
#include "wasi/abi.h"
#include <stddef.h>
#include <wasi/api.h>

#define ERRNO(name, number, linux_number) _Static_assert(__WASI_ERRNO_##name == number, #name);
#define ERRNO_WASI(name, number) _Static_assert(__WASI_ERRNO_##name == number, #name);
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI

#define RIGHT(name, bit, applies) _Static_assert(__WASI_RIGHTS_##name == 1 << bit, #name);
#include "wasi/rights.def"
#undef RIGHT

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), #ours);
#define PLACE(ours, type, field) SAME(ours, offsetof(type, field))
SAME(WASI_FILETYPE_DIRECTORY, __WASI_FILETYPE_DIRECTORY)
SAME(WASI_FILETYPE_SOCKET_STREAM, __WASI_FILETYPE_SOCKET_STREAM)
SAME(WASI_FILETYPE_SYMBOLIC_LINK, __WASI_FILETYPE_SYMBOLIC_LINK)
SAME(WASI_CLOCK_MONOTONIC, __WASI_CLOCKID_MONOTONIC)
SAME(WASI_WHENCE_SET, __WASI_WHENCE_SET)
SAME(WASI_WHENCE_CUR, __WASI_WHENCE_CUR)
SAME(WASI_WHENCE_END, __WASI_WHENCE_END)
SAME(WASI_ADVICE_MAX, __WASI_ADVICE_NOREUSE)
SAME(WASI_OFLAG_CREAT, __WASI_OFLAGS_CREAT)
SAME(WASI_OFLAG_DIRECTORY, __WASI_OFLAGS_DIRECTORY)
SAME(WASI_OFLAG_EXCL, __WASI_OFLAGS_EXCL)
SAME(WASI_OFLAG_TRUNC, __WASI_OFLAGS_TRUNC)
SAME(WASI_FDFLAG_APPEND, __WASI_FDFLAGS_APPEND)
SAME(WASI_FDFLAG_DSYNC, __WASI_FDFLAGS_DSYNC)
SAME(WASI_FDFLAG_NONBLOCK, __WASI_FDFLAGS_NONBLOCK)
SAME(WASI_FDFLAG_RSYNC, __WASI_FDFLAGS_RSYNC)
SAME(WASI_FDFLAG_SYNC, __WASI_FDFLAGS_SYNC)
SAME(WASI_FSTFLAG_ATIM, __WASI_FSTFLAGS_ATIM)
SAME(WASI_FSTFLAG_ATIM_NOW, __WASI_FSTFLAGS_ATIM_NOW)
SAME(WASI_FSTFLAG_MTIM, __WASI_FSTFLAGS_MTIM)
SAME(WASI_FSTFLAG_MTIM_NOW, __WASI_FSTFLAGS_MTIM_NOW)
SAME(WASI_PRESTAT_SIZE, sizeof(__wasi_prestat_t))
PLACE(WASI_PRESTAT_NAME_LENGTH, __wasi_prestat_t, u)
SAME(WASI_IOVEC_SIZE, sizeof(__wasi_iovec_t))
PLACE(WASI_IOVEC_LENGTH, __wasi_iovec_t, buf_len)
SAME(WASI_FDSTAT_SIZE, sizeof(__wasi_fdstat_t))
PLACE(WASI_FDSTAT_FLAGS, __wasi_fdstat_t, fs_flags)
PLACE(WASI_FDSTAT_RIGHTS, __wasi_fdstat_t, fs_rights_base)
PLACE(WASI_FDSTAT_INHERITING, __wasi_fdstat_t, fs_rights_inheriting)
SAME(WASI_FILESTAT_SIZE, sizeof(__wasi_filestat_t))
PLACE(WASI_FILESTAT_DEV, __wasi_filestat_t, dev)
PLACE(WASI_FILESTAT_INO, __wasi_filestat_t, ino)
PLACE(WASI_FILESTAT_FILETYPE, __wasi_filestat_t, filetype)
PLACE(WASI_FILESTAT_NLINK, __wasi_filestat_t, nlink)
PLACE(WASI_FILESTAT_BYTES, __wasi_filestat_t, size)
PLACE(WASI_FILESTAT_ATIM, __wasi_filestat_t, atim)
PLACE(WASI_FILESTAT_MTIM, __wasi_filestat_t, mtim)
PLACE(WASI_FILESTAT_CTIM, __wasi_filestat_t, ctim)
SAME(WASI_DIRENT_SIZE, sizeof(__wasi_dirent_t))
PLACE(WASI_DIRENT_INO, __wasi_dirent_t, d_ino)
PLACE(WASI_DIRENT_NAME_LENGTH, __wasi_dirent_t, d_namlen)
PLACE(WASI_DIRENT_FILETYPE, __wasi_dirent_t, d_type)
SAME(WASI_SUBSCRIPTION_SIZE, sizeof(__wasi_subscription_t))
PLACE(WASI_SUBSCRIPTION_TAG, __wasi_subscription_t, u.tag)
PLACE(WASI_SUBSCRIPTION_FD, __wasi_subscription_t, u.u.fd_read.file_descriptor)
PLACE(WASI_SUBSCRIPTION_CLOCK, __wasi_subscription_t, u.u.clock.id)
PLACE(WASI_SUBSCRIPTION_TIMEOUT, __wasi_subscription_t, u.u.clock.timeout)
PLACE(WASI_SUBSCRIPTION_FLAGS, __wasi_subscription_t, u.u.clock.flags)
SAME(WASI_EVENT_SIZE, sizeof(__wasi_event_t))
PLACE(WASI_EVENT_ERROR, __wasi_event_t, error)
PLACE(WASI_EVENT_TYPE, __wasi_event_t, type)
PLACE(WASI_EVENT_BYTES, __wasi_event_t, fd_readwrite.nbytes)
PLACE(WASI_EVENT_FLAGS, __wasi_event_t, fd_readwrite.flags)
SAME(WASI_EVENT_HANGUP, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP)

int main(void) {
  return 0;
}
