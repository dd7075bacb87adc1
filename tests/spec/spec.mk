# SPDX-License-Identifier: MIT OR Apache-2.0
# The specification's test scripts, on the engine in a host process: plain and with sanitizers.

SPEC_SUITE ?= tests/spec/suite
POSIX_PLATFORM_SOURCES := tests/platform/posix.c tests/platform/arch/$(ARCH)/context.c
# Free of libc: also for the guest image that runs scripts in the VM.
SPEC_SOURCES := $(addprefix tests/spec/,sexpr.c spec.c spectest.c value.c)
SPEC_HOST_SOURCES = $(SPEC_SOURCES) tests/spec/main.c $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES)

$(B)/tests/spec-host: $(call objects,host,$(SPEC_HOST_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $^ -o $@

$(B)/tests/spec-asan: $(call objects,asan,$(SPEC_HOST_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@

# One line a script, the closing count, then what differs from tests/spec/expected.txt.
.PHONY: spec-host
spec-host: $(B)/tests/spec-host
	tests/spec/check --lines $(B)/tests/spec-host $(SPEC_SUITE)

# As test programs: they find their driver in build/.
TAP_TESTS += tests/spec/host tests/spec/host-asan
tests/spec/host: $(B)/tests/spec-host
tests/spec/host-asan: $(B)/tests/spec-asan
