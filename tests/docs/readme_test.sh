#!/bin/bash
# Runs the commands of the README and of the guides as they stand, in their order, and compares
# their output with what is shown; guide.py says how they are marked. The README starts its own
# server; for the other guides one is started. Commands run from the root of the sources and write
# below build/ only. The last line is "N passed, N failed".
#   tests/docs/readme_test.sh [GUIDE...]
# The guides use the default ports, so this enters a network of its own after what is to be
# installed has been installed. Where that is not allowed, the ports must be free.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
ROOT=$PWD
INTEROP=$ROOT/tests/interop
TOOLS=${KVICK_TOOLS_DIR:-$ROOT/build/tools}
. "$INTEROP/lib/tools.sh"

GUIDES="README.md docs/cli.md docs/pubsub.md docs/observability.md docs/tls.md docs/errors.md"
[ $# -eq 0 ] || GUIDES="$*"
PORTS="5825 5826 5835 9095"
SECONDS_MAX=120
GUIDE_PY=$ROOT/tests/docs/guide.py

need python3 "apt-get install python3 python3-venv"
if [ -z "${KVICK_TEST_WORK:-}" ]; then
  KVICK_TEST_WORK=$(mktemp -d)
  export KVICK_TEST_WORK
  # The shell that runs the guides is another process when it has a network of its own.
  trap 'rm -rf "$KVICK_TEST_WORK"' EXIT
  outer=yes
else
  outer=no
fi
WORK=$KVICK_TEST_WORK

# The steps of a guide: files in a folder of their own.
folder_of() { echo "$WORK/$(echo "$1" | tr / _)"; }

# run_block FILE OUTPUT: runs commands as a person would type them; false when one fails.
run_block() { bash -e -o pipefail "$1" >"$2" 2>&1 </dev/null; }

report() {  # ok|FAIL WHERE [OUTPUT]
  printf '%-4s %s\n' "$1" "$2"
  if [ "$1" = FAIL ]; then
    [ -z "${3:-}" ] || sed 's/^/     | /' "$3" | tail -n 40
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}

# Everything that needs a network beyond this machine.
install_all() {
  if ! command -v prometheus >/dev/null 2>&1; then
    prometheus_tools
    export PATH=$PROMETHEUS_BIN:$PATH
  fi
  local guide folder step body line kind tool
  for guide in $GUIDES; do
    folder=$(folder_of "$guide")
    mkdir -p "$folder"
    python3 "$GUIDE_PY" split "$guide" "$folder" || missing "$guide cannot be read: see above"
    for step in "$folder"/*.step; do
      [ -f "$step" ] || continue
      read -r line kind tool <"$step"
      [ "$kind" = install ] || continue
      need "$tool" "the README says which package has it"
      body=${step%.step}.body
      if run_block "$body" "$WORK/output"; then
        report ok "$guide:$line (installs)"
      else
        report FAIL "$guide:$line (installs)" "$WORK/output"
      fi
    done
  done
}

terminals=""

start_terminal() {  # NAME BODY
  # A group of its own, so that all that a terminal started can be ended.
  setsid bash -e -o pipefail "$2" >"$WORK/terminal.$1" 2>&1 </dev/null &
  terminals="$terminals $!"
}

# Returns when all that the terminals started has ended, not only their shells: a server that still
# drains would keep its ports from the next guide's.
end_terminals() {
  local pid end=$((SECONDS + SECONDS_MAX))
  for pid in $terminals; do kill -TERM -- "-$pid" 2>/dev/null; done
  for pid in $terminals; do
    wait "$pid" 2>/dev/null
    while kill -0 -- "-$pid" 2>/dev/null; do
      [ "$SECONDS" -lt "$end" ] || { kill -KILL -- "-$pid"; break; }
      sleep 0.1
    done
  done
  terminals=""
}

# shown_within SHOWN OUTPUT: waits until the output has what is shown.
shown_within() {
  local end=$((SECONDS + SECONDS_MAX))
  until python3 "$GUIDE_PY" match --within "$1" "$2"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.3
  done
}

run_step() {  # GUIDE STEP
  local line kind argument body shown output=$WORK/output end
  read -r line kind argument <"$2"
  body=${2%.step}.body
  shown=${2%.step}.shown
  case "$kind" in
    install) return ;;
    file)
      mkdir -p "$(dirname "$argument")"
      cp "$body" "$argument"
      return
      ;;
    terminal)
      output=$WORK/terminal.$argument
      start_terminal "$argument" "$body"
      [ -f "$shown" ] || return
      shown_within "$shown" "$output"
      ;;
    shows)
      output=$WORK/terminal.$argument
      shown_within "$shown" "$output"
      ;;
    repeat)
      end=$((SECONDS + SECONDS_MAX))
      until run_block "$body" "$output" && python3 "$GUIDE_PY" match "$shown" "$output"; do
        [ "$SECONDS" -lt "$end" ] || break
        sleep 1
      done
      python3 "$GUIDE_PY" match "$shown" "$output"
      ;;
    run)
      if grep -q '^export ' "$body"; then
        . "$body"
      else
        run_block "$body" "$output"
      fi && { [ ! -f "$shown" ] || python3 "$GUIDE_PY" match "$shown" "$output"; }
      ;;
  esac && report ok "$1:$line" || report FAIL "$1:$line" "$output"
}

run_guide() {  # GUIDE
  local step
  unset KVICK_ADDRESS KVICK_TLS_CA  # what the guide before may have exported
  if [ "$1" != README.md ]; then
    export PATH=$ROOT/build/release/bin:$ROOT/build/hello/bin:$PATH
    echo kvick-server >"$WORK/server.body"
    start_terminal server "$WORK/server.body"
    echo '... info ready grpc=127.0.0.1:5825 ...' >"$WORK/server.shown"
    shown_within "$WORK/server.shown" "$WORK/terminal.server" ||
      report FAIL "$1 (its server)" "$WORK/terminal.server"
  fi
  for step in "$(folder_of "$1")"/*.step; do
    [ ! -f "$step" ] || run_step "$1" "$step"
  done
  end_terminals
}

run_all() {
  local guide
  trap end_terminals EXIT
  for guide in $GUIDES; do run_guide "$guide"; done
}

# Runs the guides in a network of their own, or in this one.
enter_network() {
  if unshare --net true 2>/dev/null; then
    # shellcheck disable=SC2016  # for the inner shell
    unshare --net bash -c 'ip link set lo up && exec "$0" "$@"' \
      "$ROOT/tests/docs/readme_test.sh" $GUIDES
    return
  fi
  local port
  for port in $PORTS; do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
      missing "port $port is in use, and a network of its own is not allowed here: free the port"
  done
  "$ROOT/tests/docs/readme_test.sh" $GUIDES
}

passed=0
failed=0
if [ "$outer" = yes ]; then
  install_all
  echo "$passed $failed" >"$WORK/installed"
  enter_network
else
  read -r passed failed <"$WORK/installed"
  run_all
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
fi
