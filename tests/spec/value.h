/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Constants and expected results of test scripts. */
#ifndef TESTS_SPEC_VALUE_H
#define TESTS_SPEC_VALUE_H

#include "engine/engine.h"
#include "tests/spec/sexpr.h"

/* The value of (i32.const 1), (v128.const i64x2 1 2), (ref.null func), (ref.extern 1) ...; its
 * type. False: a form this driver does not know. */
bool spec_value_read(const struct sexpr *form, uint8_t *type, union wasm_value *value);

enum spec_match { SPEC_MATCH, SPEC_DIFFERS, SPEC_UNKNOWN };

/* Whether a result is what the form expects: a constant, nan:canonical, nan:arithmetic, a kind of
 * reference, or (either ...). */
enum spec_match spec_value_match(const struct sexpr *form, uint8_t type, union wasm_value value);

#endif
