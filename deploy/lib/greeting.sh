# Sourced by deploy/run.sh: says where the server listens and what to try next.

# address_file FLAG...: the file to which the server will write its addresses: the one that the flags
# or the environment name, or else one of ours.
address_file() {
  file=${KVICK_ADDRESS_FILE:-build/addresses}
  for flag in "$@"; do
    case "$flag" in --address_file=?*) file=${flag#*=} ;; esac
  done
  printf '%s\n' "$file"
}

# addresses_of NAME FILE: what is called NAME there, as one calls it from this machine.
addresses_of() {
  sed -n "s/^$1=//p" "$2" | sed 's/^0\.0\.0\.0:/127.0.0.1:/; s/^\[::\]:/[::1]:/'
}

# greet_when_ready FILE PID: waits until the server of that process id has written its addresses.
greet_when_ready() {
  while ! grep -q '^grpc=' "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || return 0
    sleep 0.1
  done
  greet "$1" >&2
}

greet() {
  grpc=$(addresses_of grpc "$1" | head -n 1)
  http=$(addresses_of http "$1" | head -n 1)
  # Whether it speaks TLS was said in a flag, the environment or a file: calling it tells.
  if build/release/bin/kvick --address="$grpc" --timeout=5s admin get-server-info >/dev/null 2>&1; then
    tls="" plaintext="-plaintext "
  else
    tls=" --tls-ca=CA.pem" plaintext="-cacert CA.pem "
  fi
  printf '\n  Kvick listens on %s (gRPC)' "$(addresses_of grpc "$1" | paste -s -d ' ')"
  [ -z "$http" ] || printf ' and %s (HTTP: /metrics)' "$(addresses_of http "$1" | paste -s -d ' ')"
  address=""
  [ "$grpc" = 127.0.0.1:5825 ] || address=" --address=$grpc"
  cat <<TEXT
.
  Try, in another terminal:

    build/release/bin/kvick$address$tls string set greeting hello
    build/release/bin/kvick$address$tls string get greeting
    grpcurl $plaintext-d '{"key": "greeting"}' $grpc kvick.v1.StringService/Get
TEXT
  [ -z "$http" ] || printf '    curl -s http://%s/metrics\n' "$http"
  printf '\n  Ctrl-C ends it.\n\n'
}
