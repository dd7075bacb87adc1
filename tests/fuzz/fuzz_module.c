/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libFuzzer's target for the decoder, the validator and the compiler: any bytes, first only
 * validated, then compiled; both must say the same. Now and then the bytes are a generated module,
 * so that what follows is not all refused at once. */
#include "tests/fuzz/generate.h"
#include "tests/fuzz/run.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t limit, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t limit);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  struct buffer module = {(uint8_t *)bytes, length, length}, text = {0};
  run_validation(&module, &text);
  if (memcmp(text.at, "validated:", 10) == 0) {
    fwrite(text.at, 1, text.length, stderr);
    abort();
  }
  free(text.at);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t limit, unsigned seed) {
  struct generated generated = {0};
  if (seed % 16 != 0)
    return LLVMFuzzerMutate(bytes, length, limit);
  generate(&(struct recipe){.seed = seed}, &generated);
  bool fits = generated.module.length <= limit;
  if (fits) {
    length = generated.module.length;
    memcpy(bytes, generated.module.at, length);
  }
  generated_free(&generated);
  return fits ? length : LLVMFuzzerMutate(bytes, length, limit);
}
