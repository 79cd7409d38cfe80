"""What librdkafka reports, as the errors of our tree."""

from typing import Final

from confluent_kafka import KafkaError

from eventlog.errors import AccessDeniedError, AppendError, EventLogError, LogUnreachableError

DENIED: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
    }
)
"""Codes that say this principal is not known, or may not do what it tried."""
_UNREACHABLE: Final = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT}
)


def as_log_error(error: KafkaError, what: str) -> EventLogError:
    """Return the error of our tree for one of librdkafka's."""
    text = f"{what}: {error.str()}"
    if error.code() in DENIED:
        return AccessDeniedError(text)
    return LogUnreachableError(text) if error.code() in _UNREACHABLE else AppendError(text)
