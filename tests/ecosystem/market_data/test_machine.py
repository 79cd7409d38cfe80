import statistics
from itertools import pairwise
from math import log

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.source import PriceSource, SourcePrice, SourceState
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, counts, crash, feed, run, ticks

INJECTIONS = st.sampled_from(
    [
        (),
        (crash(starts_s=5, lasts_s=20, bounce_us=10 * SECOND_US),),
        (crash(0, starts_s=5, lasts_s=20),),
        (
            crash(starts_s=3, lasts_s=9, instruments=["USDT-USD"], name="peg"),
            crash(starts_s=8, lasts_s=30, instruments=["ETH-USD"], name="ether"),
        ),
    ]
)


def test_every_second_brings_one_tick_of_each_instrument_in_order() -> None:
    events = run(feed(1), 3)
    assert [tick.instrument for tick in ticks(events)] == list(INSTRUMENTS) * 3
    assert [tick.feed_sequence for tick in ticks(events, "ETH-BTC")] == [0, 1, 2]
    assert [
        (tick.event_time_us - STARTS_AT_US) // SECOND_US for tick in ticks(events, "ETH-BTC")
    ] == [
        0,
        1,
        2,
    ]


def test_ticks_are_roots_numbered_by_their_feed_sequence() -> None:
    last = ticks(run(feed(1), 3), "BTC-USD")[-1]
    assert last.event_id == RootIds(KEY, "market-data").root("tick/BTC-USD", 2)
    assert last.is_root
    assert last.correlation_id == last.event_id


def test_the_feed_says_once_that_it_is_up_and_every_ten_seconds_that_it_lives() -> None:
    events = run(feed(1), 21)
    found = counts(events)
    assert (found["PriceTicked"], found["FeedHeartbeat"], found["VenueStatusChanged"]) == (
        147,
        21,
        1,
    )
    assert isinstance(events[0], VenueStatusChanged)
    beats = [event for event in events if isinstance(event, FeedHeartbeat)]
    assert [beat.feed_sequence for beat in beats[::7]] == [1, 11, 21]
    assert len({beat.event_id for beat in beats}) == 21


def test_nothing_is_published_twice_for_one_second() -> None:
    machine = feed(1)
    run(machine, 1)
    assert machine.due_us() == STARTS_AT_US + SECOND_US
    assert machine.wake(STARTS_AT_US + SECOND_US - 1) == ()


def test_a_feed_that_slept_goes_on_where_the_clock_is_and_its_sequence_shows_the_gap() -> None:
    steady, sleepy = feed(1), feed(1)
    expected = ticks(run(steady, 31), "BTC-USD")[-1]
    run(sleepy, 3)
    woken = sleepy.wake(STARTS_AT_US + 30 * SECOND_US + 400_000)
    tick = ticks(woken, "BTC-USD")[0]
    assert tick.feed_sequence == 30
    assert tick.event_time_us == STARTS_AT_US + 30 * SECOND_US + 400_000
    assert (tick.bid_price_e8, tick.volume_e8) == (expected.bid_price_e8, expected.volume_e8)
    assert counts(woken)["FeedHeartbeat"] == 7
    assert sleepy.due_us() == STARTS_AT_US + 31 * SECOND_US


@pytest.mark.parametrize("learned_s", range(1, 13))
def test_it_does_not_matter_when_an_injection_is_learned_before_it_starts(learned_s: int) -> None:
    fault = crash(starts_s=13, lasts_s=20)
    early, late = feed(1, fault), feed(1)
    expected = run(early, 40)
    found = run(late, learned_s)
    late.handle(fault, STARTS_AT_US + learned_s * SECOND_US)
    assert found + run(late, 40 - learned_s) == expected


def test_a_feed_that_is_woken_late_publishes_the_same_quotes_at_the_time_of_its_waking() -> None:
    punctual, late = feed(1), feed(1)
    expected = ticks(run(punctual, 12))
    found = [
        tick
        for second in range(12)
        for tick in ticks(late.wake(STARTS_AT_US + second * SECOND_US + 7 * (second % 3)))
    ]
    assert {tick.event_time_us % SECOND_US for tick in found} == {0, 7, 14}
    assert [
        msgspec.structs.replace(tick, event_time_us=STARTS_AT_US + tick.feed_sequence * SECOND_US)
        for tick in found
    ] == expected


@pytest.mark.parametrize("interval_us", [0, 999, 3_000_000, 20_000_000])
def test_an_interval_that_does_not_divide_the_heartbeat_is_refused(interval_us: int) -> None:
    with pytest.raises(InvalidInputError, match=f"interval_us {interval_us}; allowed"):
        MarketData(KEY, 1, STARTS_AT_US, interval_us=interval_us)


def test_ticks_come_every_100_ms_when_asked() -> None:
    machine = MarketData(KEY, 1, STARTS_AT_US, interval_us=100_000)
    events = run(machine, 101)
    found = counts(events)
    assert (found["PriceTicked"], found["FeedHeartbeat"], found["VenueStatusChanged"]) == (
        707,
        14,
        1,
    )


@given(
    seed=st.integers(0, 2**32),
    injections=INJECTIONS,
    cut=st.integers(0, 45),
    rest=st.integers(1, 40),
)
def test_a_restored_feed_goes_on_as_if_it_had_never_stopped(
    seed: int, injections: tuple[InjectionScheduled, ...], cut: int, rest: int
) -> None:
    steady = feed(seed, *injections)
    past = run(steady, cut)
    restored = MarketData(KEY, seed, STARTS_AT_US)
    for event in (*injections, *past):
        restored.restore(event)
    assert restored.due_us() == steady.due_us()
    assert run(restored, rest) == run(steady, rest)


@given(injections=INJECTIONS, cut=st.integers(1, 45))
def test_own_events_may_be_restored_before_the_injections(
    injections: tuple[InjectionScheduled, ...], cut: int
) -> None:
    steady, restored = feed(3, *injections), feed(3)
    for event in (*run(steady, cut), *injections):
        restored.restore(event)
    assert run(restored, 30) == run(steady, 30)


def test_injections_delivered_twice_and_own_events_seen_again_change_nothing() -> None:
    injection = crash(starts_s=5, lasts_s=20)
    once, again = feed(2, injection), feed(2, injection, injection)
    for _ in range(40):
        events = run(once, 1)
        assert run(again, 1) == events
        for event in events:
            assert again.handle(event, event.event_time_us) == ()


def test_injections_for_others_are_none_of_its_business() -> None:
    other = msgspec.structs.replace(crash(starts_s=1), target="exchange-okx", kind="outage")
    assert run(feed(2, other), 20) == run(feed(2), 20)


def test_a_kind_it_cannot_apply_is_refused() -> None:
    with pytest.raises(
        InvalidInputError, match="kind 'outage' found; market-data applies correlation-break, crash"
    ):
        feed(2, msgspec.structs.replace(crash(), kind="outage"))


@given(seed=st.integers(0, 2**32), percent=st.integers(1, 25))
def test_a_crash_leaves_the_twins_path_ids_and_times_as_they_are(seed: int, percent: int) -> None:
    quiet = run(feed(seed), 40)
    shaken = run(feed(seed, crash(-percent * E8 // 100, starts_s=10, lasts_s=20)), 40)
    twins = ticks(quiet)
    altered = {
        event.altered_event_id: event.unaltered_e8
        for event in shaken
        if isinstance(event, InjectionApplied)
    }
    for tick, twin in zip(ticks(shaken), twins, strict=True):
        assert (tick.event_id, tick.event_time_us) == (twin.event_id, twin.event_time_us)
        if tick.event_id in altered:
            assert tick != twin
            assert altered[tick.event_id] == twin.last_price_e8
        else:
            assert tick == twin
    start_us = STARTS_AT_US + 10 * SECOND_US
    assert all(tick.event_time_us >= start_us for tick in ticks(shaken) if tick.event_id in altered)
    assert [event for event in shaken if event.event_time_us < start_us] == [
        event for event in quiet if event.event_time_us < start_us
    ]


def test_what_was_applied_follows_its_tick_and_names_it() -> None:
    injection = crash(starts_s=5, lasts_s=20)
    events = run(feed(4, injection), 12)
    pairs = [(a, b) for a, b in pairwise(events) if isinstance(b, InjectionApplied)]
    assert len(pairs) == 6 * 7, "all but USDT-USD, from second 5 to 11"
    for tick, applied in pairs:
        assert isinstance(tick, PriceTicked)
        assert isinstance(applied, InjectionApplied)
        assert applied.altered_event_id == tick.event_id
        assert applied.altered_correlation_id == tick.correlation_id
        assert applied.measure == f"price {tick.instrument}"
        assert applied.altered_e8 == tick.last_price_e8
        assert applied.causation_id == injection.event_id
        assert applied.correlation_id == injection.correlation_id
    assert len({applied.event_id for _, applied in pairs}) == len(pairs)


def test_a_crash_of_nothing_leaves_every_tick_and_applies_nothing() -> None:
    quiet, nothing = run(feed(5), 60), run(feed(5, crash(0, starts_s=5, lasts_s=20)), 60)
    ended = [event for event in nothing if isinstance(event, InjectionEnded)]
    assert [event for event in nothing if event not in ended] == quiet
    assert [event.applied_count for event in ended] == [0]


def test_a_crash_ends_once_and_says_how_much_it_altered() -> None:
    events = run(feed(6, crash(starts_s=5, lasts_s=20)), 60)
    (ended,) = [event for event in events if isinstance(event, InjectionEnded)]
    assert ended.event_time_us == STARTS_AT_US + 25 * SECOND_US
    before = [event for event in events if event.event_time_us < ended.event_time_us]
    assert ended.applied_count == counts(before)["InjectionApplied"] == 20 * 6
    assert counts(events)["InjectionApplied"] == 55 * 6, "the loss outlives the injection"


@pytest.mark.parametrize("seed", range(5))
def test_a_crash_reaches_its_depth(seed: int) -> None:
    events = run(feed(seed, crash(starts_s=60, lasts_s=900)), 961)
    for instrument in ("BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT", "BTC-USD-PERP"):
        last = [
            event
            for event in events
            if isinstance(event, InjectionApplied) and event.measure == f"price {instrument}"
        ][-1]
        assert last.altered_e8 / last.unaltered_e8 - 1 == pytest.approx(-0.15, abs=0.006)


def returns(events: list[Event], instrument: str, since: int) -> list[float]:
    mids = [tick.bid_price_e8 + tick.ask_price_e8 for tick in ticks(events, instrument)[since:]]
    return [log(after / before) for before, after in pairwise(mids)]


def test_in_a_crash_everything_falls_as_one() -> None:
    # The shock is the same in every mood of the market, so what it does to the correlation is
    # not: from 0.88 in a busy market to 0.98 in a calm one, 0.95 in the long run.
    found = []
    for seed in range(4):
        events = run(feed(seed, crash(starts_s=60, lasts_s=2400)), 2400)
        found.append(
            statistics.correlation(returns(events, "BTC-USD", 60), returns(events, "ETH-USD", 60))
        )
    assert min(found) > 0.85
    assert statistics.mean(found) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_in_a_quiet_market_published_returns_correlate_as_configured(seed: int) -> None:
    events = run(feed(seed), 2400)
    bitcoin, ether = returns(events, "BTC-USD", 0), returns(events, "ETH-USD", 0)
    assert statistics.correlation(bitcoin, ether) == pytest.approx(0.70, abs=0.05)


def test_in_a_crash_volume_is_five_times_and_the_spread_twice_the_quiet_one() -> None:
    quiet = ticks(run(feed(7), 600), "BTC-USD")[60:]
    wild = ticks(run(feed(7, crash(starts_s=60, lasts_s=600)), 600), "BTC-USD")[60:]

    def volume(some: list[PriceTicked]) -> float:
        return statistics.mean(tick.volume_e8 for tick in some)

    def spread(some: list[PriceTicked]) -> float:
        return statistics.mean(tick.ask_price_e8 / tick.bid_price_e8 - 1 for tick in some)

    assert volume(wild) / volume(quiet) == pytest.approx(5, rel=0.02)
    assert spread(wild) / spread(quiet) == pytest.approx(2, rel=0.02)


@given(seed=st.integers(0, 2**32), injections=INJECTIONS)
def test_no_round_trip_through_three_instruments_is_free(
    seed: int, injections: tuple[InjectionScheduled, ...]
) -> None:
    events = ticks(run(feed(seed, *injections), 50))
    for at in range(0, len(events), len(INSTRUMENTS)):
        quotes = {tick.instrument: tick for tick in events[at : at + len(INSTRUMENTS)]}
        for cross, left, right in (
            ("BTC-USD", "BTC-USDT", "USDT-USD"),
            ("ETH-USD", "ETH-USDT", "USDT-USD"),
            ("ETH-USD", "ETH-BTC", "BTC-USD"),
        ):
            bid = quotes[left].bid_price_e8 * quotes[right].bid_price_e8
            ask = quotes[left].ask_price_e8 * quotes[right].ask_price_e8
            assert bid <= quotes[cross].ask_price_e8 * E8
            assert ask >= quotes[cross].bid_price_e8 * E8


class _Troubled(PriceSource):
    """A source that knows nothing for a while, and says so."""

    def __init__(self, seed: int) -> None:
        self._paths = ModelSource(seed, SECOND_US)

    def prices(self, step: int) -> list[SourcePrice | None]:
        return [None if 5 <= step < 10 else price for price in self._paths.prices(step)]

    def state(self, step: int) -> SourceState:
        if 5 <= step < 10:
            return SourceState("DOWN", "no source answers")
        return SourceState("UP", "two sources agree")


@given(stop=st.integers(0, 14))
def test_what_a_source_says_of_itself_is_published_once_a_change_also_over_a_restart(
    stop: int,
) -> None:
    def machine() -> MarketData:
        source = _Troubled(3)
        return MarketData(KEY, 3, STARTS_AT_US, source=source, state_of_source=source.state)

    past = run(machine(), stop)
    again = machine()
    for event in past:
        again.restore(event)
    events = [*past, *run(again, 15 - (again.due_us() - STARTS_AT_US) // SECOND_US)]
    states = [event for event in events if isinstance(event, VenueStatusChanged)]
    assert [state.state for state in states] == ["UP", "DOWN", "UP"]
    assert len({state.event_id for state in states}) == 3
    assert len({tick.event_id for tick in ticks(events)}) == 10 * len(INSTRUMENTS)
    assert counts(events)["FeedHeartbeat"] == 2 * len(INSTRUMENTS)
