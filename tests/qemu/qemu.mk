# SPDX-License-Identifier: MIT OR Apache-2.0
# Guests under QEMU's emulation: tests of the kernel, and the commands of docs/qemu.md.

QEMU_GUESTS := exit faults memory
QEMU_CROSS_GUESTS := $(foreach arch,$(filter-out $(ARCH),$(IMAGE_ARCHITECTURES)),\
	$(QEMU_GUESTS:%=$(B)/$(arch)/tests/vm-guests/%.elf))

ifeq ($(findstring /,$(B)),)
# One copy of make for all of an architecture's.
$(B)/%/tests/vm-guests/exit.elf: image-always | setup
	@$(MAKE) --no-print-directory ARCH=$* B=$(B)/$* \
		$(QEMU_GUESTS:%=$(B)/$*/tests/vm-guests/%.elf)
$(B)/%/tests/vm-guests/faults.elf $(B)/%/tests/vm-guests/memory.elf: \
		$(B)/%/tests/vm-guests/exit.elf ;

TAP_TESTS += tests/qemu/guests tests/qemu/docs
.PHONY: tests/qemu/guests tests/qemu/docs
tests/qemu/guests: $(QEMU_GUESTS:%=$(B)/tests/vm-guests/%.elf) $(QEMU_CROSS_GUESTS)
tests/qemu/docs: $(IMAGES) $(B)/examples/hello-c.wasm $(B)/examples/wasm-test.wasm
endif
