/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What generated code calls for the long instructions (core spec 4.4.6, 4.4.7). Indices of
 * memories, tables and segments were validated; addresses and counts are the program's. */
#include "engine/store.h"

/* What an operand's word says: one that is 32 bits wide has anything in its upper half. */
static uint64_t operand(bool is_64, uint64_t word) {
  return is_64 ? word : (uint32_t)word;
}

/* Of the answer -1 the low half is read for 32-bit memories. */
static uint64_t memory_grow(struct wasm_instance *instance, uint32_t memory, uint64_t pages) {
  struct wasm_memory *target = instance->memories[memory];
  return wasm_memory_grow(target, operand(target->limits.is_64, pages));
}

/* All of the range is checked before the first byte is written: a trap leaves memory as it was
 * (core spec 4.4.7, since bulk memory operations). */
static uint32_t memory_fill(struct wasm_instance *instance, uint32_t memory, uint64_t at,
                            uint32_t byte, uint64_t count) {
  struct wasm_memory *target = instance->memories[memory];
  at = operand(target->limits.is_64, at);
  count = operand(target->limits.is_64, count);
  if (!wasm_range_fits(at, count, target->bytes))
    return WASM_TRAP_MEMORY_OUT_OF_BOUNDS;
  memset(target->base + at, (int)(byte & 0xff), count);
  return WASM_TRAP_NONE;
}

/* As if through a buffer: the ranges may overlap, also within one memory. The count is as wide as
 * the narrower of both. */
static uint32_t memory_copy(struct wasm_instance *instance, uint32_t to_memory,
                            uint32_t from_memory, uint64_t to, uint64_t from, uint64_t count) {
  struct wasm_memory *target = instance->memories[to_memory];
  struct wasm_memory *source = instance->memories[from_memory];
  to = operand(target->limits.is_64, to);
  from = operand(source->limits.is_64, from);
  count = operand(target->limits.is_64 && source->limits.is_64, count);
  if (!wasm_range_fits(to, count, target->bytes) || !wasm_range_fits(from, count, source->bytes))
    return WASM_TRAP_MEMORY_OUT_OF_BOUNDS;
  memmove(target->base + to, source->base + from, count);
  return WASM_TRAP_NONE;
}

/* A dropped segment is empty, so that only a count of 0 still fits. Active ones are dropped from
 * the start. */
static uint32_t memory_init(struct wasm_instance *instance, uint32_t memory, uint32_t segment,
                            uint64_t to, uint32_t from, uint32_t count) {
  const struct wasm_data *data = &instance->datas[segment];
  struct wasm_memory *target = instance->memories[memory];
  return wasm_memory_init(target, operand(target->limits.is_64, to), data->bytes, data->length,
                          from, count);
}

static void data_drop(struct wasm_instance *instance, uint32_t segment) {
  instance->datas[segment].length = 0;
}

static uint64_t table_grow(struct wasm_instance *instance, uint32_t table, uint64_t value,
                           uint64_t count) {
  struct wasm_table *target = instance->tables[table];
  return wasm_table_grow(target, value, operand(target->limits.is_64, count));
}

/* The same instructions for tables (core spec 4.4.6). */
static uint32_t table_fill(struct wasm_instance *instance, uint32_t table, uint64_t at,
                           uint64_t value, uint64_t count) {
  struct wasm_table *target = instance->tables[table];
  at = operand(target->limits.is_64, at);
  count = operand(target->limits.is_64, count);
  if (!wasm_range_fits(at, count, target->size))
    return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
  for (uint64_t i = 0; i < count; i++)
    target->elements[at + i] = value;
  return WASM_TRAP_NONE;
}

static uint32_t table_copy(struct wasm_instance *instance, uint32_t to_table, uint32_t from_table,
                           uint64_t to, uint64_t from, uint64_t count) {
  struct wasm_table *target = instance->tables[to_table];
  struct wasm_table *source = instance->tables[from_table];
  to = operand(target->limits.is_64, to);
  from = operand(source->limits.is_64, from);
  count = operand(target->limits.is_64 && source->limits.is_64, count);
  if (!wasm_range_fits(to, count, target->size) || !wasm_range_fits(from, count, source->size))
    return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
  memmove(target->elements + to, source->elements + from, count * sizeof *target->elements);
  return WASM_TRAP_NONE;
}

static uint32_t table_init(struct wasm_instance *instance, uint32_t table, uint32_t segment,
                           uint64_t to, uint32_t from, uint32_t count) {
  struct wasm_table *target = instance->tables[table];
  const struct wasm_elem *elem = &instance->elems[segment];
  to = operand(target->limits.is_64, to);
  if (!wasm_range_fits(from, count, elem->count) || !wasm_range_fits(to, count, target->size))
    return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
  if (count > 0)
    memcpy(target->elements + to, elem->values + from, (size_t)count * sizeof *target->elements);
  return WASM_TRAP_NONE;
}

static void elem_drop(struct wasm_instance *instance, uint32_t segment) {
  instance->elems[segment].count = 0;
}

/* The glue that calls this has left the frame it was called from in the activation. */
static void raise(struct wasm_instance *instance, uint32_t kind) {
  struct wasm_store *store = instance->store;
  struct wasm_activation *activation = store->activation;
  wasm_trap_record(store, kind, activation->exit_fp, activation->exit_pc);
  wasm_unwind(activation, kind);
}

/* Not every architecture has it. */
__attribute__((weak)) void wasm_vector_call(void);

const struct wasm_helpers wasm_helpers = {
    .throw_tag = wasm_exception_throw_tag,
    .throw_ref = wasm_exception_throw_ref,
    .memory_grow = memory_grow,
    .memory_fill = memory_fill,
    .memory_copy = memory_copy,
    .memory_init = memory_init,
    .data_drop = data_drop,
    .table_grow = table_grow,
    .table_fill = table_fill,
    .table_copy = table_copy,
    .table_init = table_init,
    .elem_drop = elem_drop,
    .call_host = wasm_host_call,
    .vector_call = wasm_vector_call,
    .raise = raise,
};
