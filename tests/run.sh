#!/bin/bash
# Runs all tests from a fresh clone on a bare Debian 12, installing what is missing. Prints each suite
# as it ends and a closing line "N passed, N failed"; exits with 1 when anything failed.
#   tests/run.sh [--only SUITE] [--list]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. deploy/lib/packages.sh
. tests/setup/suites.sh

only=""
case "${1:-}" in
  --list) printf '%s\n' $SUITES; exit 0 ;;
  --only)
    only="${2:-}"
    printf '%s\n' $SUITES | grep -qx -- "$only" ||
      fail "there is no suite \"$only\": see tests/run.sh --list"
    ;;
  "") ;;
  *) fail "usage: tests/run.sh [--only SUITE] [--list]" ;;
esac

# shellcheck disable=SC2086  # a list of words
install_packages $KVICK_BUILD_PACKAGES $KVICK_TEST_PACKAGES
# The example package_index is tested on what apt knows.
if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
  say "fetching the package index of apt"
  as_root apt-get update -qq || fail "apt-get update failed: the tests need the package index of apt"
fi
mkdir -p build/logs
passed=0
failed=0
for suite in $SUITES; do
  [ -z "$only" ] || [ "$only" = "$suite" ] || continue
  start=$SECONDS
  say "suite $suite ..."
  if "suite_$suite" >"build/logs/$suite.log" 2>&1; then
    result=ok
  else
    result=FAILED
    tail -n 60 "build/logs/$suite.log"
  fi
  # A suite that counts its tests ends with its own closing line; one that does not counts as one.
  read -r good bad < <(count_of "build/logs/$suite.log" "$result")
  [ "$result" = ok ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
  printf '%-14s %-6s %4d passed %3d failed  %4d s\n' "$suite" "$result" "$good" "$bad" \
    $((SECONDS - start))
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
