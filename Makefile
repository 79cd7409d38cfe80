# The commands of the project. Everything needs Python 3.11 or newer and make, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test browser check lint types arrows format bench up down clean lock compose-check compose-prepare

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: $(READY) ## Install everything into .venv from the lock, hashes checked

$(READY): pyproject.toml packaging/lab/pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e packaging/lab
	@touch $@

demo: setup ## Crash the market, watch the monitor, prove it (starts the local stack)
	$(BIN)/tse demo

test: setup ## Run every test on a real broker, PostgreSQL and Valkey
	$(BIN)/python -m pytest

browser: ## Install Chromium for the tests of web pages (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq -y chromium; }

check: lint types arrows ## Format, lint, types, import arrows, schemas, catalogue
	$(BIN)/tse schemas check
	$(BIN)/tse topics check

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

arrows: setup
	$(BIN)/lint-imports

format: setup ## Format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure, each figure beside the raw library in the same run
	$(BIN)/python -m benchmarks

up: setup ## Start the local Kafka, PostgreSQL and Valkey
	$(BIN)/tse stack up

down: setup ## Stop them
	$(BIN)/tse stack down

compose-check: setup ## Try docker-compose.yml for real, on Docker or podman, with the Kafka override
	bash deploy/compose-check.sh

compose-prepare: setup ## Make the passwords and files that docker-compose.yml mounts and builds from
	$(BIN)/python -m deploy.prepare

lock: ## Resolve the dependencies anew into requirements.lock (needs uv)
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --python-version 3.11 --group dev pyproject.toml \
	  packaging/lab/pyproject.toml --extra risk-monitor -o requirements.lock
	bash deploy/lock.sh

clean: ## Stop the local stack and remove everything that was generated
	-[ -x $(BIN)/tse ] && $(BIN)/tse stack down
	rm -rf .tse $(VENV) reports .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
