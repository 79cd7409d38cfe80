"""Each check at its limit and one unit beyond; and what holds of all orders that pass."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.words import Side
from ecosystem.trading.accounts import Accounts
from ecosystem.trading.contract import Place
from ecosystem.trading.exposure import Exposure
from ecosystem.trading.gate.gate import CHECKS, first_excess
from ecosystem.trading.gate.limits import DEFAULT_LIMITS, DEFAULT_TEXT, GateLimits, parse_limits
from ecosystem.trading.gate.window import RateWindow
from ecosystem.trading.gate.words import Excess, Ground, Proposal
from ecosystem.trading.market import Market
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.trading.facts import balance, fill
from tests.events import tick

ACCOUNT, VENUE, BTC = "firm-momentum", "exchange-okx", "BTC-USD"
PRICE_E8 = 60_000 * E8
LIMITS = GateLimits(
    positions_e8={"BTC": E8 // 2},
    notional_e8=30_000 * E8,
    concentration_e8=6 * E8 // 10,
    collar_e8=E8 // 50,
    rate_orders=5,
    rate_window_us=10 * SECOND_US,
)
LOOSE = msgspec.structs.replace(
    LIMITS, positions_e8={}, notional_e8=10**30, concentration_e8=E8, collar_e8=E8
)


def ground(*, usd_e8: int = 40_000 * E8, btc_e8: int = E8) -> Ground:
    market = Market()
    market.priced(tick(1, BTC, PRICE_E8))
    accounts = Accounts(market)
    for number, (asset, total_e8) in enumerate((("USD", usd_e8), ("BTC", btc_e8))):
        accounts.at(VENUE, ACCOUNT).learn(balance(number, ACCOUNT, asset, total_e8))
    return Ground(market, accounts, Exposure())


def proposal(
    quantity_e8: int, side: Side = "BUY", limit_e8: int | None = None, now_us: int = 0
) -> Proposal:
    wish = Place(
        venue=VENUE, instrument=BTC, side=side, quantity_e8=quantity_e8, limit_price_e8=limit_e8
    )
    return Proposal(wish=wish, account=ACCOUNT, now_us=now_us, sent=RateWindow(LIMITS.rate_orders))


def found(name: str, wanted: Proposal, where: Ground, limits: GateLimits = LIMITS) -> Excess | None:
    return CHECKS[name](wanted, where, limits)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_position_may_reach_its_limit_and_not_a_lot_more(side: Side) -> None:
    assert found("position", proposal(E8 // 2, side), ground()) is None
    excess = found("position", proposal(E8 // 2 + 10_000, side), ground())
    assert excess is not None
    assert (excess.measured_e8, excess.limit_e8, excess.unit) == (E8 // 2 + 10_000, E8 // 2, "BTC")


def test_what_is_on_order_counts_as_executed() -> None:
    where = ground()
    where.exposure.opened(ACCOUNT, BTC, "BUY", E8 // 4)
    assert found("position", proposal(E8 // 4), where) is None
    assert found("position", proposal(E8 // 4 + 10_000), where) is not None
    assert found("position", proposal(E8 // 2, "SELL"), where) is None


def test_a_position_beyond_its_limit_may_be_reduced() -> None:
    where = ground()
    where.exposure.filled(fill(1, ACCOUNT, BTC, "BUY", E8, PRICE_E8))
    assert found("position", proposal(E8 // 10, "SELL"), where) is None
    assert found("position", proposal(E8 // 10, "BUY"), where) is not None


def test_an_order_may_be_worth_its_limit_and_not_more() -> None:
    assert found("notional", proposal(E8 // 2, limit_e8=PRICE_E8), ground()) is None
    excess = found("notional", proposal(E8 // 2, limit_e8=PRICE_E8 + 2), ground())
    assert excess is not None
    assert excess.unit == "USD"


def test_an_account_must_not_become_nearly_all_one_asset() -> None:
    # What is worth 100 000 dollars may be bitcoin worth 60 000, and not more.
    almost = ground(usd_e8=40_006 * E8, btc_e8=E8 - 10_000)
    assert found("concentration", proposal(10_000), almost) is None
    excess = found("concentration", proposal(10_000), ground())
    assert excess is not None
    assert excess.measured_e8 > excess.limit_e8
    assert found("concentration", proposal(E8 // 2, "SELL"), ground()) is None


@pytest.mark.parametrize(
    ("side", "limit_e8", "kept"),
    [
        ("BUY", PRICE_E8 * 102 // 100, False),
        ("BUY", PRICE_E8 * 102 // 100 + 10**6, True),
        ("BUY", PRICE_E8 // 2, False),
        ("SELL", PRICE_E8 * 98 // 100, False),
        ("SELL", PRICE_E8 * 98 // 100 - 10**6, True),
        ("SELL", PRICE_E8 * 2, False),
        ("BUY", None, False),
    ],
)
def test_a_price_beyond_the_collar_is_kept(side: Side, limit_e8: int | None, kept: bool) -> None:
    excess = found("collar", proposal(E8 // 10, side, limit_e8), ground())
    assert (excess is not None) == kept


def test_a_market_order_into_a_torn_market_is_kept_and_so_is_one_without_a_market() -> None:
    where = ground()
    torn = msgspec.structs.replace(
        tick(2, BTC, PRICE_E8), bid_price_e8=57_000 * E8, ask_price_e8=63_000 * E8
    )
    where.market.priced(torn)
    assert found("collar", proposal(E8 // 10), where) is not None
    unpriced = Market()
    nowhere = Ground(unpriced, Accounts(unpriced), Exposure())
    assert found("collar", proposal(E8 // 10), nowhere) is not None


@given(times_us=st.lists(st.integers(0, 60 * SECOND_US), max_size=60).map(sorted))
def test_no_window_ever_holds_more_orders_than_the_limit(times_us: list[int]) -> None:
    where, window, sent = ground(), RateWindow(LIMITS.rate_orders), list[int]()
    for now_us in times_us:
        wanted = msgspec.structs.replace(proposal(10_000, now_us=now_us), sent=window)
        recent = [at for at in sent if now_us - at < LIMITS.rate_window_us]
        allowed = found("rate", wanted, where) is None
        assert allowed == (len(recent) < LIMITS.rate_orders)
        if allowed:
            sent.append(now_us)
            window.sent(now_us)


@given(
    wishes=st.lists(
        st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 8_000), st.booleans()),
        max_size=40,
    )
)
def test_orders_that_pass_never_take_a_position_past_its_limit(
    wishes: list[tuple[Side, int, bool]],
) -> None:
    where = ground(usd_e8=10**6 * E8, btc_e8=100 * E8)
    limits = msgspec.structs.replace(LOOSE, positions_e8={"BTC": E8 // 2})
    for number, (side, lots, executed) in enumerate(wishes):
        quantity_e8 = lots * 10_000
        if first_excess(proposal(quantity_e8, side), where, limits):
            continue
        if executed:
            where.exposure.filled(fill(number, ACCOUNT, BTC, side, quantity_e8, PRICE_E8))
        else:
            where.exposure.opened(ACCOUNT, BTC, side, quantity_e8)
        net_e8 = where.exposure.net_e8(ACCOUNT, "BTC")
        # Whatever of what is on order on one side is executed, the limit holds.
        assert net_e8 + where.exposure.open_e8(ACCOUNT, BTC, "BUY") <= E8 // 2
        assert net_e8 - where.exposure.open_e8(ACCOUNT, BTC, "SELL") >= -E8 // 2


def test_a_check_that_is_out_of_order_keeps_nothing() -> None:
    wanted = proposal(20 * E8)
    assert first_excess(wanted, ground(), LIMITS) is not None
    assert first_excess(wanted, ground(), LIMITS, tuple(CHECKS)) is None
    only = first_excess(wanted, ground(), LIMITS, set(CHECKS) - {"notional"})
    assert only is not None
    assert only.check == "notional"


def test_the_default_limits_are_what_their_text_says() -> None:
    gate = DEFAULT_LIMITS.gate
    assert gate.positions_e8 == {"BTC": E8 // 2, "ETH": 10 * E8, "USDT": 15_000 * E8}
    assert (gate.notional_e8, gate.rate_orders) == (25_000 * E8, 40)
    assert (gate.concentration_e8, gate.collar_e8) == (70_000_000, 2_000_000)
    assert gate.rate_window_us == 10 * SECOND_US
    assert DEFAULT_LIMITS.breaker.reduces
    assert DEFAULT_LIMITS.breaker.interval_us == 5 * SECOND_US


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("usd = 25_000", "usd = -1", "notional.usd -1"),
        ("share = 0.70", "share = 1.5", "concentration.share 1.5"),
        ("BTC = 0.5", "DOGE = 1", "position of DOGE"),
        ("orders = 40", "orders = 0", "rate.orders 0"),
        ("window_s = 10", "window = 10", "unknown field `window`"),
        ("deviation = 0.02", "deviation = 0.000000001", "eight decimals"),
        ("[rate]", "[rate", "line"),
        ("reduces = true", 'reduces = "maybe"', "bool"),
    ],
)
def test_a_mistake_in_the_limits_is_named(old: str, new: str, says: str) -> None:
    assert old in DEFAULT_TEXT
    with pytest.raises(InvalidInputError, match=says):
        parse_limits(DEFAULT_TEXT.replace(old, new), "limits.toml")
