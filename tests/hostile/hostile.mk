# SPDX-License-Identifier: MIT OR Apache-2.0
# Hostile guests: one image with many attacks, and the program that runs them against the monitor
# and the library, built with ASan and UBSan.

HOSTILE_ARCH := tests/hostile/arch/$(ARCH)
HOSTILE_GUEST_SOURCES := tests/hostile/hostile.c tests/hostile/doorbells.c tests/hostile/queues.c tests/hostile/sockets.c \
	tests/hostile/files.c tests/hostile/fuse.c tests/hostile/requests.c tests/hostile/mappings.c $(HOSTILE_ARCH)/processor.c
HOSTILE_GUEST_OBJECTS := $(call objects,guest,$(HOSTILE_GUEST_SOURCES))
HOSTILE_IMAGE := $(B)/tests/hostile.elf

$(HOSTILE_GUEST_OBJECTS): GUEST_CFLAGS += -I$(HOSTILE_ARCH)
$(eval $(call guest_image,$(HOSTILE_IMAGE),$(HOSTILE_GUEST_OBJECTS)))

TAP_TESTS += $(B)/tests/hostile_test
# Without sanitizers, for machines of other architectures.
$(B)/host/tests/hostile/hostile_test.c.o: CFLAGS += -I$(HOSTILE_ARCH) \
	-DHOSTILE_IMAGE='"$(abspath $(HOSTILE_IMAGE))"'
$(B)/tests/hostile_plain_test: $(call objects,host,tests/hostile/hostile_test.c) \
		$$(call objects,host,$$(LIB_SOURCES) $$(MONITOR_SOURCES)) | $(HOSTILE_IMAGE)
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) -fuse-ld=lld $^ -o $@

$(B)/asan/tests/hostile/hostile_test.c.o: ASAN_CFLAGS += -I$(HOSTILE_ARCH) \
	-DHOSTILE_IMAGE='"$(abspath $(HOSTILE_IMAGE))"'

# ASan asks where the signal stack is whenever a function does not return.
HOSTILE_FILTER := $(B)/generated/seccomp_filter_asan.c
$(HOSTILE_FILTER): $(B)/tools/seccomp-generate
	@mkdir -p $(@D)
	$< $(ARCH) sigaltstack >$@.tmp
	mv $@.tmp $@

HOSTILE_MONITOR_SOURCES := $(LIB_SOURCES) $(MONITOR_SOURCES:$(JAIL_FILTER)=$(HOSTILE_FILTER))
$(B)/tests/hostile_test: $(call objects,asan,tests/hostile/hostile_test.c) \
		$(call objects,asan,$(HOSTILE_MONITOR_SOURCES)) | $(HOSTILE_IMAGE)
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@
