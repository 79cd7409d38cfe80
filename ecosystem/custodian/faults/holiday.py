"""The banks stay closed on a day that no calendar names."""

from typing import Final

import msgspec

from ecosystem.custodian.zones import NEW_YORK
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.units import DAY_US, HOUR_US, MINUTE_US

KIND: Final = "bank-holiday"
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
DAYS: Final = (1, 3)
IN_DAYS: Final = (0, 7)
REASON: Final = "the banks are closed"


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days are closed, counted from the day in New York on which this is declared."""

    in_days: int
    days: int


class ClosedDays(msgspec.Struct, frozen=True):
    """The days without business, counted from 1970-01-01."""

    days: frozenset[int]


def read(scheduled: InjectionScheduled) -> ClosedDays:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    holiday = read_parameters(scheduled, Holiday)
    check_bounds(scheduled, ("in_days", holiday.in_days, *IN_DAYS), ("days", holiday.days, *DAYS))
    first = NEW_YORK.local_us(scheduled.starts_at_us) // DAY_US + holiday.in_days
    return ClosedDays(frozenset(range(first, first + holiday.days)))
