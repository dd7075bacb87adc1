;; SPDX-License-Identifier: MIT OR Apache-2.0
;; The start function ends the program before _start is reached.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (start $start)
  (func $start (call $proc_exit (i32.const 42)))
  (func (export "_start") (call $proc_exit (i32.const 1))))
