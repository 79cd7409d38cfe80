"""What each misbehaving strategy is known by."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.prices import PriceTicked
from ecosystem.trading.contract import Alert, Place, Strategy
from ecosystem.trading.misbehaving.correlation_breaker import CorrelationBreaker
from ecosystem.trading.misbehaving.faults import READERS
from ecosystem.trading.misbehaving.risk_ignorant import RiskIgnorant
from ecosystem.trading.misbehaving.runaway import Runaway
from ecosystem.trading.misbehaving.slow_leak import SlowLeak
from ecosystem.trading.misbehaving.volatility_amplifier import VolatilityAmplifier
from ecosystem.units import E8, MINUTE_US, SECOND_US
from tests.ecosystem.trading.facts import opened, raised, scheduled
from tests.ecosystem.trading.fake_view import FakeView
from tests.events import tick

VENUE = "exchange-okx"
START_US = tick(0).event_time_us


def orders(strategy: Strategy, view: FakeView, number: int, usd: int, symbol: str) -> list[Place]:
    """Return what a strategy orders at a price, in the second `number`."""
    price: PriceTicked = tick(number, symbol, usd * E8)
    view.ticks[symbol] = price
    view.now_us = price.event_time_us
    if symbol in strategy.instruments:
        strategy.on_price(price)
        return [wish for wish in strategy.decide(price, view) if isinstance(wish, Place)]
    return []


def test_a_runaway_sends_a_hundred_market_orders_with_every_tick() -> None:
    fault = READERS["runaway"](
        scheduled("runaway", '{"account": "firm-momentum"}', START_US, START_US + MINUTE_US)
    )
    assert fault.strategy is not None
    runaway, view = fault.strategy(), FakeView()
    for number in range(3):
        sent = orders(runaway, view, number, 60_000, "BTC-USD")
        assert len(sent) == 100
        assert {one.order_type for one in sent} == {"MARKET"}
        assert [one.side for one in sent[:4]] == ["BUY", "SELL", "BUY", "SELL"]
        assert {one.quantity_e8 for one in sent} == {1_660_000}


@pytest.mark.parametrize(("word", "sides"), [("buy", {"BUY"}), ("sell", {"SELL"})])
def test_a_runaway_may_know_one_direction_only(word: str, sides: set[str]) -> None:
    runaway = Runaway(VENUE, ("BTC-USD",), 100 * E8, 5, word)
    assert {one.side for one in orders(runaway, FakeView(), 1, 60_000, "BTC-USD")} == sides


def test_the_risk_ignorant_buys_twice_as_much_after_each_breach() -> None:
    ignorant, view = RiskIgnorant(VENUE, ("BTC-USD",), 600 * E8, START_US), FakeView()
    (first,) = orders(ignorant, view, 1, 60_000, "BTC-USD")
    assert (first.side, first.quantity_e8) == ("BUY", E8 // 100)
    view.last_us["BTC-USD"] = view.now_us
    assert orders(ignorant, view, 2, 60_000, "BTC-USD") == []
    sizes = []
    breaches: tuple[Alert, ...] = (raised(START_US + 9), opened(START_US + 10))
    for number, breach in enumerate(breaches):
        ignorant.on_alert(breach)
        (wish,) = ignorant.decide(breach, view)
        assert isinstance(wish, Place)
        sizes.append(wish.quantity_e8)
        assert wish.quantity_e8 == first.quantity_e8 << (number + 1)
    assert sizes == [E8 // 50, E8 // 25]


def test_breaches_before_its_time_are_none_of_its_business() -> None:
    ignorant, view = RiskIgnorant(VENUE, ("BTC-USD",), 600 * E8, START_US), FakeView()
    ignorant.on_alert(raised(START_US - 1))
    (first,) = orders(ignorant, view, 1, 60_000, "BTC-USD")
    assert first.quantity_e8 == E8 // 100


@pytest.mark.parametrize(
    ("usd", "side"), [(60_600, None), (60_601, "BUY"), (59_400, None), (59_399, "SELL")]
)
def test_the_volatility_amplifier_chases_more_than_one_per_cent_at_twice_the_size(
    usd: int, side: str | None
) -> None:
    amplifier = VolatilityAmplifier(VENUE, ("BTC-USD",), 600 * E8, E8 // 100, 5 * MINUTE_US)
    view = FakeView()
    assert orders(amplifier, view, 0, 60_000, "BTC-USD") == []
    sent = orders(amplifier, view, 1, usd, "BTC-USD")
    assert [one.side for one in sent] == ([side] if side else [])
    for one in sent:
        assert one.quantity_e8 == 1_200 * E8 * E8 // (usd * E8) // 10_000 * 10_000


def test_a_move_that_takes_longer_than_the_window_is_not_chased() -> None:
    amplifier = VolatilityAmplifier(VENUE, ("BTC-USD",), 600 * E8, E8 // 100, 60 * SECOND_US)
    view = FakeView()
    assert orders(amplifier, view, 0, 60_000, "BTC-USD") == []
    assert orders(amplifier, view, 61, 60_500, "BTC-USD") == []
    assert orders(amplifier, view, 100, 61_000, "BTC-USD") == []
    assert orders(amplifier, view, 101, 61_200, "BTC-USD") != []


def test_the_correlation_breaker_sells_ether_when_bitcoin_has_risen_two_per_cent() -> None:
    breaker = CorrelationBreaker(VENUE, 300 * E8, E8 // 50, 60 * MINUTE_US)
    view = FakeView()
    view.ticks["ETH-USD"] = tick(0, "ETH-USD", 3_000 * E8)
    assert orders(breaker, view, 0, 60_000, "BTC-USD") == []
    assert orders(breaker, view, 1, 61_200, "BTC-USD") == []
    (sale,) = orders(breaker, view, 2, 61_201, "BTC-USD")
    assert (sale.instrument, sale.side, sale.quantity_e8) == ("ETH-USD", "SELL", E8 // 10)
    assert orders(breaker, view, 3, 58_000, "BTC-USD") == [], "a fall is nothing to it"


@given(trades=st.integers(0, 2_000))
def test_the_chance_of_a_leak_grows_by_a_thousandth_a_trade_up_to_a_half(trades: int) -> None:
    leak = SlowLeak(1, "leak", E8 // 1000)
    for _ in range(trades):
        leak.traded()
    assert leak.chance_e8 == min(trades * E8 // 1000, E8 // 2)


def test_a_leak_bends_as_often_as_its_chance_says_and_never_at_first() -> None:
    leak = SlowLeak(1, "leak", E8 // 1000)
    assert not any(leak.bends(number) for number in range(10_000))
    for _ in range(300):
        leak.traded()
    bent = sum(leak.bends(number) for number in range(10_000))
    assert 2_800 < bent < 3_200, "0.3, within five standard deviations"
    wish = Place(
        venue=VENUE,
        instrument="BTC-USD",
        side="BUY",
        quantity_e8=5,
        order_type="LIMIT",
        limit_price_e8=7,
        post_only=True,
    )
    opposite = leak.bent(wish)
    assert (opposite.side, opposite.quantity_e8, opposite.order_type) == ("SELL", 5, "MARKET")
    assert (opposite.limit_price_e8, opposite.post_only) == (None, False)


@pytest.mark.parametrize(
    ("kind", "parameters", "says"),
    [
        ("runaway", {"rate": 101}, "rate 101 found; 1 to 100"),
        ("runaway", {"notional_e8": 10**14}, "notional_e8"),
        ("runaway", {"side": "up"}, "side 'up' found; both, buy, sell"),
        ("runaway", {"bypass": ["gravity"]}, "bypass 'gravity' found"),
        ("runaway", {"venue": "exchange-binance"}, "venue of firm-momentum"),
        ("risk-ignorant", {"instruments": ["DOGE-USD"]}, "instruments 'DOGE-USD'"),
        ("volatility-amplifier", {"move_e8": 0}, "move_e8 0 found"),
        ("correlation-breaker", {"window_us": 1}, "window_us 1 found"),
        ("slow-leak", {"growth_e8": E8}, "growth_e8"),
        ("slow-leak", {"venue": VENUE}, "venue"),
    ],
)
def test_parameters_outside_their_bounds_are_refused(
    kind: str, parameters: dict[str, object], says: str
) -> None:
    text = msgspec.json.encode({"account": "firm-momentum", **parameters}).decode()
    with pytest.raises(InvalidInputError, match=says):
        READERS[kind](scheduled(kind, text, START_US, START_US + MINUTE_US))


def test_no_runaway_lasts_longer_than_an_hour() -> None:
    late = scheduled("runaway", '{"account": "firm-momentum"}', START_US, START_US + 61 * MINUTE_US)
    with pytest.raises(InvalidInputError, match="duration_us"):
        READERS["runaway"](late)
