;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Tail calls between functions whose arguments take different room: few in registers, many on the
;; stack, an odd number of words, several results. Instances share a table of two functions.
(module
  (type $few (func (param i32 i64) (result i64 i32 f64)))
  (type $many (func (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i32 f64)))
  (type $floats (func (param i32 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64) (result i64 i32 f64)))
  (import "host" "back" (func $back (param i32) (result i32)))
  (import "host" "table" (table $shared 2 funcref))
  (table $own 3 funcref)
  (elem (table $own) (i32.const 0) func $few $many $floats)

  ;; The first function: when it is compiled nothing is known of tail calls yet.
  (func (export "hops") (param i32) (result i64 i32 i32 i32)
    (call $hop (local.get 0) (i64.const 0))
    drop
    (global.get $id)
    (i32.load (i32.const 8)))

  ;; Counts down to 0 through all three, adding 1 each time.
  (func $few (export "few") (type $few)
    (if (i32.eqz (local.get 0))
      (then (return (local.get 1) (i32.const 7) (f64.const 0.5))))
    (return_call $many (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1))
      (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.const 8) (i64.const 9)))
  (func $many (type $many)
    (local i64 i64)
    (if (i64.ne (i64.const 44) (i64.add (i64.add (i64.add (local.get 2) (local.get 3))
          (i64.add (local.get 4) (local.get 5))) (i64.add (i64.add (local.get 6) (local.get 7))
          (i64.add (local.get 8) (local.get 9)))))
      (then unreachable))
    (if (i32.eqz (local.get 0))
      (then (return (local.get 1) (i32.const 8) (f64.const 1.5))))
    (return_call_indirect $own (type $floats)
      (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1))
      (f64.const 1) (f64.const 2) (f64.const 3) (f64.const 4) (f64.const 5) (f64.const 6)
      (f64.const 7) (f64.const 8) (f64.const 9) (i32.const 2)))
  (func $floats (type $floats)
    (if (f64.ne (f64.const 99) (f64.add (f64.mul (local.get 9) (f64.const 10)) (f64.add (local.get 10) (f64.const 10))))
      (then unreachable))
    (if (i32.eqz (local.get 0))
      (then (return (local.get 1) (i32.const 9) (f64.const 2.5))))
    (return_call $few (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1))))

  ;; Its stack arguments swap places, which are the callee's, too.
  (func $swap (export "swap") (param i32 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (if (i32.eqz (local.get 0))
      (then (return (i64.add (i64.mul (local.get 7) (i64.const 10)) (local.get 8)))))
    (return_call $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2)
      (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 8) (local.get 7)))
  (func (export "swapped") (param i32) (result i64)
    (call $swap (local.get 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)
      (i64.const 0) (i64.const 0) (i64.const 4) (i64.const 2)))

  ;; Back and forth between the instances; "hops" uses its own memory and instance afterwards.
  (memory 1)
  (global $id (export "id") (mut i32) (i32.const 0))
  (func $hop (export "hop") (param i32 i64) (result i64 i32 f64)
    (if (i32.eqz (local.get 0))
      (then (return (local.get 1) (global.get $id) (f64.const 3.5))))
    (return_call_indirect $shared (type $few) (i32.sub (local.get 0) (i32.const 1))
      (i64.add (local.get 1) (i64.const 1)) (i32.and (local.get 0) (i32.const 1))))
  (func (export "join") (param i32)
    (table.set $shared (local.get 0) (ref.func $hop))
    (global.set $id (local.get 0))
    (i32.store (i32.const 8) (i32.mul (local.get 0) (i32.const 100))))
  ;; To the host.
  (func $to_host (export "to_host") (param i32) (result i32) (return_call $back (local.get 0)))
  (func (export "through_host") (param i32) (result i32)
    (i32.add (call $to_host (local.get 0)) (global.get $id)))
  (func (export "trap") (param i32) (result i32) (return_call $divide (i32.const 1) (local.get 0)))
  (func $divide (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
)
