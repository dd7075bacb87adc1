;; SPDX-License-Identifier: MIT OR Apache-2.0
;; `unreachable` deep in a chain of named functions, one of them called through a table.
(module $deep
  (type $none (func))
  (table 1 funcref)
  (elem (i32.const 0) $through_table)
  (func $innermost unreachable)
  (func $countdown (param i32)
    (if (i32.eqz (local.get 0))
      (then (call $innermost))
      (else (call $countdown (i32.sub (local.get 0) (i32.const 1))))))
  (func $through_table (call $countdown (i32.const 3)))
  (func $_start (export "_start") (call_indirect (type $none) (i32.const 0))))
