#!/bin/bash
# Calls a real kvick-server from other languages and tools. Each suite is a script of its own that
# prints one line a check; the last line here is "N passed, N failed".
#   tests/interop/run.sh [SUITE...]
# KVICK_BIN_DIR holds kvick-server; default build/release/bin. Tools come to build/tools, all else
# to a folder that is removed.
set -uo pipefail
INTEROP=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$INTEROP/../.." && pwd)
TOOLS=${KVICK_TOOLS_DIR:-$ROOT/build/tools}
BIN=${KVICK_BIN_DIR:-$ROOT/build/release/bin}
. "$INTEROP/lib/tools.sh"

# Coverage comes last: it asks the server which methods the others have called.
SUITES="python python_asyncio bad_input go node grpcurl prometheus coverage"
[ $# -eq 0 ] || SUITES="$*"

[ -x "$BIN/kvick-server" ] ||
  missing "$BIN/kvick-server is missing: build it, or say where it is with KVICK_BIN_DIR"
WORK=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  [ -z "$server" ] || wait "$server" 2>/dev/null
  rm -rf "$WORK"
}
trap stop EXIT
trap 'exit 130' INT TERM

# The limits are small, so that what goes over them is quickly made.
start_server() {
  "$BIN/kvick-server" --listen=127.0.0.1:0 --http_listen=127.0.0.1:0 \
    --address_file="$WORK/address" --max_value_bytes=1Mi --max_reply_bytes=2Mi \
    >"$WORK/server.log" 2>&1 &
  server=$!
  for _ in $(seq 200); do
    grep -q '^grpc=' "$WORK/address" 2>/dev/null && grep -q '^http=' "$WORK/address" && return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  cat "$WORK/server.log" >&2
  missing "the server did not start"
}

export INTEROP ROOT TOOLS BIN WORK
mkdir -p "$TOOLS"
start_server
KVICK_GRPC=$(sed -n 's/^grpc=//p' "$WORK/address")
KVICK_HTTP=$(sed -n 's/^http=//p' "$WORK/address")
export KVICK_GRPC KVICK_HTTP

suite_python() { python_tools && bash "$INTEROP/python/run.sh" sync_test.py; }
suite_python_asyncio() { python_tools && bash "$INTEROP/python/run.sh" asyncio_test.py; }
suite_bad_input() { python_tools && bash "$INTEROP/python/run.sh" bad_input_test.py; }
suite_go() { go_tools && bash "$INTEROP/go/run.sh"; }
suite_node() { node_tools && bash "$INTEROP/node/run.sh"; }
suite_grpcurl() { grpcurl_tools && bash "$INTEROP/grpcurl.sh"; }
suite_prometheus() { prometheus_tools && bash "$INTEROP/prometheus.sh"; }
suite_coverage() { grpcurl_tools && bash "$INTEROP/coverage.sh"; }

passed=0
failed=0
for suite in $SUITES; do
  declare -F "suite_$suite" >/dev/null || missing "there is no suite $suite"
  (set -e; "suite_$suite") 2>"$WORK/$suite.err" | tee "$WORK/$suite.out"
  code=${PIPESTATUS[0]}
  good=$(grep -c '^ok   ' "$WORK/$suite.out")
  bad=$(grep -c '^FAIL ' "$WORK/$suite.out")
  # A suite that ends badly without saying why, or checks nothing, has failed as well.
  if [ "$bad" = 0 ] && { [ "$code" != 0 ] || [ "$good" = 0 ]; }; then
    cat "$WORK/$suite.err" >&2
    echo "FAIL $suite: it ended with code $code after $good checks"
    bad=1
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
done
if kill -0 "$server" 2>/dev/null; then
  kill -TERM "$server"
  wait "$server"
  code=$?
  server=""
  if [ "$code" = 0 ]; then
    echo "ok   server: it lived through all of it and drained with code 0"
    passed=$((passed + 1))
  else
    echo "FAIL server: it ended with code $code"
    failed=$((failed + 1))
  fi
else
  tail -n 20 "$WORK/server.log"
  echo "FAIL server: it is gone"
  failed=$((failed + 1))
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
