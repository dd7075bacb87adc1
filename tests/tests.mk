# SPDX-License-Identifier: MIT OR Apache-2.0
# `make test`: every quick suite, added up. Suites of folders register in TAP_TESTS.

CLI_MODULES := $(patsubst tests/cli/modules/%.c,$(B)/tests/modules/%.wasm,\
	$(wildcard tests/cli/modules/*.c)) $(patsubst tests/cli/modules/%.wat,\
	$(B)/tests/modules/%.wasm,$(wildcard tests/cli/modules/*.wat)) $(patsubst \
	tests/cli/modules/%.cc,$(B)/tests/modules/%.wasm,$(wildcard tests/cli/modules/*.cc)) $(patsubst \
	tests/cli/modules/%.rs,$(B)/tests/modules/%.wasm,$(wildcard tests/cli/modules/*.rs))

$(B)/tests/modules/%.wasm: tests/cli/modules/%.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(WASM_CFLAGS) $< -o $@

$(B)/tests/modules/%.wasm: tests/cli/modules/%.wat | setup
	@mkdir -p $(@D)
	wat2wasm --debug-names $< -o $@

$(B)/tests/modules/%.wasm: tests/cli/modules/%.cc | setup
	@mkdir -p $(@D)
	$(CLANGXX) $(WASM_CXXFLAGS) $< -o $@

$(B)/tests/modules/%.wasm: tests/cli/modules/%.rs | setup
	@mkdir -p $(@D)
	$(RUSTC) $(RUSTFLAGS) $< -o $@

.PHONY: test-programs
test-programs: $(B)/hermit-wasm $(EXAMPLES) $(CLI_MODULES) $(TAP_TESTS) $(HTTP_LOAD)

# Input comes from nowhere, as in continuous integration.
test: test-programs
	@tests/run tests/layering/check $(TAP_TESTS) $(wildcard tests/cli/*.bats) </dev/null

# The same, then all suites on every host; ends with a table. Half an hour, most of it KVM on an emulated machine.
ifeq ($(findstring /,$(B)),)
tests/hosts/quick: $(HOSTS_NEEDS)
.PHONY: test-all
test-all: test-programs $(HOSTS_NEEDS) $(CROSS_ARCHITECTURES:%=$(B)/%/tests/spec-host) \
		$(BENCH_PROGRAMS) $(BENCH_MODULES)
	@tests/hosts/all tests/layering/check $(TAP_TESTS) $(wildcard tests/cli/*.bats) </dev/null
endif
