# Sourced: Prometheus and promtool as Debian packages them, for the tests. They are unpacked, not
# installed: an installed package would start a service of its own.

PROMETHEUS_TOOLS=${KVICK_TOOLS_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/tools}/prometheus
# Where the programs are after prometheus_tools.
PROMETHEUS_BIN=$PROMETHEUS_TOOLS/usr/bin

# prometheus_tools: both programs in PROMETHEUS_BIN; ends the shell when they can't be had.
prometheus_tools() {
  [ -f "$PROMETHEUS_TOOLS/complete" ] && return 0
  local log=$PROMETHEUS_TOOLS/apt.log
  rm -rf "$PROMETHEUS_TOOLS"
  mkdir -p "$PROMETHEUS_TOOLS"
  # The package lists may be older than the mirror.
  if ! (cd "$PROMETHEUS_TOOLS" && { apt-get download -qq prometheus || { apt-get update -qq &&
    apt-get download -qq prometheus; }; }) 2>"$log"; then
    cat "$log" >&2
    echo "kvick: apt-get could not download the package prometheus" >&2
    exit 1
  fi
  if ! dpkg -x "$PROMETHEUS_TOOLS"/prometheus_*.deb "$PROMETHEUS_TOOLS" ||
    ! "$PROMETHEUS_BIN/promtool" --version >/dev/null; then
    echo "kvick: prometheus from its package does not run here" >&2
    exit 1
  fi
  rm "$PROMETHEUS_TOOLS"/prometheus_*.deb
  touch "$PROMETHEUS_TOOLS/complete"
}
