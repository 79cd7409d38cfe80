"""Ten levels in every book, a large order that moves the market, and books that are published."""

from collections.abc import Mapping
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.flow_views import order_book, recent_trades, volume_24h_e8
from ecosystem.exchange.liquidity.levels import Levels, levels_of
from ecosystem.exchange.liquidity.noise import Noise
from ecosystem.exchange.liquidity.sizes import LEVELS
from ecosystem.exchange.machine import Exchange
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8, MINUTE_US, SECOND_US
from ecosystem.venues import VENUES
from tests.ecosystem.exchange.venue import ALICE, BOB, STARTS_AT_US, Venue
from tests.events import tick

RICH_E8 = dict.fromkeys(("BTC", "ETH", "USD", "USDT"), 10**17)
ACCOUNTS: Mapping[str, Mapping[str, int]] = {ALICE: RICH_E8, BOB: RICH_E8}
QUOTES = {
    symbol: (
        one.reference_price_e8 - one.tick_size_e8,
        one.reference_price_e8 + one.tick_size_e8,
    )
    for symbol, one in INSTRUMENTS.items()
}


def publishing(name: str = "exchange-okx") -> Exchange:
    """Return an exchange that publishes its books, and has not opened yet."""
    return Exchange(
        run_key=bytes(32),
        seed=7,
        starts_at_us=STARTS_AT_US,
        terms=VENUES[name],
        opening_balances_e8=ACCOUNTS,
    )


class Market:
    """An exchange with a feed that ticks every second, on a clock that wakes it when it is due."""

    def __init__(self, exchange: Exchange | None = None, *, moves_e8: int = 0) -> None:
        self.venue = Venue(exchange or publishing())
        self.moves_e8 = moves_e8
        self.second = 0
        self.ticks: dict[str, PriceTicked] = {}
        self.past: list[PriceTicked] = []

    @property
    def exchange(self) -> Exchange:
        return self.venue.exchange

    def wake(self, until_us: int) -> None:
        """Wake the exchange whenever it is due, up to and including a time."""
        while (due_us := self.exchange.due_us()) is not None and due_us <= until_us:
            self.venue.now_us = max(self.venue.now_us, due_us)
            self.venue.facts += self.exchange.wake(due_us)

    def next_second(self) -> list[Event]:
        """Let the feed tick in every instrument, and return what followed."""
        before = len(self.venue.facts)
        self.second += 1
        now_us = STARTS_AT_US + self.second * SECOND_US
        self.wake(now_us - 1)
        self.venue.now_us = now_us
        for place, symbol in enumerate(INSTRUMENTS):
            bid_e8, ask_e8 = QUOTES[symbol]
            event = msgspec.structs.replace(
                tick(self.second),
                event_time_us=now_us,
                event_id=(1_000 * self.second + place).to_bytes(16, "little"),
                feed="market-data",
                instrument=symbol,
                feed_sequence=self.second,
                bid_price_e8=bid_e8 + self.moves_e8 * self.second,
                ask_price_e8=ask_e8 + self.moves_e8 * self.second,
            )
            self.ticks[symbol] = event
            self.past.append(event)
            self.venue.deliver(event)
        self.wake(now_us)
        return self.venue.facts[before:]

    def levels(self, symbol: str = "BTC-USD") -> Levels:
        """Return what is seen of a book."""
        return levels_of(self.exchange.state, symbol, LEVELS)


def hold(symbol: str, levels: Levels) -> None:
    """Hold a book to ten levels a side, in order, on the grid, and not crossed."""
    instrument = INSTRUMENTS[symbol]
    assert len(levels.bids) >= LEVELS
    assert len(levels.asks) >= LEVELS
    prices = [price_e8 for price_e8, _ in [*reversed(levels.bids), *levels.asks]]
    assert all(one < next_ for one, next_ in pairwise(prices))
    for price_e8, quantity_e8 in [*levels.bids, *levels.asks]:
        assert price_e8 > 0
        assert price_e8 % instrument.tick_size_e8 == 0
        assert quantity_e8 >= instrument.lot_size_e8


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_every_book_of_every_venue_has_ten_levels_a_side(name: str, symbol: str) -> None:
    market = Market(publishing(name))
    market.next_second()
    hold(symbol, market.levels(symbol))


def test_a_venue_quotes_as_deep_and_as_wide_as_its_terms_say() -> None:
    books: dict[str, list[Levels]] = {}
    for name in VENUES:
        market = Market(publishing(name))
        for _ in range(50):
            market.next_second()
            books.setdefault(name, []).append(market.levels("ETH-USD"))
    okx, binance = books.values()
    depths = [sum(one.depth_e8 for one in found) for found in (okx, binance)]
    assert 1.9 < depths[1] / depths[0] < 2.1
    # A spread of two ticks, one and a half times as wide, rounded outwards on both sides.
    assert (okx[0].spread_e8, binance[0].spread_e8) == (2_000_000, 4_000_000)


@pytest.mark.parametrize(("side", "sign"), [("BUY", 1), ("SELL", -1)])
def test_a_runaway_moves_the_book_while_it_runs_and_liquidity_survives(
    side: str, sign: int
) -> None:
    market, quiet = Market(), Market()
    moves_bps = []
    for second in range(180):
        market.next_second()
        quiet.next_second()
        hold("BTC-USD", market.levels())
        now, base = (one.exchange.state.house.middle_price_e8("BTC-USD") for one in (market, quiet))
        assert now is not None
        assert base is not None
        moves_bps.append((now - base) * 10_000 / base)
        for _ in range(100 if second < 120 else 0):
            order = market.venue.order("BUY" if side == "BUY" else "SELL", "0.05")
            facts = market.venue.deliver(order)
            assert any(isinstance(fact, OrderFilled) for fact in facts)
        hold("BTC-USD", market.levels())
    # 5 BTC a second, remembered with a half-life of 30 s: 62 basis points after two minutes.
    assert moves_bps[0] == 0
    assert 50 < sign * moves_bps[60] < 62
    assert 58 < sign * moves_bps[120] < 65
    assert 20 < sign * moves_bps[179] < 35
    for _ in range(480):
        market.next_second()
        quiet.next_second()
    # Nine minutes after it stopped, the book stands where it would stand, but for two ticks.
    moved_e8 = market.levels().bids[0][0] - quiet.levels().bids[0][0]
    assert abs(moved_e8) <= 2 * INSTRUMENTS["BTC-USD"].tick_size_e8
    assert market.levels("ETH-USD") == quiet.levels("ETH-USD")


def test_an_order_larger_than_ten_levels_is_filled_by_what_is_seen_and_no_more() -> None:
    market = Market()
    market.next_second()
    _, asks = market.levels()
    facts = market.venue.deliver(market.venue.order("BUY", "100"))
    filled = [(fact.price_e8, fact.quantity_e8) for fact in facts if isinstance(fact, OrderFilled)]
    assert filled == asks
    deeper = market.levels().asks
    assert deeper[0][0] > asks[-1][0]
    hold("BTC-USD", market.levels())


def test_a_noise_trader_meets_an_order_that_stands_before_the_house() -> None:
    market = Market()
    market.next_second()
    bid, _ = QUOTES["BTC-USD"]
    market.venue.deliver(market.venue.order("BUY", "1", "59999.99"))
    fills = [
        fact for _ in range(40) for fact in market.next_second() if isinstance(fact, OrderFilled)
    ]
    assert len(fills) > 5
    assert {(fact.liquidity, fact.price_e8) for fact in fills} == {("MAKER", bid)}
    assert {fact.account for fact in fills} == {ALICE}
    assert market.exchange.state.house.middle_price_e8("BTC-USD") == 60_000 * E8


def test_books_are_published_one_after_the_other_every_five_seconds() -> None:
    market = Market()
    for _ in range(31):
        market.next_second()
    books = [fact for fact in market.venue.facts if isinstance(fact, BookQuoted)]
    assert {book.instrument for book in books} == set(INSTRUMENTS)
    assert all(book.is_root for book in books)
    for symbol in INSTRUMENTS:
        own = [book for book in books if book.instrument == symbol]
        # In the first second no price was known.
        assert len(own) in (5, 6)
        assert {after.book_sequence - before.book_sequence for before, after in pairwise(own)} == {
            1
        }
        for before, after in pairwise(own):
            passed_us = after.event_time_us - before.event_time_us
            assert abs(passed_us - 5 * SECOND_US) < 1_000
        for book in own:
            bids = list(zip(book.bid_prices_e8, book.bid_quantities_e8, strict=True))
            asks = list(zip(book.ask_prices_e8, book.ask_quantities_e8, strict=True))
            hold(symbol, Levels(bids, asks))
            assert book.last_price_e8 in QUOTES[symbol]
            assert book.volume_e8 >= 5 * INSTRUMENTS[symbol].lot_size_e8


def test_a_published_book_has_the_orders_of_accounts_in_it() -> None:
    market = Market()
    market.next_second()
    _, before = levels_of(market.exchange.state, "BTC-USD", 3)
    market.venue.deliver(market.venue.order("SELL", "7", "60000.02", BOB))
    market.venue.deliver(market.venue.order("SELL", "5", "60000.02", ALICE))
    _, after = levels_of(market.exchange.state, "BTC-USD", 3)
    assert after == [before[0], (6_000_002 * E8 // 100, 12 * E8), before[1]]
    market.venue.deliver(market.venue.order("BUY", "2", "60000", BOB))
    assert market.levels().bids[0] == (60_000 * E8, 2 * E8)


def test_a_book_of_accounts_alone_is_seen_when_the_house_is_silent() -> None:
    market = Market()
    market.next_second()
    market.venue.deliver(market.venue.order("BUY", "2", "59000", BOB))
    crossed = msgspec.structs.replace(
        market.ticks["BTC-USD"],
        event_time_us=market.venue.now_us + SECOND_US,
        bid_price_e8=61_000 * E8,
    )
    market.venue.deliver(crossed)
    assert market.levels() == Levels([(59_000 * E8, 2 * E8)], [])


@settings(max_examples=15, deadline=None)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 4_000),
            st.one_of(st.none(), st.integers(-30, 30)),
        ),
        max_size=25,
    ),
    moves=st.integers(-200, 200),
    kept=st.integers(0, 60),
)
def test_books_hold_and_a_restart_at_any_time_changes_nothing(
    acts: list[tuple[str, int, int | None]], moves: int, kept: int
) -> None:
    market = Market(moves_e8=moves * 1_000_000)
    for number, (side, lots, cents) in enumerate(acts):
        if number % 3 == 0:
            market.next_second()
        price = None if cents is None else f"{60_000 + cents / 100:.2f}"
        order = market.venue.order(
            "BUY" if side == "BUY" else "SELL",
            f"{lots / 1_000:.3f}",
            price,
            ALICE if number % 2 else BOB,
        )
        market.venue.deliver(order)
        if market.ticks:
            hold("BTC-USD", market.levels())
        if number == kept % (len(acts) or 1):
            market.venue.exchange = restored(market)
    for _ in range(6):
        market.next_second()
        hold("BTC-USD", market.levels())


def test_a_restored_venue_goes_on_as_if_it_had_never_stopped() -> None:
    one = Market()
    for second in range(20):
        one.next_second()
        one.venue.deliver(one.venue.order("BUY", f"{1 + second}.5"))
        one.venue.deliver(one.venue.order("SELL", "0.3", "60010"))
    other = restored(one)
    assert other.due_us() == one.exchange.due_us()
    for symbol in INSTRUMENTS:
        assert levels_of(other.state, symbol, 20) == levels_of(one.exchange.state, symbol, 20)
    followed = len(one.venue.facts)
    again = Market(one.exchange)
    again.venue, again.second = one.venue, one.second
    twin = Market(other)
    twin.venue.now_us, twin.second = one.venue.now_us, one.second
    twin.venue.facts = []
    for _ in range(20):
        again.next_second()
        twin.next_second()
    assert twin.venue.facts == one.venue.facts[followed:]
    assert sum(isinstance(fact, BookQuoted) for fact in twin.venue.facts) >= 20


def restored(market: Market) -> Exchange:
    """Return a new exchange restored from the facts of another and the last ticks."""
    exchange = publishing()
    for fact in market.venue.facts:
        exchange.restore(fact)
    for event in market.ticks.values():
        exchange.restore(event)
    return exchange


def test_the_views_show_the_book_the_last_trades_and_the_volume_of_a_day() -> None:
    market = Market()
    for _ in range(12):
        market.next_second()
    facts = market.venue.deliver(market.venue.order("BUY", "0.4"))
    (fill,) = [fact for fact in facts if isinstance(fact, OrderFilled)]
    state = market.exchange.state
    book = order_book(state, "BTC-USD", 5)
    assert [(one.price_e8, one.quantity_e8) for one in book.asks] == market.levels().asks[:5]
    assert [(one.price_e8, one.quantity_e8) for one in book.bids] == market.levels().bids[:5]
    assert book.last_price_e8 == fill.price_e8
    assert (book.venue, book.instrument) == ("exchange-okx", "BTC-USD")
    trades = recent_trades(state, "BTC-USD", 5)
    assert len(trades) == 5
    assert trades[0].trade_id == fill.trade_id
    assert (trades[0].side, trades[0].quantity_e8) == ("BUY", E8 * 4 // 10)
    assert all(one.event_time_us > next_.event_time_us for one, next_ in pairwise(trades))
    for _ in range(10):
        market.next_second()
    published = [
        fact.volume_e8
        for fact in market.venue.facts
        if isinstance(fact, BookQuoted) and fact.instrument == "BTC-USD"
    ]
    assert volume_24h_e8(state, "BTC-USD") == sum(published)
    assert sum(published) > 4 * E8 // 10
    assert volume_24h_e8(state, "ETH-BTC") < volume_24h_e8(state, "ETH-USD") * 2


def test_the_memory_of_trades_has_a_bound() -> None:
    market = Market()
    market.next_second()
    for _ in range(500):
        market.venue.deliver(market.venue.order("BUY", "0.001"))
    assert len(recent_trades(market.exchange.state, "BTC-USD", 10_000)) <= 400
    market.venue.now_us += 30 * MINUTE_US
    assert recent_trades(market.exchange.state, "BTC-USD", 0) == ()


@given(st.integers(0, 3), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=12))
def test_noise_trades_are_the_same_whoever_asks_for_which_first(
    seed: int, spans: list[tuple[int, int]]
) -> None:
    def noise() -> Noise:
        return Noise(seed, "exchange-okx", INSTRUMENTS["ETH-USD"], E8)

    asked = noise()
    for first, count in spans:
        alone = [noise().trade(second) for second in range(first + 1, first + count + 1)]
        until_us = (first + count) * SECOND_US
        assert asked.buys(first) == noise().trade(first).buys
        assert asked.volume_e8(first * SECOND_US, until_us) == sum(one.quantity_e8 for one in alone)
        assert [asked.trade(first + 1 + at) for at in range(count)] == alone
