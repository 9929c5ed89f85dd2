#!/bin/bash
# A long run against one server, by hand: loads of all kinds, clients that vanish in the middle,
# subscribers that do not read, everything flushed; and the oracle with seeds that nobody has tried
# yet. After each round nothing may be left behind. Prints a line a round and ends with a summary;
# docs/soak.md keeps what it found.
#   tests/soak.sh [--minutes N]      60 without
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. deploy/lib/packages.sh

minutes=60
case "${1:-}" in
  --minutes) minutes=${2:?--minutes wants a number} ;;
  "") ;;
  *) fail "usage: tests/soak.sh [--minutes N]" ;;
esac
install_packages redis-server redis-tools nghttp2-client
. tests/bench/lib.sh
kvick=$build_dir/bin/kvick
require_programs bin/kvick bin/kvick-server tests/oracle_test

call() { "$kvick" --address "$server_address" --timeout 30 "$@"; }

# vanishing SECONDS COMMAND...: a client that is killed in the middle of what it does.
vanishing() {
  local seconds=$1 pid
  shift
  "$kvick" --address "$server_address" "$@" >/dev/null 2>&1 &
  pid=$!
  sleep "$seconds"
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
}

# Each kind of load, once.
round_of_load() {
  local client
  call bench --count 20000 --keys 20000 --expiry 3s >/dev/null || return 1
  call bench --pipeline --count 500000 --keys 50000 --connections 20 >/dev/null || return 1
  call bench --pipeline --depth 20 --count 4000 --keys 100 --value-size 200000 >/dev/null || return 1
  for client in 1 2 3; do
    vanishing 0.$((RANDOM % 9 + 1)) bench --pipeline --count 5000000 --value-size 20000 --keys 500 &
    vanishing 0.$((RANDOM % 9 + 1)) bench --count 5000000 --concurrency 20 --keys 500 &
    vanishing 0.$((RANDOM % 9 + 1)) list pop-any nobody-pushes --max-wait 60s &
    vanishing 0.$((RANDOM % 9 + 1)) subscribe news &
    vanishing 0.$((RANDOM % 9 + 1)) scan &
  done
  for ((client = 0; client < 50; ++client)); do
    call pubsub publish news "message $client" >/dev/null || return 1
  done
  wait $(jobs -p | grep -vx "$server_pid")
  call admin flush >/dev/null || return 1
  ORACLE_SEED=$RANDOM$RANDOM ORACLE_STEPS=5000 "$build_dir/tests/oracle_test" \
    --gtest_filter='OracleTest.KvickAnswersAsRedisDoes' >"$work/oracle.log" 2>&1 ||
    fail "the oracle: $(tail -n 40 "$work/oracle.log")"
}

# Whether a round has left nothing behind: no key, no wait, no subscriber, no connection but the one
# that asks.
nothing_is_left() {
  call --json admin get-statistics >"$work/statistics" &&
    grep -q '"keys":"0".*"dataBytes":"0".*"unfreedBytes":"0".*"connections":"1".*"subscribers":"0".*"waiters":"0"' \
      "$work/statistics"
}

start_grpc server 0 "$build_dir/bin/kvick-server" --listen=127.0.0.1:0 --http_listen=127.0.0.1:0 \
  --address_file=FILE --max_memory=1Gi --max_unread_bytes=128Mi
end=$((SECONDS + minutes * 60))
for ((round = 1; SECONDS < end; ++round)); do
  round_of_load || fail "round $round: a load failed: $(tail -n 5 "$work/server.log")"
  kill -0 "$server_pid" || fail "round $round: the server has ended: $(tail -n 20 "$work/server.log")"
  for ((try = 0; try < 100; ++try)); do
    nothing_is_left && break
    sleep 0.1
  done
  ((try < 100)) || fail "round $round left something behind: $(cat "$work/statistics")"
  say "round $round: $(($(resident_of "$server_pid") >> 20)) MiB resident, nothing left behind"
done
kill "$server_pid"
wait "$server_pid" || fail "the server ended with $?"
say "$((round - 1)) rounds, $(grep -c ' warning ' "$work/server.log") warnings in the log:"
grep ' warning ' "$work/server.log" | cut -d' ' -f3-12 | sort | uniq -c | sort -rn | head
