#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Starting and ending: statuses, arguments, environment, --invoke.
load common

setup() { need_vm; }

@test "statuses 0 to 255 come back" {
  local wrong=""
  for wanted in $(seq 0 255); do
    local got=0
    vm exit "$wanted" || got=$?
    [ "$got" -eq "$wanted" ] || wrong+=" $wanted:$got"
  done
  [ -z "$wrong" ] || { echo "wanted:got$wrong"; return 1; }
}

@test "arguments keep their order and bytes" {
  expect 0 vm show "" "two words" $'new\nline' $'\xff\xfe' "äöü" "'\"\$\\"
  printed $'arg show.wasm\narg \narg two words\narg new\nline\narg \xff\xfe\narg äöü\narg \'"$\\'
}

@test "ten thousand arguments" {
  local many
  many=$(seq 10000)
  run --separate-stderr vm show $many
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 10001 ]
  [ "${lines[10000]}" = "arg 10000" ]
}

@test "the module sees only the variables it was given, in order" {
  INHERITED=yes HIDDEN=no expect 0 vm_with --env B=2 --env A=1=1 --env EMPTY= --env INHERITED -- show
  printed $'arg show.wasm\nenv B=2\nenv A=1=1\nenv EMPTY=\nenv INHERITED=yes'
}

@test "--invoke calls an export with numbers and prints its results" {
  expect 0 vm_with --invoke add -- no-start 40 2
  printed "42"
  expect 0 vm_with --invoke add -- no-start -1 -2
  printed "-3"
  expect 0 vm_with --invoke swap -- no-start 7 2.5
  printed $'2.5\n7'
}

@test "--invoke refuses what it cannot call" {
  expect 125 vm_with --invoke nothing -- no-start
  said "nothing"
  expect 125 vm_with --invoke memory -- no-start
  said "memory"
  expect 125 vm_with --invoke add -- no-start 1
  said "parameters"
  expect 125 vm_with --invoke add -- no-start 1 x
  said "number"
}

@test "a module without _start is refused" {
  expect 125 vm no-start
  said "no-start.wasm" "_start"
}

@test "--stats=json is one line with every field" {
  expect 0 hermit run --stats=json "$modules/exit.wasm"
  [ "${#stderr_lines[@]}" -eq 1 ]
  local field
  for field in setup_us boot_us compile_us instantiate_us run_us teardown_us total_us \
    module_bytes code_section_bytes code_bytes exits pages_touched; do
    mentioned "\"$field\":"
  done
  [[ $stderr =~ \"module_bytes\":([0-9]+) ]]
  [ "${BASH_REMATCH[1]}" -eq "$(stat -c %s "$modules/exit.wasm")" ]
  [[ $stderr =~ \"code_section_bytes\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 0 ]
  [[ $stderr =~ \"code_bytes\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 0 ]
  [[ $stderr =~ \"pages_touched\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 0 ]
  [[ $stderr =~ \"end\":1 ]]
}

@test "--stats=json:FILE leaves stderr to the module" {
  expect 7 hermit run --stats=json:"$BATS_TEST_TMPDIR/stats" "$modules/exit.wasm" 7
  [ -z "$stderr" ]
  grep -q '^{"setup_us":[0-9]*,.*}$' "$BATS_TEST_TMPDIR/stats"
}

@test "--stats prints a table" {
  expect 0 hermit run --stats "$modules/exit.wasm"
  mentioned "setup " "compile " "module_bytes " "pages_touched "
}

@test "inspect tells imports, exports and needs, and runs nothing" {
  expect 0 hermit inspect "$modules/no-start.wasm"
  [[ $output == *memory* && $output == *answer* && $output == *add* && $output == *swap* ]]
  expect 0 hermit inspect "$modules/missing-import.wasm"
  [[ $output == *elsewhere* && $output == *no_such_function* ]]
  expect 0 hermit inspect "$modules/start-trap.wasm"
}

@test "doctor says that modules run here" {
  expect 0 hermit doctor
  [[ $output == *"KVM"*"usable"* && $output == *"Landlock"* && $output == *"seccomp"* ]]
  [[ $output == *"modules run here" ]]
}
