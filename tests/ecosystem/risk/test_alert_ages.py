"""Alerts that are left alone: escalated for their age, acknowledged, expired, grouped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskAlertsGrouped,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.alerts import AlertBook, AlertTimes
from ecosystem.units import DAY_US, E8, HOUR_US, MINUTE_US
from tests.ecosystem.risk.facts import at, clock, event_id, tick
from tests.ecosystem.risk.rules.levels import SCALE
from tests.ecosystem.risk.test_alerts import finding

MINUTE = 60
REQUEST = event_id("request", 1)
ALONE = [
    (50, [("UNACKNOWLEDGED", 10)]),
    (75, [("UNACKNOWLEDGED", 10)]),
    (90, [("UNACKNOWLEDGED", 10), ("HIGH_PERSISTS", 15)]),
    (100, [("CRITICAL_PERSISTS", 5), ("UNACKNOWLEDGED", 10)]),
]


def raised(book: AlertBook, percent: int, seconds: float = 0, subject: str = "s") -> Event | None:
    watch = book.watch("rule", subject, SCALE)
    return book.decide(finding(watch, percent * E8 // 100), tick(seconds, 1_000))


def ages(book: AlertBook, minutes: range) -> list[tuple[str, int]]:
    told: list[tuple[str, int]] = []
    for minute in minutes:
        if at(minute * MINUTE) >= book.due_us:
            for event in book.wake(clock(minute * MINUTE, minute)):
                assert isinstance(event, RiskAlertEscalated)
                told.append((event.reason, minute))
    return told


@pytest.mark.parametrize(("percent", "expected"), ALONE)
def test_an_alert_left_alone_is_escalated_once_for_each_reason(
    percent: int, expected: list[tuple[str, int]]
) -> None:
    book = AlertBook(1)
    raised(book, percent)
    assert ages(book, range(1, 60)) == expected


def test_an_escalation_for_age_names_the_alert_and_the_time_that_passed() -> None:
    book = AlertBook(4)
    alert = raised(book, 100)
    assert isinstance(alert, RiskAlertRaised)
    now = clock(300, 9)
    (aged,) = book.wake(now)
    assert isinstance(aged, RiskAlertEscalated)
    assert (aged.alert_id, aged.severity, aged.causation_id) == (
        alert.alert_id,
        "CRITICAL",
        now.event_id,
    )
    assert aged.inputs == (now.event_id, alert.event_id)
    assert aged.message == "critical for 5 minutes: words"
    (again,) = book.wake(clock(600, 10))
    assert isinstance(again, RiskAlertEscalated)
    assert again.message == "not acknowledged for 10 minutes: words"


def test_who_acknowledges_in_time_is_not_reminded() -> None:
    book = AlertBook(1)
    alert = raised(book, 60)
    assert isinstance(alert, RiskAlertRaised)
    told = book.acknowledge(alert.alert_id, "desk", "hedging", REQUEST, at(MINUTE))
    assert (told.author, told.note, told.causation_id) == ("desk", "hedging", alert.event_id)
    assert ages(book, range(2, 60)) == []
    with pytest.raises(InvalidInputError, match="acknowledged before"):
        book.acknowledge(alert.alert_id, "desk", "again", REQUEST, at(MINUTE))


def test_what_is_not_active_cannot_be_acknowledged() -> None:
    book = AlertBook(1)
    with pytest.raises(InvalidInputError, match="no active alert"):
        book.acknowledge(event_id("alert", 0), "desk", "", REQUEST, at(0))


def test_an_alert_that_grows_worse_counts_its_time_anew() -> None:
    book = AlertBook(1)
    raised(book, 90)
    assert ages(book, range(1, 13)) == [("UNACKNOWLEDGED", 10)]
    raised(book, 100, seconds=13 * MINUTE)
    assert ages(book, range(13, 40)) == [("CRITICAL_PERSISTS", 18)]


def test_an_alert_that_stays_for_a_day_expires_and_may_be_raised_anew() -> None:
    book = AlertBook(1)
    alert = raised(book, 60)
    assert isinstance(alert, RiskAlertRaised)
    ages(book, range(1, 20))
    assert book.due_us == at(0) + DAY_US
    (over,) = book.wake(clock(DAY_US // 10**6, 1))
    assert isinstance(over, RiskAlertExpired)
    assert (over.alert_id, over.reason) == (alert.alert_id, "it stayed as it is for too long")
    assert book.active_count() == 0
    again = raised(book, 60, seconds=DAY_US // 10**6 + 1)
    assert isinstance(again, RiskAlertRaised)
    assert again.alert_id != alert.alert_id


def test_alerts_of_a_rule_that_is_switched_off_end() -> None:
    book = AlertBook(1)
    raised(book, 60)
    assert book.drop("other", clock(1, 1)) == []
    (over,) = book.drop("rule", clock(1, 1))
    assert isinstance(over, RiskAlertExpired)
    assert over.reason == "its rule was switched off"
    assert book.active_count() == 0


def test_beyond_so_many_in_an_hour_a_raise_is_told_once_and_held_until_there_is_room() -> None:
    book = AlertBook(1, AlertTimes(per_hour=3))
    for number in range(3):
        assert isinstance(raised(book, 60, number, f"s{number}"), RiskAlertRaised)
    grouped = raised(book, 60, 10, "late")
    assert isinstance(grouped, RiskAlertsGrouped)
    assert (grouped.subject, grouped.severity, grouped.alerts_count) == ("late", "LOW", 4)
    assert grouped.inputs[0] == grouped.causation_id
    assert grouped.message.endswith("held back: words")
    for seconds in (11, 600, 3_599):
        assert raised(book, 100, seconds, "late") is None
    told = raised(book, 100, 3_600, "late")
    assert isinstance(told, RiskAlertRaised)
    assert told.severity == "CRITICAL"


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 130)), max_size=60
    ),
    per_hour=st.integers(1, 4),
)
def test_no_rule_raises_more_than_it_may_and_nothing_that_holds_is_silent(
    steps: list[tuple[int, int, int]], per_hour: int
) -> None:
    book = AlertBook(1, AlertTimes(per_hour=per_hour))
    minute, times_us = 0, list[int]()
    for gap, number, percent in steps:
        minute += gap
        watch = book.watch("rule", f"s{number}", SCALE)
        before = (watch.alert_id, watch.held_until_us)
        event = raised(book, percent, minute * MINUTE, f"s{number}")
        now_us = at(minute * MINUTE)
        if isinstance(event, RiskAlertRaised):
            times_us.append(now_us)
            assert len([one for one in times_us if one > now_us - HOUR_US]) <= per_hour
        if percent >= 50 and before[0] is None and event is None:
            # Quiet for a stated reason: a cooldown, or a group that told it.
            cooling = now_us < watch.resolved_at_us + SCALE.cooldown_us
            assert cooling or now_us < before[1]


@given(
    steps=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 130)), max_size=40),
    cut=st.integers(0, 40),
)
def test_a_book_restored_from_its_own_events_goes_on_the_same(
    steps: list[tuple[int, int]], cut: int
) -> None:
    def play(book: AlertBook, part: list[tuple[int, int]], minute: int) -> list[Event]:
        told: list[Event] = []
        for gap, percent in part:
            minute += gap
            now = clock(minute * MINUTE, minute)
            if now.event_time_us >= book.due_us:
                told += book.wake(now)
            event = raised(book, percent, minute * MINUTE)
            told += [event] if event is not None else []
        return told

    whole, first = AlertBook(1), AlertBook(1)
    expected = play(whole, steps, 0)
    told = play(first, steps[:cut], 0)
    restored = AlertBook(1)
    restored.watch("rule", "s", SCALE)
    for event in told:
        restored.evolve(event)
    told += play(restored, steps[cut:], sum(gap for gap, _ in steps[:cut]))
    assert told == expected


def test_times_are_counted_in_minutes_of_event_time() -> None:
    times = AlertTimes()
    assert times.critical_after_us == 5 * MINUTE_US
    book = AlertBook(1)
    assert isinstance(raised(book, 100), RiskAlertRaised)
    assert isinstance(raised(book, 10, seconds=299), RiskAlertResolved)
    assert book.wake(clock(10_000, 1)) == []
