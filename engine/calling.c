/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Between C and generated code: entering it, being called by it, and reading its frames and
 * tables. What needs the stack pointer is in engine/arch/<a>/enter.S. */
#include "engine/calling.h"
#include "engine/store.h"

/* Arguments and results of one crossing; its layout is known to enter.S. */
struct crossing {
  uint64_t ints[TARGET_INT_REGISTERS];
  uint64_t floats[TARGET_FLOAT_REGISTERS][2];
  uint64_t *words; /* outgoing words: arguments, then further results */
  uint64_t word_count;
};
_Static_assert(offsetof(struct crossing, words) == 192, "known to enter.S");
_Static_assert(offsetof(struct wasm_activation, resume_sp) == 0, "known to enter.S");
_Static_assert(offsetof(struct wasm_activation, entry_fp) == 8, "known to enter.S");
_Static_assert(offsetof(struct wasm_func, code) == 0, "known to enter.S, stencils.S");
_Static_assert(offsetof(struct wasm_func, instance) == 8, "known to enter.S, stencils.S");
_Static_assert(offsetof(struct wasm_instance, memory_base) == 0, "known to enter.S, stencils.S");
_Static_assert(offsetof(struct wasm_instance, stack_limit) == 16, "known to stencils.S");
_Static_assert(offsetof(struct wasm_instance, funcs) == 48, "known to stencils.S");
_Static_assert(offsetof(struct wasm_instance, helpers) == 56, "known to stencils.S");
_Static_assert(offsetof(struct wasm_helpers, throw_tag) == 0, "known to stencils.S");
_Static_assert(offsetof(struct wasm_helpers, throw_ref) == 8, "known to stencils.S");

uint32_t wasm_enter_crossing(struct wasm_activation *activation, struct wasm_func *func,
                             struct crossing *crossing);
uint32_t wasm_unwind_landing(void); /* not to be called: a place to resume at */
uint64_t wasm_host_crossing(struct wasm_instance *host, struct crossing *crossing, uintptr_t fp,
                            struct wasm_instance *caller);

/* The words that stand for a value; i32 is zero extended in registers. */
static void put_words(uint8_t type, const union wasm_value *value, uint64_t *words) {
  words[0] = is_wide_type(type) ? value->i64 : value->i32;
  if (type == WASM_F32)
    words[0] |= TARGET_F32_UPPER;
  if (type == WASM_V128)
    words[1] = value->v128[1];
}

/* To the host. */
static void give_value(struct wasm_store *store, uint8_t type, union wasm_value *value,
                       const uint64_t *words) {
  *value = (union wasm_value){.i64 = is_wide_type(type) ? words[0] : (uint32_t)words[0]};
  if (type == WASM_V128)
    value->v128[1] = words[1];
  if (type == WASM_EXNREF)
    wasm_exception_keep(store, words[0]);
}

static uint64_t *argument_word(struct crossing *crossing, uint8_t type, struct placing *placing) {
  struct placement placement = place_argument(type, placing);
  if (placement.on_stack)
    return &crossing->words[placement.place];
  return is_float_type(type) ? crossing->floats[placement.place] : &crossing->ints[placement.place];
}

/* Result by result: *words counts those that are used up, at first by the arguments. */
static uint64_t *result_word(struct crossing *crossing, const struct wasm_functype *type,
                             uint32_t index, uint32_t *words) {
  if (index > 0) {
    uint32_t word = *words;
    *words += type_words(type->results[index]);
    return &crossing->words[word];
  }
  return is_float_type(type->results[0]) ? crossing->floats[TARGET_FLOAT_RESULT]
                                         : &crossing->ints[TARGET_INT_RESULT];
}

uint32_t wasm_enter(struct wasm_activation *activation, struct wasm_func *func,
                    const struct wasm_functype *type, union wasm_value *values) {
  struct placing placing = {0};
  uint32_t arguments = argument_words(type);
  uint32_t count = arguments + result_words(type, type->result_count);
  uint64_t words[count + 1];
  struct crossing crossing = {.words = words, .word_count = count};
  for (uint32_t i = 0; i < crossing.word_count; i++)
    words[i] = 0;
  for (uint32_t i = 0; i < type->param_count; i++)
    put_words(type->params[i], &values[i], argument_word(&crossing, type->params[i], &placing));
  uint32_t kind = wasm_enter_crossing(activation, func, &crossing);
  for (uint32_t i = 0; kind == WASM_TRAP_NONE && i < type->result_count; i++)
    give_value(func->instance->store, type->results[i], &values[i],
               result_word(&crossing, type, i, &arguments));
  return kind;
}

/* Called by wasm_host_entry, whose frame is `fp`. crossing->words are the caller's own. After a
 * tail call the frame before `fp` is not the caller's, whose instance is given for that reason.
 * Returns how many bytes of arguments are to be taken off the stack. */
uint64_t wasm_host_crossing(struct wasm_instance *host, struct crossing *crossing, uintptr_t fp,
                            struct wasm_instance *caller) {
  const uintptr_t *frame = (const uintptr_t *)fp;
  struct wasm_activation *activation = host->store->activation;
  activation->exit_fp = frame[0];
  activation->exit_pc = frame[1];
  const struct wasm_functype *type = &host->store->types.types[host->host_type];
  uint32_t count = type->param_count > type->result_count ? type->param_count : type->result_count;
  union wasm_value values[count + 1];
  struct placing placing = {0};
  for (uint32_t i = 0; i < type->param_count; i++)
    give_value(host->store, type->params[i], &values[i],
               argument_word(crossing, type->params[i], &placing));
  uint32_t kind = host->helpers->call_host(host, caller, values);
  if (kind == WASM_TRAP_UNCAUGHT_EXCEPTION && host->store->exception != NULL)
    wasm_exception_throw_again(host->store, frame[0], frame[1]);
  if (kind != WASM_TRAP_NONE)
    host->helpers->raise(caller, kind);
  uint32_t words = argument_words(type);
  for (uint32_t i = 0; i < type->result_count; i++)
    put_words(type->results[i], &values[i], result_word(crossing, type, i, &words));
  return 8 * (uint64_t)argument_words(type);
}

void wasm_unwind_resume(struct wasm_activation *activation, uint32_t kind,
                        struct wasm_fault *resume) {
  *resume = (struct wasm_fault){
      .pc = (uintptr_t)wasm_unwind_landing,
      .sp = activation->resume_sp,
      .fp = kind, /* the landing returns it */
  };
}

bool wasm_frame_next(const struct wasm_activation *activation, uintptr_t *fp, uintptr_t *pc) {
  const uintptr_t *frame = (const uintptr_t *)*fp;
  if (*fp >= activation->entry_fp || frame[0] <= *fp || frame[0] >= activation->entry_fp)
    return false;
  *fp = frame[0];
  *pc = frame[1];
  return true;
}

struct wasm_instance *wasm_frame_instance(uintptr_t fp) {
  return *(struct wasm_instance **)(fp - sizeof(void *));
}

/* ---- Tables of the image ------------------------------------------------------------------- */

/* False: the program counter is not in the image's text. */
static bool text_offset(const struct abi_image *image, uintptr_t pc, uint32_t *offset) {
  uintptr_t text = (uintptr_t)image + image->text_offset;
  *offset = (uint32_t)(pc - text);
  return pc >= text && pc - text < image->text_size;
}

const struct abi_image_function *wasm_image_function(const struct abi_image *image, uintptr_t pc) {
  const uint8_t *table = (const uint8_t *)image + image->functions.offset;
  const struct abi_image_function *functions = (const struct abi_image_function *)table;
  uint32_t offset;
  if (!text_offset(image, pc, &offset))
    return NULL;
  uint64_t low = 0, high = image->functions.count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (functions[middle].text_offset <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || offset - functions[low - 1].text_offset >= functions[low - 1].text_length)
    return NULL;
  return &functions[low - 1];
}

/* LEB128 of at most 32 bits. */
static uint32_t next_number(const uint8_t **at, bool is_signed) {
  uint32_t value = 0, shift = 0;
  uint8_t byte;
  do {
    byte = *(*at)++;
    value |= (uint32_t)(byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80 && shift < 32);
  if (is_signed && byte & 0x40 && shift < 32)
    value |= ~0u << shift;
  return value;
}

bool wasm_image_mark(const struct abi_image *image, uintptr_t pc, bool is_call,
                     struct wasm_mark *mark) {
  const struct abi_image_function *function = wasm_image_function(image, pc - is_call);
  if (!function)
    return false;
  /* A return address may be the first byte behind the function. */
  uint32_t offset = (uint32_t)(pc - ((uintptr_t)image + image->text_offset));
  uint32_t text = function->text_offset;
  const uint8_t *table = (const uint8_t *)image + image->marks.offset;
  const uint8_t *functions = (const uint8_t *)image + image->functions.offset;
  bool is_last =
      (const uint8_t *)(function + 1) == functions + image->functions.count * sizeof *function;
  const uint8_t *end = table + (is_last ? image->marks.count : function[1].marks);
  *mark = (struct wasm_mark){0};
  for (const uint8_t *at = table + function->marks; at < end && text <= offset;) {
    mark->kind = *at++;
    text += next_number(&at, false);
    mark->code_offset += next_number(&at, true);
    if (text == offset && (mark->kind == ABI_IMAGE_MARK_CALL) == is_call)
      return true;
  }
  return false;
}

/* The clauses after all that end before `offset`. */
static const struct abi_image_handler *first_handler(const struct abi_image *image,
                                                     uint32_t offset) {
  const struct abi_image_handler *handlers =
      (const void *)((const uint8_t *)image + image->handlers.offset);
  uint64_t low = 0, high = image->handlers.count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (handlers[middle].text_end <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  return handlers + low;
}

/* Of those behind, inner ones come before outer ones, and none of another function is looked at. */
const struct abi_image_handler *wasm_image_handler(const struct abi_image *image,
                                                   uintptr_t return_pc,
                                                   const struct abi_image_handler *last) {
  const struct abi_image_function *function = wasm_image_function(image, return_pc - 1);
  uint32_t offset;
  if (!text_offset(image, return_pc - 1, &offset) || function == NULL)
    return NULL;
  const uint8_t *table = (const uint8_t *)image + image->handlers.offset;
  const struct abi_image_handler *end = (const struct abi_image_handler *)table;
  end += image->handlers.count;
  for (const struct abi_image_handler *next = last ? last + 1 : first_handler(image, offset);
       next < end && next->text_end <= function->text_offset + function->text_length; next++)
    if (next->text_begin <= offset)
      return next;
  return NULL;
}
