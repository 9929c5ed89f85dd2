# Sourced: the pinned tools of the interop tests, installed under build/tools once. Each function
# leaves the tool in place or ends the run with a sentence that names what is missing.

GRPCURL_VERSION=v1.9.4
PROTOC_GEN_GO_VERSION=v1.36.12
PROTOC_GEN_GO_GRPC_VERSION=v1.6.2

missing() {
  printf 'interop: %s\n' "$*" >&2
  exit 1
}

# need PROGRAM HOW: fails unless the program is there.
need() {
  command -v "$1" >/dev/null 2>&1 || missing "$1 is missing: $2"
}

# The virtual environment for Python, made anew when the pinned versions change.
python_tools() {
  need python3 "apt-get install python3 python3-venv"
  local pins=$INTEROP/python/requirements.txt
  cmp -s "$pins" "$TOOLS/python/pins" && return 0
  rm -rf "$TOOLS/python"
  python3 -m venv "$TOOLS/python" ||
    missing "python3 could not make a virtual environment: apt-get install python3-venv"
  "$TOOLS/python/bin/pip" install -q --disable-pip-version-check -r "$pins" ||
    missing "pip could not install what $pins names"
  cp "$pins" "$TOOLS/python/pins"
}

# go_tool PROGRAM PACKAGE@VERSION: a Go program.
go_tool() {
  [ "$(cat "$TOOLS/go/$1.pin" 2>/dev/null)" = "$2" ] && [ -x "$TOOLS/go/$1" ] && return 0
  need go "install Go 1.24 or newer from https://go.dev/dl"
  mkdir -p "$TOOLS/go"
  GOBIN=$TOOLS/go go install "$2" || missing "go could not install $2"
  printf '%s\n' "$2" >"$TOOLS/go/$1.pin"
}

go_tools() {
  need go "install Go 1.24 or newer from https://go.dev/dl"
  need protoc "apt-get install protobuf-compiler libprotobuf-dev"
  go_tool protoc-gen-go "google.golang.org/protobuf/cmd/protoc-gen-go@$PROTOC_GEN_GO_VERSION"
  go_tool protoc-gen-go-grpc \
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@$PROTOC_GEN_GO_GRPC_VERSION"
}

grpcurl_tools() {
  go_tool grpcurl "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION"
  need python3 "apt-get install python3"
}

node_tools() {
  need node "install Node.js 18 or newer: apt-get install nodejs npm"
  need npm "apt-get install npm"
  local lock=$INTEROP/node/package-lock.json
  cmp -s "$lock" "$TOOLS/node/pins" && return 0
  rm -rf "$TOOLS/node"
  mkdir -p "$TOOLS/node"
  cp "$INTEROP/node/package.json" "$lock" "$TOOLS/node/"
  (cd "$TOOLS/node" && npm ci --silent --no-audit --no-fund) ||
    missing "npm could not install what $lock names"
  cp "$lock" "$TOOLS/node/pins"
}

prometheus_tools() {
  need prometheus "apt-get install prometheus"
  need promtool "apt-get install prometheus"
  need curl "apt-get install curl"
  need python3 "apt-get install python3"
}
