;; SPDX-License-Identifier: MIT OR Apache-2.0
;; A module without a memory: functions that need none work, the others say EFAULT (21), which
;; becomes the status.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (func (export "_start")
    (if (call $sched_yield) (then (call $proc_exit (i32.const 1))))
    (if (i32.ne (call $fd_close (i32.const 99)) (i32.const 8))
      (then (call $proc_exit (i32.const 2))))
    (call $proc_exit (call $random_get (i32.const 0) (i32.const 0)))
    unreachable))
