# SPDX-License-Identifier: MIT OR Apache-2.0
# The specification's test scripts, on the engine in a host process: plain and with sanitizers.

# The official scripts in binary form, where they are at hand; without them the tests are skipped.
SPEC_SUITE ?= ../shared/suites/wasm-spec
# Free of libc: also for the guest image that runs scripts in the VM.
SPEC_SOURCES := $(addprefix tests/spec/,sexpr.c spec.c spectest.c value.c)
SPEC_HOST_SOURCES = $(SPEC_SOURCES) tests/spec/main.c $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES)

$(B)/tests/spec-host: $(call objects,host,$(SPEC_HOST_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) $^ -o $@

$(B)/tests/spec-asan: $(call objects,asan,$(SPEC_HOST_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@

# One line a script, the closing count, then what differs from tests/spec/expected.txt.
.PHONY: spec-host
spec-host: $(B)/tests/spec-host
	tests/spec/check --lines $(B)/tests/spec-host $(SPEC_SUITE)

# The same in VMs, one for each script. SCRIPTS="path ...": these instead of the suite's, compared
# with no list.
SCRIPTS ?=
spec: $(B)/hermit-wasm $(B)/tests/spec.elf
	$(if $(SCRIPTS),tests/spec/vm -C . $(SCRIPTS),tests/spec/check --lines tests/spec/vm $(SPEC_SUITE))

# As test programs: they find their driver in build/.
TAP_TESTS += tests/spec/driver/check tests/spec/host tests/spec/host-small \
	tests/spec/host-asan tests/spec/guest
tests/spec/host tests/spec/host-small: $(B)/tests/spec-host
tests/spec/guest: $(B)/hermit-wasm $(B)/tests/spec.elf
tests/spec/driver/check tests/spec/host-asan: $(B)/tests/spec-asan

# The image that runs a script in the VM: hermit-wasm run --guest-image IMAGE SCRIPT NAME.
$(eval $(call guest_image,$(B)/tests/spec.elf,$$(call objects,guest,tests/spec/guest_main.c \
	$$(SPEC_SOURCES) $$(filter-out guest/runtime/main.c,$$(PROGRAM_SOURCES)) $$(DRIVER_SOURCES) \
	$$(WASI_SOURCES)) $$(ENGINE_GUEST)))
