;; SPDX-License-Identifier: MIT OR Apache-2.0
;; A start function that never ends.
(module
  (func $begin (loop $again (br $again)))
  (start $begin)
  (func (export "_start")))
