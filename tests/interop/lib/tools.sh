#!/bin/bash
# Sourced: the pinned tools of the interop tests, installed under build/tools once. Each function
# leaves its tool in place or ends the run with a sentence that names what is missing. TOOLS and
# INTEROP say where the tools go and where tests/interop is.

. "$INTEROP/../setup/go.sh"
. "$INTEROP/../setup/prometheus.sh"

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

# The versions of the Go client itself stand in go/go.mod.
go_tools() {
  need go golang-go
  need protoc "protobuf-compiler libprotobuf-dev"
  go_settings
  go_tool protoc-gen-go "$PROTOC_GEN_GO"
  go_tool protoc-gen-go-grpc "$PROTOC_GEN_GO_GRPC"
}

grpcurl_tools() { go_tool grpcurl "$GRPCURL"; }

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
