# SPDX-License-Identifier: MIT OR Apache-2.0
# Guests that try the machine itself (kernel, runtime, monitor) without an engine, and the program
# that runs them through the library.

VM_GUESTS := exit faults memory clocks spin boot
VM_GUEST_DIR := $(B)/tests/vm-guests
VM_GUEST_COMMON := tests/vm/guest.c tests/vm/arch/$(ARCH)/probe.S tests/vm/arch/$(ARCH)/probe.c
$(foreach name,$(VM_GUESTS),$(eval $(call guest_image,$(VM_GUEST_DIR)/$(name).elf, \
	$$(call objects,guest,tests/vm/$(name).c $$(VM_GUEST_COMMON)))))

TAP_TESTS += $(B)/tests/vm_test

$(B)/host/tests/vm/vm_test.c.o: CFLAGS += -DVM_GUESTS='"$(abspath $(VM_GUEST_DIR))"'
$(B)/tests/vm_test: $(call objects,host,tests/vm/vm_test.c $(MONITOR_SOURCES) $(LIB_SOURCES)) \
		| $(VM_GUESTS:%=$(VM_GUEST_DIR)/%.elf)
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) -fuse-ld=lld $^ -o $@

# What the guest's kernel asks of the monitor, asked by a kernel that lies; needs no KVM.
ifneq ($(wildcard tests/vm/arch/$(ARCH)/fill_test.c),)
TAP_TESTS += $(B)/tests/vm_fill_test
$(B)/tests/vm_fill_test: $(call objects,asan,tests/vm/arch/$(ARCH)/fill_test.c \
		monitor/kvm/arch/$(ARCH)/tables.c abi/prepare.c abi/arch/$(ARCH)/prepare.c monitor/guest_memory.c)
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@
endif
