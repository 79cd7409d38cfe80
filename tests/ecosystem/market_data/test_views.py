"""What the feed shows of itself."""

import statistics

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.prices import BarClosed
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data import views
from ecosystem.market_data.machine import MarketData
from ecosystem.units import E8, MINUTE_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, feed, run, ticks


@pytest.fixture(scope="module")
def hour() -> tuple[MarketData, list[Event]]:
    machine = feed(1)
    return machine, run(machine, 3601)


def test_a_feed_that_has_not_begun_has_nothing_to_show() -> None:
    machine = feed(1)
    assert views.current(machine, "BTC-USD") is None
    assert views.order_book(machine, "BTC-USD") is None
    assert views.statistics_24h(machine, "BTC-USD") is None
    assert views.history(machine, "BTC-USD", "1h", 1) == ()
    assert views.correlations(machine).matrix_e8 == ()


def test_current_and_order_book_are_the_last_published(
    hour: tuple[MarketData, list[Event]],
) -> None:
    machine, events = hour
    assert views.current(machine, "ETH-USD") == ticks(events, "ETH-USD")[-1]
    books = [e for e in events if isinstance(e, BookQuoted) and e.instrument == "ETH-USD"]
    assert views.order_book(machine, "ETH-USD") == books[-1]


def test_history_gives_the_last_bars_the_oldest_first(hour: tuple[MarketData, list[Event]]) -> None:
    machine, events = hour
    minutes = [
        e
        for e in events
        if isinstance(e, BarClosed) and (e.instrument, e.interval) == ("BTC-USD", "1m")
    ]
    assert len(minutes) == 60
    assert list(views.history(machine, "BTC-USD", "1m", 5)) == minutes[-5:]
    assert list(views.history(machine, "BTC-USD", "1m", 1500)) == minutes


def test_statistics_are_those_of_the_minutes(hour: tuple[MarketData, list[Event]]) -> None:
    machine, events = hour
    inside = ticks(events, "BTC-USD")[:-1]
    found = views.statistics_24h(machine, "BTC-USD")
    assert found is not None
    assert (found.since_us, found.until_us) == (STARTS_AT_US, STARTS_AT_US + 60 * MINUTE_US)
    assert found.ticks_count == 3600
    assert found.volume_e8 == sum(tick.volume_e8 for tick in inside)
    assert found.high_price_e8 == max(tick.last_price_e8 for tick in inside)
    change = inside[-1].last_price_e8 / inside[0].last_price_e8 - 1
    assert found.change_e8 / E8 == pytest.approx(change, abs=1e-8)


def test_correlations_are_those_of_the_returns_of_minutes(
    hour: tuple[MarketData, list[Event]],
) -> None:
    machine, _ = hour
    found = views.correlations(machine)
    assert found.instruments == tuple(INSTRUMENTS)
    assert found.returns_count == 59

    def returns(symbol: str) -> list[float]:
        closes = [bar.close_price_e8 for bar in views.history(machine, symbol, "1m", 60)]
        return [closes[at + 1] / closes[at] - 1 for at in range(59)]

    expected = statistics.correlation(returns("BTC-USD"), returns("ETH-USD"))
    assert found.matrix_e8[0][1] / E8 == pytest.approx(expected, abs=1e-7)
    for at in range(len(INSTRUMENTS)):
        assert found.matrix_e8[at][at] == E8
        assert [row[at] for row in found.matrix_e8] == list(found.matrix_e8[at])


def test_a_restored_feed_shows_the_same(hour: tuple[MarketData, list[Event]]) -> None:
    machine, events = hour
    restored = MarketData(KEY, 1, STARTS_AT_US)
    for event in events:
        restored.restore(event)
    for symbol in INSTRUMENTS:
        assert views.current(restored, symbol) == views.current(machine, symbol)
        assert views.order_book(restored, symbol) == views.order_book(machine, symbol)
        assert views.statistics_24h(restored, symbol) == views.statistics_24h(machine, symbol)
    assert views.correlations(restored) == views.correlations(machine)


def test_questions_nobody_can_answer_are_refused() -> None:
    machine = feed(1)
    for ask in (views.current, views.order_book, views.statistics_24h):
        with pytest.raises(InvalidInputError, match="instrument 'DOGE-USD' found; BTC-USD,"):
            ask(machine, "DOGE-USD")
    with pytest.raises(InvalidInputError, match="interval '2m' found; 1m, 5m, 15m,"):
        views.history(machine, "BTC-USD", "2m", 1)
    for count in (0, 1501):
        with pytest.raises(InvalidInputError, match=f"count {count} found; 1 to 1500"):
            views.history(machine, "BTC-USD", "1m", count)
    with pytest.raises(InvalidInputError, match="minutes 5 found; 30 to 1499"):
        views.correlations(machine, 5)
