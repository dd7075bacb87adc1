/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Text for a person, on one of the standard streams. Bytes that come from a module are printed
 * with control characters and broken UTF-8 escaped, so that no name can drive a terminal. */
#ifndef GUEST_RUNTIME_PRINT_H
#define GUEST_RUNTIME_PRINT_H

#include "engine/engine.h"
#include "guest/drivers/drivers.h"

struct printer {
  struct console *console; /* NULL: everything is dropped */
  uint32_t stream;         /* 1 or 2 */
  uint32_t length;         /* bytes waiting in text */
  int error;               /* first errno of a write that failed; 0: none */
  char text[1024];
};

/* Nothing reaches the stream before print_flush, or before the text is full. */
void print_text(struct printer *printer, const char *text);
void print_name(struct printer *printer, struct wasm_name name); /* untrusted bytes, escaped */
void print_u64(struct printer *printer, uint64_t value);
void print_hex(struct printer *printer, uint64_t value); /* 0x1f */
void print_value(struct printer *printer, uint8_t type, union wasm_value value);
void print_flush(struct printer *printer);

/* The fewest digits (at most 17) that read back as the same double; "inf",
 * "-inf", "nan". Returns the length; `out` takes 32 bytes. (guest/runtime/number.c) */
uint32_t format_f64(double value, char out[32]);
/* Nine digits at most, likewise for a float. */
uint32_t format_f32(float value, char out[32]);
/* Reads all of `text` as a number of a type: decimal or 0x integers; decimal floats of at most 15
 * digits and powers of ten up to 22, which are exact as f64 (an f32 is rounded from the f64).
 * False: it is none of these. */
bool parse_value(const char *text, uint8_t type, union wasm_value *value);

#endif
