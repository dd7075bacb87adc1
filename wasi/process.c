/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a program knows of itself and its surroundings: arguments, environment, clocks, random
 * bytes, its end. */
#include "wasi/call.h"

/* ---- Arguments and environment --------------------------------------------------------------- */

/* Sizes count the NULs. */
static enum wasi_errno put_sizes(struct wasi_call *call, uint32_t count, size_t size) {
  uint8_t *count_out = wasi_out(call, 0, 4);
  uint8_t *size_out = wasi_out(call, 1, 4);
  if (!count_out || !size_out)
    return WASI_ERRNO_FAULT;
  wasi_put32(count_out, count);
  wasi_put32(size_out, (uint32_t)size);
  return WASI_ERRNO_SUCCESS;
}

/* Copies `count` strings that stand one after the other, and a pointer to each. */
static enum wasi_errno put_strings(struct wasi_call *call, const char *strings, uint32_t count,
                                   size_t size) {
  uint8_t *pointers = wasi_memory_range(&call->memory, wasi_arg32(call, 0), 4ull * count);
  uint8_t *bytes = wasi_memory_range(&call->memory, wasi_arg32(call, 1), size);
  if (!pointers || !bytes)
    return WASI_ERRNO_FAULT;
  if (size)
    memcpy(bytes, strings, size);
  size_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    wasi_put32(pointers + 4ull * i, wasi_arg32(call, 1) + (uint32_t)at);
    at += strlen(strings + at) + 1;
  }
  return WASI_ERRNO_SUCCESS;
}

enum wasi_errno wasi_args_sizes_get(struct wasi_call *call) {
  const struct wasi_config *config = &call->wasi->config;
  return put_sizes(call, config->arg_count, config->args_size);
}

enum wasi_errno wasi_args_get(struct wasi_call *call) {
  const struct wasi_config *config = &call->wasi->config;
  return put_strings(call, config->args, config->arg_count, config->args_size);
}

enum wasi_errno wasi_environ_sizes_get(struct wasi_call *call) {
  const struct wasi_config *config = &call->wasi->config;
  return put_sizes(call, config->env_count, config->env_size);
}

enum wasi_errno wasi_environ_get(struct wasi_call *call) {
  const struct wasi_config *config = &call->wasi->config;
  return put_strings(call, config->env, config->env_count, config->env_size);
}

/* ---- Clocks and random bytes ----------------------------------------------------------------- */

static enum wasi_errno get_time(struct wasi_call *call, uint32_t out_index,
                                int (*get)(struct wasi_host *, uint32_t, uint64_t *)) {
  uint32_t id = wasi_arg32(call, 0);
  uint8_t *out = wasi_out(call, out_index, 8);
  if (id >= WASI_CLOCK_COUNT)
    return WASI_ERRNO_INVAL;
  if (!out)
    return WASI_ERRNO_FAULT;
  uint64_t ns;
  int error = get(call->wasi->host, id, &ns);
  if (!error)
    wasi_put64(out, ns);
  return wasi_errno_of(error);
}

enum wasi_errno wasi_clock_res_get(struct wasi_call *call) {
  return get_time(call, 1, call->wasi->host->ops->clock_resolution);
}

/* The precision asked for (argument 1) allows a worse answer than we give. */
enum wasi_errno wasi_clock_time_get(struct wasi_call *call) {
  return get_time(call, 2, call->wasi->host->ops->clock);
}

/* As much as asked or an error: programs do not look for less. */
enum wasi_errno wasi_random_get(struct wasi_call *call) {
  uint32_t length = wasi_arg32(call, 1);
  uint8_t *out = wasi_out(call, 0, length);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_host *host = call->wasi->host;
  return length ? wasi_errno_of(host->ops->random(host, out, length)) : WASI_ERRNO_SUCCESS;
}

/* ---- Its end --------------------------------------------------------------------------------- */

enum wasi_errno wasi_proc_exit(struct wasi_call *call) {
  call->trap = wasm_trap_exit(call->wasi->store, wasi_arg32(call, 0));
  return WASI_ERRNO_SUCCESS;
}

/* What a signal does when nobody handles it (a module cannot): nothing, stop, or end the program
 * with 128 + the Linux number, as shells report it. Numbers up to 15 are the same in both. */
enum wasi_errno wasi_proc_raise(struct wasi_call *call) {
  static const uint8_t LINUX_NUMBERS[] = {
      [23] = 24, /* XCPU */[24] = 25, /* XFSZ */[25] = 26, /* VTALRM */[26] = 27, /* PROF */
      [28] = 29, /* POLL */[29] = 30, /* PWR */[30] = 31,                         /* SYS */
  };
  uint32_t number = wasi_arg32(call, 0);
  if (number >= sizeof LINUX_NUMBERS)
    return WASI_ERRNO_INVAL;
  switch (number) {
  case 0:  /* NONE */
  case 16: /* CHLD */
  case 17: /* CONT */
  case 22: /* URG */
  case 27: /* WINCH */
    return WASI_ERRNO_SUCCESS;
  case 18: /* STOP */
  case 19: /* TSTP */
  case 20: /* TTIN */
  case 21: /* TTOU */
    return WASI_ERRNO_NOTSUP;
  default:
    call->trap =
        wasm_trap_exit(call->wasi->store, 128 + (number <= 15 ? number : LINUX_NUMBERS[number]));
    return WASI_ERRNO_SUCCESS;
  }
}

/* One thread: nobody to yield to. */
enum wasi_errno wasi_sched_yield(struct wasi_call *call) {
  (void)call;
  return WASI_ERRNO_SUCCESS;
}
