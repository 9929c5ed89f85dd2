# Sourced by deploy/run.sh: says where the server listens and what to try next.

# address_file FLAG...: the file to which the server will write its addresses: the one that the
# flags or the environment name, or else one of ours.
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

# speaks_tls FLAG...: whether the flags, the environment or the configuration file give a
# certificate.
speaks_tls() {
  config=${KVICK_CONFIG:-}
  for flag in "$@"; do
    case "$flag" in
      --tls_cert=?*) return 0 ;;
      --config=?*) config=${flag#*=} ;;
    esac
  done
  [ -n "${KVICK_TLS_CERT:-}" ] || { [ -n "$config" ] && grep -q '^ *tls_cert: *[^ ]' "$config"; }
}

# greet_when_ready FILE PID FLAG...: waits until the server of that process id, which has those
# flags, has written its addresses.
greet_when_ready() {
  while ! grep -q '^grpc=' "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || return 0
    sleep 0.1
  done
  greet "$@" >&2
}

greet() {
  grpc=$(addresses_of grpc "$1" | head -n 1)
  http=$(addresses_of http "$1" | head -n 1)
  addresses="$(addresses_of grpc "$1" | paste -s -d ' ') (gRPC)"
  [ -z "$http" ] ||
    addresses="$addresses and $(addresses_of http "$1" | paste -s -d ' ') (HTTP: /metrics)"
  address=""
  [ "$grpc" = 127.0.0.1:5825 ] || address=" --address=$grpc"
  shift 2
  if speaks_tls "$@"; then
    options="$address --tls-ca=CA.pem" transport="-cacert CA.pem"
  else
    options=$address transport=-plaintext
  fi
  cat <<TEXT

  Kvick listens on $addresses.
  Try, in another terminal:

    build/release/bin/kvick$options string set greeting hello
    build/release/bin/kvick$options string get greeting
    grpcurl $transport -d '{"key": "greeting"}' $grpc kvick.v1.StringService/Get
TEXT
  [ -z "$http" ] || printf '    curl -s http://%s/metrics\n' "$http"
  printf '\n  Ctrl-C ends it.\n\n'
}
