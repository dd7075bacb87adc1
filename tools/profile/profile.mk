# SPDX-License-Identifier: MIT OR Apache-2.0
# The guest's engine is optimised as a whole (link time) and by a profile of itself at work on the
# C and C++ examples, which is made in every build: compiling takes 15 % fewer instructions.
# Other architectures' engines do not run here; they go without a profile.

PROFILE_MODULES := $(addprefix $(B)/examples/,hello-c.wasm hello-cc.wasm wasm-test.wasm)
PROFILE_CFLAGS := $(CFLAGS) -fprofile-instr-generate -Iengine/arch/$(ARCH) -I$(B)/engine/$(ARCH)
PROFILE_SOURCES := tools/profile/train.c $(POSIX_PLATFORM_SOURCES) $(ENGINE_SOURCES)
PROFILE := $(B)/profile/engine.profdata

$(B)/profile/%.c.o: %.c | setup $(STENCIL_TABLE)
	@mkdir -p $(@D)
	$(CLANG) $(PROFILE_CFLAGS) -MMD -MP -c $< -o $@
$(B)/profile/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) -I. -MMD -MP -c $< -o $@
$(B)/profile/train: $(call objects,profile,$(PROFILE_SOURCES))
	$(CLANG) $(PROFILE_CFLAGS) $^ -o $@
$(PROFILE): $(B)/profile/train $(PROFILE_MODULES)
	LLVM_PROFILE_FILE=$(@D)/engine.profraw $^
	llvm-profdata-19 merge $(@D)/engine.profraw -o $@

# What runs while a module is loaded; what runs with the module was not watched, and is not to be
# taken for never used.
PROFILED_SOURCES := $(filter-out $(addprefix engine/,calling.c exception.c global.c helpers.c \
	instance.c link.c memory.c store.c table.c trap.c),$(filter %.c,$(ENGINE_SOURCES)))
ENGINE_GUEST_OBJECTS := $(call objects,guest,$(filter %.c,$(ENGINE_SOURCES)))
$(ENGINE_GUEST_OBJECTS): private GUEST_CFLAGS += -flto
ifeq ($(ARCH),$(shell uname -m))
$(call objects,guest,$(PROFILED_SOURCES)): $(PROFILE)
$(call objects,guest,$(PROFILED_SOURCES)): private GUEST_CFLAGS += -fprofile-instr-use=$(PROFILE)
endif

# One object for all images.
$(ENGINE_GUEST): $(call objects,guest,$(ENGINE_SOURCES))
	$(LD) -r --lto-O2 $^ -o $@
