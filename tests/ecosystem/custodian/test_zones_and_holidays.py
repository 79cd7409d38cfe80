"""The rules of the core against the IANA database and the Board's published table."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.custodian.holidays import YEAR_MAX, YEAR_MIN, bank_holidays
from ecosystem.custodian.zones import EPOCH, NEW_YORK
from ecosystem.errors import CalendarEndedError, InvalidInputError
from ecosystem.units import HOUR_US, SECOND_US
from tests.ecosystem.custodian.moments import moment_us

IANA = ZoneInfo("America/New_York")
PUBLISHED = {
    # https://www.federalreserve.gov/aboutthefed/k8.htm, the days on which the Banks are closed.
    2026: "01-01 01-19 02-16 05-25 06-19 07-04 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-19 07-05 09-06 10-11 11-11 11-25 12-25",
    2028: "01-01 01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-11 11-23 12-25",
    2029: "01-01 01-15 02-19 05-28 06-19 07-04 09-03 10-08 11-12 11-22 12-25",
    2030: "01-01 01-21 02-18 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
}


def offset_us(utc_us: int) -> int:
    """Return New York's offset by the IANA database."""
    moment = datetime.fromtimestamp(utc_us // SECOND_US, UTC).astimezone(IANA)
    offset = moment.utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def test_every_change_of_the_clocks_is_where_the_database_has_it() -> None:
    hour_us = moment_us("2007-01-02 00:00", "UTC")
    changes = 0
    while hour_us < moment_us("2032-01-01 00:00", "UTC"):
        assert NEW_YORK.offset_us(hour_us) == offset_us(hour_us)
        changes += NEW_YORK.offset_us(hour_us) != NEW_YORK.offset_us(hour_us - SECOND_US)
        hour_us += HOUR_US if hour_us // (24 * HOUR_US) % 7 == 3 else 24 * HOUR_US
    assert changes == 50


@given(st.integers(moment_us("2007-01-02 00:00"), moment_us("2037-12-31 00:00")))
def test_local_time_and_back_is_the_same_moment_or_the_first_with_that_hour(utc_us: int) -> None:
    assert NEW_YORK.offset_us(utc_us) == offset_us(utc_us)
    back_us = NEW_YORK.utc_us(NEW_YORK.local_us(utc_us))
    assert back_us in (utc_us, utc_us - HOUR_US)
    assert NEW_YORK.local_us(back_us) == NEW_YORK.local_us(utc_us)


def test_the_hour_that_is_left_out_counts_on() -> None:
    gap_us = moment_us("2026-03-08 02:30", "UTC")  # as New York's clocks would show it
    assert NEW_YORK.utc_us(gap_us) == moment_us("2026-03-08 07:30", "UTC")


def test_before_the_rule_there_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="in 2006: its rule holds from 2007 on"):
        NEW_YORK.offset_us(moment_us("2006-07-01 00:00", "UTC"))


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_banks_are_closed_on_the_published_days(year: int) -> None:
    days = sorted(date.fromordinal(day + EPOCH) for day in bank_holidays(year))
    assert " ".join(day.strftime("%m-%d") for day in days) == PUBLISHED[year]
    assert len(days) == 11


def test_juneteenth_is_observed_since_2022() -> None:
    assert date(2022, 6, 20).toordinal() - EPOCH in bank_holidays(2022)  # 19 June was a Sunday
    assert len(bank_holidays(2021)) == 10


@pytest.mark.parametrize("year", [YEAR_MIN - 1, YEAR_MAX + 1])
def test_years_nobody_published_are_errors(year: int) -> None:
    with pytest.raises(CalendarEndedError, match=f"from {YEAR_MIN} to {YEAR_MAX}"):
        bank_holidays(year)
