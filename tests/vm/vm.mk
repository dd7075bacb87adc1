# SPDX-License-Identifier: MIT OR Apache-2.0
# Guests that try the machine itself: kernel, runtime and monitor without an engine.

VM_GUESTS := exit faults memory clocks
VM_GUEST_IMAGES := $(VM_GUESTS:%=$(B)/tests/vm/%.elf)
$(foreach name,$(VM_GUESTS),$(eval $(call guest_image,$(B)/tests/vm/$(name).elf, \
	$$(call objects,guest,tests/vm/$(name).c tests/vm/guest.c tests/vm/arch/$(ARCH)/probe.S tests/vm/arch/$(ARCH)/probe.c))))
