# Sourced: installs Debian packages that are missing. Says what it does; fails with a sentence.

# What building and running the server needs.
KVICK_BUILD_PACKAGES="g++ cmake ninja-build pkg-config libgrpc++-dev protobuf-compiler-grpc
  protobuf-compiler libprotobuf-dev libabsl-dev prometheus-cpp-dev libcivetweb-dev libgtest-dev
  libgmock-dev libcli11-dev libspdlog-dev libfmt-dev libedit-dev libhiredis-dev
  libgoogle-perftools-dev libssl-dev zlib1g-dev"

say() { printf '%s\n' "kvick: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "these packages are missing: $missing. Install them as root: apt-get install $missing"
  fi
}

# Makes of what apt-get says on the way ("pmstatus:g++:12.5:Installing g++") a line every tenth.
show_progress() {
  awk -F: '
    $1 != "dlstatus" && $1 != "pmstatus" { next }
    { tenth = int($3 / 10); step = ($1 == "dlstatus") ? "downloading" : "installing" }
    step != last_step || tenth > last_tenth {
      printf "kvick:   %s %3d %%\n", step, tenth * 10
      fflush()
      last_step = step
      last_tenth = tenth
    }' >&2
}

# install_packages NAME...: installs those that are not installed yet.
install_packages() {
  command -v dpkg-query >/dev/null 2>&1 ||
    fail "this is no Debian: install by other means what docs/dependencies.md names"
  missing=""
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  say "installing packages:$missing"
  as_root apt-get update -qq || fail "apt-get update failed: is the package mirror reachable?"
  # What apt-get says on descriptor 3 is its progress; errors come on the standard error.
  # shellcheck disable=SC2016,SC2086  # $@ is the inner shell's; a list of words
  as_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get install -y -qq \
    --no-install-recommends -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 "$@" 3>&1 >/dev/null' \
    apt-get $missing | show_progress
  for package in $missing; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      fail "apt-get could not install $package: see above. This is for Debian 12 (bookworm)"
  done
}
