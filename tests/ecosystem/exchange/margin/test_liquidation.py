"""Liquidation by hand: 5 % to keep, half a per cent to the insurance fund."""

from ecosystem.events.accounts import PositionChanged, PositionLiquidated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted, OrderCancelled
from ecosystem.exchange.margin.terms import INSURANCE_E8
from ecosystem.units import E8, parse_e8
from tests.ecosystem.exchange.margin.perps import (
    FUT,
    MAR,
    OTHER,
    PERP,
    SPOT,
    PerpVenue,
    new_venue,
    own,
    values_e8,
)
from tests.ecosystem.exchange.venue import kinds


def only(facts: list[Event], kind: type[Event]) -> Event:
    """Return the one fact of a kind."""
    (found,) = [fact for fact in facts if isinstance(fact, kind)]
    return found


def thin_account() -> PerpVenue:
    """Return a venue whose futures account has 3 000 USD and 0.4 bought at 60 000.5.

    It paid 12.0001 to take, so 2 987.9999 are left.
    """
    venue = PerpVenue()
    venue.deliver(venue.transfer_request(FUT, SPOT, "USD", 7_000 * E8))
    venue.bought("0.4", "60000.5")
    return venue


def test_a_position_stands_at_its_liquidation_price_and_falls_beyond() -> None:
    venue = PerpVenue()
    venue.bought("1", "60000.5")
    view = venue.position()
    assert view is not None
    # (60 000.5 - 9 969.99975) / 0.95, where 30.00025 was the fee.
    assert view.liquidation_price_e8 == parse_e8("52663.68447369")
    venue.tick("52663", "52665")
    assert venue.position() is not None
    facts = venue.tick("52662", "52664")
    liquidated = only(facts, PositionLiquidated)
    assert isinstance(liquidated, PositionLiquidated)
    assert (liquidated.quantity_e8, liquidated.mark_price_e8) == (E8, 52_663 * E8)
    assert liquidated.equity_e8 == parse_e8("2632.49975")
    assert liquidated.maintenance_margin_e8 == parse_e8("2633.15")
    assert liquidated.causation_id == venue.ticks["BTC-USD"].event_id
    assert venue.position() is None


def test_open_orders_go_first_then_the_position_then_the_fee() -> None:
    venue = thin_account()
    venue.trade("BUY", "0.1", "51000")
    venue.trade("SELL", "0.4", "70000")
    venue.rest("BUY", "0.4", "53999.5")
    venue.tick("53999.5", "54000.5", PERP)
    facts = own(venue.tick("53999.5", "54000.5"))
    assert kinds(facts) == [
        "PositionLiquidated",
        "OrderCancelled",
        "BalanceChanged MARGIN",
        "OrderCancelled",
        "OrderAccepted",
        "OrderFilled",
        "PositionChanged",
        "BalanceChanged MARGIN",
        "BalanceChanged TRADE",
        "BalanceChanged LIQUIDATION",
    ]
    cancelled = [fact.reason for fact in facts if isinstance(fact, OrderCancelled)]
    assert cancelled == ["LIQUIDATION", "LIQUIDATION"]
    accepted, changed = only(facts, OrderAccepted), only(facts, PositionChanged)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(changed, PositionChanged)
    assert (accepted.side, accepted.order_type, accepted.reduce_only) == ("SELL", "MARKET", True)
    assert (changed.reason, changed.quantity_e8) == ("LIQUIDATION", 0)
    fee = facts[-1]
    assert isinstance(fee, BalanceChanged)
    # Sold for 21 599.8; half a per cent of that.
    assert fee.change_e8 == -parse_e8("107.999")
    assert venue.exchange.state.perpetuals.insurance_e8 == INSURANCE_E8 + parse_e8("107.999")
    # 2 987.9999 less the loss of 2 400.4, the taker's 10.7999 and the fee.
    assert venue.held(FUT, "USD") == (parse_e8("468.801"), 0)


def test_a_loss_beyond_the_account_is_the_insurance_funds() -> None:
    venue = thin_account()
    before = values_e8(venue.exchange)
    venue.rest("BUY", "0.4", "50000")
    venue.tick("50000", "50001", PERP)
    facts = own(venue.tick("50000", "50001"))
    insured = next(fact for fact in facts if isinstance(fact, BalanceChanged))
    # 4 000.2 lost and 10 of fee, on 2 987.9999.
    assert (insured.reason, insured.change_e8) == ("INSURANCE", parse_e8("1022.2001"))
    assert venue.held(FUT, "USD") == (0, 0)
    assert not [fact for fact in facts if "LIQUIDATION" in kinds([fact])[0]]
    assert venue.exchange.state.perpetuals.insurance_e8 == INSURANCE_E8 - insured.change_e8
    assert values_e8(venue.exchange) == before


def test_beyond_the_fund_the_venue_itself_is_liable() -> None:
    venue = thin_account()
    perpetuals = venue.exchange.state.perpetuals
    perpetuals.insurance_e8 = 500 * E8
    before = values_e8(venue.exchange)
    venue.rest("BUY", "0.4", "50000")
    house_e8 = venue.exchange.state.house.holdings_e8["USD"]
    venue.tick("50000", "50001", PERP)
    venue.tick("50000", "50001")
    assert perpetuals.insurance_e8 == 0
    # 1 022.2001 was missing, of which the fund had 500.
    assert venue.exchange.state.house.holdings_e8["USD"] - house_e8 == -parse_e8("522.2001")
    assert values_e8(venue.exchange) == before


def test_what_an_empty_book_does_not_take_the_venue_takes_at_the_mark() -> None:
    venue = PerpVenue()
    venue.trade("SELL", "1.5")
    venue.tick("60001", "60001", PERP)  # crossed: the house withdraws
    facts = venue.tick("66999.5", "67000.5")
    fill = only(facts, OrderFilled)
    assert isinstance(fill, OrderFilled)
    mark_e8 = venue.exchange.state.perpetuals.marks[PERP].mark_price_e8
    assert (fill.price_e8, fill.quantity_e8, fill.side) == (mark_e8, 3 * E8 // 2, "BUY")
    assert venue.position() is None


def test_one_account_falls_and_the_others_do_not_feel_it() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "1", None, OTHER)
    venue.trade("BUY", "1.6")
    venue.trade("BUY", "0.1", None, MAR)
    before = {name: venue.held(name, "USD") for name in (OTHER, MAR)}
    venue.tick("55999", "56000", PERP)
    venue.tick("55999", "56000")
    assert venue.position(FUT) is None
    assert venue.position(OTHER) is not None
    assert {name: venue.held(name, "USD") for name in (OTHER, MAR)} == before


def test_a_tick_costs_nothing_more_while_nobody_has_a_position() -> None:
    venue = PerpVenue()
    assert venue.exchange.state.perpetuals.exposed == set()
    assert venue.quote(30_000) == []


def test_a_restored_venue_liquidates_alike() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "1")
    other = new_venue()
    for event in sorted([*venue.facts, *venue.past_ticks], key=lambda event: event.event_time_us):
        other.restore(event)
    facts = venue.tick("50000", "50001")
    assert list(other.handle(venue.ticks["BTC-USD"], venue.now_us)) == facts
    assert only(facts, PositionLiquidated)
