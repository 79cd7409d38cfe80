#!/usr/bin/env bash
# Makes containers possible on a Debian machine that has no Docker engine: podman from Debian,
# podman-compose from the Python package index, and a base image made of Debian's own packages,
# so that no image registry is needed. Run as root; a second run changes nothing.
#
# What it leaves: Debian packages, and in .tse/compose the configuration of podman, a virtual
# environment with podman-compose, and the image localhost/tse-base:bookworm.
set -euo pipefail
cd "$(dirname "$0")/.."

HOME_DIR=${TSE_COMPOSE_HOME:-.tse/compose}
BASE_IMAGE=localhost/tse-base:bookworm
PODMAN_COMPOSE_VERSION=1.6.0
PACKAGES=(podman runc netavark aardvark-dns catatonit debootstrap iptables ca-certificates python3 python3-venv)

fail() {
  echo "error: $1" >&2
  exit 1
}

install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing ${missing[*]}"
  apt-get update -qq || fail "the package lists cannot be fetched; podman needs ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "Debian's packages ${missing[*]} cannot be installed"
}

# runc and cgroupfs work where systemd is not process 1, as on build machines; the events go to a
# file because there is no journal either. Limits above those of this machine would be refused.
configure_podman() {
  cat >"$HOME_DIR/containers.conf" <<'CONF'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"

[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
CONF
  export CONTAINERS_CONF=$PWD/$HOME_DIR/containers.conf
}

install_compose() {
  local tools=$HOME_DIR/tools
  [ -x "$tools/bin/podman-compose" ] && return
  python3 -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
    "podman-compose==$PODMAN_COMPOSE_VERSION" || fail "podman-compose cannot be installed"
}

# The certificates are those of this machine: where its package index is reached through a proxy
# of its own authority, so must it be from inside a build.
build_base() {
  podman image exists "$BASE_IMAGE" && return
  echo "building $BASE_IMAGE from Debian's packages (about a minute)"
  BASE_FOLDER=$(mktemp -d /var/tmp/tse-base.XXXXXX)
  trap 'rm -rf "$BASE_FOLDER"' EXIT
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
    bookworm "$BASE_FOLDER" >"$HOME_DIR/debootstrap.log" 2>&1 ||
    fail "the base image cannot be made; see $HOME_DIR/debootstrap.log"
  cp /etc/ssl/certs/ca-certificates.crt "$BASE_FOLDER/etc/ssl/certs/ca-certificates.crt"
  rm -rf "$BASE_FOLDER"/var/cache/apt/archives/*.deb "$BASE_FOLDER"/var/lib/apt/lists/*
  tar -C "$BASE_FOLDER" -c . | podman import --quiet - "$BASE_IMAGE" >/dev/null ||
    fail "podman cannot import the base image"
}

[ "$(id -u)" = 0 ] || fail "podman-setup.sh installs Debian packages: run it as root"
command -v apt-get >/dev/null || fail "podman-setup.sh knows Debian's package manager only"
umask 022
mkdir -p "$HOME_DIR"
install_packages
configure_podman
install_compose
build_base
podman info >/dev/null || fail "podman does not run on this machine"
