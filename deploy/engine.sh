# shellcheck shell=bash disable=SC2034
# Sourced by the scripts here: finds who runs containers on this machine. Sets ENGINE (docker or
# podman) and COMPOSE (the command line of compose, as an array), and TSE_BASE_IMAGE for podman.

choose_engine() {
  if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    ENGINE=docker
    COMPOSE=(docker compose)
  elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    bash deploy/podman-setup.sh || return 1
    ENGINE=podman
    COMPOSE=("$PWD/.tse/compose/tools/bin/podman-compose")
    export CONTAINERS_CONF=$PWD/.tse/compose/containers.conf
    export TSE_BASE_IMAGE=${TSE_BASE_IMAGE:-localhost/tse-base:bookworm}
  else
    echo "error: no Docker engine with compose answers, and podman can be set up here on Debian and as root only" >&2
    return 1
  fi
}
