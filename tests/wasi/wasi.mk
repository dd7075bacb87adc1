# SPDX-License-Identifier: MIT OR Apache-2.0
# WASI's tests: programs for any WASI host, a runner for them in an ordinary process, and a test of
# the functions without an engine.

WASI_PROGRAMS := $(patsubst tests/wasi/programs/%.c,$(B)/tests/wasi/%.wasm,\
	$(wildcard tests/wasi/programs/*.c)) $(patsubst tests/wasi/programs/%.wat,\
	$(B)/tests/wasi/%.wasm,$(wildcard tests/wasi/programs/*.wat))

$(B)/tests/wasi/%.wasm: tests/wasi/programs/%.c tests/wasi/programs/check.h \
		tests/wasi/programs/cases.h wasi/errno.def wasi/rights.def | setup
	@mkdir -p $(@D)
	$(CLANG) --target=wasm32-wasi -std=c17 -O2 -I. -D_GNU_SOURCE -Wall -Wextra -Werror $< -o $@

$(B)/tests/wasi/%.wasm: tests/wasi/programs/%.wat | setup
	@mkdir -p $(@D)
	wat2wasm $< -o $@

# Our functions called directly, with a stand-in for the engine: on the POSIX host alone, and on it
# and the guest's FUSE client at the same time.
WASI_WORLD_SOURCES := tests/wasi/world.c $(WASI_SOURCES) $(WASI_POSIX_SOURCES)
$(B)/tests/wasi/direct: $(call objects,asan,tests/wasi/direct.c $(WASI_WORLD_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) $^ -o $@

$(B)/tests/wasi/failures: $(call objects,asan,tests/wasi/failures.c $(WASI_WORLD_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) $^ -o $@

$(B)/tests/wasi/sockets: $(call objects,asan,tests/wasi/sockets.c $(WASI_WORLD_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) $^ -o $@

$(B)/tests/wasi/hosts: $(call objects,asan,tests/wasi/hosts.c $(WASI_WORLD_SOURCES)) \
		$(DEVICE_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) -pthread $^ -o $@

# The programs, on our engine in this process.
$(B)/tests/wasi/runner: $(call objects,asan,tests/wasi/runner.c $(WASI_SOURCES) \
	$(WASI_POSIX_SOURCES) $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) $^ -o $@

TAP_TESTS += $(B)/tests/wasi/direct $(B)/tests/wasi/failures $(B)/tests/wasi/sockets \
	$(B)/tests/wasi/hosts tests/wasi/host tests/wasi/vm tests/wasi/node tests/wasi/table
tests/wasi/host: $(B)/tests/wasi/runner $(WASI_PROGRAMS)
tests/wasi/node: $(WASI_PROGRAMS)
tests/wasi/vm: $(B)/hermit-wasm $(WASI_PROGRAMS)
