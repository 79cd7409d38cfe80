"""A share of the settlements fails when it is due."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.custodian.faults.delay import ALL
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import SettlementKind
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US

KIND: Final = "settlement-failure"
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
KINDS_MAX: Final = 5
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "counterparty": "the counterparty did not deliver",
        "network": "the transfer was not confirmed in time",
        "compliance": "compliance did not release the transfer",
        "details": "the beneficiary's bank returned the transfer",
    }
)
"""What a custodian says, by the word scenarios use."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which settlements fail, and what is said about it."""

    kinds: tuple[str, ...]
    share_e8: int
    reason: str


class FailureDraw:
    """A failure with its own chance: no draw of the custodian is touched."""

    __slots__ = ("_chance", "failure")

    def __init__(self, failure: Failure, chance: Stream) -> None:
        self.failure = failure
        self._chance = chance

    def hits(self, kind: SettlementKind, number: int) -> bool:
        """Tell whether settlement `number`, counted over all kinds, fails."""
        named = kind in self.failure.kinds or ALL in self.failure.kinds
        return named and self._chance.integer(number, 0, E8 - 1) < self.failure.share_e8

    @property
    def reason(self) -> str:
        """What is said about it."""
        return REASONS[self.failure.reason]


def read(scheduled: InjectionScheduled, seed: int) -> FailureDraw:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    failure = read_parameters(scheduled, Failure)
    check_bounds(
        scheduled,
        ("share_e8", failure.share_e8, 1, E8),
        ("number of kinds", len(failure.kinds), 1, KINDS_MAX),
    )
    if failure.reason not in REASONS:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: reason {failure.reason!r} found; "
            f"{', '.join(REASONS)} are allowed"
        )
    return FailureDraw(failure, Stream(seed, scheduled.target, KIND, scheduled.name))
