/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memories, tables and references in generated functions. Most accesses stay within bounds.
 *
 * Another engine may have neither several memories nor 64-bit tables. Several memories are numbered
 * in the reverse order in the other rendition, whose engine is ours then, so each is accessed in
 * two ways. For Node a 64-bit table is a 32-bit one. */
#include "tests/fuzz/operations.h"

/* ---- Addresses ---------------------------------------------------------------------------------
 */

uint32_t memory_number(const struct plan *p, uint32_t memory) {
  return p->is_other ? p->memory_count - 1 - memory : memory;
}

static uint32_t pick_memory(struct plan *p) {
  return p->memory_count > 1 ? random_below(p, p->memory_count) : 0;
}

static uint8_t address_type(const struct plan *p, uint32_t memory) {
  return p->memory_64[memory] ? WASM_I64 : WASM_I32;
}

static uint64_t random_offset(struct plan *p, uint32_t memory) {
  uint32_t way = random_below(p, 200);
  if (way == 199 && p->memory_64[memory])
    return random_bits(p) >> random_below(p, 32);
  return way < 100   ? 0
         : way < 175 ? random_below(p, 256)
         : way < 194 ? random_below(p, 70000)
         : way < 197 ? 0x7fffffffu - random_below(p, 3) * 8
                     : 0x80000000u + (uint32_t)random_bits(p) / 2;
}

static void put_and(struct plan *p, uint8_t type, uint32_t mask) {
  put_constant(&p->code, type, mask);
  put(p, type == WASM_I32 ? 0x71 : 0x83);
}

/* Pushes an address that is likely to be one. */
static void address(struct plan *p, uint32_t memory, uint32_t depth) {
  uint8_t type = address_type(p, memory);
  uint32_t way = random_below(p, 100);
  if (way < 35) {
    value(p, type, depth);
    put_and(p, type, 0xffff);
  } else if (way < 60) {
    put_const(p, type, random_below(p, 65536));
  } else if (way < 93) {
    put_indexed(p, 0x20, p->counter);
    if (type == WASM_I64)
      put(p, 0xad); /* i64.extend_i32_u */
    push(p, type);
  } else if (way < 97) {
    put_const(p, type, MEMORY_MIN * 65536 - random_below(p, 20));
  } else {
    value(p, type, depth);
  }
}

/* A small number of the memory's address type. */
static void small_size(struct plan *p, uint8_t type, uint32_t limit) {
  small(p, limit);
  if (type == WASM_I64) {
    put(p, 0xad);
    consume(p, 1);
    push(p, type);
  }
}

/* ---- Loads and stores --------------------------------------------------------------------------
 */

/* The code and the memarg (core spec 5.4.6): bit 6 of the alignment says that a memory's number
 * follows. */
static void put_access(struct plan *p, const struct operation *op, uint32_t memory) {
  uint32_t align = random_below(p, op->detail + 1u), number = memory_number(p, memory);
  operation_put_code(p, op);
  put_unsigned(&p->code, p->memory_count > 1 ? align | 0x40 : align);
  if (p->memory_count > 1)
    put_unsigned(&p->code, number);
  put_unsigned(&p->code, random_offset(p, memory));
}

void load_value(struct plan *p, uint8_t type, uint32_t depth) {
  const struct operation *op = operation_pick(p, operation_is_load, type);
  uint32_t memory = pick_memory(p);
  address(p, memory, depth);
  put_access(p, op, memory);
  consume(p, 1);
  push(p, op->out);
}

void load(struct plan *p) {
  const struct operation *op = operation_pick(p, operation_is_load, 0);
  uint32_t memory = pick_memory(p);
  uint8_t type = address_type(p, memory);
  if (!top_is(p, &type, 1) || chance(p, 50)) {
    load_value(p, op->out, 2);
    return;
  }
  put_and(p, type, 0xfff0);
  put_access(p, op, memory);
  consume(p, 1);
  push(p, op->out);
}

static bool operands_lie_there(struct plan *p, uint8_t address, uint8_t stored) {
  const uint8_t types[] = {address, stored};
  return top_is(p, types, 2) && chance(p, 2);
}

void store(struct plan *p) {
  const struct operation *op = operation_pick(p, operation_is_store, 0);
  uint32_t memory = pick_memory(p);
  if (!operands_lie_there(p, address_type(p, memory), op->in[1])) {
    address(p, memory, 2);
    value(p, op->in[1], 2);
  }
  if (op->in[1] == WASM_F32 || op->in[1] == WASM_F64)
    canonicalise(p, op->in[1]);
  put_access(p, op, memory);
  consume(p, 2);
}

/* A load or store of one lane. */
void lane_access(struct plan *p) {
  if (!p->vectors)
    return;
  const struct operation *op = operation_pick(p, operation_is_lane_access, 0);
  uint32_t memory = pick_memory(p);
  address(p, memory, 2);
  value(p, WASM_V128, 2);
  put_access(p, op, memory);
  put(p, (uint8_t)random_below(p, 16u >> op->detail));
  consume(p, 2);
  if (op->out != 0)
    push(p, op->out);
}

/* ---- The other instructions of memories --------------------------------------------------------
 */

static void memory_grow(struct plan *p, uint32_t memory) {
  uint8_t type = address_type(p, memory);
  bool grows = chance(p, 70);
  if (grows) {
    small_size(p, type, 1);
    consume(p, 1);
  }
  put_indexed(p, grows ? 0x40 : 0x3f, memory_number(p, memory));
  push(p, type);
}

static void memory_copy(struct plan *p, uint32_t memory) {
  uint32_t from = pick_memory(p);
  bool is_wide = p->memory_64[memory] && p->memory_64[from];
  address(p, memory, 2);
  address(p, from, 2);
  small_size(p, is_wide ? WASM_I64 : WASM_I32, 300);
  put_indexed(p, 0xfc, 10);
  put_unsigned(&p->code, memory_number(p, memory));
  put_unsigned(&p->code, memory_number(p, from));
  consume(p, 3);
}

static void memory_fill(struct plan *p, uint32_t memory) {
  address(p, memory, 2);
  value(p, WASM_I32, 1);
  small_size(p, address_type(p, memory), 300);
  put_indexed(p, 0xfc, 11);
  put_unsigned(&p->code, memory_number(p, memory));
  consume(p, 3);
}

static void memory_init(struct plan *p, uint32_t memory) {
  address(p, memory, 2);
  small(p, DATA_LENGTH / 2);
  small(p, DATA_LENGTH / 2);
  put_indexed(p, 0xfc, 8);
  put_unsigned(&p->code, random_below(p, 2));
  put_unsigned(&p->code, memory_number(p, memory));
  consume(p, 3);
}

void memory_bulk(struct plan *p) {
  static void (*const ways[])(struct plan *, uint32_t) = {memory_fill, memory_copy, memory_init,
                                                          memory_grow};
  uint32_t way = random_below(p, 5), memory = pick_memory(p);
  if (way < 4) {
    ways[way](p, memory);
  } else if (chance(p, 40)) {
    put_indexed(p, 0xfc, 9); /* data.drop */
    put_unsigned(&p->code, random_below(p, DATAS));
  }
}

/* ---- Tables and references ---------------------------------------------------------------------
 */

static uint8_t table_type(uint32_t table) {
  return table == 0 ? WASM_FUNCREF : WASM_EXTERNREF;
}

/* Where no 32-bit table has to do the same, the index may have any upper half. */
void put_table_index(struct plan *p, uint32_t table) {
  if (!p->table_64[table] || is_legacy(p))
    return;
  put(p, 0xad); /* i64.extend_i32_u */
  if (p->own && chance(p, 2)) {
    put_constant(&p->code, WASM_I64, random_bits(p) << 32);
    put(p, 0x84); /* i64.or */
  }
}

void put_table_size(struct plan *p, uint32_t table) {
  if (p->table_64[table] && !is_legacy(p))
    put(p, 0xa7); /* i32.wrap_i64 */
}

static void table_index(struct plan *p, uint32_t table, uint32_t limit) {
  small(p, limit);
  put_table_index(p, table);
}

static void put_table_code(struct plan *p, uint8_t code, uint32_t table) {
  put_indexed(p, 0xfc, code);
  put_unsigned(&p->code, table);
}

static void table_get(struct plan *p, uint32_t table) {
  table_index(p, table, TABLE_MIN - 1);
  put_indexed(p, 0x25, table);
  consume(p, 1);
  push(p, table_type(table));
}

static void table_set(struct plan *p, uint32_t table) {
  table_index(p, table, TABLE_MIN - 1);
  value(p, table_type(table), 2);
  put_indexed(p, 0x26, table);
  consume(p, 2);
}

static void table_grow(struct plan *p, uint32_t table) {
  value(p, table_type(table), 2);
  table_index(p, table, 2);
  put_table_code(p, 15, table);
  put_table_size(p, table);
  consume(p, 2);
  push(p, WASM_I32);
}

static void table_fill(struct plan *p, uint32_t table) {
  table_index(p, table, TABLE_MIN / 2);
  value(p, table_type(table), 2);
  table_index(p, table, TABLE_MIN / 2);
  put_table_code(p, 17, table);
  consume(p, 3);
}

static void table_copy(struct plan *p, uint32_t table) {
  for (int i = 0; i < 3; i++)
    table_index(p, table, TABLE_MIN / 2);
  put_table_code(p, 14, table);
  put_unsigned(&p->code, table);
  consume(p, 3);
}

static void table_init(struct plan *p, uint32_t table) {
  table_index(p, table, TABLE_MIN / 2);
  small(p, 2);
  small(p, table == 0 ? 2 : 0);
  put_table_code(p, 12, table == 0 ? 1 : 2 + random_below(p, 2));
  put_unsigned(&p->code, table);
  consume(p, 3);
}

static void table_size(struct plan *p, uint32_t table) {
  put_table_code(p, 16, table);
  put_table_size(p, table);
  push(p, WASM_I32);
}

void table_bulk(struct plan *p) {
  static void (*const ways[])(struct plan *, uint32_t) = {table_set,  table_grow, table_fill,
                                                          table_copy, table_init, table_size};
  uint32_t way = random_below(p, 7), table = random_below(p, TABLES);
  if (way < 6)
    ways[way](p, table);
  else if (chance(p, 30))
    put_table_code(p, 13, random_below(p, ELEMS)); /* elem.drop */
}

void reference_value(struct plan *p, uint8_t type, uint32_t depth) {
  if (type == WASM_FUNCREF && chance(p, 50)) {
    put_indexed(p, 0xd2, random_below(p, p->func_count));
    push(p, type);
  } else if (type == WASM_EXNREF && depth > 0 && chance(p, 50)) {
    exnref_value(p);
  } else if (type != WASM_EXNREF && depth > 0 && chance(p, 50)) {
    table_get(p, type == WASM_FUNCREF ? 0 : 1);
  } else {
    put_const(p, type, 0);
  }
}
