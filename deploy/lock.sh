#!/usr/bin/env bash
# Writes the locks of the two images: what each needs, in the versions of requirements.lock. Needs
# uv; `make lock` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
  local output=$1
  shift
  uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
    --python-version 3.11 --constraints requirements.lock --output-file "deploy/locks/$output" "$@"
}

mkdir -p deploy/locks
lock risk-monitor.txt pyproject.toml --extra risk-monitor
lock lab.txt pyproject.toml packaging/lab/pyproject.toml --extra risk-monitor
