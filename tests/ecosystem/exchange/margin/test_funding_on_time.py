"""Funding at a venue: on time, from the premium of the interval, once, and zero-sum."""

from itertools import pairwise

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import FundingRateSet
from ecosystem.units import E8, HOUR_US, MINUTE_US, parse_e8
from tests.ecosystem.exchange.margin.perps import (
    FUT,
    OTHER,
    PERP,
    PerpVenue,
    new_venue,
    values_e8,
)
from tests.ecosystem.exchange.venue import STARTS_AT_US, kinds


def test_longs_pay_shorts_every_eight_hours_and_it_sums_to_zero() -> None:
    venue = PerpVenue()
    venue.trade("SELL", "0.1", "60000", OTHER)
    venue.trade("BUY", "0.1", "60000")
    venue.trade("BUY", "0.5")
    before = values_e8(venue.exchange)
    house_e8 = venue.exchange.state.house.holdings_e8["USD"]
    assert venue.exchange.due_us() == STARTS_AT_US + 8 * HOUR_US
    facts = venue.wake()
    assert kinds(facts) == ["FundingRateSet", "BalanceChanged FUNDING", "BalanceChanged FUNDING"]
    rate, *paid = facts
    assert isinstance(rate, FundingRateSet)
    assert (rate.rate_e8, rate.mark_price_e8, rate.interval_us) == (
        parse_e8("0.0001"),
        60_000 * E8,
        8 * HOUR_US,
    )
    assert rate.is_root
    changes_e8 = {fact.account: fact.change_e8 for fact in paid if isinstance(fact, BalanceChanged)}
    assert changes_e8 == {FUT: -parse_e8("3.6"), OTHER: parse_e8("0.6")}
    assert {fact.causation_id for fact in paid} == {rate.event_id}
    assert venue.exchange.state.house.holdings_e8["USD"] - house_e8 == 3 * E8
    assert values_e8(venue.exchange) == before
    assert venue.exchange.due_us() == STARTS_AT_US + 16 * HOUR_US


def test_the_rate_follows_the_average_premium_of_the_interval_that_ended() -> None:
    venue = PerpVenue(price=0)
    for minute in range(8 * 60):
        venue.now_us = STARTS_AT_US + minute * MINUTE_US
        venue.quote(60_000, basis=60 if minute % 2 else 180)
    (rate,) = venue.wake()
    assert isinstance(rate, FundingRateSet)
    # 0.2 % of premium on average, less the 0.05 % that interest may pull.
    assert rate.rate_e8 == parse_e8("0.0015")


def test_a_funding_that_ruins_an_account_liquidates_it_at_once() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "1.6")
    for minute in range(8 * 60 - 1):
        venue.now_us = STARTS_AT_US + minute * MINUTE_US
        venue.tick("62999.5", "63000.5", PERP)
    venue.tick("55799.5", "55800.5")
    assert venue.position() is not None
    facts = venue.wake()
    assert kinds(facts)[:3] == ["FundingRateSet", "BalanceChanged MARGIN", "BalanceChanged FUNDING"]
    assert "PositionLiquidated" in kinds(facts)
    assert venue.position() is None


def test_a_venue_that_slept_sets_every_rate_it_missed_once() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "0.1")
    other = new_venue()
    past = sorted([*venue.facts, *venue.past_ticks], key=lambda event: event.event_time_us)
    for event in past:
        other.restore(event)
    late_us = STARTS_AT_US + 25 * HOUR_US
    rates = []
    while (due_us := other.due_us()) is not None and due_us <= late_us:
        rates += [fact for fact in other.wake(due_us) if isinstance(fact, FundingRateSet)]
    assert [rate.funding_sequence for rate in rates] == [0, 1, 2]
    gaps_us = {after.event_time_us - rate.event_time_us for rate, after in pairwise(rates)}
    assert gaps_us == {8 * HOUR_US}
    (again,) = [fact for fact in venue.wake() if isinstance(fact, FundingRateSet)]
    assert again == rates[0]


def test_a_venue_without_an_index_sets_no_rate_until_it_has_one() -> None:
    venue = PerpVenue(price=0)
    assert venue.exchange.due_us() is None
    venue.now_us = STARTS_AT_US + 9 * HOUR_US
    venue.quote(60_000)
    assert venue.exchange.due_us() == STARTS_AT_US + 16 * HOUR_US
    (rate,) = venue.wake()
    assert isinstance(rate, FundingRateSet)
    assert rate.funding_sequence == 0
