"""The circuit breaker, venues and feeds that are down: what the engine does, and how soon."""

from typing import Any

import msgspec
import pytest

from ecosystem.events.alerts import CircuitBreakerOpened
from ecosystem.events.control.signals import StrategyStateChanged
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderSubmitted
from ecosystem.firm import FEED, SECOND_VENUE, VENUE
from ecosystem.trading.gate.limits import DEFAULT_LIMITS, TradingLimits
from ecosystem.trading.machine import TradingEngine
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US
from tests.ecosystem.trading.facts import closed, opened, status
from tests.ecosystem.trading.session import Session
from tests.ecosystem.trading.worlds import Running, bundled, trading


def leaning(limits: TradingLimits = DEFAULT_LIMITS) -> Session:
    """Return a session in which strategies hold positions and have orders open."""
    session = Session(1, engine=TradingEngine(seed=1, limits=limits))
    session.run(1800)
    for _ in range(7200):
        if any(held(session)) and session.engine.state.seat_of:
            return session
        session.run(1)
    raise AssertionError("nobody held anything in two hours")


def held(session: Session) -> list[int]:
    return [one.quantity_e8 for one in session.engine.state.portfolio.positions.values()]


def test_an_open_breaker_brings_every_position_back_in_clips_and_says_why() -> None:
    session = leaning()
    opening = opened(session.market.due_us())
    before = len(session.decided)
    session.deliver(opening)
    session.run(90)
    assert not any(held(session))
    reducing = [one for one in session.decided[before:] if isinstance(one, OrderSubmitted)]
    assert reducing
    for order in reducing:
        assert order.causation_id == opening.event_id
        assert (order.order_type, order.time_in_force) == ("MARKET", "IOC")
        price_e8 = session.venue.ticks[order.instrument].ask_price_e8
        assert order.quantity_e8 * price_e8 // E8 <= 10_100 * E8
    assert session.unfunded() == []
    assert len({one.event_id for one in session.decided}) == len(session.decided)


def test_small_clips_take_their_time() -> None:
    clips = msgspec.structs.replace(DEFAULT_LIMITS.breaker, clip_e8=600 * E8)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, breaker=clips)
    session = leaning(limits)
    session.deliver(opened(session.market.due_us()))
    before = len(session.orders())
    session.run(300)
    assert not any(held(session))
    last: dict[tuple[str, str], int] = {}
    for order in session.orders()[before:]:
        place = (order.account, order.instrument)
        assert order.event_time_us - last.get(place, 0) >= clips.interval_us
        last[place] = order.event_time_us


def test_an_engine_that_is_told_not_to_reduce_keeps_its_positions() -> None:
    keeps = msgspec.structs.replace(DEFAULT_LIMITS.breaker, reduces=False)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, breaker=keeps)
    session = leaning(limits)
    session.deliver(opened(session.market.due_us()))
    session.run(1)  # what was executed at this moment is still told
    before, positions = len(session.orders()), held(session)
    session.run(600)
    assert len(session.orders()) == before
    assert held(session) == positions
    assert any(positions)


def test_strategies_are_halted_and_resumed_with_the_breaker_and_say_so() -> None:
    session = leaning()
    session.deliver(opened(session.market.due_us()))
    session.run(60)
    session.deliver(closed(session.market.due_us()))
    changed = [one for one in session.decided if isinstance(one, StrategyStateChanged)]
    names = list(session.engine.state.seats)
    assert [(one.strategy, one.state) for one in changed] == [
        *((name, "HALTED") for name in names),
        *((name, "RUNNING") for name in names),
    ]
    before = len(session.orders())
    session.run(1800)
    assert len(session.orders()) > before


def test_a_world_halts_within_thirty_seconds_of_the_breaker() -> None:
    scenario = msgspec.structs.replace(bundled("quiet"), duration_us=HOUR_US // 2)
    running = Running(scenario, seed=3)
    opens_us = running.plan.starts_at_us + 20 * MINUTE_US + 3 * SECOND_US
    slices = running.slices()
    process = running.monitor.process_slice

    def with_breaker(records: Any, undecodable: Any = ()) -> list[Event]:
        found = list(process(records, undecodable))
        now_us = max(one.event_time_us for one in running.written)
        told = any(isinstance(one, CircuitBreakerOpened) for one in running.alerts)
        if not told and now_us >= opens_us:
            found.append(opened(opens_us))
        return found

    running.monitor.process_slice = with_breaker  # type: ignore[method-assign]  # a stand-in for the rules
    for _ in slices:
        pass
    late_us = opens_us + 30 * SECOND_US
    wishes = running.of(OrderSubmitted)
    assert any(one.event_time_us < opens_us for one in wishes)
    ordinary = [one for one in wishes if one.causation_id != opened(opens_us).event_id]
    assert not [one for one in ordinary if one.event_time_us > late_us]
    assert not trading(running).state.seat_of, "no order is left open"
    assert not any(one.quantity_e8 for one in trading(running).state.portfolio.positions.values())


def test_a_venue_that_is_down_gets_nothing_and_is_cleared_when_it_is_back() -> None:
    session = leaning()
    while not session.second.book:
        session.run(1)
    resting = set(session.second.book)
    session.deliver(status(session.market.due_us(), SECOND_VENUE, "DOWN"))
    before = len(session.decided)
    session.run(600)
    said = session.decided[before:]
    assert not [one for one in said if getattr(one, "venue", "") == SECOND_VENUE]
    assert [one for one in said if getattr(one, "venue", "") == VENUE], "the other one goes on"
    resting &= set(session.second.book)
    before = len(session.decided)
    session.deliver(status(session.market.due_us(), SECOND_VENUE, "UP"))
    cancelled = [one for one in session.decided[before:] if isinstance(one, OrderCancelRequested)]
    assert {one.order_id for one in cancelled} >= resting
    assert not session.second.book
    session.run(600)
    assert any(one.venue == SECOND_VENUE for one in session.orders()[-20:])


def test_without_a_feed_nothing_rests_and_nothing_is_ordered() -> None:
    session = leaning()
    session.deliver(status(session.market.due_us(), FEED, "DOWN"))
    assert not session.second.book
    before = len(session.orders())
    session.run(300)
    assert len(session.orders()) == before
    session.deliver(status(session.market.due_us(), FEED, "UP"))
    session.run(600)
    assert len(session.orders()) > before


@pytest.mark.parametrize("cut", [5, 12, 40])
def test_an_engine_restored_while_it_reduces_goes_on_identically(cut: int) -> None:
    session = leaning()
    session.deliver(opened(session.market.due_us()))
    session.run(cut)
    restored = TradingEngine(seed=1)
    for event in session.story:
        restored.restore(event)
    heard, said = len(session.delivered), len(session.decided)

    session.run(40)
    session.deliver(closed(session.market.due_us()))
    session.run(300)
    again: list[Event] = []
    for event in session.delivered[heard:]:
        again.extend(restored.handle(event, event.event_time_us))
    assert again == session.decided[said:]
