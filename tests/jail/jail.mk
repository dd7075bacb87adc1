# SPDX-License-Identifier: MIT OR Apache-2.0
# The jail's tests: a host program that jails children of its own.

JAIL_TEST_SOURCES := tests/jail/jail_test.c tests/jail/trial.c tests/jail/attempts.c
TAP_TESTS += $(B)/tests/jail_test

# --wrap: tests choose the version of Landlock that the kernel seems to have.
$(B)/tests/jail_test: $(call objects,host,$(JAIL_TEST_SOURCES) $(JAIL_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -pthread -Wl,--wrap=jail_landlock_abi $^ -o $@
