# SPDX-License-Identifier: MIT OR Apache-2.0
# The suites of the VM under QEMU's emulation of each architecture: a few of each in `make test`, all
# of them in `make test-all` (tests/tests.mk), which ends with a table.

ifeq ($(findstring /,$(B)),)
HOSTS_SPEC_IMAGES := $(B)/tests/spec.elf
# As for the product's images: only the other copy of make knows from what. One copy at a time.
define hosts_rules
HOSTS_SPEC_IMAGES += $(B)/$(1)/tests/spec.elf
$(B)/$(1)/tests/spec.elf: image-always | setup $(B)/$(1)/guest/$(1)/hermit.elf
	@$$(MAKE) --no-print-directory ARCH=$(1) B=$(B)/$(1) $$@
endef
$(foreach arch,$(filter-out $(ARCH),$(IMAGE_ARCHITECTURES)),$(eval $(call hosts_rules,$(arch))))

HOSTS_NEEDS = $(B)/hermit-wasm $(IMAGES) $(HOSTS_SPEC_IMAGES) $(WASI_PROGRAMS) $(EXAMPLES) \
	$(CLI_MODULES)
TAP_TESTS += tests/hosts/quick
.PHONY: tests/hosts/quick
endif
