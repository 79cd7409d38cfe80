"""Real servers with nothing but Python on the machine: Apache Kafka, PostgreSQL and Valkey."""

from eventlog.local_stack.kafka import LocalKafka
from eventlog.local_stack.postgres import LocalPostgres
from eventlog.local_stack.stack import Endpoints, LocalStack, ServiceStatus
from eventlog.local_stack.valkey import LocalValkey

__all__ = [
    "Endpoints",
    "LocalKafka",
    "LocalPostgres",
    "LocalStack",
    "LocalValkey",
    "ServiceStatus",
]
