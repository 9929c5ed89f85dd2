#!/bin/bash
# Sourced by the suites that are shell scripts: one line a check.

failures=0

ok() { printf 'ok   %s: %s\n' "$SUITE" "$1"; }
not_ok() {
  printf 'FAIL %s: %s: %s\n' "$SUITE" "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-600)"
  failures=$((failures + 1))
}

# has NAME TEXT PATTERN: the text has a line that matches the extended regular expression.
has() {
  if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "no $3 in: $2"; fi
}

# hasnt NAME TEXT PATTERN: the text has none.
hasnt() {
  if grep -Eq -- "$3" <<<"$2"; then not_ok "$1" "$3 in: $2"; else ok "$1"; fi
}

finish() { exit $((failures > 0)); }
