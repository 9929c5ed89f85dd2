#!/bin/bash
# Generates the Python stubs from proto/ and runs one test file: python/run.sh FILE
set -euo pipefail
stubs=$WORK/python_stubs
if [ ! -d "$stubs/kvick" ]; then
  mkdir -p "$stubs"
  "$TOOLS/python/bin/python" -m grpc_tools.protoc -I "$ROOT/proto" --python_out="$stubs" \
    --grpc_python_out="$stubs" "$ROOT"/proto/kvick/v1/*.proto
fi
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$stubs:$INTEROP/python \
  exec timeout 300 "$TOOLS/python/bin/python" "$INTEROP/python/$1"
