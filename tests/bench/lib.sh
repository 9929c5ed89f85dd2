# Sourced by the scripts beside it: servers on free ports of loopback, pinned to one core, stopped
# by their process ids; and the arithmetic of medians.

build_dir=${BENCH_BUILD_DIR:-build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/kvick-bench.XXXXXX")
pids=()
trap stop_all EXIT
trap 'exit 130' INT TERM

stop_all() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -rf "$work"
}

# require_programs PROGRAM...: ends with a sentence unless they have been built.
require_programs() {
  local program
  for program in "$@"; do
    [ -x "$build_dir/$program" ] ||
      fail "$build_dir/$program is missing: cmake --preset release && ninja -C build/release all"
  done
}

# stop PID: one of them, before the end.
stop() {
  kill "$1"
  wait "$1" 2>/dev/null
}

# wait_for WHAT COMMAND...: until the command succeeds, for at most 30 s.
wait_for() {
  local what=$1 tries
  shift
  for ((tries = 0; tries < 300; ++tries)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  fail "$what did not start: $(tail -n 3 "$work"/*.log)"
}

# start_grpc NAME CORE COMMAND...: starts a program that writes `grpc=ADDRESS` to a file, which
# stands for FILE in the command. Sets NAME_pid and NAME_address.
start_grpc() {
  local name=$1 core=$2 file=$work/$1.address
  shift 2
  taskset -c "$core" "${@/FILE/$file}" >"$work/$name.log" 2>&1 &
  pids+=($!)
  printf -v "${name}_pid" %s $!
  wait_for "$name" test -s "$file"
  printf -v "${name}_address" %s "$(sed -n 's/^grpc=//p' "$file" | head -n 1)"
}

# start_redis CORE: sets redis_pid and redis_port. Redis takes no free port by itself, so it gets one
# that was free just now, and another when somebody was faster.
start_redis() {
  local core=$1 try tries
  for ((try = 0; try < 5; ++try)); do
    redis_port=$(free_port)
    taskset -c "$core" redis-server --port "$redis_port" --bind 127.0.0.1 --save "" --appendonly no \
      --dir "$work" >"$work/redis.log" 2>&1 &
    redis_pid=$!
    pids+=("$redis_pid")
    for ((tries = 0; tries < 300; ++tries)); do
      redis_is_up && return 0
      kill -0 "$redis_pid" 2>/dev/null || break
      sleep 0.1
    done
  done
  fail "Redis did not start: $(tail -n 3 "$work/redis.log")"
}
redis_is_up() {
  [ "$(redis-cli -p "$redis_port" info server 2>/dev/null | tr -d '\r' | sed -n 's/^process_id://p')" = \
    "$redis_pid" ]
}

# A port below the range from which the kernel gives ports to connections, that nothing listens on.
free_port() {
  local port
  for ((;;)); do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# Time that all threads of a process have had on a processor, in nanoseconds.
cpu_of() { cat "/proc/$1/task/"*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }

# The resident memory of a process, in bytes.
resident_of() { awk '/^VmRSS:/ { printf "%.0f\n", $2 * 1024 }' "/proc/$1/status"; }

# What a JSON line says of a number: json_number NAME <line
json_number() { grep -oE "\"$1\":[0-9.]+" | head -n 1 | cut -d: -f2; }

versions() {
  printf 'kvick %s, gRPC C++ %s, ' "$("$build_dir/bin/kvick" --version | awk '{ print $NF }')" \
    "$(pkg-config --modversion grpc++)"
  printf 'Redis %s, ' "$(redis-server --version | sed -E 's/.* v=([^ ]+).*/\1/')"
  printf '%s, %s\n' "$(h2load --version)" "$(gcc --version | head -n 1)"
}
machine() {
  printf '%s processors (%s), Linux %s, load average %s\n' "$(nproc)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r)" \
    "$(cut -d' ' -f1-3 /proc/loadavg)"
}
