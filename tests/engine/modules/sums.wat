;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Additions of constants in 32 and 64 bits, between the two widths, in all places a value may be in.
(module $sums
  (global $wide (mut i64) (i64.const 0))
  ;; What Go makes of an address: one instruction for the compiler.
  (func $near (export "near") (param $x i32) (result i32)
    (i32.wrap_i64 (i64.add (i64.extend_i32_u (local.get $x)) (i64.const 24))))
  (func $below (export "below") (param $x i32) (result i32)
    (i32.wrap_i64 (i64.add (i64.extend_i32_u (local.get $x)) (i64.const -8000))))
  ;; Nearly the same, but each needs all 64 bits.
  (func $far (export "far") (param $x i32) (result i64)
    (i64.add (i64.extend_i32_u (local.get $x)) (i64.const 0x7fffffff)))
  (func $product (export "product") (param $x i32) (result i32)
    (i32.wrap_i64 (i64.shr_u
      (i64.mul (i64.extend_i32_u (local.get $x)) (i64.extend_i32_u (i32.const -3)))
      (i64.const 30))))
  ;; A wide value keeps its upper half while its lower one goes elsewhere.
  (func $halves (export "halves") (param $x i64) (result i64)
    (local $low i32)
    (local.set $low (i32.wrap_i64 (local.get $x)))
    (local.set $x (i64.add (local.get $x) (i64.const 1)))
    (i64.xor (local.get $x) (i64.mul (i64.extend_i32_u (local.get $low)) (i64.const 5))))
  ;; Values that are on the stack while a call takes all registers.
  (func $spilled (export "spilled") (param $x i64) (result i64)
    (global.set $wide (i64.const -1))
    (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 7))
    (i32.add (i32.wrap_i64 (i64.mul (local.get $x) (i64.const 3))) (i32.const 7))
    (i64.mul (local.get $x) (i64.const 3))
    (drop (call $near (i32.const 1)))
    i32.wrap_i64
    i32.add
    i64.extend_i32_u
    i64.add)
  (func $constants (export "constants") (result i64)
    (i64.add
      (i64.extend_i32_u (i32.wrap_i64 (i64.const -2)))
      (i64.extend_i32_u (i32.wrap_i64 (i64.add (i64.extend_i32_u (i32.const -1)) (i64.const 9))))))
  ;; x stays while sums of it are made; then it is the one that changes, in its register.
  (func $kept (export "kept") (param $x i32) (result i32)
    (local $y i32)
    (local.set $y (i32.add (local.get $x) (i32.const 1000)))
    (local.get $x)
    (local.set $x (i32.add (local.get $x) (i32.const -1)))
    (local.set $x (i32.sub (local.get $x) (i32.const -128)))
    (local.set $x (i32.sub (local.get $x) (i32.const 128)))
    (i32.mul (i32.mul (local.get $x) (local.get $y)))))
