"""Event time: it never runs back, and one record alone does not make it leap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.event_time import IMPLAUSIBLE, EventTime
from tests.ecosystem.risk.facts import at, clock, tick


def started() -> tuple[EventTime, DataQuality]:
    quality = DataQuality()
    time = EventTime(quality)
    assert time.of(clock(0, 0)) == at(0)
    return time, quality


@pytest.mark.parametrize(
    ("seconds", "judged_s", "defect"),
    [
        (5, 5, None),
        (3_600, 3_600, None),
        (3_601, None, "TIME_IMPLAUSIBLE"),
        (-60, 0, None),
        (-61, 0, "TIME_BACKWARDS"),
        (-(10**9), 0, "TIME_BACKWARDS"),
    ],
)
def test_a_record_is_judged_at_a_time_that_can_be(
    seconds: int, judged_s: int | None, defect: str | None
) -> None:
    time, quality = started()
    expected = IMPLAUSIBLE if judged_s is None else at(judged_s)
    assert time.of(tick(seconds, 1)) == expected
    assert quality.counts() == ({} if defect is None else {defect: 1})


def test_a_clock_that_leaps_is_believed_when_the_next_goes_on_from_there() -> None:
    time, quality = started()
    assert time.of(clock(10**6, 1)) == IMPLAUSIBLE
    assert time.of(tick(10, 1)) == at(10)
    assert time.of(clock(10**6, 1)) == at(10**6)
    assert time.of(tick(10**6 + 5, 1)) == at(10**6 + 5)
    assert quality.counts() == {"TIME_IMPLAUSIBLE": 1}


def test_two_wrong_clocks_that_do_not_agree_move_nothing() -> None:
    time, _ = started()
    for number, seconds in enumerate((10**8, 10**6, 10**8, 10**5)):
        assert time.of(clock(seconds, number)) == IMPLAUSIBLE
    assert time.of(clock(10, 9)) == at(10)


@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**6), 10**6)), max_size=50))
def test_the_time_of_judgement_never_runs_back(steps: list[tuple[bool, int]]) -> None:
    time, _ = started()
    now_us = at(0)
    for number, (is_clock, seconds) in enumerate(steps):
        judged_us = time.of(clock(seconds, number) if is_clock else tick(seconds, 1))
        if judged_us != IMPLAUSIBLE:
            assert judged_us >= now_us
            now_us = judged_us
