import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.custodian.approvals import LONGEST_US, Approvers, approvals_needed, slowness
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US
from tests.ecosystem.custodian.moments import moment_us

APPROVERS = Approvers(Stream(7, "custodian", "approvals"))
NOON_US = moment_us("2026-01-06 12:00")


@pytest.mark.parametrize(
    ("usd_e8", "needed", "minutes"),
    [
        (1, 1, (2, 5)),
        (10_000 * E8 - 1, 1, (2, 5)),
        (10_000 * E8, 2, (5, 15)),
        (100_000 * E8 - 1, 2, (5, 15)),
        (100_000 * E8, 3, (15, 60)),
        (1_000_000 * E8 - 1, 3, (15, 60)),
        (1_000_000 * E8, 4, (60, 240)),
        (10_000_000 * E8 - 1, 4, (60, 240)),
        (10_000_000 * E8, 5, (60, 240)),
    ],
)
def test_the_amount_decides_how_many_approve_and_how_long_it_takes(
    usd_e8: int, needed: int, minutes: tuple[int, int]
) -> None:
    assert approvals_needed(usd_e8) == needed
    taken_us = [APPROVERS.all_take_us(number, needed, NOON_US) for number in range(50)]
    low_us, high_us = (end * MINUTE_US for end in minutes)
    # The last of a long round may come in the evening, when people are slower.
    assert all(low_us - needed <= one <= 2 * high_us for one in taken_us)
    assert needed > 3 or max(taken_us) <= high_us
    assert len(set(taken_us)) > 40


@pytest.mark.parametrize(
    ("moment", "times"),
    [
        ("2026-01-06 06:59", 2),
        ("2026-01-06 07:00", 1),
        ("2026-01-06 18:59", 1),
        ("2026-01-06 19:00", 2),
        ("2026-01-09 23:59", 2),
        ("2026-01-10 00:00", 3),
        ("2026-01-11 12:00", 3),
        ("2026-01-12 00:00", 2),
        ("2026-03-09 07:00", 1),  # the first morning of daylight saving
    ],
)
def test_people_are_slower_at_night_and_on_weekends(moment: str, times: int) -> None:
    assert slowness(moment_us(moment)) == times


def test_a_weekend_makes_the_same_approval_three_times_as_long() -> None:
    for number in range(20):
        weekday_us = APPROVERS.takes_us(number, 0, 1, NOON_US)
        weekend_us = APPROVERS.takes_us(number, 0, 1, moment_us("2026-01-10 12:00"))
        assert weekend_us == 3 * weekday_us


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(0, 365 * 24))
def test_all_approvals_are_there_within_a_day(number: int, needed: int, hour: int) -> None:
    assert 0 < APPROVERS.all_take_us(number, needed, NOON_US + hour * HOUR_US) <= LONGEST_US
