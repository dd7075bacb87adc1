# SPDX-License-Identifier: MIT OR Apache-2.0
# The command. One static executable: it starts fastest, and it carries the guest's image inside.

CLI_SOURCES := cli/main.c cli/options.c cli/values.c cli/stats.c cli/doctor.c

PREFIX ?= /usr/local
MANDIR = $(DESTDIR)$(PREFIX)/share/man/man1

# LIB_SOURCES (lib/lib.mk) and MONITOR_SOURCES (monitor/monitor.mk) are complete by the time the
# second expansion happens.
.SECONDEXPANSION:
$(B)/hermit-wasm: $(call objects,host,$(CLI_SOURCES)) \
		$$(call objects,host,$$(LIB_SOURCES) $$(MONITOR_SOURCES))
	$(CLANG) $(HOST_TARGET) -static -fuse-ld=lld -Wl,--gc-sections -Wl,--icf=safe $^ -o $@

# The command for another architecture's hosts, by another copy of make.
ifeq ($(HOST_TARGET),)
$(B)/hermit-wasm-%: cross-always | setup
	@$(MAKE) --no-print-directory $(call cross_settings,$*) $(B)/$*/hermit-wasm
	cp $(B)/$*/hermit-wasm $@
endif

install: $(B)/hermit-wasm
	install -D -m 755 $(B)/hermit-wasm $(DESTDIR)$(PREFIX)/bin/hermit-wasm
	for image in $(wildcard $(B)/hermit-*.elf); do \
		install -D -m 644 $$image $(DESTDIR)$(PREFIX)/lib/hermit-wasm/$${image##*/}; done
	install -D -m 644 include/hermit_wasm.h $(DESTDIR)$(PREFIX)/include/hermit_wasm.h
	install -D -m 644 docs/hermit-wasm.1 $(MANDIR)/hermit-wasm.1
