/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Validates and compiles a module's functions: the loop over their instructions, and the code image
 * around what comes out. */
#include "engine/store.h"

#include "engine/compiler.h"

#include <string.h>

/* ---- Instructions -------------------------------------------------------------------------- */

#define N 0
#define I32 WASM_I32
#define I64 WASM_I64
#define F32 WASM_F32
#define F64 WASM_F64
#define V128 WASM_V128
#define FUNCREF WASM_FUNCREF
#define F(family) ST_##family
#define LOAD(family, align) (ST_##family | (align) << 16)
#define LANE(family, lanes) (ST_##family | (lanes) << 16)
#define ENTRY(code, name, handler_name, in1, in2, out, argument)                                   \
  [code] = {compile_##handler_name, {in1, in2}, (in1 != 0) + (in2 != 0), out, argument},

static const struct opcode opcodes[256] = {
#define OP ENTRY
#define OP_FC(...)
#define OP_FD(...)
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
};

static const struct opcode opcodes_fc[] = {
#define OP(...)
#define OP_FC ENTRY
#define OP_FD(...)
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
};

static const struct opcode opcodes_fd[] = {
#define OP(...)
#define OP_FC(...)
#define OP_FD ENTRY
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
};
#undef N

#define FC_COUNT (sizeof opcodes_fc / sizeof opcodes_fc[0])
#define FD_COUNT (sizeof opcodes_fd / sizeof opcodes_fd[0])
#define NAME(code, name, ...) [code] = name,

/* The name of an instruction behind a prefix; NULL: there is none. */
static const char *prefixed_name(uint8_t prefix, uint32_t code) {
  static const char *const names_fc[FC_COUNT] = {
#define OP(...)
#define OP_FC NAME
#define OP_FD(...)
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
  };
  static const char *const names_fd[FD_COUNT] = {
#define OP(...)
#define OP_FC(...)
#define OP_FD NAME
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
  };
  if (prefix == 0xfc)
    return code < FC_COUNT ? names_fc[code] : NULL;
  return code < FD_COUNT ? names_fd[code] : NULL;
}

const char *compiler_opcode_name(const uint8_t *opcode, const uint8_t *end) {
  static const char *const names[256] = {
#define OP NAME
#define OP_FC(...)
#define OP_FD(...)
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
  };
  const char *name = names[*opcode];
  if (*opcode == 0xfc || *opcode == 0xfd) {
    struct wasm_error error = {.status = WASM_OK};
    struct wasm_reader reader =
        wasm_reader_make(opcode, opcode + 1, (size_t)(end - opcode - 1), &error);
    name = prefixed_name(*opcode, wasm_read_u32(&reader));
  }
  return name ? name : "?";
}

/* Opcodes of later versions and proposals are refused by the name of what they belong to. */
static const char *feature_of(uint8_t opcode) {
  switch (opcode) {
  case 0x06:
  case 0x07:
  case 0x09:
  case 0x18:
  case 0x19:
    return "legacy exception handling";
  case 0x14:
  case 0x15:
  case 0xd4:
  case 0xd5:
  case 0xd6:
    return "typed function references";
  case 0xd3:
  case 0xfb:
    return "garbage collection";
  case 0xfe:
    return "threads";
  default:
    return NULL;
  }
}

static void fail_opcode(struct compiler *c, uint8_t opcode) {
  const char *feature = feature_of(opcode);
  if (feature)
    compiler_fail(c, WASM_UNSUPPORTED, "instruction 0x%x needs %s", opcode, feature);
  else
    compiler_fail(c, WASM_MALFORMED, "illegal opcode 0x%x", opcode);
}

static void compile_prefixed(struct compiler *c, uint8_t prefix) {
  const struct opcode *table = prefix == 0xfc ? opcodes_fc : opcodes_fd;
  uint32_t count = prefix == 0xfc ? FC_COUNT : FD_COUNT, code = wasm_read_u32(&c->reader);
  if (!compiler_ok(c))
    return;
  if (code < count && table[code].handle)
    table[code].handle(c, &table[code]);
  else if (prefix == 0xfc && code >= 0x13 && code <= 0x16)
    compiler_fail(c, WASM_UNSUPPORTED, "instruction 0xfc 0x%x needs wide arithmetic", code);
  else
    compiler_fail(c, WASM_MALFORMED, "illegal opcode 0x%x 0x%x", prefix, code);
}

/* A handler that fails moves the cursor to its end, and so does the function's last `end` if bytes
 * follow. */
static void compile_instructions(struct compiler *c) {
  while (c->reader.at != c->reader.end) {
    c->opcode = c->reader.at;
    if (__builtin_expect(c->height > c->room, 0) && !stack_grow(c, 0))
      break;
    c->pinned = 0;
    uint8_t code = *c->reader.at++;
    const struct opcode *op = &opcodes[code];
    if (__builtin_expect(op->handle != NULL, 1))
      op->handle(c, op);
    else if (code == 0xfc || code == 0xfd)
      compile_prefixed(c, code);
    else
      fail_opcode(c, code);
  }
  if (c->depth > 0)
    wasm_reader_fail_end(&c->reader);
}

/* ---- Functions ----------------------------------------------------------------------------- */

static bool add_locals(struct compiler *c, uint32_t count, uint8_t type) {
  if (!compiler_window_grow(c, &c->local_window,
                            ((size_t)c->local_count + count + 1) * sizeof *c->locals))
    return false;
  for (uint32_t i = 0; i < count; i++)
    c->locals[c->local_count++] = (struct local){.type = type, .reg = NO_REGISTER};
  return true;
}

/* Core spec 5.4.14: runs of locals of one type. */
static bool read_locals(struct compiler *c) {
  uint64_t total = 0;
  uint32_t runs = wasm_read_u32(&c->reader);
  for (uint32_t i = 0; i < runs && compiler_ok(c); i++) {
    c->opcode = c->reader.at;
    uint32_t count = wasm_read_u32(&c->reader);
    uint8_t type = wasm_read_valtype(&c->reader);
    total += count;
    if (!compiler_ok(c))
      return false;
    if (total > UINT32_MAX)
      compiler_fail(c, WASM_MALFORMED, "too many locals");
    else if (total <= WASM_LIMIT_LOCALS)
      add_locals(c, count, type);
  }
  /* Only now, because a sum above 2^32 - 1 is malformed whatever our limit. */
  wasm_check_limit(&c->reader, total, WASM_LIMITED_LOCALS);
  return compiler_ok(c);
}

/* Functions are compiled in their order, so the table is sorted as it grows. */
static void record_function(struct compiler *c, uint32_t start, uint64_t frame, uint32_t marks) {
  struct abi_image *image = (struct abi_image *)c->image.base;
  struct abi_image_function *functions =
      (struct abi_image_function *)(c->image.base + image->functions.offset);
  functions[c->function] = (struct abi_image_function){
      .text_offset = start,
      .text_length = emit_offset(c) - start,
      .function = c->module->func_import_count + c->function,
      .frame_size = (uint32_t)frame,
      .marks = marks,
  };
}

/* Parameters are locals too; the body's bytes must end with its last `end` (core spec 5.4.13). */
static bool compile_function(struct compiler *c) {
  const struct wasm_module *module = c->module;
  const struct wasm_body *body = &module->bodies[c->function];
  uint32_t index = module->func_import_count + c->function;
  const struct wasm_functype *type = &module->types[module->func_types[index]];
  c->reader = wasm_reader_make(module->bytes, body->bytes, body->length, c->reader.error);
  c->opcode = body->bytes;
  c->height = c->spilled = c->depth = c->local_count = 0;
  for (uint32_t i = 0; i < type->param_count; i++)
    if (!add_locals(c, 1, type->params[i]))
      return false;
  if (!read_locals(c))
    return false;
  uint32_t start = c->emit ? emit_offset(c) : 0, marks = c->mark_bytes;
  c->mark_text = start;
  c->mark_code = 0;
  c->live = c->emit;
  flow_analyse(c);
  compile_entry(c, type);
  control_push(
      c, CONTROL_FUNC,
      &(struct wasm_functype){.result_count = type->result_count, .results = type->results});
  compile_instructions(c);
  if (compiler_ok(c) && c->emit)
    record_function(c, start, compile_exit(c, start), marks);
  return compiler_ok(c);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static size_t round_up(const struct compiler *c, size_t size) {
  return (size + c->platform->page_size - 1) & ~(c->platform->page_size - 1);
}

static bool no_memory(struct compiler *c, const char *what) {
  if (compiler_ok(c))
    wasm_error_set(c->reader.error, WASM_NO_MEMORY, 0, "no memory for the compiler's %s", what);
  c->reader.at = c->reader.end;
  return false;
}

bool compiler_window_commit(struct compiler *c, struct window *window, size_t size) {
  /* Double, within 16 KiB and 4 MiB, so that there are few calls and little is left over. */
  size_t step = window->committed < COMPILER_WINDOW_STEP ? COMPILER_WINDOW_STEP : window->committed;
  size_t more = round_up(c, size - window->committed);
  step = round_up(c, step > 4u << 20 ? 4u << 20 : step);
  more = more > step ? more : step;
  if (more > window->reserved - window->committed)
    more = window->reserved - window->committed;
  if (size > window->reserved) {
    if (compiler_ok(c))
      compiler_fail(c, WASM_UNSUPPORTED, "the function needs more than %llu MiB for its %s",
                    (unsigned long long)window->reserved >> 20,
                    window->is_code ? "machine code or tables" : "validation");
    return false;
  }
  bool (*commit)(void *, void *, size_t) =
      window->is_code ? c->platform->code_commit : c->platform->commit;
  if (!commit(c->platform->context, window->base + window->committed, more))
    return no_memory(c, window->is_code ? "code" : "state");
  window->committed += more;
  return true;
}

bool compiler_window_reserve(struct compiler *c, struct window *window, size_t size) {
  window->reserved = round_up(c, size);
  window->base = c->platform->reserve(c->platform->context, window->reserved);
  return window->base || no_memory(c, "state");
}

void compiler_window_release(struct compiler *c, struct window *window) {
  if (window->base)
    c->platform->release(c->platform->context, window->base, window->reserved);
}

/* An instruction has at most three traps; then the stack's. Vector constants are in the module, but
 * branches may copy one that waits on the stack again and again. Room for one of each is there at
 * once: for what has no room after a failure. */
static bool reserve_sites(struct compiler *c, size_t longest) {
  return compiler_window_reserve(c, &c->site_window, (3 * longest + 4) * sizeof *c->sites) &&
         compiler_window_grow(c, &c->site_window, sizeof *c->sites) &&
         compiler_window_reserve(c, &c->data_window, (longest + 4) * sizeof *c->datas) &&
         compiler_window_grow(c, &c->data_window, sizeof *c->datas);
}

/* Address space for the worst case; memory is taken as it is needed. */
static bool reserve_state(struct compiler *c) {
  size_t longest = 0;
  for (uint32_t i = 0; i < c->module->func_count - c->module->func_import_count; i++)
    if (c->module->bodies[i].length > longest)
      longest = c->module->bodies[i].length;
  bool ok =
      compiler_window_reserve(c, &c->value_window, (WASM_LIMIT_OPERANDS + 3) * sizeof *c->values) &&
      compiler_window_reserve(c, &c->control_window, WASM_LIMIT_NESTING * sizeof *c->controls) &&
      compiler_window_reserve(c, &c->local_window,
                              (WASM_LIMIT_LOCALS + WASM_LIMIT_PARAMS + 1) * sizeof *c->locals) &&
      stack_grow(c, 0) && (!c->emit || (reserve_sites(c, longest) && flow_reserve(c, longest)));
  if (!ok)
    return false;
  c->values = (struct value *)c->value_window.base + 1;
  c->controls = (struct control *)c->control_window.base;
  c->locals = (struct local *)c->local_window.base;
  c->sites = (struct trap_site *)c->site_window.base;
  c->datas = (struct data_site *)c->data_window.base;
  return true;
}

static void release_state(struct compiler *c) {
  compiler_window_release(c, &c->value_window);
  compiler_window_release(c, &c->control_window);
  compiler_window_release(c, &c->local_window);
  compiler_window_release(c, &c->site_window);
  compiler_window_release(c, &c->data_window);
  compiler_window_release(c, &c->marks);
  compiler_window_release(c, &c->handlers);
  flow_release(c);
}

/* ---- The image ----------------------------------------------------------------------------- */

/* Text is mostly below ten times the bytes it was made from. A branch of two
 * bytes may move a thousand values, so small modules get room for many of these. */
#define TEXT_PER_BYTE 64u
#define TEXT_MIN ((size_t)16 << 20)

/* As if nothing had been compiled so far. */
static void forget_code(struct compiler *c, uint32_t functions) {
  c->at = c->text.base;
  c->mark_bytes = c->handler_count = 0;
  c->calls_directly = false;
  memset(c->entries, 0, functions * sizeof *c->entries);
}

/* One reservation, committed from its begin on: header and functions, text, and, when these have
 * stopped growing in windows of their own, the marks and handlers. */
static bool reserve_image(struct compiler *c, uint32_t functions) {
  size_t code = c->module->code_section_bytes + functions + 1024;
  size_t head =
      round_up(c, sizeof(struct abi_image) + functions * sizeof(struct abi_image_function));
  size_t text =
      code > TARGET_TEXT_MAX / TEXT_PER_BYTE ? TARGET_TEXT_MAX : round_up(c, code * TEXT_PER_BYTE);
  text = text > TEXT_MIN ? text : TEXT_MIN;
  if (!compiler_window_reserve(c, &c->marks, 3 * code * ABI_IMAGE_MARK_MAX))
    return false;
  c->image = (struct window){.reserved = head + text, .is_code = true};
  c->image.base = c->platform->code_reserve(c->platform->context, c->image.reserved);
  if (!c->image.base || !compiler_window_grow(c, &c->image, head))
    return no_memory(c, "code");
  *(struct abi_image *)c->image.base = (struct abi_image){
      .magic = ABI_IMAGE_MAGIC,
      .version = ABI_IMAGE_VERSION,
      .arch = TARGET_ARCH,
      .tier = ABI_TIER_BASELINE,
      .text_offset = head,
      .functions = {sizeof(struct abi_image), functions},
  };
  c->text = (struct window){c->image.base + head, text, c->image.committed - head, true};
  c->at = c->text.base;
  if (!compiler_window_grow(c, &c->text, 2 * TARGET_STENCIL_MAX))
    return false;
  c->text_limit = c->text.base + c->text.committed - TARGET_STENCIL_MAX;
  return true;
}

/* Puts a table behind what the image has so far. */
static bool append_table(struct compiler *c, struct abi_image_table *table, size_t *end,
                         const struct window *from, uint64_t count, size_t size) {
  if (!compiler_window_grow(c, &c->text, *end + count * size))
    return false;
  table->offset = (uint64_t)(c->text.base - c->image.base) + *end;
  table->count = count;
  if (count > 0)
    memcpy(c->text.base + *end, from->base, count * size);
  *end += (count * size + 15) & ~(size_t)15;
  return true;
}

/* The tables begin on a page of their own: they are not to be executed. */
static bool publish_image(struct compiler *c, uint32_t functions) {
  struct abi_image *image = (struct abi_image *)c->image.base;
  size_t text = round_up(c, emit_offset(c)), end = text;
  const void **entries = wasm_arena_array(&c->module->arena, functions, sizeof *entries);
  if (!entries)
    return no_memory(c, "tables");
  for (uint32_t i = 0; i < functions; i++)
    entries[i] = c->text.base + c->entries[i];
  if (!append_table(c, &image->marks, &end, &c->marks, c->mark_bytes, 1) ||
      !append_table(c, &image->handlers, &end, &c->handlers, c->handler_count,
                    sizeof(struct abi_image_handler)))
    return false;
  image->text_size = emit_offset(c);
  image->size = image->text_offset + end;
  if (text > 0 && !c->platform->publish(c->platform->context, c->text.base, text))
    return no_memory(c, "code");
  c->module->entries = entries;
  c->module->image = image;
  c->module->image_reserved = c->image.reserved;
  return true;
}

/* All in their order. A tail call to another instance may turn up after direct calls for which that
 * was not thought of: then everything is compiled again, with that known. */
static bool compile_functions(struct compiler *c, uint32_t functions) {
  bool again = false;
  do {
    for (c->function = 0; c->function < functions; c->function++) {
      if (!compile_function(c))
        return false;
      again = c->must_reload && c->calls_directly;
      if (again)
        break;
    }
    if (again)
      forget_code(c, functions);
  } while (again);
  return true;
}

static bool compile_all(struct compiler *c, uint32_t functions) {
  if (!reserve_state(c))
    return false;
  if (c->emit) {
    c->entries = wasm_arena_array(&c->module->arena, functions, sizeof *c->entries);
    if (!c->entries)
      return no_memory(c, "tables");
    if (!reserve_image(c, functions))
      return false;
  }
  return compile_functions(c, functions) && (!c->emit || publish_image(c, functions));
}

/* Asked only where it matters, for the answer may cost a reservation. */
static bool wants_guards(const struct wasm_module *module) {
  for (uint32_t i = 0; i < module->memory_count; i++)
    if (!module->memories[i].is_64)
      return true;
  return false;
}

enum wasm_status wasm_compile_module(struct wasm_module *module, bool emit,
                                     struct wasm_error *error) {
  wasm_error_clear(error);
  struct compiler c = {.module = module,
                       .platform = &module->store->platform,
                       .reader = wasm_reader_make(module->bytes, module->bytes, 0, error),
                       .opcode = module->bytes,
                       .emit = emit,
                       .is_guarded =
                           emit && wants_guards(module) && wasm_store_is_guarded(module->store)};
  c.is_plain = c.is_guarded && !module->memories[0].is_64; /* some memory is guarded */
  bool ok = compile_all(&c, module->func_count - module->func_import_count);
  release_state(&c);
  if (!ok && c.image.base)
    c.platform->release(c.platform->context, c.image.base, c.image.reserved);
  return error->status;
}
