"""Starting, stopping and replacing strategies while the engine runs."""

import pytest

from ecosystem.events.control.signals import (
    StrategyReplaceRequested,
    StrategyRequestRefused,
    StrategyStartRequested,
    StrategyStateChanged,
    StrategyStopRequested,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.trading import views
from ecosystem.trading.machine import TradingEngine
from ecosystem.trading.requests import Request
from tests.ecosystem.trading.facts import opened
from tests.ecosystem.trading.session import Session


def envelope(time_us: int) -> dict[str, object]:
    own = EventId(b"request-" + time_us.to_bytes(8, "big"))
    return {"event_id": own, "correlation_id": own, "causation_id": own, "event_time_us": time_us}


def stop(session: Session, strategy: str) -> Request:
    own = envelope(session.market.due_us())
    return StrategyStopRequested(**own, strategy=strategy, reason="enough")  # type: ignore[arg-type]  # an envelope


def start(session: Session, strategy: str, account: str = "", implementation: str = "") -> Request:
    return StrategyStartRequested(
        **envelope(session.market.due_us()),  # type: ignore[arg-type]  # an envelope
        strategy=strategy,
        account=account,
        implementation=implementation,
        reason="go",
    )


def replace(session: Session, strategy: str, implementation: str) -> Request:
    return StrategyReplaceRequested(
        **envelope(session.market.due_us()),  # type: ignore[arg-type]  # an envelope
        strategy=strategy,
        implementation=implementation,
        reason="better",
    )


def answer(session: Session, request: Request) -> Event:
    before = len(session.decided)
    session.deliver(request)
    (found,) = session.decided[before:]
    assert found.causation_id == request.event_id
    return found


def test_a_stopped_strategy_leaves_no_order_and_places_none_until_it_is_started() -> None:
    session = Session(1)
    session.run(900)
    changed = answer(session, stop(session, "market-making"))
    assert isinstance(changed, StrategyStateChanged)
    assert (changed.state, changed.reason) == ("STOPPED", "enough")
    session.run(1)
    assert not session.second.book
    before = len(session.orders())
    session.run(900)
    mine = [one for one in session.orders()[before:] if one.account == "firm-market-making"]
    assert mine == []
    again = answer(session, start(session, "market-making"))
    assert isinstance(again, StrategyStateChanged)
    assert again.state == "RUNNING"
    session.run(900)
    assert [one for one in session.orders()[before:] if one.account == "firm-market-making"]


def test_a_running_strategy_goes_on_with_another_implementation() -> None:
    session = Session(2)
    session.run(900)
    changed = answer(session, replace(session, "momentum", "mean-reversion"))
    assert isinstance(changed, StrategyStateChanged)
    assert (changed.implementation, changed.state) == ("mean-reversion", "RUNNING")
    before = len(session.orders())
    session.run(3600)
    mine = [one for one in session.orders()[before:] if one.account == "firm-momentum"]
    assert {one.order_type for one in mine} == {"LIMIT"}, "mean reversion waits, momentum takes"


def test_a_new_strategy_starts_on_the_account_of_a_stopped_one() -> None:
    session = Session(3)
    session.run(300)
    answer(session, stop(session, "arbitrage"))
    changed = answer(session, start(session, "second-momentum", "firm-arbitrage", "momentum"))
    assert isinstance(changed, StrategyStateChanged)
    session.run(3600)
    assert [one for one in session.orders() if one.account == "firm-arbitrage"]
    assert session.unfunded() == []


def test_a_strategy_started_under_an_open_breaker_is_halted() -> None:
    session = Session(3)
    session.run(300)
    answer(session, stop(session, "momentum"))
    session.deliver(opened(session.market.due_us()))
    changed = answer(session, start(session, "momentum"))
    assert isinstance(changed, StrategyStateChanged)
    assert changed.state == "HALTED"


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (lambda s: stop(s, "martingale"), "allowed: momentum, mean-reversion"),
        (lambda s: start(s, "momentum"), "is RUNNING"),
        (lambda s: replace(s, "momentum", "runaway"), "no implementation 'runaway'"),
        (lambda s: start(s, "other", "firm-momentum", "momentum"), "traded by 'momentum'"),
        (lambda s: start(s, "other"), "needs an account"),
        (lambda s: start(s, "other", "firm-new", "martingale"), "no implementation 'martingale'"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused_and_changes_nothing(
    wish: "object", says: str
) -> None:
    session = Session(1)
    session.run(60)
    before = views.strategies(session.engine.state)
    refused = answer(session, wish(session))  # type: ignore[operator]  # a function
    assert isinstance(refused, StrategyRequestRefused)
    assert says in refused.reason
    assert views.strategies(session.engine.state) == before


def test_what_stands_twice_in_the_log_is_refused_the_second_time() -> None:
    session = Session(1)
    session.run(60)
    answer(session, stop(session, "momentum"))
    refused = answer(session, stop(session, "momentum"))
    assert isinstance(refused, StrategyRequestRefused)
    assert "stopped already" in refused.reason


def test_an_engine_restored_after_changes_goes_on_identically() -> None:
    session = Session(4)
    session.run(900)
    answer(session, replace(session, "momentum", "mean-reversion"))
    answer(session, stop(session, "market-making"))
    session.run(600)
    restored = TradingEngine(seed=4)
    for event in session.story:
        restored.restore(event)
    heard, said = len(session.delivered), len(session.decided)
    session.run(1800)
    again: list[Event] = []
    for event in session.delivered[heard:]:
        again.extend(restored.handle(event, event.event_time_us))
    assert again == session.decided[said:]
    assert views.strategies(restored.state) == views.strategies(session.engine.state)
    assert views.pnl(restored.state) == views.pnl(session.engine.state)
    assert views.positions(restored.state) == views.positions(session.engine.state)
    assert views.performance(restored.state, "momentum") == views.performance(
        session.engine.state, "momentum"
    )
    assert views.tallies(restored.state) == views.tallies(session.engine.state)
