# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs of many kinds, each built from one source natively and to WebAssembly with the same
# options. Native code may use what the compiler assumes of every machine of the architecture.

BENCH_C := $(filter-out bench,$(basename $(notdir $(wildcard bench/programs/*.c))))
BENCH_CXX := $(basename $(notdir $(wildcard bench/programs/*.cc)))
# Contracted multiplications and additions would round differently on some architectures.
BENCH_FLAGS := -O2 -D_GNU_SOURCE -fno-math-errno -ffp-contract=off -Wall -Wextra -Werror
BENCH_WASM := --target=wasm32-wasi
BENCH_PROGRAMS := $(addprefix $(B)/bench/programs/,$(BENCH_C) $(BENCH_CXX))
BENCH_MODULES := $(BENCH_PROGRAMS:%=%.wasm)

$(B)/bench/native/%.o: bench/programs/%.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(BENCH_FLAGS) -MMD -MP -c $< -o $@
$(B)/bench/native/%.o: bench/programs/%.cc | setup
	@mkdir -p $(@D)
	$(CLANGXX) -std=c++20 -fno-exceptions $(BENCH_FLAGS) -MMD -MP -c $< -o $@
$(B)/bench/wasm/%.o: bench/programs/%.c | setup
	@mkdir -p $(@D)
	$(CLANG) $(BENCH_WASM) -std=c17 $(BENCH_FLAGS) -MMD -MP -c $< -o $@
$(B)/bench/wasm/%.o: bench/programs/%.cc | setup
	@mkdir -p $(@D)
	$(CLANGXX) $(BENCH_WASM) -std=c++20 -fno-exceptions $(BENCH_FLAGS) -MMD -MP -c $< -o $@
# Vectors are an extension that engines may lack: this program alone asks for it.
$(B)/bench/wasm/simd.o: BENCH_FLAGS += -msimd128

$(BENCH_C:%=$(B)/bench/programs/%): $(B)/bench/programs/%: $(B)/bench/native/%.o \
		$(B)/bench/native/bench.o
	@mkdir -p $(@D)
	$(CLANG) -fuse-ld=lld $^ -o $@
$(BENCH_CXX:%=$(B)/bench/programs/%): $(B)/bench/programs/%: $(B)/bench/native/%.o \
		$(B)/bench/native/bench.o
	@mkdir -p $(@D)
	$(CLANGXX) -fuse-ld=lld $^ -o $@
$(BENCH_C:%=$(B)/bench/programs/%.wasm): $(B)/bench/programs/%.wasm: $(B)/bench/wasm/%.o \
		$(B)/bench/wasm/bench.o
	@mkdir -p $(@D)
	$(CLANG) $(BENCH_WASM) $^ -o $@
$(BENCH_CXX:%=$(B)/bench/programs/%.wasm): $(B)/bench/programs/%.wasm: $(B)/bench/wasm/%.o \
		$(B)/bench/wasm/bench.o
	@mkdir -p $(@D)
	$(CLANGXX) $(BENCH_WASM) $^ -o $@

# `make bench-programs ROUNDS=1 PROGRAMS="fib nbody"`: fewer rounds, some programs.
.PHONY: bench-programs
bench-programs: $(B)/hermit-wasm $(BENCH_PROGRAMS) $(BENCH_MODULES)
	-tools/fetch-npm esbuild
	bench/programs/run
