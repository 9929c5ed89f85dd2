# Sourced: Go programs that the tests use, pinned to versions that Debian 12's Go, 1.19, compiles.
# All that Go makes stays in build/tools/go. Needs deploy/lib/packages.sh, and the root of the
# project as the current folder.

GO_TOOLS=$PWD/build/tools/go
HELM=helm.sh/helm/v3/cmd/helm@v3.12.3
GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9

# go_tool PROGRAM PACKAGE@VERSION: that program in GO_TOOLS.
go_tool() {
  [ "$(cat "$GO_TOOLS/$1.pin" 2>/dev/null)" = "$2" ] && [ -x "$GO_TOOLS/$1" ] && return 0
  command -v go >/dev/null 2>&1 || fail "go is missing: apt-get install golang-go"
  say "building $1 from $2"
  mkdir -p "$GO_TOOLS"
  GOBIN=$GO_TOOLS GOPATH=$GO_TOOLS/path GOCACHE=$GO_TOOLS/cache GOFLAGS=-modcacherw \
    GOTOOLCHAIN=local go install "$2" || fail "go could not install $2"
  printf '%s\n' "$2" >"$GO_TOOLS/$1.pin"
}
