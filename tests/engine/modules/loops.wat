;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Locals around branches back: what the next round sets before it reads it, what it does not, and
;; assignments that may happen in the local's own register.
(module $loops
  ;; t is set first in the loop's head; s is carried; u and v are set on one way only.
  (func (export "carried") (param $n i32) (result i64)
    (local $t i64) (local $u i64) (local $v i64) (local $s i64)
    (local.set $u (i64.const 7))
    (local.set $v (i64.const 3))
    (loop $again
      (local.set $t (i64.mul (local.get $s) (i64.const 3)))
      (local.set $s (i64.add (local.get $t) (local.get $u)))
      (if (i32.and (local.get $n) (i32.const 1))
        (then (local.set $u (i64.add (local.get $u) (local.get $t)))))
      (block $skip
        (br_if $skip (i32.and (local.get $n) (i32.const 2)))
        (local.set $v (local.get $s)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.xor (i64.add (local.get $t) (local.get $u)) (i64.add (local.get $s) (local.get $v))))

  ;; The inner loop sets t first, the outer one reads it first; more floats than registers.
  (func (export "nested") (param $n i32) (result f64)
    (local $i i32) (local $t f64) (local $a f64) (local $b f64) (local $c f64) (local $d f64)
    (local $e f64) (local $f f64) (local $g f64) (local $h f64)
    (loop $outer
      (local.set $a (f64.add (local.get $a) (local.get $t)))
      (local.set $i (local.get $n))
      (loop $inner
        (local.set $t (f64.convert_i32_u (local.get $i)))
        (local.set $b (f64.add (local.get $b) (local.get $t)))
        (local.set $c (f64.add (local.get $c) (local.get $b)))
        (local.set $d (f64.sub (local.get $t) (local.get $d)))
        (local.set $e (f64.add (local.get $d) (local.get $c)))
        (local.set $f (f64.sub (local.get $e) (local.get $f)))
        (local.set $g (f64.add (local.get $f) (local.get $g)))
        (local.set $h (f64.sub (local.get $g) (local.get $h)))
        (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f64.add (f64.add (local.get $a) (local.get $c)) (f64.add (local.get $h) (local.get $t))))

  ;; Older values of x wait on the stack while it changes.
  (func (export "in_place") (param $x i32) (result i32)
    (local.get $x)
    (local.set $x (i32.add (local.get $x) (i32.const 5)))
    (i32.sub (local.get $x))
    (local.set $x (i32.mul (local.get $x) (local.get $x)))
    (i32.xor (local.get $x))
    (local.get $x)
    (local.set $x (i32.shl (local.get $x) (i32.const 3)))
    (local.set $x (i32.sub (i32.const 1) (local.get $x)))
    (i32.sub (local.tee $x (i32.rotr (local.get $x) (i32.const 7))))
    i32.add
    (i32.mul (local.get $x))))
