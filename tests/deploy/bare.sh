#!/bin/bash
# Runs deploy/run.sh in a bare Debian 12 without a compiler, git and sudo, and does what its
# greeting says. Needs root.
#   tests/deploy/bare.sh
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh
. tests/deploy/lib/check.sh
. tests/deploy/lib/containers.sh

SOURCE=$CONTAINERS/source
LOG=$CONTAINERS/bare.log
container=""
runner=""
clean_up() {
  if [ -n "$runner" ] && server=$(process_under "$runner" kvick-server); then
    kill -KILL "$server"
  fi
  [ -z "$runner" ] || wait "$runner"
  [ -z "$container" ] || buildah_here rm "$container" >/dev/null
  rm -rf "$SOURCE"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

make_base_image
rm -rf "$SOURCE"
mkdir -p "$SOURCE"
tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$SOURCE" ||
  fail "the sources could not be copied to $SOURCE"
container=$(buildah_here from --pull=never "$BASE_IMAGE")
mapfile -t volumes < <(container_volumes)
run() {
  buildah_here run --workingdir /kvick --env LANG="${LANG:-}" "${volumes[@]}" \
    --volume "$SOURCE:/kvick" "$container" -- "$@"
}

check "the machine is bare" run sh -c '! command -v c++ && ! command -v git && ! command -v sudo'
check_has "tests/run.sh names its suites there" "$(run tests/run.sh --list 2>&1)" '^release$'
# The one thing that is not bare: what this machine has compiled before is not compiled again.
run deploy/install_packages.sh ccache || fail "ccache could not be installed: see above"

# start_server: what a person does, in the background; the log is what the person sees.
start_server() {
  run deploy/run.sh --listen=127.0.0.1:0 --http_listen=127.0.0.1:0 >"$LOG" 2>&1 &
  runner=$!
  until grep -q 'Ctrl-C ends it' "$LOG"; do
    if ! kill -0 "$runner" 2>/dev/null; then
      cat "$LOG"
      fail "deploy/run.sh ended: see above"
    fi
    sleep 0.5
  done
}

stop_server() {
  kill -TERM "$(process_under "$runner" kvick-server)"
  wait "$runner"
  check_is "SIGTERM ends it with status 0" $? 0
  runner=""
}

start_server
check_has "deploy/run.sh shows how far it is" "$(cat "$LOG")" '^\[[0-9]+/[0-9]+\]'
grpc=$(sed -n 's/^  Kvick listens on \(.*\) (gRPC).*/\1/p' "$LOG")
http=$(sed -n 's/.* and \(.*\) (HTTP.*/\1/p' "$LOG")
check_is "the greeting names the ports that the server took" \
  "$(sort "$SOURCE/build/addresses" | tr '\n' ' ')" "grpc=$grpc http=$http "
check_is "the metrics are where the greeting says" \
  "$(curl -s "$(sed -n 's/^    curl -s //p' "$LOG")" | grep -c '^kvick_keys ')" 1
mapfile -t commands < <(sed -n 's/^    \(build.*\)/\1/p' "$LOG")
check_is "the greeting has two commands" "${#commands[@]}" 2
for command in "${commands[@]}"; do
  # shellcheck disable=SC2086  # words, as a shell would make them of what the greeting prints
  check "$command" run $command
done
check_has "the greeting calls grpcurl in plain text" "$(cat "$LOG")" \
  "^    grpcurl -plaintext -d '.*' $grpc kvick.v1.StringService/Get"
stop_server

start_server
check "the second time nothing is installed or built anew" \
  sh -c "! grep -E 'installing|configuring|^\[[0-9]+/[0-9]+\] (Building|Linking)' '$LOG'"
stop_server
closing
