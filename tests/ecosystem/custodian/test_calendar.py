from datetime import UTC, date, datetime

import pytest

from ecosystem.custodian.calendar import CYCLES, Calendar
from ecosystem.errors import InvalidInputError
from ecosystem.events.words import SettlementKind
from ecosystem.units import MINUTE_US

HOLIDAY = date(2026, 1, 19)
TEN_MINUTES_US = 10 * MINUTE_US


def moment_us(text: str) -> int:
    """Return the event time of a moment such as `2026-01-05 16:00` (a Monday)."""
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("kind", "instructed", "due"),
    [
        # T+0 runs on every day, its cut-off is 23:59.
        ("CRYPTO_INTERNAL", "2026-01-05 09:00", "2026-01-05 09:10"),
        ("CRYPTO_INTERNAL", "2026-01-05 23:59", "2026-01-06 00:09"),
        ("CRYPTO_INTERNAL", "2026-01-10 12:00", "2026-01-10 12:10"),
        ("CRYPTO_INTERNAL", "2026-01-19 12:00", "2026-01-19 12:10"),
        # T+1: in by 16:00, done 17:00 on the next business day.
        ("CRYPTO_EXTERNAL", "2026-01-05 00:00", "2026-01-06 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-05 16:00", "2026-01-06 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-05 16:01", "2026-01-07 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-08 16:01", "2026-01-12 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-09 16:00", "2026-01-12 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-09 16:01", "2026-01-13 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-10 10:00", "2026-01-13 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-11 23:00", "2026-01-13 17:00"),
        # A holiday on Monday, 19 January.
        ("CRYPTO_EXTERNAL", "2026-01-16 10:00", "2026-01-20 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-19 10:00", "2026-01-21 17:00"),
        # T+2 and T+3.
        ("DOMESTIC_WIRE", "2026-01-05 14:00", "2026-01-07 17:00"),
        ("DOMESTIC_WIRE", "2026-01-05 14:01", "2026-01-08 17:00"),
        ("ACH", "2026-01-08 15:00", "2026-01-12 17:00"),
        ("ACH", "2026-01-08 15:01", "2026-01-13 17:00"),
        ("INTERNATIONAL_WIRE", "2026-01-05 12:00", "2026-01-08 17:00"),
        ("INTERNATIONAL_WIRE", "2026-01-07 12:01", "2026-01-13 17:00"),
    ],
)
def test_a_settlement_is_due_by_its_cycle(kind: SettlementKind, instructed: str, due: str) -> None:
    calendar = Calendar(frozenset({HOLIDAY}))
    assert calendar.due_us(kind, moment_us(instructed), TEN_MINUTES_US) == moment_us(due)


def test_t0_after_the_cut_off_begins_the_next_day() -> None:
    late_us = moment_us("2026-01-05 23:59") + 1
    due_us = Calendar().due_us("CRYPTO_INTERNAL", late_us, TEN_MINUTES_US)
    assert due_us == moment_us("2026-01-06 00:10")


@pytest.mark.parametrize(
    ("day", "business"),
    [
        (date(1970, 1, 1), True),
        (date(2026, 1, 5), True),
        (date(2026, 1, 9), True),
        (date(2026, 1, 10), False),
        (date(2026, 1, 11), False),
        (HOLIDAY, False),
        (date(2026, 1, 20), True),
    ],
)
def test_business_days_are_weekdays_without_holidays(day: date, business: bool) -> None:
    number = day.toordinal() - date(1970, 1, 1).toordinal()
    assert Calendar(frozenset({HOLIDAY})).is_business_day(number) is business


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"'UNKNOWN'; allowed: CRYPTO_INTERNAL, "):
        Calendar().due_us("UNKNOWN", 0, 0)


def test_every_kind_has_a_cycle() -> None:
    assert len(CYCLES) == 5
