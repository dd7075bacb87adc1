;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Never ends and calls nothing.
(module
  (func (export "_start") (loop $again (br $again))))
