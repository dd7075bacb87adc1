;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Imports a function of WASI with a type that is not its own.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func (param i64)))
  (memory (export "memory") 1)
  (func (export "_start")))
