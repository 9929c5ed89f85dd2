# Sourced: a bare Debian 12 and images on it, without a registry. buildah keeps everything under
# build/deploy, with the storage driver vfs and the isolation chroot, which work inside of
# containers too. Needs deploy/lib/packages.sh, and the root of the project as the current folder.

CONTAINERS=$PWD/build/deploy
BASE_IMAGE=docker.io/library/debian:12
export TMPDIR=$CONTAINERS/tmp
export BUILDAH_ISOLATION=chroot
mkdir -p "$TMPDIR" "$CONTAINERS/apt/partial"

# Programs of ours find what they need in the flags, never in this machine's variables.
buildah_here() {
  buildah --root "$CONTAINERS/storage" --runroot "$CONTAINERS/run" --storage-driver vfs "$@"
}

# What the containers share with this machine: packages once downloaded, and the compiler's cache.
container_volumes() {
  local cache
  cache=$(ccache --get-config=cache_dir)
  mkdir -p "$cache"
  printf '%s\n' --volume "$CONTAINERS/apt:/var/cache/apt/archives" \
    --volume "$cache:/root/.cache/ccache"
}

# The package mirror is the one that this machine uses: lines "URI RELEASE COMPONENT".
debian_sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 ~ /^bookworm/' | sort -u
}

# Makes $CONTAINERS/base, a Debian 12 with nothing but its essentials, unless it is there.
make_base() {
  local base=$CONTAINERS/base mirror
  [ ! -f "$base.made" ] || return 0
  [ "$(id -u)" = 0 ] || fail "debootstrap needs root: run this as root"
  mirror=$(debian_sources | awk '$2 == "bookworm" { print $1; exit }')
  [ -n "$mirror" ] || fail "the apt sources of this machine do not name a mirror of Debian 12"
  rm -rf "$base"
  debootstrap --variant=minbase bookworm "$base" "$mirror" || fail "debootstrap failed: see above"
  rm -f "$base/etc/apt/sources.list" "$base"/var/cache/apt/archives/*.deb
  debian_sources | sed 's/^/deb /' >"$base/etc/apt/sources.list.d/machine.list"
  # How to reach it: proxies, and whether its dates are to be believed.
  apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' \
    >"$base/etc/apt/apt.conf.d/90machine"
  # As in the image that registries have: quick, since nobody needs it after a power cut.
  echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
  touch "$base.made"
}

# Makes the image that `FROM debian:12` names, unless it is there.
make_base_image() {
  local container
  make_base
  ! buildah_here inspect --type image "$BASE_IMAGE" >/dev/null 2>&1 || return 0
  say "making the image $BASE_IMAGE"
  container=$(buildah_here from scratch) &&
    buildah_here add -q "$container" "$CONTAINERS/base" / >/dev/null &&
    buildah_here commit -q "$container" "$BASE_IMAGE" >/dev/null &&
    buildah_here rm "$container" >/dev/null || fail "buildah could not make $BASE_IMAGE: see above"
}

# process_under PID NAME: the id of the process of that name that PID has started, at whatever
# depth.
process_under() {
  local child
  for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do
    if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = "$2" ]; then
      printf '%s\n' "$child"
      return 0
    fi
    process_under "$child" "$2" && return 0
  done
  return 1
}
