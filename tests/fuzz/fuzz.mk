# SPDX-License-Identifier: MIT OR Apache-2.0
# Fuzzing the engine. `make fuzz SECONDS=60`.

GENERATE_SOURCES := $(addprefix tests/fuzz/,generate.c plan.c operations.c values.c memory.c vector.c \
	control.c exception.c body.c)
DIFFER_SOURCES := $(addprefix tests/fuzz/,differ.c engines.c run.c) $(GENERATE_SOURCES) $(POSIX_PLATFORM_SOURCES)

$(B)/fuzz/differ: $(call objects,host,$(DIFFER_SOURCES) $(ENGINE_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) $^ -lm -o $@

# A compiler that runs out of registers and memory all the time; see engine/compiler.h.
STRESS_CFLAGS := $(ASAN_CFLAGS) -DCOMPILER_REGISTERS=0xa995u -DCOMPILER_WINDOW_STEP=4096u \
	-Iengine/arch/$(ARCH) -I$(B)/engine/$(ARCH)
$(B)/stress/%.c.o: %.c | setup $(STENCIL_TABLE)
	@mkdir -p $(@D)
	$(CLANG) $(STRESS_CFLAGS) -MMD -MP -c $< -o $@
$(B)/stress/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) -I. -MMD -MP -c $< -o $@
$(B)/stress/engine/compile_emit.c.o: $(STENCIL_TABLE)

$(B)/fuzz/differ-stress: $(call objects,stress,$(DIFFER_SOURCES) $(ENGINE_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -lm -o $@

$(B)/fuzz/spec-stress: $$(call objects,stress,$$(SPEC_SOURCES) tests/spec/main.c \
		$(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@

# libFuzzer instruments what it runs: a flavour of its own.
LIBFUZZER_CFLAGS := $(ASAN_CFLAGS) -fsanitize=fuzzer-no-link -Iengine/arch/$(ARCH) \
	-I$(B)/engine/$(ARCH)
$(B)/libfuzzer/%.c.o: %.c | setup $(STENCIL_TABLE)
	@mkdir -p $(@D)
	$(CLANG) $(LIBFUZZER_CFLAGS) -MMD -MP -c $< -o $@
$(B)/libfuzzer/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) -I. -MMD -MP -c $< -o $@
$(B)/libfuzzer/engine/compile_emit.c.o: $(STENCIL_TABLE)

$(B)/fuzz/module: $(call objects,libfuzzer,$(addprefix tests/fuzz/,fuzz_module.c run.c) \
		$(GENERATE_SOURCES) $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES))
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=fuzzer,address,undefined $^ -lm -o $@

SECONDS ?= 60
.PHONY: fuzz
fuzz: $(B)/fuzz/differ $(B)/fuzz/differ-stress $(B)/fuzz/module
	@tests/fuzz/campaign $(SECONDS)

TAP_TESTS += tests/fuzz/quick
tests/fuzz/quick: $(B)/fuzz/differ $(B)/fuzz/differ-stress $(B)/fuzz/module
