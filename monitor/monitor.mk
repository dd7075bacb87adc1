# SPDX-License-Identifier: MIT OR Apache-2.0
# The monitor: the host side. The jail has its own fragment.

DEVICE_SOURCES := \
	monitor/guest_memory.c \
	monitor/devices/device.c \
	monitor/devices/virtqueue.c \
	monitor/devices/console.c \
	monitor/devices/rng.c \
	monitor/devices/fs.c \
	monitor/devices/fs_table.c \
	monitor/devices/fs_names.c \
	monitor/devices/fs_files.c
MONITOR_SOURCES += $(DEVICE_SOURCES)
