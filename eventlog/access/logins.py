"""Passwords proven by logging in: one that the broker refuses must not stay unnoticed."""

import time
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from eventlog.connection import Connection
from eventlog.errors import LogUnreachableError

LOGIN_TIMEOUT_S: Final = 10.0
ATTEMPT_S: Final = 0.25


def logs_in(connection: Connection) -> bool:
    """Return whether the broker takes the principal's password.

    Raises:
        LogUnreachableError: it says neither yes nor no in time.
    """
    refusals: list[KafkaError] = []

    def note(error: KafkaError) -> None:
        if error.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED):
            refusals.append(error)

    config: dict[str, Any] = {**connection.client_config(), "error_cb": note}
    client = AdminClient(config)
    deadline_s = time.monotonic() + LOGIN_TIMEOUT_S
    while time.monotonic() < deadline_s:
        try:
            client.list_topics(timeout=ATTEMPT_S)
        except KafkaException:  # a time-out; the reason, where there is one, is told to `note`
            client.poll(0)
        else:
            return True
        if refusals:
            return False
    raise LogUnreachableError(f"{connection!r}: no answer to a log-in in {LOGIN_TIMEOUT_S:.0f} s")
