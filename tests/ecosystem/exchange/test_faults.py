"""Every fault of a venue: what it does, to whom, until when, and what is said about it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted, OrderCancelled, OrderRejected
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, Side
from ecosystem.exchange.liquidity.sizes import LEVELS
from ecosystem.exchange.machine import Exchange
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US
from tests.ecosystem.exchange.test_background_flow import Market, hold, publishing
from tests.ecosystem.exchange.venue import ALICE, BOB, STARTS_AT_US

CONTROL = (InjectionApplied, InjectionEnded)
BTC_USD = INSTRUMENTS["BTC-USD"]


def injection(
    kind: str,
    *,
    starts_s: float = 5,
    lasts_s: float = 10,
    name: str = "fault",
    **parameters: object,
) -> InjectionScheduled:
    """Return a scheduled fault, in seconds after the start."""
    event_id = EventId(name.encode().rjust(16, b"-"))
    starts_at_us = STARTS_AT_US + round(starts_s * SECOND_US)
    return InjectionScheduled(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=STARTS_AT_US,
        run_id="test",
        injection_id=event_id,
        name=name,
        kind=kind,
        target="exchange-okx",
        starts_at_us=starts_at_us,
        ends_at_us=starts_at_us + round(lasts_s * SECOND_US),
        parameters_json=msgspec.json.encode(parameters).decode(),
    )


class Faulty(Market):
    """A market in which injections are scheduled, and what is read by the exchange is kept."""

    def __init__(self, *scheduled: InjectionScheduled) -> None:
        super().__init__()
        self.read: list[Event] = []
        for event in scheduled:
            self.give(event)

    def give(self, event: Event) -> list[Event]:
        """Deliver an event as a world would: whatever is due before it goes first."""
        self.wake(event.event_time_us - 1)
        self.read.append(event)
        return self.venue.deliver(event)

    def until(self, second: int) -> list[Event]:
        """Let seconds pass, and return what followed."""
        before = len(self.venue.facts)
        while self.second < second:
            self.next_second()
        return self.venue.facts[before:]

    def order(
        self, side: Side, quantity: str, price: str | None = None, account: str = ALICE, **more: Any
    ) -> list[Event]:
        """Submit an order and return what follows at once."""
        return self.give(self.venue.order(side, quantity, price, account, **more))

    def cancel_injection(self, named: InjectionScheduled | None) -> list[Event]:
        """Call off one injection, or with None all of them."""
        self.venue.now_us += 1_000
        event_id = self.venue.new_id()
        return self.give(
            InjectionCancelRequested(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=self.venue.now_us,
                run_id="test",
                injection_id=None if named is None else named.injection_id,
                target="exchange-okx",
                reason="for a test",
            )
        )

    def restart(self) -> None:
        """Go on with a venue restored from everything on the log."""
        exchange = publishing()
        events = [*self.venue.facts, *self.read, *self.past]
        for event in sorted(events, key=lambda event: event.event_time_us):
            exchange.restore(event)
        self.venue.exchange = exchange


def notes(facts: Sequence[Event]) -> list[tuple[str, int, int]]:
    """Return what the control plane was told was altered."""
    return [
        (fact.measure, fact.unaltered_e8, fact.altered_e8)
        for fact in facts
        if isinstance(fact, InjectionApplied)
    ]


def of(facts: Sequence[Event], *kinds: type[Event]) -> list[Any]:
    """Return the facts of some kinds."""
    return [fact for fact in facts if isinstance(fact, kinds)]


def statuses(facts: Sequence[Event]) -> list[tuple[str, str, int]]:
    """Return what the venue announced, with the second in which it did."""
    return [
        (fact.state, fact.reason, (fact.event_time_us - STARTS_AT_US) // SECOND_US)
        for fact in of(facts, VenueStatusChanged)
    ]


def production(facts: Sequence[Event]) -> list[Event]:
    """Return what is not on the control plane."""
    return [fact for fact in facts if not isinstance(fact, CONTROL)]


def test_a_venue_that_is_down_refuses_everything_says_so_and_loses_nothing() -> None:
    market = Faulty(injection("venue-downtime"))
    market.until(3)
    (accepted, *_) = market.order("BUY", "0.5", "59990")
    assert isinstance(accepted, OrderAccepted)
    went_down = market.until(6)
    assert statuses(went_down) == [("DOWN", "trading is halted", 5)]
    assert notes(went_down) == [("availability", E8, 0)]
    held = market.venue.held(ALICE, "USD")
    refused = [
        *market.order("BUY", "1"),
        *market.venue.cancel(accepted.order_id),
        *market.venue.replace(accepted.order_id, "0.6", "59990"),
    ]
    assert {fact.reason for fact in of(refused, OrderRejected)} == {"VENUE_DOWN"}
    assert notes(refused) == [
        (f"accepted {what}", E8, 0) for what in ("orders", "cancels", "replaces")
    ]
    market.moves_e8 = -100 * E8  # through the order that rests
    dark = market.until(14)
    assert of(dark, BookQuoted, OrderFilled) == []
    assert market.venue.held(ALICE, "USD") == held
    up = market.until(15)
    assert statuses(up) == [("UP", "trading has resumed", 15)]
    (fill,) = of(up, OrderFilled)
    assert (fill.order_id, fill.price_e8) == (accepted.order_id, 59_990 * E8)
    # It should have been matched by the first tick that went through it.
    ((_, usual_e8, waited_e8),) = [note for note in notes(up) if note[0] == "latency match"]
    assert usual_e8 == E8 // 100
    assert 8 * E8 < waited_e8 < 9 * E8
    after = market.until(20)
    assert len(of(after, BookQuoted)) == len(INSTRUMENTS)
    assert of(after, OrderRejected) == []


@pytest.mark.parametrize(
    ("mode", "taken", "said"),
    [
        ("submit-only", {"submit"}, "orders cannot be cancelled or replaced"),
        ("cancel-only", {"cancel"}, "cancel-only mode"),
    ],
)
def test_a_venue_that_is_down_in_part_does_what_its_mode_is_named_after(
    mode: str, taken: set[str], said: str
) -> None:
    market = Faulty(injection("venue-downtime", mode=mode))
    market.until(3)
    (accepted,) = of(market.order("BUY", "0.5", "59990"), OrderAccepted)
    facts = market.until(6)
    assert statuses(facts) == [("DEGRADED", said, 5)]
    assert notes(facts) == [("availability", E8, E8 // 2)]
    answers = {
        "submit": market.order("BUY", "1"),
        "replace": market.venue.replace(accepted.order_id, "0.6", "59990"),
        "cancel": market.venue.cancel(accepted.order_id),
    }
    assert {what for what, facts in answers.items() if not of(facts, OrderRejected)} == taken
    assert len(of(market.until(10), BookQuoted)) >= 5


def test_downtime_of_some_instruments_is_announced_and_of_some_accounts_is_not() -> None:
    market = Faulty(
        injection("venue-downtime", instruments=["ETH-USD"], name="one"),
        injection("venue-downtime", accounts=[BOB], lasts_s=60, name="two"),
    )
    facts = market.until(6)
    assert statuses(facts) == [("DEGRADED", "trading is halted: ETH-USD", 5)]
    assert of(market.order("BUY", "1", instrument="ETH-USD"), OrderRejected)
    assert of(market.order("BUY", "1"), OrderFilled)
    assert of(market.order("BUY", "1", account=BOB), OrderRejected)
    quiet = market.until(14)
    assert {fact.instrument for fact in of(quiet, BookQuoted)} == set(INSTRUMENTS) - {"ETH-USD"}
    assert statuses(market.until(30)) == [("UP", "trading has resumed", 15)]


def test_a_wish_nobody_would_have_taken_is_refused_and_noted_as_such() -> None:
    market = Faulty(injection("venue-downtime"))
    market.until(6)
    facts = market.order("BUY", "1", "0.001")
    assert [fact.reason for fact in of(facts, OrderRejected)] == ["VENUE_DOWN"]
    assert notes(facts) == [("refusals", E8, 0)]
    unknown = market.venue.cancel(market.venue.new_id())
    assert [fact.reason for fact in of(unknown, OrderRejected)] == ["UNKNOWN_ORDER"]
    assert notes(unknown) == []


def test_latency_lets_wishes_wait_and_decides_at_the_prices_of_then() -> None:
    fault = injection("venue-latency", latency_us=1_500_000, operation="submit", lasts_s=60)
    market = Faulty(fault)
    market.until(6)
    market.moves_e8 = 10 * E8
    order = market.venue.order("BUY", "0.1")
    assert market.give(order) == []
    assert market.order("BUY", "0.1", "59000", account=BOB) == []
    facts = market.until(8)
    accepted, other = of(facts, OrderAccepted)
    (fill,) = of(facts, OrderFilled)
    assert accepted.event_time_us == order.event_time_us + 1_510_000
    assert fill.price_e8 > 60_060 * E8
    assert (other.account, notes(facts)[0]) == (BOB, ("latency submit", E8 // 100, 151_000_000))
    assert {measure for measure, _, _ in notes(facts)} == {"latency submit"}
    assert len(notes(facts)) == 3
    assert of(market.venue.cancel(other.order_id, BOB), OrderCancelled)


def test_what_waits_is_looked_at_when_the_latency_ends_or_is_called_off() -> None:
    fault = injection("venue-latency", latency_us=60_000_000, lasts_s=10)
    market = Faulty(fault)
    market.until(14)
    first = market.venue.order("BUY", "0.1")
    assert market.give(first) == []
    facts = market.until(15)
    (fill,) = of(facts, OrderFilled)
    assert (fill.event_time_us - STARTS_AT_US) // 10_000 == 1_501
    assert [fact.applied_count for fact in of(facts, InjectionEnded)] == [2]
    other = Faulty(fault)
    other.until(8)
    assert other.give(other.venue.order("BUY", "0.1")) == []
    called_off_us = other.venue.now_us + 1_000
    assert of(other.cancel_injection(fault), OrderFilled) == []
    (late,) = of(other.until(9), OrderFilled)
    assert late.event_time_us - called_off_us < 11_000


def test_a_slow_venue_is_degraded_and_answers_late() -> None:
    market = Faulty(injection("venue-downtime", mode="slow", delay_us=2_000_000))
    facts = market.until(6)
    assert statuses(facts) == [("DEGRADED", "orders are processed with a delay", 5)]
    order = market.venue.order("SELL", "0.2")
    assert market.give(order) == []
    (fill,) = of(market.until(9), OrderFilled)
    assert fill.event_time_us - order.event_time_us == pytest.approx(2_010_000, abs=10)


def test_a_share_of_the_orders_is_refused_for_the_reason_given() -> None:
    market = Faulty(
        injection("order-rejection", rate_e8=E8 // 4, reason="rate-limited", accounts=[ALICE])
    )
    market.until(6)
    facts = [fact for _ in range(200) for fact in market.order("BUY", "0.001")]
    refused = of(facts, OrderRejected)
    assert 30 < len(refused) < 70
    assert {fact.reason for fact in refused} == {"RATE_LIMITED"}
    assert notes(facts) == [("accepted orders", E8, 0)] * len(refused)
    others = [fact for _ in range(50) for fact in market.order("BUY", "0.001", account=BOB)]
    assert of(others, OrderRejected) == []
    # Who would be refused anyway is told the venue's own reason.
    own = [fact for _ in range(50) for fact in market.order("BUY", "0.00001")]
    assert {fact.reason for fact in of(own, OrderRejected)} == {"INVALID_QUANTITY"}
    assert notes(own) == []


def test_a_multiplied_spread_is_quoted_published_and_paid() -> None:
    market, quiet = Faulty(injection("spread-multiplication", factor_e8=50 * E8)), Market()
    facts = market.until(14)
    while quiet.second < 14:
        quiet.next_second()
    hold("BTC-USD", market.levels())
    assert market.levels().spread_e8 == 50 * quiet.levels().spread_e8
    assert market.levels().depth_e8 == quiet.levels().depth_e8
    altered = [note for note in notes(facts) if note[0] == "spread BTC-USD"]
    assert set(altered) == {("spread BTC-USD", 2_000_000, 100_000_000)}
    paid = market.order("BUY", "0.1")
    (fill,) = of(paid, OrderFilled)
    assert fill.price_e8 == 6_000_050_000_000
    assert notes(paid) == [("fill price BTC-USD", 6_000_001_000_000, fill.price_e8)]
    after = market.until(16)
    assert market.levels().spread_e8 == quiet.levels().spread_e8
    assert len(of(after, InjectionEnded)) == 1


@pytest.mark.parametrize("factor_e8", [0, E8 // 10])
def test_reduced_liquidity_leaves_less_to_be_had(factor_e8: int) -> None:
    market = Faulty(injection("liquidity-reduction", factor_e8=factor_e8, instruments=["BTC-USD"]))
    market.until(4)
    before = market.levels()
    other = market.levels("ETH-USD")
    facts = market.until(9)
    assert [note[0] for note in notes(facts) if note[0].startswith("depth")] == ["depth BTC-USD"]
    assert market.levels("ETH-USD").depth_e8 > other.depth_e8 // 3
    bought = market.order("BUY", "30")
    executed = sum(fact.quantity_e8 for fact in of(bought, OrderFilled))
    assert ("fill quantity BTC-USD" in {note[0] for note in notes(bought)}) == bool(bought)
    if factor_e8:
        hold("BTC-USD", market.levels())
        assert market.levels().depth_e8 < before.depth_e8 // 5
        assert 0 < executed < 3 * E8
    else:
        assert market.levels() == ([], [])
        assert [fact.reason for fact in of(bought, OrderRejected)] == ["NO_LIQUIDITY"]
    market.until(16)
    hold("BTC-USD", market.levels())
    assert market.levels().depth_e8 > before.depth_e8 // 3


def test_quotes_disturbed_for_one_account_are_the_same_for_others_and_in_public() -> None:
    market = Faulty(
        injection("spread-multiplication", factor_e8=10 * E8, accounts=[ALICE], lasts_s=60)
    )
    facts = market.until(12)
    assert notes(facts) == []
    assert market.levels().spread_e8 == 2 * BTC_USD.tick_size_e8
    (mine,) = of(market.order("BUY", "0.1"), OrderFilled)
    (theirs,) = of(market.order("BUY", "0.1", account=BOB), OrderFilled)
    assert mine.price_e8 == theirs.price_e8 + 9 * BTC_USD.tick_size_e8


def test_of_each_execution_only_a_share_happens_and_the_rest_follows_bit_by_bit() -> None:
    market = Faulty(injection("partial-fills", share_e8=E8 // 2, lasts_s=60))
    market.until(6)
    facts = market.order("BUY", "0.4", "60010")
    (fill,) = of(facts, OrderFilled)
    assert (fill.quantity_e8, fill.remaining_quantity_e8) == (E8 // 5, E8 // 5)
    assert notes(facts) == [("fill quantity BTC-USD", 4 * E8 // 10, E8 // 5)]
    hold("BTC-USD", market.levels())
    more = market.until(20)
    fills = of(more, OrderFilled)
    assert fills[0].quantity_e8 == E8 // 10
    assert len(fills) > 5
    assert fills[-1].remaining_quantity_e8 == 0
    assert ("fill quantity BTC-USD", E8 // 5, E8 // 10) in notes(more)
    sold = market.order("SELL", "1")
    assert [fact.reason for fact in of(sold, OrderCancelled)] == ["NO_LIQUIDITY"]
    refused = market.order("SELL", "1", "59000", time_in_force="FOK")
    assert [fact.reason for fact in of(refused, OrderRejected)] == ["NOT_FILLABLE"]


def test_the_rest_of_a_share_is_cancelled_where_it_would_cross_another_account() -> None:
    market = Faulty(injection("partial-fills", share_e8=E8 // 4, lasts_s=60))
    market.until(6)
    market.order("SELL", "1", "60000.01", account=BOB)
    facts = market.order("BUY", "0.8", "60000.01")
    taker = [fact for fact in of(facts, OrderFilled) if fact.account == ALICE]
    assert sum(fact.quantity_e8 for fact in taker) == E8 // 5
    assert [fact.reason for fact in of(facts, OrderCancelled)] == ["VENUE"]
    hold("BTC-USD", market.levels())


def test_calling_everything_off_restores_the_venue_at_once() -> None:
    market = Faulty(
        injection("venue-downtime", lasts_s=600, name="one"),
        injection("spread-multiplication", factor_e8=9 * E8, lasts_s=600, name="two"),
        injection("order-rejection", rate_e8=E8, starts_s=300, name="three"),
    )
    market.until(8)
    facts = market.cancel_injection(None)
    assert statuses(facts) == [("UP", "trading has resumed", 8)]
    assert len(of(facts, InjectionEnded)) == 3
    market.until(9)
    assert market.levels().spread_e8 == 2 * BTC_USD.tick_size_e8
    assert of(market.order("BUY", "0.1"), OrderFilled)
    rest = market.until(330)
    assert of(rest, VenueStatusChanged, InjectionEnded, InjectionApplied) == []
    assert of(market.order("BUY", "0.1"), OrderFilled)


FAULTS: Mapping[str, InjectionScheduled] = {
    "latency": injection("venue-latency", latency_us=1_700_000),
    "rejection": injection("order-rejection", rate_e8=E8 // 2),
    "down": injection("venue-downtime"),
    "cancel-only": injection("venue-downtime", mode="cancel-only"),
    "slow": injection("venue-downtime", mode="slow", delay_us=900_000),
    "spread": injection("spread-multiplication", factor_e8=7 * E8),
    "thin": injection("liquidity-reduction", factor_e8=E8 // 3),
    "partial": injection("partial-fills", share_e8=E8 // 3),
}


def live_through(market: Faulty, restarts: Sequence[int] = (), seconds: int = 24) -> list[Event]:
    """Let two accounts trade through a fault, and return everything the venue wrote."""
    known: list[EventId] = []
    for second in range(1, seconds):
        market.until(second)
        price = f"{59_999.95 + second % 7 / 50:.2f}"
        for side, quantity, at, account in (
            ("BUY", "0.3", None, ALICE),
            ("BUY", "0.5", price, BOB),
            ("SELL", "2.5", price, ALICE),
        ):
            order = market.venue.order("BUY" if side == "BUY" else "SELL", quantity, at, account)
            known.append(order.order_id)
            market.give(order)
        if second % 3 == 0:
            market.give(market.venue.cancel_request(known[-5], BOB))
        if second in restarts:
            market.restart()
    return market.venue.facts


@pytest.mark.parametrize("name", FAULTS)
def test_until_the_first_altered_event_a_run_and_its_twin_agree(name: str) -> None:
    run, twin = live_through(Faulty(FAULTS[name])), live_through(Faulty())
    (first, *_) = of(run, InjectionApplied)
    parts_us = first.event_time_us
    if first.measure.startswith("latency"):  # the time it would have had
        parts_us -= (first.altered_e8 - first.unaltered_e8) * SECOND_US // E8
    before = [
        [fact for fact in production(facts) if fact.event_time_us < parts_us]
        for facts in (run, twin)
    ]
    assert before[0] == before[1]
    assert len(before[0]) > 20
    ids = [fact.event_id for fact in run]
    assert len(set(ids)) == len(ids)
    (ended,) = of(run, InjectionEnded)
    assert 0 <= ended.event_time_us - FAULTS[name].ends_at_us < 50_000
    earlier = [one for one in of(run, InjectionApplied) if one.event_time_us < ended.event_time_us]
    assert ended.applied_count == len(earlier)
    # What nobody traded on is the same again once the fault is over.
    after_us = FAULTS[name].ends_at_us + SECOND_US
    idle = [
        [
            fact
            for fact in of(facts, BookQuoted)
            if fact.instrument == "ETH-BTC" and fact.event_time_us > after_us
        ]
        for facts in (run, twin)
    ]
    assert idle[0] == idle[1]
    assert idle[0]


@pytest.mark.parametrize("name", FAULTS)
def test_a_restart_in_the_middle_of_a_fault_changes_nothing(name: str) -> None:
    whole = live_through(Faulty(FAULTS[name]))
    broken = live_through(Faulty(FAULTS[name]), restarts=(4, 5, 8, 11, 14, 15, 17))
    assert broken == whole
    assert notes(whole)


@pytest.mark.parametrize("name", FAULTS)
def test_every_note_names_an_event_of_the_venue_and_a_difference(name: str) -> None:
    facts = live_through(Faulty(FAULTS[name]))
    own = {fact.event_id: fact for fact in production(facts)}
    for note in of(facts, InjectionApplied):
        altered = own[note.altered_event_id]
        assert note.altered_correlation_id == altered.correlation_id
        assert note.event_time_us == altered.event_time_us
        back = isinstance(altered, VenueStatusChanged) and altered.state == "UP"
        assert note.unaltered_e8 != note.altered_e8 or back


@pytest.mark.parametrize("name", FAULTS)
def test_books_hold_through_every_fault(name: str) -> None:
    market = Faulty(FAULTS[name])
    live_through(market)
    books = of(market.venue.facts, BookQuoted)
    assert len(books) > LEVELS
    for book in books:
        prices = [*reversed(book.bid_prices_e8), *book.ask_prices_e8]
        assert prices == sorted(set(prices))
        assert len(book.bid_prices_e8) == len(book.ask_prices_e8) == LEVELS


@pytest.mark.parametrize(
    ("kind", "parameters", "complaint"),
    [
        ("venue-latency", {"latency_us": 60_000_001}, "1000 to 60000000 is allowed"),
        ("venue-latency", {"latency_us": 5_000, "operation": "think"}, "operation"),
        ("order-rejection", {"rate_e8": 0}, "100000 to 100000000 is allowed"),
        ("order-rejection", {"rate_e8": E8, "reason": "mood"}, "venue-busy, rate-limited"),
        ("venue-downtime", {"mode": "gone"}, "mode"),
        ("venue-downtime", {"delay_us": 7_000}, "with mode 'slow' only"),
        ("spread-multiplication", {"factor_e8": E8 - 1}, "100000000 to 10000000000 is allowed"),
        ("liquidity-reduction", {"factor_e8": E8 + 1}, "0 to 100000000 is allowed"),
        ("partial-fills", {"share_e8": 0}, "1000000 to 100000000 is allowed"),
        ("partial-fills", {"share_e8": E8, "instruments": ["X"]}, "allowed are all, BTC-USD"),
        ("partial-fills", {"share_e8": E8, "accounts": []}, "no account named"),
        ("partial-fills", {"share_e8": E8, "colour": 1}, "colour"),
        ("moonlight", {}, "exchange-okx applies"),
    ],
)
def test_a_fault_the_venue_cannot_apply_is_refused(
    kind: str, parameters: Mapping[str, object], complaint: str
) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        Faulty(injection(kind, **parameters))  # type: ignore[arg-type] # parameters of any kind


def test_a_fault_lasts_a_day_at_most() -> None:
    Faulty(injection("venue-downtime", lasts_s=24 * HOUR_US // SECOND_US))
    with pytest.raises(InvalidInputError, match="duration_us"):
        Faulty(injection("venue-downtime", lasts_s=24 * HOUR_US // SECOND_US + MINUTE_US))


def test_a_fault_of_another_venue_is_none_of_its_business() -> None:
    event = msgspec.structs.replace(injection("venue-downtime"), target="exchange-binance")
    market = Faulty(event)
    assert of(market.until(10), VenueStatusChanged) == []
    exchange: Exchange = market.exchange
    assert exchange.state.status[0] == "UP"
