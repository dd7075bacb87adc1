# SPDX-License-Identifier: MIT OR Apache-2.0
# The load on the HTTP server of examples/, for tests/cli/sockets.bats and by hand.
HTTP_LOAD := $(B)/tests/http_load
$(HTTP_LOAD): $(call objects,host,tests/sockets/http_load.c)
	@mkdir -p $(@D)
	$(CLANG) $(HOST_TARGET) -fuse-ld=lld $^ -o $@
