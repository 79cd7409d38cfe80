#!/bin/sh
# Starts the broker with the superuser's password from a file: `start.sh HOST_PORT`.
set -eu
umask 077

port=${1:?the port on the loopback of the host is missing}
password=$(cat /run/secrets/broker-admin)
properties=/tmp/server.properties # in memory, like all of /tmp here
login="org.apache.kafka.common.security.scram.ScramLoginModule required"
login="$login username=\"admin\" password=\"$password\";"

{
  cat /opt/kafka/server.properties
  echo "advertised.listeners=INTERNAL://broker:9092,HOST://127.0.0.1:$port"
  echo "listener.name.internal.scram-sha-256.sasl.jaas.config=$login"
  echo "listener.name.host.scram-sha-256.sasl.jaas.config=$login"
} >"$properties"

if [ ! -e /var/lib/kafka/formatted ]; then
  rm -rf /var/lib/kafka/data # half a storage of a start that was killed
  cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22)
  # The arguments go by a file: a command line can be read by every process.
  {
    echo "-Xlog:disable"
    echo "-cp /opt/kafka/jars/*"
    echo "kafka.tools.StorageTool format --standalone -t $cluster -c $properties"
    echo "--add-scram \"SCRAM-SHA-256=[name=admin,password=$password]\""
  } >/tmp/format.args
  # What it prints holds the salted password: shown to nobody unless it fails, and then without.
  if ! /opt/java/bin/java @/tmp/format.args >/tmp/format.log 2>&1; then
    grep -vi -e scram -e password /tmp/format.log >&2
    exit 1
  fi
  rm /tmp/format.args /tmp/format.log
  : >/var/lib/kafka/formatted
fi

# Compression libraries are unpacked and loaded from here; /tmp may forbid that.
rm -rf /var/lib/kafka/tmp
mkdir /var/lib/kafka/tmp

exec /opt/java/bin/java -cp '/opt/kafka/jars/*' -Xms256m -Xmx512m -XX:-UsePerfData \
  --enable-native-access=ALL-UNNAMED \
  -Djava.io.tmpdir=/var/lib/kafka/tmp \
  -Dorg.slf4j.simpleLogger.showDateTime=true \
  -Dorg.slf4j.simpleLogger.dateTimeFormat="yyyy-MM-dd'T'HH:mm:ss.SSSZ" \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  kafka.Kafka "$properties"
