from datetime import date

import pytest

from ecosystem.custodian.calendar import CYCLES, due_us, is_business_day, postponed_us
from ecosystem.custodian.zones import day_number
from ecosystem.errors import CalendarEndedError, InvalidInputError
from ecosystem.events.words import SettlementKind
from ecosystem.units import MINUTE_US
from tests.ecosystem.custodian.moments import moment_us

TEN_MINUTES_US = 10 * MINUTE_US


@pytest.mark.parametrize(
    ("instructed", "due"),
    [
        # T+0 runs on every day, its cut-off is 23:59 UTC.
        ("2026-01-05 09:00", "2026-01-05 09:10"),
        ("2026-01-05 23:59", "2026-01-06 00:09"),
        ("2026-01-10 12:00", "2026-01-10 12:10"),  # a Saturday
        ("2026-01-19 12:00", "2026-01-19 12:10"),  # Martin Luther King
        ("2026-03-08 06:55", "2026-03-08 07:05"),  # New York's clocks go forward at 07:00 UTC
    ],
)
def test_t0_is_due_round_the_clock(instructed: str, due: str) -> None:
    instructed_us = moment_us(instructed, "UTC")
    found_us = due_us("CRYPTO_INTERNAL", instructed_us, TEN_MINUTES_US)
    assert found_us == moment_us(due, "UTC")


def test_t0_after_the_cut_off_begins_the_next_day() -> None:
    late_us = moment_us("2026-01-05 23:59", "UTC") + 1
    found_us = due_us("CRYPTO_INTERNAL", late_us, TEN_MINUTES_US)
    assert found_us == moment_us("2026-01-06 00:10", "UTC")


@pytest.mark.parametrize(
    ("kind", "instructed", "due"),
    [
        # T+1: in by 16:00, done 17:00 on the next business day, both in New York.
        ("CRYPTO_EXTERNAL", "2026-01-05 00:00", "2026-01-06 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-05 16:00", "2026-01-06 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-05 16:01", "2026-01-07 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-08 16:01", "2026-01-12 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-09 16:00", "2026-01-12 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-09 16:01", "2026-01-13 17:00"),
        # Weekends: from Saturday and Sunday on it counts as Monday's.
        ("CRYPTO_EXTERNAL", "2026-01-10 10:00", "2026-01-13 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-11 23:00", "2026-01-13 17:00"),
        # Monday, 19 January 2026 is Martin Luther King's birthday.
        ("CRYPTO_EXTERNAL", "2026-01-16 10:00", "2026-01-20 17:00"),
        ("CRYPTO_EXTERNAL", "2026-01-19 10:00", "2026-01-21 17:00"),
        # T+2: wires in by 14:00, ACH by 15:00.
        ("DOMESTIC_WIRE", "2026-01-05 14:00", "2026-01-07 17:00"),
        ("DOMESTIC_WIRE", "2026-01-05 14:01", "2026-01-08 17:00"),
        ("DOMESTIC_WIRE", "2026-01-15 14:00", "2026-01-20 17:00"),
        ("ACH", "2026-01-08 15:00", "2026-01-12 17:00"),
        ("ACH", "2026-01-08 15:01", "2026-01-13 17:00"),
        # T+3: in by 12:00.
        ("INTERNATIONAL_WIRE", "2026-01-05 12:00", "2026-01-08 17:00"),
        ("INTERNATIONAL_WIRE", "2026-01-07 12:01", "2026-01-13 17:00"),
        ("INTERNATIONAL_WIRE", "2026-11-24 12:00", "2026-11-30 17:00"),  # over Thanksgiving
        # 4 July 2026 is a Saturday, so the Banks are open on the Friday; 2027 a Sunday, so they
        # are closed on the Monday.
        ("CRYPTO_EXTERNAL", "2026-07-02 10:00", "2026-07-03 17:00"),
        ("CRYPTO_EXTERNAL", "2027-07-02 10:00", "2027-07-06 17:00"),
        # Clocks go forward on 8 March 2026 and back on 1 November: the hour stays New York's.
        ("CRYPTO_EXTERNAL", "2026-03-06 16:00", "2026-03-09 17:00"),
        ("CRYPTO_EXTERNAL", "2026-03-06 16:01", "2026-03-10 17:00"),
        ("CRYPTO_EXTERNAL", "2026-10-30 16:00", "2026-11-02 17:00"),
        ("DOMESTIC_WIRE", "2026-10-30 14:01", "2026-11-04 17:00"),
        # Over the turn of the year.
        ("ACH", "2026-12-31 15:00", "2027-01-05 17:00"),
    ],
)
def test_a_settlement_is_due_by_its_cycle(kind: SettlementKind, instructed: str, due: str) -> None:
    assert due_us(kind, moment_us(instructed), TEN_MINUTES_US) == moment_us(due)


@pytest.mark.parametrize(
    ("instructed_utc", "due_utc"),
    [
        ("2026-03-06 21:00", "2026-03-09 21:00"),  # in by 16:00 EST, done 17:00 EDT
        ("2026-03-09 20:00", "2026-03-10 21:00"),  # 16:00 EDT is an hour earlier in UTC
        ("2026-03-09 20:01", "2026-03-11 21:00"),
        ("2026-10-30 20:00", "2026-11-02 22:00"),  # in by 16:00 EDT, done 17:00 EST
        ("2026-11-02 21:00", "2026-11-03 22:00"),
    ],
)
def test_daylight_saving_moves_cut_offs_and_ends_in_utc(instructed_utc: str, due_utc: str) -> None:
    found_us = due_us("CRYPTO_EXTERNAL", moment_us(instructed_utc, "UTC"), 0)
    assert found_us == moment_us(due_utc, "UTC")


def test_a_declared_holiday_is_skipped_and_puts_off_what_is_due_on_it() -> None:
    closed = frozenset({day_number(date(2026, 1, 6))})
    assert due_us("CRYPTO_EXTERNAL", moment_us("2026-01-05 10:00"), 0, closed) == moment_us(
        "2026-01-07 17:00"
    )
    assert postponed_us("ACH", moment_us("2026-01-06 17:00"), closed) == moment_us(
        "2026-01-07 17:00"
    )
    unaltered_us = moment_us("2026-01-07 17:00")
    assert postponed_us("ACH", unaltered_us, closed) == unaltered_us
    t0_us = moment_us("2026-01-06 12:00")
    assert postponed_us("CRYPTO_INTERNAL", t0_us, closed) == t0_us
    assert not is_business_day(day_number(date(2026, 1, 6)), closed)


def test_beyond_the_published_calendar_there_is_an_error_and_no_guess() -> None:
    with pytest.raises(CalendarEndedError, match="bank holidays of 2031: the calendar reaches"):
        due_us("ACH", moment_us("2030-12-31 10:00"), 0)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"'UNKNOWN'; allowed: CRYPTO_INTERNAL, "):
        due_us("UNKNOWN", 0, 0)


def test_every_kind_has_a_cycle() -> None:
    assert len(CYCLES) == 5
