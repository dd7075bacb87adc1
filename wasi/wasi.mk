# SPDX-License-Identifier: MIT OR Apache-2.0
# WASI preview 1, and its POSIX host for tests.

WASI_SOURCES := wasi/dir.c wasi/fd.c wasi/io.c wasi/path.c wasi/path_open.c wasi/path_ops.c \
	wasi/poll.c wasi/process.c wasi/sock.c wasi/table.c wasi/wasi.c
WASI_POSIX_SOURCES := wasi/posix/fs.c wasi/posix/host.c wasi/posix/sockets.c
