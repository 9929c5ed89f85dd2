#!/bin/sh
# Builds Kvick and runs the server in the foreground. Works from a bare Debian 12; installs what is
# missing. Arguments go to the server: deploy/run.sh --listen=127.0.0.1:7000
set -eu
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh
. deploy/lib/greeting.sh

# shellcheck disable=SC2086  # a list of words
install_packages $KVICK_BUILD_PACKAGES
if [ ! -f build/release/build.ninja ]; then
  say "configuring build/release"
  mkdir -p build
  cmake --preset release -DKVICK_BUILD_TESTS=OFF >build/configure.log 2>&1 ||
    { cat build/configure.log >&2; fail "cmake could not configure the build: see above"; }
fi
say "building (some minutes the first time)"
ninja -C build/release kvick-server kvick >&2 || fail "the build failed: see above"

# The server takes the place of this script, so that Ctrl-C and signals reach it; the greeting comes
# when it listens, with the addresses that it has.
addresses=$(address_file "$@")
if [ "$addresses" = build/addresses ]; then
  set -- --address_file="$addresses" "$@"
fi
rm -f "$addresses"
greet_when_ready "$addresses" $$ "$@" &
exec build/release/bin/kvick-server "$@"
