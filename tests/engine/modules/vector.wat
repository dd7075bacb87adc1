;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Vectors where the specification's scripts do not take them: many at once, among values of other
;; sizes, through every kind of call and branch.
(module
  (import "host" "back" (func $back (param i32 v128 f64 v128) (result v128 i64 v128)))
  (type $mixed (func (param v128 i32 v128) (result v128)))
  (memory 1)
  (table funcref (elem $first $third))
  (global $global (mut v128) (v128.const i64x2 11 22))

  ;; Ten vectors: eight in registers, two on the stack among numbers.
  (func $many (export "many")
    (param v128 v128 v128 v128 v128 v128 v128 v128 i32 v128 i64 v128 f32)
    (result v128 i32 v128 f32 i64 v128)
    local.get 11 local.get 8 local.get 9 local.get 12 local.get 10
    local.get 0 local.get 1 i64x2.add local.get 2 i64x2.add local.get 3 i64x2.add
    local.get 4 i64x2.add local.get 5 i64x2.add local.get 6 i64x2.add local.get 7 i64x2.add)

  ;; The vectors on the stack change places in a tail call.
  (func (export "many_tail")
    (param v128 v128 v128 v128 v128 v128 v128 v128 i32 v128 i64 v128 f32)
    (result v128 i32 v128 f32 i64 v128)
    local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6 local.get 7 local.get 0
    local.get 8 local.get 11 local.get 10 local.get 9 local.get 12
    return_call $many)

  ;; The same through a call, with more on the stack below it.
  (func (export "many_called") (param v128 i32) (result v128 v128)
    (local v128 i32 v128 f32 i64 v128 v128)
    local.get 0
    i32.const 77
    local.get 0 local.get 0 local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
    v128.const i64x2 5 6
    local.get 1
    local.get 0
    i64.const -1
    v128.const i64x2 0 0
    f32.const 1.5
    call $many
    local.set 7 local.set 6 local.set 5 local.set 4 local.set 3 local.set 2
    ;; 77 + the i32, the i64 and the f32 that came back, as lanes
    local.get 3 i32.add i32x4.splat
    local.get 6 i64x2.splat i64x2.add
    local.get 5 f32x4.splat i32x4.trunc_sat_f32x4_s i32x4.add
    local.get 2 i64x2.add
    local.get 4 i64x2.sub
    i64x2.add
    local.get 7)

  ;; Twenty on the stack at once, and a call in between.
  (func (export "pressure") (param v128) (result v128)
    local.get 0 i32.const 1 i32x4.shl
    local.get 0 i32.const 2 i32x4.shl
    local.get 0 i32.const 3 i32x4.shl
    local.get 0 i32.const 4 i32x4.shl
    local.get 0 i32.const 5 i32x4.shl
    local.get 0 i32.const 6 i32x4.shl
    local.get 0 i32.const 7 i32x4.shl
    local.get 0 i32.const 8 i32x4.shl
    local.get 0 i32.const 9 i32x4.shl
    local.get 0 i32.const 10 i32x4.shl
    i32.const 0
    local.get 0 i32.const 3 local.get 0 i32.const 1 call_indirect (type $mixed)
    i32.const 3 i32.const 1 i32.add i32x4.splat i32x4.mul
    local.get 0 i32x4.extract_lane 1
    i32x4.splat i32x4.sub
    i32x4.extract_lane 0
    i32.add i32x4.splat
    i32x4.sub i32x4.add i32x4.sub i32x4.add i32x4.sub
    i32x4.add i32x4.sub i32x4.add i32x4.sub i32x4.add)

  (func $first (type $mixed) local.get 0)
  (func $third (type $mixed) local.get 2)
  (func (export "indirect") (param v128 v128 i32) (result v128)
    local.get 0 i32.const 9 local.get 1 local.get 2 call_indirect (type $mixed))

  ;; Results of different sizes over conditional branches, tables and ends.
  (func (export "branches") (param i32 v128) (result i32 v128 i64 v128)
    i32.const 1000
    (block (result v128 i64 v128)
      v128.const i32x4 1 2 3 4
      i64.const 7
      i32.const 5
      drop
      local.get 1
      local.get 0 i32.eqz br_if 0
      drop drop drop
      i64.const 99
      i32.const 4
      (block (result v128 i64 v128)
        f64.const 2
        v128.const i32x4 5 6 7 8
        i64.const 8
        local.get 1 local.get 1 i32x4.add
        (block (param v128 i64 v128) (result v128 i64 v128)
          local.get 0 br_table 2 1 0 1)
        i64x2.extract_lane 0 i64.add
        i64.const 100 i64.add
        v128.const i32x4 9 9 9 9
        br 1)
      local.set 1
      i64.const 1 i64.add
      local.get 1
      br 0))

  ;; A vector as a loop's parameter: sum of 1 to n in each lane.
  (func (export "loop") (param i32) (result v128)
    v128.const i32x4 0 0 0 0
    (loop (param v128) (result v128)
      local.get 0 i32x4.splat i32x4.add
      local.get 0 i32.const 1 i32.sub local.tee 0
      br_if 0))

  (func (export "select") (param v128 v128 i32) (result v128 v128)
    local.get 0 local.get 1 local.get 2 select
    (select (result v128) (local.get 1) (local.get 0) (local.get 2)))

  ;; Declared vectors are zero, however many.
  (func (export "zero") (result i32)
    (local i32 v128 i64 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    local.get 1 local.get 3 v128.or local.get 4 v128.or local.get 5 v128.or local.get 6 v128.or
    local.get 7 v128.or local.get 8 v128.or local.get 9 v128.or local.get 10 v128.or
    local.get 11 v128.or local.get 12 v128.or local.get 13 v128.or
    v128.any_true local.get 0 i32.or local.get 2 i32.wrap_i64 i32.or)

  (func (export "host") (param v128) (result v128 i64 v128)
    i32.const 3 local.get 0 f64.const 0.5 v128.const i64x2 -1 1 call $back)

  (func (export "swap_global") (param v128) (result v128)
    global.get $global
    local.get 0 global.set $global)

  ;; A constant that waits on the stack while control flow comes and goes.
  (func (export "constants") (param i32) (result v128)
    v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    (if (local.get 0) (then (local.set 0 (i32.const 2))))
    v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    i8x16.add i8x16.add
    local.get 0 i8x16.splat i8x16.add)

  (func (export "shuffles") (param v128 v128) (result v128 v128 v128 v128)
    local.get 0 local.get 1
    i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0
    local.get 0 local.get 1
    i8x16.shuffle 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16
    local.get 0 local.get 0
    i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
    local.get 0 local.get 1
    i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23)

  ;; Beyond the memory's end by one byte, and by an offset that does not fit in 31 bits.
  (func (export "lane_end") (param i32) (result v128)
    local.get 0 v128.const i32x4 0 0 0 0 v128.load32_lane offset=1 3)
  (func (export "lane_far") (param i32) (result v128)
    local.get 0 v128.const i32x4 0 0 0 0 v128.load8_lane offset=0x80000000 1)
  (func (export "store_far") (param i32)
    local.get 0 v128.const i32x4 0 0 0 0 v128.store offset=0xffffffff)

  ;; The same instruction where it is reached and where it is not.
  (func (export "store_lanes") (param i32 v128) (result i64)
    local.get 0 local.get 1 v128.store32_lane offset=4 1
    (block br 0 local.get 0 local.get 1 v128.store64_lane 1)
    local.get 0 local.get 1 v128.store32_lane 3
    local.get 0 i64.load))
