# SPDX-License-Identifier: MIT OR Apache-2.0
# The guest's drivers; they also run in a host process (tests/devices).
DRIVER_SOURCES := \
	guest/drivers/virtqueue.c \
	guest/drivers/console.c \
	guest/drivers/ports.c \
	guest/drivers/rng.c \
	guest/drivers/sockets.c \
	guest/drivers/fuse.c \
	guest/drivers/fuse_cache.c \
	guest/drivers/fuse_data.c \
	guest/drivers/fuse_dirs.c \
	guest/drivers/fuse_files.c \
	guest/drivers/fuse_names.c \
	guest/drivers/fuse_post.c
