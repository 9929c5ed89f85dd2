#!/bin/bash
# How fast Kvick is beside its references, measured in one run: unary calls beside a bare gRPC
# handler, pipelines beside a Redis. Prints a table in Markdown. README.md says how to read it.
#   tests/bench/compare.sh [--rounds N] [--smoke]
# --smoke makes a handful of calls once, to see that the script works: its figures say nothing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh

rounds=5
unary_calls=100000
operations=2000000
keys=100000
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds wants a number}; shift ;;
    --smoke) rounds=1 unary_calls=500 operations=5000 keys=1000 ;;
    *) fail "usage: tests/bench/compare.sh [--rounds N] [--smoke]" ;;
  esac
  shift
done

install_packages nghttp2-client redis-server redis-tools
. tests/bench/lib.sh
kvick=$build_dir/bin/kvick
require_programs bin/kvick bin/kvick-server tests/bare_handler
[ "$(nproc)" -ge 2 ] || fail "two processors are needed: one for the server, one for the load"
server_core=0
load_core=1

# The bodies of h2load: one gRPC message each, a flag and its length before it.
key=key:000000000042
value=$(printf 'v%.0s' {1..64})
printf '\0\0\0\0\x12\x0a\x10%s' "$key" >"$work/Get"
printf '\0\0\0\0\x56\x0a\x10%s\x12\x42\x12\x40%s' "$key" "$value" >"$work/Set"

# Each of these runs a load on one side and prints operations per second.

# h2load_run ADDRESS METHOD CONNECTIONS STREAMS
h2load_run() {
  local out
  out=$(taskset -c "$load_core" h2load -n "$unary_calls" -c "$3" -m "$4" -d "$work/$2" \
    -H 'content-type: application/grpc' -H 'te: trailers' \
    "http://$1/kvick.v1.StringService/$2" 2>&1)
  grep -q " $unary_calls succeeded, 0 failed" <<<"$out" || fail "h2load: $out"
  sed -nE 's/^finished in .*, ([0-9.]+) req\/s.*/\1/p' <<<"$out"
}
# bench_run ADDRESS METHOD OPERATIONS OPTION...
bench_run() {
  local address=$1 ratio=0 count=$3
  [ "$2" = Set ] && ratio=1
  shift 3
  taskset -c "$load_core" "$kvick" --json --address "$address" bench --no-prefill --keys "$keys" \
    --count "$count" --set-ratio "$ratio" "$@" | json_number operations_per_second
}
# redis_run METHOD CONNECTIONS
redis_run() {
  taskset -c "$load_core" redis-benchmark -p "$redis_port" -t "${1,,}" -n "$operations" -P 100 \
    -c "$2" -r "$keys" -d 64 -q --csv | awk -F'","' 'END { gsub(/"/, "", $2); print $2 }'
}

# measure SIDE PID OPERATIONS COMMAND...: runs a load; notes its speed and what it cost the server.
measure() {
  local side=$1 pid=$2 count=$3 before speed
  shift 3
  before=$(cpu_of "$pid")
  speed=$("$@") && [ -n "$speed" ] || fail "a load failed: $*"
  echo "$row $side $speed $((($(cpu_of "$pid") - before) / count))" >>"$work/results"
}

# Runs both sides of a row, in turn first.
compare() {
  local ours=$1 reference=$2
  if ((round % 2)); then
    "$ours"; "$reference"
  else
    "$reference"; "$ours"
  fi
}

unary_ours() { measure ours "$server_pid" "$unary_calls" unary_load "$server_address"; }
unary_bare() { measure reference "$bare_pid" "$unary_calls" unary_load "$bare_address"; }
unary_load() {
  if [ "$tool" = h2load ]; then
    h2load_run "$1" "$method" "$connections" "$streams"
  else
    bench_run "$1" "$method" "$unary_calls" --connections "$connections" --concurrency "$streams"
  fi
}
pipeline_ours() {
  measure ours "$server_pid" "$operations" bench_run "$server_address" "$method" "$operations" \
    --pipeline --connections 10 --depth "$depth" --frames 2 ${spin:+--spin}
}
pipeline_redis() { measure reference "$redis_pid" "$operations" redis_run "$method" 20; }

# Servers of their own for each round: how fast memory is depends on where in the machine a process
# has got it, which makes a fifth of the speed of Redis.
start_servers() {
  local address
  start_grpc server "$server_core" "$build_dir/bin/kvick-server" --listen=127.0.0.1:0 \
    --http_listen=127.0.0.1:0 --address_file=FILE
  start_grpc bare "$server_core" "$build_dir/tests/bare_handler" FILE
  start_redis "$server_core"
  "$kvick" --address "$server_address" bench --count 1 --keys "$keys" >/dev/null ||
    fail "the server could not be filled"
  # Both servers must answer what the load asks for.
  for address in "$server_address" "$bare_address"; do
    "$kvick" --address "$address" string get "$key" >/dev/null || fail "$address does not answer"
  done
  redis-benchmark -p "$redis_port" -t set -n $((10 * keys)) -P 100 -r "$keys" -d 64 -q \
    >/dev/null || fail "Redis could not be filled"
}
stop_servers() {
  local pid
  for pid in "$server_pid" "$bare_pid" "$redis_pid"; do
    stop "$pid"
  done
  rm -f "$work"/*.address
}

machine_before=$(machine)
for ((round = 1; round <= rounds; ++round)); do
  say "round $round of $rounds, servers on core $server_core"
  start_servers
  for method in Get Set; do
    for tool in h2load bench; do
      for shape in 50x1 10x10; do
        connections=${shape%x*} streams=${shape#*x}
        row=unary,$method,$shape,$tool
        compare unary_ours unary_bare
      done
    done
    for depth in 100 500; do
      for spin in "" spin; do
        row=pipeline,$method,$depth,${spin:-sleep}
        compare pipeline_ours pipeline_redis
      done
    done
  done
  stop_servers
done

awk -v rounds="$rounds" -f tests/bench/table.awk "$work/results"
printf '\n%s, %s rounds, %s unary calls and %s operations a row and round, %s keys of 16 bytes, ' \
  "$(date -u +%F)" "$rounds" "$unary_calls" "$operations" "$keys"
printf 'values of 64 bytes.\n%s\nBefore: %s.\nAfter: %s.\n' "$(versions)" "$machine_before" \
  "$(machine)"
