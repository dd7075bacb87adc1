# SPDX-License-Identifier: MIT OR Apache-2.0
# The engine on other architectures: compiled for processes of them, which QEMU's user mode runs.
# `make spec-aarch64`, `make spec-riscv64`: all test scripts there, as `make spec-host` does here.

CROSS_ARCHITECTURES := aarch64 riscv64
# What a copy of make that builds for architecture $(1) is given. Programs are static: the
# architecture's libraries need not be found when they run.
cross_settings = ARCH=$(1) B=$(B)/$(1) HOST_TARGET="--target=$(1)-linux-gnu -static \
	--ld-path=$$(command -v $(LD)) -Wno-unused-command-line-argument"
CROSS_ENGINE_TESTS := constants exception memories run select tail vector

# Nothing is known here of what the other copy of make makes from what: it is always asked.
.PHONY: cross-always
define cross_rules
.PHONY: spec-$(1)
$(B)/$(1)/tests/spec-host: cross-always | setup
	@$$(MAKE) --no-print-directory $$(call cross_settings,$(1)) $$@
$(CROSS_ENGINE_TESTS:%=$(B)/$(1)/tests/engine-host/%): cross-always | setup engine-test-modules
	@$$(MAKE) --no-print-directory $$(call cross_settings,$(1)) $$@
spec-$(1): $(B)/$(1)/tests/spec-host
	CROSS=$(1) EXPECTED=tests/cross/$(1).txt CHECKED=1 \
		tests/spec/check --lines tests/cross/driver $$(SPEC_SUITE)
	CROSS=$(1) EXPECTED=tests/cross/$(1).txt \
		tests/spec/check --lines tests/cross/driver $$(SPEC_SUITE)
TAP_TESTS += tests/cross/$(1)
tests/cross/$(1): $(B)/$(1)/tests/spec-host $(CROSS_ENGINE_TESTS:%=$(B)/$(1)/tests/engine-host/%)
endef
# Only the first copy of make has other architectures.
ifeq ($(HOST_TARGET),)
$(foreach arch,$(CROSS_ARCHITECTURES),$(eval $(call cross_rules,$(arch))))
endif
