/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exceptions (WebAssembly 3.0, 3.3.8 and 4.4.8): throw, throw_ref, try_table.
 *
 * Nothing is done at run time where nothing is thrown, but for a jump over the landings behind a
 * try_table's body. What a landing needs lies in memory whenever something can be thrown: before
 * every call locals are written to their homes, and operands below a block to their slots where it
 * begins. So a landing starts with no register in use, its values in the slots where the helper
 * that has found the handler put them, and branches to the clause's label. */
#include "engine/compiler.h"

#include <string.h>

enum catch_kind { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };

/* One clause of a try_table. */
struct catch {
  uint32_t tag;              /* ABI_IMAGE_ANY_TAG: any */
  struct wasm_functype type; /* whose parameters are the values it gets */
  bool wants_reference;      /* behind them */
  struct control *label;
};

static const uint8_t exnref = WASM_EXNREF;

/* NULL: it failed. */
static const struct wasm_functype *read_tag(struct compiler *c, uint32_t *tag) {
  const struct wasm_module *module = c->module;
  *tag = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *tag >= module->tag_count)
    compiler_fail(c, WASM_INVALID, "unknown tag %u", *tag);
  return compiler_ok(c) ? &module->types[module->tag_types[*tag]] : NULL;
}

/* ---- Throwing ------------------------------------------------------------------------------ */

/* What a handler in this function may need goes to its place, as before a call. */
static void emit_throw(struct compiler *c, uint32_t family, uint32_t operands) {
  uint32_t first = c->height - operands;
  for (uint32_t i = first; i < c->height; i++)
    value_spill(c, i);
  locals_flush(c);
  c->calls = true;
  c->hole[STENCIL_HOLE_A] = TARGET_SLOT_OFFSET(stack_end(c, first));
  emit_stencil(c, family, 0, 0);
  emit_call_site(c, 0);
}

void compile_throw(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t tag;
  const struct wasm_functype *type = read_tag(c, &tag);
  if (!type || !stack_check(c, type->param_count, type->params))
    return;
  if (c->live) {
    c->hole[STENCIL_HOLE_D] = tag;
    emit_throw(c, ST_throw_tag, type->param_count);
  }
  control_end_reach(c);
}

void compile_throw_ref(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (!stack_check(c, 1, &exnref))
    return;
  if (c->live)
    emit_throw(c, ST_throw_ref, 1);
  control_end_reach(c);
}

/* ---- Catching ------------------------------------------------------------------------------ */

/* Reads a clause. Labels count from the block around the try_table. */
static bool read_catch(struct compiler *c, struct catch *catch) {
  *catch = (struct catch){.tag = ABI_IMAGE_ANY_TAG};
  uint8_t kind = wasm_read_u8(&c->reader);
  if (compiler_ok(c) && kind > CATCH_ALL_REF)
    compiler_fail(c, WASM_MALFORMED, "malformed catch clause 0x%x", kind);
  if (compiler_ok(c) && kind <= CATCH_REF) {
    const struct wasm_functype *type = read_tag(c, &catch->tag);
    if (type)
      catch->type = *type;
  }
  catch->wants_reference = kind == CATCH_REF || kind == CATCH_ALL_REF;
  catch->label = control_read_label(c);
  return compiler_ok(c);
}

/* The label takes what the clause brings. */
static bool check_catch(struct compiler *c, const struct catch *catch) {
  const uint8_t *types;
  uint32_t values = catch->type.param_count;
  uint32_t count = control_label_types(catch->label, &types);
  bool fits = count == values + catch->wants_reference &&
              (values == 0 || memcmp(types, catch->type.params, values) == 0) &&
              (!catch->wants_reference || types[values] == WASM_EXNREF);
  if (!fits)
    compiler_fail(c, WASM_INVALID, "type mismatch: a catch clause's label takes other values");
  return fits;
}

void compile_try_table(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct wasm_functype type;
  struct catch catch;
  if (!control_read_type(c, &type))
    return;
  const uint8_t *catches = c->reader.at;
  uint32_t count = wasm_read_u32(&c->reader);
  for (uint32_t i = 0; i < count && compiler_ok(c); i++)
    if (!read_catch(c, &catch) || !check_catch(c, &catch))
      return;
  if (!compiler_ok(c) || !stack_check(c, type.param_count, type.params))
    return;
  control_open(c, CONTROL_TRY, &type);
  if (!compiler_ok(c))
    return;
  struct control *control = &c->controls[c->depth - 1];
  control->catches = catches;
  control->begin = c->live ? emit_offset(c) : 0;
}

/* One clause's entry in the image and its landing. */
static void emit_catch(struct compiler *c, const struct control *control, const struct catch *catch,
                       uint32_t body_end) {
  stack_push_slots(c, catch->type.param_count, catch->type.params);
  if (catch->wants_reference)
    stack_push_slots(c, 1, &exnref);
  emit_handler(
      c, &(struct abi_image_handler){.text_begin = control->begin,
                                     .text_end = body_end,
                                     .landing = emit_offset(c),
                                     .tag = catch->tag,
                                     .slot = TARGET_SLOT_OFFSET(stack_end(c, control->height)),
                                     .wants_reference = catch->wants_reference});
  control_branch(c, catch->label);
  while (c->height > control->height)
    stack_drop(c);
}

/* Inner try_tables end earlier, so the image's table gets sorted. Clauses are read again: they were
 * checked where they stand. */
void control_end_try(struct compiler *c) {
  struct control *control = &c->controls[c->depth - 1];
  if (!control->was_live)
    return;
  struct wasm_reader reader = c->reader;
  c->reader.at = control->catches;
  uint32_t count = wasm_read_u32(&c->reader), body_end = emit_offset(c);
  if (count > 0 && c->live)
    control_branch(c, control);
  if (count > 0) {
    control_leave(c, control);
    c->live = true;
    control_set_depth(c, c->depth - 1);
    for (uint32_t i = 0; i < count && compiler_ok(c); i++) {
      struct catch catch;
      if (read_catch(c, &catch))
        emit_catch(c, control, &catch, body_end);
    }
    control_set_depth(c, c->depth + 1);
    c->live = false;
  }
  if (compiler_ok(c))
    c->reader = reader;
}
