"""The days on which the Federal Reserve Banks, and so the wires between banks, are closed.

Source: Board of Governors, K.8, Holidays Observed by the Federal Reserve System 2026-2030 (as of
31 December 2025), https://www.federalreserve.gov/aboutthefed/k8.htm: eleven holidays; the Banks are
open on the Friday before one that falls on a Saturday, and closed on the Monday after one that
falls on a Sunday. Earlier years follow the same rule; Juneteenth is observed since 2022.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from ecosystem.custodian.zones import day_number, weekday
from ecosystem.errors import CalendarEndedError

YEAR_MIN: Final = 2007
YEAR_MAX: Final = 2030
"""The last year the Board has published."""
JUNETEENTH_SINCE: Final = 2022
_MONDAY, _THURSDAY, _SUNDAY = 0, 3, 6
_FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
"""New Year, Juneteenth, Independence Day, Veterans Day, Christmas: month and day."""
_NUMBERED: Final = (
    (1, _MONDAY, 3),
    (2, _MONDAY, 3),
    (9, _MONDAY, 1),
    (10, _MONDAY, 2),
    (11, _THURSDAY, 4),
)
"""Martin Luther King, Washington, Labor, Columbus, Thanksgiving: month, weekday and its number."""


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[int]:
    """Return the days, counted from 1970-01-01, on which the Banks are closed in a year.

    Raises:
        CalendarEndedError: the Board has not published that year, or the rule did not hold in it.
    """
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise CalendarEndedError(
            f"bank holidays of {year}: the calendar reaches from {YEAR_MIN} to {YEAR_MAX}"
        )
    days = {_numbered(year, *rule) for rule in _NUMBERED}
    last_of_may = day_number(date(year, 5, 31))
    days.add(last_of_may - weekday(last_of_may))  # Memorial Day
    for month, number in _FIXED:
        if month != 6 or year >= JUNETEENTH_SINCE:
            day = day_number(date(year, month, number))
            days.add(day + 1 if weekday(day) == _SUNDAY else day)
    return frozenset(days)


def _numbered(year: int, month: int, wanted: int, number: int) -> int:
    first = day_number(date(year, month, 1))
    return first + (wanted - weekday(first)) % 7 + 7 * (number - 1)
