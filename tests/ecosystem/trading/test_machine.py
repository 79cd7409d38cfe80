from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecosystem.events.alerts import CircuitBreakerClosed, CircuitBreakerOpened
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.signals import StrategySignalled
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderRejected, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, VenueState
from ecosystem.firm import OPENING_BALANCES_E8, VENUE
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.trading.machine import TradingEngine
from ecosystem.trading.strategies.lean import CLIPS_E8, LEVEL_MAX, ORDER_INTERVAL_US
from ecosystem.units import SECOND_US
from tests.ecosystem.market_data.feeds import crash, feed
from tests.ecosystem.trading.session import STARTS_AT_US, Session

HOUR = 3600
OWN = (OrderSubmitted, OrderCancelRequested, StrategySignalled)


LEANING = {"firm-momentum": "momentum", "firm-reversion": "mean-reversion"}
"""The accounts whose strategies lean by whole clips, with their strategies."""


def orders(session: Session) -> list[OrderSubmitted]:
    return [order for order in session.orders() if order.account in LEANING]


def crashing(seed: int) -> MarketData:
    return feed(seed, crash(starts_s=600, lasts_s=1800))


def breaker(time_us: int, *, opened: bool) -> Event:
    cause = EventId(time_us.to_bytes(16, "big"))
    if not opened:
        return CircuitBreakerClosed(
            event_id=cause,
            correlation_id=cause,
            causation_id=cause,
            event_time_us=time_us,
            breaker="firm",
            cause="reset",
            author="",
        )
    return CircuitBreakerOpened(
        event_id=cause,
        correlation_id=cause,
        causation_id=cause,
        event_time_us=time_us,
        breaker="firm",
        cause="daily_loss",
        measured_e8=1,
        limit_e8=1,
        unit="USD",
        reset_time_us=time_us,
        inputs=(),
    )


def venue_status(time_us: int, state: VenueState) -> Event:
    cause = EventId(time_us.to_bytes(16, "big"))
    return VenueStatusChanged(
        event_id=cause,
        correlation_id=cause,
        causation_id=cause,
        event_time_us=time_us,
        venue="exchange-okx",
        state=state,
        reason="",
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_quiet_hour_has_some_tens_of_orders(seed: int) -> None:
    session = Session(seed)
    session.run(HOUR)
    assert 10 <= len(orders(session)) <= 120
    assert {order.instrument for order in orders(session)} == set(CLIPS_E8)
    assert {order.account for order in orders(session)} == set(LEANING)


@pytest.mark.parametrize("crashes", [False, True])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
def test_every_order_is_funded_spaced_modest_and_the_engines_own_doing(
    crashes: bool, seed: int
) -> None:
    session = Session(seed, crashing(seed) if crashes else None)
    session.run(2 * HOUR)
    assert session.unfunded() == []
    known = {event.event_id for event in session.delivered if isinstance(event, PriceTicked)}
    last: dict[tuple[str, str], int] = {}
    for order in orders(session):
        instrument, desk = INSTRUMENTS[order.instrument], (order.account, order.instrument)
        clip_e8 = CLIPS_E8[order.instrument]
        assert clip_e8 // 2 <= order.quantity_e8 <= 2 * clip_e8
        assert order.quantity_e8 % instrument.lot_size_e8 == 0
        assert (order.limit_price_e8 or 0) % instrument.tick_size_e8 == 0
        assert order.order_id == order.event_id
        assert order.causation_id in known
        assert order.event_time_us - last.get(desk, 0) >= ORDER_INTERVAL_US
        last[desk] = order.event_time_us


@pytest.mark.slow
def test_long_hours_exhaust_no_account() -> None:
    session = Session(0)
    session.run(12 * HOUR)
    per_hour = len(orders(session)) / 12
    assert 10 <= per_hour <= 120
    assert session.unfunded() == []
    for account in LEANING:
        for symbol, clip_e8 in CLIPS_E8.items():
            base = INSTRUMENTS[symbol].base
            opening_e8 = OPENING_BALANCES_E8[VENUE][account][base]
            lean_e8 = session.venue.available_e8[account, base] - opening_e8
            assert abs(lean_e8) <= (LEVEL_MAX + 1) * clip_e8
        assert session.venue.available_e8[account, "USD"] > 1_000 * 10**8


def test_an_opinion_goes_before_the_order_it_causes() -> None:
    session = Session(1)
    session.run(HOUR)
    signalled = [event for event in session.decided if isinstance(event, StrategySignalled)]
    assert signalled
    assert {event.strategy for event in signalled} == {"momentum", "mean-reversion"}
    assert all(abs(event.strength_e8) in (0, 50_000_000, 100_000_000) for event in signalled)
    order = orders(session)[0]
    opinion = session.decided[session.decided.index(order) - 1]
    assert isinstance(opinion, StrategySignalled)
    assert opinion.causation_id == order.causation_id


def test_in_a_crash_momentum_sells_and_reversion_buys() -> None:
    session = Session(2, crashing(2))
    session.run(2400)
    falling = [
        order for order in orders(session) if order.event_time_us > STARTS_AT_US + 1200 * SECOND_US
    ]
    assert falling
    leans = {account: session.venue.available_e8[account, "BTC"] - 10**8 for account in LEANING}
    assert leans["firm-momentum"] < 0 < leans["firm-reversion"]


def test_an_open_breaker_silences_the_engine_until_it_closes() -> None:
    session = Session(3)
    opens_us, closes_us = (STARTS_AT_US + second * SECOND_US for second in (1800, 5400))

    def hook(now_us: int) -> Iterator[Event]:
        if now_us in (opens_us, closes_us):
            yield breaker(now_us, opened=now_us == opens_us)

    session.run(3 * HOUR, hook=hook)
    times = [order.event_time_us for order in session.orders()]
    assert any(time_us < opens_us for time_us in times)
    # What reduces positions takes a minute; then there is nothing left to order.
    assert not any(opens_us + 60 * SECOND_US <= time_us < closes_us for time_us in times)
    assert any(time_us >= closes_us for time_us in times)
    thinking = [event for event in session.decided if isinstance(event, StrategySignalled)]
    assert any(opens_us <= event.event_time_us < closes_us for event in thinking)


def test_two_breakers_must_both_close() -> None:
    session = Session(3)
    session.run(900)
    now_us = session.market.due_us()
    session.deliver(breaker(now_us, opened=True))
    session.deliver(msgspec.structs.replace(breaker(now_us + 1, opened=True), breaker="venue"))
    session.deliver(breaker(now_us + 2, opened=False))
    session.run(60)
    before = len(session.orders())
    session.run(HOUR)
    assert len(session.orders()) == before


def waiting(seed: int = 0) -> tuple[Session, OrderSubmitted]:
    session = Session(seed)
    while not session.venue.book:
        session.run(1)
    ((order, _),) = session.venue.book.values()
    return session, order


def test_an_opening_breaker_cancels_open_orders_and_is_named_as_the_cause() -> None:
    session, order = waiting()
    opened = breaker(session.market.due_us(), opened=True)
    before = len(session.decided)
    session.deliver(opened)
    cancelled = [one for one in session.decided[before:] if isinstance(one, OrderCancelRequested)]
    assert order.order_id in {one.order_id for one in cancelled}
    assert {one.causation_id for one in cancelled} == {opened.event_id}
    assert not session.venue.book
    assert not session.second.book


def test_an_order_that_nobody_takes_is_cancelled_after_a_minute() -> None:
    session = Session(0)
    session.run(2 * HOUR)
    submitted = {order.order_id: order.event_time_us for order in orders(session)}
    wishes = [
        event
        for event in session.decided
        if isinstance(event, OrderCancelRequested) and event.account in LEANING
    ]
    assert wishes
    for wish in wishes:
        age_us = wish.event_time_us - submitted[wish.order_id]
        assert 60 * SECOND_US <= age_us <= 61 * SECOND_US


def test_a_venue_that_is_down_gets_no_orders() -> None:
    session = Session(3)
    session.run(900)
    session.deliver(venue_status(session.market.due_us(), "DOWN"))
    before = len(orders(session))
    session.run(HOUR)
    assert len(orders(session)) == before
    session.deliver(venue_status(session.market.due_us(), "UP"))
    session.run(HOUR)
    assert len(orders(session)) > before


def test_a_refused_cancellation_keeps_the_order_unless_the_venue_does_not_know_it() -> None:
    session, order = waiting()
    session.market.wake(session.market.due_us())
    refused = OrderRejected(
        event_id=EventId(b"j" * 16),
        correlation_id=order.event_id,
        causation_id=order.event_id,
        event_time_us=session.market.due_us(),
        order_id=order.order_id,
        venue="exchange-okx",
        account=order.account,
        instrument=order.instrument,
        reason="VENUE_DOWN",
        detail="",
    )
    session.engine.handle(refused, refused.event_time_us)
    assert order.order_id in session.engine.state.seat_of
    session.engine.handle(msgspec.structs.replace(refused, reason="UNKNOWN_ORDER"), 0)
    assert order.order_id not in session.engine.state.seat_of


def test_without_balances_nothing_is_ordered() -> None:
    market, engine = feed(4), TradingEngine()
    decided: list[Event] = []
    for _ in range(HOUR):
        for event in market.wake(market.due_us()):
            decided.extend(engine.handle(event, event.event_time_us))
    assert any(isinstance(event, StrategySignalled) for event in decided)
    assert not any(isinstance(event, OrderSubmitted) for event in decided)


def test_a_poor_account_orders_what_it_can_fund_or_nothing() -> None:
    session = Session(5)
    for venue in session.venues.values():
        for (account, asset), amount_e8 in venue.available_e8.items():
            if asset == "USD":
                venue.available_e8[account, asset] = amount_e8 // 6
        for event in venue.opening(STARTS_AT_US):
            session.deliver(event)
    session.run(4 * HOUR)
    assert session.unfunded() == []
    bought = [order for order in orders(session) if order.side == "BUY"]
    assert any(order.quantity_e8 % (CLIPS_E8[order.instrument] // 2) for order in bought)


def test_the_engine_ignores_its_own_events_when_it_sees_them_again() -> None:
    echoed, plain = Session(6), Session(6)
    for _ in range(2000):
        before = len(echoed.decided)
        echoed.run(1)
        plain.run(1)
        for event in echoed.decided[before:]:
            assert echoed.engine.handle(event, event.event_time_us) == ()
    assert echoed.decided == plain.decided
    assert len(orders(plain)) > 3


@given(
    seed=st.integers(0, 50),
    cut=st.integers(300, 2500),
    rest=st.integers(300, 900),
    falls=st.booleans(),
)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
def test_an_engine_restored_from_all_it_saw_and_said_goes_on_identically(
    seed: int, cut: int, rest: int, falls: bool
) -> None:
    session = Session(seed, crashing(seed) if falls else None)
    session.run(cut)
    restored = TradingEngine(seed=seed)
    for event in session.story:
        restored.restore(event)
    since_heard, since_said = len(session.delivered), len(session.decided)
    session.run(rest)
    again: list[Event] = []
    for event in session.delivered[since_heard:]:
        again.extend(restored.handle(event, event.event_time_us))
    assert again == session.decided[since_said:]


@pytest.mark.parametrize("seed", range(2))
def test_an_engine_restored_from_its_own_events_and_balances_alone_stays_within_its_means(
    seed: int,
) -> None:
    session = Session(seed)
    session.run(2000)
    restored = TradingEngine(seed=seed)
    for event in session.story:
        if isinstance(event, (*OWN, BalanceChanged)):
            restored.restore(event)
    session.engine = restored
    restarted_us, before = session.market.due_us(), len(session.decided)
    session.run(HOUR)
    assert session.unfunded() == []
    told = session.decided[before:]
    opinions = [event for event in told if isinstance(event, StrategySignalled)]
    assert opinions
    assert all(event.event_time_us >= restarted_us + 300 * SECOND_US for event in opinions)
    assert any(isinstance(event, OrderSubmitted) for event in told)
