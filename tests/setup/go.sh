# Sourced: Go programs that the tests use, pinned to versions that Debian 12's Go, 1.19, compiles.
# All that Go makes stays under the project's build/tools/go, where it can be deleted.

GO_TOOLS=${KVICK_TOOLS_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/tools}/go
HELM=helm.sh/helm/v3/cmd/helm@v3.12.3
GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9
PROTOC_GEN_GO=google.golang.org/protobuf/cmd/protoc-gen-go@v1.33.0
PROTOC_GEN_GO_GRPC=google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0

# go_settings: what Go is told, for this shell and its children.
go_settings() {
  export GOPATH=$GO_TOOLS/path GOCACHE=$GO_TOOLS/cache GOFLAGS=-modcacherw GOTOOLCHAIN=local
}

# go_tool PROGRAM PACKAGE@VERSION: that program in GO_TOOLS; ends the shell when it can't be had.
go_tool() {
  [ "$(cat "$GO_TOOLS/$1.pin" 2>/dev/null)" = "$2" ] && [ -x "$GO_TOOLS/$1" ] && return 0
  if ! command -v go >/dev/null 2>&1; then
    echo "kvick: go is missing: apt-get install golang-go" >&2
    exit 1
  fi
  echo "kvick: building $1 from $2" >&2
  mkdir -p "$GO_TOOLS"
  if ! (go_settings && GOBIN=$GO_TOOLS go install "$2"); then
    echo "kvick: go could not install $2" >&2
    exit 1
  fi
  printf '%s\n' "$2" >"$GO_TOOLS/$1.pin"
}
