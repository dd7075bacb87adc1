# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds and tests Hermit-WASM. `make run`: the demo in a VM; `make test`: all quick tests.
# Each folder adds its part in its own <folder>.mk; this file holds what they share.

B := build
CLANG := clang-19
LD := ld.lld-19
AR := llvm-ar-19
ARCH := $(shell uname -m)

# For tests of the engine on another architecture, in processes of it: what the compiler is told
# (tests/cross.mk). Build tools are this machine's all the same.
HOST_TARGET :=

# Host programs: the monitor, the library, the command, tools.
CFLAGS := -std=c17 -O2 -g -I. -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-fno-strict-aliasing -D_GNU_SOURCE
# The same with sanitizers, for tests of the portable parts.
ASAN_CFLAGS := $(CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
# The guest's user mode: the runtime, engine, wasi and drivers.
GUEST_CFLAGS := --target=$(ARCH)-none-elf -std=c17 -O2 -g -I. -isystem guest/include -ffreestanding -fno-pic \
	-mcmodel=small -fno-stack-protector -ffunction-sections -fdata-sections -fno-strict-aliasing \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes

# Test programs that print TAP and exit non-zero on failure; fragments append to it, `make test`
# builds and runs them all (tests/tests.mk).
TAP_TESTS :=

.DEFAULT_GOAL := all
.PHONY: all run test spec bench install clean setup

# $(call objects,flavour,sources): the object files of sources in a flavour (host, asan, guest).
objects = $(patsubst %,$(B)/$(1)/%.o,$(2))

$(B)/host/%.c.o: %.c | setup
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/asan/%.c.o: %.c | setup
	@mkdir -p $(@D)
	$(CLANG) $(ASAN_CFLAGS) -MMD -MP -c $< -o $@
$(B)/guest/%.c.o: %.c | setup
	@mkdir -p $(@D)
	$(CLANG) $(GUEST_CFLAGS) $(GUEST_ARCH_CFLAGS) -MD -MP -c $< -o $@
$(B)/host/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) -I. -MMD -MP -c $< -o $@
$(B)/asan/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) -I. -MMD -MP -c $< -o $@
$(B)/guest/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) --target=$(ARCH)-none-elf $(GUEST_ASSEMBLER_$(ARCH)) -I. -MMD -MP -c $< -o $@

include $(wildcard engine/engine.mk wasi/wasi.mk guest/drivers/drivers.mk guest/guest.mk monitor/monitor.mk monitor/devices/devices.mk monitor/jail/jail.mk lib/lib.mk \
	cli/cli.mk examples/examples.mk bench/bench.mk tools/tools.mk tests/*/*.mk tests/tests.mk tools/profile/profile.mk)

all: $(B)/hermit-wasm

# Missing Debian packages, by name; asks nothing, does nothing when all are there.
setup:
	@if [ -x tools/setup ]; then tools/setup; fi

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
