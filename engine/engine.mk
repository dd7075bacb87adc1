# SPDX-License-Identifier: MIT OR Apache-2.0
# The engine: used in the guest and, for tests, in host processes.

# Decoder, instances, traps.
ENGINE_SOURCES := $(addprefix engine/,\
	arena.c const.c decode.c decode_imports.c decode_segments.c decode_types.c error.c func.c \
	global.c helpers.c instance.c link.c memory.c module.c reader.c store.c table.c trap.c types.c)
