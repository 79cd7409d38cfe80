"""The life of an alert: raised once, escalated upwards, resolved below, not again too soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.risk.alert_facts import INPUTS_MAX
from ecosystem.risk.alerts import AlertBook, AlertTimes
from ecosystem.risk.watch import SEVERITIES, Finding, Watch
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, event_id, tick
from tests.ecosystem.risk.rules.levels import SCALE, severity_of

Step = tuple[float, int]
"""Seconds, and the utilisation in percent measured then."""


def finding(watch: Watch, utilisation_e8: int, inputs: int = 1) -> Finding:
    return Finding(
        watch=watch,
        measured_e8=utilisation_e8,
        limit_e8=E8,
        utilisation_e8=utilisation_e8,
        unit="ratio",
        rule_version=3,
        inputs=tuple(event_id("input", number) for number in range(inputs)),
        message="words",
    )


def play(book: AlertBook, steps: list[Step]) -> list[Event]:
    watch = book.watch("rule", "subject", SCALE)
    events = []
    for seconds, percent in steps:
        utilisation_e8 = percent * E8 // 100
        if watch.stays(utilisation_e8):
            continue
        event = book.decide(finding(watch, utilisation_e8), tick(seconds, 1_000))
        if event is not None:
            events.append(event)
    return events


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [
        (type(event).__name__.removeprefix("RiskAlert"), getattr(event, "severity", ""))
        for event in events
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 49)], []),
        ([(0, 50), (1, 55), (2, 74)], [("Raised", "LOW")]),
        ([(0, 100)], [("Raised", "CRITICAL")]),
        (
            [(0, 60), (1, 80), (2, 95), (3, 120), (4, 300)],
            [
                ("Raised", "LOW"),
                ("Escalated", "MEDIUM"),
                ("Escalated", "HIGH"),
                ("Escalated", "CRITICAL"),
            ],
        ),
        ([(0, 60), (1, 95), (2, 60), (3, 95)], [("Raised", "LOW"), ("Escalated", "HIGH")]),
        ([(0, 50), (1, 49), (2, 50), (3, 46), (4, 50)], [("Raised", "LOW")]),
        ([(0, 50), (1, 44)], [("Raised", "LOW"), ("Resolved", "")]),
        ([(0, 50), (1, 44), (300.999999, 50)], [("Raised", "LOW"), ("Resolved", "")]),
        ([(0, 50), (1, 44), (301, 50)], [("Raised", "LOW"), ("Resolved", ""), ("Raised", "LOW")]),
        (
            [(0, 50), (1, 44), (2, 74), (3, 75)],
            [("Raised", "LOW"), ("Resolved", ""), ("Raised", "MEDIUM")],
        ),
        (
            [(0, 95), (1, 44), (2, 95), (3, 100)],
            [("Raised", "HIGH"), ("Resolved", ""), ("Raised", "CRITICAL")],
        ),
    ],
)
def test_the_life_of_an_alert(steps: list[Step], expected: list[tuple[str, str]]) -> None:
    assert told(play(AlertBook(1), steps)) == expected


def test_an_alert_names_itself_through_its_life_and_its_triggers() -> None:
    raised, escalated, resolved = play(AlertBook(9), [(0, 60), (1, 80), (2, 10)])
    assert isinstance(raised, RiskAlertRaised)
    assert isinstance(escalated, RiskAlertEscalated)
    assert isinstance(resolved, RiskAlertResolved)
    assert raised.alert_id == raised.event_id == escalated.alert_id == resolved.alert_id
    for seconds, event in enumerate((raised, escalated, resolved)):
        trigger = tick(seconds, 1_000)
        assert event.causation_id == trigger.event_id
        assert event.correlation_id == trigger.correlation_id
        assert event.event_time_us == at(seconds)
    assert raised.inputs == (tick(0, 1_000).event_id, event_id("input", 0))
    assert (raised.limit_version, raised.rule_version) == (9, 3)
    assert len({raised.event_id, escalated.event_id, resolved.event_id}) == 3


def test_one_trigger_gives_every_rule_and_subject_its_own_id() -> None:
    book = AlertBook(1)
    ids = set()
    for rule in ("a", "b"):
        for subject in ("x", "y"):
            watch = book.watch(rule, subject, SCALE)
            event = book.decide(finding(watch, E8), tick(0, 1_000))
            assert event is not None
            ids.add(event.event_id)
    assert len(ids) == 4
    assert book.active_count() == 4


def test_inputs_are_bounded_and_name_nothing_twice() -> None:
    book = AlertBook(1)
    watch = book.watch("rule", "subject", SCALE)
    event = book.decide(finding(watch, E8, inputs=200), tick(0, 1_000))
    assert isinstance(event, RiskAlertRaised)
    assert len(event.inputs) == INPUTS_MAX
    assert len(set(event.inputs)) == INPUTS_MAX
    assert event.inputs[0] == event.causation_id


@pytest.mark.parametrize("measured", [2**70, -(2**70)])
def test_an_absurd_measure_is_cut_to_what_a_record_holds(measured: int) -> None:
    book = AlertBook(1)
    watch = book.watch("rule", "subject", SCALE)
    wild = Finding(
        watch=watch,
        measured_e8=measured,
        limit_e8=E8,
        utilisation_e8=2**70,
        unit="USD",
        rule_version=1,
        inputs=(),
        message="",
    )
    event = book.decide(wild, tick(0, 1_000))
    assert isinstance(event, RiskAlertRaised)
    assert abs(event.measured_e8) == event.utilisation_e8 == 2**63 - 1


STEPS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 130)), max_size=60)


def _times(steps: list[tuple[int, int]]) -> list[Step]:
    seconds, timed = 0, []
    for gap, percent in steps:
        seconds += gap + 1
        timed.append((float(seconds), percent))
    return timed


@given(steps=STEPS)
def test_every_alert_is_raised_once_only_climbs_and_is_resolved_once(
    steps: list[tuple[int, int]],
) -> None:
    percent_at = {at(seconds): percent for seconds, percent in _times(steps)}
    active: RiskAlertRaised | RiskAlertEscalated | None = None
    for event in play(AlertBook(1), _times(steps)):
        percent = percent_at[event.event_time_us]
        if isinstance(event, RiskAlertResolved):
            assert active is not None
            assert event.alert_id == active.alert_id
            assert percent < 45
            active = None
            continue
        assert isinstance(event, RiskAlertRaised | RiskAlertEscalated)
        assert event.severity == severity_of(percent * E8 // 100)
        assert isinstance(event, RiskAlertRaised) == (active is None)
        if active is not None:
            assert SEVERITIES.index(event.severity) > SEVERITIES.index(active.severity)
        active = event


@given(steps=STEPS, data=st.data())
def test_a_book_restored_from_its_events_goes_on_identically(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    timed = _times(steps)
    cut = data.draw(st.integers(0, len(timed)))
    book = AlertBook(1)
    past = play(book, timed[:cut])
    restored = AlertBook(1)
    restored.watch("rule", "subject", SCALE)
    for event in past:
        restored.evolve(event)
    assert play(restored, timed[cut:]) == play(book, timed[cut:])


def test_events_of_rules_no_longer_configured_change_nothing() -> None:
    book = AlertBook(1)
    (raised,) = play(AlertBook(1), [(0, 60)])
    book.evolve(raised)
    assert book.active_count() == 0
    assert book.watches() == ()


def test_a_watch_knows_what_its_cooldown_holds_back() -> None:
    book = AlertBook(1)
    watch = book.watch("rule", "subject", SCALE)
    assert not watch.holds_back(60 * E8 // 100, at(0))
    play(book, [(0, 60)])
    assert not watch.holds_back(80 * E8 // 100, at(1))
    play(book, [(1, 44)])
    assert watch.holds_back(60 * E8 // 100, at(2))
    assert not watch.holds_back(80 * E8 // 100, at(2))
    assert not watch.holds_back(60 * E8 // 100, at(301))


@given(
    steps=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 130)), max_size=40),
    per_hour=st.integers(1, 3),
)
def test_what_is_held_back_is_never_told(steps: list[tuple[int, int]], per_hour: int) -> None:
    book, seconds = AlertBook(1, AlertTimes(per_hour=per_hour)), 0
    watch = book.watch("rule", "subject", SCALE)
    for later, percent in steps:
        seconds += later
        utilisation_e8 = percent * E8 // 100
        if not watch.stays(utilisation_e8):
            held = watch.holds_back(utilisation_e8, at(seconds))
            event = book.decide(finding(watch, utilisation_e8), tick(seconds, 1_000))
            assert not (held and event)


@given(
    measured_e8=st.integers(-(10**30), 10**30),
    limit_e8=st.integers(1, 10**20),
    share_e8=st.sampled_from([0, 45, 49, 50, 75, 90, 100]),
    raised=st.booleans(),
)
def test_a_measure_holds_where_its_utilisation_changes_nothing(
    measured_e8: int, limit_e8: int, share_e8: int, raised: bool
) -> None:
    book = AlertBook(1)
    watch = book.watch("rule", "subject", SCALE)
    if raised:
        play(book, [(0, 60)])
    for near_e8 in (measured_e8, share_e8 * limit_e8 // 100, share_e8 * limit_e8 // 100 + 1):
        utilisation_e8 = near_e8 * E8 // limit_e8
        clears = raised and utilisation_e8 < SCALE.clear_e8
        expected = not clears and SCALE.level(utilisation_e8) <= watch.level
        assert watch.holds(near_e8, limit_e8) is expected
        assert watch.utilisation_e8 == utilisation_e8
