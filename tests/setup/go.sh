# Sourced: Go programs that the tests use, pinned, and built into build/tools/go. Needs
# deploy/lib/packages.sh, and the root of the project as the current folder.

GO_WANTED=1.24
GO_TOOLS=$PWD/build/tools/go

# go_toolchain: fails unless there is a Go that is new enough. Debian 12's own, 1.19, is not.
go_toolchain() {
  local found
  found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || found=""
  found=${found#go}
  [ "$(printf '%s\n' "$GO_WANTED" "${found:-0}" | sort -V | head -n 1)" = "$GO_WANTED" ] ||
    fail "Go $GO_WANTED or newer is missing (found: ${found:-none}): install it as" \
      "https://go.dev/doc/install says, and have go in PATH"
}

# go_tool PROGRAM PACKAGE@VERSION: that program in GO_TOOLS.
go_tool() {
  [ "$(cat "$GO_TOOLS/$1.pin" 2>/dev/null)" = "$2" ] && [ -x "$GO_TOOLS/$1" ] && return 0
  go_toolchain
  say "building $1 from $2"
  mkdir -p "$GO_TOOLS"
  GOBIN=$GO_TOOLS GOTOOLCHAIN=local GOFLAGS= go install "$2" || fail "go could not install $2"
  printf '%s\n' "$2" >"$GO_TOOLS/$1.pin"
}
