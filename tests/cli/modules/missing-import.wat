;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Imports a function nobody has. `quiet` does not call it, _start does.
(module
  (import "elsewhere" "no_such_function" (func $missing (param i32) (result i64)))
  (func (export "quiet") (result i32) (i32.const 7))
  (func $_start (export "_start") (drop (call $missing (i32.const 1)))))
