#!/bin/sh
# Builds Kvick and runs the server in the foreground. Works from a bare Debian 12; installs what is
# missing. Arguments go to the server: deploy/run.sh --listen=127.0.0.1:7000
set -eu
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

# shellcheck disable=SC2086  # a list of words
install_packages $KVICK_BUILD_PACKAGES
if [ ! -f build/release/build.ninja ]; then
  say "configuring build/release"
  cmake --preset release -DKVICK_BUILD_TESTS=OFF >build-release.log 2>&1 ||
    { cat build-release.log >&2; fail "cmake could not configure the build: see above"; }
  rm -f build-release.log
fi
say "building (some minutes the first time)"
ninja -C build/release kvick-server kvick >&2 || fail "the build failed: see above"
cat >&2 <<'TEXT'

  Kvick listens on 127.0.0.1:5825 (gRPC) and 127.0.0.1:5826 (HTTP: /metrics) unless told otherwise.
  Try, in another terminal:

    build/release/bin/kvick string set greeting hello
    build/release/bin/kvick string get greeting
    grpcurl -plaintext -d '{"key": "greeting"}' 127.0.0.1:5825 kvick.v1.StringService/Get
    curl -s 127.0.0.1:5826/metrics

  Ctrl-C ends it.

TEXT
exec build/release/bin/kvick-server "$@"
