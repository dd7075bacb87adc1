# SPDX-License-Identifier: MIT OR Apache-2.0
# Example programs for wasm32-wasip1, and `make run`, the demo.

# Debian's rustc, which finds Debian's wasm32 library; another on the PATH would not.
RUSTC := /usr/bin/rustc
# Its libraries carry metadata that a linker newer than it warns of; rustc makes warnings fatal.
RUSTFLAGS := --edition 2021 --target wasm32-wasi -O -C codegen-units=1 -C linker=wasm-ld-19 \
	-C link-arg=--no-fatal-warnings -C strip=debuginfo
CLANGXX := clang++-19
WASM_CFLAGS := --target=wasm32-wasi -O2 -D_GNU_SOURCE -Wall -Wextra -Werror
WASM_CXXFLAGS := $(WASM_CFLAGS) -std=c++20 -fno-exceptions

EXAMPLES := $(addprefix $(B)/examples/,wasm-test.wasm hello-c.wasm hello-cc.wasm hello-rs.wasm \
	http-server.wasm)

$(B)/examples/wasm-test.wasm: examples/wasm-test/main.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(WASM_CFLAGS) $< -o $@

$(B)/examples/hello-c.wasm: examples/hello/hello.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(WASM_CFLAGS) $< -o $@

$(B)/examples/hello-cc.wasm: examples/hello/hello.cc | setup
	@mkdir -p $(@D)
	$(CLANGXX) $(WASM_CXXFLAGS) $< -o $@

$(B)/examples/hello-rs.wasm: examples/hello/hello.rs | setup
	@mkdir -p $(@D)
	$(RUSTC) $(RUSTFLAGS) $< -o $@

$(B)/examples/http-server.wasm: examples/http/server.c | setup
	@mkdir -p $(@D)
	$(CLANG) -std=c17 $(WASM_CFLAGS) $< -o $@

.PHONY: examples
examples: $(EXAMPLES)

# The demo: a module with a shared directory, a variable and arguments, in a VM.
run: $(B)/hermit-wasm $(B)/examples/wasm-test.wasm
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	$(B)/hermit-wasm run --dir "$$dir::." --env GREETING=hello \
		$(B)/examples/wasm-test.wasm one "two words"
