"""When a settlement is due: cycles with cut-offs, business days, weekends, holidays and zones.

Transfers inside the ledger of the custodian need no bank, so T+0 runs round the clock on UTC days.
All other cycles keep the office's hours and the Federal Reserve's days, in New York.
"""

from collections.abc import Mapping, Set
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.custodian.holidays import bank_holidays
from ecosystem.custodian.zones import EPOCH, NEW_YORK, UTC, Zone, weekday
from ecosystem.errors import InvalidInputError
from ecosystem.events.words import SettlementKind
from ecosystem.units import DAY_US, HOUR_US, MINUTE_US

_SATURDAY: Final = 5
NO_DAYS: Final[frozenset[int]] = frozenset()


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """How long settlements of a kind take."""

    business_days: int | None
    """Days from the day of instruction to the day of settlement; None: the same day, any day."""
    cut_off_us: int
    """Local time of day by which an instruction counts for that day."""
    zone: Zone


CYCLES: Final[Mapping[SettlementKind, Cycle]] = MappingProxyType(
    {
        "CRYPTO_INTERNAL": Cycle(business_days=None, cut_off_us=24 * HOUR_US - MINUTE_US, zone=UTC),
        "CRYPTO_EXTERNAL": Cycle(business_days=1, cut_off_us=16 * HOUR_US, zone=NEW_YORK),
        "DOMESTIC_WIRE": Cycle(business_days=2, cut_off_us=14 * HOUR_US, zone=NEW_YORK),
        "ACH": Cycle(business_days=2, cut_off_us=15 * HOUR_US, zone=NEW_YORK),
        "INTERNATIONAL_WIRE": Cycle(business_days=3, cut_off_us=12 * HOUR_US, zone=NEW_YORK),
    }
)
"""The cycle of every kind: T+0, T+1, T+2, T+2, T+3."""
DONE_AT_US: Final = 17 * HOUR_US
"""Local time of day at which settlements of T+1 and later complete."""
PROCESSING_US: Final = (5 * MINUTE_US, 15 * MINUTE_US)
"""How long a settlement takes once it is approved, from and to; T+0 takes no longer."""


def due_us(
    kind: SettlementKind, instructed_us: int, takes_us: int, closed: Set[int] = NO_DAYS
) -> int:
    """Return when a settlement instructed at `instructed_us` is due.

    An instruction at its cut-off is in time. One after it, or on a day without business, counts as
    one of the next day with business.

    Args:
        takes_us: time a T+0 settlement takes, approvals included.
        closed: days without business beyond weekends and holidays, counted from 1970-01-01.
    Raises:
        InvalidInputError: no cycle for the kind.
        CalendarEndedError: the calendar of holidays does not reach the day.
    """
    cycle = cycle_of(kind)
    day, time_us = divmod(cycle.zone.local_us(instructed_us), DAY_US)
    late = time_us > cycle.cut_off_us
    if cycle.business_days is None:
        begins_us = cycle.zone.utc_us((day + 1) * DAY_US) if late else instructed_us
        return begins_us + takes_us
    if late or not is_business_day(day, closed):
        day = _next_business_day(day, closed)
    for _ in range(cycle.business_days):
        day = _next_business_day(day, closed)
    return cycle.zone.utc_us(day * DAY_US + DONE_AT_US)


def postponed_us(kind: SettlementKind, due_us: int, closed: Set[int]) -> int:
    """Return when a settlement due at `due_us` completes if the days `closed` have no business."""
    cycle = cycle_of(kind)
    if cycle.business_days is None:
        return due_us
    day, time_us = divmod(cycle.zone.local_us(due_us), DAY_US)
    if day not in closed:
        return due_us
    return cycle.zone.utc_us(_next_business_day(day, closed) * DAY_US + time_us)


def cycle_of(kind: SettlementKind) -> Cycle:
    """Return the cycle of a kind.

    Raises:
        InvalidInputError: it has none.
    """
    cycle = CYCLES.get(kind)
    if cycle is None:
        raise InvalidInputError(f"settlement kind {kind!r}; allowed: {', '.join(CYCLES)}")
    return cycle


def is_business_day(day: int, closed: Set[int] = NO_DAYS) -> bool:
    """Tell whether a day, counted from 1970-01-01, is one of business.

    Raises:
        CalendarEndedError: the calendar of holidays does not reach it.
    """
    if weekday(day) >= _SATURDAY or day in closed:
        return False
    return day not in bank_holidays(date.fromordinal(day + EPOCH).year)


def _next_business_day(day: int, closed: Set[int]) -> int:
    day += 1
    while not is_business_day(day, closed):
        day += 1
    return day
