# SPDX-License-Identifier: MIT OR Apache-2.0
# `make soak`: minutes of starts. `make soak STARTS=1000 VMS=50`: less of it.

STARTS ?= 10000
VMS ?= 200
$(B)/tests/soak: $(call objects,host,tests/soak/soak.c) \
		$$(call objects,host,$$(LIB_SOURCES) $$(MONITOR_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fuse-ld=lld $^ -o $@

.PHONY: soak
soak: $(B)/tests/soak $(B)/tests/modules/share.wasm
	$(B)/tests/soak $(B)/tests/modules/share.wasm $(STARTS) $(VMS)
