"""Live sources through ccxt against a local server: what the feed says while they misbehave."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecosystem.errors import EcosystemError, InvalidInputError
from ecosystem.events.prices import PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.source import SourceState
from ecosystem.units import E8, SECOND_US
from producers.live.clock import wall_us
from producers.live.settings import LiveSettings
from producers.market_data.live_feed import feed_of
from producers.market_data.live_sources.board import QuoteBoard
from producers.market_data.live_sources.poller import Poller, ccxt_client, quote_of
from producers.market_data.live_sources.settings import LiveExchange, load_live_sources
from producers.market_data.live_sources.source import LiveSource
from tests.producers.market_data.live_sources.exchanges import (
    LocalExchange,
    LocalExchanges,
    Mood,
)

BOUND_S = 20.0
PLACES = {symbol: place for place, symbol in enumerate(INSTRUMENTS)}


class Feed:
    """A live feed on a wall clock that a test can move ahead."""

    def __init__(self, server: LocalExchanges, folder: Path) -> None:
        file = folder / "sources.yaml"
        lines = [
            f"  - {{name: {name}, exchange: {one.protocol}, weight: {weight},"
            f" url: '{server.url(name)}', instruments: {{BTC-USD: BTC/USD}}}}"
            for weight, (name, one) in enumerate(server.exchanges.items(), 1)
        ]
        file.write_text(
            "\n".join(["sources:", *lines, "every: 50ms", "timeout: 500ms", "stale: 2s"])
        )
        self.file = file
        self.passed_us = 0
        """How long ago the steps were that are asked for."""
        settings = load_live_sources(file)
        board = QuoteBoard()
        self.poller = Poller(settings, board)
        self.source = LiveSource(
            settings,
            board,
            ModelSource(1, SECOND_US),
            lambda step: wall_us() - self.passed_us,
            wall_us,
        )
        self.machine = MarketData(
            b"k" * 32, 1, wall_us(), source=self.source, state_of_source=self.source.state
        )
        self._looks = 0

    def state(self) -> SourceState:
        """Look at the sources anew, which a feed does once a step."""
        self._looks += 1
        return self.source.state(self._looks)

    def mid_e8(self, symbol: str = "BTC-USD") -> int | None:
        """Return the price of the last look."""
        price = self.source.prices(self._looks)[PLACES[symbol]]
        return None if price is None else price.mid_price_e8

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + BOUND_S
        while not condition():
            assert time.monotonic() < deadline, (self.state(), self.mid_e8())
            time.sleep(0.02)

    def until_state(self, state: str, reason: str = "") -> None:
        self.until(lambda: (found := self.state()).state == state and reason in found.reason)


@pytest.fixture
def server() -> Iterator[LocalExchanges]:
    with LocalExchanges(
        alpha=LocalExchange("kraken"),
        beta=LocalExchange("kraken", bid="60004.0", ask="60014.0"),
        gamma=LocalExchange("bitstamp", bid="60002", ask="60012"),
    ) as found:
        yield found


@pytest.fixture
def feed(server: LocalExchanges, tmp_path: Path) -> Iterator[Feed]:
    found = Feed(server, tmp_path)
    found.poller.start()
    yield found
    found.poller.stop()


def test_three_exchanges_that_agree_are_up_and_their_crosses_follow(feed: Feed) -> None:
    assert feed.state().state == "DOWN", "nobody has said anything yet"
    assert feed.mid_e8("BTC-USDT") is None, "and the model does not stand in for them"
    feed.until_state("UP", "all sources agree")
    # By weights 1, 2 and 3: (60005 + 2 * 60009 + 3 * 60007) / 6.
    assert feed.mid_e8() == 6_000_733_333_333
    tether_e8, cross_e8 = feed.mid_e8("USDT-USD"), feed.mid_e8("BTC-USDT")
    assert tether_e8 is not None
    assert cross_e8 is not None
    assert abs(cross_e8 * tether_e8 // E8 - 6_000_733_333_333) < 60_100


@pytest.mark.parametrize("mood", ["dead", "garbage", "slow", "empty"])
def test_a_source_that_fails_is_missed_and_the_others_go_on(
    feed: Feed, server: LocalExchanges, mood: Mood
) -> None:
    feed.until_state("UP")
    server.exchanges["beta"].mood = mood
    feed.until_state("DEGRADED", "beta is stale")
    assert feed.mid_e8() == 6_000_650_000_000, "the mean of alpha and, three times, gamma"


def test_a_liar_is_dropped_and_named(feed: Feed, server: LocalExchanges) -> None:
    feed.until_state("UP")
    server.exchanges["gamma"].bid, server.exchanges["gamma"].ask = "66000", "66010"
    feed.until_state("DEGRADED", "gamma differs")
    assert feed.mid_e8() == 6_000_766_666_666, "the mean of alpha and, twice, beta"


def test_a_source_that_repeats_old_times_is_stale_though_it_answers(
    feed: Feed, server: LocalExchanges
) -> None:
    feed.until_state("UP")
    server.exchanges["gamma"].age_s = 60
    feed.until_state("DEGRADED", "gamma is stale")


def test_a_crossed_book_makes_no_sense(feed: Feed, server: LocalExchanges) -> None:
    server.exchanges["beta"].bid = "60020.0"
    feed.until_state("DEGRADED", "beta makes no sense")


def test_without_consensus_there_is_no_tick_and_the_feed_says_it_is_down(
    feed: Feed, server: LocalExchanges
) -> None:
    feed.until_state("UP")
    first = feed.machine.wake(feed.machine.due_us())
    assert [type(event) for event in first[:1]] == [VenueStatusChanged]
    prices = [event for event in first if isinstance(event, PriceTicked)]
    assert "BTC-USD" in {tick.instrument for tick in prices}
    for name in ("alpha", "beta"):
        server.exchanges[name].mood = "error"
    feed.until_state("DOWN", "no consensus on BTC-USD: alpha is stale, beta is stale")
    second = feed.machine.wake(feed.machine.due_us())
    states = [event for event in second if isinstance(event, VenueStatusChanged)]
    assert [state.state for state in states] == ["DOWN"]
    ticked = {event.instrument for event in second if isinstance(event, PriceTicked)}
    assert "BTC-USD" not in ticked
    assert "ETH-USD" in ticked, "which no source knows, and the model goes on with"


def test_when_a_dead_source_comes_back_it_counts_again(feed: Feed, server: LocalExchanges) -> None:
    server.exchanges["alpha"].mood = "error"
    feed.until_state("DEGRADED", "alpha is silent")
    server.exchanges["alpha"].mood = "well"
    feed.until_state("UP")


def test_steps_that_have_passed_were_not_seen(feed: Feed) -> None:
    feed.until_state("UP")
    feed.passed_us = 60 * SECOND_US
    assert feed.state() == SourceState("DOWN", "the feed was away")
    assert feed.mid_e8() is None


def test_the_settings_turn_the_live_feed_on(server: LocalExchanges, tmp_path: Path) -> None:
    feed = Feed(server, tmp_path)  # its poller is never started
    settings = LiveSettings(
        bootstrap_servers="x:1",
        secrets_dir=tmp_path,
        clock_epoch_us=wall_us(),
        market_data_source="ccxt",
        market_data_file=feed.file,
    )
    live = feed_of(settings)
    try:
        assert live.state is not None
        assert live.source is not None
        deadline = time.monotonic() + BOUND_S
        step = 0
        while live.state(step).state != "UP":
            assert time.monotonic() < deadline, live.state(step)
            time.sleep(0.02)
            step = (wall_us() - settings.clock_epoch_us) // SECOND_US
        price = live.source.prices(step)[PLACES["BTC-USD"]]
        assert price is not None
        assert price.mid_price_e8 == 6_000_733_333_333
    finally:
        live.close()
    with pytest.raises(InvalidInputError, match="TSE_CLOCK_SCALE 60 with live sources; 1"):
        feed_of(settings.model_copy(update={"clock_scale": 60.0}))


def test_a_ticker_without_numbers_is_no_quote() -> None:
    assert quote_of("a", {"bid": None, "ask": 1}, 0) is None
    assert quote_of("a", {"bid": 1, "ask": "x"}, 0) is None
    found = quote_of("a", {"bid": 1, "ask": 2, "timestamp": 5}, 9)
    assert found is not None
    assert (found.seen_at_us, found.last_price_e8) == (5_000, None)


def test_an_exchange_that_ccxt_does_not_know_is_refused() -> None:
    unknown = LiveExchange(name="x", exchange="mtgox", weight=1, markets={})
    with pytest.raises(InvalidInputError, match="'mtgox': a name that ccxt knows"):
        ccxt_client(unknown, SECOND_US)


def test_every_mistake_of_a_file_of_sources_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(
        "sources:\n"
        "  - {name: a, exchange: kraken, instruments: {BTC-EUR: BTC/EUR}}\n"
        "  - {name: kraken, weight: 0, url: here, instruments: {BTC-USD: BTC/USD}}\n"
        "stale: 30\n"
    )
    with pytest.raises(EcosystemError) as raised:
        load_live_sources(file)
    for part in (
        ":2: unknown instrument 'BTC-EUR'",
        ":2: sources[1].name: 'a' found; a name of 2",
        ":3: sources[2]: exchange is missing",
        ":3: sources[2].weight: 0 found",
        ":3: sources[2].url: 'here' found",
        ":4: live sources.stale: '30' found",
    ):
        assert part in str(raised.value)
    file.write_text(
        "sources: [{name: kraken, exchange: kraken, instruments: {BTC-USD: BTC/USD}}]\n"
    )
    with pytest.raises(InvalidInputError, match=r"BTC-USD: sources_min 2; 1 to 1, the sources"):
        load_live_sources(file)
