/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instructions on memories, tables, globals and references (core spec 4.4.2, 4.4.5 to 4.4.7). */
#include "engine/compiler.h"

#define TOP(c) ((c)->values[(c)->height - 1])

static void pin(struct compiler *c, uint32_t reg) {
  c->pinned |= (uint16_t)(1u << reg);
}

/* Memories, tables, globals and functions are arrays of pointers in the instance: stencils have the
 * place. */
static int64_t pointer_offset(uint32_t index) {
  return (int64_t)index * (int64_t)sizeof(void *);
}

/* ---- Loads and stores ---------------------------------------------------------------------- */

/* argument: family | natural alignment << 16 */
static uint32_t access_family(const struct opcode *op) {
  return op->argument & 0xffff;
}

/* Instructions on memories that are not there are invalid also where nothing is emitted. */
static bool need_memory(struct compiler *c, uint32_t memory) {
  if (!compiler_ok(c))
    return false;
  if (memory >= c->module->memory_count)
    compiler_fail(c, WASM_INVALID, "unknown memory %u", memory);
  return memory < c->module->memory_count;
}

/* Bit 6 of the alignment announces the index of a memory. */
__attribute__((noinline)) static bool read_any_memarg(struct compiler *c, uint32_t max_align,
                                                      struct access *access) {
  uint32_t align = wasm_read_u32(&c->reader);
  access->size = 1u << max_align;
  access->memory = 0;
  if (__builtin_expect(align >= 128, 0) && compiler_ok(c))
    compiler_fail(c, WASM_MALFORMED, "malformed memop flags");
  else if (__builtin_expect(align >= 64, 0))
    access->memory = wasm_read_u32(&c->reader);
  access->offset = wasm_read_u64(&c->reader);
  if (!need_memory(c, access->memory))
    return false;
  const struct wasm_limits *limits = &c->module->memories[access->memory];
  access->type = wasm_address_type(limits);
  access->is_checked = limits->is_64 || !c->is_guarded;
  bool is_aligned = (align & 63) <= max_align;
  bool is_near = access->offset <= UINT32_MAX || limits->is_64;
  if (!is_near)
    compiler_fail(c, WASM_INVALID, "offset out of range");
  else if (!is_aligned)
    compiler_fail(c, WASM_INVALID, "alignment must not be larger than natural");
  return is_near && is_aligned;
}

/* Mostly the memory is guarded memory 0, and the offset has a byte or two. Else false, and nothing
 * is read. */
static inline bool read_plain_memarg(struct compiler *c, uint32_t max_align,
                                     struct access *access) {
  const uint8_t *bytes = c->reader.at;
  if (__builtin_expect(!c->is_plain || wasm_reader_left(&c->reader) < 3 || bytes[0] > max_align, 0))
    return false;
  bool is_short = bytes[1] < 0x80;
  if (__builtin_expect(!is_short && bytes[2] >= 0x80, 0))
    return false;
  uint32_t offset = is_short ? bytes[1] : (bytes[1] & 0x7fu) | (uint32_t)bytes[2] << 7;
  *access = (struct access){.offset = offset, .size = 1u << max_align, .type = WASM_I32};
  c->reader.at += is_short ? 2 : 3;
  return true;
}

bool memory_read_memarg(struct compiler *c, uint32_t max_align, struct access *access) {
  return read_plain_memarg(c, max_align, access) || read_any_memarg(c, max_align, access);
}

/* How an address goes into a stencil: constant, or register plus displacement. */
struct address {
  bool is_constant;
  uint32_t reg;
  int64_t displacement;
};

/* The most that goes into an instruction; the end of an access there has 31 bits, too. */
#define DISPLACEMENT_MAX ((uint64_t)INT32_MAX - 16)

/* Lets the stencil emitted next trap for an access that ends `end` bytes from the address. */
static void expect_check(struct compiler *c, uint64_t end) {
  c->hole[STENCIL_HOLE_A] = (int64_t)end;
  emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
}

/* The displacement is 31 bits: an offset beyond is added first, in 64 bits, for the sum must not
 * wrap (core spec 4.4.7, "effective address"). The value gets a register of its own. */
__attribute__((noinline, cold)) static void add_offset(struct compiler *c, uint32_t index,
                                                       uint64_t offset) {
  uint32_t reg = value_own(c, index);
  pin(c, reg);
  uint32_t sum = reg_allocate(c, INT_REGISTERS);
  emit_const(c, WASM_I64, sum, offset);
  emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
  emit_stencil(c, ST_address_add, reg, sum);
  reg_free(c, sum);
}

/* For memory 0: accesses find it by themselves. */
__attribute__((noinline)) static uint32_t
check_address(struct compiler *c, uint32_t index, const struct access *access, uint64_t offset) {
  uint32_t reg = value_read(c, index);
  expect_check(c, offset + access->size);
  emit_stencil(c, ST_memory_check, reg, 0);
  return reg;
}

/* For other memories: makes the address one from memory 0's base on. */
__attribute__((noinline)) static uint32_t
rebase_address(struct compiler *c, uint32_t index, const struct access *access, uint64_t offset) {
  uint32_t reg = value_own(c, index);
  c->hole[STENCIL_HOLE_B] = pointer_offset(access->memory);
  if (access->is_checked)
    expect_check(c, offset + access->size);
  emit_stencil(c, access->is_checked ? ST_memory_check_rebase : ST_memory_rebase, reg, 0);
  return reg;
}

/* A constant address. */
static struct address add_address(struct compiler *c, uint64_t bits, struct access access) {
  uint64_t sum = access.offset + bits;
  if (access.is_checked) {
    expect_check(c, sum + access.size);
    emit_stencil(c, ST_memory_check_c, 0, 0);
  }
  return (struct address){.is_constant = true, .displacement = (int64_t)sum};
}

/* The address in a register, what has to be checked checked. */
static struct address find_address(struct compiler *c, uint32_t index, struct access access) {
  uint64_t offset = access.offset;
  if (offset > DISPLACEMENT_MAX) {
    add_offset(c, index, offset);
    offset = 0;
  }
  uint32_t reg = access.memory != 0  ? rebase_address(c, index, &access, offset)
                 : access.is_checked ? check_address(c, index, &access, offset)
                                     : value_read(c, index);
  return (struct address){.reg = reg, .displacement = (int64_t)offset};
}

/* Takes the address from an operand. */
static inline __attribute__((always_inline)) struct address
take_address(struct compiler *c, uint32_t index, struct access access) {
  const struct value *value = &c->values[index];
  bool is_small = access.memory == 0 && access.offset <= DISPLACEMENT_MAX;
  if (value->where == AT_CONST && is_small && value->bits <= DISPLACEMENT_MAX - access.offset)
    return add_address(c, value->bits, access);
  struct address address =
      is_small && !access.is_checked
          ? (struct address){.reg = value_read(c, index), .displacement = (int64_t)access.offset}
          : find_address(c, index, access);
  pin(c, address.reg);
  return address;
}

uint32_t memory_address(struct compiler *c, uint32_t index, const struct access *access) {
  struct address address = find_address(c, index, *access);
  pin(c, address.reg);
  c->hole[STENCIL_HOLE_A] = address.displacement;
  return address.reg;
}

/* Bounds are the guard's business, or were checked with the address: the access faults, and the
 * trap table knows its address. Made twice: for a plain memarg, whose questions are answered when
 * this is compiled, and for any other. */
static inline __attribute__((always_inline)) void load(struct compiler *c, const struct opcode *op,
                                                       struct access access) {
  if (!stack_check(c, 1, &(uint8_t){access.type}))
    return;
  if (!c->live) {
    TOP(c) = (struct value){.type = op->out};
    return;
  }
  struct address address = take_address(c, c->height - 1, access);
  stack_drop(c); /* the result may take the address's register, */
  c->pinned = 0;
  uint32_t to = address.is_constant || !(c->free_regs >> address.reg & 1) || is_float_type(op->out)
                    ? reg_allocate(c, register_set(op->out))
                    : address.reg;
  c->free_regs &= (uint16_t) ~(1u << to);
  c->hole[STENCIL_HOLE_A] = address.displacement;
  emit_access(c, access_family(op) + address.is_constant, to % FLOAT_BASE, address.reg);
  stack_push_reg(c, op->out, to);
}

__attribute__((noinline)) static void load_any(struct compiler *c, const struct opcode *op) {
  struct access access;
  if (read_any_memarg(c, op->argument >> 16, &access))
    load(c, op, access);
}

void compile_load(struct compiler *c, const struct opcode *op) {
  struct access access;
  if (read_plain_memarg(c, op->argument >> 16, &access))
    load(c, op, access);
  else
    load_any(c, op);
}

/* Families: register; + 1 constant address; + 2 constant value; + 3 both. */
static inline __attribute__((always_inline)) void store(struct compiler *c, const struct opcode *op,
                                                        struct access access) {
  const uint8_t types[] = {access.type, op->in[1]};
  if (!stack_check(c, 2, types))
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
  struct address address = take_address(c, c->height - 2, access);
  c->hole[STENCIL_HOLE_A] = address.displacement;
  if (constant)
    c->hole[STENCIL_HOLE_IMM32] = (int64_t)TOP(c).bits;
  family += (constant ? 2u : 0u) + (address.is_constant ? 1u : 0u);
  emit_access(c, family, address.is_constant ? value : address.reg,
              address.is_constant ? 0 : value);
  stack_drop(c);
  stack_drop(c);
}

__attribute__((noinline)) static void store_any(struct compiler *c, const struct opcode *op) {
  struct access access;
  if (read_any_memarg(c, op->argument >> 16, &access))
    store(c, op, access);
}

void compile_store(struct compiler *c, const struct opcode *op) {
  struct access access;
  if (read_plain_memarg(c, op->argument >> 16, &access))
    store(c, op, access);
  else
    store_any(c, op);
}

/* ---- Helpers ------------------------------------------------------------------------------- */

/* Before a call that changes every register: operands in their slots, locals at home. */
static void settle_all(struct compiler *c, uint32_t constants_from) {
  c->calls = true;
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

/* The byte that names a memory is a LEB128 index. Returns the type of addresses and sizes there; 0:
 * it failed. */
static uint8_t read_memory_index(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  return need_memory(c, *index) ? wasm_address_type(&c->module->memories[*index]) : 0;
}

void compile_memory_size(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t memory;
  uint8_t type = read_memory_index(c, &memory);
  if (!type)
    return;
  if (!c->live) {
    stack_push(c, (struct value){.type = type});
    return;
  }
  uint32_t reg = reg_allocate(c, INT_REGISTERS);
  c->hole[STENCIL_HOLE_B] = pointer_offset(memory);
  emit_stencil(c, memory == 0 ? ST_memory_size : ST_memory_size_at, reg, 0);
  stack_push_reg(c, type, reg);
}

void compile_memory_grow(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t memory;
  uint8_t type = read_memory_index(c, &memory);
  c->hole[STENCIL_HOLE_D] = memory;
  if (type)
    call_helper(c, ST_memory_grow, &type, 1, 1, WASM_TRAP_NONE);
}

void compile_memory_fill(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t memory;
  uint8_t type = read_memory_index(c, &memory);
  const uint8_t types[] = {type, WASM_I32, type};
  c->hole[STENCIL_HOLE_D] = memory;
  if (type)
    call_helper(c, ST_memory_fill, types, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
}

/* A number of bytes or elements that both sides can have. */
static uint8_t narrower(uint8_t a, uint8_t b) {
  return a == WASM_I64 ? b : a;
}

void compile_memory_copy(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t to, from;
  uint8_t to_type = read_memory_index(c, &to), from_type = read_memory_index(c, &from);
  const uint8_t types[] = {to_type, from_type, narrower(to_type, from_type)};
  c->hole[STENCIL_HOLE_D] = to;
  c->hole[STENCIL_HOLE_E] = from;
  if (to_type && from_type)
    call_helper(c, ST_memory_copy, types, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
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
  uint32_t memory;
  uint8_t type = read_data_index(c) ? read_memory_index(c, &memory) : 0;
  if (!type)
    return;
  const uint8_t types[] = {type, WASM_I32, WASM_I32};
  c->hole[STENCIL_HOLE_E] = memory;
  call_helper(c, ST_memory_init, types, 3, 0, WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
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

/* The type of indices and sizes. */
static uint8_t index_type(const struct compiler *c, uint32_t table) {
  return wasm_address_type(&c->module->tables[table].limits);
}

static bool read_elem_index(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *index >= c->module->elem_count)
    compiler_fail(c, WASM_INVALID, "unknown elem segment %u", *index);
  return compiler_ok(c);
}

void compile_table_get(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  uint8_t type = index_type(c, table);
  if (!stack_check(c, 1, &type))
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
  const uint8_t types[] = {index_type(c, table), c->module->tables[table].type};
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
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  uint8_t type = index_type(c, table);
  if (!c->live) {
    stack_push(c, (struct value){.type = type});
    return;
  }
  uint32_t reg = reg_allocate(c, INT_REGISTERS);
  c->hole[STENCIL_HOLE_A] = pointer_offset(table);
  emit_stencil(c, ST_table_size, reg, 0);
  stack_push_reg(c, type, reg);
}

void compile_table_grow(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  uint8_t type = index_type(c, table);
  const uint8_t types[] = {c->module->tables[table].type, type};
  c->hole[STENCIL_HOLE_D] = table;
  call_helper(c, ST_table_grow, types, 2, 1, WASM_TRAP_NONE);
  if (compiler_ok(c))
    TOP(c).type = type;
}

void compile_table_fill(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t table;
  if (!read_table_index(c, &table))
    return;
  uint8_t type = index_type(c, table);
  const uint8_t types[] = {type, c->module->tables[table].type, type};
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
  uint8_t to_type = index_type(c, to), from_type = index_type(c, from);
  const uint8_t types[] = {to_type, from_type, narrower(to_type, from_type)};
  c->hole[STENCIL_HOLE_D] = to;
  c->hole[STENCIL_HOLE_E] = from;
  call_helper(c, ST_table_copy, types, 3, 0, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
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
  const uint8_t types[] = {index_type(c, table), WASM_I32, WASM_I32};
  c->hole[STENCIL_HOLE_D] = table;
  c->hole[STENCIL_HOLE_E] = elem;
  call_helper(c, ST_table_init, types, 3, 0, WASM_TRAP_TABLE_OUT_OF_BOUNDS);
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

/* Sets the hole for a global. True: it is one of the module's own, at a fixed place in the
 * instance, which the families own_* reach; else a pointer leads to it. */
static bool locate_global(struct compiler *c, uint32_t index) {
  uint32_t imports = c->module->global_import_count;
  uint64_t offset = offsetof(struct wasm_instance, own_globals) +
                    (uint64_t)(index - imports) * sizeof(struct wasm_global);
  bool is_own = index >= imports && offset <= INT32_MAX;
  c->hole[STENCIL_HOLE_A] = is_own ? (int64_t)offset : pointer_offset(index);
  return is_own;
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
  uint32_t first = locate_global(c, index) ? ST_own_get32 : ST_global_get32;
  emit_stencil(c, family_of_type(first, global->type), reg % FLOAT_BASE, 0);
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
    uint32_t first = locate_global(c, index) ? ST_own_set32 : ST_global_set32;
    emit_stencil(c, family_of_type(first, global->type), reg % FLOAT_BASE, 0);
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
