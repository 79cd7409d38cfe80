"""A venue is made of terms: what `docs/how-to/add-a-venue.md` promises."""

import pytest

from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted
from ecosystem.exchange.machine import Exchange
from ecosystem.units import E8
from ecosystem.venues import VENUES, VenueTerms
from tests.ecosystem.exchange.venue import STARTS_AT_US, Venue

KRAKEN = VenueTerms(
    name="exchange-kraken",
    delay_us=20_000,
    maker_fee_e8=1 * E8 // 10_000,
    taker_fee_e8=3 * E8 // 10_000,
    depth_e8=E8 // 2,
    widening_e8=2 * E8,
)


def open_venue(terms: VenueTerms) -> Venue:
    """Return a venue of terms with two rich accounts, open and quoting."""
    exchange = Exchange(
        run_key=bytes(32),
        seed=7,
        starts_at_us=STARTS_AT_US,
        terms=terms,
        opening_balances_e8={name: {"BTC": 10 * E8, "USD": 10**6 * E8} for name in ("ann", "ben")},
    )
    venue = Venue(exchange)
    venue.tick("60000", "60010")
    return venue


@pytest.mark.parametrize("terms", [KRAKEN, *VENUES.values()], ids=lambda terms: terms.name)
def test_a_venue_of_terms_answers_under_its_name_after_its_delay_for_its_fees(
    terms: VenueTerms,
) -> None:
    assert KRAKEN.name not in VENUES
    venue = open_venue(terms)
    maker = venue.order("SELL", "0.1", "60001", "ann", venue=terms.name)
    accepted = next(fact for fact in venue.deliver(maker) if isinstance(fact, OrderAccepted))
    assert (accepted.venue, venue.exchange.name) == (terms.name, terms.name)
    facts = venue.deliver(venue.order("BUY", "0.1", account="ben", venue=terms.name))
    assert accepted.event_time_us == maker.event_time_us + terms.delay_us
    fees_e8 = {
        fact.liquidity: fact.fee_e8 * E8 // fact.notional_e8
        for fact in facts
        if isinstance(fact, OrderFilled)
    }
    assert fees_e8 == {"MAKER": terms.maker_fee_e8, "TAKER": terms.taker_fee_e8}


def test_venues_side_by_side_share_no_id_and_answer_only_their_own_orders() -> None:
    one, other = open_venue(KRAKEN), open_venue(VENUES["exchange-okx"])
    assert not {fact.event_id for fact in one.facts} & {fact.event_id for fact in other.facts}
    order = one.order("BUY", "0.1", "59000", "ann", venue=KRAKEN.name)
    assert one.deliver(order) != []
    assert other.deliver(order) == []
