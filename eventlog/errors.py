"""The errors of the event log, as a tree.

EcosystemError
  EventLogError
    LogUnreachableError      no broker answered in time (retryable)
    AccessDeniedError        the broker refused a principal
    UndecodableRecordError   bytes that no known schema explains: dead-letter the record
    CatalogueError           topics.yaml or a schema file is wrong; lists every mistake
    SecretError              a secret file is missing, empty or readable by others
    LocalStackError          a local server could not be prepared or started
    AppendError              the broker did not acknowledge an append
"""

from ecosystem.errors import EcosystemError


class EventLogError(EcosystemError):
    """Base of every error between us and the broker."""


class LogUnreachableError(EventLogError):
    """No broker answered in time."""

    retryable = True


class AccessDeniedError(EventLogError):
    """The broker refused a principal an operation."""


class UndecodableRecordError(EventLogError):
    """Bytes that no known schema explains; the record belongs into the dead letters."""


class CatalogueError(EventLogError):
    """The topic catalogue or a schema file is wrong; the message lists every mistake."""


class SecretError(EventLogError):
    """A secret file is missing, empty or readable by others."""


class LocalStackError(EventLogError):
    """A local server could not be prepared or started."""


class AppendError(EventLogError):
    """The broker did not acknowledge an append."""
