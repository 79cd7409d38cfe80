"""The errors of replay, as a tree.

EcosystemError
  ReplayError
    UnknownRunError      nothing on the log is called so
    UnfinishedRunError   the run has begun, and its end is not on the log
    HistoryCutError      not every record of the run is on the log any more
"""

from ecosystem.errors import EcosystemError


class ReplayError(EcosystemError):
    """Base of every reason not to replay a run."""


class UnknownRunError(ReplayError):
    """Nothing on the log is called so."""


class UnfinishedRunError(ReplayError):
    """The run has begun, and its end is not on the log."""


class HistoryCutError(ReplayError):
    """Not every record of the run is on the log any more; the message names each partition."""
