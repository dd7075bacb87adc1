/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A small compressor: matches found through hash chains (LZ77), then Huffman codes; unpacked again
 * and compared. */
#include "bench.h"

#include <string.h>

#define WINDOW (1u << 15)
#define HASHES (1u << 14)
#define CHAIN_MAX 16
#define MATCH_MIN 4
#define MATCH_MAX (MATCH_MIN + 63)
#define LENGTHS_FROM 256 /* symbols from here on: a match of MATCH_MIN and more bytes */
#define SYMBOLS (LENGTHS_FROM + MATCH_MAX - MATCH_MIN + 1)
#define CODE_MAX 32 /* bits; enough for far larger inputs than these */
#define NONE UINT32_MAX

const struct bench_cases bench_cases = {{8000000, 0xdd167d3d7f6c7599}, {20000, 0x490857fc3f4fcb30}};

/* A literal, or a length with its distance. */
struct token {
  uint16_t symbol, distance;
};

struct tokens {
  struct token *list;
  uint32_t count;
};

/* ---- Matches ---- */

struct chains {
  uint32_t heads[HASHES];    /* hash of four bytes -> the latest position */
  uint32_t previous[WINDOW]; /* position -> the one before with the same hash */
};

static uint32_t hash(const uint8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word * 0x9e3779b1u >> 18;
}

static void remember(struct chains *chains, const uint8_t *data, uint32_t at) {
  uint32_t *head = &chains->heads[hash(data + at)];
  chains->previous[at % WINDOW] = *head;
  *head = at;
}

static uint32_t match_length(const uint8_t *a, const uint8_t *b, uint32_t limit) {
  uint32_t length = 0;
  while (length < limit && a[length] == b[length])
    length++;
  return length;
}

/* The longest of the latest CHAIN_MAX places with this hash, if they lie in the window. */
static uint32_t find_match(const struct chains *chains, const uint8_t *data, uint32_t at,
                           uint32_t left, uint32_t *distance) {
  uint32_t best = 0, limit = left < MATCH_MAX ? left : MATCH_MAX;
  uint32_t candidate = chains->heads[hash(data + at)];
  for (int i = 0; i < CHAIN_MAX && candidate != NONE && at - candidate < WINDOW; i++) {
    uint32_t length = match_length(data + candidate, data + at, limit);
    if (length > best) {
      best = length;
      *distance = at - candidate;
    }
    candidate = chains->previous[candidate % WINDOW];
  }
  return best;
}

/* Greedy: takes the longest match at each place; every byte passed is remembered. */
static struct tokens find_tokens(const uint8_t *data, uint32_t size) {
  struct tokens tokens = {bench_allocate((uint64_t)size * sizeof *tokens.list), 0};
  struct chains *chains = bench_allocate(sizeof *chains);
  memset(chains, 0xff, sizeof *chains);
  for (uint32_t at = 0; at < size;) {
    uint32_t distance = 0, length = 0, left = size - at;
    if (left >= MATCH_MIN)
      length = find_match(chains, data, at, left, &distance);
    if (length < MATCH_MIN)
      length = 1;
    tokens.list[tokens.count++] =
        length == 1
            ? (struct token){data[at], 0}
            : (struct token){(uint16_t)(LENGTHS_FROM + length - MATCH_MIN), (uint16_t)distance};
    for (; length > 0; length--, at++)
      if (size - at >= MATCH_MIN)
        remember(chains, data, at);
  }
  return tokens;
}

/* ---- Codes ---- */

struct codes {
  uint8_t lengths[SYMBOLS]; /* bits; 0: does not occur */
  uint32_t bits[SYMBOLS];   /* canonical: ordered by length, then by symbol */
};

/* The two rarest trees are joined until one is left; simple search is enough for few symbols. */
static void choose_lengths(struct codes *codes, const uint32_t *counts) {
  uint32_t weights[2 * SYMBOLS] = {0}, parents[2 * SYMBOLS] = {0}, trees = SYMBOLS;
  memcpy(weights, counts, SYMBOLS * sizeof *counts);
  for (;; trees++) {
    uint32_t rarest = NONE, second = NONE;
    for (uint32_t i = 0; i < trees; i++) {
      if (weights[i] == 0 || parents[i] != 0)
        continue;
      if (rarest == NONE || weights[i] < weights[rarest]) {
        second = rarest;
        rarest = i;
      } else if (second == NONE || weights[i] < weights[second]) {
        second = i;
      }
    }
    if (second == NONE)
      break;
    weights[trees] = weights[rarest] + weights[second];
    parents[rarest] = parents[second] = trees;
  }
  for (uint32_t i = 0; i < SYMBOLS; i++) {
    codes->lengths[i] = 0;
    for (uint32_t tree = i; parents[tree] != 0; tree = parents[tree])
      codes->lengths[i]++;
    if (codes->lengths[i] > CODE_MAX)
      bench_fail("a code is too long");
  }
}

static void number_codes(struct codes *codes) {
  uint32_t next = 0;
  for (uint32_t length = 1; length <= CODE_MAX; length++, next <<= 1)
    for (uint32_t i = 0; i < SYMBOLS; i++)
      if (codes->lengths[i] == length)
        codes->bits[i] = next++;
}

static void make_codes(struct codes *codes, const struct tokens *tokens) {
  uint32_t counts[SYMBOLS] = {0};
  for (uint32_t i = 0; i < tokens->count; i++)
    counts[tokens->list[i].symbol]++;
  choose_lengths(codes, counts);
  number_codes(codes);
}

/* ---- Bits ---- */

struct bits {
  uint8_t *bytes;
  uint64_t waiting; /* the lowest `count` bits are */
  uint32_t count, at;
};

static void write_bits(struct bits *bits, uint32_t value, uint32_t count) {
  bits->waiting = bits->waiting << count | value;
  for (bits->count += count; bits->count >= 8; bits->count -= 8)
    bits->bytes[bits->at++] = (uint8_t)(bits->waiting >> (bits->count - 8));
}

static uint32_t read_bits(struct bits *bits, uint32_t count) {
  for (; bits->count < count; bits->count += 8)
    bits->waiting = bits->waiting << 8 | bits->bytes[bits->at++];
  bits->count -= count;
  return (uint32_t)(bits->waiting >> bits->count) & (((uint32_t)1 << count) - 1);
}

/* Behind a length come 15 bits of distance; the last byte is filled up. */
static uint32_t pack(const struct tokens *tokens, const struct codes *codes, uint8_t *packed) {
  struct bits bits = {.bytes = packed};
  for (uint32_t i = 0; i < tokens->count; i++) {
    struct token token = tokens->list[i];
    write_bits(&bits, codes->bits[token.symbol], codes->lengths[token.symbol]);
    if (token.symbol >= LENGTHS_FROM)
      write_bits(&bits, token.distance, 15);
  }
  write_bits(&bits, 0, 7);
  return bits.at;
}

/* Symbols in the order of their codes, and for each length where its codes begin. */
struct decoder {
  uint16_t symbols[SYMBOLS];
  uint32_t first_codes[CODE_MAX + 1], first_symbols[CODE_MAX + 2];
};

static void make_decoder(struct decoder *decoder, const struct codes *codes) {
  uint32_t count = 0, code = 0;
  for (uint32_t length = 0; length <= CODE_MAX; length++, code <<= 1) {
    decoder->first_codes[length] = code;
    decoder->first_symbols[length] = count;
    for (uint16_t i = 0; i < SYMBOLS && length > 0; i++)
      if (codes->lengths[i] == length) {
        decoder->symbols[count++] = i;
        code++;
      }
  }
  decoder->first_symbols[CODE_MAX + 1] = count;
}

/* Bit by bit: a code of some length is complete when it lies in that length's range. */
static uint32_t read_symbol(struct bits *bits, const struct decoder *decoder) {
  uint32_t code = 0;
  for (uint32_t length = 1; length <= CODE_MAX; length++) {
    code = code << 1 | read_bits(bits, 1);
    uint32_t index = code - decoder->first_codes[length] + decoder->first_symbols[length];
    if (code >= decoder->first_codes[length] && index < decoder->first_symbols[length + 1])
      return decoder->symbols[index];
  }
  bench_fail("no such code");
}

static void unpack(uint8_t *packed, const struct decoder *decoder, uint8_t *data, uint32_t size) {
  struct bits bits = {.bytes = packed};
  for (uint32_t at = 0; at < size;) {
    uint32_t symbol = read_symbol(&bits, decoder);
    if (symbol < LENGTHS_FROM) {
      data[at++] = (uint8_t)symbol;
      continue;
    }
    uint32_t length = symbol - LENGTHS_FROM + MATCH_MIN, distance = read_bits(&bits, 15);
    if (distance == 0 || distance > at || length > size - at)
      bench_fail("a match from nowhere");
    for (; length > 0; length--, at++)
      data[at] = data[at - distance];
  }
}

/* ---- The whole ---- */

/* Like text: words of a small vocabulary, the first ones most often. */
static uint8_t *make_data(uint32_t size) {
  uint8_t *data = bench_allocate(size);
  uint32_t seed = 43, at = 0;
  while (at < size) {
    uint32_t random = bench_random(&seed) >> 3, word = random % 4096 * (random >> 12 & 4095) >> 12;
    for (uint32_t i = 0; i < 2 + word % 7 && at < size; i++)
      data[at++] = (uint8_t)('a' + (word * 2654435761u >> (3 * i)) % 26);
    if (at < size)
      data[at++] = random >> 24 & 7 ? ' ' : '\n';
  }
  return data;
}

uint64_t bench_run(uint32_t size) {
  uint8_t *data = make_data(size), *again = bench_allocate(size);
  uint8_t *packed = bench_allocate((uint64_t)size * 4 + 16);
  struct codes codes;
  struct decoder decoder;
  struct tokens tokens = find_tokens(data, size);
  make_codes(&codes, &tokens);
  uint32_t packed_size = pack(&tokens, &codes, packed);
  make_decoder(&decoder, &codes);
  unpack(packed, &decoder, again, size);
  if (memcmp(data, again, size) != 0)
    bench_fail("not the same after unpacking");
  uint64_t sum = packed_size;
  for (uint32_t i = 0; i < packed_size; i++)
    sum = bench_mix(sum, packed[i]);
  return sum;
}
