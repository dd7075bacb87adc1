# SPDX-License-Identifier: MIT OR Apache-2.0
# The monitor: devices and the VM on KVM. The jail is monitor/jail/jail.mk's.

MONITOR_SOURCES += monitor/guest_memory.c monitor/boot_block.c
MONITOR_SOURCES += monitor/kvm/image.c monitor/kvm/signals.c
ifneq ($(wildcard monitor/kvm/arch/$(ARCH)/none.c),)
MONITOR_SOURCES += monitor/kvm/arch/$(ARCH)/none.c
else
MONITOR_SOURCES += monitor/kvm/open.c monitor/kvm/vm.c monitor/kvm/layout.c monitor/kvm/kernel.c \
	monitor/kvm/run.c monitor/kvm/arch/$(ARCH)/tables.c monitor/kvm/arch/$(ARCH)/vcpu.c \
	abi/prepare.c abi/arch/$(ARCH)/prepare.c
endif
MONITOR_SOURCES += monitor/qemu/qemu.c monitor/qemu/bundle.c monitor/qemu/children.c \
	monitor/qemu/shares.c monitor/qemu/machine.c monitor/qemu/relay.c

# The architecture's page tables by their own name alone.
$(B)/host/abi/prepare.c.o: private CFLAGS += -Iabi/arch/$(ARCH)
$(B)/asan/abi/prepare.c.o: private ASAN_CFLAGS += -Iabi/arch/$(ARCH)
