"""A restart in the middle of a fault, and a fault that is called off."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded
from ecosystem.events.envelope import Event
from ecosystem.trading import views
from ecosystem.trading.contract import Cause, Place, Signal, Strategy, View, Wish
from ecosystem.trading.machine import TradingEngine
from ecosystem.trading.registry import Registry, SeatPlan
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.trading.facts import called_off, raised, scheduled
from tests.ecosystem.trading.misbehaving.test_worlds import PARAMETERS
from tests.ecosystem.trading.session import STARTS_AT_US, Session

KINDS = sorted(PARAMETERS)


def faulty(kind: str, seed: int, from_s: int, until_s: int) -> Session:
    """Return a session in which a fault is scheduled."""
    session = Session(seed)
    text = msgspec.json.encode(PARAMETERS[kind]).decode()
    starts_us = STARTS_AT_US + from_s * SECOND_US
    session.deliver(scheduled(kind, text, starts_us, STARTS_AT_US + until_s * SECOND_US))
    return session


@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 30), cut=st.integers(380, 600))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_an_engine_restored_around_a_fault_goes_on_identically(
    kind: str, seed: int, cut: int
) -> None:
    session = faulty(kind, seed, 400, 560)
    session.run(cut)
    session.deliver(raised(session.market.due_us()))
    restored = TradingEngine(seed=seed)
    for event in session.story:
        restored.restore(event)
    heard, said = len(session.delivered), len(session.decided)
    session.run(240)
    again: list[Event] = []
    for event in session.delivered[heard:]:
        due_us = restored.due_us()
        if due_us is not None and due_us <= event.event_time_us:
            again.extend(restored.wake(due_us))
        again.extend(restored.handle(event, event.event_time_us))
    assert again == session.decided[said:]
    assert views.tallies(restored.state) == views.tallies(session.engine.state)
    assert views.pnl(restored.state) == views.pnl(session.engine.state)


@pytest.mark.parametrize("kind", ["runaway", "slow-leak"])
def test_a_fault_that_is_called_off_ends_at_once(kind: str) -> None:
    session = faulty(kind, 4, 400, 4_000)
    session.run(600)
    off_us = session.market.due_us()
    session.deliver(called_off(off_us))
    session.run(120)
    (ended,) = [one for one in session.decided if isinstance(one, InjectionEnded)]
    assert ended.event_time_us == off_us
    notes = [one for one in session.decided if isinstance(one, InjectionApplied)]
    assert notes
    assert all(one.event_time_us < off_us for one in notes)
    stopped = [one for one in views.strategies(session.engine.state) if kind in one.name]
    assert all(one.state == "STOPPED" and not one.open_orders_count for one in stopped)


class Careless(Strategy):
    """Yields what it was told to."""

    instruments = ("BTC-USD",)
    wish: Wish = Signal(instrument="BTC-USD", strength_e8=0, reason="")

    def decide(self, cause: Cause, view: View) -> "object":  # type: ignore[override]  # careless
        """Yield the one wish."""
        return iter((self.wish,))


def order(**more: object) -> Place:
    plain = Place(venue="exchange-okx", instrument="BTC-USD", side="BUY", quantity_e8=E8)
    return msgspec.structs.replace(plain, **more)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Signal(instrument="BTC-USD", strength_e8=E8 + 1, reason=""), "a signal of 100000001"),
        (order(venue="exchange-nowhere"), "venue 'exchange-nowhere' found"),
        (order(instrument="DOGE-USD"), "instrument 'DOGE-USD' found"),
        (order(quantity_e8=0), "quantity 0 found"),
    ],
)
def test_a_wish_that_makes_no_sense_stops_the_engine_and_names_the_strategy(
    wish: Wish, says: str
) -> None:
    class Told(Careless):
        pass

    Told.wish = wish
    plan = SeatPlan(name="careless", account="firm-momentum", implementation="careless")
    registry = Registry(implementations={"careless": Told}, seats=(plan,))
    session = Session(1, engine=TradingEngine(registry=registry))
    with pytest.raises(InvalidInputError, match=f"careless: {says}"):
        session.run(2)
