;; SPDX-License-Identifier: MIT OR Apache-2.0
;; For the driver itself: behind the two commands of the first module every one is wrong.
(module definition $M binary
  "\00\61\73\6d\01\00\00\00\01\20\07\60\00\01\7f\60\01\7d\01\7d\60\01\7c\01"
  "\7c\60\01\6f\01\6f\60\00\01\70\60\00\02\7f\7e\60\00\00\03\08\07\00\01\02"
  "\03\04\05\06\06\06\01\7e\00\42\7e\0b\07\31\08\01\67\03\00\03\69\33\32\00"
  "\00\03\66\33\32\00\01\03\66\36\34\00\02\03\72\65\66\00\03\04\66\75\6e\63"
  "\00\04\03\74\77\6f\00\05\04\74\72\61\70\00\06\0a\25\07\04\00\41\79\0b\04"
  "\00\20\00\0b\04\00\20\00\0b\04\00\20\00\0b\04\00\d2\04\0b\06\00\41\01\42"
  "\02\0b\03\00\00\0b")
(module instance $I $M)
(assert_return (invoke "i32") (i32.const 7))
(assert_return (invoke "i32") (i64.const -7))
(assert_return (invoke "i32"))
(assert_return (invoke "trap") (i32.const 7))
(assert_return (invoke "missing"))
(assert_return (invoke "i32" (i32.const 1)) (i32.const -7))
(assert_return (get "g") (i64.const -3))
(assert_return (get "i32") (i32.const -7))
(assert_return (invoke "f32" (f32.const -0x0p+0)) (f32.const 0x0p+0))
(assert_return (invoke "f32" (f32.const nan:0x40_0001)) (f32.const nan:canonical))
(assert_return (invoke "f32" (f32.const nan:0x20_0000)) (f32.const nan:arithmetic))
(assert_return (invoke "f32" (f32.const inf)) (either (f32.const 1) (f32.const 2)))
(assert_return (invoke "f64" (f64.const nan:0x8_0000_0000_0001)) (f64.const nan:canonical))
(assert_return (invoke "ref" (ref.extern 3)) (ref.extern 4))
(assert_return (invoke "ref" (ref.null extern)) (ref.extern))
(assert_return (invoke "func") (ref.null func))
(assert_return (invoke "two") (i32.const 1))
(assert_return (invoke "two") (i32.const 1) (i64.const 3))
(assert_trap (invoke "i32") "unreachable")
(assert_trap (invoke "trap") "integer overflow")
(assert_exhaustion (invoke "trap") "call stack exhausted")
(assert_exception (invoke "i32"))
(assert_invalid (module binary "\00asm\01\00\00\00") "unknown type")
(assert_invalid (module binary "\00asm") "unknown type")
(assert_malformed (module binary "\00asm\01\00\00\00\03\02\01\00") "unexpected end")
(module binary "\00asm\01\00\00")
(invoke "two")
(module instance $none $none)
(invoke $nobody "two")
(register "x" $nobody)
(module definition binary "\00asm\01\00\00\00")
(assert_unlinkable (module instance) "unknown import")
(unknown_command)
(invoke $I "two"
