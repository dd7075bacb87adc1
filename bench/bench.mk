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

include bench/programs/programs.mk

bench-compile: $(B)/hermit-wasm $(BENCH_MODULES) | setup
	tools/fetch-npm yosys esbuild python
	bench/compile/run

# The same source natively and as WebAssembly. `make bench-files ROUNDS=1 MEGABYTES=256`: less of it.
$(B)/bench/files/files: bench/files/files.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(BENCH_FLAGS) -fuse-ld=lld $< -o $@
$(B)/bench/files/files.wasm: bench/files/files.c | setup
	@mkdir -p $(@D)
	$(CLANG) $(BENCH_WASM) -std=c17 $(BENCH_FLAGS) $< -o $@

.PHONY: bench-files
bench-files: $(B)/hermit-wasm $(B)/bench/files/files $(B)/bench/files/files.wasm
	bench/files/run

# Needs QEMU for all three; not part of `make bench`.
.PHONY: bench-boot
bench-boot: $(B)/hermit-wasm $(B)/examples/hello-c.wasm image
	@bench/boot/run $(B)/examples/hello-c.wasm

bench: bench-start bench-compile bench-programs bench-files
