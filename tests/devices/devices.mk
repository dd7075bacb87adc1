# SPDX-License-Identifier: MIT OR Apache-2.0
# Drivers against devices in one process, under sanitizers.

DEVICE_TEST_OBJECTS := $(call objects,asan,monitor/guest_memory.c $(DEVICE_SOURCES) $(DRIVER_SOURCES) \
	tests/devices/harness.c)
DEVICE_TESTS := $(patsubst %,$(B)/tests/devices_%,fs_test cache_test streams_test control_test \
	sockets_test hostile_test client_test)
TAP_TESTS += $(DEVICE_TESTS)

$(DEVICE_TESTS): $(B)/tests/devices_%: $(B)/asan/tests/devices/%.c.o $(DEVICE_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined -pthread $^ -o $@

# `make build/tests/fuzz_devices && build/tests/fuzz_devices -max_total_time=60`; fuzz_streams likewise
FUZZ_CFLAGS := $(ASAN_CFLAGS) -fsanitize=fuzzer
$(B)/tests/fuzz_devices $(B)/tests/fuzz_streams: $(B)/tests/%: tests/devices/%.c tests/devices/harness.c \
		monitor/guest_memory.c $(DEVICE_SOURCES) $(DRIVER_SOURCES)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) $^ -o $@
