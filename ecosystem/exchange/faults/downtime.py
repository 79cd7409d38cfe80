"""Downtime: the venue refuses some or all wishes, or answers them slowly, and says so.

A mode is named after what still works. While a venue is down in full nothing is executed and no
book is published; resting orders stay where they are and meet the market when it is up again.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import VenueState
from ecosystem.exchange.faults.scope import ALL, Scoped, read_scoped
from ecosystem.exchange.terms import Refusal
from ecosystem.injections import check_bounds
from ecosystem.units import MINUTE_US, SECOND_US

KIND: Final = "venue-downtime"
DELAY_US: Final = (1_000, MINUTE_US)
DELAY_US_DEFAULT: Final = 5 * SECOND_US

Mode = Literal["full", "submit-only", "cancel-only", "slow"]
MODES: Final[Mapping[Mode, tuple[str, frozenset[str]]]] = MappingProxyType(
    {
        "full": ("trading is halted", frozenset()),
        "submit-only": ("orders cannot be cancelled or replaced", frozenset({"submit"})),
        "cancel-only": ("cancel-only mode", frozenset({"cancel"})),
        "slow": (
            "orders are processed with a delay",
            frozenset({"submit", "cancel", "replace"}),
        ),
    }
)
"""What the venue says of itself in each mode, and which operations still work."""


class Downtime(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How little of the venue works."""

    mode: Mode = "full"
    delay_us: int = DELAY_US_DEFAULT
    """How long wishes wait in the mode `slow`."""

    def refuses(self, operation: str) -> bool:
        """Tell whether wishes of a kind are refused."""
        return operation not in MODES[self.mode][1]

    @property
    def halts(self) -> bool:
        """Whether nothing is executed and published."""
        return self.mode == "full" and self.hits_everybody

    @property
    def refusal(self) -> Refusal:
        """What the venue says to whom it refuses."""
        return "VENUE_DOWN", self._said

    @property
    def announcement(self) -> tuple[VenueState, str]:
        """What the venue says of itself, if it hits everybody."""
        whole = self.mode == "full" and ALL in self.instruments
        return "DOWN" if whole else "DEGRADED", self._said

    @property
    def _said(self) -> str:
        where = "" if ALL in self.instruments else f": {', '.join(sorted(self.instruments))}"
        return MODES[self.mode][0] + where


def read(scheduled: InjectionScheduled) -> Downtime:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, Downtime)
    check_bounds(scheduled, ("delay_us", found.delay_us, *DELAY_US))
    if found.mode != "slow" and found.delay_us != DELAY_US_DEFAULT:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: delay_us {found.delay_us} found with mode"
            f" {found.mode!r}; allowed with mode 'slow' only"
        )
    return found
