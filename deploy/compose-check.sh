#!/usr/bin/env bash
# Tries docker-compose.yml for real, with Apache Kafka in Redpanda's place: builds the images,
# starts every service, waits until all work, looks whether the risk monitor is alone, runs the
# market crash on the live host at a scaled clock, expects PASS, and takes everything down again.
# Leaves nothing but the images and the report in .tse/compose/check-reports, whichever way it ends.
# Needs what `make setup` installs. `compose-check.sh down` removes what a killed check has left.
#
#   CHECK_CLOCK_SCALE   seconds of event time per second on the wall; default 60
#   CHECK_SCENARIO      default market-crash
set -euo pipefail
cd "$(dirname "$0")/.."
source deploy/engine.sh

PROJECT=tse-check
PYTHON=${PYTHON:-.venv/bin/python}
SCENARIO=${CHECK_SCENARIO:-market-crash}
ENV_FILE=.tse/compose/check.env
LABEL=label=com.docker.compose.project=$PROJECT
# Bounds of the steps, seconds: together less than half an hour, a minute or two each in fact.
BUILD_MAX=900 START_MAX=120 READY_MAX=180 CAUGHT_UP_MAX=60 RUN_MAX=420 STOP_MAX=180

step() { echo "== $1"; }

fail() {
  echo "error: $1" >&2
  exit 1
}

# In the background and waited for: a signal to this script is then answered at once.
CHILD=
compose() {
  local seconds=$1
  shift
  timeout --kill-after=20 "$seconds" "${COMPOSE[@]}" --project-name "$PROJECT" --env-file "$ENV_FILE" \
    --file docker-compose.yml --file docker-compose.kafka.yml "$@" &
  CHILD=$!
  wait "$CHILD"
}

# Runs a command in a fresh container of the test coordinator; nothing it depends on is restarted.
coordinate() {
  local seconds=$1
  shift
  compose "$seconds" --profile run run --rm --no-deps -T test-coordinator "$@"
}

containers() { "$ENGINE" ps --all --quiet --filter "$LABEL"; }

# A container of `compose run` that was cut short; `down` does not know it.
containers_of_runs() {
  "$ENGINE" ps --all --quiet --filter "$LABEL" --filter label=com.docker.compose.service=test-coordinator
}

left_behind() {
  containers | sed 's/^/container /'
  "$ENGINE" volume ls --quiet --filter "$LABEL" | sed 's/^/volume /'
  "$ENGINE" network ls --quiet --filter "$LABEL" | sed 's/^/network /'
}

# The logs of those that have failed; where none has, of all: then somebody waits for another.
print_logs() {
  local all failed
  all=$("$ENGINE" ps --all --filter "$LABEL" --format '{{.Names}} {{.Status}}')
  failed=$(grep -vE ' (Up |Exited \(0\))' <<<"$all" || true)
  echo "$all" >&2
  while read -r name _; do
    [ -n "$name" ] || continue
    echo "--- the last lines of $name" >&2
    "$ENGINE" logs --tail 30 "$name" >&2 2>&1 || true
  done <<<"${failed:-$all}"
}

clean_up() {
  local code=$?
  trap - EXIT INT TERM
  set +e
  [ -z "$CHILD" ] || kill "$CHILD" 2>/dev/null && wait "$CHILD"
  if [ "$code" -ne 0 ]; then
    print_logs
    containers_of_runs | xargs --no-run-if-empty "$ENGINE" rm --force >/dev/null # cut short
  fi
  compose "$STOP_MAX" --profile run down --volumes >/dev/null 2>&1
  local left
  left=$(left_behind)
  if [ -n "$left" ]; then
    echo "error: \`down --volumes\` has left: $left" >&2
    containers | xargs --no-run-if-empty "$ENGINE" rm --force >/dev/null
    "$ENGINE" volume ls --quiet --filter "$LABEL" | xargs --no-run-if-empty "$ENGINE" volume rm >/dev/null
    "$ENGINE" network ls --quiet --filter "$LABEL" | xargs --no-run-if-empty "$ENGINE" network rm >/dev/null
    [ "$code" -ne 0 ] || code=1
  elif [ "$code" -eq 0 ]; then
    echo "done in $SECONDS s; no container, volume or network is left"
  fi
  rm -f "$ENV_FILE"
  exit "$code"
}

# The risk monitor must find the broker, and neither find nor import anything else.
look_at_isolation() {
  local look='
import importlib.util, socket, sys
found = [m for m in ("producers", "streams", "replay", "tse") if importlib.util.find_spec(m)]
socket.getaddrinfo("broker", 9092)
for name in sys.argv[1:]:
    try:
        socket.getaddrinfo(name, None)
        found.append(name)
    except OSError:
        continue
sys.exit(f"the risk monitor reaches {found}" if found else 0)'
  compose 60 exec -T risk-monitor python3 -c "$look" \
    market-data exchange-okx exchange-binance custodian trading-engine clock audit-correlator ||
    fail "the risk monitor is not alone with the broker"
}

free_port() {
  "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A door says that its service is ready once that has caught up; asked inside its container.
await_door() {
  local service=$1 ask=$2 since=$SECONDS
  until compose 60 exec -T "$service" python3 "$ask" /ready; do
    [ $((SECONDS - since)) -lt "$CAUGHT_UP_MAX" ] ||
      fail "the door of $service does not say that it is ready"
    sleep 1
  done
}

look_at_doors() {
  local service
  for service in market-data exchange-okx exchange-binance custodian trading-engine; do
    await_door "$service" deploy/ask_health.py
  done
  await_door risk-monitor /opt/ask_health.py
  # From this machine, through the relay, as people reach it.
  RISK_MONITOR_HTTP_PORT=$monitor_port "$PYTHON" deploy/ask_health.py / ||
    fail "the dashboard is not where it is published"
}

[ -x "$PYTHON" ] || fail "$PYTHON is missing; run \`make setup\`"
choose_engine || exit 1
step "preparing secrets and the Kafka image's files ($ENGINE)"
uid=$(id -u)
[ "$uid" -ne 0 ] || uid=10001
"$PYTHON" -m deploy.prepare --uid "$uid" --reports .tse/compose/check-reports
port=$(free_port)
monitor_port=$(free_port)
cat >"$ENV_FILE" <<SETTINGS
TSE_UID=$uid
TSE_GID=$uid
TSE_BASE_IMAGE=${TSE_BASE_IMAGE:-python:3.11-slim-bookworm}
TSE_CLOCK_SCALE=${CHECK_CLOCK_SCALE:-60}
TSE_BROKER_PORT=$port
TSE_ENVIRONMENT=test
TSE_EXCHANGE_PORT=$(free_port)
TSE_SECOND_EXCHANGE_PORT=$(free_port)
TSE_CUSTODIAN_PORT=$(free_port)
TSE_MARKET_DATA_PORT=$(free_port)
TSE_TRADING_ENGINE_PORT=$(free_port)
TSE_RISK_MONITOR_PORT=$monitor_port
TSE_REPORTS=./.tse/compose/check-reports
SETTINGS
if [ "${1:-}" = down ]; then
  trap clean_up EXIT
  exit 0
fi
[ -z "$(left_behind)" ] || fail "a check is running or was killed; \`bash deploy/compose-check.sh down\` removes it"
trap clean_up EXIT
trap 'exit 130' INT TERM

step "building the images"
compose "$BUILD_MAX" build broker init risk-monitor >.tse/compose/build.log 2>&1 ||
  fail "an image was not built: $(tail -n 20 .tse/compose/build.log)"
step "starting the services"
compose "$START_MAX" up --detach --no-build >.tse/compose/up.log 2>&1 ||
  fail "not all services were started: $(tail -n 20 .tse/compose/up.log)"
step "waiting until all of them work"
coordinate "$READY_MAX" python3 -m deploy.await_services 150 || fail "not all services work"
look_at_isolation
look_at_doors
step "running $SCENARIO on the live host"
coordinate "$RUN_MAX" tse run "$SCENARIO" --attach || fail "the verdict is not PASS: exit code $?"
step "taking everything down"
