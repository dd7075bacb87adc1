# SPDX-License-Identifier: MIT OR Apache-2.0
# Benchmarks: always ratios within one run on one machine; nothing in the tests depends on them.

$(B)/bench/floor: $(call objects,host,bench/start/floor.c bench/start/arch/$(ARCH)/prepare.c)
	@mkdir -p $(@D)
	$(CLANG) -static -fuse-ld=lld $^ -o $@

$(B)/bench/interleave: $(call objects,host,bench/interleave.c)
	@mkdir -p $(@D)
	$(CLANG) -fuse-ld=lld $^ -o $@

.PHONY: bench-start bench-compile
bench-start: $(B)/hermit-wasm $(B)/bench/floor $(B)/bench/interleave $(B)/examples/hello-c.wasm
	bench/start/run

bench-compile: $(B)/hermit-wasm $(addprefix $(B)/bench/programs/,strings.wasm virtual.wasm) | setup
	tools/fetch-npm esbuild
	bench/compile/run

include bench/programs/programs.mk

bench: bench-start bench-compile bench-programs
