"""Settlements complete later than they were due."""

from typing import Final

import msgspec

from ecosystem.custodian.calendar import CYCLES
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import SettlementKind
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.units import HOUR_US, MINUTE_US

KIND: Final = "settlement-delay"
DELAY_US: Final = (MINUTE_US, 72 * HOUR_US)
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
ALL: Final = "all"
REASON: Final = "the settlement agent is behind"


class Delay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long settlements that fall due are put off, once each."""

    kinds: tuple[str, ...]
    delay_us: int

    def hits(self, kind: SettlementKind) -> bool:
        """Tell whether settlements of a kind are put off."""
        return kind in self.kinds or ALL in self.kinds


def kinds_of(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the settlement kinds that `kinds` stands for."""
    return tuple(CYCLES) if ALL in kinds else kinds


def read(scheduled: InjectionScheduled) -> Delay:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    delay = read_parameters(scheduled, Delay)
    check_bounds(
        scheduled,
        ("delay_us", delay.delay_us, *DELAY_US),
        ("number of kinds", len(delay.kinds), 1, len(CYCLES)),
    )
    return delay
