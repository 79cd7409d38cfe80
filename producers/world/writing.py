"""What a host of a world asks of whoever appends its slices."""

from collections.abc import Sequence
from typing import Protocol

from ecosystem.world import Written
from eventlog.records import Positions


class Writing(Protocol):
    """Appends slices in order, and says with each how far event time has come.

    Every call may raise what an earlier one has led to.
    """

    @property
    def events_count(self) -> int:
        """How many events were written."""
        ...

    @property
    def strangers(self) -> Positions:
        """How many records of a partition were of nobody we write for; of the last flush."""
        ...

    def write(self, slice_events: Sequence[Written]) -> None:
        """Append the events of a slice.

        Raises:
            AppendError: the broker did not take them.
        """
        ...

    def release(self) -> None:
        """Append all of it now: somebody waits for every record of the slice."""
        ...

    def reconcile(self) -> None:
        """Take the ends from the broker, who also counts records that are not of this world.

        Without such records nothing changes; with them the clock covers them from now on.
        """
        ...

    def advance_clock(self, event_time_us: int) -> None:
        """Announce that every record before `event_time_us` lies below the ends counted."""
        ...

    def flush(self) -> None:
        """Wait until everything is acknowledged."""
        ...

    def close(self) -> None:
        """Let go of the log; what was not flushed may be lost."""
        ...
