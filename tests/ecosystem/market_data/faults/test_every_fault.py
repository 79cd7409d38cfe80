"""What every fault of the feed must keep: the twin, exact notes, restarts, its end."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.events.words import EventId
from ecosystem.market_data.faults.kinds import KINDS
from ecosystem.market_data.machine import MarketData
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import (
    KEY,
    STARTS_AT_US,
    called_off,
    feed,
    injection,
    run,
    ticks,
)

SECOND = SECOND_US
FAULTS = {
    "crash": injection("crash", starts_s=20, lasts_s=30, instruments=["all"], change_e8=-(10**7)),
    "price-shock": injection(
        "price-shock",
        starts_s=20,
        lasts_s=20,
        instruments=["ETH-USD", "BTC-USDT"],
        change_e8=10**7,
        recover_us=20 * SECOND,
    ),
    "depeg": injection(
        "depeg",
        starts_s=20,
        lasts_s=60,
        change_e8=-5 * 10**6,
        build_us=20 * SECOND,
        recover_us=10 * SECOND,
        rest_e8=-(10**5),
    ),
    "price-divergence": injection(
        "price-divergence",
        starts_s=20,
        lasts_s=60,
        premium_e8=5 * 10**6,
        build_us=20 * SECOND,
        recover_us=10 * SECOND,
    ),
    "volatility-spike": injection("volatility-spike", starts_s=20, lasts_s=40),
    "correlation-break": injection("correlation-break", starts_s=20, lasts_s=40),
    **{
        mode: injection(
            "feed-disruption",
            name=mode,
            starts_s=20,
            lasts_s=40,
            mode=mode,
            rate_e8=3 * 10**7,
            gap_us=4 * SECOND,
        )
        for mode in (
            "loss",
            "gaps",
            "delay",
            "reordering",
            "duplicates",
            "stale",
            "crossed",
            "decimals",
        )
    },
}
LENGTH = 100
FIRST_US = STARTS_AT_US + 20 * SECOND
some_faults = st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=3, unique=True).map(
    lambda names: [FAULTS[name] for name in names]
)


def notes_of(events: list[Event]) -> list[InjectionApplied]:
    return [event for event in events if isinstance(event, InjectionApplied)]


def production(events: list[Event]) -> list[Event]:
    return [e for e in events if not isinstance(e, InjectionApplied | InjectionEnded)]


def test_every_kind_is_tried_here() -> None:
    assert {fault.kind for fault in FAULTS.values()} == set(KINDS)


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_differs_from_the_twin_before_the_first_note_and_every_change_is_noted(
    name: str,
) -> None:
    quiet, shaken = run(feed(7), LENGTH), run(feed(7, FAULTS[name]), LENGTH)
    assert [e for e in shaken if e.event_time_us < FIRST_US] == [
        e for e in quiet if e.event_time_us < FIRST_US
    ]
    notes = notes_of(shaken)
    assert notes
    noted = {note.altered_event_id for note in notes}
    twins = {event.event_id: event for event in quiet}
    published = {event.event_id: event for event in production(shaken)}
    assert noted <= set(published), "what is noted has been published"
    for event in published.values():
        # Bars and books follow from ticks, and the audit follows their causes.
        if isinstance(event, PriceTicked | FeedHeartbeat) and event != twins.get(event.event_id):
            assert event.event_id in noted, event
    for note in notes:
        assert note.altered_correlation_id == published[note.altered_event_id].correlation_id
        at_us = published[note.altered_event_id].event_time_us
        # That a tick was the last before a silence shows only when the next does not come.
        silent = note.measure.startswith("silence")
        assert note.event_time_us > at_us if silent else note.event_time_us == at_us
        assert note.unaltered_e8 > 0
        # Where only bid or ask differ, the last price may be what it was.
        assert note.measure.startswith("price ") or note.unaltered_e8 != note.altered_e8


@pytest.mark.parametrize("name", FAULTS)
def test_no_two_facts_have_one_id_and_production_shows_nothing_of_the_control_plane(
    name: str,
) -> None:
    fault = FAULTS[name]
    events = run(feed(3, fault), LENGTH)
    assert len({event.event_id for event in events}) == len(events)
    for event in production(events):
        packed = msgspec.msgpack.encode(event)
        assert bytes(fault.injection_id) not in packed
        assert fault.name.encode() not in packed


@given(
    seed=st.integers(0, 2**32),
    faults=some_faults,
    cut=st.integers(0, LENGTH),
    off_s=st.none() | st.integers(15, 90),
)
@settings(max_examples=40)
def test_a_restart_in_the_middle_of_faults_changes_nothing(
    seed: int, faults: list[InjectionScheduled], cut: int, off_s: int | None
) -> None:
    steady = feed(seed, *faults)
    request = None if off_s is None else called_off(None, off_s)

    def advance(machine: MarketData, seconds: int) -> list[Event]:
        events: list[Event] = []
        for _ in range(seconds):
            now_us = machine.due_us()
            if request is not None and now_us == request.event_time_us:
                machine.handle(request, now_us)
            events.extend(machine.wake(now_us))
        return events

    past = advance(steady, cut)
    restored = MarketData(KEY, seed, STARTS_AT_US)
    for event in (*past, *faults):
        restored.restore(event)
    if request is not None and request.event_time_us < steady.due_us():
        restored.restore(request)
    assert restored.due_us() <= steady.due_us()
    while restored.due_us() < steady.due_us():
        # Steps that left no trace, because all they had was lost, leave none again.
        assert restored.wake(restored.due_us()) == []
    assert advance(restored, 30) == advance(steady, 30)


@pytest.mark.parametrize("name", FAULTS)
def test_the_end_is_announced_once_with_what_was_done(name: str) -> None:
    events = run(feed(5, FAULTS[name]), LENGTH)
    (ended,) = [event for event in events if isinstance(event, InjectionEnded)]
    assert ended.event_time_us == FAULTS[name].ends_at_us
    before = events[: events.index(ended)]
    assert ended.applied_count == len(notes_of(before))


def test_a_fault_called_off_before_it_begins_does_nothing() -> None:
    for fault in FAULTS.values():
        machine = feed(5, fault)
        machine.handle(called_off(fault, 10), STARTS_AT_US)
        assert notes_of(run(machine, 60)) == [], fault.name


@pytest.mark.parametrize("name", ["crash", "price-shock", "depeg", "volatility-spike"])
def test_a_fault_of_the_market_called_off_fades_within_ten_minutes(name: str) -> None:
    fault = FAULTS[name]
    machine = feed(5, fault)
    machine.handle(called_off(None, 38), STARTS_AT_US)
    events = run(machine, 700)
    notes = notes_of(events)
    assert STARTS_AT_US + 620 * SECOND < notes[-1].event_time_us < STARTS_AT_US + 640 * SECOND
    quiet = {tick.event_id: tick for tick in ticks(run(feed(5), 700))}
    assert [tick for tick in ticks(events)[-350:] if tick != quiet[tick.event_id]] == []
    worst = {note.measure: 0.0 for note in notes}
    for note in notes:
        deviation = abs(note.altered_e8 / note.unaltered_e8 - 1)
        if note.event_time_us > STARTS_AT_US + 338 * SECOND:
            assert deviation <= worst[note.measure] * 0.7 + 2e-4, note
        else:
            worst[note.measure] = max(worst[note.measure], deviation)


@pytest.mark.parametrize("name", ["loss", "stale", "crossed", "duplicates"])
def test_a_disruption_called_off_ends_at_once(name: str) -> None:
    machine = feed(5, FAULTS[name])
    machine.handle(called_off(None, 38), STARTS_AT_US)
    notes = notes_of(run(machine, 100))
    assert notes
    assert notes[-1].event_time_us <= STARTS_AT_US + 38 * SECOND


@pytest.mark.parametrize(
    ("kind", "parameters", "found"),
    [
        ("price-shock", {"instruments": ["BTC-USD"], "change_e8": E8 // 4 + 1}, "change_e8"),
        ("price-shock", {"instruments": ["DOGE-USD"], "change_e8": 1}, "DOGE-USD"),
        ("depeg", {"change_e8": -E8 // 10 - 1, "build_us": SECOND, "recover_us": SECOND}, "change"),
        ("depeg", {"change_e8": -5, "build_us": 200 * SECOND, "recover_us": 101 * SECOND}, "most"),
        (
            "depeg",
            {"change_e8": -5, "build_us": SECOND, "recover_us": SECOND, "rest_e8": 4},
            "rest_e8 4 found",
        ),
        ("price-divergence", {"premium_e8": E8 // 20 + 1}, "premium_e8"),
        ("price-divergence", {"premium_e8": 1}, "build_us 14400000000 and recover_us"),
        ("volatility-spike", {"factor_e8": 11 * E8}, "factor_e8"),
        ("correlation-break", {"correlation_e8": E8 + 1}, "correlation_e8"),
        ("feed-disruption", {"mode": "silence"}, "mode 'silence' found; loss, gaps"),
        ("feed-disruption", {"mode": "loss", "rate_e8": E8 + 1}, "rate_e8"),
        ("feed-disruption", {"mode": "delay", "delay_us": 31 * SECOND}, "delay_us"),
        ("feed-disruption", {"mode": "decimals", "places": 5}, "places 5 found; 1 to 4"),
        ("feed-disruption", {"mode": "loss", "speed": 5}, "speed"),
    ],
)
def test_parameters_beyond_their_caps_are_refused(
    kind: str, parameters: dict[str, object], found: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"injection '{kind}': ") as refusal:
        feed(1, injection(kind, **parameters))  # type: ignore[arg-type]  # wrong on purpose
    assert found in str(refusal.value)


def test_an_id_says_nothing_of_a_second_tick() -> None:
    events = ticks(run(feed(3, FAULTS["duplicates"]), LENGTH))
    seconds = [
        (first, second)
        for first, second in pairwise(events)
        if (first.instrument, first.feed_sequence) == (second.instrument, second.feed_sequence)
    ]
    assert len(seconds) > 30
    for first, second in seconds:
        assert second.event_id != first.event_id
        assert second.is_root
        own = EventId(second.event_id)
        assert first == msgspec.structs.replace(
            second,
            event_id=first.event_id,
            correlation_id=first.event_id,
            causation_id=first.event_id,
        )
        assert own == second.correlation_id
