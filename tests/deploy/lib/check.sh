# Sourced by the scripts here: one line a check, and the closing line that tests/run.sh counts.

passed=0
failed=0

ok() {
  printf 'ok   %s\n' "$1"
  passed=$((passed + 1))
}
not_ok() {
  printf 'FAIL %s\n' "$1"
  failed=$((failed + 1))
}

# check NAME COMMAND...: the command succeeds; what it prints is shown when it does not.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    ok "$name"
  else
    not_ok "$name"
    printf '%s\n' "$output" | sed 's/^/     /'
  fi
}

# check_is NAME GOT WANTED: two texts are the same.
check_is() {
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: \"$2\" instead of \"$3\""; fi
}

# check_has NAME TEXT PATTERN: a line of the text matches the extended regular expression.
check_has() {
  # No pipe: grep may end before a long text does, and pipefail would take that for a failure.
  if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1: no \"$3\" in: $2"; fi
}

# Ends the script.
closing() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when it never does.
wait_for() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}
