;; SPDX-License-Identifier: MIT OR Apache-2.0
;; For the driver itself: all that hangs on a module that is not supported is skipped.
(module definition $M binary "\00asm\01\00\00\00\01\03\01\5f\00")
(module instance $I $M)
(register "I" $I)
(assert_return (invoke $I "f") (i32.const 1))
(assert_trap (invoke "f") "unreachable")
(assert_exception (invoke "f"))
(module definition $N binary "\00asm\01\00\00\00\02\09\01\01I\02no\03\7f\00")
(module instance $N)
(assert_invalid (module binary "\00asm\01\00\00\00\01\05\01\60\01\6e\00") "invalid")
