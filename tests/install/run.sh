#!/bin/bash
# Installs a build into a folder of its own and uses nothing but that folder.
#   tests/install/run.sh BUILD
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
BUILD=${1:?tests/install/run.sh wants the folder of a build}
BUILD=$(cd "$BUILD" && pwd)

failures=0
ok() { printf 'ok   %s\n' "$1"; }
not_ok() {
  printf 'FAIL %s: %s\n' "$1" "$(tail -n 30 "$2")"
  failures=$((failures + 1))
}
# check NAME COMMAND...: the command ends well.
check() {
  local name=$1
  shift
  if "$@" >"$WORK/out" 2>&1; then ok "$name"; else not_ok "$name" "$WORK/out"; fi
}
# expect NAME TEXT COMMAND...: the command ends well and prints the text.
expect() {
  local name=$1 text=$2
  shift 2
  if "$@" >"$WORK/out" 2>&1 && grep -qF -- "$text" "$WORK/out"; then
    ok "$name"
  else
    not_ok "$name" "$WORK/out"
  fi
}

for tool in cmake ninja protoc grpc_python_plugin python3; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "FAIL $tool is missing"
    exit 1
  }
done

WORK=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  [ -z "$server" ] || wait "$server" 2>/dev/null
  rm -rf "$WORK"
}
trap stop EXIT
trap 'exit 130' INT TERM
PREFIX=$WORK/prefix

check "cmake --install" cmake --install "$BUILD" --prefix "$PREFIX"
PACKAGE=$(dirname "$(find "$PREFIX" -name kvickConfig.cmake)")
for file in bin/kvick-server bin/kvick include/kvick/client.h include/kvick/v1/value.pb.h \
  include/kvick/mock_connection.h share/kvick/proto/kvick/v1/value.proto; do
  check "$file is there" test -s "$PREFIX/$file"
done
check "what is internal to the client is not there" test ! -e "$PREFIX/include/kvick/internal"
check "every proto is there" diff <(cd "$HERE/../../proto" && find kvick -name '*.proto' | sort) \
  <(cd "$PREFIX/share/kvick/proto" && find kvick -name '*.proto' | sort)
# The package works where the sources and the build are not, and leaves the linker to its user.
check "the package names no folder of the build" \
  bash -c '! grep -rnE "$1|fuse-ld|kvick_warnings" "$2"' - "$BUILD|$(cd "$HERE/../.." && pwd)" "$PACKAGE"

cache=()
if command -v ccache >/dev/null 2>&1; then cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
check "find_package(kvick)" cmake -S "$HERE/consumer" -B "$WORK/consumer" -G Ninja \
  -DCMAKE_PREFIX_PATH="$PREFIX" -DCMAKE_BUILD_TYPE=Release "${cache[@]}"
check "a program links kvick::client" ninja -C "$WORK/consumer"
expect "kvick_PROTO_DIR" "$PREFIX/share/kvick/proto" cat "$WORK/consumer/proto_dir"

"$PREFIX/bin/kvick-server" --listen=127.0.0.1:0 --http_listen=127.0.0.1:0 \
  --address_file="$WORK/address" >"$WORK/server.log" 2>&1 &
server=$!
for _ in $(seq 600); do
  grep -q '^grpc=' "$WORK/address" 2>/dev/null && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
KVICK_ADDRESS=$(sed -n 's/^grpc=//p' "$WORK/address" 2>/dev/null)
export KVICK_ADDRESS
check "the installed server answers" test -n "$KVICK_ADDRESS"
expect "the program calls it" "heard 100" "$WORK/consumer/consumer" "$KVICK_ADDRESS"
expect "the installed kvick sees what the program did" 100 \
  "$PREFIX/bin/kvick" string get installed

mkdir "$WORK/python"
check "protoc makes Python stubs of the installed protos" \
  bash -c 'cd "$1" && protoc -I . --python_out="$2" --grpc_out="$2" \
    --plugin=protoc-gen-grpc="$(command -v grpc_python_plugin)" kvick/v1/*.proto' - \
  "$PREFIX/share/kvick/proto" "$WORK/python"
check "the stubs compile" python3 -m compileall -q "$WORK/python"
expect "a stub for every service" ListServiceStub cat "$WORK/python/kvick/v1/list_pb2_grpc.py"

kill "$server"
wait "$server"
code=$?
server=""
check "the installed server ends with 0" test "$code" = 0
[ "$failures" = 0 ]
