# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs of many kinds in the VM give the same results as their native builds (bench/programs).

TAP_TESTS += tests/programs/vm
tests/programs/vm: $(B)/hermit-wasm $(BENCH_PROGRAMS) $(BENCH_MODULES)
