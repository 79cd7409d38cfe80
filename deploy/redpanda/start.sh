#!/bin/sh
# Starts Redpanda with the superuser's password from a file: `start.sh HOST_PORT`.
# Redpanda takes the account of its first start from an environment variable and in no other way;
# set here, it is in that process alone and not in the container's description.
set -eu

port=${1:?the port on the loopback of the host is missing}

cp /opt/tse/redpanda.yaml /etc/redpanda/redpanda.yaml
cp /opt/tse/bootstrap.yaml /etc/redpanda/.bootstrap.yaml # read at the first start only
RP_BOOTSTRAP_USER="admin:$(cat /run/secrets/broker-admin):SCRAM-SHA-256"
export RP_BOOTSTRAP_USER

# Not `--mode dev-container`: that would turn the automatic creation of topics on again, and would
# answer writes before they are on the disk.
exec /usr/bin/rpk redpanda start \
  --smp 1 --memory 1G --reserve-memory 0M --overprovisioned --check=false \
  --kafka-addr "internal://0.0.0.0:9092,host://0.0.0.0:19092" \
  --advertise-kafka-addr "internal://broker:9092,host://127.0.0.1:$port" \
  --rpc-addr 0.0.0.0:33145 --advertise-rpc-addr broker:33145 \
  --default-log-level=warn
