"""The recorded source: what is recorded is followed, what hangs on it moves, the rest stays."""

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.recorded.grid import Grid
from ecosystem.market_data.recorded.records import Bar
from ecosystem.market_data.recorded.source import RecordedSource
from ecosystem.market_data.recorded.tracks import BarTrack, Gaps
from ecosystem.market_data.source import SourcePrice
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, crash, run, ticks
from tests.ecosystem.market_data.recorded.rows import BEGAN_US, MINUTES, bar

PLACES = {symbol: place for place, symbol in enumerate(INSTRUMENTS)}
DEPEG = [bar(row, row, 1 - row / 100, 1.0, 0.5, 0.99 - row / 100) for row in (0, 1, 2, 5, 6)]


def opened(rows: Sequence[Bar], symbol: str, gaps: Gaps = "STALE") -> Callable[[], BarTrack]:
    grid = Grid(origin_us=BEGAN_US, interval_us=SECOND_US)
    lot_e8 = INSTRUMENTS[symbol].lot_size_e8
    return lambda: BarTrack(rows, grid, MINUTES, gaps, Stream(1, "recorded", symbol), lot_e8)


def source(symbol: str = "USDT-USD", rows: Sequence[Bar] = DEPEG) -> RecordedSource:
    return RecordedSource(ModelSource(1, SECOND_US), {symbol: opened(rows, symbol)})


def mid_e8(prices: Sequence[SourcePrice | None], symbol: str) -> int:
    price = prices[PLACES[symbol]]
    assert price is not None
    return price.mid_price_e8


def test_instruments_that_hang_on_a_recorded_dollar_pair_move_with_it_and_no_others() -> None:
    recorded, model = source(), ModelSource(1, SECOND_US)
    for step in range(170):
        found, quiet = recorded.prices(step), model.prices(step)
        tether_e8 = mid_e8(found, "USDT-USD")
        for symbol in ("BTC-USD", "ETH-USD", "ETH-BTC", "BTC-USD-PERP"):
            assert found[PLACES[symbol]] == quiet[PLACES[symbol]]
        for cross, pair in (("BTC-USDT", "BTC-USD"), ("ETH-USDT", "ETH-USD")):
            straight_e8 = mid_e8(found, pair) * E8 // tether_e8
            assert abs(mid_e8(found, cross) - straight_e8) <= 2
    assert mid_e8(recorded.prices(59), "USDT-USD") == 99_000_000


def test_a_recorded_bitcoin_moves_its_crosses_and_keeps_the_basis_of_the_perpetual() -> None:
    rows = [bar(row, row, 95_000.0 + row) for row in range(3)]
    found, quiet = source("BTC-USD", rows).prices(7), ModelSource(1, SECOND_US).prices(7)
    assert mid_e8(found, "BTC-USD") == 95_000 * E8
    basis = mid_e8(quiet, "BTC-USD-PERP") / mid_e8(quiet, "BTC-USD")
    assert abs(mid_e8(found, "BTC-USD-PERP") / (95_000 * E8) - basis) < 1e-9
    # The quotient is rounded down twice: by the model, and when it is moved.
    assert abs(mid_e8(found, "ETH-BTC") * 95_000 - mid_e8(quiet, "ETH-USD")) < 2 * 95_000
    assert mid_e8(found, "ETH-USD") == mid_e8(quiet, "ETH-USD")


def test_in_a_gap_the_recorded_instrument_is_silent_and_its_crosses_hold_on() -> None:
    recorded, model = source(), ModelSource(1, SECOND_US)
    before = recorded.prices(179)
    found, quiet = recorded.prices(200), model.prices(200)
    assert found[PLACES["USDT-USD"]] is None
    held_e8 = mid_e8(before, "USDT-USD")
    assert held_e8 == 97_000_000
    straight_e8 = mid_e8(quiet, "BTC-USD") * E8 // held_e8
    assert abs(mid_e8(found, "BTC-USDT") - straight_e8) <= 2


@settings(max_examples=25)
@given(steps=st.lists(st.integers(0, 500), min_size=1, max_size=12))
def test_steps_may_be_asked_for_in_any_order(steps: list[int]) -> None:
    steady, hasty = source(), source()
    expected = [list(steady.prices(step)) for step in range(501)]
    for step in steps:
        assert list(hasty.prices(step)) == expected[step]


@settings(max_examples=20)
@given(stop=st.integers(0, 250))
def test_a_feed_on_a_recording_goes_on_after_a_restart_as_if_it_had_never_stopped(
    stop: int,
) -> None:
    def machine() -> MarketData:
        return MarketData(KEY, 1, STARTS_AT_US, source=source())

    whole = run(machine(), 260)
    first = machine()
    past = run(first, stop)
    again = machine()
    for event in past:
        again.restore(event)
    assert [*past, *run(again, 260 - stop)] == whole


def test_a_silent_recording_leaves_a_gap_in_its_sequence_while_its_heartbeat_goes_on() -> None:
    events = run(MarketData(KEY, 1, STARTS_AT_US, source=source()), 420)
    tether = ticks(events, "USDT-USD")
    sequences = [tick.feed_sequence for tick in tether]
    assert sequences == [*range(180), *range(300, 420)]
    assert len(ticks(events, "BTC-USDT")) == 420
    beats = [event for event in events if type(event).__name__ == "FeedHeartbeat"]
    assert len(beats) == 42 * len(INSTRUMENTS)


def test_an_injection_lies_on_top_of_a_recording() -> None:
    peg = crash(-10_000_000, starts_s=60, lasts_s=60, instruments=["USDT-USD"])
    machine = MarketData(KEY, 1, STARTS_AT_US, source=source())
    machine.handle(peg, STARTS_AT_US)
    plain = ticks(run(MarketData(KEY, 1, STARTS_AT_US, source=source()), 150), "USDT-USD")
    fallen = ticks(run(machine, 150), "USDT-USD")
    assert fallen[:60] == plain[:60]
    share = fallen[121].last_price_e8 / plain[121].last_price_e8
    assert abs(share - 0.9) < 0.01
