# SPDX-License-Identifier: MIT OR Apache-2.0
# The library: include/hermit_wasm.h over the monitor, with the guest's image inside.

# One definition of monitor_after_jail: tests of the jail link another in its place.
AFTER_JAIL_SOURCE := lib/after_jail.c
LIB_SOURCES := lib/run.c lib/listen.c lib/probe.c lib/under_qemu.c lib/arch/$(ARCH)/probe.c $(AFTER_JAIL_SOURCE) \
	monitor/kvm/builtin.S

# The guest's image without its debugging information, as a part of the executable.
BUILTIN_IMAGE := $(B)/guest/$(ARCH)/hermit.stripped.elf
$(BUILTIN_IMAGE): $(B)/guest/$(ARCH)/hermit.elf
	llvm-objcopy-19 --strip-all $< $@
$(B)/host/monitor/kvm/builtin.S.o $(B)/asan/monitor/kvm/builtin.S.o: $(BUILTIN_IMAGE)
$(B)/host/monitor/kvm/builtin.S.o: monitor/kvm/builtin.S
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) -I. -DBUILTIN_IMAGE='"$(BUILTIN_IMAGE)"' -c $< -o $@
$(B)/asan/monitor/kvm/builtin.S.o: monitor/kvm/builtin.S
	@mkdir -p $(@D)
	$(CLANG) -I. -DBUILTIN_IMAGE='"$(BUILTIN_IMAGE)"' -c $< -o $@
