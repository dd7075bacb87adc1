# SPDX-License-Identifier: MIT OR Apache-2.0
# The engine's own tests: one program a subject, in a host process under ASan and UBSan.

# The engine's platform in a process, also for other folders' tests (whose fragments come later).
POSIX_PLATFORM_SOURCES := tests/platform/posix.c tests/platform/arch/$(ARCH)/context.c

ENGINE_TESTS := compare constants decode exception failing large memories numbers run select tail vector
ENGINE_TEST_MODULES := $(patsubst tests/engine/modules/%.wat,$(B)/tests/engine/%.wasm,\
	$(wildcard tests/engine/modules/*.wat))
TAP_TESTS += $(ENGINE_TESTS:%=$(B)/tests/engine/%)

$(B)/tests/engine/%.wasm: tests/engine/modules/%.wat | setup
	@mkdir -p $(@D)
	wat2wasm --enable-tail-call --enable-memory64 --enable-multi-memory --debug-names $< -o $@

$(ENGINE_TESTS:%=$(B)/tests/engine/%): $(B)/tests/engine/%: $(call objects,asan,\
	tests/engine/support.c $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES)) \
	$(B)/asan/tests/engine/%_test.c.o | $(ENGINE_TEST_MODULES)
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=address,undefined $^ -o $@

.PHONY: engine-test-modules
engine-test-modules: $(ENGINE_TEST_MODULES)

# Without sanitizers: for other architectures (tests/cross).
$(ENGINE_TESTS:%=$(B)/tests/engine-host/%): $(B)/tests/engine-host/%: $(call objects,host,\
	tests/engine/support.c $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES)) \
	$(B)/host/tests/engine/%_test.c.o
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) $^ -o $@
