# SPDX-License-Identifier: MIT OR Apache-2.0
# The monitor's virtio devices.

DEVICE_SOURCES := \
	monitor/devices/device.c \
	monitor/devices/virtqueue.c \
	monitor/devices/console.c \
	monitor/devices/console_control.c \
	monitor/devices/rng.c \
	monitor/devices/sockets.c \
	monitor/devices/wait.c \
	monitor/devices/fs.c \
	monitor/devices/fs_table.c \
	monitor/devices/fs_names.c \
	monitor/devices/fs_files.c
MONITOR_SOURCES += $(DEVICE_SOURCES)

# FUSE's messages as the guest has them (guest/guest.mk): headers for other architectures may be older.
$(call objects,host,$(DEVICE_SOURCES)): private CFLAGS += -isystem $(B)/guest-include
$(call objects,host,$(DEVICE_SOURCES)): | $(B)/guest-include/linux/fuse.h
