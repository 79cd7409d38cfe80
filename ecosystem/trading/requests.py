"""Starting, stopping and replacing strategies at run time: what follows from a request."""

from collections.abc import Sequence

from ecosystem.events.control.signals import (
    StrategyReplaceRequested,
    StrategyStartRequested,
    StrategyStopRequested,
)
from ecosystem.events.control.words import StrategyState
from ecosystem.events.envelope import Event
from ecosystem.trading.facts import Facts
from ecosystem.trading.seats import Seat
from ecosystem.trading.state import TradingState

Request = StrategyStartRequested | StrategyStopRequested | StrategyReplaceRequested
REQUESTS = (StrategyStartRequested, StrategyStopRequested, StrategyReplaceRequested)


def answer(state: TradingState, facts: Facts, request: Request, now_us: int) -> Sequence[Event]:
    """Return the new state of a strategy, or why there is none."""
    refusal = _refusal(state, request)
    if refusal:
        return [facts.refused(request.strategy, refusal, request, now_us)]
    seat = state.seats.get(request.strategy)
    working: StrategyState = "HALTED" if state.halts.breakers else "RUNNING"
    new_state: StrategyState
    match request:
        case StrategyStopRequested():
            assert seat is not None, "a refusal otherwise"
            found, new_state = (seat.account, seat.implementation), "STOPPED"
        case StrategyReplaceRequested():
            assert seat is not None, "a refusal otherwise"
            found, new_state = (seat.account, request.implementation), seat.state
        case StrategyStartRequested():
            found, new_state = _started(seat, request), working
    return [
        facts.state_changed(
            request.strategy,
            *found,
            state=new_state,
            reason=request.reason,
            cause=request,
            now_us=now_us,
        )
    ]


def _started(seat: Seat | None, request: StrategyStartRequested) -> tuple[str, str]:
    if seat is None:
        return request.account, request.implementation
    return seat.account, request.implementation or seat.implementation


def _refusal(state: TradingState, request: Request) -> str:
    seat = state.seats.get(request.strategy)
    if seat is not None and seat.injection is not None:
        return f"{request.strategy!r} is there because of a fault; it ends with the fault"
    if isinstance(request, StrategyStartRequested):
        return _refuse_start(state, seat, request)
    if seat is None:
        return f"no strategy {request.strategy!r}; allowed: {_names(state)}"
    if isinstance(request, StrategyReplaceRequested):
        return _refuse_implementation(state, request.implementation)
    return "" if seat.state != "STOPPED" else f"{request.strategy!r} is stopped already"


def _refuse_start(state: TradingState, seat: Seat | None, request: StrategyStartRequested) -> str:
    if seat is not None:
        if seat.state != "STOPPED":
            return f"{request.strategy!r} is {seat.state}; allowed: a strategy that is STOPPED"
        if request.account not in ("", seat.account):
            return f"{request.strategy!r} trades {seat.account}; found account {request.account!r}"
        account, implementation = seat.account, request.implementation or seat.implementation
    else:
        account, implementation = request.account, request.implementation
        if not account:
            return f"no strategy {request.strategy!r}; a new one needs an account"
    taken = next(
        (
            other.name
            for other in state.seats.values()
            if other.account == account
            and other.name != request.strategy
            and other.injection is None
            and other.state != "STOPPED"
        ),
        None,
    )
    if taken is not None:
        return f"{account} is traded by {taken!r}; an account has one strategy at a time"
    return _refuse_implementation(state, implementation)


def _refuse_implementation(state: TradingState, implementation: str) -> str:
    known = state.registry.implementations
    if implementation in known:
        return ""
    return f"no implementation {implementation!r}; allowed: {', '.join(known)}"


def _names(state: TradingState) -> str:
    return ", ".join(name for name, seat in state.seats.items() if seat.injection is None)
