"""What trading a perpetual does, by hand: 0.05 % to take, 0.02 % to make, 10 % to open."""

import msgspec
import pytest

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.orders import OrderRejected
from ecosystem.exchange.margin.views import balances
from ecosystem.units import E8, parse_e8
from tests.ecosystem.exchange.margin.perps import FUT, MAR, OTHER, PERP, SPOT, PerpVenue, own
from tests.ecosystem.exchange.venue import kinds


def test_opening_locks_margin_and_costs_the_fee() -> None:
    venue = PerpVenue()
    facts = venue.trade("BUY", "0.1")
    assert kinds(facts) == [
        "OrderAccepted",
        "OrderFilled",
        "PositionChanged",
        "BalanceChanged TRADE",
        "BalanceChanged MARGIN",
    ]
    changed = facts[2]
    assert isinstance(changed, PositionChanged)
    assert (changed.reason, changed.quantity_e8, changed.quantity_change_e8) == (
        "TRADE",
        E8 // 10,
        E8 // 10,
    )
    # 0.1 at 60 000.5, to take: 3.000025 of fee and 600.005 of margin.
    assert (changed.entry_price_e8, changed.realised_pnl_e8, changed.margin_e8) == (
        parse_e8("60000.5"),
        0,
        parse_e8("600.005"),
    )
    assert changed.reference_id == facts[0].order_id  # type: ignore[attr-defined] # accepted
    assert venue.held(FUT, "USD") == (parse_e8("9396.994975"), parse_e8("600.005"))
    (usd,) = balances(venue.exchange.state, FUT)
    assert (usd.total_e8, usd.margin_e8) == (parse_e8("9996.999975"), parse_e8("600.005"))


def test_closing_realises_profit_and_frees_all_margin() -> None:
    venue = PerpVenue()
    venue.bought("0.1", "60000.5")
    venue.quote(61_000)
    view = venue.position()
    assert view is not None
    assert (view.mark_price_e8, view.unrealised_pnl_e8) == (61_000 * E8, parse_e8("99.95"))
    venue.rest("BUY", "0.1", "60999.5")
    facts = own(venue.trade("SELL", "0.1"))
    assert kinds(facts)[2:] == [
        "PositionChanged",
        "BalanceChanged MARGIN",
        "BalanceChanged TRADE",
    ]
    changed = facts[2]
    assert isinstance(changed, PositionChanged)
    assert changed.realised_pnl_e8 == parse_e8("99.9")
    assert (changed.quantity_e8, changed.margin_e8, changed.position_sequence) == (0, 0, 1)
    # Both fees: 3.000025 and 3.049975.
    assert venue.held(FUT, "USD") == (parse_e8("10093.85"), 0)
    assert venue.position() is None


def test_two_accounts_are_each_others_counterparty_and_the_house_stays_out() -> None:
    venue = PerpVenue()
    venue.trade("SELL", "0.1", "60000", OTHER)
    venue.trade("BUY", "0.1", "60000", FUT)
    perpetuals = venue.exchange.state.perpetuals
    assert perpetuals.quantity_e8(FUT, PERP) == E8 // 10
    assert perpetuals.quantity_e8(OTHER, PERP) == -E8 // 10
    assert perpetuals.house_positions[PERP].quantity_e8 == 0
    assert perpetuals.clearing_e8 == 0
    venue.quote(61_000)
    venue.trade("SELL", "0.1")
    assert perpetuals.house_positions[PERP].quantity_e8 == E8 // 10
    # The profit that was paid out is what the open positions will have to bring in.
    assert perpetuals.clearing_e8 == -parse_e8("99.95")


def test_open_orders_lock_margin_with_the_fee_and_free_it_when_cancelled() -> None:
    venue = PerpVenue()
    order = venue.wish("BUY", "0.1", "59000")
    assert kinds(venue.deliver(order)) == ["OrderAccepted", "BalanceChanged MARGIN"]
    assert venue.held(FUT, "USD")[1] == parse_e8("592.95")
    facts = venue.cancel(order.order_id, FUT, PERP)
    assert kinds(facts) == ["OrderCancelled", "BalanceChanged MARGIN"]
    assert venue.held(FUT, "USD") == (10_000 * E8, 0)


def test_an_order_that_only_closes_locks_nothing_and_needs_nothing() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "1.6")
    assert venue.held(FUT, "USD")[0] < 400 * E8
    assert kinds(venue.trade("SELL", "1.6", "61000")) == ["OrderAccepted"]
    (refused,) = venue.trade("BUY", "0.1", "59000")
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "INSUFFICIENT_MARGIN"


def test_more_than_ten_to_one_is_refused_and_changes_nothing() -> None:
    venue = PerpVenue()
    (refused,) = venue.trade("BUY", "1.7")
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "INSUFFICIENT_MARGIN"
    assert "free: 10000.00000000" in refused.detail
    assert venue.held(FUT, "USD") == (10_000 * E8, 0)
    assert venue.exchange.state.orders == {}


def test_a_price_far_from_the_mark_must_be_paid_for_at_once() -> None:
    venue = PerpVenue()
    # Rests far above the index: nobody sells there yet, but whoever does wins 6 000 at once.
    venue.tick("65999.5", "66000.5", PERP)
    (refused,) = venue.trade("BUY", "1", "65000")
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "INSUFFICIENT_MARGIN"
    assert kinds(venue.trade("BUY", "1", "59000"))[0] == "OrderAccepted"


def test_unrealised_losses_are_not_free_and_gains_not_yet() -> None:
    venue = PerpVenue()
    venue.bought("1", "60000.5")
    venue.quote(58_000)
    (refused,) = venue.trade("BUY", "0.4")
    assert isinstance(refused, OrderRejected)
    assert "free: 1969.4" in refused.detail
    venue.quote(90_000)
    (refused,) = venue.trade("BUY", "0.5")
    assert isinstance(refused, OrderRejected)
    assert "free: 3969.9" in refused.detail


@pytest.mark.parametrize(
    ("account", "instrument", "detail"),
    [
        (SPOT, PERP, "account firm-spot is SPOT and may trade SPOT"),
        (FUT, "BTC-USD", "account firm-futures is FUTURES and may trade PERPETUAL"),
        ("firm", PERP, "account firm is SPOT"),
    ],
)
def test_each_kind_of_account_trades_its_own(account: str, instrument: str, detail: str) -> None:
    venue = PerpVenue()
    (refused,) = venue.deliver(venue.order("BUY", "0.01", "59000", account, instrument=instrument))
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "NOT_SUPPORTED"
    assert detail in refused.detail


def test_a_margin_account_trades_both_on_one_collateral() -> None:
    venue = PerpVenue()
    venue.deliver(venue.order("BUY", "0.3", "59000", MAR))
    assert venue.held(MAR, "USD")[1] == parse_e8("17708.85")
    (refused,) = venue.trade("BUY", "0.5", None, MAR)
    assert isinstance(refused, OrderRejected)
    assert kinds(venue.trade("BUY", "0.3", None, MAR))[-1] == "BalanceChanged MARGIN"
    assert venue.held(MAR, "USD")[1] == parse_e8("17708.85") + parse_e8("1800.015")
    assert venue.exchange.state.perpetuals.margin_e8(MAR) == parse_e8("1800.015")


def test_without_an_index_nothing_can_be_opened() -> None:
    venue = PerpVenue(price=0)
    venue.tick("59999.5", "60000.5", PERP)
    (refused,) = venue.trade("BUY", "0.1")
    assert isinstance(refused, OrderRejected)
    assert (refused.reason, "no mark price" in refused.detail) == ("NO_LIQUIDITY", True)


def test_reduce_only_never_opens_or_turns_a_position() -> None:
    venue = PerpVenue()
    (refused,) = venue.deliver(venue.wish("SELL", "0.1", reduce_only=True))
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "WOULD_INCREASE"
    venue.trade("BUY", "0.1")
    venue.deliver(venue.wish("SELL", "0.3", reduce_only=True))
    assert venue.position() is None


def test_a_position_that_does_not_follow_from_the_fills_is_illegal() -> None:
    venue = PerpVenue()
    facts = venue.trade("BUY", "0.1")
    changed = facts[2]
    assert isinstance(changed, PositionChanged)
    with pytest.raises(IllegalTransitionError, match=r"change 0 to 0\.10000000.*allowed: change 1"):
        venue.exchange.restore(changed)
    wrong = msgspec.structs.replace(changed, position_sequence=1, quantity_e8=1)
    with pytest.raises(IllegalTransitionError, match=r"allowed: change 1 to 0\.10000000"):
        venue.exchange.restore(wrong)


def test_every_balance_change_of_a_perpetual_names_its_order_trade_or_fill() -> None:
    venue = PerpVenue()
    order = venue.wish("BUY", "0.1")
    fill, _, trade, margin = venue.deliver(order)[1:]
    assert isinstance(trade, BalanceChanged)
    assert isinstance(margin, BalanceChanged)
    assert trade.causation_id == margin.causation_id == fill.event_id
    assert trade.reference_id == fill.event_id  # the house was on the other side
    assert {fact.correlation_id for fact in (fill, trade, margin)} == {order.correlation_id}
