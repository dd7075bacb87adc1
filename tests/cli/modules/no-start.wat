;; SPDX-License-Identifier: MIT OR Apache-2.0
;; A library: nothing to run but what --invoke names.
(module
  (memory (export "memory") 1 3)
  (global (export "answer") i64 (i64.const 42))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0)))
