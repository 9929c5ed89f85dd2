#!/bin/bash
# Generates the Go stubs from proto/, builds main.go with them and runs it.
set -euo pipefail
module=$WORK/go
mkdir -p "$module"
cp "$INTEROP/go/go.mod" "$INTEROP/go/go.sum" "$INTEROP/go/main.go" "$module"
PATH=$TOOLS/go:$PATH protoc -I "$ROOT/proto" --go_out="$module" --go_opt=module=kvick.dev/kvick \
  --go-grpc_out="$module" --go-grpc_opt=module=kvick.dev/kvick "$ROOT"/proto/kvick/v1/*.proto
cd "$module"
go build -mod=readonly -o kvick-interop .
exec timeout 120 ./kvick-interop
