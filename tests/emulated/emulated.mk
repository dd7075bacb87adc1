# SPDX-License-Identifier: MIT OR Apache-2.0
# The suites that run in VMs of our monitor, in VMs under QEMU's emulation: by HERMIT_ARCH in the
# environment. `make test-all` (tests/emulated/all) runs them whole on each architecture, `make test`
# a selection (tests/emulated/quick).

ifeq ($(findstring /,$(B)),)
# One copy of make knows from what another architecture's is made.
$(filter-out $(B)/$(ARCH)/%,$(IMAGE_ARCHITECTURES:%=$(B)/%/tests/spec.elf)): \
		$(B)/%/tests/spec.elf: image-always | setup
	@$(MAKE) --no-print-directory ARCH=$* B=$(B)/$* $@

EMULATED_TESTS := $(IMAGE_ARCHITECTURES:%=tests/emulated/%)
TAP_TESTS += $(EMULATED_TESTS)
.PHONY: $(EMULATED_TESTS) test-all
$(EMULATED_TESTS): $(B)/hermit-wasm $(IMAGES) $(WASI_PROGRAMS) $(BENCH_PROGRAMS) $(BENCH_MODULES) \
	$(B)/tests/spec.elf $(filter-out $(B)/$(ARCH)/%,$(IMAGE_ARCHITECTURES:%=$(B)/%/tests/spec.elf))

# Ends with a table; a log of each part is in build/test-all/.
test-all: test-programs
	@tests/emulated/all
endif
