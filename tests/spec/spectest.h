/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The module "spectest" that test scripts import from. */
#ifndef TESTS_SPEC_SPECTEST_H
#define TESTS_SPEC_SPECTEST_H

#include "engine/engine.h"

#define SPECTEST_EXPORTS 14

struct spectest {
  struct {
    struct wasm_name name;
    struct wasm_extern external;
  } exports[SPECTEST_EXPORTS];
  uint32_t count;
};

/* Makes the exports in the store. False: no memory. */
bool spectest_make(struct spectest *spectest, struct wasm_store *store);
/* any == NULL: there is no such export. */
struct wasm_extern spectest_find(const struct spectest *spectest, struct wasm_name name);

#endif
