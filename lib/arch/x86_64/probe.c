/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the x86_64 processor offers, by the CPUID instruction (Intel SDM volume 2, AMD APM volume 3
 * appendix E). */
#include "lib/probe_arch.h"
#include <cpuid.h>
#include <stddef.h>
#include <stdint.h>

enum word { LEAF1_ECX, LEAF7_EBX, EXTENDED1_ECX, WORD_COUNT };

/* The level x86-64-v3 of the System V ABI (x86-64 psABI, table 3.1), beyond what v2 has. */
static const struct {
  enum word word;
  uint32_t bits;
} level_v3[] = {
    {LEAF1_ECX, bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE41 | bit_SSE42 | bit_POPCNT},
    {LEAF1_ECX, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C},
    {LEAF7_EBX, bit_BMI | bit_AVX2 | bit_BMI2},
    {EXTENDED1_ECX, bit_LAHF_LM | bit_LZCNT},
};

#define LEAF1_ECX_VMX (1u << 5)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define EXTENDED1_ECX_SVM (1u << 2)
#define XCR0_SSE_AVX 0x6u

static void read_words(uint32_t words[WORD_COUNT]) {
  uint32_t a, b, c, d;
  if (__get_cpuid_count(1, 0, &a, &b, &c, &d))
    words[LEAF1_ECX] = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
    words[LEAF7_EBX] = b;
  if (__get_cpuid_count(0x80000001, 0, &a, &b, &c, &d))
    words[EXTENDED1_ECX] = c;
}

/* Does the kernel save the AVX registers? XGETBV exists only where OSXSAVE is set. */
static bool saves_avx(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & XCR0_SSE_AVX) == XCR0_SSE_AVX;
}

static bool has_level_v3(const uint32_t words[WORD_COUNT]) {
  for (size_t i = 0; i < sizeof level_v3 / sizeof *level_v3; i++) {
    if ((words[level_v3[i].word] & level_v3[i].bits) != level_v3[i].bits)
      return false;
  }
  return saves_avx();
}

struct probe_cpu probe_cpu(void) {
  uint32_t words[WORD_COUNT] = {0};
  read_words(words);
  return (struct probe_cpu){
      .runs_code = has_level_v3(words),
      .virtualises = (words[LEAF1_ECX] & LEAF1_ECX_VMX) != 0 ||
                     (words[EXTENDED1_ECX] & EXTENDED1_ECX_SVM) != 0,
      .is_virtualised = (words[LEAF1_ECX] & LEAF1_ECX_HYPERVISOR) != 0,
  };
}
