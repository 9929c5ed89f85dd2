#!/bin/bash
# Lints the protos and compares them with the API of the last release. Prints one line a check and
# "N passed, N failed". buf comes from npm to build/tools.
#   tests/buf/run.sh
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
INTEROP=$ROOT/tests/interop
TOOLS=${KVICK_TOOLS_DIR:-$ROOT/build/tools}
# shellcheck source=../interop/lib/tools.sh
. "$INTEROP/lib/tools.sh"
npm_tools "$HERE"
buf=$TOOLS/buf/node_modules/.bin/buf
"$buf" --version >/dev/null || missing "buf does not run here"

passed=0
failed=0
# check TITLE COMMAND...: the command must succeed; what it prints otherwise is shown.
check() {
  local title=$1
  shift
  if "$@" 2>&1; then
    printf 'ok   buf: %s\n' "$title"
    passed=$((passed + 1))
  else
    printf 'FAIL buf: %s\n' "$title"
    failed=$((failed + 1))
  fi
}

released=$(find "$ROOT/proto/released" -name 'v*.binpb' | sort -V | tail -n 1)
[ -n "$released" ] || missing "proto/released holds no API to compare with: see proto/README.md"
check "the protos obey the rules of proto/buf.yaml" "$buf" lint "$ROOT/proto"
check "nothing breaks what $(basename "$released" .binpb) promised" \
  "$buf" breaking "$ROOT/proto" --against "$released"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
