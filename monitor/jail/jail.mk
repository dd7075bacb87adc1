# SPDX-License-Identifier: MIT OR Apache-2.0
# The jail. Its seccomp programs are made here, at build time, from monitor/jail/syscalls.def.

JAIL_FILTER := $(B)/generated/seccomp_filter.c
JAIL_SOURCES := monitor/jail/jail.c monitor/jail/landlock.c monitor/jail/root.c $(JAIL_FILTER)
MONITOR_SOURCES += $(JAIL_SOURCES)

$(B)/tools/seccomp-generate: tools/seccomp/generate.c monitor/jail/syscalls.def | setup
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) $< -lseccomp -o $@

$(JAIL_FILTER): $(B)/tools/seccomp-generate
	@mkdir -p $(@D)
	$< $(ARCH) >$@.tmp
	mv $@.tmp $@
