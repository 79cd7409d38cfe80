"""Who must agree to a settlement: how many approvals an amount needs, and how long they take."""

from typing import Final

import msgspec

from ecosystem.custodian.zones import NEW_YORK, Zone, weekday
from ecosystem.rng import Stream
from ecosystem.units import DAY_US, E8, HOUR_US, MINUTE_US


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts that are approved alike."""

    below_usd_e8: int
    """They are below this worth."""
    approvals: int
    takes_us: tuple[int, int]
    """How long all of them together take in office hours, from and to."""


BANDS: Final = (
    Band(below_usd_e8=10_000 * E8, approvals=1, takes_us=(2 * MINUTE_US, 5 * MINUTE_US)),
    Band(below_usd_e8=100_000 * E8, approvals=2, takes_us=(5 * MINUTE_US, 15 * MINUTE_US)),
    Band(below_usd_e8=1_000_000 * E8, approvals=3, takes_us=(15 * MINUTE_US, 60 * MINUTE_US)),
    Band(below_usd_e8=10_000_000 * E8, approvals=4, takes_us=(HOUR_US, 4 * HOUR_US)),
)
"""By worth in USD; what is worth more than the last needs one approval more than it."""
LONGEST_US: Final = 24 * HOUR_US
"""All approvals are there within this time, whatever slows them."""
OFFICE: Final = NEW_YORK
DAY_BEGINS_US: Final = 7 * HOUR_US
NIGHT_BEGINS_US: Final = 19 * HOUR_US
NIGHT_FACTOR: Final = 2
WEEKEND_FACTOR: Final = 3
_STEPS_MAX: Final = 8
"""Draws kept for each settlement."""
_SATURDAY: Final = 5


def approvals_needed(worth_usd_e8: int) -> int:
    """Return how many approvals an amount needs."""
    for band in BANDS:
        if worth_usd_e8 < band.below_usd_e8:
            return band.approvals
    return BANDS[-1].approvals + 1


def slowness(at_us: int, office: Zone = OFFICE) -> int:
    """Return how many times longer people take at a moment than in office hours."""
    day, time_us = divmod(office.local_us(at_us), DAY_US)
    if weekday(day) >= _SATURDAY:
        return WEEKEND_FACTOR
    return 1 if DAY_BEGINS_US <= time_us < NIGHT_BEGINS_US else NIGHT_FACTOR


class Approvers:
    """Decides how long each approval takes, by chance and by the time of day."""

    __slots__ = ("_chance",)

    def __init__(self, chance: Stream) -> None:
        self._chance = chance

    def takes_us(self, settlement: int, step: int, needed: int, at_us: int) -> int:
        """Return how long approval `step` of settlement number `settlement` takes.

        Args:
            step: which of its approvals, from 0.
            needed: how many it needs in all.
            at_us: when the one before was given.
        """
        low_us, high_us = BANDS[min(needed, len(BANDS)) - 1].takes_us
        drawn_us = self._chance.integer(
            settlement * _STEPS_MAX + step, low_us // needed, high_us // needed
        )
        return min(drawn_us * slowness(at_us), LONGEST_US // needed)

    def all_take_us(self, settlement: int, needed: int, at_us: int) -> int:
        """Return how long all approvals of a settlement take if nothing delays them."""
        time_us = at_us
        for step in range(needed):
            time_us += self.takes_us(settlement, step, needed, time_us)
        return time_us - at_us
