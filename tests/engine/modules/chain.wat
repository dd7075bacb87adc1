;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Ways to trap, under a chain of calls with names.
(module $chain
  (import "host" "back" (func $back (param i32) (result i32)))
  (memory (export "memory") 1)
  (table 3 funcref)
  (func $top (export "top") (param $way i32) (result i32)
    (i32.add (call $second (local.get $way)) (i32.const 1)))
  (func $second (param $way i32) (result i32)
    (i32.add (call_indirect (param i32) (result i32) (local.get $way) (i32.const 2)) (i32.const 1)))
  (func $third (param $way i32) (result i32)
    (block $a (block $b (block $c (block $d (block $e (block $f
      (br_table $a $b $c $d $e $f (local.get $way)))
      ;; f: into the host, which calls "top" or traps
      (return (call $back (i32.const 5))))
      ;; e: recursion without end
      (return (call $forever (i32.const 0))))
      ;; d
      (drop (table.get 0 (i32.const 99))) (return (i32.const 0)))
      ;; c
      (return (i32.div_s (i32.const 1) (i32.const 0))))
      ;; b
      (return (i32.load offset=1000 (i32.const 0x7fffffff))))
    ;; a
    (unreachable))
  (func $forever (export "forever") (param i32) (result i32)
    (i32.add (call $forever (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "nothing"))
  (func (export "answer") (result i32) (i32.const 42))
  (elem (i32.const 0) $top $second $third)
  (table $unused 3 externref)
)
