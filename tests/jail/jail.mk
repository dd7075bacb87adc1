# SPDX-License-Identifier: MIT OR Apache-2.0
# The jail's tests: a host program that jails children of its own, and the library whose monitor
# tries to get out once it is jailed.

JAIL_TEST_SOURCES := tests/jail/jail_test.c tests/jail/trial.c tests/jail/attempts.c
JAIL_MONITOR_SOURCES := tests/jail/monitor_test.c $(MONITOR_SOURCES) \
	$(filter-out $(AFTER_JAIL_SOURCE),$(LIB_SOURCES))
TAP_TESTS += $(B)/tests/jail_test $(B)/tests/jail_monitor_test

# --wrap: tests choose the version of Landlock that the kernel seems to have.
$(B)/tests/jail_test: $(call objects,host,$(JAIL_TEST_SOURCES) $(JAIL_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -pthread -Wl,--wrap=jail_landlock_abi $^ -o $@

# The guest is one that just ends (tests/hostile).
$(B)/host/tests/jail/monitor_test.c.o: CFLAGS += \
	-DHOSTILE_IMAGE='"$(abspath $(B)/tests/hostile.elf)"'
$(B)/tests/jail_monitor_test: $(call objects,host,$(JAIL_MONITOR_SOURCES)) | $(B)/tests/hostile.elf
	@mkdir -p $(@D)
	$(CLANG) $^ -o $@
