;; SPDX-License-Identifier: MIT OR Apache-2.0
;; A start function (not `_start`) that traps.
(module
  (func $begin (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (start $begin)
  (func (export "_start")))
