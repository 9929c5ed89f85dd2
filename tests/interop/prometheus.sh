#!/bin/bash
# A real Prometheus scrapes the server, and promtool reads /metrics without complaint.
set -uo pipefail
SUITE=prometheus
# shellcheck source=lib/check.sh
. "$INTEROP/lib/check.sh"
folder=$TOOLS/prometheus/usr/bin

curl -sSf -m 60 "http://$KVICK_HTTP/metrics" >"$WORK/metrics.txt"
complaints=$("$folder/promtool" check metrics <"$WORK/metrics.txt" 2>&1)
code=$?
if [ "$code" = 0 ] && [ -z "$complaints" ]; then
  ok "promtool check metrics has nothing to say"
else
  not_ok "promtool check metrics has nothing to say" "code $code: $complaints"
fi

exposed=$(cat "$WORK/metrics.txt")
for name in grpc_server_started_total grpc_server_handled_total grpc_server_handling_seconds \
  kvick_keys kvick_memory_bytes kvick_expired_keys_total kvick_key_hits_total \
  kvick_key_misses_total kvick_connections kvick_subscribers kvick_messages_dropped_total \
  kvick_waiters kvick_commands_total; do
  has "$name has a help and a type" \
    "$(grep -cE "^# (HELP|TYPE) $name " "$WORK/metrics.txt")" '^2$'
done
has "calls are counted by service, method and code" "$exposed" \
  '^grpc_server_handled_total\{.*grpc_service="kvick.v1.StringService",grpc_method="Get",grpc_code="OK"\} '
has "durations have buckets from 10 microseconds" "$exposed" \
  '^grpc_server_handling_seconds_bucket\{.*grpc_method="Get".*le="1e-05"\} '
least=$(grep -oE 'handling_seconds_bucket\{.*le="[^"]*"' "$WORK/metrics.txt" |
  sed 's/.*le="//; s/"$//' | sort -g | head -n 1)
has "and none smaller" "$least" '^1e-05$'
for class in data index unfreed resident; do
  has "memory of class $class" "$exposed" "^kvick_memory_bytes\{class=\"$class\"\} [0-9]"
done

cat >"$WORK/prometheus.yml" <<YAML
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: kvick
    static_configs:
      - targets: ["$KVICK_HTTP"]
YAML
has "promtool takes the configuration" \
  "$("$folder/promtool" check config "$WORK/prometheus.yml" 2>&1)" 'SUCCESS'
# Prometheus does not take port 0: a free one is asked for, and another one if it was taken since.
api=""
for _ in 1 2 3; do
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
  "$folder/prometheus" --config.file="$WORK/prometheus.yml" \
    --storage.tsdb.path="$WORK/prometheus" --web.listen-address="127.0.0.1:$port" \
    >"$WORK/prometheus.log" 2>&1 &
  prometheus=$!
  for _ in $(seq 600); do
    kill -0 "$prometheus" 2>/dev/null || break
    curl -sf -m 5 "http://127.0.0.1:$port/-/ready" >/dev/null && api=http://127.0.0.1:$port && break
    sleep 0.1
  done
  [ -z "$api" ] || break
  kill "$prometheus" 2>/dev/null
done
if [ -z "$api" ]; then
  not_ok "Prometheus starts" "$(tail -n 5 "$WORK/prometheus.log")"
  finish
fi

# query EXPRESSION: the value of the first result, once there is one.
query() {
  local answer
  for _ in $(seq 300); do
    answer=$(curl -sf -m 10 --data-urlencode "query=$1" "$api/api/v1/query" | python3 -c '
import json, sys
result = json.load(sys.stdin)["data"]["result"]
print(result[0]["value"][1] if result else "")' 2>/dev/null)
    [ -n "$answer" ] && break
    sleep 0.1
  done
  printf '%s\n' "$answer"
}
has "the target is up" "$(query 'up{job="kvick"} == 1')" '^1$'
has "it has the keys of the server" "$(query 'kvick_keys >= 0')" '^[0-9]'
has "it has the connections" "$(query 'kvick_connections >= 0')" '^[0-9]'
has "it has the memory by class" "$(query 'kvick_memory_bytes{class="resident"} > 0')" '^[0-9]'
has "it has every method's calls" \
  "$(query 'count(grpc_server_handled_total{grpc_code="OK"}) > 50')" '^[0-9]'
has "it has the durations as a histogram" \
  "$(query 'sum(grpc_server_handling_seconds_bucket{le="1e-05"}) >= 0')" '^[0-9]'
has "it knows the type of each metric" \
  "$(curl -sf -m 10 "$api/api/v1/metadata?metric=kvick_waiters")" '"type":"gauge"'
kill "$prometheus"
wait "$prometheus" 2>/dev/null
finish
