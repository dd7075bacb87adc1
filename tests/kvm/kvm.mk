# SPDX-License-Identifier: MIT OR Apache-2.0
# `make test-kvm-aarch64`: our monitor under KVM on aarch64, on an emulated machine. Downloads Debian
# packages for it, once; takes a quarter of an hour.

KVM_CROSS_TESTS := vm_test hostile_plain_test http_load
.PHONY: test-kvm-aarch64
ifeq ($(HOST_TARGET),)
$(KVM_CROSS_TESTS:%=$(B)/aarch64/tests/%): cross-always | setup
	@$(MAKE) --no-print-directory $(call cross_settings,aarch64) $@
test-kvm-aarch64: $(B)/hermit-wasm-aarch64 $(KVM_CROSS_TESTS:%=$(B)/aarch64/tests/%) $(EXAMPLES) \
		$(CLI_MODULES)
	@TEST_SECONDS=3000 tests/run tests/kvm/run </dev/null
endif
