/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Text for a person; see print.h. */
#include "guest/runtime/print.h"

#include <string.h>

void print_flush(struct printer *printer) {
  size_t done = 0;
  while (printer->console && done < printer->length && !printer->error) {
    struct wasi_slice slice = {printer->text + done, printer->length - done};
    size_t count = 0;
    printer->error = console_write(printer->console, printer->stream, &slice, 1, &count);
    done += count;
  }
  printer->length = 0;
}

static void print_byte(struct printer *printer, char byte) {
  if (printer->length == sizeof printer->text)
    print_flush(printer);
  printer->text[printer->length++] = byte;
}

void print_text(struct printer *printer, const char *text) {
  for (; *text; text++)
    print_byte(printer, *text);
}

/* Length of the valid UTF-8 sequence at `at` (Unicode 15, table 3-7) that is safe to show; 0: there
 * is none. C1 controls (U+0080 to U+009F) count as unsafe: some terminals obey them. */
static uint32_t printable_length(const uint8_t *at, uint32_t left) {
  uint8_t first = at[0];
  if (first < 0x80)
    return first >= 0x20 && first != 0x7f;
  uint32_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || length > left)
    return 0;
  for (uint32_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  bool bad = (first == 0xc2 && at[1] < 0xa0) || (first == 0xe0 && at[1] < 0xa0) ||
             (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
             (first == 0xf4 && at[1] > 0x8f);
  return bad ? 0 : length;
}

void print_name(struct printer *printer, struct wasm_name name) {
  const uint8_t *bytes = (const uint8_t *)name.bytes;
  for (uint32_t at = 0; at < name.length;) {
    uint32_t length = printable_length(bytes + at, name.length - at);
    for (uint32_t i = 0; i < length; i++)
      print_byte(printer, (char)bytes[at + i]);
    if (length == 0) {
      print_text(printer, "\\x");
      print_byte(printer, "0123456789abcdef"[bytes[at] >> 4]);
      print_byte(printer, "0123456789abcdef"[bytes[at] & 15]);
      length = 1;
    }
    at += length;
  }
}

void print_u64(struct printer *printer, uint64_t value) {
  char digits[21];
  uint32_t at = sizeof digits - 1;
  digits[at] = 0;
  do
    digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  print_text(printer, digits + at);
}

void print_hex(struct printer *printer, uint64_t value) {
  char digits[19];
  uint32_t at = sizeof digits - 1;
  digits[at] = 0;
  do
    digits[--at] = "0123456789abcdef"[value & 15];
  while (value >>= 4);
  print_text(printer, "0x");
  print_text(printer, digits + at);
}

static void print_i64(struct printer *printer, int64_t value) {
  if (value < 0)
    print_text(printer, "-");
  print_u64(printer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void print_value(struct printer *printer, uint8_t type, union wasm_value value) {
  char text[32];
  switch (type) {
  case WASM_I32:
    print_i64(printer, (int32_t)value.i32);
    return;
  case WASM_I64:
    print_i64(printer, (int64_t)value.i64);
    return;
  case WASM_F32:
    format_f32(value.f32, text);
    print_text(printer, text);
    return;
  case WASM_F64:
    format_f64(value.f64, text);
    print_text(printer, text);
    return;
  case WASM_V128:
    print_hex(printer, value.v128[1]);
    print_text(printer, ":");
    print_hex(printer, value.v128[0]);
    return;
  default:
    print_text(printer, value.ref ? "<reference>" : "null");
  }
}
