/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exceptions at run time (WebAssembly 3.0, 4.2.12 and 4.4.8).
 *
 * Throwing walks the frames, innermost first, and looks up each frame's place in the image's table
 * of handlers. One that fits is entered with the exception's values in its frame's slots.
 *
 * An exnref is a number with a mark in its upper half. Exceptions of which no exnref was made are
 * freed when they are caught. The others are collected: when there is no room for another, all
 * that no exnref is found for any more are freed. Exnrefs are looked for in tables, globals, other
 * exceptions, and in all words of the stack, where compiled code keeps everything it needs across
 * a call. Those that the host has seen stay. */
#include "engine/calling.h"
#include "engine/store.h"

struct wasm_exception {
  const struct wasm_tag *tag;
  struct wasm_exception *next; /* among those marked, but not yet looked through */
  uint32_t number;
  uint32_t count; /* of words */
  bool has_reference;
  bool is_kept; /* the host has a reference */
  bool is_marked;
  uint64_t values[]; /* in the order of a frame's slots: of a v128 the upper half first */
};

#define FIRST_CAPACITY 256u
/* No number, address or float that programs have is likely to look like this. */
#define REFERENCE_MARK 0x65786e72ull

static uint64_t reference_of(const struct wasm_exception *exception) {
  return REFERENCE_MARK << 32 | exception->number;
}

/* NULL: the word is no exnref, or one of an exception that is gone. */
static struct wasm_exception *find_exception(const struct wasm_store *store, uint64_t word) {
  uint32_t number = (uint32_t)word;
  if (word >> 32 != REFERENCE_MARK || number >= store->exceptions.capacity)
    return NULL;
  return store->exceptions.items[number];
}

/* ---- Memory -------------------------------------------------------------------------------- */

static size_t size_of(uint32_t words) {
  return sizeof(struct wasm_exception) + words * sizeof(uint64_t);
}

static void free_exception(struct wasm_store *store, struct wasm_exception *exception) {
  struct wasm_exceptions *all = &store->exceptions;
  all->items[exception->number] = NULL;
  all->live--;
  all->next = exception->number;
  store->platform.free(store->platform.context, exception, size_of(exception->count));
}

void wasm_exceptions_release(struct wasm_store *store) {
  struct wasm_exceptions *all = &store->exceptions;
  for (uint32_t i = 0; i < all->capacity; i++)
    if (all->items[i] != NULL)
      free_exception(store, all->items[i]);
  if (all->items != NULL)
    store->platform.free(store->platform.context, all->items, all->capacity * sizeof *all->items);
}

static void mark(struct wasm_exception *exception, struct wasm_exception **marked) {
  if (exception == NULL || exception->is_marked)
    return;
  exception->is_marked = true;
  exception->next = *marked;
  *marked = exception;
}

/* The stack has words of all kinds, and with sanitizers bytes that nobody else may read. */
__attribute__((no_sanitize("address"))) static void mark_words(const struct wasm_store *store,
                                                               const uint64_t *words,
                                                               const uint64_t *end,
                                                               struct wasm_exception **marked) {
  for (; words < end; words++)
    mark(find_exception(store, *words), marked);
}

/* Up to where the outermost generated code was entered; an activation that only calls the host has
 * none. The activations' own addresses say nothing: a sanitizer may keep C's variables elsewhere.
 */
static void mark_stack(const struct wasm_store *store, struct wasm_exception **marked) {
  uintptr_t end = 0, here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)7;
  for (const struct wasm_activation *a = store->activation; a != NULL; a = a->outer)
    end = a->entry_fp > end ? a->entry_fp : end;
  mark_words(store, (const uint64_t *)here, (const uint64_t *)end, marked);
}

static void mark_roots(const struct wasm_store *store, struct wasm_exception **marked) {
  mark(store->exception, marked);
  mark_stack(store, marked);
  for (const struct wasm_table *t = store->tables; t != NULL; t = t->next)
    if (t->type == WASM_EXNREF)
      mark_words(store, t->elements, t->elements + t->size, marked);
  for (const struct wasm_instance *i = store->instances; i != NULL; i = i->next)
    for (uint32_t g = 0; g < i->module->global_count; g++)
      if (i->globals[g]->type == WASM_EXNREF)
        mark(find_exception(store, i->globals[g]->value.ref), marked);
  for (uint32_t i = 0; i < store->exceptions.capacity; i++)
    if (store->exceptions.items[i] != NULL && store->exceptions.items[i]->is_kept)
      mark(store->exceptions.items[i], marked);
}

/* Frees what cannot be reached. */
static void collect(struct wasm_store *store) {
  struct wasm_exceptions *all = &store->exceptions;
  struct wasm_exception *marked = NULL;
  mark_roots(store, &marked);
  while (marked != NULL) {
    struct wasm_exception *exception = marked;
    marked = exception->next;
    mark_words(store, exception->values, exception->values + exception->count, &marked);
  }
  for (uint32_t i = 0; i < all->capacity; i++) {
    if (all->items[i] != NULL && !all->items[i]->is_marked)
      free_exception(store, all->items[i]);
    else if (all->items[i] != NULL)
      all->items[i]->is_marked = false;
  }
}

/* Twice as many numbers. */
static bool grow(struct wasm_store *store) {
  struct wasm_exceptions *all = &store->exceptions;
  uint32_t capacity = all->capacity == 0 ? FIRST_CAPACITY : all->capacity * 2;
  size_t old = all->capacity * sizeof *all->items, size = capacity * sizeof *all->items;
  struct wasm_exception **items =
      capacity > all->capacity ? store->platform.allocate(store->platform.context, size) : NULL;
  if (items == NULL)
    return false;
  memset(items, 0, size);
  if (old > 0) {
    memcpy(items, all->items, old);
    store->platform.free(store->platform.context, all->items, old);
  }
  all->next = all->capacity;
  all->items = items;
  all->capacity = capacity;
  return true;
}

/* Collecting again soon must not be needed: else there are to be more numbers. */
static bool make_room(struct wasm_store *store) {
  struct wasm_exceptions *all = &store->exceptions;
  if (all->live < all->capacity)
    return true;
  collect(store);
  return all->live <= all->capacity / 2 && all->capacity > 0 ? true : grow(store);
}

static struct wasm_exception *make_exception(struct wasm_store *store, const struct wasm_tag *tag) {
  struct wasm_exceptions *all = &store->exceptions;
  const struct wasm_functype *type = &store->types.types[tag->type];
  uint32_t count = 0;
  for (uint32_t i = 0; i < type->param_count; i++)
    count += type_words(type->params[i]);
  if (!make_room(store))
    return NULL;
  struct wasm_exception *exception =
      store->platform.allocate(store->platform.context, size_of(count));
  if (exception == NULL)
    return NULL;
  while (all->items[all->next % all->capacity] != NULL)
    all->next++;
  all->next %= all->capacity;
  *exception = (struct wasm_exception){.tag = tag, .number = all->next, .count = count};
  all->items[all->next] = exception;
  all->live++;
  return exception;
}

void wasm_exception_keep(struct wasm_store *store, uint64_t reference) {
  struct wasm_exception *exception = find_exception(store, reference);
  if (exception != NULL)
    exception->is_kept = exception->has_reference = true;
}

/* ---- Unwinding ----------------------------------------------------------------------------- */

/* Slots are words, the next one lower. */
#define SLOT_STEP ((TARGET_SLOT_OFFSET(1) - TARGET_SLOT_OFFSET(0)) / (int)sizeof(uint64_t))

/* The first clause that takes the exception in the frame, which executes the call before `pc`. */
static const struct abi_image_handler *find_handler(uintptr_t fp, uintptr_t pc,
                                                    const struct wasm_tag *tag) {
  const struct wasm_instance *instance = wasm_frame_instance(fp);
  const struct abi_image *image = instance->module->image;
  const struct abi_image_handler *handler = NULL;
  do
    handler = wasm_image_handler(image, pc, handler);
  while (handler != NULL && handler->tag != ABI_IMAGE_ANY_TAG &&
         instance->tags[handler->tag] != tag);
  return handler;
}

/* Enters the handler. Who has no reference to the exception by now never gets one. */
static _Noreturn void enter_handler(struct wasm_store *store, struct wasm_exception *exception,
                                    const struct abi_image_handler *handler, uintptr_t fp,
                                    uintptr_t pc) {
  const struct abi_image *image = wasm_frame_instance(fp)->module->image;
  uint64_t *slot = (uint64_t *)(fp + (uintptr_t)(intptr_t)handler->slot);
  uint32_t count = handler->tag == ABI_IMAGE_ANY_TAG ? 0 : exception->count;
  for (uint32_t i = 0; i < count; i++, slot += SLOT_STEP)
    *slot = exception->values[i];
  if (handler->wants_reference) {
    *slot = reference_of(exception);
    exception->has_reference = true;
  }
  if (store->exception == exception)
    store->exception = NULL;
  if (!exception->has_reference)
    free_exception(store, exception);
  uintptr_t text = (uintptr_t)image + image->text_offset;
  wasm_resume_frame(text + handler->landing, fp - wasm_image_function(image, pc - 1)->frame_size,
                    fp);
}

/* From the frame `fp`, which executes the call before `pc`. Without a handler the activation ends
 * as by a trap; the exception waits for a host function to pass it on. */
static _Noreturn void throw(struct wasm_store * store, struct wasm_exception *exception,
                            uintptr_t fp, uintptr_t pc) {
  struct wasm_activation *activation = store->activation;
  uintptr_t frame = fp, at = pc;
  /* After a tail call to the host there may be no frame of this activation at all. */
  bool more = frame < activation->entry_fp;
  for (; more; more = wasm_frame_next(activation, &frame, &at)) {
    const struct abi_image_handler *handler = find_handler(frame, at, exception->tag);
    if (handler != NULL)
      enter_handler(store, exception, handler, frame, at);
  }
  store->exception = exception;
  wasm_trap_record(store, WASM_TRAP_UNCAUGHT_EXCEPTION, fp, pc);
  wasm_unwind(activation, WASM_TRAP_UNCAUGHT_EXCEPTION);
}

_Noreturn void wasm_exception_throw_again(struct wasm_store *store, uintptr_t fp, uintptr_t pc) {
  throw(store, store->exception, fp, pc);
}

static _Noreturn void trap(struct wasm_store *store, enum wasm_trap_kind kind, uintptr_t fp,
                           uintptr_t pc) {
  wasm_trap_record(store, kind, fp, pc);
  wasm_unwind(store->activation, kind);
}

/* The return address of both is the place that throws. */
void wasm_exception_throw_tag(struct wasm_instance *instance, uint32_t tag, const uint64_t *values,
                              uintptr_t fp) {
  struct wasm_store *store = instance->store;
  uintptr_t pc = (uintptr_t)__builtin_return_address(0);
  struct wasm_exception *exception = make_exception(store, instance->tags[tag]);
  if (exception == NULL)
    trap(store, WASM_TRAP_OUT_OF_MEMORY, fp, pc);
  for (uint32_t i = 0; i < exception->count; i++, values += SLOT_STEP)
    exception->values[i] = *values;
  throw(store, exception, fp, pc);
}

void wasm_exception_throw_ref(struct wasm_instance *instance, uint64_t reference, uintptr_t fp) {
  struct wasm_store *store = instance->store;
  uintptr_t pc = (uintptr_t)__builtin_return_address(0);
  struct wasm_exception *exception = find_exception(store, reference);
  if (exception == NULL)
    trap(store, WASM_TRAP_NULL_EXCEPTION, fp, pc);
  throw(store, exception, fp, pc);
}
