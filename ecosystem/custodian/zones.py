"""Time zones by the rules that law gives them, so that no host's database can change a run.

New York follows the Energy Policy Act of 2005, Section 110: daylight saving from the second Sunday
in March to the first Sunday in November, at 02:00 local time, since 2007. The tests hold the rule
to the IANA database.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.units import DAY_US, HOUR_US

EPOCH: Final = date(1970, 1, 1).toordinal()
YEAR_MIN: Final = 2007
_MARCH, _NOVEMBER = 3, 11


def day_number(day: date) -> int:
    """Return a day as the number of days since 1970-01-01."""
    return day.toordinal() - EPOCH


def weekday(day: int) -> int:
    """Return the weekday of a day counted from 1970-01-01; 0 is Monday."""
    return (day + 3) % 7  # 1970-01-01 was a Thursday


def sunday(year: int, month: int, number: int) -> int:
    """Return Sunday `number` of a month, counted from 1."""
    first = day_number(date(year, month, 1))
    return first + (6 - weekday(first)) % 7 + 7 * (number - 1)


def _united_states(year: int, standard_us: int) -> tuple[int, int]:
    return (
        sunday(year, _MARCH, 2) * DAY_US + 2 * HOUR_US - standard_us,
        sunday(year, _NOVEMBER, 1) * DAY_US + HOUR_US - standard_us,
    )


class Zone(msgspec.Struct, frozen=True):
    """A time zone: its standard offset from UTC, and when it is an hour ahead of that."""

    name: str
    standard_us: int
    daylight: Callable[[int, int], tuple[int, int]] | None = None
    """For a year and the standard offset, the moments at which daylight saving begins and ends."""

    def offset_us(self, utc_us: int) -> int:
        """Return how far local time is ahead of UTC.

        Raises:
            InvalidInputError: before 2007, when other rules held.
        """
        if self.daylight is None:
            return self.standard_us
        begins_us, ends_us = _daylight(self, _year(utc_us + self.standard_us))
        return self.standard_us + (HOUR_US if begins_us <= utc_us < ends_us else 0)

    def local_us(self, utc_us: int) -> int:
        """Return what clocks there show at a moment, as microseconds since 1970 on them."""
        return utc_us + self.offset_us(utc_us)

    def utc_us(self, local_us: int) -> int:
        """Return the moment at which clocks there show `local_us`.

        Of the hour that comes twice it is the first; the hour that is left out counts on.
        """
        if self.daylight is not None:
            ahead_us = local_us - self.standard_us - HOUR_US
            if self.offset_us(ahead_us) != self.standard_us:
                return ahead_us
        return local_us - self.standard_us


def _year(local_us: int) -> int:
    return date.fromordinal(local_us // DAY_US + EPOCH).year


@lru_cache(maxsize=64)
def _daylight(zone: Zone, year: int) -> tuple[int, int]:
    if year < YEAR_MIN or zone.daylight is None:
        raise InvalidInputError(f"{zone.name} in {year}: its rule holds from {YEAR_MIN} on")
    return zone.daylight(year, zone.standard_us)


UTC: Final = Zone("UTC", 0)
NEW_YORK: Final = Zone("America/New_York", -5 * HOUR_US, _united_states)
