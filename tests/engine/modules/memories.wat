;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Three memories, one of them with 64-bit addresses; the one that is for hosts is not the first.
(module $memories
  (memory $first 1 3)
  (memory $wide i64 2 4)
  (memory $named (export "memory") 1 5)
  (global $base i32 (i32.const 40))
  (data (memory $wide) (i64.const 131064) "end of 2")
  (data (memory $named) (i32.const 40) "named")
  (data $passive "passive")

  ;; One load each: with no offset, a small one, and one that no displacement holds.
  (func (export "wide") (param i64) (result i64) (i64.load $wide (local.get 0)))
  (func (export "wide_offset") (param i64) (result i64)
    (i64.load $wide offset=8 (local.get 0)))
  (func (export "wide_far") (param i64) (result i64)
    (i64.load $wide offset=0x80000000 (local.get 0)))
  (func (export "wide_constant") (result i64) (i64.load $wide (i64.const 131064)))
  (func (export "named") (param i64) (result i64)
    (i64.load $named offset=8 (i32.wrap_i64 (local.get 0))))
  (func (export "named_far") (param i64) (result i64)
    (i64.load $named offset=0xfffffff8 (i32.wrap_i64 (local.get 0))))
  (func (export "first") (param i64) (result i64)
    (i64.load $first offset=8 (i32.wrap_i64 (local.get 0))))
  (func (export "first_constant") (result i64) (i64.load $first (i32.const 65528)))
  (func (export "first_outside") (result i64) (i64.load $first (i32.const 65529)))
  (func (export "first_far") (param i64) (result i64)
    (i64.load $first offset=0x80000000 (i32.wrap_i64 (local.get 0))))

  ;; An address that is used again after its access, and one that is also the value.
  (func (export "twice") (param i32 i64) (result i64)
    (i32.store $named (local.get 0) (local.get 0))
    (i64.store $wide (local.get 1) (local.get 1))
    (i64.store32 $first offset=4 (local.get 0) (local.get 1))
    (i64.add
      (i64.add
        (i64.load32_u $named (local.get 0))
        (i64.load $wide (local.get 1)))
      (i64.add
        (i64.load32_u $first offset=4 (local.get 0))
        (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))))

  ;; More values at once than there are registers.
  (func (export "many") (param $a i32) (param $b i64) (result i64)
    (local $i i32) (local $j i64) (local $k i64) (local $l i64) (local $m i64) (local $n i64)
    (loop $next
      (i64.store $named (local.get $a) (i64.add (i64.load $wide (local.get $b)) (local.get $j)))
      (i64.store $wide (local.get $b)
        (i64.add (i64.load $first (local.get $a)) (i64.load $named (local.get $a))))
      (i64.store $first (local.get $a)
        (i64.add (i64.load $named (local.get $a)) (i64.const 3)))
      (local.set $k (i64.add (local.get $k) (i64.load8_u $named offset=1 (local.get $a))))
      (local.set $l (i64.add (local.get $l) (i64.load16_s $wide offset=2 (local.get $b))))
      (local.set $m (i64.xor (local.get $m) (i64.load $first (local.get $a))))
      (local.set $n (i64.add (local.get $n) (i64.mul (local.get $m) (local.get $k))))
      (local.set $j (i64.add (local.get $j) (i64.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100))))
    (i64.add (local.get $n) (i64.add (local.get $l) (local.get $j))))

  ;; Between memories, with counts and addresses of both widths.
  (func (export "between") (param i64) (result i32)
    (memory.copy $wide $named (i64.const 16) (i32.const 40) (i32.const 5))
    (memory.copy $first $wide (i32.const 0) (i64.const 16) (i32.const 5))
    (memory.fill $wide (i64.const 16) (i32.const 0x61) (i64.const 2))
    (memory.init $wide $passive (i64.const 18) (i32.const 0) (i32.const 7))
    (memory.copy $wide $wide (local.get 0) (i64.const 16) (i64.const 9))
    (i32.load8_u $first (i32.const 4)))

  (func (export "grow") (param i64) (result i64 i64 i64)
    (memory.grow $wide (local.get 0))
    (i64.extend_i32_s (memory.grow $named (i32.wrap_i64 (local.get 0))))
    (i64.add (memory.size $wide)
      (i64.extend_i32_u (i32.add (memory.size $first) (memory.size $named))))))
