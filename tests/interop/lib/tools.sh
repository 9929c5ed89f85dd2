#!/bin/bash
# Sourced: the pinned tools of the interop tests, installed under build/tools once. Each function
# leaves its tool in place or ends the run with a sentence that names what is missing. TOOLS and
# INTEROP say where the tools go and where tests/interop is.

# The newest that Debian 12's Go, 1.19, compiles. The versions of the Go client stand in go/go.mod.
GRPCURL_VERSION=v1.8.9
PROTOC_GEN_GO_VERSION=v1.33.0
PROTOC_GEN_GO_GRPC_VERSION=v1.3.0

missing() {
  printf 'interop: %s\n' "$*" >&2
  exit 1
}

# need PROGRAM PACKAGES: fails unless the program is there.
need() {
  command -v "$1" >/dev/null 2>&1 || missing "$1 is missing: apt-get install $2"
}

# The virtual environment for Python, made anew when the pinned versions change.
python_tools() {
  need python3 "python3 python3-venv"
  local pins=$INTEROP/python/requirements.txt
  cmp -s "$pins" "$TOOLS/python/pins" && return 0
  rm -rf "$TOOLS/python"
  python3 -m venv "$TOOLS/python" ||
    missing "python3 could not make a virtual environment: apt-get install python3-venv"
  "$TOOLS/python/bin/pip" install -q --disable-pip-version-check -r "$pins" ||
    missing "pip could not install what $pins names"
  cp "$pins" "$TOOLS/python/pins"
}

# Go keeps what it downloads and compiles under build/tools too, where all can be deleted.
go_settings() {
  need go golang-go
  export GOPATH=$TOOLS/go/path GOCACHE=$TOOLS/go/cache GOFLAGS=-modcacherw GOTOOLCHAIN=local
}

# go_tool PROGRAM PACKAGE@VERSION: a Go program.
go_tool() {
  go_settings
  [ "$(cat "$TOOLS/go/$1.pin" 2>/dev/null)" = "$2" ] && [ -x "$TOOLS/go/$1" ] && return 0
  mkdir -p "$TOOLS/go"
  GOBIN=$TOOLS/go go install "$2" || missing "go could not install $2"
  printf '%s\n' "$2" >"$TOOLS/go/$1.pin"
}

go_tools() {
  need protoc "protobuf-compiler libprotobuf-dev"
  go_tool protoc-gen-go "google.golang.org/protobuf/cmd/protoc-gen-go@$PROTOC_GEN_GO_VERSION"
  go_tool protoc-gen-go-grpc \
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@$PROTOC_GEN_GO_GRPC_VERSION"
}

grpcurl_tools() {
  go_tool grpcurl "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION"
}

# npm_tools FOLDER: the packages that FOLDER/package-lock.json names, under build/tools.
npm_tools() {
  local folder=$1
  local target
  target=$TOOLS/$(basename "$folder")
  need node "nodejs npm"
  need npm npm
  cmp -s "$folder/package-lock.json" "$target/pins" && return 0
  rm -rf "$target"
  mkdir -p "$target"
  cp "$folder/package.json" "$folder/package-lock.json" "$target/"
  (cd "$target" && npm ci --silent --no-audit --no-fund) ||
    missing "npm could not install what $folder/package-lock.json names"
  cp "$folder/package-lock.json" "$target/pins"
}

node_tools() { npm_tools "$INTEROP/node"; }

# Prometheus as Debian packages it. It is unpacked, not installed: an installed package would start
# a service of its own.
prometheus_tools() {
  need curl curl
  need python3 python3
  local folder=$TOOLS/prometheus
  [ -f "$folder/complete" ] && return 0
  need apt-get apt
  need dpkg dpkg
  rm -rf "$folder"
  mkdir -p "$folder"
  # The package lists may be older than the mirror.
  (cd "$folder" && { apt-get download -qq prometheus || { apt-get update -qq &&
    apt-get download -qq prometheus; }; } 2>"$folder/apt.log") || {
    cat "$folder/apt.log" >&2
    missing "apt-get could not download the package prometheus"
  }
  dpkg -x "$folder"/prometheus_*.deb "$folder" || missing "dpkg could not unpack prometheus"
  rm "$folder"/prometheus_*.deb
  "$folder/usr/bin/promtool" --version >/dev/null || missing "promtool does not run here"
  touch "$folder/complete"
}
