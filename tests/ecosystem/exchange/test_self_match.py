import msgspec
import pytest

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderCancelled, OrderRejected, OrderSubmitted
from ecosystem.firm import VENUE
from ecosystem.units import E8
from ecosystem.venues import VENUES, SelfMatch
from tests.ecosystem.exchange.venue import ALICE, BOB, Venue, new_exchange


def meet(mode: SelfMatch) -> tuple[Venue, list[OrderSubmitted], OrderSubmitted, list[Event]]:
    """Let a buy of Alice's meet an order of hers that stands between two of Bob's."""
    terms = msgspec.structs.replace(VENUES[VENUE], self_match=mode)
    venue = Venue(new_exchange(terms=terms))
    resting = [venue.order("SELL", "0.1", "60000", account) for account in (BOB, ALICE, BOB)]
    for order in resting:
        venue.deliver(order)
    taker = venue.order("BUY", "0.25", "60000")
    return venue, resting, taker, venue.deliver(taker)


@pytest.mark.parametrize(
    ("mode", "resting_after", "taker_after", "executed"),
    [
        ("CANCEL_NEWEST", ["FILLED", "OPEN", "OPEN"], "CANCELLED", 10),
        ("CANCEL_OLDEST", ["FILLED", "CANCELLED", "FILLED"], "PARTIALLY_FILLED", 20),
        ("CANCEL_BOTH", ["FILLED", "CANCELLED", "OPEN"], "CANCELLED", 10),
        ("NONE", ["FILLED", "FILLED", "PARTIALLY_FILLED"], "FILLED", 25),
    ],
)
def test_who_gives_way_is_the_venues_choice(
    mode: SelfMatch, resting_after: list[str], taker_after: str, executed: int
) -> None:
    venue, resting, taker, facts = meet(mode)
    assert [venue.status(order) for order in resting] == resting_after
    assert venue.status(taker) == taker_after
    bought_e8 = sum(
        fact.quantity_e8
        for fact in facts
        if isinstance(fact, OrderFilled) and fact.liquidity == "TAKER"
    )
    assert bought_e8 == executed * E8 // 100
    gone = [fact for fact in facts if isinstance(fact, OrderCancelled)]
    assert {fact.reason for fact in gone} <= {"SELF_MATCH"}
    assert len({fact.event_id for fact in facts}) == len(facts)
    live_e8 = 0 if venue.status(resting[1]) != "OPEN" else E8 // 10
    assert venue.held(ALICE, "BTC")[1] == live_e8


def test_an_account_that_trades_with_itself_pays_both_fees_and_nothing_else() -> None:
    venue, _, _, facts = meet("NONE")
    fills = [fact for fact in facts if isinstance(fact, OrderFilled) and fact.account == ALICE]
    own = {fact.trade_id for fact in fills if fact.liquidity == "MAKER"}
    assert len(own) == 1
    paid_e8 = sum(fact.fee_e8 for fact in fills)
    spent_e8 = sum(fact.notional_e8 if fact.side == "BUY" else -fact.notional_e8 for fact in fills)
    assert venue.held(ALICE, "USD") == (30_000 * E8 - spent_e8 - paid_e8, 0)
    assert venue.held(ALICE, "BTC") == (2 * E8 + 15 * E8 // 100, 0)


def test_an_account_may_choose_otherwise_than_its_venue() -> None:
    terms = msgspec.structs.replace(VENUES[VENUE], self_match_by_account={ALICE: "CANCEL_OLDEST"})
    venue = Venue(new_exchange(terms=terms))
    for account, gone in ((ALICE, 0), (BOB, 1)):
        orders = [venue.order(side, "0.1", "60000", account) for side in ("SELL", "BUY")]
        facts = [fact for order in orders for fact in venue.deliver(order)]
        (cancelled,) = (fact for fact in facts if isinstance(fact, OrderCancelled))
        assert cancelled.order_id == orders[gone].order_id
        venue.cancel(orders[1 - gone].order_id, account)


@pytest.mark.parametrize("mode", ["CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH"])
def test_a_refused_order_makes_nobody_give_way(mode: SelfMatch) -> None:
    terms = msgspec.structs.replace(VENUES[VENUE], self_match=mode)
    venue = Venue(new_exchange(terms=terms))
    own = venue.order("SELL", "0.1", "60000")
    venue.deliver(own)
    for order in (
        venue.order("BUY", "0.1", "60000", time_in_force="FOK"),
        venue.order("BUY", "0.1", "60000", post_only=True),
    ):
        (fact,) = venue.deliver(order)
        assert isinstance(fact, OrderRejected)
    assert venue.status(own) == "OPEN"
