# SPDX-License-Identifier: MIT OR Apache-2.0
# Guest images: the kernel, the runtime, and somebody's guest_main.

# Generated code and the engine want what x86-64-v3 has; the kernel gets general registers and the
# base instruction set only, because some hosts emulate its instructions one by one.
GUEST_ARCH_CFLAGS_x86_64 := -march=x86-64-v3
KERNEL_ARCH_CFLAGS_x86_64 := -march=x86-64 -mgeneral-regs-only -mno-red-zone
GUEST_ARCH_CFLAGS = $(GUEST_ARCH_CFLAGS_$(ARCH))

GUEST_ARCH_CFLAGS_aarch64 := -march=armv8-a -mno-outline-atomics
KERNEL_ARCH_CFLAGS_aarch64 := -march=armv8-a -mgeneral-regs-only -mstrict-align
BOOT_SOURCES_x86_64 := guest/kernel/arch/x86_64/pvh.S guest/kernel/arch/x86_64/pvh.c
GUEST_ARCH_CFLAGS_riscv64 := -march=rv64imafd_zifencei -mabi=lp64d -mcmodel=medany -mno-relax
GUEST_ASSEMBLER_riscv64 := -march=rv64imafd_zifencei -mabi=lp64d -mno-relax
KERNEL_ARCH_CFLAGS_riscv64 := $(GUEST_ARCH_CFLAGS_riscv64)
BOOT_SOURCES_riscv64 := guest/kernel/arch/riscv64/boot.S guest/kernel/arch/riscv64/board.c \
	guest/kernel/boot/fdt.c
BOOT_SOURCES_aarch64 := guest/kernel/arch/aarch64/boot.S guest/kernel/arch/aarch64/board.c \
	guest/kernel/boot/fdt.c
KERNEL_SOURCES := guest/kernel/arch/$(ARCH)/traps.S guest/kernel/tables.c \
	guest/kernel/arch/$(ARCH)/virt.c $(BOOT_SOURCES_$(ARCH)) abi/prepare.c \
	abi/arch/$(ARCH)/prepare.c guest/kernel/boot/start.c \
	guest/kernel/boot/words.c guest/kernel/boot/virtio.c guest/kernel/boot/mmio.c guest/kernel/boot/pci.c
# The runtime without a program: what every image has.
RUNTIME_SOURCES := guest/runtime/arch/$(ARCH)/start.S guest/runtime/arch/$(ARCH)/arch.c \
	guest/runtime/start.c guest/runtime/machine.c guest/runtime/doorbells.c \
	guest/runtime/virt.c guest/runtime/memory.c guest/runtime/area.c \
	guest/runtime/code.c guest/runtime/heap.c guest/runtime/string.c guest/runtime/divide.c
# The program that runs a module.
PROGRAM_SOURCES := guest/runtime/main.c guest/runtime/fetch.c guest/runtime/link.c guest/runtime/host.c \
	guest/runtime/inspect.c guest/runtime/report.c guest/runtime/print.c guest/runtime/number.c
# DRIVER_SOURCES (guest/drivers/drivers.mk), WASI_SOURCES and ENGINE_GUEST are others'.

$(call objects,guest,$(KERNEL_SOURCES)): GUEST_ARCH_CFLAGS = $(KERNEL_ARCH_CFLAGS_$(ARCH)) \
	-Iguest/kernel/arch/$(ARCH) -Iabi/arch/$(ARCH)
$(B)/guest/guest/runtime/string.c.o: GUEST_ARCH_CFLAGS = $(GUEST_ARCH_CFLAGS_$(ARCH)) -fno-builtin

# FUSE's messages are the same everywhere; no other header of this machine's may be found.
$(B)/guest-include/linux/fuse.h: /usr/include/linux/fuse.h | setup
	@mkdir -p $(@D)
	cp $< $@
GUEST_CFLAGS += -isystem $(B)/guest-include
$(call objects,guest,$(DRIVER_SOURCES)): | $(B)/guest-include/linux/fuse.h

GUEST_LDS := guest/kernel/arch/$(ARCH)/guest.lds
GUEST_BASE = $(call objects,guest,$(KERNEL_SOURCES) $(RUNTIME_SOURCES))

# $(call guest_image,file,objects): a rule that links a guest image from the base and `objects`.
define guest_image
$(1): $(2) $$(GUEST_BASE) $$(GUEST_LDS)
	@mkdir -p $$(@D)
	$$(LD) -static -nostdlib --gc-sections -z max-page-size=4096 -z noexecstack \
		-T $$(GUEST_LDS) $$(filter %.o,$$^) -o $$@
endef

# The product's image.
$(eval $(call guest_image,$(B)/guest/$(ARCH)/hermit.elf,$$(call objects,guest,$$(PROGRAM_SOURCES) \
	$$(DRIVER_SOURCES) $$(WASI_SOURCES)) $$(ENGINE_GUEST)))

# `make image`: the images of all architectures, to be started by hand (docs/qemu.md) or by the
# command with --arch; flat ones for boards that take no others. Another architecture's are made by
# another copy of make, which alone knows from what.
IMAGE_ARCHITECTURES := x86_64 aarch64 riscv64
IMAGES := $(IMAGE_ARCHITECTURES:%=$(B)/hermit-%.elf) $(B)/hermit-aarch64.img
image_source = $(if $(filter $(1),$(ARCH)),$(B)/guest/$(1)/hermit.elf,$(B)/$(1)/guest/$(1)/hermit.elf)
.PHONY: image image-always
define image_rules
$(B)/hermit-$(1).elf: $(call image_source,$(1))
	llvm-objcopy-19 --strip-all $$< $$@
$(if $(filter $(1),$(ARCH)),,$(B)/$(1)/guest/$(1)/hermit.elf: image-always | setup
	@$$(MAKE) --no-print-directory ARCH=$(1) B=$(B)/$(1) $$@)
endef
ifeq ($(findstring /,$(B)),)
$(foreach arch,$(IMAGE_ARCHITECTURES),$(eval $(call image_rules,$(arch))))
endif
$(B)/hermit-%.img: $(B)/hermit-%.elf
	llvm-objcopy-19 -O binary $< $@
image: $(IMAGES)
	@for file in $^; do printf '%-28s %8d bytes\n' "$$file" "$$(stat -c %s "$$file")"; done
