# Sourced by tests/run.sh: the suites, in the order in which they run. Each is a function that
# prints what it does and returns whether all is well.

SUITES="format buf release interop docs helm deploy image asan tsan clang bare"

KVICK_TEST_PACKAGES="git ca-certificates ccache mold clang-format-14 clang-14 redis-server redis-tools
  nghttp2-client openssl curl python3 python3-venv python3-yaml iproute2 systemd strace
  buildah debootstrap"
# These may be here already by other means, which the packages would get in the way of.
command -v go >/dev/null || KVICK_TEST_PACKAGES="$KVICK_TEST_PACKAGES golang-go"
command -v npm >/dev/null || KVICK_TEST_PACKAGES="$KVICK_TEST_PACKAGES nodejs npm"

# count_of LOG RESULT: "passed failed" of a suite.
count_of() {
  local line
  line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1)
  if [ -n "$line" ]; then
    echo "$line" | sed 's/ passed, / /; s/ failed//'
  elif line=$(grep -E 'tests passed, [0-9]+ tests failed out of' "$1" | tail -n 1) && [ -n "$line" ]; then
    echo "$line" | sed -E 's/.* ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/' |
      awk '{print $2 - $1, $1}'
  elif [ "$2" = ok ]; then
    echo 1 0
  else
    echo 0 1
  fi
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  # deploy/run.sh configures the same folder without the tests.
  cmake --preset "$preset" -DKVICK_BUILD_TESTS=ON && ninja -C "build/$preset" "$@"
}

suite_format() {
  find client server storage tests \( -name '*.cc' -o -name '*.h' \) -print0 |
    xargs -0 clang-format-14 --dry-run -Werror
}

# The API obeys its rules and keeps what the last release promised.
suite_buf() {
  tests/buf/run.sh
}

# Every test in the build that users run.
suite_release() {
  build release all && ctest --test-dir build/release --output-on-failure -j 2
}

# Other languages and tools call the server of the release build.
suite_interop() {
  build release kvick-server && tests/interop/run.sh
}

# The commands of the README and of the guides, as they stand, with the build that users run.
suite_docs() {
  build release kvick-server kvick && tests/docs/readme_test.sh
}

# What can be wrong with memory and with undefined behaviour.
suite_asan() {
  build asan all && ctest --test-dir build/asan --output-on-failure -j 2 -LE slow
}

# Data races, in everything that needs no gRPC: a distribution's gRPC is built without the sanitizer,
# which then sees neither its locks nor what it hands from thread to thread.
suite_tsan() {
  build tsan unit_tests && ctest --test-dir build/tsan --output-on-failure -j 2 -L unit
}

# Locks: clang compares them with what the code says of them.
suite_clang() {
  build clang all
}

# The chart.
suite_helm() {
  build release kvick-server kvick && tests/deploy/helm.sh
}

# The systemd unit, the sample configuration, compose and Prometheus.
suite_deploy() {
  build release kvick-server kvick && tests/deploy/service.sh
}

# The container image, really built and run.
suite_image() {
  build release kvick-server kvick && tests/deploy/image.sh
}

# deploy/run.sh on a Debian 12 that has nothing.
suite_bare() {
  tests/deploy/bare.sh
}
