# SPDX-License-Identifier: MIT OR Apache-2.0
# The engine: used in the guest and, for tests, in host processes.

# Decoder, instances, traps.
ENGINE_SOURCES := $(addprefix engine/,\
	arena.c const.c decode.c decode_imports.c decode_segments.c decode_types.c error.c func.c \
	global.c helpers.c instance.c link.c memory.c module.c reader.c store.c table.c trap.c types.c)

# The function compiler and its glue.
ENGINE_COMPILER_SOURCES := $(addprefix engine/,\
	calling.c compile.c compile_call.c compile_control.c compile_emit.c compile_exception.c \
	compile_flow.c compile_loop.c compile_memory.c compile_numeric.c compile_values.c compile_vector.c exception.c \
	arch/$(ARCH)/enter.S)
ENGINE_SOURCES += $(ENGINE_COMPILER_SOURCES)
# As guest images link it (tools/profile/profile.mk).
ENGINE_GUEST := $(B)/guest/engine.o

# Where the machine has no vectors, functions that stencils call. They are the stencils' own source,
# with other headers.
VECTOR_FUNCTION_SOURCES_riscv64 := engine/arch/riscv64/vector_functions.c \
	engine/stencils/vector_float.c engine/stencils/vector_integer.c
VECTOR_FUNCTION_SOURCES := $(VECTOR_FUNCTION_SOURCES_$(ARCH))
ENGINE_SOURCES += $(VECTOR_FUNCTION_SOURCES)
VECTOR_FUNCTION_OBJECTS := $(foreach flavour,host guest,\
	$(call objects,$(flavour),$(VECTOR_FUNCTION_SOURCES)))
$(VECTOR_FUNCTION_OBJECTS): private CFLAGS += -Iengine/arch/$(ARCH)/functions
$(VECTOR_FUNCTION_OBJECTS): private GUEST_CFLAGS += -Iengine/arch/$(ARCH)/functions

# Stencils: compiled by clang at build time, taken from the object files by tools/stencils.
# -Os makes conditional jumps to other functions direct; no constant may go to another section.
STENCIL_MACHINE_aarch64 := -march=armv8-a
STENCIL_MACHINE_riscv64 := -march=rv64imafd -mabi=lp64d -mno-relax
STENCIL_MACHINE_x86_64 := -march=x86-64-v3
STENCIL_CFLAGS_aarch64 := -mcmodel=small -ffixed-x15 -fno-slp-vectorize
STENCIL_CFLAGS_riscv64 := -mcmodel=medlow -mno-strict-align \
	-mllvm -riscv-max-build-ints-cost=32 -ffixed-x9 -ffixed-x18 -ffixed-x19 -ffixed-x20 -ffixed-x21 -ffixed-x31 -fno-slp-vectorize
STENCIL_CFLAGS_x86_64 := -mcmodel=small -fcf-protection=none
STENCIL_CFLAGS := --target=$(ARCH)-none-elf -std=c17 -I. -Iengine/arch/$(ARCH) -Os -ffreestanding -fno-builtin -fno-pic \
	$(STENCIL_MACHINE_$(ARCH)) $(STENCIL_CFLAGS_$(ARCH)) -fomit-frame-pointer -fno-asynchronous-unwind-tables \
	-fno-math-errno -fno-stack-protector -fno-jump-tables \
	-Wall -Wextra -Werror -Wno-uninitialized
# Moves of vectors; riscv64 has them in pairs of registers.
STENCIL_VECTOR_MOVE_aarch64 := engine/stencils/vector_move.c
STENCIL_VECTOR_MOVE_riscv64 := engine/arch/riscv64/vector_move.c
STENCIL_VECTOR_MOVE_x86_64 := engine/stencils/vector_move.c
STENCIL_OBJECTS := $(patsubst %,$(B)/engine/$(ARCH)/%.o,$(addprefix engine/stencils/,\
	compare.c convert.c float.c helpers.c integer.c memory.c move.c runtime.c \
	vector_float.c vector_integer.c) \
	$(STENCIL_VECTOR_MOVE_$(ARCH)) engine/arch/$(ARCH)/stencils.S)
# The same once more with small constants, where the machine has short forms for these.
STENCIL_SMALL_x86_64 := -DSTENCIL_SMALL_A=0x5b -DSTENCIL_SMALL_IMM=0x6d
STENCIL_SMALL_OBJECTS := $(if $(STENCIL_SMALL_$(ARCH)),\
	$(patsubst %.c.o,%.small.o,$(filter %.c.o,$(STENCIL_OBJECTS))))
# On machines whose instructions have one size, files with constants are compiled with three small
# ones: what these say together is in tools/stencils/small.c.
STENCIL_SMALLS := 91 173 -77
STENCIL_PROOF_SOURCES_aarch64 := $(addprefix engine/stencils/,compare.c integer.c memory.c move.c)
STENCIL_PROOF_SOURCES_riscv64 := $(STENCIL_PROOF_SOURCES_aarch64)
stencil_proofs = $(patsubst %,$(B)/engine/$(ARCH)/%.proof$(1).o,$(STENCIL_PROOF_SOURCES_$(ARCH)))
STENCIL_TABLE := $(B)/engine/$(ARCH)/stencils.inc

$(B)/engine/$(ARCH)/%.c.o: %.c engine/engine.mk | setup
	@mkdir -p $(@D)
	$(CLANG) $(STENCIL_CFLAGS) -MMD -MP -c $< -o $@
$(B)/engine/$(ARCH)/%.small.o: %.c engine/engine.mk | setup
	@mkdir -p $(@D)
	$(CLANG) $(STENCIL_CFLAGS) -DSTENCIL_SMALL $(STENCIL_SMALL_$(ARCH)) -MMD -MP -c $< -o $@
define stencil_proof_rule
$(B)/engine/$(ARCH)/%.c.proof$(1).o: %.c engine/engine.mk | setup
	@mkdir -p $$(@D)
	$(CLANG) $(STENCIL_CFLAGS) -DSTENCIL_SMALL -DSTENCIL_SMALL_A=$(1) -DSTENCIL_SMALL_IMM=$(1) \
		-MMD -MP -c $$< -o $$@
endef
$(foreach small,$(STENCIL_SMALLS),$(eval $(call stencil_proof_rule,$(small))))
$(B)/engine/$(ARCH)/%.S.o: %.S | setup
	@mkdir -p $(@D)
	$(CLANG) --target=$(ARCH)-none-elf $(STENCIL_MACHINE_$(ARCH)) -I. -MMD -MP -c $< -o $@

EXTRACT_OBJECTS := $(call objects,host,$(addprefix tools/stencils/,\
	extract.c small.c table.c arch/$(ARCH)/machine.c))
comma := ,
$(EXTRACT_OBJECTS): private CFLAGS += -Iengine/arch/$(ARCH) $(STENCIL_SMALL_$(ARCH)) \
	-DSTENCIL_SMALLS=$(subst $(eval ) ,$(comma),$(strip $(STENCIL_SMALLS)))
$(EXTRACT_OBJECTS): override private HOST_TARGET :=
$(B)/extract: $(EXTRACT_OBJECTS)
	$(CLANG) $(CFLAGS) $^ -o $@
$(STENCIL_TABLE): $(B)/extract $(STENCIL_OBJECTS) $(STENCIL_SMALL_OBJECTS) \
		$(foreach small,$(STENCIL_SMALLS),$(call stencil_proofs,$(small)))
	$(B)/extract $@ $(STENCIL_OBJECTS) $(if $(STENCIL_SMALL_OBJECTS),-- $(STENCIL_SMALL_OBJECTS),\
		$(foreach small,$(STENCIL_SMALLS),-- $(call stencil_proofs,$(small))))

# The compiler's files name the architecture's header and table by their own names alone.
ENGINE_COMPILER_OBJECTS := $(foreach flavour,host asan guest,\
	$(call objects,$(flavour),$(ENGINE_COMPILER_SOURCES)))
$(ENGINE_COMPILER_OBJECTS): private CFLAGS += -Iengine/arch/$(ARCH) -I$(B)/engine/$(ARCH)
$(ENGINE_COMPILER_OBJECTS): private ASAN_CFLAGS += -Iengine/arch/$(ARCH) -I$(B)/engine/$(ARCH)
$(ENGINE_COMPILER_OBJECTS): private GUEST_CFLAGS += -Iengine/arch/$(ARCH) -I$(B)/engine/$(ARCH)
$(ENGINE_COMPILER_OBJECTS): | $(STENCIL_TABLE)
$(foreach flavour,host asan guest,$(B)/$(flavour)/engine/compile_emit.c.o): $(STENCIL_TABLE)
