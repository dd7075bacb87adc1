#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# esbuild, a large program in Go, from npm: works as under Node, byte for byte.
load common

setup_file() {
  "$BATS_TEST_DIRNAME/../../tools/fetch-esbuild" >&2 || true
}

setup() {
  need_vm
  esbuild=$root/build/npm/esbuild/esbuild.wasm
  [ -f "$esbuild" ] || skip "esbuild could not be fetched from npm"
}

@test "esbuild prints its version" {
  expect 0 hermit run "$esbuild" --version
  printed "$(cat "$root/build/npm/esbuild/version")"
}

@test "esbuild bundles TypeScript with the same bytes as under Node" {
  local flags=(main.ts --bundle --minify --sourcemap --outfile=out.js --log-level=warning)
  local host
  for host in vm node; do
    mkdir "$BATS_TEST_TMPDIR/$host"
    cp "$BATS_TEST_DIRNAME"/esbuild/*.ts "$BATS_TEST_TMPDIR/$host"
  done
  expect 0 hermit run --dir "$BATS_TEST_TMPDIR/vm::/" --env PWD=/ "$esbuild" "${flags[@]}"
  expect 0 node --no-warnings "$BATS_TEST_DIRNAME/esbuild/node.mjs" "$esbuild" \
    "$BATS_TEST_TMPDIR/node" "${flags[@]}"
  [ -s "$BATS_TEST_TMPDIR/vm/out.js" ]
  cmp "$BATS_TEST_TMPDIR/vm/out.js" "$BATS_TEST_TMPDIR/node/out.js"
  cmp "$BATS_TEST_TMPDIR/vm/out.js.map" "$BATS_TEST_TMPDIR/node/out.js.map"
  [ "$(node "$BATS_TEST_TMPDIR/vm/out.js")" = "$(cat "$BATS_TEST_DIRNAME/esbuild/expected.txt")" ]
}
