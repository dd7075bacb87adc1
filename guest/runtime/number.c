/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers to text and back for --invoke: exact, by plain big-integer arithmetic. */
#include "guest/runtime/print.h"

#include <string.h>

/* An unsigned integer of up to 2752 bits: 55 bits times 5^1076 (below the smallest double) fit. */
#define BIG_WORDS 86
struct big {
  uint32_t words[BIG_WORDS]; /* least significant first */
};

static void big_multiply(struct big *big, uint32_t factor, uint32_t add) {
  uint64_t carry = add;
  for (int i = 0; i < BIG_WORDS; i++) {
    carry += (uint64_t)big->words[i] * factor;
    big->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

static uint32_t big_divide(struct big *big, uint32_t divisor) {
  uint64_t rest = 0;
  for (int i = BIG_WORDS - 1; i >= 0; i--) {
    rest = rest << 32 | big->words[i];
    big->words[i] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
  return (uint32_t)rest;
}

static bool big_is_zero(const struct big *big) {
  for (int i = 0; i < BIG_WORDS; i++)
    if (big->words[i])
      return false;
  return true;
}

/* All decimal digits of mantissa * 2^exponent, most significant first, and where the point
 * stands. A double has at most 767 significant digits. */
struct decimal {
  char digits[832];
  int count;
  int point; /* value = 0.digits * 10^point */
};

static void decimal_from_binary(uint64_t mantissa, int exponent, struct decimal *decimal) {
  struct big big = {{(uint32_t)mantissa, (uint32_t)(mantissa >> 32)}};
  int scale = 0; /* the integer in `big` is the value times 10^scale */
  for (; exponent > 0; exponent--)
    big_multiply(&big, 2, 0);
  /* m / 2^k = m * 5^k / 10^k */
  for (; exponent < 0; exponent++, scale++) {
    if (big.words[0] % 2 == 0) {
      big_divide(&big, 2);
      scale--;
    } else {
      big_multiply(&big, 5, 0);
    }
  }
  int count = 0;
  char reversed[832];
  while (!big_is_zero(&big) && count < (int)sizeof reversed)
    reversed[count++] = (char)big_divide(&big, 10);
  for (int i = 0; i < count; i++)
    decimal->digits[i] = reversed[count - 1 - i];
  decimal->count = count;
  decimal->point = count - scale;
}

static void decimal_round(struct decimal *decimal, int digits) {
  if (decimal->count > digits) {
    bool tie = decimal->digits[digits] == 5 && decimal->count == digits + 1;
    bool up = tie ? digits > 0 && decimal->digits[digits - 1] % 2 : decimal->digits[digits] >= 5;
    decimal->count = digits;
    while (up && decimal->count > 0 && ++decimal->digits[decimal->count - 1] == 10)
      decimal->count--;
    if (up && decimal->count == 0) {
      decimal->digits[0] = 1;
      decimal->count = 1;
      decimal->point++;
    }
  }
  while (decimal->count > 1 && decimal->digits[decimal->count - 1] == 0)
    decimal->count--;
}

static uint32_t append_exponent(char *out, uint32_t at, int exponent) {
  out[at++] = 'e';
  out[at++] = exponent < 0 ? '-' : '+';
  uint32_t value = (uint32_t)(exponent < 0 ? -exponent : exponent);
  if (value >= 100)
    out[at++] = (char)('0' + value / 100);
  out[at++] = (char)('0' + value / 10 % 10);
  out[at++] = (char)('0' + value % 10);
  return at;
}

/* As C's %.*g writes it: plain from 1e-4 up to 1e`limit`, else with an exponent. */
static uint32_t decimal_write(const struct decimal *decimal, int limit, char *out, uint32_t at) {
  int exponent = decimal->point - 1;
  bool plain = exponent >= -4 && exponent < limit;
  int leading = plain && decimal->point <= 0 ? 1 - decimal->point : 0;
  int point = plain ? (decimal->point > 0 ? decimal->point : 1) : 1;
  int total = leading + decimal->count;
  for (int i = 0; i < total || i < point; i++) {
    if (i == point)
      out[at++] = '.';
    int digit = i - leading;
    out[at++] = (char)('0' + (digit >= 0 && digit < decimal->count ? decimal->digits[digit] : 0));
  }
  return plain ? at : append_exponent(out, at, exponent);
}

static int decimal_compare(const struct decimal *a, const struct decimal *b) {
  if (a->point != b->point)
    return a->point < b->point ? -1 : 1;
  for (int i = 0; i < a->count || i < b->count; i++) {
    int left = i < a->count ? a->digits[i] : 0;
    int right = i < b->count ? b->digits[i] : 0;
    if (left != right)
      return left < right ? -1 : 1;
  }
  return 0;
}

/* Rounds to the fewest digits that still read back as the same number: those whose value lies
 * strictly between the middles to the neighbouring numbers. */
static void decimal_shorten(struct decimal *decimal, uint64_t mantissa, int exponent, int digits) {
  struct decimal low, high;
  /* Below a power of two the neighbour is half as far away. */
  bool power = (mantissa & (mantissa - 1)) == 0;
  decimal_from_binary(mantissa * 4 - (power ? 1 : 2), exponent - 2, &low);
  decimal_from_binary(mantissa * 4 + 2, exponent - 2, &high);
  for (int count = 1; count < digits; count++) {
    struct decimal shorter = *decimal;
    decimal_round(&shorter, count);
    if (decimal_compare(&low, &shorter) < 0 && decimal_compare(&shorter, &high) < 0) {
      *decimal = shorter;
      return;
    }
  }
  decimal_round(decimal, digits);
}

static uint32_t format_binary(bool negative, uint64_t mantissa, int exponent, int digits,
                              char out[32]) {
  uint32_t at = 0;
  if (negative)
    out[at++] = '-';
  struct decimal decimal;
  if (mantissa == 0) {
    out[at++] = '0';
  } else {
    decimal_from_binary(mantissa, exponent, &decimal);
    decimal_shorten(&decimal, mantissa, exponent, digits);
    at = decimal_write(&decimal, digits, out, at);
  }
  out[at] = 0;
  return at;
}

static uint32_t format_special(bool negative, bool nan, char out[32]) {
  const char *text = nan ? "nan" : negative ? "-inf" : "inf";
  uint32_t length = (uint32_t)strlen(text);
  memcpy(out, text, length + 1);
  return length;
}

uint32_t format_f64(double value, char out[32]) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  bool negative = bits >> 63;
  int biased = (int)(bits >> 52 & 0x7ff);
  uint64_t fraction = bits & ((1ull << 52) - 1);
  if (biased == 0x7ff)
    return format_special(negative, fraction != 0, out);
  return format_binary(negative, biased ? fraction | 1ull << 52 : fraction,
                       (biased ? biased : 1) - 1075, 17, out);
}

uint32_t format_f32(float value, char out[32]) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bool negative = bits >> 31;
  int biased = (int)(bits >> 23 & 0xff);
  uint32_t fraction = bits & ((1u << 23) - 1);
  if (biased == 0xff)
    return format_special(negative, fraction != 0, out);
  return format_binary(negative, biased ? fraction | 1u << 23 : fraction,
                       (biased ? biased : 1) - 150, 9, out);
}

static bool parse_integer(const char *text, uint64_t *magnitude) {
  uint32_t base = 10;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  uint64_t value = 0;
  if (!*text)
    return false;
  for (; *text; text++) {
    uint32_t digit = 99;
    if (*text >= '0' && *text <= '9')
      digit = (uint32_t)(*text - '0');
    else if ((*text | 32) >= 'a' && (*text | 32) <= 'f')
      digit = (uint32_t)((*text | 32) - 'a') + 10;
    if (digit >= base || value > (UINT64_MAX - digit) / base)
      return false;
    value = value * base + digit;
  }
  *magnitude = value;
  return true;
}

/* digits[.digits][e[+-]digits]: exact when the digits fit 53 bits and the power of ten is at most
 * 22, since then both are doubles and one operation rounds once (Clinger 1990). */
static bool parse_decimal(const char *text, double *result) {
  uint64_t digits = 0;
  int scale = 0, count = 0;
  bool point = false;
  for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
    if (*text == '.') {
      point = true;
      continue;
    }
    if (digits > ((1ull << 53) - 10) / 10)
      return false;
    digits = digits * 10 + (uint64_t)(*text - '0');
    count++;
    scale -= point;
  }
  if (*text == 'e' || *text == 'E') {
    bool negative = text[1] == '-';
    text += 1 + (text[1] == '-' || text[1] == '+');
    uint64_t exponent;
    if (!parse_integer(text, &exponent) || exponent > 400)
      return false;
    scale += negative ? -(int)exponent : (int)exponent;
    text += strlen(text);
  }
  if (*text || !count || scale > 22 || scale < -22)
    return false;
  double power = 1;
  for (int i = 0; i < (scale < 0 ? -scale : scale); i++)
    power *= 10;
  *result = scale < 0 ? (double)digits / power : (double)digits * power;
  return true;
}

static bool parse_float(const char *text, bool negative, double *result) {
  if (strlen(text) == 3 && !memcmp(text, "inf", 3))
    *result = __builtin_inf();
  else if (strlen(text) == 3 && !memcmp(text, "nan", 3))
    *result = __builtin_nan("");
  else if (!parse_decimal(text, result))
    return false;
  if (negative)
    *result = -*result;
  return true;
}

bool parse_value(const char *text, uint8_t type, union wasm_value *value) {
  bool negative = *text == '-';
  text += negative || *text == '+';
  if (type == WASM_F32 || type == WASM_F64) {
    double number;
    if (!parse_float(text, negative, &number))
      return false;
    if (type == WASM_F64)
      value->f64 = number;
    else
      value->f32 = (float)number;
    return true;
  }
  uint64_t magnitude;
  uint64_t limit = type == WASM_I32 ? UINT32_MAX : UINT64_MAX;
  if ((type != WASM_I32 && type != WASM_I64) || !parse_integer(text, &magnitude) ||
      magnitude > (negative ? limit / 2 + 1 : limit))
    return false;
  value->i64 = 0;
  if (type == WASM_I32)
    value->i32 = (uint32_t)(negative ? 0 - magnitude : magnitude);
  else
    value->i64 = negative ? 0 - magnitude : magnitude;
  return true;
}
