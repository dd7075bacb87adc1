/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Error texts: the few printf conversions that the engine's messages need. */
#include "engine/error.h"

struct text {
  char *bytes;
  size_t length;
  size_t capacity; /* one byte of the buffer is kept for the NUL */
};

/* What does not fit is dropped; end_text sees that from the length. */
static void put_char(struct text *text, char c) {
  if (text->length < text->capacity)
    text->bytes[text->length++] = c;
}

/* Names are valid UTF-8 from a module: multi-byte characters pass, control characters do not. */
static void put_bytes(struct text *text, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    put_char(text, c < 0x20 || c == 0x7f ? '?' : (char)c);
  }
}

/* Digits come out backwards, so they are gathered first: 20 hold any 64-bit number. */
static void put_number(struct text *text, uint64_t value, unsigned base) {
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count > 0)
    put_char(text, digits[--count]);
}

static void put_string(struct text *text, const char *string) {
  size_t length = 0;
  while (string[length] != 0)
    length++;
  put_bytes(text, string, length);
}

/* Handles one conversion; `format` points behind its '%'. Returns what follows it. */
static const char *put_conversion(struct text *text, const char *format, va_list *args) {
  if (format[0] == '.' && format[1] == '*' && format[2] == 's') {
    int length = va_arg(*args, int);
    put_bytes(text, va_arg(*args, const char *), length > 0 ? (size_t)length : 0);
    return format + 3;
  }
  if (format[0] == 'l' && format[1] == 'l') {
    put_number(text, va_arg(*args, unsigned long long), format[2] == 'x' ? 16 : 10);
    return format + 3;
  }
  if (format[0] == 's')
    put_string(text, va_arg(*args, const char *));
  else
    put_number(text, va_arg(*args, unsigned), format[0] == 'x' ? 16 : 10);
  return format + 1;
}

/* A cut must not leave half a character behind: UTF-8 continuation bytes are 10xxxxxx. */
static void end_text(struct text *text) {
  if (text->length == text->capacity) {
    while (text->length > 0 && ((unsigned char)text->bytes[text->length - 1] & 0xc0) == 0x80)
      text->length--;
    if (text->length > 0 && (unsigned char)text->bytes[text->length - 1] >= 0xc0)
      text->length--;
  }
  text->bytes[text->length] = 0;
}

enum wasm_status wasm_error_set_va(struct wasm_error *error, enum wasm_status status,
                                   uint64_t offset, const char *format, va_list args) {
  struct text text = {error->text, 0, sizeof error->text - 1};
  va_list rest;
  va_copy(rest, args);
  while (*format != 0) {
    if (*format == '%')
      format = put_conversion(&text, format + 1, &rest);
    else
      put_char(&text, *format++);
  }
  va_end(rest);
  end_text(&text);
  error->status = status;
  error->offset = offset;
  return status;
}

enum wasm_status wasm_error_set(struct wasm_error *error, enum wasm_status status, uint64_t offset,
                                const char *format, ...) {
  va_list args;
  va_start(args, format);
  wasm_error_set_va(error, status, offset, format, args);
  va_end(args);
  return status;
}
