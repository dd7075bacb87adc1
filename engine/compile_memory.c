/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instructions on memories, tables, globals and references (core spec 4.4.2, 4.4.5 to 4.4.7). */
#include "engine/compiler.h"

#define TOP(c) ((c)->values[(c)->height - 1])

static void pin(struct compiler *c, uint32_t reg) {
  c->pinned |= (uint16_t)(1u << reg);
}

/* ---- Loads and stores ---------------------------------------------------------------------- */

/* argument: family | natural alignment << 16 */
static uint32_t access_family(const struct opcode *op) {
  return op->argument & 0xffff;
}

/* Instructions on memories are invalid in a module without one, also where nothing is emitted. */
static bool need_memory(struct compiler *c) {
  if (compiler_ok(c) && c->module->memory_count == 0)
    compiler_fail(c, WASM_INVALID, "unknown memory 0: the module has none");
  return compiler_ok(c);
}

/* Alignment and offset. Bit 6 of the alignment announces the index of a memory, which only
 * multi-memory has. */
bool memory_read_memarg(struct compiler *c, uint32_t max_align, uint32_t *offset) {
  uint32_t align = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && align >= 64 && align < 128)
    compiler_fail(c, WASM_UNSUPPORTED, "memory access with a memory index (multi-memory)");
  else if (compiler_ok(c) && align >= 128)
    compiler_fail(c, WASM_MALFORMED, "malformed memop flags");
  uint64_t wide = wasm_read_u64(&c->reader); /* 64 bits since memory64 */
  *offset = (uint32_t)wide;
  if (!need_memory(c))
    return false;
  if (wide > UINT32_MAX)
    compiler_fail(c, WASM_INVALID, "offset out of range");
  else if (align > max_align)
    compiler_fail(c, WASM_INVALID, "alignment must not be larger than natural");
  return compiler_ok(c);
}

/* How an address goes into a stencil: constant, or register plus displacement. */
struct address {
  bool is_constant;
  uint32_t reg;
};

/* Takes the address from an operand. */
static struct address take_address(struct compiler *c, uint32_t index, uint32_t offset) {
  const struct value *value = &c->values[index];
  if (value->where == AT_CONST && value->bits + offset <= INT32_MAX) {
    c->hole[STENCIL_HOLE_A] = (int64_t)(value->bits + offset);
    return (struct address){.is_constant = true};
  }
  return (struct address){.reg = memory_address(c, index, offset)};
}

/* The displacement is 31 bits: what is beyond is added first, in 64 bits, for the sum must not wrap
 * (core spec 4.4.7, "effective address"). */
uint32_t memory_address(struct compiler *c, uint32_t index, uint32_t offset) {
  uint32_t reg;
  if (offset > INT32_MAX) {
    reg = value_own(c, index);
    pin(c, reg);
    uint32_t sum = reg_allocate(c, INT_REGISTERS);
    emit_const(c, WASM_I64, sum, offset);
    emit_stencil(c, ST_i64_add_rr, reg, sum);
    reg_free(c, sum);
    offset = 0;
  } else {
    reg = value_read(c, index);
  }
  pin(c, reg);
  c->hole[STENCIL_HOLE_A] = offset;
  return reg;
}

/* Bounds are the guard's business: the access faults, and the trap table knows its address. */
void compile_load(struct compiler *c, const struct opcode *op) {
  uint32_t offset;
  if (!memory_read_memarg(c, op->argument >> 16, &offset) || !stack_check(c, 1, op->in))
    return;
  if (!c->live) {
    TOP(c) = (struct value){.type = op->out};
    return;
  }
  struct address address = take_address(c, c->height - 1, offset);
  int64_t displacement = c->hole[STENCIL_HOLE_A];
  stack_drop(c); /* the result may take the address's register, */
  c->pinned = 0;
  uint32_t to = address.is_constant || !(c->free_regs >> address.reg & 1) || is_float_type(op->out)
                    ? reg_allocate(c, register_set(op->out))
                    : address.reg;
  c->free_regs &= (uint16_t) ~(1u << to);
  c->hole[STENCIL_HOLE_A] = displacement;
  emit_fault(c, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
  emit_stencil(c, access_family(op) + address.is_constant, to % FLOAT_BASE, address.reg);
  stack_push_reg(c, op->out, to);
}

/* Families: register; + 1 constant address; + 2 constant value; + 3 both. */
void compile_store(struct compiler *c, const struct opcode *op) {
  uint32_t offset;
  if (!memory_read_memarg(c, op->argument >> 16, &offset) || !stack_check(c, 2, op->in))
    return;
  if (!c->live) {
    c->height -= 2;
    return;
  }
  uint32_t family = access_family(op), value = 0;
  bool is_float = is_float_type(op->in[1]);
  bool constant =
      TOP(c).where == AT_CONST && !is_float && (family != ST_store64 || fits_i32(TOP(c).bits));
  if (!constant) {
    value = value_read(c, c->height - 1);
    pin(c, value);
    value %= FLOAT_BASE;
  }
  struct address address = take_address(c, c->height - 2, offset);
  if (constant)
    c->hole[STENCIL_HOLE_IMM32] = (int64_t)TOP(c).bits;
  emit_fault(c, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
  family += (constant ? 2u : 0u) + (address.is_constant ? 1u : 0u);
  emit_stencil(c, family, address.is_constant ? value : address.reg,
               address.is_constant ? 0 : value);
  stack_drop(c);
  stack_drop(c);
}

/* ---- Helpers ------------------------------------------------------------------------------- */

/* Before a call that changes every register: operands in their slots, locals at home. */
static void settle_all(struct compiler *c, uint32_t constants_from) {
  stack_spill_below(c, c->height);
  for (uint32_t i = constants_from; i < c->height; i++)
    value_spill(c, i);
  locals_flush(c);
  locals_forget(c);
}

/* An instruction that calls a helper with its operands' slots. `keep`: operands that stay as
 * results, in their slots. */
static void call_helper(struct compiler *c, uint32_t family, const uint8_t *types, uint32_t count,
                        uint32_t keep, enum wasm_trap_kind trap) {
  if (!stack_check(c, count, types))
    return;
  if (c->live) {
    settle_all(c, c->height - count);
    for (uint32_t i = 0; i < count; i++)
      c->hole[STENCIL_HOLE_A + i] = value_offset(c, c->height - count + i);
    if (trap != WASM_TRAP_NONE)
      emit_trap_target(c, STENCIL_HOLE_TRAP_A, trap);
    emit_stencil(c, family, 0, 0);
  }
  for (uint32_t i = keep; i < count; i++)
    stack_drop(c);
}

static const uint8_t three_i32[] = {WASM_I32, WASM_I32, WASM_I32};

/* The byte that names a memory: a LEB128 index since multi-memory, 0 for everybody else. */
static bool read_memory_index(struct compiler *c) {
  uint32_t index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && index >= c->module->memory_count)
    compiler_fail(c, WASM_INVALID, "unknown memory %u", index);
  return compiler_ok(c);
}

void compile_memory_size(struct compiler *c, const struct opcode *op) {
  if (!read_memory_index(c))
    return;
  if (!c->live) {
    stack_push(c, (struct value){.type = op->out});
    return;
  }
  uint32_t reg = reg_allocate(c, INT_REGISTERS);
  emit_stencil(c, ST_memory_size, reg, 0);
  stack_push_reg(c, op->out, reg);
}

void compile_memory_grow(struct compiler *c, const struct opcode *op) {
  if (read_memory_index(c))
    call_helper(c, ST_memory_grow, op->in, 1, 1, WASM_TRAP_NONE);
}

void compile_memory_fill(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (read_memory_index(c))
    call_helper(c, ST_memory_fill, three_i32, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
}

void compile_memory_copy(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (read_memory_index(c) && read_memory_index(c))
    call_helper(c, ST_memory_copy, three_i32, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
}

/* Data segments come behind the code: their number must have been announced (core spec 5.5.16). */
static bool read_data_index(struct compiler *c) {
  uint32_t index = wasm_read_u32(&c->reader);
  if (!compiler_ok(c))
    return false;
  if (!c->module->has_data_count)
    compiler_fail(c, WASM_MALFORMED, "data count section required");
  else if (index >= c->module->data_count)
    compiler_fail(c, WASM_INVALID, "unknown data segment %u", index);
  c->hole[STENCIL_HOLE_D] = index;
  return compiler_ok(c);
}

void compile_memory_init(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (read_data_index(c) && read_memory_index(c))
    call_helper(c, ST_memory_init, three_i32, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
}

void compile_data_drop(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (read_data_index(c))
    call_helper(c, ST_data_drop, NULL, 0, 0, WASM_TRAP_NONE);
}

/* ---- Tables -------------------------------------------------------------------------------- */

static bool read_table_index(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *index >= c->module->table_count)
    compiler_fail(c, WASM_INVALID, "unknown table %u", *index);
  return compiler_ok(c);
}

static bool read_elem_index(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *index >= c->module->elem_count)
    compiler_fail(c, WASM_INVALID, "unknown elem segment %u", *index);
  return compiler_ok(c);
}

/* Tables, globals and functions are arrays of pointers in the instance: stencils have the place. */
static int64_t pointer_offset(uint32_t index) {
  return (int64_t)index * (int64_t)sizeof(void *);
}

void compile_table_get(struct compiler *c, const struct opcode *op) {
  uint32_t table;
  if (!read_table_index(c, &table) || !stack_check(c, 1, op->in))
    return;
  if (c->live) {
    uint32_t reg = value_own(c, c->height - 1);
    c->hole[STENCIL_HOLE_A] = pointer_offset(table);
    emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
    emit_stencil(c, ST_table_get, reg, 0);
  }
  TOP(c).type = c->module->tables[table].type;
}

void compile_table_set(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  const uint8_t types[] = {WASM_I32, c->module->tables[table].type};
  if (!stack_check(c, 2, types))
    return;
  if (c->live) {
    uint32_t value = value_read(c, c->height - 1);
    pin(c, value);
    uint32_t index = value_read(c, c->height - 2);
    c->hole[STENCIL_HOLE_A] = pointer_offset(table);
    emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
    emit_stencil(c, ST_table_set, index, value);
  }
  stack_drop(c);
  stack_drop(c);
}

void compile_table_size(struct compiler *c, const struct opcode *op) {
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  if (!c->live) {
    stack_push(c, (struct value){.type = op->out});
    return;
  }
  uint32_t reg = reg_allocate(c, INT_REGISTERS);
  c->hole[STENCIL_HOLE_A] = pointer_offset(table);
  emit_stencil(c, ST_table_size, reg, 0);
  stack_push_reg(c, op->out, reg);
}

void compile_table_grow(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  const uint8_t types[] = {c->module->tables[table].type, WASM_I32};
  c->hole[STENCIL_HOLE_D] = table;
  call_helper(c, ST_table_grow, types, 2, 1, WASM_TRAP_NONE);
  if (compiler_ok(c))
    TOP(c).type = WASM_I32;
}

void compile_table_fill(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  const uint8_t types[] = {WASM_I32, c->module->tables[table].type, WASM_I32};
  c->hole[STENCIL_HOLE_D] = table;
  call_helper(c, ST_table_fill, types, 3, 0, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
}

void compile_table_copy(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t to, from;
  if (!read_table_index(c, &to) || !read_table_index(c, &from))
    return;
  if (c->module->tables[to].type != c->module->tables[from].type) {
    compiler_fail(c, WASM_INVALID, "type mismatch: table.copy between tables of different types");
    return;
  }
  c->hole[STENCIL_HOLE_D] = to;
  c->hole[STENCIL_HOLE_E] = from;
  call_helper(c, ST_table_copy, three_i32, 3, 0, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
}

void compile_table_init(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t elem, table;
  if (!read_elem_index(c, &elem) || !read_table_index(c, &table))
    return;
  if (c->module->tables[table].type != c->module->elems[elem].type) {
    compiler_fail(c, WASM_INVALID, "type mismatch: table.init from a segment of another type");
    return;
  }
  c->hole[STENCIL_HOLE_D] = table;
  c->hole[STENCIL_HOLE_E] = elem;
  call_helper(c, ST_table_init, three_i32, 3, 0, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
}

void compile_elem_drop(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t elem;
  if (!read_elem_index(c, &elem))
    return;
  c->hole[STENCIL_HOLE_D] = elem;
  call_helper(c, ST_elem_drop, NULL, 0, 0, WASM_TRAP_NONE);
}

/* ---- Globals and references ---------------------------------------------------------------- */

static const struct wasm_global_entry *read_global(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *index >= c->module->global_count)
    compiler_fail(c, WASM_INVALID, "unknown global %u", *index);
  return compiler_ok(c) ? &c->module->globals[*index] : NULL;
}

void compile_global_get(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  const struct wasm_global_entry *global = read_global(c, &index);
  if (!global)
    return;
  if (!c->live) {
    stack_push(c, (struct value){.type = global->type});
    return;
  }
  uint32_t reg = reg_allocate(c, register_set(global->type));
  c->hole[STENCIL_HOLE_A] = pointer_offset(index);
  emit_stencil(c, family_of_type(ST_global_get32, global->type), reg % FLOAT_BASE, 0);
  stack_push_reg(c, global->type, reg);
}

void compile_global_set(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  const struct wasm_global_entry *global = read_global(c, &index);
  if (!global)
    return;
  if (!global->is_mutable) {
    compiler_fail(c, WASM_INVALID, "global is immutable: global.set of global %u", index);
    return;
  }
  if (!stack_check(c, 1, &global->type))
    return;
  if (c->live) {
    uint32_t reg = value_read(c, c->height - 1);
    c->hole[STENCIL_HOLE_A] = pointer_offset(index);
    emit_stencil(c, family_of_type(ST_global_set32, global->type), reg % FLOAT_BASE, 0);
  }
  stack_drop(c);
}

void compile_ref_null(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint8_t type = wasm_read_heaptype(&c->reader);
  if (compiler_ok(c))
    stack_push(c, (struct value){.type = type, .where = c->live ? AT_CONST : AT_SLOT});
}

void compile_ref_is_null(struct compiler *c, const struct opcode *op) {
  const uint8_t any = ANY_TYPE;
  if (!stack_check(c, 1, &any))
    return;
  uint8_t type = TOP(c).type;
  if (type != ANY_TYPE && !wasm_is_reference(type)) {
    compiler_fail(c, WASM_INVALID, "type mismatch: ref.is_null wants a reference, has %s",
                  wasm_valtype_text(type));
    return;
  }
  if (c->live)
    emit_stencil(c, ST_i64_eqz, value_own(c, c->height - 1), 0);
  TOP(c).type = op->out;
}

/* Only functions that the module declares outside of its code may be named (core spec 3.4.9). */
void compile_ref_func(struct compiler *c, const struct opcode *op) {
  uint32_t index = wasm_read_u32(&c->reader);
  if (!compiler_ok(c))
    return;
  if (index >= c->module->func_count)
    compiler_fail(c, WASM_INVALID, "unknown function %u", index);
  else if (!c->module->func_declared[index])
    compiler_fail(c, WASM_INVALID, "undeclared function reference: function %u", index);
  else if (!c->live)
    stack_push(c, (struct value){.type = op->out});
  else {
    uint32_t reg = reg_allocate(c, INT_REGISTERS);
    c->hole[STENCIL_HOLE_A] = pointer_offset(index);
    emit_stencil(c, ST_ref_func, reg, 0);
    stack_push_reg(c, op->out, reg);
  }
}
