#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# The command line itself; needs no VM but where it says so.
load common

# refused TEXT ARGUMENT...: status 125 and one line that contains TEXT.
refused() {
  local text=$1
  shift
  expect 125 hermit "$@"
  [ -z "$output" ]
  said "$text"
}

@test "--version and --help" {
  expect 0 hermit --version
  [[ $output == "hermit-wasm "* ]]
  expect 0 hermit --help
  [[ $output == *"Usage: hermit-wasm run"* ]]
  for command in run inspect doctor; do
    expect 0 hermit "$command" --help
    [[ $output == "Usage: hermit-wasm $command"* ]]
  done
}

@test "no command prints the usage on stderr" {
  expect 125 hermit
  [ -z "$output" ]
  mentioned "Usage:"
}

@test "unknown commands and options are refused by name" {
  refused "frobnicate" frobnicate
  refused "--frobnicate" run --frobnicate module.wasm
  refused "-x" run -x module.wasm
  refused "-x" run -vx module.wasm
  refused "--dir" inspect --dir . module.wasm
  refused "takes no arguments" doctor again
  refused "which module" run
  refused "which module" run --dir .
  refused "one module" inspect a.wasm b.wasm
}

@test "options without their argument are refused by name" {
  for option in --dir --env --invoke --memory --timeout --monitor; do
    refused "$option" run $option
  done
}

@test "bad sizes are refused" {
  for size in "" 0 -1 " 1" 1X M 1MB 16E 18446744073709551616 17179869184G; do
    refused "--memory" run --memory "$size" module.wasm
  done
}

@test "bad durations are refused" {
  for duration in "" 0 0s -1 1d 1.5 ms 18446744073709551615 ; do
    refused "--timeout" run --timeout "$duration" module.wasm
  done
}

@test "bad --dir and --env values are refused" {
  refused "--dir" run --dir "" module.wasm
  refused "--dir" run --dir "::guest" module.wasm
  refused "--dir" run --dir ".::" module.wasm
  refused "--dir" run --dir ":ro" module.wasm
  refused "cache=sometimes" run --dir ".:cache=sometimes" module.wasm
  refused "cache=" run --dir ".:cache=:ro" module.wasm
  refused "--dir" run --dir ":ro:cache=none" module.wasm
  refused "--env" run --env "=x" module.wasm
  refused "NO_SUCH_VARIABLE" run --env NO_SUCH_VARIABLE module.wasm
}

@test "what this version lacks is refused and named" {
  refused "compile" compile module.wasm
  refused "optimised" run --tier optimised module.wasm
  refused "mips" run --arch mips "$modules/exit.wasm"
  local other=aarch64
  [ "$(uname -m)" != $other ] || other=x86_64
  refused $other run --monitor kvm --arch $other "$modules/exit.wasm"
  refused "xen" run --monitor xen module.wasm
  refused "--stats=xml" run --stats=xml module.wasm
  refused "--stats=json:" run --stats=json: module.wasm
  refused "--unknown-imports=ignore" run --unknown-imports=ignore module.wasm
}

@test "a word between the module and -- is refused" {
  refused "stray" run module.wasm stray -- argument
}

@test "a statistics file that cannot be made is refused" {
  refused "/no/such/place" run --stats=json:/no/such/place module.wasm
}

@test "the manual page names every option" {
  for command in run inspect doctor; do
    for option in $("$hermit_wasm" $command --help | grep -oE '^ .*--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
      grep -qF -- "${option//-/\\-}" "$root/docs/hermit-wasm.1" || {
        echo "the manual page does not name $option"
        return 1
      }
    done
  done
}

@test "everything behind the module is the module's" {
  need_vm
  expect 0 vm show --dir . -v
  printed $'arg show.wasm\narg --dir\narg .\narg -v'
}

@test "options may stand between the module and --" {
  need_vm
  expect 0 vm show --env A=1 -- --env B=2 -- x
  printed $'arg show.wasm\narg --env\narg B=2\narg --\narg x\nenv A=1'
}

@test "a -- before the module leaves later ones to the module" {
  need_vm
  expect 0 hermit run --env A=1 -- "$modules/show.wasm" --env -- x
  printed $'arg show.wasm\narg --env\narg --\narg x\nenv A=1'
}
