;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Grows its memory by 16 pages (1 MiB) until that is refused, writes to the last byte of each step,
;; and returns the number of pages.
(module
  (memory 1)
  (func (export "grow") (result i32)
    (block $refused
      (loop $again
        (br_if $refused (i32.eq (memory.grow (i32.const 16)) (i32.const -1)))
        (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))
          (i32.const 1))
        (br $again)))
    (memory.size))
  (func (export "grow_by") (param i32) (result i32) (memory.grow (local.get 0))))
