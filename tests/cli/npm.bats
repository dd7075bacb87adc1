#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Large programs from npm: esbuild (Go), CRuby and CPython (C), Yosys (C++). Where a program runs under
# Node's WASI as it is, its results are the same byte for byte.
load common

programs=$BATS_TEST_DIRNAME/npm

# Where npm cannot be asked, one try is enough.
setup_file() {
  timeout 200 "$BATS_TEST_DIRNAME/../../tools/fetch-npm" esbuild python ruby yosys >&2 || true
}

setup() { need_vm; }

# The program's module, in $module; skips the test where it could not be had.
need_npm() {
  module=$root/build/npm/$1/$1.wasm
  [ -f "$module" ] || skip "$1 could not be fetched from npm"
}

# Two directories with the same files, for the VM and for Node.
copy_for_both() {
  mkdir "$BATS_TEST_TMPDIR/vm" "$BATS_TEST_TMPDIR/node"
  cp -r "$@" "$BATS_TEST_TMPDIR/vm"
  cp -r "$@" "$BATS_TEST_TMPDIR/node"
}

# The same arguments in the VM and under Node, each with its directory as "/".
run_both() {
  expect 0 hermit run --dir "$BATS_TEST_TMPDIR/vm::/" --env PWD=/ -- "$module" "$@"
  expect 0 node --no-warnings "$programs/node.mjs" "$module" "$BATS_TEST_TMPDIR/node" "$@"
}

same_file() {
  [ -s "$BATS_TEST_TMPDIR/vm/$1" ]
  cmp "$BATS_TEST_TMPDIR/vm/$1" "$BATS_TEST_TMPDIR/node/$1"
}

@test "esbuild prints its version" {
  need_npm esbuild
  expect 0 hermit run "$module" --version
  printed "$(cat "$root/build/npm/esbuild/version")"
}

@test "esbuild bundles TypeScript with the same bytes as under Node" {
  need_npm esbuild
  copy_for_both "$programs"/esbuild/*.ts
  run_both main.ts --bundle --minify --sourcemap --outfile=out.js --log-level=warning
  same_file out.js
  same_file out.js.map
  [ "$(node "$BATS_TEST_TMPDIR/vm/out.js")" = "$(cat "$programs/esbuild/expected.txt")" ]
}

@test "esbuild bundles a project of 400 files in 20 folders" {
  need_npm esbuild
  local folder file
  mkdir "$BATS_TEST_TMPDIR/src"
  for folder in $(seq 20); do
    mkdir "$BATS_TEST_TMPDIR/src/f$folder"
    for file in $(seq 20); do
      echo "export const name$file: string = 'module $folder/$file';" \
        >"$BATS_TEST_TMPDIR/src/f$folder/m$file.ts"
      echo "export * from './m$file';" >>"$BATS_TEST_TMPDIR/src/f$folder/index.ts"
    done
    echo "import * as f$folder from './f$folder';
      console.log(Object.keys(f$folder).length, f$folder.name7);" >>"$BATS_TEST_TMPDIR/src/main.ts"
  done
  copy_for_both "$BATS_TEST_TMPDIR/src"
  run_both src/main.ts --bundle --splitting --format=esm --outdir=out --metafile=meta.json \
    --log-level=warning
  same_file out/main.js
  same_file meta.json
  run node --input-type=module <"$BATS_TEST_TMPDIR/vm/out/main.js"
  [ "${#lines[@]}" -eq 20 ]
  [ "${lines[19]}" = "20 module 20/7" ]
}

@test "CRuby: strings, files, JSON, fibers, garbage" {
  need_npm ruby
  mkdir "$BATS_TEST_TMPDIR/files"
  cp "$programs/ruby/main.rb" "$BATS_TEST_TMPDIR/files"
  node "$programs/ruby/command.mjs" "$module" "$BATS_TEST_TMPDIR/ruby.wasm" /files/main.rb
  expect 0 hermit run --unknown-imports=trap --dir "$BATS_TEST_TMPDIR/files::/files" \
    "$BATS_TEST_TMPDIR/ruby.wasm"
  printed "$(cat "$programs/ruby/expected.txt")"
  # What it imports from JavaScript is refused unless that may trap.
  expect 125 hermit run "$BATS_TEST_TMPDIR/ruby.wasm"
  said "rb-js-abi-host"
}

@test "CPython: files, JSON, regular expressions, hashes, garbage" {
  need_npm python
  mkdir "$BATS_TEST_TMPDIR/files"
  cp "$programs/python/main.py" "$BATS_TEST_TMPDIR/files"
  expect 7 hermit run --dir "$BATS_TEST_TMPDIR/files::/files" --env COLOUR=blue -- \
    "$module" /files/main.py one "two words" <<<"from standard input"
  printed "$(cat "$programs/python/expected.txt")"
  [ ! -e "$BATS_TEST_TMPDIR/files/tree" ]
}

@test "Yosys synthesises the same circuit as under Node" {
  need_npm yosys
  copy_for_both "$programs/yosys/counter.v"
  run_both -q -p "read_verilog counter.v; hierarchy -top counter; proc; opt; wreduce; alumacc; opt;
    check -assert; write_json out.json; write_verilog -noattr out.v"
  same_file out.json
  same_file out.v
}
