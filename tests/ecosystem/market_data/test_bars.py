"""Bars: what is in them, when they close, and that a restart does not show in them."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.envelope import Event
from ecosystem.events.prices import BarClosed, PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.bars import INTERVALS_US, KEPT, Bars
from ecosystem.market_data.machine import MarketData
from ecosystem.units import DAY_US, MINUTE_US, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, feed, injection, run, ticks
from tests.ecosystem.risk.facts import tick


def bars_of(events: list[Event]) -> list[BarClosed]:
    return [event for event in events if isinstance(event, BarClosed)]


def test_a_bar_holds_what_its_ticks_said() -> None:
    events = run(feed(1), 15 * 60 + 1)
    inside: dict[tuple[str, str, int], list[PriceTicked]] = defaultdict(list)
    for one in ticks(events):
        for interval, span_us in INTERVALS_US.items():
            inside[one.instrument, interval, one.event_time_us // span_us * span_us].append(one)
    closed = bars_of(events)
    assert len(closed) == 7 * (15 + 3 + 1)
    for bar in closed:
        members = inside[bar.instrument, bar.interval, bar.open_time_us]
        prices = [member.last_price_e8 for member in members]
        assert (bar.open_price_e8, bar.close_price_e8) == (prices[0], prices[-1])
        assert (bar.high_price_e8, bar.low_price_e8) == (max(prices), min(prices))
        assert bar.volume_e8 == sum(member.volume_e8 for member in members)
        assert bar.ticks_count == len(members) == INTERVALS_US[bar.interval] // SECOND_US
        assert bar.event_time_us == bar.open_time_us + INTERVALS_US[bar.interval]


def test_a_bar_follows_from_its_last_tick_and_has_an_id_of_its_own() -> None:
    events = run(feed(1), 301)
    by_id = {one.event_id: one for one in ticks(events)}
    closed = bars_of(events)
    for bar in closed:
        cause = by_id[bar.causation_id]
        assert cause.instrument == bar.instrument
        assert cause.event_time_us == bar.event_time_us - SECOND_US
        assert bar.correlation_id == cause.correlation_id
    assert len({bar.event_id for bar in closed}) == len(closed) == 7 * 6


def test_a_day_has_a_bar_of_every_length_and_the_longer_are_made_of_the_shorter() -> None:
    bars = Bars(["BTC-USD"])
    closed: list[BarClosed] = []
    for minute in range(24 * 60 + 1):
        for second in (0.0, 20.0, 40.0):
            one = tick(60 * minute + second, 60_000 + (minute * 7 + second) % 100)
            closed += bars.close(one.event_time_us)
            bars.add([one])
    counts = {name: sum(bar.interval == name for bar in closed) for name in INTERVALS_US}
    assert counts == {name: DAY_US // span_us for name, span_us in INTERVALS_US.items()}
    (day,) = [bar for bar in closed if bar.interval == "1d"]
    minutes = [bar for bar in closed if bar.interval == "1m"]
    assert day.volume_e8 == sum(bar.volume_e8 for bar in minutes)
    assert day.high_price_e8 == max(bar.high_price_e8 for bar in minutes)
    assert (day.open_price_e8, day.close_price_e8) == (
        minutes[0].open_price_e8,
        minutes[-1].close_price_e8,
    )


def test_a_minute_without_ticks_has_no_bar_and_longer_bars_close_all_the_same() -> None:
    bars = Bars(["BTC-USD"])
    bars.add([tick(10, 60_000)])
    assert [bar.interval for bar in bars.close(STARTS_AT_US + MINUTE_US)] == ["1m"]
    assert bars.close(STARTS_AT_US + 4 * MINUTE_US) == []
    (five,) = bars.close(STARTS_AT_US + 7 * MINUTE_US)
    assert (five.interval, five.ticks_count, five.open_time_us) == ("5m", 1, STARTS_AT_US)


def test_what_is_remembered_is_bounded_and_each_bar_is_kept_once() -> None:
    bars = Bars(["BTC-USD"])
    for minute in range(2 * KEPT["1m"]):
        one = tick(60 * minute, 60_000)
        for bar in bars.close(one.event_time_us):
            bars.remember(bar)
            bars.remember(bar)
        bars.add([one])
    kept = bars.history["BTC-USD", "1m"]
    assert len(kept) == KEPT["1m"]
    assert kept[-1].open_time_us - kept[0].open_time_us == (KEPT["1m"] - 1) * MINUTE_US


@given(seed=st.integers(0, 2**32), cut=st.integers(1, 320), lossy=st.booleans())
@settings(max_examples=15)
def test_a_restart_in_the_middle_of_a_bar_gives_the_same_bar(
    seed: int, cut: int, lossy: bool
) -> None:
    gaps = injection("feed-disruption", mode="gaps", rate_e8=5 * 10**7, gap_us=7 * SECOND_US)
    faults = (gaps,) if lossy else ()
    steady, restored = feed(seed, *faults), MarketData(KEY, seed, STARTS_AT_US)
    for event in (*faults, *run(steady, cut)):
        restored.restore(event)
    while restored.due_us() < steady.due_us():
        assert restored.wake(restored.due_us()) == []
    expected = bars_of(run(steady, 330 - cut))
    assert {bar.interval for bar in expected} >= {"1m"} if cut < 300 else True
    assert bars_of(run(restored, 330 - cut)) == expected
    for place in ((symbol, interval) for symbol in INSTRUMENTS for interval in INTERVALS_US):
        assert list(restored.bars.history[place]) == list(steady.bars.history[place])
