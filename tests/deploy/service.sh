#!/bin/bash
# Checks the files in deploy/ other than the image: the systemd unit, the sample configuration,
# compose and Prometheus.
#   tests/deploy/service.sh
# KVICK_BIN_DIR holds kvick-server and kvick; default build/release/bin.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh
. tests/deploy/lib/check.sh
. tests/setup/prometheus.sh

# How far the unit may be exposed, on systemd's scale from 0 to 100.
EXPOSURE_MAX=15
BIN=$(cd "${KVICK_BIN_DIR:-build/release/bin}" && pwd) ||
  fail "kvick-server is missing: build it, or say where it is with KVICK_BIN_DIR"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# systemd wants the program to be there.
sed "s|/usr/bin/kvick-server|$BIN/kvick-server|" deploy/kvick.service >"$WORK/kvick.service"
output=$(systemd-analyze verify --man=no "$WORK/kvick.service" 2>&1)
check_is "systemd understands the unit" "$?:$output" "0:"
check "the unit is exposed to $EXPOSURE_MAX of 100 at most" \
  systemd-analyze security --offline=true --threshold="$EXPOSURE_MAX" deploy/kvick.service

prometheus_tools
check "promtool takes the configuration of Prometheus" \
  "$PROMETHEUS_BIN/promtool" check config deploy/prometheus/prometheus.yml
check "the alerts speak when they should" \
  "$PROMETHEUS_BIN/promtool" test rules deploy/prometheus/kvick.rules_test.yml

output=$(KVICK_BIN_DIR=$BIN python3 -B tests/deploy/service_test.py 2>&1)
printf '%s\n' "$output"
read -r good bad < <(printf '%s\n' "$output" |
  sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
[ "${good:-0}" -gt 0 ] || not_ok "tests/deploy/service_test.py ran no test"
passed=$((passed + ${good:-0}))
failed=$((failed + ${bad:-0}))
closing
