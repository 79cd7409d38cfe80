"""When a settlement is due: cycles with cut-offs, business days, weekends and holidays, in UTC."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.words import SettlementKind
from ecosystem.units import DAY_US, HOUR_US, MINUTE_US

_EPOCH: Final = date(1970, 1, 1).toordinal()
_SATURDAY: Final = 5


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """How long settlements of a kind take."""

    business_days: int | None
    """Days from the day of instruction to the day of settlement; None: the same day, any day."""
    cut_off_us: int
    """Time of day by which an instruction counts for that day."""


CYCLES: Final[Mapping[SettlementKind, Cycle]] = MappingProxyType(
    {
        "CRYPTO_INTERNAL": Cycle(business_days=None, cut_off_us=24 * HOUR_US - MINUTE_US),
        "CRYPTO_EXTERNAL": Cycle(business_days=1, cut_off_us=16 * HOUR_US),
        "DOMESTIC_WIRE": Cycle(business_days=2, cut_off_us=14 * HOUR_US),
        "ACH": Cycle(business_days=2, cut_off_us=15 * HOUR_US),
        "INTERNATIONAL_WIRE": Cycle(business_days=3, cut_off_us=12 * HOUR_US),
    }
)
"""The cycle of every kind: T+0, T+1, T+2, T+2, T+3."""
DONE_AT_US: Final = 17 * HOUR_US
"""Time of day at which settlements of T+1 and later complete."""
PROCESSING_US: Final = (5 * MINUTE_US, 15 * MINUTE_US)
"""How long a settlement of T+0 may take, from and to."""


class Calendar:
    """The business days: Monday to Friday, without holidays."""

    __slots__ = ("_holidays",)

    def __init__(self, holidays: frozenset[date] = frozenset()) -> None:
        self._holidays = frozenset(day.toordinal() - _EPOCH for day in holidays)

    def due_us(self, kind: SettlementKind, instructed_us: int, processing_us: int) -> int:
        """Return when a settlement instructed at `instructed_us` is due.

        An instruction at its cut-off is in time. One after it, or on a day without business,
        counts as one of the next day with business. T+0 runs on all days, as internal
        transfers need no bank.

        Args:
            processing_us: time a T+0 settlement takes.
        Raises:
            InvalidInputError: no cycle for the kind.
        """
        cycle = CYCLES.get(kind)
        if cycle is None:
            raise InvalidInputError(f"settlement kind {kind!r}; allowed: {', '.join(CYCLES)}")
        day, time_us = divmod(instructed_us, DAY_US)
        late = time_us > cycle.cut_off_us
        if cycle.business_days is None:
            return (day + 1) * DAY_US + processing_us if late else instructed_us + processing_us
        if late or not self.is_business_day(day):
            day = self._next_business_day(day)
        for _ in range(cycle.business_days):
            day = self._next_business_day(day)
        return day * DAY_US + DONE_AT_US

    def is_business_day(self, day: int) -> bool:
        """Tell whether a day, counted from 1970-01-01, is one of business."""
        # 1970-01-01 was a Thursday, the third day after Monday.
        return (day + 3) % 7 < _SATURDAY and day not in self._holidays

    def _next_business_day(self, day: int) -> int:
        day += 1
        while not self.is_business_day(day):
            day += 1
        return day
