#!/bin/bash
# How much memory a key takes: loads keys of 16 bytes with values of 32 into a fresh server and a
# fresh Redis, without expiry and with, and prints a table in Markdown of resident bytes a key. Wants
# about 1 GB of memory for the 10,000,000 keys that it loads by default.
#   tests/bench/memory.sh [--keys N]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh

keys=10000000
case "${1:-}" in
  --keys) keys=${2:?--keys wants a number} ;;
  "") ;;
  *) fail "usage: tests/bench/memory.sh [--keys N]" ;;
esac
install_packages redis-server redis-tools nghttp2-client
. tests/bench/lib.sh
require_programs bin/kvick bin/kvick-server

# kvick_bytes OPTION...: resident bytes a key of a fresh server.
kvick_bytes() {
  start_grpc server 0 "$build_dir/bin/kvick-server" --listen=127.0.0.1:0 \
    --http_listen=127.0.0.1:0 --address_file=FILE
  "$build_dir/bin/kvick" --address "$server_address" bench --count 1 --set-ratio 0 \
    --keys "$keys" --value-size 32 "$@" >/dev/null || fail "the keys could not be set"
  per_key=$(($(resident_of "$server_pid") / keys))
  stop "$server_pid"
  rm -f "$work/server.address"
}

# redis_bytes MORE: the same of Redis, whose SET takes MORE words.
redis_bytes() {
  start_redis 0
  local from
  for ((from = 0; from < keys; from += 100000)); do
    redis-cli -p "$redis_port" eval "
      local value = string.rep('v', 32)
      for i = ARGV[1], math.min(ARGV[1] + 100000, ARGV[2]) - 1 do
        redis.call('set', string.format('key:%012d', i), value$1)
      end" 0 "$from" "$keys" >/dev/null || fail "the keys could not be set in Redis"
  done
  per_key=$(($(resident_of "$redis_pid") / keys))
  stop "$redis_pid"
}

echo "| $keys keys of 16 bytes, values of 32 | Kvick, bytes a key | Redis, bytes a key | target |"
echo "|---|---|---|---|"
say "without expiry"
kvick_bytes; ours=$per_key
redis_bytes ""
echo "| without expiry | $ours | $per_key | 80 |"
say "with expiry"
kvick_bytes --expiry 10h; ours=$per_key
redis_bytes ", 'ex', 36000"
echo "| with expiry | $ours | $per_key | 84 |"
printf '\n%s. %s\n' "$(date -u +%F)" "$(versions)"
