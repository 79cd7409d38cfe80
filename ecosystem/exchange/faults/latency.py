"""Added latency: wishes wait before the venue looks at them.

A wish that waits is decided at the prices of the moment it is looked at. When the fault ends, what
still waits is looked at at once.
"""

from typing import Final, Literal

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.exchange.faults.scope import Scoped, read_scoped
from ecosystem.injections import check_bounds
from ecosystem.units import MINUTE_US

KIND: Final = "venue-latency"
LATENCY_US: Final = (1_000, MINUTE_US)
OPERATIONS: Final = ("submit", "cancel", "replace")

Operation = Literal["submit", "cancel", "replace", "all"]


class Latency(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long wishes of some kind wait."""

    latency_us: int
    operation: Operation = "all"

    def added_us(self, operation: str) -> int:
        """Return how long a wish waits."""
        return self.latency_us if self.operation in ("all", operation) else 0


def read(scheduled: InjectionScheduled) -> Latency:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, Latency)
    check_bounds(scheduled, ("latency_us", found.latency_us, *LATENCY_US))
    return found
