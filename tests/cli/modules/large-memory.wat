;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Needs 1 GiB from the start.
(module
  (memory (export "memory") 16384)
  (func (export "_start")))
