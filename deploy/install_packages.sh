#!/bin/sh
# Installs the Debian packages that building and running Kvick needs, and those that are named.
#   deploy/install_packages.sh [PACKAGE...]
set -eu
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

# shellcheck disable=SC2086  # a list of words
install_packages $KVICK_BUILD_PACKAGES "$@"
