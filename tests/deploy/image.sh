#!/bin/bash
# Builds the image of deploy/Dockerfile on a base made by debootstrap, runs it, and calls it from
# outside. Needs root.
#   tests/deploy/image.sh
# KVICK_BIN_DIR holds the kvick that calls; default build/release/bin.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh
. tests/deploy/lib/check.sh
. tests/deploy/lib/containers.sh
. tests/setup/go.sh

IMAGE=localhost/kvick:test
SIZE_LIMIT_MB=150
KVICK=${KVICK_BIN_DIR:-build/release/bin}/kvick
[ -x "$KVICK" ] || fail "$KVICK is missing: build it, or say where it is with KVICK_BIN_DIR"

containers=""
runner=""
LOG=$CONTAINERS/image.log
clean_up() {
  if [ -n "$runner" ] && server=$(process_under "$runner" kvick-server); then
    kill -KILL "$server"
  fi
  [ -z "$runner" ] || wait "$runner"
  # shellcheck disable=SC2086  # a list of words
  [ -z "$containers" ] || buildah_here rm $containers >/dev/null
  # The image and its layers: they are large, and the next run makes them anew.
  buildah_here rmi --prune --force >/dev/null 2>&1
}
trap clean_up EXIT
trap 'exit 130' INT TERM

go_tool grpcurl "$GRPCURL"
make_base_image
mapfile -t volumes < <(container_volumes)
say "building the image"
buildah_here bud --pull=never "${volumes[@]}" -f deploy/Dockerfile -t "$IMAGE" . ||
  fail "the image could not be built: see above"
ok "the image is built"

setting() { buildah_here inspect --type image --format "{{$1}}" "$IMAGE"; }
check_is "its user is a number, and not root" "$(setting .OCIv1.Config.User)" 65532:65532
check_has "it exposes the ports" "$(setting .OCIv1.Config.ExposedPorts)" '5825/tcp.*5826/tcp'
entry_point=$(setting '(index .OCIv1.Config.Entrypoint 0)')

container=$(buildah_here from --pull=never "$IMAGE")
base=$(buildah_here from --pull=never "$BASE_IMAGE")
containers="$container $base"
size_of() { du -s --block-size=1M "$(buildah_here mount "$1")" | cut -f 1; }
added=$(($(size_of "$container") - $(size_of "$base")))
say "the image has $added MB more than its base"
check "it has less than $SIZE_LIMIT_MB MB more than its base" [ "$added" -lt "$SIZE_LIMIT_MB" ]
check "it holds no sources" [ ! -e "$(buildah_here mount "$container")/source" ]

run() { buildah_here run "$container" -- "$@"; }
refusal=$(run "$entry_point" 2>&1)
check_is "without TLS or --allow_plaintext it ends with status 2" $? 2
check_has "and says what to give" "$refusal" 'give tls_cert and tls_key, or allow_plaintext'

# Free ports, since the isolation chroot shares this machine's network.
run "$entry_point" --listen=127.0.0.1:0 --http_listen=127.0.0.1:0 --log_format=json \
  >"$LOG" 2>&1 &
runner=$!
if ! wait_for 60 grep -q '"ready"' "$LOG"; then
  cat "$LOG"
  fail "the server in the image did not start: see above"
fi
address_of() { grep '"ready"' "$LOG" | grep -oE "\"$1\": ?\"[^\"]*\"" | cut -d '"' -f 4; }
grpc=$(address_of grpc)
http=$(address_of http)
server=$(process_under "$runner" kvick-server)
check_is "the server runs as that user" "$(awk '/^Uid:/ { print $2 }' "/proc/$server/status")" 65532
check_is "and without any capability" "$(awk '/^CapEff:/ { print $2 }' "/proc/$server/status")" \
  0000000000000000

# On a busy machine a connection can take longer than kvick waits for it, and it says so by status
# 3.
call() {
  for _ in $(seq 20); do
    "$KVICK" --address="$grpc" "$@"
    status=$?
    [ "$status" = 3 ] || return "$status"
  done
  return "$status"
}
check "a value is set from outside" call string set greeting hello
check_has "and read again" "$(call string get greeting 2>&1)" hello
check_has "health is SERVING" \
  "$("$GO_TOOLS/grpcurl" -plaintext "$grpc" \
    grpc.health.v1.Health/Check 2>&1)" '"SERVING"'
check_is "/readyz is well" "$(curl -s -o /dev/null -w '%{http_code}' "http://$http/readyz")" 200
check_has "/metrics counts the keys" "$(curl -s "http://$http/metrics")" '^kvick_keys 1$'
check_has "the client in the image calls it as well" \
  "$(run kvick --address="$grpc" string get greeting 2>&1)" hello

kill -TERM "$server"
wait "$runner"
check_is "SIGTERM ends it with status 0" $? 0
runner=""
closing
