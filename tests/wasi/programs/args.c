/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* args_* and environ_*: order, bytes, empty ones, and memory that is not there. */
#include "check.h"

extern char **environ;

int main(int argc, char **argv) {
  CHECK_EQUAL(5, argc);
  CHECK(!strcmp(argv[0], "args.wasm"));
  CHECK(!strcmp(argv[1], "one two"));
  CHECK(!strcmp(argv[2], ""));
  CHECK(!strcmp(argv[3], "--x=\xc3\xa9\n"));
  CHECK(!strcmp(argv[4], "last"));

  size_t count, size;
  CHECK_OK(__wasi_args_sizes_get(&count, &size));
  CHECK_EQUAL(5, count);
  CHECK_EQUAL(sizeof "args.wasm" + sizeof "one two" + 1 + sizeof "--x=\xc3\xa9\n" + sizeof "last",
              size);
  /* The strings stand one after the other, in order, and nothing is written behind them. */
  uint8_t *pointers[6] = {0};
  uint8_t bytes[64];
  memset(bytes, 0x55, sizeof bytes);
  CHECK_OK(__wasi_args_get(pointers, bytes));
  CHECK(pointers[0] == bytes && pointers[1] == bytes + sizeof "args.wasm" && !pointers[5]);
  CHECK_EQUAL(0, bytes[size - 1]);
  CHECK_EQUAL(0x55, bytes[size]);

  CHECK(!strcmp(environ[0], "FIRST=1"));
  CHECK(!strcmp(environ[1], "EMPTY="));
  CHECK(!strcmp(environ[2], "A=b=c d"));
  CHECK(!environ[3]);
  CHECK_OK(__wasi_environ_sizes_get(&count, &size));
  CHECK_EQUAL(3, count);
  CHECK_EQUAL(sizeof "FIRST=1" + sizeof "EMPTY=" + sizeof "A=b=c d", size);

  /* Exactly the memory's last bytes will do; one byte further will not, nor will a wrap. */
  CHECK_ERRNO(SUCCESS, raw_args_sizes_get(memory_end() - 4, memory_end() - 8));
  CHECK_ERRNO(FAULT, raw_args_sizes_get(memory_end() - 3, 16));
  CHECK_ERRNO(FAULT, raw_args_sizes_get(16, UINT32_MAX));
  CHECK_ERRNO(FAULT, raw_args_get(memory_end() - 19, 1024));
  CHECK_ERRNO(FAULT, raw_args_get(1024, UINT32_MAX - 2));
  CHECK_ERRNO(FAULT, raw_environ_get(UINT32_MAX - 3, 1024));
  return 0;
}
