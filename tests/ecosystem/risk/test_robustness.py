"""Spoiled input: every defect is told, none stops the engine, and none changes the books."""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import PartitionEnd
from ecosystem.risk.monitor import RiskEngine
from eventlog.codec import Codec
from tests.ecosystem.risk.facts import clock, event_id, limits, placed
from tests.ecosystem.risk.streams import SPOILS, books, clean_stream, healing, run

CLEAN = clean_stream(40)
HEALED = healing(CLEAN)
CODEC = Codec(PRODUCTION_EVENTS)
BOOKS = books(run(limits(), [*CLEAN, *HEALED])[0])
_OURS = ("data_quality", "feed_gap")


def told(alerts: Sequence[Event]) -> list[RiskAlertRaised | RiskAlertEscalated]:
    return [
        alert
        for alert in alerts
        if isinstance(alert, RiskAlertRaised | RiskAlertEscalated) and alert.rule in _OURS
    ]


def test_the_clean_stream_has_no_defect() -> None:
    engine, alerts = run(limits(), [*CLEAN, *HEALED])
    assert engine.quality.counts() == {}
    assert alerts == []
    assert not any(leg.difference_e8 for leg in engine.state.reconciliation.differing.values())


@pytest.mark.parametrize("name", SPOILS)
@pytest.mark.parametrize("place", [0, 3])
def test_every_defect_is_told_and_changes_no_book(name: str, place: int) -> None:
    what, spoil = SPOILS[name]
    events = list(CLEAN)
    spoil(events, place)
    engine, alerts = run(limits(), [*events, *HEALED])
    assert books(engine) == BOOKS
    found = told(alerts)
    assert any(what == alert.rule or what in alert.message for alert in found)
    assert {alert.severity for alert in found} <= {"LOW", "MEDIUM"}
    rules = {getattr(alert, "rule", "") for alert in alerts}
    assert rules <= {*_OURS, ""}, "nothing else is told, and so nothing wrong"
    for alert in found:
        assert set(alert.inputs) & {event.event_id for event in events}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    spoils=st.lists(
        st.tuples(st.sampled_from(sorted(SPOILS)), st.integers(0, 500)), min_size=1, max_size=6
    )
)
def test_any_number_of_defects_in_any_place_stops_nothing(spoils: list[tuple[str, int]]) -> None:
    events = list(CLEAN)
    for name, place in spoils:
        SPOILS[name][1](events, place)
    assume(events != list(CLEAN))  # a quote that is crossed twice is a good one
    engine, alerts = run(limits(), [*events, *HEALED])
    assert told(alerts)
    assert engine.portfolio.positions_e8 == BOOKS["positions"]
    assert all(CODEC.decode(CODEC.encode(alert)) == alert for alert in alerts)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(places=st.lists(st.integers(0, 500), min_size=1, max_size=4))
@example(places=[280, 18])  # two that add up to nothing
def test_lost_balances_leave_positions_and_equity_right(places: list[int]) -> None:
    events = list(CLEAN)
    for place in places:
        inner = [n for n, one in enumerate(events) if isinstance(one, BalanceChanged)][4:]
        if inner:
            del events[inner[place % len(inner)]]
    engine, alerts = run(limits(), [*events, *HEALED])
    assert engine.portfolio.positions_e8 == BOOKS["positions"]
    assert engine.portfolio.equity_e8 == BOOKS["equity"]
    assert any("BALANCE_GAP" in alert.message for alert in told(alerts))


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    spoils=st.lists(
        st.tuples(st.sampled_from(sorted(SPOILS)), st.integers(0, 500)), min_size=1, max_size=6
    ),
    cut=st.integers(0, 200),
)
def test_a_restart_amid_defects_changes_nothing(spoils: list[tuple[str, int]], cut: int) -> None:
    events = list(CLEAN)
    for name, place in spoils:
        SPOILS[name][1](events, place)
    straight, restored = RiskEngine(limits()), RiskEngine(limits())
    for offset, event in enumerate(events):
        records = placed([event], offset)
        expected = straight.process_slice(records)
        if offset < cut:
            restored.restore_slice(records)
            for alert in expected:
                restored.restore_alert(alert)
        else:
            assert restored.process_slice(records) == expected
    assert books(restored) == books(straight)


EXTREMES = st.sampled_from([-(2**63), -(2**62), -1, 0, 1, 10**8, 2**62, 2**63 - 1])
WORDS = st.sampled_from(
    [
        "",
        "BTC-USD",
        "BTC-USD-PERP",
        "BTC",
        "USD",
        "DOGE",
        "exchange-okx",
        "custodian",
        "firm-momentum",
        "custody-firm",
        "market-data",
    ]
)


def value_of(kind: Any) -> st.SearchStrategy[Any]:
    if kind is int:
        return EXTREMES
    if kind is str:
        return WORDS
    if kind is bool:
        return st.booleans()
    if kind is bytes or getattr(kind, "__supertype__", None) is bytes:
        return st.integers(0, 5).map(lambda number: event_id("extreme", number))
    if isinstance(kind, type) and issubclass(kind, PartitionEnd):
        return st.just(PartitionEnd(topic="prices", partition=0, end_offset=1))
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        return st.lists(value_of(parts[0]), max_size=3).map(tuple)
    if type(None) in parts:
        return st.none() | value_of(parts[0])
    return st.sampled_from(parts)


def extreme(kind: type[Event]) -> st.SearchStrategy[Event]:
    fields = {field.name: value_of(field.type) for field in msgspec.structs.fields(kind)}
    ids = st.integers(0, 10**6).map(lambda number: event_id("own", number))
    return st.builds(kind, **(fields | {"event_id": ids}))


@pytest.mark.parametrize("kind", PRODUCTION_EVENTS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_extreme_of_any_field_of_any_event_stops_the_engine(
    kind: type[Event], data: st.DataObject
) -> None:
    engine = RiskEngine(limits())
    alerts = engine.process_slice(placed(CLEAN[:30]))
    for number in range(3):
        wrong = data.draw(extreme(kind))
        alerts += engine.process_slice(placed([wrong], 100 + number))
    timed = data.draw(extreme(kind))
    timed = msgspec.structs.replace(timed, event_time_us=CLEAN[30].event_time_us)
    alerts += engine.process_slice(placed([timed, *CLEAN[30:60], clock(600, 1)], 200))
    alerts += engine.process_slice(placed([clock(1_200, 2)], 300))
    assert all(CODEC.decode(CODEC.encode(alert)) == alert for alert in alerts)
