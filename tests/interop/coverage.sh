#!/bin/bash
# Fails when an RPC has no test: asks reflection which methods there are, and /metrics which of them
# the suites before this one have called with success.
set -uo pipefail
SUITE=coverage
# shellcheck source=lib/check.sh
. "$INTEROP/lib/check.sh"

methods=$(timeout 60 "$TOOLS/go/grpcurl" -plaintext "$KVICK_GRPC" list |
  grep '^kvick\.' | while read -r service; do
  timeout 60 "$TOOLS/go/grpcurl" -plaintext "$KVICK_GRPC" list "$service"
done)
metrics=$(curl -sSf -m 60 "http://$KVICK_HTTP/metrics")
count=0
for method in $methods; do
  count=$((count + 1))
  # A subscription has no end of its own: it is well when its client leaves.
  code=OK
  [ "$method" = kvick.v1.PubSubService.Subscribe ] && code=Canceled
  labels="grpc_service=\"${method%.*}\",grpc_method=\"${method##*.}\",grpc_code=\"$code\""
  called=$(printf '%s\n' "$metrics" | grep '^grpc_server_handled_total{' | grep -F "$labels" |
    sed 's/.* //')
  if [ "${called:-0}" != 0 ]; then
    ok "${method#kvick.v1.} has a test"
  else
    not_ok "${method#kvick.v1.} has a test" "no suite called it with success: write one"
  fi
done
# Reflection that lists nothing would make this pass with nothing checked.
in_protos=$(cat "$ROOT"/proto/kvick/v1/*.proto | grep -cE '^  rpc ')
if [ "$count" = "$in_protos" ]; then
  ok "all $count methods of the protos were looked at"
else
  not_ok "all methods of the protos were looked at" "reflection lists $count, the protos $in_protos"
fi
finish
